"""Servers that share their stores: a PostgreSQL and a bucket. Each keeps its port over restarts, as proxies expect it."""

import contextlib
import itertools
import pathlib
import signal

from bucket import KEYS, Bucket, free_ports
from postgres import Postgres
from programs import Server


class Stores:
    """One PostgreSQL and one SeaweedFS. Each fleet has a database and a prefix of its own there."""

    def __init__(self, folder, host="127.0.0.1", network="127.0.0.1/32", disk_mib=None):
        self._exits = contextlib.ExitStack()
        self._fleets = 0
        self.postgres = Postgres(free_ports(1)[0], host, network, disk_mib)
        self._exits.callback(self.postgres.close)
        folder = pathlib.Path(folder) / "bucket"
        folder.mkdir(parents=True)
        self.bucket = Bucket(folder, host)
        self._exits.callback(self.bucket.take_away)

    def new_fleet(self):
        """The flags of servers that share a new queue."""
        self._fleets += 1
        name = f"fleet{self._fleets}"
        return {"--store": self.postgres.new_database(name), "--artifacts": self.bucket.url(name)}

    def close(self):
        self._exits.close()


class Replica:
    """A server that is ended and started again on the same port and the same folder."""

    def __init__(self, binary, folder, flags, prefix=(), host="127.0.0.1"):
        self._binary = binary
        self._folder = pathlib.Path(folder)
        self.address = f"{host}:{free_ports(1)[0]}"
        self._flags = {"--listen": self.address, "--state-dir": self._folder / "state", **flags}
        self._prefix = [*prefix, "env", *(f"{name}={value}" for name, value in KEYS.items())]
        self._starts = 0
        self._earlier = []  # servers that have ended
        self.server = None
        self.troubles = []  # ends that nobody has asked for

    def begin(self, binary=None, **flags):
        """Starts it, and does not wait until it is ready. The flags are for this start."""
        if self.server is not None:
            self._earlier.append(self.server)
        self._starts += 1
        run = self._folder / f"run-{self._starts}"
        run.mkdir(parents=True)
        flags = {"--" + name.replace("_", "-"): value for name, value in flags.items()}
        self.server = Server(binary or self._binary, run, {**self._flags, **flags}, self._prefix)

    def start(self, binary=None, **flags):
        self.begin(binary, **flags)
        self.server.await_log("ready")

    def whole_log(self):
        """Of all starts, one entry after the other."""
        return itertools.chain.from_iterable(server.entries() for server in (*self._earlier, self.server))

    def is_running(self):
        return self.server is not None and self.server.process.poll() is None

    def kill(self):
        """kill -9, and waits for the end."""
        self._expect_running()
        self.server.kill()

    def drain(self):
        """SIGTERM, and waits for the end."""
        self._expect_running()
        self.server.signal(signal.SIGTERM)
        code = self.server.exit_code()
        if code != 0:
            self.troubles.append(f"after SIGTERM a server ended with {code}: {self.server.last_errors()}")

    def _expect_running(self):
        code = self.server.process.poll()
        if code is not None:
            self.troubles.append(f"a server ended by itself with {code}: {self.server.last_errors()}")

    def close(self):
        if self.is_running():
            self.server.kill()
