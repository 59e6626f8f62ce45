"""Floods of HTTP/2 frames, and frames that are wrong. The client that floods loses its connection, others notice nothing."""

import contextlib
import struct
import subprocess
import threading

import grpc
import pytest

import raw_http2
from conftest import again_while
from raw_http2 import RawConnection, call_headers, field, frame, grpc_message, indexed_field, integer, text

GET_VIDEO = "/ruyi.v1.VideoService/GetVideo"
MOST_MIB = 512


@contextlib.contextmanager
def reader(connection):
    """Reads and forgets what the server says, so that it never waits for its client."""
    thread = threading.Thread(target=connection.await_close, daemon=True)
    thread.start()
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            connection.socket.shutdown(2)
        thread.join()


def flood(victim, frames, count, first=b""):
    """Sends `frames` so many times, or until the server has closed the connection; returns whether it has."""
    with RawConnection(victim.address) as connection, reader(connection):
        return not connection.send(first) or any(not connection.send(frames(index)) for index in range(count))


def test_calls_that_are_reset_at_once(attack, stubs):
    """Rapid reset, CVE-2023-44487."""
    victim = attack()
    block = call_headers(GET_VIDEO)
    message = grpc_message(stubs.video_service_pb2.GetVideoRequest(name="videos/none").SerializeToString())

    def calls(index):
        streams = range(100 * index + 1, 100 * index + 101, 2)
        return b"".join(frame(raw_http2.HEADERS, block, raw_http2.END_HEADERS, stream)
                        + frame(raw_http2.DATA, message, raw_http2.END_STREAM, stream)
                        + frame(raw_http2.RST_STREAM, struct.pack(">I", raw_http2.CANCEL), 0, stream)
                        for stream in streams)

    assert flood(victim, calls, 2000, first=frame(raw_http2.SETTINGS, b"", raw_http2.ACK))
    assert victim.server.await_log("connections_refused")["message"] == "the client sends too many resets of calls"
    victim.assert_well(MOST_MIB)


def test_calls_before_the_settings_are_known(attack):
    """Who does not answer them is not held to 1,024 calls at the same time by gRPC."""
    victim = attack()
    block = call_headers(GET_VIDEO)
    assert flood(victim, lambda index: frame(raw_http2.HEADERS, block, raw_http2.END_HEADERS, 2 * index + 1), 100000)
    message = victim.server.await_log("connections_refused")["message"]
    assert message == "the client sends too many calls before it has answered the settings"
    victim.assert_well(MOST_MIB)


def test_as_many_resets_as_a_connection_may_have_calls(attack):
    victim = attack()
    block = call_headers("/ruyi.v1.VideoService/WatchVideo")
    with RawConnection(victim.address) as connection:
        for stream in range(1, 2001, 2):
            connection.send(frame(raw_http2.HEADERS, block, raw_http2.END_HEADERS, stream))
        for stream in range(1, 2001, 2):
            connection.send(frame(raw_http2.RST_STREAM, struct.pack(">I", raw_http2.CANCEL), 0, stream))
        assert connection.await_answer()


@pytest.mark.parametrize("frames", [
    pytest.param(raw_http2.settings(INITIAL_WINDOW_SIZE=65535), id="settings"),
    pytest.param(frame(raw_http2.PING, b"12345678"), id="pings"),
    pytest.param(frame(raw_http2.WINDOW_UPDATE, bytes(4)), id="windows_that_grow_by_nothing"),
    pytest.param(frame(raw_http2.HEADERS, b"", raw_http2.END_HEADERS, 2), id="a_stream_of_the_server"),
    pytest.param(frame(raw_http2.SETTINGS, b"123"), id="settings_cut_short"),
    pytest.param(frame(raw_http2.CONTINUATION, b"", 0, 1), id="continuation_of_nothing"),
])
def test_the_connection_is_closed(attack, frames):
    victim = attack()
    assert flood(victim, lambda _: frames * 100, 100000)
    victim.assert_well(MOST_MIB)


@pytest.mark.parametrize("frames", [
    pytest.param(frame(raw_http2.PRIORITY, bytes(5), 0, 1), id="priorities"),
    pytest.param(frame(raw_http2.DATA, b"", 0, 0), id="data_of_no_stream"),
    pytest.param(frame(77, b"x"), id="unknown_frames"),
    pytest.param(frame(raw_http2.WINDOW_UPDATE, b"\0\0\0\1"), id="windows_that_grow_by_a_byte"),
    pytest.param(frame(raw_http2.SETTINGS, b"", raw_http2.ACK), id="answers_to_no_settings"),
])
def test_nothing_grows(attack, frames):
    victim = attack()
    flood(victim, lambda _: frames * 100, 2000)
    victim.assert_well(MOST_MIB)


HEADERS = frame(raw_http2.HEADERS, call_headers(GET_VIDEO), 0, 1)
LONG_VALUE = frame(raw_http2.HEADERS, call_headers(GET_VIDEO) + b"\0" + text(b"x") + integer(1 << 30, 7), 0, 1)
LONG_NUMBER = frame(raw_http2.HEADERS, call_headers(GET_VIDEO) + b"\0" + text(b"x") + b"\x7f", 0, 1)


def continuation(block):
    return frame(raw_http2.CONTINUATION, block, 0, 1)


@pytest.mark.parametrize("first, block", [
    pytest.param(HEADERS, field(b"x-a", b"b") * 1000, id="of_small_fields"),
    pytest.param(HEADERS, indexed_field(b"x-a", b"b") * 1000, id="of_fields_for_the_table"),
    pytest.param(HEADERS, b"\x82" * 16384, id="of_references_to_the_table"),
    pytest.param(HEADERS, b"", id="of_nothing"),
    pytest.param(LONG_VALUE, b"a" * 16384, id="of_one_value"),
    pytest.param(LONG_NUMBER, b"\x80" * 16384, id="of_one_number"),
])
def test_headers_without_end(attack, first, block):
    """CONTINUATION flood, CVE-2023-33953."""
    victim = attack()
    assert flood(victim, lambda _: continuation(block) * 8, 4000, first)
    victim.assert_well(MOST_MIB)


def test_a_table_of_headers_that_grows_and_shrinks(attack):
    victim = attack()
    sizes = (integer(0, 5, 0x20) + integer(4096, 5, 0x20)) * 4
    block = sizes + b"".join(indexed_field(b"x-%d" % index, b"v" * 100) for index in range(60))
    with RawConnection(victim.address) as connection, reader(connection):
        for stream in range(1, 2001, 2):
            connection.send(frame(raw_http2.HEADERS, block, raw_http2.END_HEADERS | raw_http2.END_STREAM, stream))
    victim.assert_well(MOST_MIB)


def metadata_of(size):
    """Metadata that counts so many bytes, as HTTP/2 counts them (RFC 9113, 10.5.1)."""
    return [("x-large", "v" * (size - len("x-large") - 32))]


def test_metadata_at_its_limit(attack):
    """gRPC 1.51 now and then closes the connection of a caller who has sent too much."""
    victim = attack()
    with victim.caller() as caller:
        ask = caller.stubs.video_service_pb2.GetCapabilitiesRequest()
        assert caller.service.GetCapabilities(ask, metadata=metadata_of(7000)).model
        with pytest.raises(grpc.RpcError) as error:
            caller.service.GetCapabilities(ask, metadata=metadata_of(8193))
        assert error.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert again_while(grpc.StatusCode.UNAVAILABLE, lambda: caller.service.GetCapabilities(ask)).model


def test_many_metadata(attack):
    """Each counts 32 bytes more than it has."""
    victim = attack()
    with victim.caller() as caller, pytest.raises(grpc.RpcError) as error:
        caller.service.ListVideos(caller.messages.ListVideosRequest(),
                                  metadata=[(f"x-{index}", "") for index in range(300)])
    assert error.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    victim.assert_well(MOST_MIB)


def test_load_of_a_real_client(attack, stubs, tmp_path):
    """h2load asks for 20,000 videos that are not there, over 20 connections with 100 calls each at a time."""
    victim = attack()
    message = tmp_path / "message"
    message.write_bytes(grpc_message(stubs.video_service_pb2.GetVideoRequest(name="videos/none").SerializeToString()))
    done = subprocess.run(
        ["h2load", "-n", "20000", "-c", "20", "-m", "100", "-d", message, "-H", "content-type: application/grpc",
         "-H", "te: trailers", f"http://{victim.address}{GET_VIDEO}"], check=True, capture_output=True, text=True)
    assert "20000 succeeded, 0 failed, 0 errored, 0 timeout" in done.stdout, done.stdout
    victim.assert_well(MOST_MIB)
