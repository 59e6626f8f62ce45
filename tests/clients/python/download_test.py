"""Bytes that go on where their stream broke, and checksums that are not right."""

import pytest
import ruyi
from fake_server import fail, hold, status, stream
from films import FILM, NAME, chunk, chunks, completed, failed, last_chunk, progress
from ruyi.v1 import video_pb2


def offsets(server):
    return [request.read_offset for request in server.requests["DownloadVideo"]]


def test_a_restart_in_the_middle_loses_and_repeats_nothing(server, client):
    server.script(
        "DownloadVideo", stream(*chunks(0, 300), then=hold), stream(*chunks(300), last_chunk())
    )
    download = client.download(NAME)
    first = next(download) + next(download)
    server.restart()
    assert first + b"".join(download) == FILM
    assert offsets(server) == [0, 300]


@pytest.mark.parametrize(
    "end",
    [None, fail("INTERNAL"), fail("UNKNOWN"), fail("UNAVAILABLE")],
    ids=["OK", "INTERNAL", "UNKNOWN", "UNAVAILABLE"],
)
def test_a_stream_that_ends_before_the_last_chunk_goes_on(server, client, end):
    server.script(
        "DownloadVideo",
        stream(*chunks(0, 512), then=end),
        stream(*chunks(512), then=end),
        stream(last_chunk()),
    )
    assert b"".join(client.download(NAME)) == FILM
    assert offsets(server) == [0, 512, 1024]


def test_a_part_is_read_to_its_limit(server, client):
    server.script("DownloadVideo", stream(*chunks(256, 356)), stream(*chunks(356, 556)))
    assert b"".join(client.download(NAME, offset=256, limit=300)) == FILM[256:556]
    assert [request.read_limit for request in server.requests["DownloadVideo"]] == [300, 200]


def test_the_end_is_read_without_the_checksum_of_the_whole(server, client):
    server.script("DownloadVideo", stream(*chunks(1000), last_chunk()))
    assert b"".join(client.download(NAME, offset=1000)) == FILM[1000:]


@pytest.mark.parametrize(
    "sent, what",
    [
        ([chunk(0, FILM[:99]), chunk(100, FILM[100:])], "those from 99 were next"),
        ([chunk(0, FILM), chunk(0, FILM)], "those from 1024 were next"),
        ([chunk(0, FILM), last_chunk(total_size_bytes=1025)], "has 1025 bytes, and 1024 came"),
        ([chunk(0, FILM), last_chunk(sha256=bytes(32))], "SHA-256"),
    ],
    ids=["a gap", "a repetition", "the size", "the checksum of the whole"],
)
def test_bytes_that_are_not_the_file_are_refused(server, client, sent, what):
    server.script("DownloadVideo", stream(*sent))
    with pytest.raises(ruyi.DataLoss, match=what):
        list(client.download(NAME))


def test_damaged_bytes_are_refused(server, client):
    damaged = chunk(0, FILM)
    damaged.crc32c ^= 1
    server.script("DownloadVideo", stream(damaged))
    with pytest.raises(ruyi.DataLoss, match="CRC-32C"):
        next(client.download(NAME))


def test_a_video_that_has_expired_is_not_found(server, client):
    server.script("DownloadVideo", stream(then=fail("NOT_FOUND", "RESULT_EXPIRED")))
    with pytest.raises(ruyi.NotFound) as raised:
        list(client.download(NAME))
    assert raised.value.reason == "RESULT_EXPIRED"


def test_what_the_server_lost_is_not_asked_for_again(server, client):
    server.script("DownloadVideo", stream(then=fail("DATA_LOSS", "ARTIFACT_CORRUPT")))
    with pytest.raises(ruyi.DataLoss):
        list(client.download(NAME))
    assert offsets(server) == [0]


NO_BYTES_YET = stream(then=fail("FAILED_PRECONDITION", "RESULT_NOT_READY"))


def test_bytes_are_asked_for_again_once_the_video_is_decoded(server, client, waits):
    decoding = progress(3, 1, phase=video_pb2.PHASE_DECODING)
    server.script("WatchVideo", stream(progress(2, 1), decoding, completed(4)))
    server.script("DownloadVideo", NO_BYTES_YET, NO_BYTES_YET, stream(*chunks(), last_chunk()))
    assert b"".join(client.download(NAME)) == FILM
    assert offsets(server) == [0, 0, 0]
    assert len(server.requests["WatchVideo"]) == 1
    assert waits == []


def test_a_video_that_fails_before_its_first_byte_raises_its_error(server, client):
    server.script("WatchVideo", stream(failed(2, status("CANCELLED", "CANCELLED_BY_CALLER"))))
    server.script("DownloadVideo", NO_BYTES_YET)
    with pytest.raises(ruyi.Cancelled):
        list(client.download(NAME))


def test_a_finished_video_without_bytes_is_an_error(server, client):
    server.script("WatchVideo", stream(completed(2)))
    server.script("DownloadVideo", NO_BYTES_YET, NO_BYTES_YET)
    with pytest.raises(ruyi.Error) as raised:
        list(client.download(NAME))
    assert raised.value.reason == "RESULT_NOT_READY"
    assert offsets(server) == [0, 0]
