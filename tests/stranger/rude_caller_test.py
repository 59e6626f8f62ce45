"""Callers that lie, flood, and do not read: others are served all the same, and the server's memory has a bound."""

import contextlib
import os
import re
import socket
from concurrent import futures

import grpc
import pytest

import pictures
from programs import DEADLINE_S



def peak_mib(server):
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1]) // 1024


def test_forty_thousand_pictures_of_nothing(caller):
    request = caller.request(start_images=[caller.messages.ImageInput()] * 40000)
    message = caller.messages.CreateVideoRequest(request=request)
    floods = [caller.service.CreateVideo.future(message, timeout=DEADLINE_S) for _ in range(8)]
    made = caller.make()
    assert caller.get(made.name) == made
    for flood in floods:
        violations = caller.assert_refused(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST", flood.result).fields()
        assert violations.keys() == {"start_images"}
    for call in (lambda: caller.generate_stream(request), lambda: caller.estimate(request)):
        refusal = caller.assert_refused(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST", call)
        assert refusal.fields().keys() == {"start_images"}


def test_other_lists_that_are_too_long(caller):
    loras = caller.video.Acceleration(loras=[caller.video.Lora(name="none")] * 40000)
    request = caller.request(end_images=[caller.messages.ImageInput()] * 40000, acceleration=loras,
                             labels={str(index): "" for index in range(10000)})
    refusal = caller.assert_refused(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST",
                                    lambda: caller.create_from(request))
    assert refusal.fields().keys() == {"end_images", "acceleration.loras", "labels"}


def test_a_status_that_is_too_long_for_trailers(caller):
    request = caller.request(labels={f"{index:02}": "x" * 256 for index in range(32)}, request_id="\n" * 100000,
                             acceleration=caller.video.Acceleration(loras=[caller.video.Lora(name="x" * 100000)] * 4))
    refusal = caller.assert_refused(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST",
                                    lambda: caller.create_from(request))
    loras = {f"acceleration.loras[{index}].name" for index in range(4)}
    assert refusal.fields().keys() == {"labels", "request_id", *loras}


def test_large_pictures_at_once(site):
    """64 pictures of 46 MiB each are decoded, 3 GiB in all; the server holds a few of them at a time."""
    server, caller = site.start()
    before = peak_mib(server)
    image = caller.messages.ImageInput(data=pictures.png(4000, 4000))
    message = caller.messages.CreateVideoRequest(request=caller.request(start_images=[image]), validate_only=True)
    calls = [caller.service.CreateVideo.future(message, timeout=DEADLINE_S) for _ in range(64)]
    assert not caller.list().videos  # answered meanwhile
    for call in calls:
        call.exception()  # waits for its end
        assert call.code() in (grpc.StatusCode.OK, grpc.StatusCode.RESOURCE_EXHAUSTED)
        if call.code() != grpc.StatusCode.OK:
            assert caller.refusal_from(call).reason == "QUEUE_FULL"
    assert any(call.code() == grpc.StatusCode.OK for call in calls)
    assert peak_mib(server) - before < 1024


def test_a_message_larger_than_all_pictures(site):
    _, caller = site.start(max_image_bytes=100000)
    image = caller.messages.ImageInput(data=bytes(4 << 20))
    with pytest.raises(grpc.RpcError) as error:
        caller.create(start_images=[image])
    assert error.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert caller.make()


def test_garbage_on_the_port(caller, server):
    for garbage in (b"GET / HTTP/1.1\r\n\r\n", os.urandom(1000), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + os.urandom(1000),
                    b""):
        with socket.create_connection(("127.0.0.1", server.ports()[0]), timeout=DEADLINE_S) as connection:
            connection.sendall(garbage)
            with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(4096):
                    pass
    assert server.process.poll() is None
    assert caller.make()


def test_streams_that_nobody_reads(caller):
    """They are open while others finish; then their bytes are still there."""
    encoding = caller.video.Encoding(crf=0)
    film = caller.make(frame_count=24, encoding=encoding)
    data = caller.download(film.name)
    unread = [caller.download_stream(film.name) for _ in range(50)]
    generating = [caller.generate_stream(caller.request(seed=seed, encoding=encoding)) for seed in range(4)]
    watching = [caller.watch(film.name) for _ in range(50)]
    names = [next(call).accepted.video.name for call in generating]
    assert caller.make().result.size_bytes > 0
    for call, name in zip(generating, names):
        caller.await_end(name)
        chunks = [event.chunk for event in call if event.WhichOneof("event") == "chunk"]
        assert b"".join(chunk.data for chunk in chunks) == caller.download(name)
    for call in unread:
        assert b"".join(chunk.data for chunk in call) == data
    for call in watching:
        assert list(call)[-1].WhichOneof("event") == "completed"


def test_many_connections(caller, server, stubs, photo):
    """Each with a call of its own at the same time."""
    with futures.ThreadPoolExecutor(16) as pool:
        made = caller.make()

        def ask(_):
            with grpc.insecure_channel(server.address(), options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
                service = stubs.video_service_pb2_grpc.VideoServiceStub(channel)
                return service.GetVideo(caller.messages.GetVideoRequest(name=made.name), timeout=DEADLINE_S)

        assert all(video == made for video in pool.map(ask, range(64)))
