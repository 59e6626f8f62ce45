"""Puts a load on a server, and says what it costs the server and those who call beside it.

load.py --bin build/release/bin                                   2,000 idle connections, 200 streams
load.py --bin build/release/bin --idle 0 --streams 0 --creates 1000   1,000 CreateVideo a second, and how they ended
load.py ... --quota                                               all of them refused by the tenant's quota
load.py ... --step-ms 250                                         beside a video with steps of 250 ms, which are timed
load.py --address HOST:PORT --pid PID ...                         of a server that runs already
"""

import argparse
import asyncio
import collections
import contextlib
import os
import pathlib
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / folder) for folder in ("integration", "stranger")]

import grpc  # noqa: E402  (pytest and this script find modules by the line above)

from caller import Caller  # noqa: E402
from programs import Server  # noqa: E402
from proto_stubs import make_stubs  # noqa: E402
from raw_http2 import RawConnection, grpc_message  # noqa: E402


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, help="folder of ruyi-hostile-server")
    parser.add_argument("--address", help="of a server that runs already")
    parser.add_argument("--pid", type=int, help="of that server, for its memory and time")
    parser.add_argument("--idle", type=int, default=2000, help="connections that do nothing")
    parser.add_argument("--streams", type=int, default=200, help="readers that download a film each second")
    parser.add_argument("--creates", type=float, default=0, help="CreateVideo calls a second")
    parser.add_argument("--quota", action="store_true", help="refuse CreateVideo by a quota, and not by a full queue")
    parser.add_argument("--step-ms", type=int, help="make a video meanwhile, on a fake device that takes so long for a step")
    parser.add_argument("--seconds", type=float, default=20, help="how long")
    arguments = parser.parse_args()
    if arguments.address and (arguments.quota or arguments.step_ms):
        parser.error("--quota and --step-ms are for servers that are started here")
    return arguments


class LoadedServer(Server):
    """A server with a fake device; nobody has a quota yet."""

    def __init__(self, arguments, folder):
        self._quotas = folder / "quotas.json"
        self._quotas.write_text("{}", encoding="ascii")
        (folder / "model").mkdir()
        super().__init__(arguments.bin / "ruyi-hostile-server", folder,
                         {"--model": folder / "model", "--quotas": self._quotas},
                         ["env", f"FAKE_STEP_MS={arguments.step_ms or 0}"])
        self.await_log("ready")

    def let_nobody_wait(self):
        """Refuses each new video by a quota from now on."""
        changed = self._quotas.with_suffix(".new")
        changed.write_text('{"default": {"waiting": 0}}', encoding="ascii")
        changed.replace(self._quotas)
        self.await_log("credentials_read", kind="quotas")


class Usage:
    """The memory and the time of a process."""

    def __init__(self, pid):
        self._pid = pid
        self._ticks = self._used_ticks()
        self._begin = time.monotonic()

    def _used_ticks(self):
        fields = pathlib.Path(f"/proc/{self._pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    def describe(self):
        status = pathlib.Path(f"/proc/{self._pid}/status").read_text(encoding="ascii")
        values = dict(line.split(":", 1) for line in status.splitlines())
        seconds = (self._used_ticks() - self._ticks) / os.sysconf("SC_CLK_TCK")
        share = seconds / (time.monotonic() - self._begin)
        return (f"{int(values['VmRSS'].split()[0]) // 1024} MiB, {values['Threads'].strip()} threads, "
                f"{len(os.listdir(f'/proc/{self._pid}/fd'))} files, {share:.2f} processors")


def percentile(values, share):
    return sorted(values)[int(share * (len(values) - 1))]


class Load:
    def __init__(self, service, caller, film, until):
        self._service = service
        self._caller = caller
        self._film = film
        self._until = until
        self.bytes_read = 0
        self.ends = collections.Counter()

    async def read_films(self):
        message = self._caller.messages.DownloadVideoRequest(name=self._film)
        while time.monotonic() < self._until:
            next_film = time.monotonic() + 1
            async for chunk in self._service.DownloadVideo(message):
                self.bytes_read += len(chunk.data)
            await asyncio.sleep(max(0, next_film - time.monotonic()))

    async def create(self, per_second):
        request = self._caller.request(size=self._caller.video.Size(width=256, height=256))
        message = self._caller.messages.CreateVideoRequest(request=request)
        begin = time.monotonic()
        calls = set()
        while time.monotonic() < self._until:
            due = int((time.monotonic() - begin) * per_second) - sum(self.ends.values()) - len(calls)
            for _ in range(due):
                call = asyncio.ensure_future(self._create_one(message))
                calls.add(call)
                call.add_done_callback(calls.discard)
            await asyncio.sleep(0.01)
        await asyncio.gather(*calls)

    async def _create_one(self, message):
        try:
            await self._service.CreateVideo(message)
            self.ends["OK"] += 1
        except grpc.aio.AioRpcError as error:
            details = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
            status = self._caller.stubs.status_pb2.Status.FromString(details or b"")
            reason = self._caller.refusal_of(status).reason if details else ""
            self.ends[f"{error.code().name} {reason}".strip()] += 1

    async def time_steps(self, name):
        """How many ms the steps of a video take that are made from now on."""
        begin = time.time()
        times = []
        last = None
        async for event in self._service.WatchVideo(self._caller.messages.WatchVideoRequest(name=name)):
            if time.monotonic() > self._until:
                break
            progress = event.progress
            if progress.phase != self._caller.video.PHASE_DENOISING or event.time.ToNanoseconds() < begin * 1e9:
                continue
            if last and progress.step > last.progress.step:
                took = event.time.ToNanoseconds() - last.time.ToNanoseconds()
                times.append(took / 1e6 / (progress.step - last.progress.step))
            last = event
        return times


def describe_steps(when, times):
    if not times:
        return print(f"steps {when}: none; give more --seconds")
    print(f"steps {when}: {len(times)}, median {percentile(times, 0.5):.2f} ms, mean {sum(times) / len(times):.2f} ms")


async def ask(address, message, seconds, folder):
    """One GetVideo after the other, by a program of its own; returns how many ms each took."""
    (folder / "message").write_bytes(grpc_message(message.SerializeToString()))
    log = folder / "log"
    program = await asyncio.create_subprocess_exec(
        "h2load", "-c", "1", "-m", "1", "-D", str(int(seconds)), "--log-file", log, "-d", folder / "message", "-H",
        "content-type: application/grpc", "-H", "te: trailers", f"http://{address}/ruyi.v1.VideoService/GetVideo",
        stdout=asyncio.subprocess.DEVNULL)
    await program.wait()
    return [int(line.split()[2]) / 1000 for line in log.read_text(encoding="ascii").splitlines()]


@contextlib.asynccontextmanager
async def new_load(address, arguments, caller, film):
    async with grpc.aio.insecure_channel(address) as channel:
        yield Load(caller.stubs.video_service_pb2_grpc.VideoServiceStub(channel), caller, film,
                   time.monotonic() + arguments.seconds)


async def time_quiet_steps(address, arguments, caller, name):
    async with new_load(address, arguments, caller, film=None) as load:
        describe_steps("before", await load.time_steps(name))


async def run(address, arguments, caller, film, folder, video):
    async with new_load(address, arguments, caller, film) as load:
        beside = (load.time_steps(video) if video else
                  ask(address, caller.messages.GetVideoRequest(name=film), arguments.seconds, folder))
        times, *_ = await asyncio.gather(beside, load.create(arguments.creates),
                                         *(load.read_films() for _ in range(arguments.streams)))
    if video:
        describe_steps("beside it", times)
    else:
        print(f"GetVideo beside it: {len(times)} calls, median {percentile(times, 0.5):.1f} ms, "
              f"p99 {percentile(times, 0.99):.1f} ms")
    print(f"films: {load.bytes_read / arguments.seconds / (1 << 20):.0f} MiB a second")
    print(f"CreateVideo: {dict(load.ends)}")


def put_load(address, pid, arguments, folder, server=None):
    stubs = make_stubs(folder)
    photo = (ROOT / "tests" / "data" / "photo.jpg").read_bytes()
    with contextlib.ExitStack() as exits:
        caller = exits.enter_context(contextlib.closing(Caller(address, stubs, photo)))
        small = {"size": caller.video.Size(width=256, height=256)}
        film = caller.make(frame_count=24, **small).name
        video = caller.create_from(caller.long_request(**small)).name if arguments.step_ms else None
        if arguments.quota:
            server.let_nobody_wait()
        if video:
            caller.await_denoising(video)
            asyncio.run(time_quiet_steps(address, arguments, caller, video))
        print(f"before: {Usage(pid).describe()}")
        for _ in range(arguments.idle):
            exits.enter_context(RawConnection(address))
        usage = Usage(pid)
        asyncio.run(run(address, arguments, caller, film, folder, video))
        print(f"{arguments.idle} idle connections, {arguments.streams} streams, {arguments.creates:.0f} creates a second: "
              f"{usage.describe()}")


def main():
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        if arguments.address:
            return put_load(arguments.address, arguments.pid, arguments, folder)
        server = LoadedServer(arguments, folder)
        try:
            return put_load(server.address(), server.process.pid, arguments, folder, server)
        finally:
            server.kill()


if __name__ == "__main__":
    main()
