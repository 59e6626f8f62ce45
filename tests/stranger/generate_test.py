"""GenerateVideo: everything in one call."""

import grpc

from caller import assert_log, whole_film


def name_in(call):
    """The name of the video of a stream that begins."""
    accepted = next(call)
    assert accepted.WhichOneof("event") == "accepted"
    assert accepted.seq == 1
    return accepted.accepted.video.name


def test_the_stream_is_the_log_and_the_film(caller):
    events = list(caller.generate_stream(caller.request(steps=2)))
    assert_log(events)
    video = events[-1].completed.video
    chunks = [event.chunk for event in events if event.WhichOneof("event") == "chunk"]
    assert whole_film(chunks) == caller.download(video.name)
    replayed = list(caller.watch(video.name))
    live = {event.seq: event for event in events if event.seq > 0}
    assert all(live[event.seq] == event for event in replayed if event.seq in live)
    assert replayed[-1] == events[-1]
    assert video.result.size_bytes == chunks[-1].total_size_bytes


def test_a_call_that_ends_cancels_its_video(caller):
    call = caller.generate_stream(caller.long_request())
    name = name_in(call)
    caller.await_denoising(name)
    call.cancel()
    refusal = caller.await_failure(name)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.CANCELLED.value[0], "CANCELLED_BY_CALLER")


def name_of_short_call(caller):
    """The video of a call with the shortest deadline, of several, at which this machine gets so far."""
    for timeout in (2 ** power for power in range(12)):
        try:
            return name_in(caller.service.GenerateVideo(caller.request(), timeout=timeout))
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    raise AssertionError("no call was accepted before its deadline")


def test_a_deadline_that_passes_cancels_its_video(caller):
    with caller.busy_worker(videos=8):  # so that the deadline passes before it is this one's turn
        name = name_of_short_call(caller)
        refusal = caller.await_failure(name)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.CANCELLED.value[0], "CANCELLED_BY_CALLER")


def test_a_detached_video_goes_on(caller):
    with caller.busy_worker():
        call = caller.generate_stream(caller.request(on_disconnect=caller.messages.ON_DISCONNECT_DETACH))
        name = name_in(call)
        call.cancel()
    assert caller.await_end(name).state == caller.state("SUCCEEDED")
    assert caller.download(name)


def test_a_cancelled_video_ends_the_call_with_its_status(caller):
    with caller.busy_worker():
        call = caller.generate_stream(caller.request())
        name = name_in(call)
        caller.cancel(name)
        refusal = caller.assert_refused(grpc.StatusCode.CANCELLED, "CANCELLED_BY_CALLER", lambda: call)
    assert refusal.status == caller.get(name).error
