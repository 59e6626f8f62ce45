"""A caller of ruyi.v1.VideoService: gRPC's Python and the stubs, and what the tests ask of every answer."""

import contextlib
import hashlib
import itertools
import pathlib

import google_crc32c
import grpc
import pytest

from programs import DEADLINE_S

MAX_CHUNK = 256 << 10
# Callers share no connection, so that what one of them does to its own is not felt by the next.
CHANNEL_OPTIONS = [("grpc.max_send_message_length", -1), ("grpc.use_local_subchannel_pool", 1)]


class Refusal:
    """How a call ended: code, message, reason, metadata, and its details by the names of their types."""

    def __init__(self, status, details):
        self.status = status
        self.code = status.code
        self.details = details
        info = details["ErrorInfo"]
        assert info.domain == "ruyi"
        self.reason = info.reason
        self.metadata = dict(info.metadata)

    def fields(self):
        """Of the BadRequest: what was wrong by field."""
        violations = self.details["BadRequest"].field_violations
        assert all(violation.description for violation in violations)
        found = {violation.field: violation.description for violation in violations}
        assert len(found) == len(violations)
        return found

    def retry_delay_s(self):
        delay = self.details["RetryInfo"].retry_delay
        return delay.seconds + delay.nanos / 1e9


class Caller:
    def __init__(self, address, stubs, photo):
        self.address = address
        self.stubs = stubs
        self.photo = photo
        self.workers = 1  # that take jobs from the queue
        self.messages = stubs.video_service_pb2
        self.video = stubs.video_pb2
        self.channel = grpc.insecure_channel(address, options=CHANNEL_OPTIONS)
        self.service = stubs.video_service_pb2_grpc.VideoServiceStub(self.channel)

    def close(self):
        self.channel.close()

    def state(self, name):
        return self.video.VideoState.Value("VIDEO_STATE_" + name)

    def request(self, **fields):
        """Of a small video of the photo, with `fields` changed."""
        image = self.messages.ImageInput(data=self.photo)
        size = self.video.Size(width=160, height=96)
        return self.messages.GenerateVideoRequest(
            **{"start_images": [image], "size": size, "frame_count": 8, "steps": 1, "seed": 7, **fields})

    def long_request(self, **fields):
        """Of a video that is being made for as long as this model can be kept busy."""
        return self.request(**{"frame_count": 24, "steps": 100, **fields})

    def create(self, **fields):
        return self.create_from(self.request(**fields))

    def create_from(self, request, validate_only=False):
        message = self.messages.CreateVideoRequest(request=request, validate_only=validate_only)
        return self.service.CreateVideo(message, timeout=DEADLINE_S)

    def make(self, **fields):
        """Makes a video and returns it as `completed` has it."""
        return self.await_end(self.create(**fields).name)

    def await_end(self, name):
        last = list(self.watch(name))[-1]
        assert last.WhichOneof("event") == "completed", last
        return last.completed.video

    def await_failure(self, name):
        """The Refusal that a video ends with."""
        last = list(self.watch(name))[-1]
        assert last.WhichOneof("event") == "failed", last
        return self.refusal_of(last.failed.status)

    def watch(self, name, after_seq=0):
        message = self.messages.WatchVideoRequest(name=name, after_seq=after_seq)
        return self.service.WatchVideo(message, timeout=DEADLINE_S)

    def await_event(self, name, kind, wanted=lambda event: True):
        """The video's first event of this kind, for which `wanted` is true."""
        with contextlib.closing(Stream(self.watch(name))) as events:
            return next(event for event in events
                        if event.WhichOneof("event") == kind and wanted(getattr(event, kind)))

    def await_denoising(self, name, steps=1):
        """Until so many steps of the video are done."""
        self.await_event(name, "progress",
                         lambda progress: progress.phase == self.video.PHASE_DENOISING and progress.step >= steps)

    @contextlib.contextmanager
    def busy_worker(self, videos=1):
        """The name of a video that is being made while all workers are busy, before so many others; all are cancelled at
        the end."""
        names = [self.create_from(self.long_request()).name for _ in range(self.workers - 1 + videos)]
        try:
            for name in names[:self.workers]:
                self.await_denoising(name)
            yield names[0]
        finally:
            for name in reversed(names):
                self.cancel(name)
        self.await_failure(names[0])

    def get(self, name):
        return self.service.GetVideo(self.messages.GetVideoRequest(name=name), timeout=DEADLINE_S)

    def list(self, **fields):
        return self.service.ListVideos(self.messages.ListVideosRequest(**fields), timeout=DEADLINE_S)

    def cancel(self, name):
        return self.service.CancelVideo(self.messages.CancelVideoRequest(name=name), timeout=DEADLINE_S)

    def delete(self, name):
        return self.service.DeleteVideo(self.messages.DeleteVideoRequest(name=name), timeout=DEADLINE_S)

    def download_stream(self, name, offset=0, limit=0):
        return self.service.DownloadVideo(
            self.messages.DownloadVideoRequest(name=name, read_offset=offset, read_limit=limit), timeout=DEADLINE_S)

    def download(self, name):
        """The whole film, with every checksum checked."""
        return whole_film(self.download_stream(name))

    def download_early(self, name):
        """The chunks of a film that is being made, from its first one on, as soon as there is one."""
        events = self.watch(name)
        while True:
            try:
                chunks = self.download_stream(name)
                first = next(chunks)
            except grpc.RpcError as error:
                assert self.refusal_from(error).reason == "RESULT_NOT_READY"
                next(events)  # there is one, for no film has ended without bytes
            else:
                events.cancel()
                return itertools.chain([first], chunks)

    def generate_stream(self, request):
        return self.service.GenerateVideo(request, timeout=DEADLINE_S)

    def estimate(self, request):
        return self.service.EstimateVideo(self.messages.EstimateVideoRequest(request=request), timeout=DEADLINE_S)

    def upload(self, *parts):
        return self.service.UploadImage((self.messages.UploadImageRequest(data=part) for part in parts),
                                        timeout=DEADLINE_S)

    def refusal_of(self, status):
        """From a google.rpc.Status."""
        types = self.stubs.error_details_pb2
        details = {}
        for packed in status.details:
            kind = packed.type_url.rpartition(".")[2]
            assert kind not in details
            details[kind] = getattr(types, kind).FromString(packed.value)
        return Refusal(status, details)

    def refusal_from(self, error):
        """From a grpc.RpcError, whose details say the same as its code and message."""
        status = self.stubs.status_pb2.Status.FromString(dict(error.trailing_metadata())["grpc-status-details-bin"])
        assert (status.code, status.message) == (error.code().value[0], error.details())
        return self.refusal_of(status)

    def assert_refused(self, code, reason, call):
        """That `call()`, or the stream that it returns, ends so; returns the Refusal."""
        with pytest.raises(grpc.RpcError) as error:
            answer = call()
            if hasattr(answer, "__next__"):
                list(answer)
        assert error.value.code() == code, error.value
        refusal = self.refusal_from(error.value)
        assert refusal.reason == reason
        assert refusal.status.message
        return refusal


class TlsCaller(Caller):
    """`files`: who signs servers, and the caller's own key and certificate if it has any. Sends `token` if there is one."""

    def __init__(self, address, stubs, photo, files, token=None):
        super().__init__(address, stubs, photo)
        self.channel.close()
        credentials = grpc.ssl_channel_credentials(*(None if file is None else pathlib.Path(file).read_bytes() for file in files))
        if token is not None:
            credentials = grpc.composite_channel_credentials(credentials, grpc.access_token_call_credentials(token))
        self.channel = grpc.secure_channel(address, credentials, options=CHANNEL_OPTIONS)
        self.service = stubs.video_service_pb2_grpc.VideoServiceStub(self.channel)


class Stream:
    """A stream of answers that is closed by cancelling it."""

    def __init__(self, call):
        self._call = call

    def __iter__(self):
        return iter(self._call)

    def close(self):
        self._call.cancel()


def kinds(events):
    return [event.WhichOneof("event") for event in events]


def assert_log(events):
    """That events are those of a video from the first to the last, with gaps only where something newer was shown."""
    seq = 0
    for event in events:
        if event.seq == 0:
            continue
        assert event.seq > seq
        assert event.seq == seq + 1 or event.WhichOneof("event") in ("progress", "preview")
        seq = event.seq
    assert events[0].WhichOneof("event") == "accepted"
    assert events[-1].WhichOneof("event") in ("completed", "failed")


def assert_continues(chunk, offset):
    """That `chunk` has the bytes from `offset` on, whole."""
    assert chunk.offset == offset
    assert len(chunk.data) <= MAX_CHUNK
    assert chunk.crc32c == google_crc32c.value(chunk.data)


def joined(chunks, offset=0):
    """The bytes of chunks from `offset` on, and the chunk that says `last` if there is one."""
    data = b""
    for chunk in chunks:
        assert_continues(chunk, offset + len(data))
        data += chunk.data
        if chunk.last:
            assert list(chunks) == []
            return data, chunk
    return data, None


def whole_film(chunks):
    film, last = joined(iter(chunks))
    assert last is not None
    assert (last.total_size_bytes, last.sha256) == (len(film), hashlib.sha256(film).digest())
    return film
