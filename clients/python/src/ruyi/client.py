"""The calls of a ruyi-server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterable, Iterator, Mapping, Optional, Union

import grpc

from ruyi.connection import Connection
from ruyi.images import encoded
from ruyi.job import Job
from ruyi.request import build_request, enum_value
from ruyi.retry import Retry, may_upload_again
from ruyi.streams import Download, Watch
from ruyi.v1 import capabilities_pb2, video_pb2, video_service_pb2, video_service_pb2_grpc

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ruyi.images import Picture, Pictures
    from ruyi.request import Options

_CALL_TIMEOUT_S = 60.0  # of a call that is answered at once
_UPLOAD_PIECE_BYTES = 256 * 1024
_CHANNEL_OPTIONS = (
    # gRPC waits up to two minutes before it connects again; a server that is back is wanted sooner.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 5000),
)


class Client:
    """A connection to a server, for any number of threads.

    Calls that find the server away are made again, and streams go on where they broke, as `retry`
    says. `connection` holds files of TLS and the token; without one the connection is plain, with
    the token in the variable RUYI_TOKEN if there is one. `credentials` are those of gRPC, in place
    of files.
    """

    def __init__(
        self,
        target: str,
        *,
        connection: Optional[Connection] = None,
        credentials: Optional[grpc.ChannelCredentials] = None,
        retry: Optional[Retry] = None,
        quiet: bool = False,
    ) -> None:
        connection = connection or Connection(credentials=credentials)
        self._channel = connection.open(target, _CHANNEL_OPTIONS)
        self._stub = video_service_pb2_grpc.VideoServiceStub(self._channel)
        self._retry = retry or Retry()
        self._quiet = quiet

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection and every call on it.

        Videos that are being made go on.
        """
        self._channel.close()

    def generate(
        self, image: Pictures, *, quiet: Optional[bool] = None, **options: Unpack[Options]
    ) -> Job:
        """Asks for a video that begins with `image`, and returns its job at once.

        `image` is a path, the bytes of a JPEG, PNG or WebP, a picture of Pillow, the name of an
        upload, or a list of up to 4 of them. `options` are those of ruyi.Options. `quiet` switches
        the job's progress bar off.
        """
        return self.job(self.create(image, **options).name, quiet=quiet)

    def job(self, name: str, *, quiet: Optional[bool] = None) -> Job:
        """The job of a video that was asked for before, also by another process."""
        return Job(self, name, self._quiet if quiet is None else quiet)

    def create(
        self, image: Pictures, *, validate_only: bool = False, **options: Unpack[Options]
    ) -> video_pb2.Video:
        """Asks for a video and returns it as it is then, mostly queued.

        Arguments are those of `generate`. An answer that was lost on its way is no harm: the
        request has an id, and the server makes one video of it. With `validate_only` the answer has
        settings and plan but no name, and no video is made.
        """
        request = video_service_pb2.CreateVideoRequest(
            request=build_request(image, options), validate_only=validate_only
        )
        return self._call(self._stub.CreateVideo, request)

    def get(self, name: str) -> video_pb2.Video:
        """The video as it is now."""
        return self._call(self._stub.GetVideo, video_service_pb2.GetVideoRequest(name=name))

    def list(
        self,
        *,
        states: Iterable[Union[str, int]] = (),
        labels: Optional[Mapping[str, str]] = None,
        page_size: int = 0,
    ) -> Iterator[video_pb2.Video]:
        """All videos that there are, newest first, read page by page.

        Or those alone that are in one of `states` ("queued", "succeeded") and have all `labels`.
        """
        states_enum = video_pb2.VideoState.DESCRIPTOR
        request = video_service_pb2.ListVideosRequest(
            page_size=page_size,
            labels=labels or {},
            states=[
                enum_value(states_enum, state) if isinstance(state, str) else state
                for state in states
            ],
        )
        while True:
            page = self._call(self._stub.ListVideos, request)
            yield from page.videos
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def watch(self, name: str, after_seq: int = 0) -> Watch:
        """The video's events after `after_seq`, to `completed` or `failed`, which always comes."""

        def call(seen: int) -> Any:
            return self._stub.WatchVideo(
                video_service_pb2.WatchVideoRequest(name=name, after_seq=seen)
            )

        return Watch(call, after_seq, self._retry)

    def download(self, name: str, offset: int = 0, limit: int = 0) -> Download:
        """The bytes of the MP4 file from `offset` on, as they are made.

        Blocks while there are none yet. At most `limit` of them; 0 is all.
        """
        end = offset + limit if limit else None

        def call(at: int) -> Any:
            return self._stub.DownloadVideo(
                video_service_pb2.DownloadVideoRequest(
                    name=name, read_offset=at, read_limit=0 if end is None else end - at
                )
            )

        return Download(call, lambda: self.watch(name), self._retry, offset, end)

    def cancel(self, name: str) -> video_pb2.Video:
        """Asks for the end of the video, which comes at the next boundary.

        One that has ended stays as it is.
        """
        return self._call(self._stub.CancelVideo, video_service_pb2.CancelVideoRequest(name=name))

    def delete(self, name: str) -> None:
        """Deletes a video that has ended, with its bytes.

        Made once: after Unavailable, NotFound tells that it is gone.
        """
        once = Retry(attempts=1)
        once.call(
            lambda: self._stub.DeleteVideo(
                video_service_pb2.DeleteVideoRequest(name=name), timeout=_CALL_TIMEOUT_S
            )
        )

    def upload(self, image: Picture) -> video_service_pb2.Image:
        """Keeps a picture on the server.

        What it returns, or its name, goes into requests instead of the picture.
        """
        data = encoded(image)

        def pieces() -> Iterator[video_service_pb2.UploadImageRequest]:
            for start in range(0, len(data), _UPLOAD_PIECE_BYTES):
                yield video_service_pb2.UploadImageRequest(
                    data=data[start : start + _UPLOAD_PIECE_BYTES]
                )

        return self._retry.call(
            lambda: self._stub.UploadImage(pieces(), timeout=_CALL_TIMEOUT_S), may_upload_again
        )

    def estimate(
        self, image: Pictures, *, vram_mib: Optional[int] = None, **options: Unpack[Options]
    ) -> video_service_pb2.EstimateVideoResponse:
        """What a video would take in every memory mode, and which would be chosen.

        Arguments are those of `generate`. `vram_mib` asks for a device with so much memory instead
        of the server's.
        """
        request = video_service_pb2.EstimateVideoRequest(
            request=build_request(image, options), vram_mib=vram_mib
        )
        return self._call(self._stub.EstimateVideo, request)

    def capabilities(self) -> capabilities_pb2.Capabilities:
        """What the server takes: limits, defaults, LoRAs, features."""
        return self._call(self._stub.GetCapabilities, video_service_pb2.GetCapabilitiesRequest())

    def _call(self, method: Any, request: Any) -> Any:
        return self._retry.call(lambda: method(request, timeout=_CALL_TIMEOUT_S))
