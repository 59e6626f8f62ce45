"""A server that is run as its users run it, and clients that know nothing of it but its protos and gRPC's own services.

pytest -c tests/stranger/pytest.ini tests/stranger --bin BIN_FOLDER
pytest -c tests/stranger/pytest.ini tests/stranger --bin BIN_FOLDER --via envoy

With --via calls go through a proxy, and the server that most tests share is three on one PostgreSQL and one bucket; without
the tests that tests/deploy/without_proxy.toml names.
"""

import contextlib
import pathlib
import sys
import tomllib

import pytest

from proto_stubs import make_stubs

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "integration"))

from caller import Caller  # noqa: E402  (finds programs by the line above)
from programs import Server  # noqa: E402

MODEL = ROOT / "models" / "ruyi-tiny"
REPLICAS = 3  # with --via


def pytest_addoption(parser):
    parser.addoption("--bin", type=pathlib.Path, required=True, help="folder of the built programs")
    parser.addoption("--via", choices=("envoy", "haproxy"), help="a proxy between callers and servers (scripts/setup --deploy)")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--via") is None:
        return
    sys.path.insert(0, str(ROOT / "tests" / "fleet"))  # for what --via takes
    lists = tomllib.loads((ROOT / "tests" / "deploy" / "without_proxy.toml").read_text(encoding="utf-8"))
    excluded = {**lists["any"], **lists.get(config.getoption("--via"), {})}
    names = {item: item.nodeid.rpartition("/")[2] for item in items}
    unknown = [name for name in excluded if not any(nodeid.startswith(name) for nodeid in names.values())]
    if unknown and len(config.args) == 1 and pathlib.Path(config.args[0]).is_dir():
        raise pytest.UsageError(f"without_proxy.toml names tests that there are not: {unknown}")
    kept = [item for item in items if not names[item].startswith(tuple(excluded))]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


@pytest.fixture(scope="session")
def stubs(tmp_path_factory):
    """Modules made from proto/ now, by the last part of their names: stubs.video_service_pb2_grpc, stubs.status_pb2."""
    return make_stubs(tmp_path_factory.mktemp("stubs"))


@pytest.fixture(scope="session")
def photo():
    return (ROOT / "tests" / "data" / "photo.jpg").read_bytes()


class BehindProxy:
    """A server whose callers reach it through a proxy."""

    def __init__(self, server, proxy):
        self._server = server
        self._proxy = proxy

    def address(self):
        return self._proxy.address

    def __getattr__(self, name):
        return getattr(self._server, name)


class Site:
    """Starts servers with the demo model, each with a caller: site.start(state, drain_timeout=0).
    A flag's '-' is '_' here. `via` is the name of a proxy, or None."""

    def __init__(self, binary, new_folder, calibration_file, new_caller, via):
        self._binary = binary
        self._new_folder = new_folder
        self._calibration_file = calibration_file
        self._new_caller = new_caller
        self._via = via
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
        if self._via is not None:
            server = BehindProxy(server, self._proxy([server.address()]))
        return server, self._caller(server.address())

    def _caller(self, address):
        caller = self._new_caller(address)
        self._exits.callback(caller.close)
        return caller

    def _proxy(self, addresses):
        """In front of servers that are ready."""
        from proxies import PROXIES, await_true
        proxy = PROXIES[self._via](self._new_folder(), addresses)
        self._exits.callback(proxy.close)
        await_true(lambda: proxy.healthy() == len(addresses))
        return proxy

    def start_common(self):
        """The server that tests share: one, or several behind a proxy, of which callers see only that."""
        if self._via is None:
            return self.start()
        from replicas import Replica, Stores
        run = self._new_folder()
        stores = Stores(run)
        self._exits.callback(stores.close)
        flags = {"--model": MODEL, "--calibration-file": self._calibration_file, **stores.new_fleet()}
        replicas = [Replica(self._binary, run / str(number), flags) for number in range(REPLICAS)]
        for replica in replicas:
            self._exits.callback(replica.close)
            replica.start()
        server = BehindProxy(None, self._proxy([replica.address for replica in replicas]))
        caller = self._caller(server.address())
        caller.workers = REPLICAS
        return server, caller

    def close(self):
        self._exits.close()


@pytest.fixture(scope="session")
def new_site(request, tmp_path_factory, stubs, photo):
    """Makes a Site. All have one calibration file, so that only the first start measures the machine."""
    calibration_file = tmp_path_factory.mktemp("calibration") / "calibration.json"
    binary = request.config.getoption("--bin") / "ruyi-server"
    return lambda: Site(binary, lambda: tmp_path_factory.mktemp("run"), calibration_file,
                        lambda address: Caller(address, stubs, photo), request.config.getoption("--via"))


@pytest.fixture
def site(new_site):
    """For the servers of one test, which end with it."""
    with contextlib.closing(new_site()) as opened:
        yield opened


@pytest.fixture(scope="session")
def common(new_site):
    """The server and the caller that most tests share. A test leaves no video there that goes on."""
    with contextlib.closing(new_site()) as opened:
        yield opened.start_common()


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
