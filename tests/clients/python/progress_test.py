"""The bar, as text of a terminal."""

import pytest
from films import completed, failed, heartbeat, progress
from fake_server import status
from ruyi.progress import ProgressBar
from ruyi.v1 import video_event_pb2, video_pb2


def queued(**fields):
    return video_event_pb2.VideoEvent(queued=video_event_pb2.VideoQueued(**fields))


@pytest.mark.parametrize(
    "event, text, step, total",
    [
        (queued(position=3), "queued, 3 before it", 0, 0),
        (queued(paused=True), "queued, paused", 0, 0),
        (progress(1, 2, 8), "denoising", 2, 8),
        (progress(1, 0, 24, video_pb2.PHASE_DECODING), "decoding", 0, 24),
        (video_event_pb2.VideoEvent(retry={}), "retry", 1, 4),
        (video_event_pb2.VideoEvent(resumed={}), "resumed", 1, 4),
        (video_event_pb2.VideoEvent(cancelling={}), "cancelling", 1, 4),
        (completed(1), "completed", 1, 4),
        (failed(1, status("INTERNAL")), "failed", 1, 4),
        (heartbeat(), "conditioning", 1, 4),
    ],
)
def test_what_each_event_says(event, text, step, total):
    bar = ProgressBar(quiet=True)
    bar.update(progress(1, 1, 4, video_pb2.PHASE_CONDITIONING))
    bar.update(event)
    assert (bar.text, bar.step, bar.total) == (text, step, total)


def test_each_phase_has_its_own_total(capsys):
    bar = ProgressBar()
    bar.update(progress(1, 8, 8))
    bar.update(progress(2, 12, 24, video_pb2.PHASE_DECODING))
    bar.close()
    drawn = capsys.readouterr().err
    assert "denoising: 100%" in drawn
    assert "8/8" in drawn
    assert "decoding:  50%" in drawn
    assert "12/24" in drawn


def test_a_quiet_bar_draws_nothing(capsys):
    bar = ProgressBar(quiet=True)
    bar.update(progress(1, 8, 8))
    bar.close()
    assert capsys.readouterr().err == ""
