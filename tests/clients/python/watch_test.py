"""Events that go on where their stream broke."""

import threading

import pytest
import ruyi
from fake_server import fail, hold, status, stream
from films import NAME, completed, failed, heartbeat, progress


def seqs(events):
    return [event.seq for event in events]


def asked(server):
    return [request.after_seq for request in server.requests["WatchVideo"]]


def test_a_restart_in_the_middle_loses_and_repeats_nothing(server, client):
    server.script(
        "WatchVideo",
        stream(progress(1, 1), heartbeat(), then=hold),
        stream(progress(2, 2), completed(3)),
    )
    events = client.watch(NAME)
    assert next(events).seq == 1
    server.restart()
    assert [seq for seq in seqs(events) if seq] == [2, 3]
    assert asked(server) == [0, 1]


def test_a_heartbeat_does_not_move_the_place(server, client):
    server.script("WatchVideo", stream(progress(4, 1), heartbeat()), stream(completed(5)))
    assert seqs(client.watch(NAME, after_seq=3)) == [4, 0, 5]
    assert asked(server) == [3, 4]


@pytest.mark.parametrize(
    "end",
    [
        None,
        fail("INTERNAL"),
        fail("UNKNOWN"),
        fail("UNAVAILABLE"),
        fail("CANCELLED"),
        fail("DEADLINE_EXCEEDED"),
        fail("ABORTED"),
        fail("UNAVAILABLE", "DRAINING"),
    ],
    ids=[
        "OK",
        "INTERNAL",
        "UNKNOWN",
        "UNAVAILABLE",
        "CANCELLED",
        "DEADLINE_EXCEEDED",
        "ABORTED",
        "DRAINING",
    ],
)
def test_an_end_that_says_nothing_of_the_video_is_watched_again(server, client, end):
    server.script("WatchVideo", stream(progress(1, 1), then=end), stream(completed(2)))
    assert seqs(client.watch(NAME)) == [1, 2]
    assert asked(server) == [0, 1]


@pytest.mark.parametrize(
    "end",
    [
        fail("INTERNAL", "INTERNAL"),
        fail("NOT_FOUND", "VIDEO_NOT_FOUND"),
        fail("INVALID_ARGUMENT", "INVALID_REQUEST"),
        fail("UNAUTHENTICATED"),
        fail("PERMISSION_DENIED"),
        fail("UNIMPLEMENTED"),
    ],
)
def test_an_end_that_the_server_meant_is_raised(server, client, end):
    server.script("WatchVideo", stream(progress(1, 1), then=end))
    events = client.watch(NAME)
    next(events)
    with pytest.raises(ruyi.Error):
        next(events)
    assert asked(server) == [0]


def test_every_message_renews_the_patience(server, client):
    cuts = [stream(progress(seq, seq)) for seq in range(1, 9)]
    server.script("WatchVideo", *cuts, stream(completed(9)))
    assert seqs(client.watch(NAME)) == list(range(1, 10))


def test_a_stream_that_only_breaks_is_given_up(server, client, waits):
    server.script("WatchVideo", *[fail("INTERNAL")] * 5)
    with pytest.raises(ruyi.Error):
        next(client.watch(NAME))
    assert len(waits) == 3


def test_failed_is_the_last_event(server, client):
    server.script("WatchVideo", stream(failed(1, status("INTERNAL", "GPU_FAULT")), progress(2, 1)))
    assert [event.WhichOneof("event") for event in client.watch(NAME)] == ["failed"]


@pytest.mark.parametrize("after_seq", [3, 4])
def test_the_last_event_ends_the_watch_even_when_it_is_not_new(server, client, after_seq):
    server.script("WatchVideo", stream(completed(3)))
    assert seqs(client.watch(NAME, after_seq)) == [3]
    server.script("WatchVideo", stream(failed(3, status("INTERNAL", "GPU_FAULT"))))
    assert seqs(client.watch(NAME, after_seq)) == [3]
    assert asked(server) == [after_seq, after_seq]


def test_an_event_that_comes_twice_is_told_once(server, client):
    server.script(
        "WatchVideo",
        stream(progress(1, 1), progress(2, 2)),
        stream(progress(1, 1), progress(2, 2), progress(3, 3), completed(4)),
    )
    assert seqs(client.watch(NAME)) == [1, 2, 3, 4]


def test_another_thread_ends_the_watch(server, client):
    server.script("WatchVideo", stream(progress(1, 1), then=hold))
    events = client.watch(NAME)
    next(events)
    closing = threading.Thread(target=events.close)
    closing.start()
    with pytest.raises(ruyi.Cancelled):
        next(events)
    closing.join()
    assert asked(server) == [0]
