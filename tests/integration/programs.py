"""The built programs as child processes: a server whose log can be waited for, and clients. Every wait has a deadline."""

import datetime
import itertools
import json
import math
import os
import pathlib
import signal
import subprocess
import tempfile
import threading
import time

DEADLINE_S = 1200  # of any one wait; what is waited for takes seconds on a quiet machine with a processor of today
ANY_PORT = "127.0.0.1:0"


class TimedOut(AssertionError):
    pass


class Lines:
    """The lines of a stream as they come, written to a file by a thread. Kept there until this process ends, so that each
    can be looked for at any time, and no log is too long for the memory."""

    _folder = tempfile.TemporaryDirectory(prefix="lines-")
    _numbers = itertools.count()

    def __init__(self, stream):
        self._path = pathlib.Path(self._folder.name) / str(next(self._numbers))
        self._path.touch()
        self._size = 0  # bytes of whole lines
        self._ended = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._keep, args=(stream,), daemon=True)
        self._thread.start()

    def _keep(self, stream):
        with stream, self._path.open("wb", buffering=0) as file:
            for line in stream:
                data = f"{line.rstrip(chr(10))}\n".encode()
                file.write(data)
                with self._changed:
                    self._size += len(data)
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _between(self, begin, end):
        with self._path.open("rb") as file:
            file.seek(begin)
            while begin < end:
                line = file.readline()
                begin += len(line)
                yield line.decode().rstrip("\n")

    def __iter__(self):
        """Those that are there by now, read one after the other."""
        with self._changed:
            end = self._size
        return self._between(0, end)

    def tail(self, size):
        """The last `size` bytes, as a text."""
        with self._path.open("rb") as file:
            file.seek(max(0, self._path.stat().st_size - size))
            return file.read().decode(errors="replace")

    def _await_more(self, seen, deadline):
        """How far the lines go once they go farther than `seen`, and whether it is in vain to wait for others."""
        with self._changed:
            more = self._changed.wait_for(lambda: self._ended or self._size > seen, deadline - time.monotonic())
            return self._size, self._ended or not more

    def await_line(self, wanted, what):
        """The first line for which `wanted` is true, however long ago it came."""
        deadline = time.monotonic() + DEADLINE_S
        seen = 0
        is_last = False
        while not is_last:
            end, is_last = self._await_more(seen, deadline)
            for line in self._between(seen, end):
                if wanted(line):
                    return line
            seen = end
        raise TimedOut(f"no {what} at the end of:\n{self.tail(100_000)}")

    def await_end(self):
        self._thread.join(DEADLINE_S)


def clean_environment():
    """Without the variables that set flags of the programs."""
    return {name: value for name, value in os.environ.items() if not name.startswith("RUYI_")}


def start(command, environment):
    return subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, encoding="utf-8", env={**clean_environment(), **environment})


class Program:
    """A started program: its output as it comes, its exit code."""

    environment = {}

    def __init__(self, command):
        self.process = start(command, self.environment)
        self.stdout = Lines(self.process.stdout)
        self.stderr = Lines(self.process.stderr)

    def signal(self, number):
        self.process.send_signal(number)

    def exit_code(self):
        """Waits for the end of the process and of its output."""
        code = self.process.wait(DEADLINE_S)
        self.stdout.await_end()
        self.stderr.await_end()
        return code

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.exit_code()

    def errors(self):
        return "\n".join(self.stderr)

    def last_errors(self):
        return self.stderr.tail(2000)


def await_ports(port_file):
    """What `port_file` says, once it is there."""
    deadline = time.monotonic() + DEADLINE_S
    while not port_file.exists():
        if time.monotonic() > deadline:
            raise TimedOut("no port file")
        time.sleep(0.01)  # a loop that asks at once would take a core from the server
    return [int(port) for port in port_file.read_text(encoding="utf-8").split()]


def span_s(entries):
    """The seconds from the earliest to the latest time of day that entries of a log name."""
    earliest, latest = math.inf, -math.inf
    for entry in entries:
        time_s = datetime.datetime.fromisoformat(entry["time"]).timestamp()
        earliest, latest = min(earliest, time_s), max(latest, time_s)
    return latest - earliest


class Server(Program):
    """ruyi-server, on free ports if `flags` do not say otherwise, and what it logs. `prefix` is a program that starts it
    in its own place, with its arguments."""

    environment = {"RUYI_ADMIN_PAGE": ANY_PORT}  # servers from before there was a page know no flag for it

    def __init__(self, binary, folder, flags, prefix=()):
        self.port_file = pathlib.Path(folder) / "ports"
        flags = {"--listen": ANY_PORT, "--metrics-listen": ANY_PORT, "--admin-listen": ANY_PORT,
                 "--port-file": self.port_file,
                 "--state-dir": self.port_file.with_name("state"),
                 "--calibration-file": self.port_file.with_name("calibration.json"), **flags}
        super().__init__([*prefix, binary, *itertools.chain.from_iterable(flags.items())])

    def await_log(self, event, **fields):
        """The first object of the log with this event and these fields."""
        def wanted(line):
            entry = json.loads(line)
            return all(entry.get(name) == value for name, value in {"event": event, **fields}.items())
        return json.loads(self.stderr.await_line(wanted, f"{event} {fields}"))

    def entries(self):
        """The objects of the log, one after the other: it may be longer than the memory has room for."""
        return map(json.loads, self.stderr)

    def log(self):
        return list(self.entries())

    def ports(self):
        """Of the API, of /metrics, of administration and of the operator's page (0: none), from --port-file."""
        self.await_log("listening")
        return await_ports(self.port_file)  # it is written right after the log says so

    def address(self):
        return f"127.0.0.1:{self.ports()[0]}"

    def admin_address(self):
        return f"127.0.0.1:{self.ports()[2]}"

    def page_url(self):
        return self.await_log("listening")["admin_page"]

    def terminate(self):
        self.signal(signal.SIGTERM)
        return self.exit_code()


class Client(Program):
    """ruyi-client, with --json when its events are to be seen."""

    def __init__(self, binary, address, arguments):
        super().__init__([binary, "--server", address, *arguments])

    def await_event(self, wanted, what):
        """The first event for which `wanted` is true."""
        return json.loads(self.stdout.await_line(lambda line: wanted(json.loads(line)), what))

    def await_denoising(self):
        """Until the job is in the middle of its work; returns its id."""
        name = self.await_event(lambda event: "accepted" in event, "accepted")["accepted"]["video"]["name"]
        self.await_event(lambda event: event.get("progress", {}).get("phase") == "PHASE_DENOISING"
                         and event["progress"]["step"] > 0, "denoising step")
        return name.removeprefix("videos/")

    def events(self):
        return [json.loads(line) for line in self.stdout]
