"""What is done to a server that works. Each fault is prepared before the server starts, strikes at random moments, and
heals before the jobs are judged."""

import json
import pathlib

import grpc

from callers import CHANNEL_OPTIONS, check_chunk
from half_open_proxy import HalfOpenProxy
from programs import TimedOut, span_s
from server_site import Disk, SmallDisk

BALLAST_MIB = 16
JOB_MIB = 2  # more than a video takes
HOUR_S = 3600
FAKETIME = sorted(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


class Fault:
    """Nothing happens."""

    allowed = frozenset()  # reasons with which a job may fail
    flags = {}             # of the server
    call_s = 10            # after which a caller gives up one attempt
    strikes = 1            # at most, for each ten jobs

    def __init__(self, folder, rng, job_count):
        self.folder = pathlib.Path(folder)
        self.rng = rng
        self.job_count = job_count

    def missing(self):
        """Why this machine cannot do it; empty where it can."""
        return ""

    def make_disk(self):
        return Disk(self.folder)

    def environment(self):
        return ()

    def prepare(self, site):
        pass

    def strike(self, soak):
        """Returns whether there was something to do harm to."""
        return True

    def heal(self, soak):
        """Ends what strikes have begun."""

    def look_back(self, soak):
        """When all is over and the server has ended."""

    def close(self):
        pass


class Sigkill(Fault):
    allowed = frozenset({"WORKER_LOST"})
    strikes = 4

    def strike(self, soak):
        soak.site.kill()
        while self.rng.random() < 0.3:  # in the middle of a start, too
            soak.site.begin()
            soak.pause(0.1 * self.rng.random())
            soak.site.kill()
        soak.site.start()
        return True


class Sigterm(Fault):
    strikes = 2

    def strike(self, soak):
        soak.site.drain()
        soak.site.start(drain_timeout=self.rng.choice((0, 0.05, 1)))
        return True


class DiskFull(Fault):
    allowed = frozenset({"DISK_FULL"})

    def make_disk(self):
        self._disk = SmallDisk(self.folder, 2 * BALLAST_MIB + JOB_MIB * self.job_count)
        return self._disk

    def missing(self):
        probe = SmallDisk(self.folder / "probe", 1)
        probe.close()
        return "" if probe.is_there else "no namespaces of users and mounts"

    def strike(self, soak):
        filler = self._disk.root() / "filler"
        try:
            with filler.open("wb", buffering=0) as file:
                while file.write(b"\0" * 65536) == 65536:
                    pass
        except OSError:
            pass
        has_started = True
        if self.rng.random() < 0.3:
            soak.site.kill()
            has_started = self._start_on_full_disk(soak)
        soak.pause(self.rng.uniform(0.2, 0.6))
        filler.unlink()
        if not has_started:
            soak.site.start()
        return True


    @staticmethod
    def _start_on_full_disk(soak):
        """Whether the server starts. Where even its ballast is used up it says so, and starts once there is room."""
        try:
            soak.site.start()
            return True
        except TimedOut as ended:
            if "disk is full; make room" not in str(ended):
                raise
            return False


class SlowReader(Fault):
    """Callers that stop reading GenerateVideo after its first event."""

    def __init__(self, folder, rng, job_count):
        super().__init__(folder, rng, job_count)
        self._held = []  # (job, channel, the call of GenerateVideo)

    def strike(self, soak):
        job = soak.add_job()
        channel = grpc.insecure_channel(soak.site.address(), options=CHANNEL_OPTIONS)
        service = soak.stubs.video_service_pb2_grpc.VideoServiceStub(channel)
        request = soak.make_request(job).request
        request.on_disconnect = soak.stubs.video_service_pb2.ON_DISCONNECT_DETACH
        generate = service.GenerateVideo(request)
        job.names.add(next(generate).accepted.video.name)
        self._held.append((job, channel, generate))
        return True

    def heal(self, soak):
        """The jobs end while nobody reads; then the readers go on, and find all bytes."""
        for job, _, _ in self._held:
            soak.await_end(job)
        for job, channel, generate in self._held:
            streamed = bytearray()
            for event in generate:
                if event.WhichOneof("event") == "chunk":
                    check_chunk(event.chunk, len(streamed))
                    streamed += event.chunk.data
            service = soak.stubs.video_service_pb2_grpc.VideoServiceStub(channel)
            for chunk in service.DownloadVideo(soak.stubs.video_service_pb2.DownloadVideoRequest(name=job.name)):
                check_chunk(chunk, len(job.data))
                job.data += chunk.data
            job.is_whole = True
            if streamed != job.data:
                job.wrongs.append("GenerateVideo and DownloadVideo gave different bytes")
            channel.close()


class ClockStep(Fault):
    """The time of day jumps by an hour, either way; the steady clock goes on."""

    flags = {"--result-ttl": HOUR_S // 2}

    def missing(self):
        return "" if FAKETIME else "no libfaketime (Debian's package faketime)"

    def environment(self):
        self._file = self.folder / "clock"
        self._set(0)
        return (f"LD_PRELOAD={FAKETIME[0]}", f"FAKETIME_TIMESTAMP_FILE={self._file}", "FAKETIME_NO_CACHE=1",
                "FAKETIME_DONT_FAKE_MONOTONIC=1", "DONT_FAKE_MONOTONIC=1")

    def _set(self, offset_s):
        self._offset_s = offset_s
        new = self._file.with_suffix(".new")
        new.write_text(f"{offset_s:+d}\n", encoding="ascii")
        new.rename(self._file)

    def strike(self, soak):
        self._set(self.rng.choice([offset for offset in (-HOUR_S, 0, HOUR_S) if offset != self._offset_s]))
        return True

    def look_back(self, soak):
        if span_s(soak.site.entries()) < HOUR_S / 2:
            soak.site.troubles.append("the server's clock did not step")


class HalfOpen(Fault):
    """Connections that stop without an end, between callers and server."""

    call_s = 1

    def prepare(self, site):
        self._proxy = HalfOpenProxy()
        site.via = self._proxy.forward_to

    def strike(self, soak):
        self._proxy.freeze()
        return True

    def close(self):
        self._proxy.close()


class Damage(Fault):
    """Changes the disk while the server is down: what a fault of the disk, or of a person, leaves."""

    def stop(self, soak):
        soak.site.drain()

    def damage(self, soak, database):
        """Returns whether it has found something to damage."""
        raise NotImplementedError

    def strike(self, soak):
        self.stop(soak)
        with soak.site.database() as database:
            has_damaged = self.damage(soak, database)
        soak.site.start(drain_timeout=0)
        return has_damaged

    def pick(self, soak, database, condition):
        """A job that no damage was done to, with its id and record, of those for which the SQL condition holds; or
        None."""
        jobs = {job.name: job for job in soak.jobs() if job.names and not job.damage}
        rows = database.execute(f"SELECT id, record FROM jobs WHERE {condition} ORDER BY number").fetchall()
        found = [(jobs[f"videos/{id}"], id, record) for id, record in rows if f"videos/{id}" in jobs]
        return self.rng.choice(found) if found else None


class CorruptRow(Damage):
    """A record that is cut short, of a job that waits or has ended."""

    def damage(self, soak, database):
        found = self.pick(soak, database, "lease_token = 0")
        if found is None:
            return False
        job, id, record = found
        job.damage = "row"
        database.execute("UPDATE jobs SET record = ? WHERE id = ?", (record[:self.rng.randrange(len(record))], id))
        return True


class CorruptFile(Damage):
    """A byte that changes: of a result, of its seal, or of a checkpoint, which costs the work since the beginning."""

    allowed = frozenset({"WORKER_LOST"})
    strikes = 2
    KINDS = ("checkpoint", "result", "seal")

    def __init__(self, folder, rng, job_count):
        super().__init__(folder, rng, job_count)
        self._turn = 0

    def stop(self, soak):
        if self._kind() == "checkpoint":
            soak.site.kill()  # in the middle of the work
        else:
            soak.site.drain()

    def _kind(self):
        return self.KINDS[self._turn % len(self.KINDS)]

    def damage(self, soak, database):
        has_checkpoint = "state IN ('queued', 'running') AND record LIKE '%\"checkpoint\":{%'"
        kind = self._kind()
        found = self.pick(soak, database, has_checkpoint if kind == "checkpoint" else "state = 'succeeded'")
        self._turn += 1
        if found is None:
            return False
        job, id, record = found
        artifacts = soak.site.disk.state / "artifacts"
        if kind == "checkpoint":
            sha256 = json.loads(record)["value"]["checkpoint"]["sha256"]
            blob = artifacts / "blobs" / sha256[:2] / sha256
            if not blob.exists():  # a job of the same recipe had the same checkpoint, and has gone on or ended
                return False
            self._flip(blob)
        else:
            job.damage = kind
            self._flip(artifacts / "results" / f"{id}.{'mp4' if kind == 'result' else 'seal'}")
        return True

    def _flip(self, path):
        data = bytearray(path.read_bytes())
        data[self.rng.randrange(len(data))] ^= 1 << self.rng.randrange(8)
        path.write_bytes(data)


class TwoServers(Fault):
    """A second server on the same state folder is refused, and told who has it; the first one does not notice."""

    def strike(self, soak):
        second = soak.site.second_server()
        said = [entry.get("message", "") for entry in second.log() if entry["event"] == "cannot_start"]
        if second.process.returncode != 1 or not said or f"process {soak.site.pid()} " not in said[0]:
            soak.site.troubles.append(f"a second server ended with {second.process.returncode} and said {said}")
        return True


FAULTS = {"none": Fault, "sigkill": Sigkill, "sigterm": Sigterm, "disk_full": DiskFull, "slow_reader": SlowReader,
          "clock_step": ClockStep, "half_open": HalfOpen, "corrupt_row": CorruptRow, "corrupt_file": CorruptFile,
          "two_servers": TwoServers}
