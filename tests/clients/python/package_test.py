"""The package itself: what it is made of, and the oldest Python that reads it."""

import ast
import importlib.metadata
import pathlib
import subprocess
import sys

import pytest
import ruyi
from google.protobuf import descriptor_pool

PACKAGE = pathlib.Path(ruyi.__file__).parent
PROTO = pathlib.Path(__file__).resolve().parents[3] / "proto" / "ruyi" / "v1"
SOURCES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_python_3_9_can_read_it(path):
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))


def test_every_proto_has_its_stubs():
    stubs = {path.name for path in (PACKAGE / "v1").iterdir()}
    for proto in PROTO.glob("*.proto"):
        assert {
            f"{proto.stem}_pb2.py",
            f"{proto.stem}_pb2.pyi",
            f"{proto.stem}_pb2_grpc.py",
        } <= stubs


def test_the_types_are_for_others_too():
    assert (PACKAGE / "py.typed").exists()


def test_details_of_errors_are_registered_once():
    from google.rpc import status_pb2
    from ruyi.v1 import video_pb2

    pool = descriptor_pool.Default()
    assert (
        video_pb2.Video.DESCRIPTOR.fields_by_name["error"].message_type
        is status_pb2.Status.DESCRIPTOR
    )
    assert pool.FindFileByName("google/rpc/status.proto") is status_pb2.DESCRIPTOR


def test_pillow_is_not_needed():
    program = (
        "import sys; sys.modules['PIL'] = None; from ruyi.request import build_request; "
        "build_request(b'picture', {})"
    )
    subprocess.run(
        [sys.executable, "-c", program], check=True, env={"PYTHONPATH": str(PACKAGE.parent)}
    )


def test_the_version_is_the_servers():
    found = [
        found.version
        for found in importlib.metadata.distributions(path=[str(PACKAGE.parent)])
        if found.name == "ruyi"
    ]
    cmake = (PROTO.parents[2] / "CMakeLists.txt").read_text(encoding="utf-8")
    assert found and f"project(ruyi VERSION {found[0]} " in cmake
