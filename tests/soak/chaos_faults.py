"""What is done to a fleet: to its replicas, to the database and the bucket that they share, and to what lies between. Each
fault strikes, holds for a while, and heals."""

import contextlib
import os
import pathlib
import subprocess

from programs import span_s

HOUR_S = 3600
FAKETIME = sorted(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


class ChaosFault:
    """Nothing happens."""

    allowed = frozenset()  # reasons with which a job may fail
    longer = 1             # how much longer than others it holds, in the long run

    def __init__(self, fleet, rng):
        self.fleet = fleet
        self.rng = rng

    def strike(self, hold):
        """Does the harm, waits by `hold`, and heals."""
        hold()

    def look_back(self):
        """What shows that nothing has happened where something should have; empty if all is well."""
        return ""


class Sigkill(ChaosFault):
    allowed = frozenset({"WORKER_LOST"})

    def strike(self, hold):
        victim = self.rng.choice(self.fleet.replicas)
        victim.kill()
        hold()
        victim.start()


class Sigterm(ChaosFault):
    def strike(self, hold):
        victim = self.rng.choice(self.fleet.replicas)
        victim.drain()
        hold()
        victim.start(drain_timeout=self.rng.choice((0, 1, 10)))


class DatabaseRestart(ChaosFault):
    def strike(self, hold):
        postgres = self.fleet.stores.postgres
        self.rng.choice((postgres.stop, postgres.crash))()
        hold()
        postgres.start()


class BucketAway(ChaosFault):
    longer = 6

    def strike(self, hold):
        self.fleet.stores.bucket.take_away()
        hold()
        self.fleet.stores.bucket.start()


class NetworkCut(ChaosFault):
    """Nothing passes between one replica and the stores, and neither side is told. In the long run for longer than a lease."""

    allowed = frozenset({"WORKER_LOST"})
    longer = 9
    RULE = "drop"

    def strike(self, hold):
        ports = ", ".join(str(port) for port in self.fleet.store_ports())
        self.fleet.distant.nft(f"""table inet chaos {{
            chain out {{ type filter hook output priority 0; tcp dport {{ {ports} }} {self.RULE}; }}
            chain in {{ type filter hook input priority 0; tcp sport {{ {ports} }} {self.RULE}; }}
        }}""")
        hold()
        self.fleet.distant.nft("delete table inet chaos")


class NetworkLoss(NetworkCut):
    """A third of the packets between one replica and the stores is lost, in each direction."""

    longer = 4
    RULE = "numgen random mod 100 < 33 drop"


class ClockStep(ChaosFault):
    """The time of day of one replica jumps by an hour, either way; its steady clock goes on."""

    def strike(self, hold):
        clock = self.fleet.stepping_clock
        clock.step(self.rng.choice([offset for offset in (-HOUR_S, 0, HOUR_S) if offset != clock.offset_s]))
        hold()

    def look_back(self):
        replica = self.fleet.replicas[self.fleet.STEPPING]
        return "" if span_s(replica.whole_log()) > HOUR_S / 2 else "the clock of the replica did not step"


class DiskFull(ChaosFault):
    """The disk of the database is full. Where the database ends of it, somebody starts it again once there is room."""

    allowed = frozenset({"DISK_FULL"})
    longer = 3

    def __init__(self, fleet, rng):
        super().__init__(fleet, rng)
        self._filled = False

    def strike(self, hold):
        postgres = self.fleet.stores.postgres
        filler = postgres.folder / "filler"
        with filler.open("wb", buffering=0) as file:
            with contextlib.suppress(OSError):  # the database writes meanwhile, and there may be less room by now
                os.posix_fallocate(file.fileno(), 0, max(1, os.statvfs(postgres.folder).f_bavail * 4096 - (1 << 20)))
            file.seek(0, os.SEEK_END)
            with contextlib.suppress(OSError):
                while file.write(bytes(4096)):
                    pass
        statistics = os.statvfs(postgres.folder)
        self._filled = self._filled or statistics.f_bavail == 0
        hold()
        filler.unlink()
        postgres.start_if_ended()

    def look_back(self):
        return "" if self._filled else "the disk was never full"


class Upgrade(ChaosFault):
    """The replicas of --old-server are replaced by those of --server, one after the other."""

    def strike(self, hold):
        for replica in self.fleet.replicas:
            replica.drain()
            replica.start(self.fleet.new_server)
            hold()

    def look_back(self):
        return "" if self.fleet.schema_at_start < self.fleet.schema() else "the schema is the same: this was no upgrade of it"


class SteppingClock:
    """The time of day of the processes that are started with `environment`."""

    def __init__(self, file):
        self._file = pathlib.Path(file)
        self.step(0)
        self.environment = (f"LD_PRELOAD={FAKETIME[0]}", f"FAKETIME_TIMESTAMP_FILE={self._file}", "FAKETIME_CACHE_DURATION=1",
                            "FAKETIME_DONT_FAKE_MONOTONIC=1", "DONT_FAKE_MONOTONIC=1")

    def step(self, offset_s):
        self.offset_s = offset_s
        new = self._file.with_suffix(".new")
        new.write_text(f"{offset_s:+d}\n", encoding="ascii")
        new.rename(self._file)


class DistantPlace:
    """A network namespace, with a wire to this one: HERE is this end of it, THERE the other."""

    HERE, THERE, NETWORK = "10.0.0.1", "10.0.0.2", "10.0.0.0/24"

    def __init__(self):
        self._holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo ready && exec cat"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        assert self._holder.stdout.readline() == "ready\n"
        self.prefix = ("nsenter", "--target", str(self._holder.pid), "--net")
        self._run("ip", "link", "add", "chaos0", "type", "veth", "peer", "name", "chaos1", "netns", str(self._holder.pid))
        for prefix, name, address in (((), "chaos0", self.HERE), (self.prefix, "chaos1", self.THERE)):
            self._run(*prefix, "ip", "address", "add", f"{address}/24", "dev", name)
            self._run(*prefix, "ip", "link", "set", name, "up")
        self._run(*self.prefix, "ip", "link", "set", "lo", "up")

    @staticmethod
    def _run(*command, **options):
        subprocess.run(command, check=True, text=True, **options)

    def nft(self, rules):
        self._run(*self.prefix, "nft", "-f", "-", input=rules)

    def close(self):
        self._holder.stdin.close()
        self._holder.wait()


FAULTS = {"none": ChaosFault, "sigkill": Sigkill, "sigterm": Sigterm, "database_restart": DatabaseRestart, "bucket_away": BucketAway,
          "network_cut": NetworkCut, "network_loss": NetworkLoss, "clock_step": ClockStep, "disk_full": DiskFull, "upgrade": Upgrade}
