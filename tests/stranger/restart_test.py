"""Jobs that outlive their server, ended by SIGTERM or killed in the middle of its work."""

import signal

import grpc
import pytest

from caller import joined


def end_of(server, way):
    server.signal(way)
    server.exit_code()


@pytest.mark.parametrize("way", (signal.SIGKILL, signal.SIGTERM))
def test_a_job_goes_on_with_the_same_bytes(site, tmp_path, way):
    flags = {"checkpoint_seconds": 0, "drain_timeout": 0}
    server, caller = site.start(tmp_path / "state", **flags)
    request = caller.request(steps=25, frame_count=24)
    uninterrupted = caller.await_end(caller.create_from(request).name)
    film = caller.download(uninterrupted.name)
    name = caller.create_from(request).name
    waiting = [caller.create(seed=seed).name for seed in range(3)]
    caller.await_denoising(name, steps=3)
    end_of(server, way)

    _, caller = site.start(tmp_path / "state", await_ready=False, **flags)
    made = caller.await_end(name)
    assert caller.download(name) == film
    assert made.usage.resumes == 1
    events = list(caller.watch(name))
    resumed = next(event.resumed for event in events if event.WhichOneof("event") == "resumed")
    assert 1 <= resumed.step < 25
    assert [event.started.attempt for event in events if event.WhichOneof("event") == "started"] == [1, 2]
    times = [caller.await_end(other).start_time.ToNanoseconds() for other in waiting]
    assert times == sorted(times)
    assert times[0] > made.start_time.ToNanoseconds()


def test_a_film_that_was_read_in_part_goes_on(site, tmp_path):
    """Killed while the film grows, the server makes the rest of the same bytes."""
    flags = {"checkpoint_seconds": 0}
    server, caller = site.start(tmp_path / "state", **flags)
    fields = {"frame_count": 24, "encoding": caller.video.Encoding(fragment_frames=1)}
    name = caller.create(**fields).name
    first = next(caller.download_early(name)).data
    server.kill()
    _, caller = site.start(tmp_path / "state", await_ready=False, **flags)
    film, _ = joined(caller.download_early(name))
    assert film.startswith(first)
    assert caller.download(caller.make(**fields).name) == film


def test_a_job_that_kills_the_process_three_times_is_given_up(site, tmp_path):
    server, caller = site.start(tmp_path / "state")
    name = caller.create_from(caller.long_request()).name
    next_name = caller.create().name
    for attempt in (1, 2, 3):
        caller.await_event(name, "started", lambda started: started.attempt == attempt)
        server.kill()
        server, caller = site.start(tmp_path / "state", await_ready=False)
    refusal = caller.await_failure(name)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.ABORTED.value[0], "WORKER_LOST")
    assert caller.get(name).state == caller.state("FAILED")
    assert caller.await_end(next_name)


def test_a_cancel_outlives_the_server(site, tmp_path):
    """Also while the model is loaded."""
    server, caller = site.start(tmp_path / "state")
    name = caller.create_from(caller.long_request()).name
    caller.await_denoising(name)
    server.kill()
    server, caller = site.start(tmp_path / "state", await_ready=False)
    assert caller.cancel(name).state == caller.state("CANCELLED")
    assert caller.await_failure(name).reason == "CANCELLED_BY_CALLER"
    server.kill()
    _, caller = site.start(tmp_path / "state", await_ready=False)
    assert caller.get(name).state == caller.state("CANCELLED")
