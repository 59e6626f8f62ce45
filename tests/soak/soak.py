"""Breaks a server in every way that it must survive, while callers use it, and counts what became of their jobs.

soak.py --jobs 1000 --seed 1
soak.py --model models/ruyi-tiny --jobs 100 --seed 1

Exits with 1 when a job was lost, duplicated or had wrong bytes or a wrong log. docs/reliability.md says what is promised.
"""

import argparse
import collections
import json
import pathlib
import random
import sys
import tempfile
import threading
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / name) for name in ("integration", "stranger", "fleet")]

import grpc  # noqa: E402

from callers import Caller, Connection, Recipe, make_jobs, run_callers  # noqa: E402
from faults import FAULTS  # noqa: E402
from programs import DEADLINE_S  # noqa: E402  (found by the lines above)
from proto_stubs import make_stubs  # noqa: E402
from server_site import Disk, Site  # noqa: E402
from verdict import BAD, COMPLETED, FAILED, Verdict, check_logs  # noqa: E402

CALLERS = 6
FAKE_PICTURE = b"image 640x384"
PHOTO = ROOT / "tests" / "data" / "photo.jpg"


class Workload:
    """What is asked for: of the fakes, or of a model."""

    def __init__(self, options, stubs):
        self.is_model = options.model is not None
        self.flags = {"--checkpoint-seconds": 0, "--queue-capacity": 1000, "--result-ttl": 86400,
                      "--model": options.model if self.is_model else ROOT / "tests" / "soak"}
        self.pause_s = (0.1, 1.5) if self.is_model else (0.02, 0.5)  # between two strikes
        self._messages = stubs.video_service_pb2
        self._picture = PHOTO.read_bytes() if self.is_model else FAKE_PICTURE

    def recipes(self, rng, count):
        if self.is_model:
            return [Recipe(rng.getrandbits(32), 16, 12) for _ in range(count)]
        return [Recipe(rng.getrandbits(32), rng.choice((8, 16, 24, 80)), rng.randrange(3, 9)) for _ in range(count)]

    def request(self, job):
        request = self._messages.GenerateVideoRequest(
            start_images=[self._messages.ImageInput(data=self._picture)], seed=job.recipe.seed, steps=job.recipe.steps,
            frame_count=job.recipe.frame_count, request_id=job.request_id)
        request.size.width, request.size.height = (160, 96) if self.is_model else (256, 256)
        return self._messages.CreateVideoRequest(request=request)


class Campaign:
    """One fault on one state folder: jobs, their callers, and the fault that strikes meanwhile."""

    def __init__(self, options, workload, stubs, folder, name, job_count):
        self.stubs = stubs
        self.make_request = workload.request
        self._options = options
        self._workload = workload
        self._folder = folder
        self._name = name
        self._seed = f"{options.seed}/{name}"
        self._rng = random.Random(self._seed)
        self._fault = FAULTS[name](folder, random.Random(f"{self._seed}/fault"), job_count)
        self._job_count = job_count
        self._jobs = []
        self._over = threading.Event()
        self.site = None
        self.hits = 0

    def jobs(self):
        return self._jobs

    def add_job(self):
        """One more job, whose calls the fault makes itself."""
        job = make_jobs(self._rng, self._recipes, 1)[0]
        job.number = len(self._jobs)
        self._jobs.append(job)
        return job

    def pause(self, seconds):
        """Lets the others work."""
        self._over.wait(seconds)

    def connection(self):
        return Connection(self.stubs, self.site.address, self._fault.call_s)

    def await_end(self, job):
        """Waits until `job` has ended, whoever reads of it."""
        service = self.connection().service()
        for _ in service.WatchVideo(self.stubs.video_service_pb2.WatchVideoRequest(name=job.name), timeout=DEADLINE_S):
            pass

    def run(self, reference):
        """Returns a row of the table, with what is wrong under "findings"."""
        missing = self._fault.missing()
        if missing:
            return {"skipped": missing}
        self._recipes = list(reference)
        self._jobs = make_jobs(self._rng, self._recipes, self._job_count)
        disk = self._fault.make_disk()
        self.site = Site(self._options.server, self._folder, disk, {**self._workload.flags, **self._fault.flags},
                         self._fault.environment())
        try:
            self._fault.prepare(self.site)
            self.site.start()
            self._work()
            self._fault.heal(self)
            return self._judge(reference)
        finally:
            self._over.set()
            self._fault.close()
            self.site.close()

    def _work(self):
        jobs = list(self._jobs)
        callers = [Caller(self.connection(), self.make_request, self._over, self._seed) for _ in range(CALLERS)]
        threads = run_callers(callers, [jobs[i::CALLERS] for i in range(CALLERS)])
        most = max(1, len(jobs) * self._fault.strikes // 10)
        while self.hits < most and (self.hits == 0 or any(thread.is_alive() for thread in threads)):
            self.pause(self._rng.uniform(*self._workload.pause_s))
            self.hits += self._fault.strike(self)
        deadline = time.monotonic() + DEADLINE_S + 10 * len(jobs)
        for thread in threads:
            thread.join(max(0, deadline - time.monotonic()))
        self._over.set()

    def _judge(self, reference):
        verdict = Verdict(self.connection(), self.make_request, reference, self._fault.allowed)
        outcomes = verdict.judge(self._jobs, self._seed)
        self.site.drain()
        self._fault.look_back(self)
        with self.site.database_copy() as database:
            logs = check_logs(log_rows(database), self._jobs)
            resumed = database.execute(
                "SELECT count(DISTINCT number) FROM log WHERE event LIKE '%resumed%'").fetchone()[0]
        row = {"hits": self.hits, "jobs": len(self._jobs), "resumed": resumed, COMPLETED: outcomes[COMPLETED],
               FAILED: outcomes[FAILED], **{bad: outcomes[bad] for bad in BAD}}
        row[BAD[-1]] += len(logs)
        row["findings"] = verdict.findings + logs + self.site.troubles
        return row


def log_rows(database):
    """Number and time of all entries of the logs, by the jobs' ids."""
    rows = collections.defaultdict(list)
    for name, seq, time_ns in database.execute("SELECT id, seq, log.time FROM log JOIN jobs USING (number) ORDER BY seq"):
        rows[name].append((seq, time_ns))
    return rows


def reference_of(options, workload, stubs, folder, recipes):
    """The bytes of each recipe, from a server that nothing happens to."""
    site = Site(options.server, folder, Disk(folder), workload.flags)
    try:
        site.start()
        service = stubs.video_service_pb2_grpc.VideoServiceStub(grpc.insecure_channel(site.address()))
        rng = random.Random(f"{options.seed}/reference")
        jobs = [make_jobs(rng, [recipe], 1)[0] for recipe in recipes]
        names = [service.CreateVideo(workload.request(job), timeout=DEADLINE_S).name for job in jobs]
        messages = stubs.video_service_pb2
        films = {}
        for recipe, name in zip(recipes, names):
            collections.deque(service.WatchVideo(messages.WatchVideoRequest(name=name), timeout=DEADLINE_S), maxlen=0)
            chunks = service.DownloadVideo(messages.DownloadVideoRequest(name=name), timeout=DEADLINE_S)
            films[recipe] = b"".join(chunk.data for chunk in chunks)
        return films
    finally:
        site.close()


COLUMNS = ("hits", "jobs", "resumed", COMPLETED, FAILED, *BAD)


def print_row(name, row):
    if "skipped" in row:
        print(f"| {name} | skipped: {row['skipped']} |" + " |" * (len(COLUMNS) - 1), flush=True)
    else:
        print(f"| {name} | " + " | ".join(str(row[column]) for column in COLUMNS) + " |", flush=True)
        for finding in row["findings"][:20]:
            print(finding, file=sys.stderr)


def soak(options, folder):
    """Runs every campaign; returns the rows by fault."""
    stubs_folder = folder / "stubs"
    stubs_folder.mkdir()
    stubs = make_stubs(stubs_folder)
    workload = Workload(options, stubs)
    share = max(1, -(-options.jobs // len(options.faults)))
    rng = random.Random(options.seed)
    recipes = workload.recipes(rng, min(60, share))
    reference = reference_of(options, workload, stubs, folder / "reference", recipes)
    print("| fault | " + " | ".join(COLUMNS) + " |\n|" + " --- |" * (len(COLUMNS) + 1))
    rows = {}
    for name in options.faults:
        rows[name] = run_campaign(Campaign(options, workload, stubs, folder / name, name, share), reference)
        print_row(name, rows[name])
    return rows


def run_campaign(campaign, reference):
    """Its row. What ends a campaign early is a finding, and the others go on."""
    try:
        return campaign.run(reference)
    except Exception:  # of any kind: a server that does not start, a call that fails where none may
        return {**dict.fromkeys(COLUMNS, 0), "findings": [traceback.format_exc()]}


def absolute_path(text):
    """The server may be started from another folder."""
    return pathlib.Path(text).resolve()


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", type=absolute_path,
                        help="the program to break; by default ruyi-soak-server of build/dev, or ruyi-server for a model")
    parser.add_argument("--model", type=absolute_path, help="a model folder; without one, pictures and films are fakes")
    parser.add_argument("--jobs", type=int, default=1000, help="of all faults together, at least")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(31))
    parser.add_argument("--faults", type=lambda text: text.split(","), default=list(FAULTS), metavar="LIST",
                        help="of " + ",".join(FAULTS))
    parser.add_argument("--json", type=pathlib.Path, help="write the rows to this file")
    options = parser.parse_args()
    if options.server is None:
        options.server = ROOT / "build" / "dev" / "bin" / ("ruyi-server" if options.model else "ruyi-soak-server")
    if not set(options.faults) <= FAULTS.keys():
        parser.error("--faults: expected some of " + ",".join(FAULTS))
    return options


def main():
    options = parse_options()
    print(f"seed {options.seed}", flush=True)
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        rows = soak(options, pathlib.Path(folder))
    seconds = round(time.monotonic() - begin)
    findings = [f"{name}: {finding}" for name, row in rows.items() for finding in row.get("findings", ())]
    print(f"{sum(row.get('jobs', 0) for row in rows.values())} jobs in {seconds} s, {len(findings)} findings")
    if options.json is not None:
        options.json.write_text(json.dumps({"seed": options.seed, "seconds": seconds, "faults": rows}, indent=1) + "\n",
                                encoding="utf-8")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
