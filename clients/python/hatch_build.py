"""Makes the stubs of proto/ruyi/v1 while the wheel is built: they become its package ruyi.v1.

They never lie in the source tree, and never differ from the contract.
"""

from __future__ import annotations

import importlib.resources
import pathlib
import tempfile
from typing import Any

import google.rpc
from grpc_tools import protoc
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PROTO = pathlib.Path(__file__).resolve().parents[2] / "proto"


def make_stubs(folder: str) -> None:
    """Writes modules, their types and their services to `folder`/ruyi/v1.

    google/rpc comes from googleapis-common-protos, whose modules are in the process anyway: a
    second copy of its files would be refused by the pool of descriptors.
    """
    common = pathlib.Path(next(iter(google.rpc.__path__))).parents[1]
    well_known = importlib.resources.files("grpc_tools") / "_proto"
    protos = sorted(str(path) for path in (PROTO / "ruyi").rglob("*.proto"))
    code = protoc.main(
        [
            "protoc",
            f"-I{common}",
            f"-I{well_known}",
            f"-I{PROTO}",
            f"--python_out={folder}",
            f"--pyi_out={folder}",
            f"--grpc_python_out={folder}",
            *protos,
        ]
    )
    if code != 0:
        raise RuntimeError(f"protoc cannot make stubs of {PROTO} (above)")


class StubsHook(BuildHookInterface):
    """The hook that pyproject.toml names."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Makes the stubs and adds them to the wheel."""
        self._folder = tempfile.TemporaryDirectory()
        make_stubs(self._folder.name)
        for path in pathlib.Path(self._folder.name, "ruyi", "v1").iterdir():
            build_data["force_include"][str(path)] = f"ruyi/v1/{path.name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Removes the folder that the stubs were made in."""
        self._folder.cleanup()
