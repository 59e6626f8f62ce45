"""A server on one state folder that is stopped, killed and started again, and what lies on its disk."""

import contextlib
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import threading

from programs import DEADLINE_S, Server


class Disk:
    """The state folder as an ordinary folder."""

    def __init__(self, folder):
        self.state = pathlib.Path(folder) / "state"
        self.state.mkdir(parents=True)
        self.prefix = ()  # of the command that starts a server on it

    def root(self):
        """Where this process finds the state folder."""
        return self.state

    def close(self):
        pass


class SmallDisk(Disk):
    """The state folder as a file system of `mib` MiB, in a mount namespace that a process of its own keeps."""

    HOLD = 'mount -t tmpfs -o size="$1"m tmpfs "$0" && echo ready && exec cat'

    def __init__(self, folder, mib):
        super().__init__(folder)
        self._holder = subprocess.Popen(
            ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", self.HOLD, str(self.state), str(mib)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.is_there = self._holder.stdout.readline() == "ready\n"
        pid = str(self._holder.pid)
        self.prefix = ("nsenter", "--target", pid, "--user", "--mount", "--preserve-credentials")

    def root(self):
        return pathlib.Path(f"/proc/{self._holder.pid}/root{self.state}")

    def close(self):
        self._holder.stdin.close()
        self._holder.wait(DEADLINE_S)
        self._holder.stdout.close()


class Site:
    """Starts and ends the server; callers ask for its address at every attempt, for it changes. Thread-safe."""

    def __init__(self, binary, folder, disk, flags, environment=()):
        self.disk = disk
        self.via = None  # a function from the server's port to the port that callers use, or None
        self._binary = binary
        self._folder = pathlib.Path(folder)
        self._flags = {**flags, "--state-dir": disk.state, "--calibration-file": self._folder / "calibration.json"}
        self._prefix = [*disk.prefix, "env", *environment]
        self._lock = threading.Lock()
        self._starts = 0
        self._server = None
        self._address = None
        self.troubles = []  # what no fault explains

    def begin(self, **flags):
        """Starts the server and returns it without waiting for anything."""
        self._starts += 1
        run = self._folder / f"run-{self._starts}"
        run.mkdir()
        flags = {name.replace("_", "-"): value for name, value in flags.items()}
        self._server = Server(self._binary, run,
                              {**self._flags, **{f"--{name}": value for name, value in flags.items()}}, self._prefix)
        return self._server

    def start(self, **flags):
        """Starts the server and waits until it takes requests."""
        server = self.begin(**flags)
        port = server.ports()[0]
        server.await_log("ready")
        with self._lock:
            self._address = f"127.0.0.1:{port if self.via is None else self.via(port)}"

    def address(self):
        """Of the server that was ready last, which may have ended."""
        with self._lock:
            return self._address

    def pid(self):
        return self._server.process.pid

    def entries(self):
        """What the server that was started last has logged, one entry after the other."""
        return self._server.entries()

    def kill(self):
        """kill -9, and waits for the end."""
        code = self._server.process.poll()
        if code is not None:
            self.troubles.append(f"the server ended by itself with {code}: {self._server.last_errors()}")
        self._server.kill()

    def drain(self):
        """SIGTERM, and waits for the end."""
        self._server.signal(signal.SIGTERM)
        code = self._server.exit_code()
        if code != 0:
            self.troubles.append(f"after SIGTERM the server ended with {code}: {self._server.last_errors()}")

    def second_server(self):
        """Tries to start another server on the same state folder; returns it once it has ended."""
        run = self._folder / "second"
        run.mkdir(exist_ok=True)
        second = Server(self._binary, run, self._flags, self._prefix)
        second.exit_code()
        return second

    def close(self):
        if self._server is not None and self._server.process.poll() is None:
            self._server.kill()
        self.disk.close()

    @contextlib.contextmanager
    def database(self):
        """The jobs' database, for reading and writing while no server runs on an ordinary folder."""
        connection = sqlite3.connect(self.disk.state / "jobs.sqlite3")
        try:
            with connection:
                yield connection
        finally:
            connection.close()

    @contextlib.contextmanager
    def database_copy(self):
        """A copy of the database after the server's end. SQLite itself finds no way into another namespace."""
        copy = self._folder / "copy"
        copy.mkdir()
        for name in ("jobs.sqlite3", "jobs.sqlite3-wal"):
            if (self.disk.root() / name).exists():
                shutil.copyfile(self.disk.root() / name, copy / name)
        connection = sqlite3.connect(copy / "jobs.sqlite3")
        try:
            yield connection
        finally:
            connection.close()
            shutil.rmtree(copy)
