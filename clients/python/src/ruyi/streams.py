"""Streams that go on where they broke: the events and the bytes of a video."""

from __future__ import annotations

import hashlib
import threading
from typing import Any, Callable, Iterator, Optional

import google_crc32c
import grpc

from ruyi.errors import DataLoss, Error, error_of_status, make_error
from ruyi.retry import Retry, may_open_again
from ruyi.v1 import video_event_pb2, video_pb2


class ResumedStream:
    """The messages of a server's stream, which `open_call` opens again at the place that it
    knows."""

    def __init__(self, open_call: Callable[[], Any], retry: Retry) -> None:
        self._open_call = open_call
        self._retry = retry
        self._call: Any = None
        self._closed = threading.Event()

    def read(self) -> Any:
        """The next message.

        The end of the stream is an error like any other: who reads knows which message is last.
        """
        return self._retry.call(self._read, self._may_open_again)

    def close(self) -> None:
        """Ends the call, also one that another thread reads."""
        self._closed.set()
        call = self._call
        if call is not None:
            call.cancel()

    def _may_open_again(self, error: BaseException) -> bool:
        return may_open_again(error) and not self._closed.is_set()

    def _read(self) -> Any:
        if self._call is None:
            self._call = self._open_call()
        if self._closed.is_set():
            self._call.cancel()
        try:
            return next(self._call)
        except grpc.RpcError:
            self._call = None
            raise
        except StopIteration:
            self._call = None
            raise make_error(
                grpc.StatusCode.UNKNOWN, "the stream ended before the video did"
            ) from None


def _is_last(event: video_event_pb2.VideoEvent) -> bool:
    return event.WhichOneof("event") in ("completed", "failed")


class Watch(Iterator[video_event_pb2.VideoEvent]):
    """The events of a video after `after_seq`, each once, to `completed` or `failed`.

    The last event of a video that has ended comes in any case, also when it is not after
    `after_seq`. `call` opens the stream behind an event.
    """

    def __init__(self, call: Callable[[int], Any], after_seq: int, retry: Retry) -> None:
        self._seen = after_seq
        self._ended = False
        self._stream = ResumedStream(lambda: call(self._seen), retry)

    def __next__(self) -> video_event_pb2.VideoEvent:
        if self._ended:
            raise StopIteration
        event = self._read()
        self._seen = max(self._seen, event.seq)
        if _is_last(event):
            self._ended = True
            self.close()
        return event

    def _read(self) -> video_event_pb2.VideoEvent:
        """The next event that is new, or is the last."""
        while True:
            event = self._stream.read()
            if event.seq == 0 or event.seq > self._seen or _is_last(event):
                return event

    def close(self) -> None:
        """Stops watching, also from another thread.

        The video goes on.
        """
        self._stream.close()


class Download(Iterator[bytes]):
    """The bytes of a video's file from `offset` on, each once and in order, checked as they come.

    `call` opens the stream at an offset. While the video has no bytes yet, the events that `watch`
    opens say when to ask for them again. `end` is the offset behind the last byte that is wanted.
    The SHA-256 is that of the whole file, and can be checked only when the first byte is read here.
    """

    def __init__(
        self,
        call: Callable[[int], Any],
        watch: Callable[[], Watch],
        retry: Retry,
        offset: int = 0,
        end: Optional[int] = None,
    ) -> None:
        self._start = self._offset = offset
        self._end = end
        self._ended = False
        self._stream = ResumedStream(lambda: call(self._offset), retry)
        self._open_watch = watch
        self._watch: Optional[Watch] = None
        self._sha256 = hashlib.sha256() if offset == 0 else None

    def __next__(self) -> bytes:
        while not self._ended:
            chunk = self._read()
            self._check(chunk)
            if chunk.last or self._offset == self._end:
                self._ended = True
                self.close()
            if chunk.data:
                return chunk.data
        raise StopIteration

    def close(self) -> None:
        """Ends the call.

        The video goes on.
        """
        self._stream.close()
        if self._watch is not None:
            self._watch.close()

    def _read(self) -> video_event_pb2.VideoChunk:
        while True:
            try:
                return self._stream.read()
            except Error as error:
                is_early = error.reason == "RESULT_NOT_READY" and self._offset == self._start
                if not is_early or not self._await_bytes():
                    raise

    def _await_bytes(self) -> bool:
        """Waits for an event after which there may be bytes; False when none comes any more.

        Raises the video's Error if it was not made.
        """
        if self._watch is None:
            self._watch = self._open_watch()
        for event in self._watch:
            kind = event.WhichOneof("event")
            if kind == "failed":
                raise error_of_status(event.failed.status)
            if kind == "completed":
                return True
            if kind == "progress" and event.progress.phase == video_pb2.PHASE_DECODING:
                return True
        return False

    def _check(self, chunk: video_event_pb2.VideoChunk) -> None:
        if chunk.offset != self._offset:
            raise _corrupt(
                f"bytes came from offset {chunk.offset}; those from {self._offset} were next"
            )
        if google_crc32c.value(chunk.data) != chunk.crc32c:
            raise _corrupt(
                f"the {len(chunk.data)} bytes from offset {chunk.offset} fail their CRC-32C"
            )
        self._offset += len(chunk.data)
        if self._sha256 is not None:
            self._sha256.update(chunk.data)
        if chunk.last:
            self._check_whole(chunk)

    def _check_whole(self, last: video_event_pb2.VideoChunk) -> None:
        if self._offset != last.total_size_bytes:
            raise _corrupt(f"the file has {last.total_size_bytes} bytes, and {self._offset} came")
        if self._sha256 is not None and self._sha256.digest() != last.sha256:
            raise _corrupt("the file fails its SHA-256")


def _corrupt(what: str) -> DataLoss:
    return DataLoss(f"{what}; download it again", grpc.StatusCode.DATA_LOSS)
