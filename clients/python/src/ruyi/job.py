"""One video that is being made."""

from __future__ import annotations

import builtins
import contextlib
import errno
import os
import pathlib
import threading
from typing import TYPE_CHECKING, Iterator, Union

from ruyi.errors import Error, error_of_status
from ruyi.progress import ProgressBar
from ruyi.streams import Watch
from ruyi.v1 import video_pb2

if TYPE_CHECKING:
    from ruyi.client import Client

_LAST_EVENT_S = 2.0  # that a bar waits for `completed` after the last byte


class Job:
    """A video by its name.

    It belongs to the server: it goes on when this object, this process or the connection ends,
    and Client.job(name) finds it again.
    """

    def __init__(self, client: Client, name: str, quiet: bool = False) -> None:
        self._client = client
        self.name = name
        self.progress = ProgressBar(quiet)
        self._quiet = quiet

    def __repr__(self) -> str:
        return f"Job({self.name!r})"

    def video(self) -> video_pb2.Video:
        """Asks the server for the video as it is now."""
        return self._client.get(self.name)

    def events(self, after_seq: int = 0) -> Watch:
        """What happened after `after_seq` and what happens, to `completed` or `failed`.

        Blocks between events.
        """
        return self._client.watch(self.name, after_seq)

    def wait(self) -> video_pb2.Video:
        """Waits for the end and returns the finished video.

        Raises the video's Error if it was not made.
        """
        try:
            for event in self.events():
                self.progress.update(event)
                kind = event.WhichOneof("event")
                if kind == "completed":
                    return event.completed.video
                if kind == "failed":
                    raise error_of_status(event.failed.status)
        finally:
            self.progress.close()
        raise AssertionError("the events of a video end with completed or failed")

    def cancel(self) -> video_pb2.Video:
        """Asks for the end of the video, which comes at the next boundary.

        One that has ended stays as it is.
        """
        return self._client.cancel(self.name)

    def save(self, path: Union[str, os.PathLike[str]]) -> pathlib.Path:
        """Writes the MP4 file while it is being made.

        The file grows as `path` + ".part", which plays from its first fragment on, and gets its
        name when it is whole and its checksums are right. Raises the video's Error if it was not
        made, and then removes the part. FileNotFoundError: there is no such folder; the video goes
        on, and may be saved elsewhere.
        """
        final = pathlib.Path(path)
        if not final.parent.is_dir():
            raise FileNotFoundError(
                errno.ENOENT,
                f"there is no such folder; make it, or save {self.name}, which goes on, elsewhere",
                os.fspath(final.parent),
            )
        part = final.with_name(final.name + ".part")
        try:
            with part.open("wb") as file, self._drawn():
                for data in self._client.download(self.name):
                    file.write(data)
                    file.flush()  # who plays the part sees it
            part.replace(final)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return final

    @contextlib.contextmanager
    def _drawn(self) -> Iterator[None]:
        """Draws the bar from another thread: the bytes that the caller reads tell no progress."""
        if self._quiet:
            yield
            return
        watch = self._client.watch(self.name)
        thread = threading.Thread(
            target=self._draw, args=(watch,), name=f"progress of {self.name}", daemon=True
        )
        thread.start()
        try:
            yield
            thread.join(_LAST_EVENT_S)
        finally:
            watch.close()
            thread.join(
                _LAST_EVENT_S
            )  # when it waits to try again it ends later, and draws nothing
            self.progress.close()

    def _draw(self, watch: Watch) -> None:
        with contextlib.suppress(Error):  # the bytes tell what went wrong
            for event in watch:
                self.progress.update(event)

    def bytes(self) -> builtins.bytes:
        """The whole MP4 file, once it is made."""
        with self._drawn():
            return b"".join(self._client.download(self.name))
