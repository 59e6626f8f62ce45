"""A PostgreSQL server of the tests' own, with its data in a folder, that can be ended, crashed and started again."""

import os
import pathlib
import pwd
import signal
import shutil
import subprocess
import tempfile
import time

from programs import DEADLINE_S, TimedOut

PROGRAMS = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))
USER = "nobody"  # whom the server runs as where the test is root, which PostgreSQL refuses to be
SETTINGS = ("fsync=off", "shared_buffers=64MB", "max_connections=100", "max_wal_size=64MB", "min_wal_size=2MB")


class Postgres:
    """Listens on `host`, and lets everybody in who reaches it from `network`. With `disk_mib` its folder is a file system of
    this size, which takes the right to mount one."""

    def __init__(self, port, host="127.0.0.1", network="127.0.0.1/32", disk_mib=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ruyi-pg-"))  # where its user may go, unlike the tests' own folders
        self._has_disk = disk_mib is not None
        if self._has_disk:
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={disk_mib}m", "tmpfs", self.folder], check=True)
        self._host = host
        self.port = port
        self._as_user = {}
        if os.geteuid() == 0:
            user = pwd.getpwnam(USER)
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self._as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self._run("initdb", "-D", self.folder / "data", "-U", "ruyi", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync",
                  "--wal-segsize=1")
        with open(self.folder / "data" / "pg_hba.conf", "a", encoding="utf-8") as file:
            file.write(f"host all all {network} trust\n")
        self._process = None
        self.start()

    def _run(self, program, *arguments, **options):
        done = subprocess.run([PROGRAMS[-1] / program, *arguments], capture_output=True, text=True, check=False,
                              cwd="/", timeout=DEADLINE_S, **self._as_user, **options)
        assert done.returncode == 0, f"{program} ended with {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout

    def start(self):
        """Returns once connections are taken. As a supervisor does, it starts a server again that ends at once: one that
        crashed may leave processes that have not gone yet."""
        deadline = time.monotonic() + DEADLINE_S
        self._spawn()
        while not self._is_ready():
            if time.monotonic() > deadline:
                raise TimedOut(f"PostgreSQL does not start: {self._log().read_text(encoding='utf-8')[-2000:]}")
            time.sleep(0.1)
            if not self.is_running():
                self._spawn()

    def _spawn(self):
        settings = (*SETTINGS, f"listen_addresses={self._host}", f"port={self.port}", f"unix_socket_directories={self.folder}")
        with open(self._log(), "ab") as log:
            self._process = subprocess.Popen(
                [PROGRAMS[-1] / "postgres", "-D", self.folder / "data", *(word for each in settings for word in ("-c", each))],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", **self._as_user)

    def _is_ready(self):
        probe = [PROGRAMS[-1] / "pg_isready", "-q", "-h", self._host, "-p", str(self.port)]
        return self.is_running() and subprocess.run(probe, check=False).returncode == 0

    def _log(self):
        return self.folder.with_suffix(".log")

    def is_running(self):
        return self._process.poll() is None

    def start_if_ended(self):
        """For a server that has ended by itself."""
        try:
            self._process.wait(1)
            self.start()
        except subprocess.TimeoutExpired:
            pass

    def stop(self):
        """Ends it in order, whoever is connected."""
        self._end(signal.SIGINT)

    def crash(self):
        """PostgreSQL's own crash: all of its processes end at once, and the next start recovers from the log."""
        self._end(signal.SIGQUIT)

    def _end(self, way):
        if self.is_running():
            self._process.send_signal(way)
        self._process.wait(DEADLINE_S)

    def new_database(self, name):
        """Returns the URL of a new database."""
        self.query("postgres", f"CREATE DATABASE {name}")
        return self.url(name)

    def url(self, database):
        return f"postgresql://ruyi@{self._host}:{self.port}/{database}"

    def query(self, database, sql):
        """The rows that `sql` gives, each a list of texts."""
        rows = self._run("psql", "-X", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d", self.url(database), "-f", "-", input=sql)
        return [line.split("\t") for line in rows.splitlines()]

    def close(self):
        self.crash()
        if self._has_disk:
            subprocess.run(["umount", self.folder], check=True)
        shutil.rmtree(self.folder)
        self._log().unlink()
