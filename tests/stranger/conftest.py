"""A server that is run as its users run it, and clients that know nothing of it but its protos and gRPC's own services.

pytest -c tests/stranger/pytest.ini tests/stranger --bin BIN_FOLDER
"""

import importlib
import importlib.resources
import pathlib
import sys
import types

import grpc
import pytest
from grpc_tools import protoc

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "integration"))

from programs import DEADLINE_S, Server  # noqa: E402  (found by the line above)

MODEL = ROOT / "models" / "ruyi-tiny"
STUBS = ("google.rpc.error_details_pb2", "google.rpc.status_pb2", "ruyi.v1.capabilities_pb2", "ruyi.v1.video_pb2",
         "ruyi.v1.video_event_pb2", "ruyi.v1.video_service_pb2", "ruyi.v1.video_service_pb2_grpc")


def pytest_addoption(parser):
    parser.addoption("--bin", type=pathlib.Path, required=True, help="folder of the built programs")


@pytest.fixture(scope="session")
def stubs(tmp_path_factory):
    """Modules made from proto/ now, by the last part of their names: stubs.video_service_pb2_grpc, stubs.status_pb2."""
    folder = tmp_path_factory.mktemp("stubs")
    protos = [str(path) for package in ("ruyi", "google") for path in (ROOT / "proto" / package).rglob("*.proto")]
    include = importlib.resources.files("grpc_tools") / "_proto"
    code = protoc.main(["protoc", f"-I{ROOT / 'proto'}", f"-I{include}", f"--python_out={folder}",
                        f"--grpc_python_out={folder}", *protos])
    assert code == 0, "protoc cannot read proto/"
    sys.path.insert(0, str(folder))
    return types.SimpleNamespace(**{name.rpartition(".")[2]: importlib.import_module(name) for name in STUBS})


@pytest.fixture(scope="session")
def server(request, tmp_path_factory):
    """ruyi-server with the demo model, on ports of its own, once the model is loaded."""
    started = Server(request.config.getoption("--bin") / "ruyi-server", tmp_path_factory.mktemp("server"),
                     {"--model": MODEL})
    try:
        started.await_log("ready")
        yield started
    finally:
        started.kill()


@pytest.fixture(scope="session")
def channel(server):
    with grpc.insecure_channel(server.address()) as opened:
        grpc.channel_ready_future(opened).result(timeout=DEADLINE_S)
        yield opened


@pytest.fixture(scope="session")
def video_service(channel, stubs):
    return stubs.video_service_pb2_grpc.VideoServiceStub(channel)


@pytest.fixture(scope="session")
def photo():
    return (ROOT / "tests" / "data" / "photo.jpg").read_bytes()
