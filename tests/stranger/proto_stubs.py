"""Python modules of the public contract, made from proto/ when they are needed."""

import importlib
import importlib.resources
import pathlib
import sys
import types

from grpc_tools import protoc

PROTO = pathlib.Path(__file__).resolve().parents[2] / "proto"
STUBS = ("google.rpc.error_details_pb2", "google.rpc.status_pb2", "ruyi.v1.admin_pb2",
         "ruyi.v1.admin_pb2_grpc", "ruyi.v1.capabilities_pb2", "ruyi.v1.video_pb2",
         "ruyi.v1.video_event_pb2", "ruyi.v1.video_service_pb2", "ruyi.v1.video_service_pb2_grpc")


def make_stubs(folder):
    """Writes the modules into `folder`, imports them, and returns them by the last part of their names:
    stubs.video_service_pb2_grpc, stubs.status_pb2."""
    protos = [str(path) for package in ("ruyi", "google") for path in (PROTO / package).rglob("*.proto")]
    include = importlib.resources.files("grpc_tools") / "_proto"
    code = protoc.main(["protoc", f"-I{PROTO}", f"-I{include}", f"--python_out={folder}",
                        f"--grpc_python_out={folder}", *protos])
    assert code == 0, "protoc cannot read proto/"
    sys.path.insert(0, str(folder))
    return types.SimpleNamespace(**{name.rpartition(".")[2]: importlib.import_module(name) for name in STUBS})
