"""Mutated messages over the wire, to every method, whole and broken off. None may end the server, or end as a fault of it.

Longer, or with the server of another build: --fuzz-seconds 600 --fuzz-seed 7 --bin build/asan-ubsan/bin
"""

import random
import time
from concurrent import futures

import grpc

from mutations import Mutator
from programs import DEADLINE_S

CALLERS = 4
# How a call may end that means something: the others would be faults of the server.
CODES = {grpc.StatusCode[name] for name in (
    "OK", "CANCELLED", "INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "FAILED_PRECONDITION", "OUT_OF_RANGE",
    "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "DATA_LOSS")}
SERVICE = "/ruyi.v1.VideoService/"


def blobs_of(root, photo):
    corpus = sorted((root / "tests" / "fuzz" / "corpus" / "image").iterdir())
    return [photo, b"", *[path.read_bytes() for path in corpus]]


class FuzzingCaller:
    """Sends what its seed says, until the time is over or something is wrong."""

    def __init__(self, caller, blobs, seed):
        self._caller = caller
        self._random = random.Random(seed)
        self._names = []
        self._mutator = Mutator(self._random, blobs, self._names)
        self._blobs = blobs
        self.sent = 0
        self.wrong = []

    def run(self, until):
        self._names.append(self._caller.create_from(self._request()).name)
        while time.monotonic() < until and not self.wrong:
            self._send_one()
            self.sent += 1

    def _request(self):
        return self._caller.request(size=self._caller.video.Size(width=256, height=256))

    def _seeds(self):
        messages = self._caller.messages
        name = self._random.choice(self._names)
        return {
            "CreateVideo": messages.CreateVideoRequest(request=self._request()),
            "GetVideo": messages.GetVideoRequest(name=name),
            "ListVideos": messages.ListVideosRequest(page_size=2, labels={"a": "b"}),
            "WatchVideo": messages.WatchVideoRequest(name=name),
            "DownloadVideo": messages.DownloadVideoRequest(name=name),
            "CancelVideo": messages.CancelVideoRequest(name=name),
            "DeleteVideo": messages.DeleteVideoRequest(name=name),
            "UploadImage": messages.UploadImageRequest(data=self._random.choice(self._blobs)),
            "GenerateVideo": self._request(),
            "EstimateVideo": messages.EstimateVideoRequest(request=self._request()),
            "GetCapabilities": messages.GetCapabilitiesRequest(),
        }

    def _send_one(self):
        method, seed = self._random.choice(sorted(self._seeds().items(), key=lambda item: item[0]))
        if self._random.random() < 0.7:
            message = self._mutator.mutate(seed).SerializeToString()
        else:
            message = self._mutator.mutated_bytes(seed.SerializeToString())
        try:
            answer = self._call(method, message)
            if method == "CreateVideo":
                self._names.append(self._caller.video.Video.FromString(answer).name)
        except grpc.RpcError as error:
            self._check(method, message, error)

    def _call(self, method, message):
        channel = self._caller.channel
        if method == "UploadImage":
            parts = [message, *[self._mutator.mutated_bytes(message) for _ in range(self._random.choice((0, 0, 1, 3)))]]
            return channel.stream_unary(SERVICE + method)(iter(parts), timeout=DEADLINE_S)
        if method in ("WatchVideo", "DownloadVideo", "GenerateVideo"):
            return self._read_some(channel.unary_stream(SERVICE + method)(message, timeout=DEADLINE_S))
        return channel.unary_unary(SERVICE + method)(message, timeout=DEADLINE_S)

    def _read_some(self, stream):
        most = self._random.choice((0, 1, 3, 1 << 30))
        for count, _ in enumerate(stream):
            if count >= most:
                stream.cancel()
                break

    def _check(self, method, message, error):
        code = error.code()
        has_details = any(key == "grpc-status-details-bin" for key, _ in error.trailing_metadata() or ())
        told_by_grpc = code in (grpc.StatusCode.CANCELLED, grpc.StatusCode.RESOURCE_EXHAUSTED)
        if code not in CODES or not (has_details or told_by_grpc):
            self.wrong.append((method, message[:2000].hex(), code, error.details()))


def test_mutated_messages(attack, photo, pytestconfig):
    seconds = pytestconfig.getoption("--fuzz-seconds")
    seed = pytestconfig.getoption("--fuzz-seed")
    victim = attack(queue_capacity=1000)
    blobs = blobs_of(pytestconfig.rootpath.parents[1], photo)
    before_mib = victim.resident_mib()
    until = time.monotonic() + seconds
    callers = [FuzzingCaller(victim.new_caller(), blobs, seed * CALLERS + index) for index in range(CALLERS)]
    with futures.ThreadPoolExecutor(CALLERS) as pool:
        list(pool.map(lambda caller: caller.run(until), callers))
    print(f"{sum(caller.sent for caller in callers)} mutated messages in {seconds:.0f} s with seed {seed}; "
          f"the server took {before_mib} MiB before, {victim.resident_mib()} MiB after, {victim.peak_mib()} MiB at most")
    assert not [wrong for caller in callers for wrong in caller.wrong]
    assert all(caller.sent > 0 for caller in callers)
    victim.assert_well(pytestconfig.getoption("--fuzz-most-mib"))
    assert victim.server.terminate() == 0, victim.server.errors()  # a sanitizer tells of leaks by the code
    assert victim.server.log()  # JSON, every line
