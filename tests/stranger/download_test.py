"""The bytes of a video: by offset, while it grows, and with their checksums."""

import hashlib

import grpc
import pytest

from caller import joined


@pytest.fixture(scope="module")
def film(caller):
    """The name and the bytes of a film of more than one chunk."""
    made = caller.make(frame_count=24, encoding=caller.video.Encoding(crf=0))
    data = caller.download(made.name)
    assert len(data) > 3
    return made, data


def test_the_reply_knows_the_bytes(caller, film):
    made, data = film
    assert (made.result.size_bytes, made.result.sha256) == (len(data), hashlib.sha256(data).digest())
    assert made.result.frame_count == 24
    assert made.result.duration.ToMilliseconds() == 1000


def test_from_any_offset_the_rest_is_the_same(caller, film):
    made, data = film
    for offset in (1, len(data) // 2, len(data) - 1, len(data)):
        rest, last = joined(caller.download_stream(made.name, offset), offset)
        assert rest == data[offset:]
        assert (last.total_size_bytes, last.sha256) == (len(data), made.result.sha256)


def test_a_limit_ends_the_stream(caller, film):
    made, data = film
    chunks = list(caller.download_stream(made.name, 100, 1000))
    assert b"".join(chunk.data for chunk in chunks) == data[100:1100]
    assert all(chunk.data and not chunk.last for chunk in chunks)
    part, last = joined(caller.download_stream(made.name, 100, len(data) - 100), 100)
    assert part == data[100:]
    assert (last.total_size_bytes, last.sha256) == (len(data), made.result.sha256)


def test_a_film_in_parts(caller, film):
    made, data = film
    received = b""
    while len(received) < len(data):
        part, last = joined(caller.download_stream(made.name, len(received), len(data) // 3), len(received))
        received += part
    assert received == data


def test_a_cancelled_download_goes_on(caller, film):
    made, data = film
    call = caller.download_stream(made.name)
    received = next(call).data
    call.cancel()
    rest, last = joined(caller.download_stream(made.name, len(received)), len(received))
    assert last is not None
    assert received + rest == data


def test_a_download_before_there_are_bytes(caller):
    with caller.busy_worker() as name:
        waiting = caller.create().name
        for early in (name, waiting):  # which is being denoised; which waits
            refusal = caller.assert_refused(grpc.StatusCode.FAILED_PRECONDITION, "RESULT_NOT_READY",
                                            lambda: caller.download_stream(early))
            assert "no bytes yet" in refusal.status.message
    caller.await_end(waiting)
    assert caller.download(waiting)


def test_a_download_while_the_film_grows(caller):
    name = caller.create(frame_count=24, encoding=caller.video.Encoding(crf=0)).name
    data, last = joined(caller.download_early(name))
    assert last.total_size_bytes == len(data)
    assert data == caller.download(name)
