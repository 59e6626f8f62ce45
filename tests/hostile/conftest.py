"""A server with a pipeline that is a fake, under attack. After each attack it makes a video as before, and memory, threads
and files have stayed within bounds.

pytest -c tests/hostile/pytest.ini tests/hostile --bin BIN_FOLDER
"""

import contextlib
import os
import pathlib
import re
import sys
import time

import grpc
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / folder) for folder in ("integration", "stranger")]

from caller import Caller  # noqa: E402  (finds modules by the line above)
from programs import DEADLINE_S, Server  # noqa: E402
from proto_stubs import make_stubs  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--bin", type=pathlib.Path, required=True, help="folder of the built programs")
    parser.addoption("--fuzz-seconds", type=float, default=20, help="how long mutated messages are sent")
    parser.addoption("--fuzz-most-mib", type=int, default=1024, help="memory of the server; sanitizers need more")
    parser.addoption("--fuzz-seed", type=int, default=1, help="the same seed mutates the same messages")


@pytest.fixture(scope="session")
def stubs(tmp_path_factory):
    return make_stubs(tmp_path_factory.mktemp("stubs"))


@pytest.fixture(scope="session")
def photo():
    return (ROOT / "tests" / "data" / "photo.jpg").read_bytes()


def again_while(code, call):
    """What the call returns, made again as long as it ends with that code."""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        try:
            return call()
        except grpc.RpcError as error:
            if error.code() is not code or time.monotonic() > deadline:
                raise
        time.sleep(0.05)


def when_there_is_room(call):
    """As callers are told to: the server frees what an attack held once it has seen that the connections are gone."""
    return again_while(grpc.StatusCode.RESOURCE_EXHAUSTED, call)


class Victim:
    """A server under attack, with a caller that means no harm."""

    MOST_THREADS = 150

    def __init__(self, server, new_caller):
        self.server = server
        self.address = server.address()
        self._new_caller = new_caller
        self._exits = contextlib.ExitStack()

    def new_caller(self):
        """A caller with a connection of its own, for as long as the victim is needed."""
        return self._exits.enter_context(contextlib.closing(self._new_caller(self.address)))

    @contextlib.contextmanager
    def caller(self):
        """With a connection of its own."""
        with contextlib.closing(self._new_caller(self.address)) as caller:
            yield caller

    def close(self):
        self._exits.close()
        self.server.kill()

    def status(self, field):
        path = f"/proc/{self.server.process.pid}/status"
        return int(re.search(rf"^{field}:\s+(\d+)", pathlib.Path(path).read_text(encoding="ascii"), re.M)[1])

    def resident_mib(self):
        return self.status("VmRSS") // 1024

    def peak_mib(self):
        return self.status("VmHWM") // 1024

    def files(self):
        return len(os.listdir(f"/proc/{self.server.process.pid}/fd"))

    def make_video(self):
        with self.caller() as caller:
            made = when_there_is_room(lambda: caller.make(size=caller.video.Size(width=256, height=256)))
            film = when_there_is_room(lambda: caller.download(made.name))
            assert len(film) == made.result.size_bytes > 0

    def assert_well(self, most_mib):
        """That a video is made as if nothing had happened, and what the attack has cost."""
        self.make_video()
        assert self.server.process.poll() is None
        assert self.peak_mib() < most_mib
        assert self.status("Threads") < self.MOST_THREADS


@pytest.fixture
def attack(request, tmp_path_factory, stubs, photo):
    """Starts a Victim of this test alone, so that its peak of memory is of this attack: attack(max_image_pixels=1000).
    A flag's '-' is '_' here, and `prefix` is a command that starts it."""
    with contextlib.ExitStack() as exits:

        def start(prefix=(), **flags):
            run = tmp_path_factory.mktemp("run")
            (run / "model").mkdir()
            flags = {"--" + name.replace("_", "-"): value for name, value in flags.items()}
            server = Server(request.config.getoption("--bin") / "ruyi-hostile-server", run,
                            {"--model": run / "model", **flags}, prefix)
            exits.callback(server.kill)
            server.await_log("ready")
            victim = Victim(server, lambda address: Caller(address, stubs, photo))
            exits.callback(victim.close)
            return victim

        yield start
