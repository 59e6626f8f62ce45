"""How far a video is, as a bar."""

from __future__ import annotations

from typing import Any

import tqdm.auto

from ruyi.v1 import video_event_pb2, video_pb2


class ProgressBar:
    """A bar of tqdm that follows the events of one video.

    It is a widget in a notebook, and a line of the terminal elsewhere. The bar appears with the
    first event. One that is quiet draws nothing, and knows the same.
    """

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._bar: Any = None
        self.text = ""  # what happens now
        self.step = 0  # finished units of the phase
        self.total = 0  # units of the phase

    def update(self, event: video_event_pb2.VideoEvent) -> None:
        """Shows what happened."""
        kind = event.WhichOneof("event")
        if kind == "queued":
            before = "paused" if event.queued.paused else f"{event.queued.position} before it"
            self._show(f"queued, {before}", 0, 0)
        elif kind == "progress":
            phase = video_pb2.Phase.Name(event.progress.phase)[len("PHASE_") :].lower()
            self._show(phase, event.progress.step, event.progress.total)
        elif kind in ("retry", "resumed", "cancelling", "completed", "failed"):
            self._show(kind, self.step, self.total)

    def close(self) -> None:
        """Leaves the bar as it is; the next event draws another."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _show(self, text: str, step: int, total: int) -> None:
        another = (text, total) != (self.text, self.total)
        self.text, self.step, self.total = text, step, total
        if self._quiet:
            return
        if self._bar is None:
            self._bar = tqdm.auto.tqdm(total=total or None, unit="step")
        elif another:
            self._bar.reset(total=total or None)
        self._bar.set_description(text, refresh=False)
        self._bar.n = step
        self._bar.refresh()
