"""What callers do, and what they have seen: a job is created until it is acknowledged, watched and downloaded to its end,
over whatever ends of the server and of connections."""

import dataclasses
import hashlib
import random
import threading
import uuid

import google_crc32c
import grpc

from retry_rules import details_of, may_call_again, may_stream_again

PAUSE_S = 0.03  # between two attempts
CHANNEL_OPTIONS = (("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", -1))
ENDS = ("completed", "failed")


class Wrong(Exception):
    """The server said what it must never say."""


class NotCovered(Wrong):
    """A call ended so that no caller would make it again."""


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What a video is made of; the same recipe always gives the same bytes."""

    seed: int
    frame_count: int
    steps: int


@dataclasses.dataclass
class Job:
    number: int
    recipe: Recipe
    request_id: str
    names: set = dataclasses.field(default_factory=set)      # that the server has given it
    events: dict = dataclasses.field(default_factory=dict)   # seq → (kind, time in ns) as they were seen live
    data: bytearray = dataclasses.field(default_factory=bytearray)  # as it was downloaded live
    ended: str = ""     # the last event's kind
    is_whole: bool = False
    damage: str = ""    # what a fault has done to its record or its bytes
    wrongs: list = dataclasses.field(default_factory=list)

    @property
    def name(self):
        return next(iter(self.names), None)

    def share(self, right):
        """Keeps no copy of its own of a video that is `right`: thousands of copies would fill the memory."""
        if self.data == right:
            self.data = right


def make_jobs(rng, recipes, count):
    return [Job(number, rng.choice(recipes), str(uuid.UUID(int=rng.getrandbits(128), version=4)))
            for number in range(count)]


def nanoseconds(timestamp):
    return timestamp.seconds * 10**9 + timestamp.nanos


class Connection:
    """A channel to wherever the server is now, made anew after each failure. For one thread."""

    def __init__(self, stubs, address_of, call_s):
        self.messages = stubs.video_service_pb2
        self.call_s = call_s
        self._stubs = stubs
        self._address_of = address_of
        self._channel = None
        self._address = None

    def service(self):
        address = self._address_of()
        if self._channel is None or address != self._address:
            self.close()
            self._address = address
            self._channel = grpc.insecure_channel(address, options=CHANNEL_OPTIONS)
        return self._stubs.video_service_pb2_grpc.VideoServiceStub(self._channel)

    def close(self):
        if self._channel is not None:
            self._channel.close()
        self._channel = None

    def number_of_state(self, name):
        return self._stubs.video_pb2.VideoState.Value(f"VIDEO_STATE_{name}")

    def may_try_again(self, error):
        """Whether what callers are told (docs/api.md) covers this end of a call."""
        may = may_stream_again if hasattr(error, "__next__") else may_call_again
        return may(error.code(), details_of(self._stubs, error))

    def reason_of(self, error):
        """The ErrorInfo's reason; empty where the error is not of the server but of the connection to it."""
        details = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
        return "" if details is None else self.reason_in(self._stubs.status_pb2.Status.FromString(details))

    def reason_in(self, status):
        info = self._stubs.error_details_pb2.ErrorInfo()
        return next((info.reason for detail in status.details if detail.Unpack(info)), "")


def check_chunk(chunk, offset):
    if chunk.offset != offset:
        raise Wrong(f"a chunk begins at {chunk.offset} instead of {offset}")
    if google_crc32c.value(chunk.data) != chunk.crc32c:
        raise Wrong(f"the chunk at {offset} has another CRC-32C than it says")


def check_end(chunk, data):
    if chunk.total_size_bytes != len(data) or chunk.sha256 != hashlib.sha256(data).digest():
        raise Wrong("the whole file has another size or sha256 than its last chunk says")


class Caller:
    """One thread's worth of callers. `over` ends it early."""

    def __init__(self, connection, make_request, over, seed):
        self._connection = connection
        self._make_request = make_request
        self._over = over
        self._seed = seed

    def run(self, jobs):
        """Creates all of `jobs`, then follows one after the other."""
        try:
            for step in (self._create, self._follow):
                for job in jobs:
                    self._guarded(step, job)
        finally:
            self._connection.close()

    def _guarded(self, step, job):
        try:
            step(job, random.Random(f"{self._seed}/{job.number}/{step.__name__}"))
        except Wrong as wrong:
            job.wrongs.append(wrong)

    def _create(self, job, rng):
        while not self._over.is_set():
            answer = self._attempt(job, lambda service: service.CreateVideo(
                self._make_request(job), timeout=self._connection.call_s))
            if answer is False:
                return
            if answer is None:
                continue
            job.names.add(answer.name)
            if rng.random() < 0.7:  # otherwise it is sent again, as by a caller who lost the answer
                return

    def _follow(self, job, rng):
        if not job.names:
            return
        steps = [self._watch, self._download]
        rng.shuffle(steps)
        for step in steps:
            step(job, rng)

    def _attempt(self, job, call, is_final=lambda code, reason: False):
        """What `call` returns; None when it is to be made again, False when `is_final` says that it is not."""
        try:
            return call(self._connection.service())
        except (grpc.RpcError, ValueError) as error:  # ValueError: the channel was closed meanwhile
            code = error.code() if isinstance(error, grpc.RpcError) else grpc.StatusCode.UNAVAILABLE
            reason = self._connection.reason_of(error) if isinstance(error, grpc.RpcError) else ""
            if job.damage or is_final(code, reason):
                return False
            if isinstance(error, grpc.RpcError) and not self._connection.may_try_again(error):
                raise NotCovered(f"{code.name} {reason}: {error.details()}") from error
            if not reason:
                self._connection.close()
            self._pause()
            return None

    def _pause(self):
        """Between two attempts."""
        self._over.wait(PAUSE_S)

    def _watch(self, job, _):
        def read(service):
            after = max(job.events, default=0)
            for event in service.WatchVideo(self._connection.messages.WatchVideoRequest(
                    name=job.name, after_seq=after), timeout=self._connection.call_s):
                self._see(job, event)
            return bool(job.ended)

        while not self._over.is_set() and not job.ended:
            if self._attempt(job, read) is False and job.damage:
                return

    @staticmethod
    def _see(job, event):
        kind = event.WhichOneof("event")
        if event.seq == 0:
            return
        if event.seq <= max(job.events, default=0):
            raise Wrong(f"event {event.seq} came after {max(job.events)}")
        job.events[event.seq] = (kind, nanoseconds(event.time))
        if kind in ENDS:
            job.ended = kind

    def _download(self, job, rng):
        def read(service):
            limit = rng.choice((0, 0, rng.randrange(1, 400_000)))
            call = service.DownloadVideo(self._connection.messages.DownloadVideoRequest(
                name=job.name, read_offset=len(job.data), read_limit=limit), timeout=self._connection.call_s)
            chunks = rng.choice((10**9, rng.randrange(1, 4)))  # after which the caller hangs up
            for chunk in call:
                check_chunk(chunk, len(job.data))
                job.data += chunk.data
                if chunk.last:
                    job.is_whole = job.is_whole or bool(chunk.sha256)
                    if job.is_whole and chunk.total_size_bytes == len(job.data):
                        check_end(chunk, job.data)
                        return True
                chunks -= 1
                if chunks <= 0:
                    call.cancel()
                    return None
            return None

        def read_when_there_are_bytes(service):
            try:
                return read(service)
            except grpc.RpcError as error:
                if self._connection.reason_of(error) != "RESULT_NOT_READY" or self._is_over(service, job):
                    raise
                self._over.wait(PAUSE_S)
                return None

        ended = ("RESULT_NOT_READY", "RESULT_EXPIRED", "WORKER_LOST", "DISK_FULL")
        while not self._over.is_set():
            done = self._attempt(job, read_when_there_are_bytes, lambda _, reason: reason in ended)
            if done is not None:
                return

    def _is_over(self, service, job):
        """Whether no worker works on the job any more."""
        video = service.GetVideo(self._connection.messages.GetVideoRequest(name=job.name),
                                 timeout=self._connection.call_s)
        active = [self._connection.number_of_state(name) for name in ("QUEUED", "RUNNING", "CANCELLING")]
        return video.state not in active


def run_callers(callers, batches):
    """Starts a thread for each caller; returns them."""
    threads = [threading.Thread(target=caller.run, args=(batch,), daemon=True)
               for caller, batch in zip(callers, batches)]
    for thread in threads:
        thread.start()
    return threads
