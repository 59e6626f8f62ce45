"""A server that is run as its users run it, and clients that know nothing of it but its protos and gRPC's own services.

pytest -c tests/stranger/pytest.ini tests/stranger --bin BIN_FOLDER
"""

import contextlib
import pathlib
import sys

import pytest

from proto_stubs import make_stubs

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "integration"))

from caller import Caller  # noqa: E402  (finds programs by the line above)
from programs import Server  # noqa: E402

MODEL = ROOT / "models" / "ruyi-tiny"


def pytest_addoption(parser):
    parser.addoption("--bin", type=pathlib.Path, required=True, help="folder of the built programs")


@pytest.fixture(scope="session")
def stubs(tmp_path_factory):
    """Modules made from proto/ now, by the last part of their names: stubs.video_service_pb2_grpc, stubs.status_pb2."""
    return make_stubs(tmp_path_factory.mktemp("stubs"))


@pytest.fixture(scope="session")
def photo():
    return (ROOT / "tests" / "data" / "photo.jpg").read_bytes()


class Site:
    """Starts servers with the demo model, each with a caller: site.start(state, drain_timeout=0).
    A flag's '-' is '_' here."""

    def __init__(self, binary, new_folder, calibration_file, new_caller):
        self._binary = binary
        self._new_folder = new_folder
        self._calibration_file = calibration_file
        self._new_caller = new_caller
        self._exits = contextlib.ExitStack()

    def start(self, state_dir=None, await_ready=True, **flags):
        """Returns the server, on `state_dir` or a new folder, and a caller of it."""
        flags = {"--" + name.replace("_", "-"): value for name, value in flags.items()}
        run = self._new_folder()
        server = Server(self._binary, run, {"--model": MODEL, "--state-dir": state_dir or run / "state",
                                            "--calibration-file": self._calibration_file, **flags})
        self._exits.callback(server.kill)
        if await_ready:
            server.await_log("ready")
        caller = self._new_caller(server.address())
        self._exits.callback(caller.close)
        return server, caller

    def close(self):
        self._exits.close()


@pytest.fixture(scope="session")
def new_site(request, tmp_path_factory, stubs, photo):
    """Makes a Site. All have one calibration file, so that only the first start measures the machine."""
    calibration_file = tmp_path_factory.mktemp("calibration") / "calibration.json"
    binary = request.config.getoption("--bin") / "ruyi-server"
    return lambda: Site(binary, lambda: tmp_path_factory.mktemp("run"), calibration_file,
                        lambda address: Caller(address, stubs, photo))


@pytest.fixture
def site(new_site):
    """For the servers of one test, which end with it."""
    with contextlib.closing(new_site()) as opened:
        yield opened


@pytest.fixture(scope="session")
def common(new_site):
    """The server and the caller that most tests share. A test leaves no video there that goes on."""
    with contextlib.closing(new_site()) as opened:
        yield opened.start()


@pytest.fixture(scope="session")
def server(common):
    return common[0]


@pytest.fixture(scope="session")
def caller(common):
    return common[1]


@pytest.fixture(scope="session")
def channel(caller):
    return caller.channel


@pytest.fixture(scope="session")
def video_service(caller):
    return caller.service
