"""Connections that are many, slow, or say nothing of what they have begun."""

import contextlib
import os
import struct

import grpc
import pytest

import raw_http2
from raw_http2 import RawConnection, call_headers, frame

CREATE_VIDEO = "/ruyi.v1.VideoService/CreateVideo"
MOST_MIB = 512


@contextlib.contextmanager
def many(victim, count, greeting=raw_http2.PREFACE + frame(raw_http2.SETTINGS)):
    """So many connections at once."""
    with contextlib.ExitStack() as exits:
        yield [exits.enter_context(RawConnection(victim.address, greeting)) for _ in range(count)]


def await_files(victim, most):
    """Until the server has no more files open than that."""
    while victim.files() > most:
        os.sched_yield()


def test_more_connections_than_files(attack):
    """Where accept fails for want of a file, gRPC 1.51 would never accept again."""
    victim = attack(prefix=("prlimit", "--nofile=160:160"))
    before = victim.files()
    with many(victim, 300) as connections:
        refused = sum(connection.await_frame(raw_http2.SETTINGS) is None for connection in connections)
        assert 100 < refused < 300
        assert victim.files() < 160
        assert connections[0].await_answer()  # the first ones stay
    await_files(victim, before + 2)
    victim.assert_well(MOST_MIB)
    assert victim.server.await_log("connections_refused")["message"] == "there are too many connections"


def test_two_thousand_idle_connections(attack):
    victim = attack()
    with many(victim, 2000) as connections:
        assert connections[-1].await_answer()
        victim.assert_well(MOST_MIB)
        assert connections[0].await_answer()


@pytest.mark.parametrize("beginning", [
    pytest.param(b"", id="nothing"),
    pytest.param(raw_http2.PREFACE[:10], id="half_a_preface"),
    pytest.param(raw_http2.PREFACE + b"\0\0", id="half_a_frame"),
    pytest.param(raw_http2.PREFACE + frame(raw_http2.SETTINGS)
                 + frame(raw_http2.HEADERS, call_headers(CREATE_VIDEO), 0, 1), id="half_of_the_headers"),
    pytest.param(raw_http2.PREFACE + frame(raw_http2.SETTINGS)
                 + frame(raw_http2.HEADERS, call_headers(CREATE_VIDEO), raw_http2.END_HEADERS, 1)
                 + frame(raw_http2.DATA, b"\0\0\0", 0, 1), id="half_the_length_of_a_message"),
    pytest.param(raw_http2.PREFACE + frame(raw_http2.SETTINGS)
                 + frame(raw_http2.HEADERS, call_headers(CREATE_VIDEO), raw_http2.END_HEADERS, 1)
                 + frame(raw_http2.DATA, b"\0\1\0\0\0" + bytes(1000), 0, 1), id="half_a_message"),
])
def test_many_that_stop_in_the_middle(attack, beginning):
    """Slowloris: they cost a connection each, and nobody else's time."""
    victim = attack()
    with many(victim, 500, beginning):
        victim.assert_well(MOST_MIB)


def test_many_large_messages_that_do_not_end(attack):
    """As much of each as the server takes: 40 messages of 150 MiB do not fit what it has for all callers."""
    victim = attack()
    begin = (frame(raw_http2.HEADERS, call_headers(CREATE_VIDEO), raw_http2.END_HEADERS, 1)
             + frame(raw_http2.DATA, struct.pack(">BI", 0, 150 << 20), 0, 1))
    with many(victim, 40) as connections:
        for connection in connections:
            connection.socket.settimeout(0.2)  # the server reads no further
            with contextlib.suppress(TimeoutError):
                connection.send(begin)
                for _ in range(100):
                    if not connection.send(frame(raw_http2.DATA, bytes(16384), 0, 1) * 64):
                        break
        victim.assert_well(2048)


def test_more_calls_on_a_connection_than_it_may_have(attack):
    victim = attack()
    with RawConnection(victim.address) as connection:
        assert connection.await_frame(raw_http2.SETTINGS) is not None
        connection.send(frame(raw_http2.SETTINGS, b"", raw_http2.ACK))
        headers = call_headers(CREATE_VIDEO)
        for stream in range(1, 2 * 1024, 2):
            connection.send(frame(raw_http2.HEADERS, headers, raw_http2.END_HEADERS, stream))
        assert connection.await_answer()
        connection.send(frame(raw_http2.HEADERS, headers, raw_http2.END_HEADERS, 2 * 1024 + 1))
        connection.await_close()
    victim.assert_well(MOST_MIB)


def test_streams_that_nobody_reads(attack):
    """Their windows are empty; 2,048 of them hold a chunk of the film each, and further ones are refused."""
    victim = attack()
    with victim.caller() as caller:
        name = caller.make(size=caller.video.Size(width=256, height=256), frame_count=24).name
        message = caller.messages.DownloadVideoRequest(name=name).SerializeToString()
    greeting = raw_http2.PREFACE + raw_http2.settings(INITIAL_WINDOW_SIZE=0)
    with many(victim, 3, greeting) as connections:
        for connection in connections:
            for stream in range(1, 2001, 2):
                connection.send_call(stream, "/ruyi.v1.VideoService/DownloadVideo", message)
        assert connections[-1].await_answer()
        with victim.caller() as caller:
            refusal = caller.assert_refused(grpc.StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL",
                                            lambda: caller.download_stream(name))
            assert refusal.retry_delay_s() > 0
            assert caller.get(name).name == name
        assert victim.peak_mib() < 2048
    victim.assert_well(2048)
