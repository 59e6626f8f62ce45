"""Each limit of a request: at the limit it is taken, one more is refused, and the refusal says what is wrong."""

import grpc
import pytest

import bombs

INVALID_ARGUMENT = grpc.StatusCode.INVALID_ARGUMENT
MOST_MIB = 512




def small(caller, **fields):
    return caller.request(**{"size": caller.video.Size(width=256, height=256), **fields})


def assert_limit(caller, field, inside, outside, reason="INVALID_REQUEST"):
    """`inside` and `outside` are fields of a request."""
    assert caller.create_from(small(caller, **inside), validate_only=True).settings.frame_count == 8
    refusal = caller.assert_refused(INVALID_ARGUMENT, reason,
                                    lambda: caller.create_from(small(caller, **outside), validate_only=True))
    assert refusal.fields().keys() == {field}


def test_strings_and_lists(attack):
    victim = attack()
    with victim.caller() as caller:
        image = caller.request().start_images[0]
        assert_limit(caller, "request_id", {"request_id": "r" * 64}, {"request_id": "r" * 65})
        assert_limit(caller, "labels", {"labels": {f"{index}": "" for index in range(32)}},
                     {"labels": {f"{index}": "" for index in range(33)}})
        assert_limit(caller, "labels", {"labels": {"k" * 63: ""}}, {"labels": {"k" * 64: ""}})
        assert_limit(caller, "labels", {"labels": {"key": "v" * 255}}, {"labels": {"key": "v" * 256}})
        assert_limit(caller, "start_images", {"start_images": [image] * 4}, {"start_images": [image] * 5})
        assert_limit(caller, "end_images", {"end_images": [image] * 4}, {"end_images": [image] * 5})
        assert_limit(caller, "frame_count", {"frame_count": 8}, {"frame_count": 121})
        assert_limit(caller, "steps", {"steps": 100}, {"steps": 101})
    victim.assert_well(MOST_MIB)


def test_pictures(attack, photo):
    victim = attack(max_image_bytes=len(photo), max_image_pixels=4096)
    with victim.caller() as caller:
        def pictures(data):
            return {"start_images": [caller.messages.ImageInput(data=data)]}
        assert_limit(caller, "start_images[0]", pictures(bombs.png(64, 64)), pictures(bombs.png(64, 65)),
                     "IMAGE_TOO_LARGE")
        assert_limit(caller, "start_images[0]", pictures(bombs.png(4096, 1)), pictures(bombs.png(4097, 1)),
                     "IMAGE_TOO_LARGE")
        padded = bombs.png(8, 8)
        padded += bytes(len(photo) - len(padded))
        assert_limit(caller, "start_images[0]", pictures(padded), pictures(padded + b"\0"), "IMAGE_TOO_LARGE")
        assert caller.upload(padded).size_bytes == len(photo)
        caller.assert_refused(INVALID_ARGUMENT, "IMAGE_TOO_LARGE", lambda: caller.upload(padded + b"\0"))
        caller.assert_refused(INVALID_ARGUMENT, "IMAGE_TOO_LARGE", lambda: caller.upload(padded, b"\0"))


def test_pages(attack):
    victim = attack()
    with victim.caller() as caller:
        assert not caller.list(page_size=1000).videos
        caller.assert_refused(INVALID_ARGUMENT, "INVALID_REQUEST", lambda: caller.list(page_size=1001))
        caller.assert_refused(INVALID_ARGUMENT, "INVALID_REQUEST", lambda: caller.list(page_token="t" * 60000))
        caller.assert_refused(INVALID_ARGUMENT, "INVALID_REQUEST",
                              lambda: caller.list(labels={f"{index}": "" for index in range(33)}))


@pytest.mark.parametrize("name", ["", "videos", "videos/", "videos/" + "x" * 60000, "videos/../../etc/passwd",
                                  "videos/\0", "videos/' or 1=1 --", "images/" + "0" * 64, "videos/\u202e"])
def test_names_that_are_none(attack, name):
    victim = attack()
    with victim.caller() as caller:
        for call in (caller.get, caller.cancel, caller.delete, caller.watch, caller.download_stream):
            with pytest.raises(grpc.RpcError) as error:
                list(call(name))
            assert error.value.code() in (INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND)
            assert len(error.value.details()) <= 1024


def raw_call(caller, method, message):
    """The bytes of a message to a method of VideoService."""
    call = caller.channel.unary_unary("/ruyi.v1.VideoService/" + method, request_serializer=lambda data: data,
                                      response_deserializer=lambda data: data)
    return call(message)


EMPTY_FIELD = {"a_group": b"\x7b\x7c", "a_number": b"\x78\0", "an_empty_text": b"\x7a\0"}


@pytest.mark.parametrize("entry", EMPTY_FIELD.values(), ids=EMPTY_FIELD.keys())
def test_messages_that_grow_in_memory(attack, entry):
    """Of nothing but entries of two bytes, each of which takes up to 60 in memory."""
    victim = attack()
    with victim.caller() as caller:
        for method in ("GetVideo", "ListVideos", "CreateVideo", "EstimateVideo"):
            refusal = caller.assert_refused(INVALID_ARGUMENT, "INVALID_REQUEST",
                                            lambda method=method: raw_call(caller, method, entry * (16 << 20)))
            assert refusal.fields().keys() == {"message"}
        check = caller.channel.unary_unary("/grpc.health.v1.Health/Check", request_serializer=lambda data: data,
                                           response_deserializer=lambda data: data)
        with pytest.raises(grpc.RpcError) as error:
            check(entry * (16 << 20))
        assert error.value.code() == INVALID_ARGUMENT
    victim.assert_well(MOST_MIB)


def test_a_million_pictures_of_nothing(attack):
    victim = attack()
    with victim.caller() as caller:
        request = caller.messages.GenerateVideoRequest(start_images=[caller.messages.ImageInput()] * 1_000_000)
        refusal = caller.assert_refused(INVALID_ARGUMENT, "INVALID_REQUEST", lambda: caller.create_from(request))
        assert refusal.fields().keys() == {"message"}
    victim.assert_well(MOST_MIB)


def test_bytes_beside_pictures_at_their_limit(attack):
    victim = attack()
    with victim.caller() as caller:
        for size, field in (((1 << 20) - 1000, "request_id"), ((1 << 20) + 1, "message")):
            refusal = caller.assert_refused(INVALID_ARGUMENT, "INVALID_REQUEST",
                                            lambda size=size: caller.create(request_id="r" * size))
            assert field in refusal.fields()


def test_the_largest_message(attack, photo):
    """Eight pictures at their limit, 160 MiB, in a few requests at once."""
    victim = attack()
    with victim.caller() as caller:
        picture = photo + bytes((20 << 20) - len(photo))  # what follows the end of a JPEG is nothing
        image = caller.messages.ImageInput(data=picture)
        request = small(caller, start_images=[image] * 4, end_images=[image] * 4)
        message = caller.messages.CreateVideoRequest(request=request, validate_only=True)
        for call in [caller.service.CreateVideo.future(message) for _ in range(3)]:
            assert call.result().settings.frame_count == 8
        too_large = caller.messages.CreateVideoRequest(request=request)
        too_large.request.end_images.append(image)
        with pytest.raises(grpc.RpcError) as error:
            caller.service.CreateVideo(too_large)
        assert error.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    victim.assert_well(4096)


@pytest.mark.parametrize("algorithm", [grpc.Compression.Gzip, grpc.Compression.Deflate])
def test_compressed_messages(attack, algorithm):
    """150 MiB that are 150 KiB on the wire are not unpacked."""
    victim = attack()
    with victim.caller() as caller:
        with pytest.raises(grpc.RpcError) as error:
            caller.service.GetVideo(caller.messages.GetVideoRequest(name="a" * (150 << 20)), compression=algorithm)
        assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED
        assert "is disabled" in error.value.details()
    victim.assert_well(128)
