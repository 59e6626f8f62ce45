"""Breaks a fleet while callers use it: three replicas on one PostgreSQL and one bucket, behind a proxy. Prints what became of
the jobs by the fault that was there when they were asked for, and for how long nobody was served.

chaos.py --minutes 20 --clients 50 --seed 1
chaos.py --minutes 20 --clients 8 --model models/ruyi-tiny

Needs root: it runs in namespaces of its own, in which it cuts wires and fills disks. Exits with 1 when a job was lost,
duplicated or had wrong bytes or a wrong log, or when a caller saw an error that docs/api.md does not cover.
"""

import argparse
import collections
import contextlib
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / name) for name in ("integration", "stranger", "fleet")]

import grpc  # noqa: E402

from callers import ENDS, Caller, Connection, Job, NotCovered, Recipe, Wrong, check_chunk, check_end  # noqa: E402
from chaos_faults import FAULTS, FAKETIME, DistantPlace, SteppingClock  # noqa: E402
from programs import DEADLINE_S  # noqa: E402  (found by the lines above)
from proto_stubs import make_stubs  # noqa: E402
from proxies import PROXIES, await_true  # noqa: E402
from replicas import Replica, Stores  # noqa: E402
from soak import Workload, absolute_path, reference_of  # noqa: E402
from verdict import BAD, COMPLETED, FAILED, Verdict, check_logs  # noqa: E402

NAMESPACES = "RUYI_CHAOS_NAMESPACES"  # says to this program that it is in them
DATABASE_MIB = 768
CALL_S = 10  # after which a caller gives up one attempt
PROBE_S = 2  # the same, for the probe
PROBE_PAUSE_S = 0.5
JUDGES = 4
NOT_COVERED = "errors not covered"
HELD = "held at most (s)"
GAP = "longest gap (s)"  # in which the probe was not served
COLUMNS = ("strikes", HELD, "jobs", COMPLETED, FAILED, *BAD, NOT_COVERED, GAP)


class Fleet:
    """Replica 0 is as all are, 1 has a clock that steps, 2 reaches the stores over a wire that can be cut."""

    STEPPING, DISTANT = 1, 2

    def __init__(self, options, workload, folder):
        self._exits = contextlib.ExitStack()
        self.distant = DistantPlace()
        self._exits.callback(self.distant.close)
        self.stores = Stores(folder, DistantPlace.HERE, DistantPlace.NETWORK, DATABASE_MIB)
        self._exits.callback(self.stores.close)
        self.stepping_clock = SteppingClock(folder / "clock")
        flags = {**workload.flags, "--checkpoint-seconds": 0.2, "--queue-capacity": 10000, "--drain-timeout": 1, "--calibration-file": folder / "calibration.json",
                 **self.stores.new_fleet()}
        places = ({}, {"prefix": ("env", *self.stepping_clock.environment)},
                  {"prefix": (*self.distant.prefix, "env", "RUYI_INSECURE=true"), "host": DistantPlace.THERE})
        self.new_server = options.server
        self.replicas = [Replica(options.old_server or options.server, folder / f"replica-{number}", flags, **place)
                         for number, place in enumerate(places)]
        for replica in self.replicas:
            self._exits.callback(replica.close)
            replica.start()
        self.schema_at_start = self.schema()
        self._proxy = PROXIES[options.proxy](folder / "proxy", [replica.address for replica in self.replicas])
        self._exits.callback(self._proxy.close)
        self.await_healthy()

    def address(self):
        return self._proxy.address

    def await_healthy(self):
        await_true(lambda: self._proxy.healthy() == len(self.replicas))

    def store_ports(self):
        return (self.stores.postgres.port, self.stores.bucket.port())

    def schema(self):
        return int(self.stores.postgres.query("fleet1", "SELECT version FROM ruyi_schema")[0][0])

    def log_rows(self):
        """Number and time of all entries of the logs, by the jobs' ids."""
        rows = collections.defaultdict(list)
        for name, seq, time_ns in self.stores.postgres.query(
                "fleet1", "SELECT id, seq, log.time FROM log JOIN jobs USING (number) ORDER BY seq"):
            rows[name].append((int(seq), int(time_ns)))
        return rows

    def close(self):
        self._exits.close()


class ChaosCaller(Caller):
    """Asks for one video after the other, and waits between two attempts as docs/api.md says."""

    def __init__(self, connection, make_request, over, seed):
        super().__init__(connection, make_request, over, seed)
        self._failures = 0

    def make(self, job, rng):
        """One job, from its request to its last byte."""
        self._failures = 0
        if rng.random() < 0.2:
            self._guarded(self._generate, job)
        else:
            self._guarded(self._create, job)
            self._guarded(self._follow, job)

    def _pause(self):
        self._failures += 1
        self._over.wait(min(5, 0.1 * 1.6 ** self._failures) * random.uniform(0.8, 1.2))

    def _generate(self, job, _):
        """GenerateVideo, sent again until it ends; each time its bytes begin anew, and must be the same."""
        request = self._make_request(job).request
        request.on_disconnect = self._connection.messages.ON_DISCONNECT_DETACH
        while not self._over.is_set():
            if self._attempt(job, lambda service: self._read_generated(job, service.GenerateVideo(request, timeout=6 * CALL_S))):
                return

    @staticmethod
    def _read_generated(job, call):
        data = bytearray()
        for event in call:
            kind = event.WhichOneof("event")
            if kind == "accepted":
                job.names.add(event.accepted.video.name)
            elif kind == "chunk":
                check_chunk(event.chunk, len(data))
                data += event.chunk.data
                if not (data.startswith(job.data) or job.data.startswith(data)):
                    raise Wrong("a stream that was begun again has other bytes")
                job.data = max(job.data, data, key=len)
                if event.chunk.last:
                    check_end(event.chunk, data)
                    job.is_whole = True
            if kind in ENDS:
                job.ended = kind
                return True
        return None


class Load:
    """Callers, each with a thread, and one more that asks for something small again and again and writes down when it was
    served. Thread-safe."""

    def __init__(self, options, workload, stubs, address, reference):
        self._options = options
        self._workload = workload
        self._stubs = stubs
        self._address = address
        self._reference = reference  # the right bytes by recipe
        self._recipes = list(reference)
        self._lock = threading.Lock()
        self._over = threading.Event()     # no new jobs
        self._given_up = threading.Event()  # no new attempts
        self.jobs = []
        self.window = 0
        self.window_of = {}  # by the jobs' numbers
        self.served = []     # when the probe was
        self._threads = [threading.Thread(target=self._call, args=(number,), daemon=True) for number in range(options.clients)]
        self._threads.append(threading.Thread(target=self._probe, daemon=True))
        for thread in self._threads:
            thread.start()

    def connection(self, call_s=CALL_S):
        return Connection(self._stubs, self._address, call_s)

    def _new_job(self, rng, recipe=None):
        with self._lock:
            job = Job(len(self.jobs), recipe or rng.choice(self._recipes), str(uuid.UUID(int=rng.getrandbits(128), version=4)))
            self.jobs.append(job)
            self.window_of[job.number] = self.window
            return job

    def _call(self, number):
        rng = random.Random(f"{self._options.seed}/caller/{number}")
        caller = ChaosCaller(self.connection(), self._workload.request, self._given_up, self._options.seed)
        while not self._over.wait(rng.uniform(0, 2) * self._options.think):
            job = self._new_job(rng)
            caller.make(job, rng)
            job.share(self._reference[job.recipe])

    def _probe(self):
        rng = random.Random(f"{self._options.seed}/probe")
        connection = self.connection(PROBE_S)
        job = None
        while not self._over.wait(PROBE_PAUSE_S):
            job = job or self._new_job(rng, self._recipes[0])
            try:
                name = connection.service().CreateVideo(self._workload.request(job), timeout=PROBE_S).name
                job.names.add(name)
                connection.service().GetVideo(connection.messages.GetVideoRequest(name=name), timeout=PROBE_S)
            except grpc.RpcError as error:
                if not connection.may_try_again(error):
                    job.wrongs.append(NotCovered(f"{error.code().name}: {error.details()}"))
            else:
                self.served.append(time.monotonic())
                job = None

    def longest_gap_s(self, begin, end):
        """For how long the probe was not served, at most, between two times."""
        times = [begin, *(at for at in self.served if begin < at < end), end]
        return max(later - earlier for earlier, later in zip(times, times[1:]))

    def end(self):
        """Waits until all jobs have ended, while nothing happens any more."""
        self._over.set()
        deadline = time.monotonic() + DEADLINE_S
        for thread in self._threads:
            thread.join(max(0, deadline - time.monotonic()))
        self._given_up.set()
        connection = self.connection()
        active = [connection.number_of_state(name) for name in ("QUEUED", "RUNNING", "CANCELLING")]
        request = connection.messages.ListVideosRequest(page_size=1, states=active)
        await_true(lambda: not connection.service().ListVideos(request, timeout=CALL_S).videos)


class Chaos:
    def __init__(self, options, folder):
        self._options = options
        self._rng = random.Random(f"{options.seed}/chaos")
        (folder / "stubs").mkdir()
        self._stubs = make_stubs(folder / "stubs")
        self._workload = Workload(options, self._stubs)
        self._reference = reference_of(options, self._workload, self._stubs, folder / "reference", self._recipes())
        self._fleet = Fleet(options, self._workload, folder)
        self._faults = {name: FAULTS[name](self._fleet, self._rng) for name in options.faults}
        self._load = Load(options, self._workload, self._stubs, self._fleet.address, self._reference)
        self._windows = []  # (fault, begin, end)
        self._held_s = collections.Counter()

    def _recipes(self):
        if self._workload.is_model:
            return self._workload.recipes(self._rng, 6)
        return [Recipe(self._rng.getrandbits(32), self._rng.choice((8, 8, 16, 24)), self._rng.randrange(3, 9)) for _ in range(20)]

    def run(self):
        """The rows of the table by fault."""
        try:
            end = time.monotonic() + 60 * self._options.minutes
            while not self._windows or time.monotonic() < end:
                for name in self._options.faults:
                    self._strike(name)
            self._load.end()
            return self._judge()
        finally:
            self._fleet.close()

    def _strike(self, name):
        begin = time.monotonic()
        self._load.window = len(self._windows)
        longer = self._faults[name].longer if self._options.hold_longer else 1
        hold_s = self._options.hold * (longer if longer > 1 else self._rng.uniform(0.3, 1))
        self._held_s[name] = max(hold_s, self._held_s[name])
        self._faults[name].strike(lambda: time.sleep(hold_s))
        self._fleet.await_healthy()
        time.sleep(self._options.rest)
        self._windows.append((name, begin, time.monotonic()))
        print(f"{name}: {time.monotonic() - begin:.0f} s, {len(self._load.jobs)} jobs", file=sys.stderr, flush=True)

    def _judge(self):
        rows = {name: dict.fromkeys(COLUMNS, 0) | {"findings": []} for name in self._options.faults}
        allowed = frozenset().union(*(fault.allowed for fault in self._faults.values()))
        log_rows = self._fleet.log_rows()
        by_fault = collections.defaultdict(list)
        for job in self._load.jobs:
            by_fault[self._windows[self._load.window_of[job.number]][0]].append(job)
        for name, row in rows.items():
            for outcomes, findings in self._judge_by_many(by_fault[name], allowed):
                for outcome, count in outcomes.items():
                    row[outcome] += count
                row["findings"] += findings
            logs = check_logs(log_rows, by_fault[name])
            row[BAD[-1]] += len(logs)
            row["findings"] += logs + [trouble for trouble in (self._faults[name].look_back(),) if trouble]
            row["jobs"] = len(by_fault[name])
            gaps = [self._load.longest_gap_s(begin, end) for fault, begin, end in self._windows if fault == name]
            row["strikes"], row[GAP] = len(gaps), round(max(gaps), 1)
            row[HELD] = round(self._held_s[name], 1)
            row["gaps"] = [round(gap, 1) for gap in gaps]
        first = rows[self._options.faults[0]]
        first["findings"] += [trouble for replica in self._fleet.replicas for trouble in replica.troubles]
        return rows

    def _judge_by_many(self, jobs, allowed):
        """Outcomes and findings of each of some judges, who share the jobs."""
        results = []

        def judge(part):
            uncovered = [job for job in part if any(isinstance(wrong, NotCovered) for wrong in job.wrongs)]
            verdict = Verdict(self._load.connection(), self._workload.request, self._reference, allowed, believes_callers=True)
            outcomes = verdict.judge(part, self._options.seed)
            outcomes[NOT_COVERED] = len(uncovered)
            results.append((outcomes, verdict.findings))

        threads = [threading.Thread(target=judge, args=(jobs[number::JUDGES],)) for number in range(JUDGES)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return results


def missing():
    """What this machine lacks for it; empty where there is all."""
    if os.geteuid() != 0:
        return "root"
    if not FAKETIME:
        return "libfaketime"
    return ", ".join(name for name in ("ip", "nft", "unshare", "nsenter") if subprocess.run(
        ["which", name], capture_output=True, check=False).returncode)


def print_rows(rows):
    print("| fault | " + " | ".join(COLUMNS) + " |\n|" + " --- |" * (len(COLUMNS) + 1))
    for name, row in rows.items():
        print(f"| {name} | " + " | ".join(str(row[column]) for column in COLUMNS) + " |", flush=True)
    total = {column: sum(row[column] for row in rows.values()) for column in COLUMNS}
    for column in (HELD, GAP):
        total[column] = max(row[column] for row in rows.values())
    print("| **all** | " + " | ".join(f"**{total[column]}**" for column in COLUMNS) + " |", flush=True)
    for name, row in rows.items():
        for finding in row["findings"][:20]:
            print(f"{name}: {finding}", file=sys.stderr)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", type=absolute_path,
                        help="the program to break; by default ruyi-soak-server of build/dev, or ruyi-server for a model")
    parser.add_argument("--old-server", type=absolute_path,
                        help="what replicas are before the fault `upgrade`, which strikes only then: a build of an earlier version")
    parser.add_argument("--model", type=absolute_path, help="a model folder; without one, pictures and films are fakes")
    parser.add_argument("--proxy", choices=PROXIES, default="envoy")
    parser.add_argument("--minutes", type=float, default=20, help="all faults strike in turn until so many have passed")
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--think", type=float, default=1, help="seconds, on average, between two videos of a client")
    parser.add_argument("--hold", type=float, default=10, help="seconds that a fault holds at most")
    parser.add_argument("--hold-longer", action="store_true", help="some faults hold longer: the bucket a minute, a cut for longer than a lease")
    parser.add_argument("--rest", type=float, default=5, help="seconds of peace after each fault")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(31))
    parser.add_argument("--faults", type=lambda text: text.split(","), default=[name for name in FAULTS if name != "upgrade"], metavar="LIST",
                        help="of " + ",".join(FAULTS))
    parser.add_argument("--json", type=absolute_path, help="write the rows to this file")
    options = parser.parse_args()
    if options.server is None:
        options.server = ROOT / "build" / "dev" / "bin" / ("ruyi-server" if options.model else "ruyi-soak-server")
    if not set(options.faults) <= FAULTS.keys():
        parser.error("--faults: expected some of " + ",".join(FAULTS))
    if ("upgrade" in options.faults) != (options.old_server is not None):
        parser.error("the fault upgrade takes --old-server, and no other does")
    return options


def main():
    options = parse_options()
    if missing():
        sys.exit(f"chaos.py needs {missing()}: scripts/setup --deploy, as root")
    if NAMESPACES not in os.environ:
        os.execvpe("unshare", ["unshare", "--net", "--mount", sys.executable, "-B", *sys.argv], {**os.environ, NAMESPACES: "yes"})
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    print(f"seed {options.seed}", flush=True)
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        rows = Chaos(options, pathlib.Path(folder)).run()
    print_rows(rows)
    seconds = round(time.monotonic() - begin)
    findings = sum(len(row["findings"]) for row in rows.values())
    print(f"{sum(row['jobs'] for row in rows.values())} jobs in {seconds} s, {findings} findings")
    if options.json is not None:
        options.json.write_text(json.dumps({"seed": options.seed, "seconds": seconds, "faults": rows}, indent=1) + "\n",
                                encoding="utf-8")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
