"""Requests that are refused for what is in them."""

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

import pictures

INVALID_ARGUMENT = grpc.StatusCode.INVALID_ARGUMENT


def three_ways(caller, request):
    """The calls that take a request."""
    return (lambda: caller.create_from(request), lambda: caller.generate_stream(request),
            lambda: caller.estimate(request))


def assert_invalid(caller, *fields, **request):
    """That the request is refused for these fields, however it is sent; returns what is said of them."""
    request = caller.request(**request)
    first, *others = [caller.assert_refused(INVALID_ARGUMENT, "INVALID_REQUEST", call).fields()
                      for call in three_ways(caller, request)]
    assert first.keys() == set(fields)
    assert all(other == first for other in others)
    return first


def test_all_wrong_fields_come_at_once(caller):
    said = assert_invalid(caller, "frame_count", "steps", "guidance_scale", "motion", "request_id",
                          frame_count=20, steps=101, guidance_scale=99, motion=5, request_id="\n")
    assert "16" in said["frame_count"] and "24" in said["frame_count"]
    assert "100" in said["steps"]


def test_no_picture(caller):
    assert_invalid(caller, "start_images", start_images=[])


def test_a_text_in_place_of_a_picture(caller):
    image = caller.messages.ImageInput(data=b"not a picture")
    assert_invalid(caller, "start_images[0]", start_images=[image])


def test_half_a_picture(caller):
    image = caller.messages.ImageInput(data=pictures.png(100, 100)[:60])
    assert_invalid(caller, "start_images[0]", start_images=[image])


def test_an_upload_that_is_not_there(caller):
    image = caller.messages.ImageInput(image="images/" + "0" * 64)
    assert_invalid(caller, "start_images[0]", start_images=[image])


def test_a_size_that_the_model_does_not_have(caller):
    said = assert_invalid(caller, "size", size=caller.video.Size(width=100, height=100))
    assert "160x96" in said["size"]


def test_numbers_that_are_no_value_of_an_enum(caller):
    assert_invalid(caller, "camera", "sampler", "priority", "reuse", "on_disconnect", "memory.policy",
                   "encoding.preset", "acceleration.fp8.mode", camera=99, sampler=99, priority=99, reuse=99,
                   on_disconnect=99, memory=caller.video.Memory(policy=99),
                   encoding=caller.video.Encoding(preset=99),
                   acceleration=caller.video.Acceleration(fp8=caller.video.Fp8(mode=99)))


def test_fields_that_exclude_each_other(caller):
    memory = caller.video.Memory(policy=caller.video.MEMORY_POLICY_SMALLEST, resident_states=1)
    encoding = caller.video.Encoding(faststart=True, fragment_frames=8)
    fp8 = caller.video.Fp8(type=caller.video.FP8_TYPE_E5M2)
    assert_invalid(caller, "memory.policy", "encoding.faststart", "acceleration.fp8.type", memory=memory,
                   encoding=encoding, acceleration=caller.video.Acceleration(fp8=fp8))


def test_labels(caller):
    assert_invalid(caller, "labels", labels={f"key{index}": "" for index in range(33)})


def test_a_lora_that_is_not_there(caller):
    lora = caller.video.Lora(name="none")
    assert_invalid(caller, "acceleration.loras[0].name", acceleration=caller.video.Acceleration(loras=[lora]))


def test_wrong_questions(caller):
    name = "videos/" + "0" * 32
    for field, call in (("name", lambda: caller.get("film")), ("name", lambda: caller.cancel("videos/")),
                        ("name", lambda: caller.delete("")), ("name", lambda: caller.watch("videos")),
                        ("name", lambda: caller.download_stream("x/y")),
                        ("after_seq", lambda: caller.watch(name, after_seq=-1)),
                        ("read_offset", lambda: caller.download_stream(name, offset=-1)),
                        ("read_limit", lambda: caller.download_stream(name, limit=-1)),
                        ("page_size", lambda: caller.list(page_size=1001)),
                        ("page_size", lambda: caller.list(page_size=-1)),
                        ("page_token", lambda: caller.list(page_token="none")),
                        ("states", lambda: caller.list(states=[99]))):
        assert caller.assert_refused(INVALID_ARGUMENT, "INVALID_REQUEST", call).fields().keys() == {field}


def test_watching_behind_the_log(caller):
    name = caller.make().name
    refusal = caller.assert_refused(INVALID_ARGUMENT, "INVALID_REQUEST", lambda: caller.watch(name, after_seq=1000))
    assert refusal.fields().keys() == {"after_seq"}


def test_a_picture_of_too_many_pixels(caller):
    """Known from its header alone: there is nothing else of it."""
    header = pictures.header(30000, 30000)
    request = caller.request(start_images=[caller.messages.ImageInput(data=header)])
    for call in three_ways(caller, request):
        refusal = caller.assert_refused(INVALID_ARGUMENT, "IMAGE_TOO_LARGE", call)
        assert refusal.fields().keys() == {"start_images[0]"}
    caller.assert_refused(INVALID_ARGUMENT, "IMAGE_TOO_LARGE", lambda: caller.upload(header))


def test_a_picture_of_too_many_bytes(site):
    _, strict = site.start(max_image_bytes=1000)
    for call in three_ways(strict, strict.request()):
        refusal = strict.assert_refused(INVALID_ARGUMENT, "IMAGE_TOO_LARGE", call)
        assert refusal.fields().keys() == {"start_images[0]"}
        assert "1000" in refusal.fields()["start_images[0]"]


def test_an_upload_of_too_many_bytes(site):
    _, strict = site.start(max_image_bytes=1000)
    strict.assert_refused(INVALID_ARGUMENT, "IMAGE_TOO_LARGE", lambda: strict.upload(strict.photo))


def test_a_damaged_upload(caller):
    for parts in ((), (b"not a picture",), (pictures.png(100, 100)[:60],)):
        caller.assert_refused(INVALID_ARGUMENT, "INVALID_REQUEST", lambda: caller.upload(*parts))


def test_the_host_has_too_little_memory(caller):
    request = caller.request(memory=caller.video.Memory(max_host_mib=1))
    for call in three_ways(caller, request)[:2]:
        refusal = caller.assert_refused(grpc.StatusCode.FAILED_PRECONDITION, "HOST_MEMORY", call)
        violations = refusal.details["PreconditionFailure"].violations
        assert {violation.type for violation in violations} == {"HOST_MEMORY"}
        assert all("of 1 MiB of the host's memory" in violation.description for violation in violations)
    estimate = caller.estimate(request)  # where it is an answer
    assert not estimate.HasField("chosen")
    assert estimate.host_budget_mib == 1
    assert all(mode.predicted_host_mib > 1 for mode in estimate.modes)
    assert not any(mode.fits for mode in estimate.modes)


def test_no_memory_mode_fits(caller):
    request = caller.request(memory=caller.video.Memory(max_vram_mib=1))
    for call in three_ways(caller, request)[:2]:
        refusal = caller.assert_refused(grpc.StatusCode.FAILED_PRECONDITION, "VRAM_BUDGET", call)
        violations = refusal.details["PreconditionFailure"].violations
        assert {violation.type for violation in violations} == {"VRAM_BUDGET"}
        assert len({violation.subject for violation in violations}) == len(violations) > 1
        assert all("of 1 MiB" in violation.description for violation in violations)
    estimate = caller.estimate(request)  # where it is an answer
    assert not estimate.HasField("chosen")
    assert len(estimate.modes) >= len(violations)
    assert not any(mode.fits for mode in estimate.modes)


def test_a_timeout_that_cannot_be_kept(caller):
    request = caller.request(execution_timeout=Duration(nanos=1000))
    for call in three_ways(caller, request)[:2]:
        caller.assert_refused(grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_UNREACHABLE", call)


@pytest.mark.parametrize("timeout", (Duration(seconds=0), Duration(seconds=-1)))
def test_a_timeout_that_is_none(caller, timeout):
    request = caller.request(execution_timeout=timeout)
    refusal = caller.assert_refused(INVALID_ARGUMENT, "INVALID_REQUEST", lambda: caller.create_from(request))
    assert refusal.fields().keys() == {"execution_timeout"}


def test_another_kind_of_weights_than_the_server_has(site):
    _, lite = site.start(fp8="lite")
    fp8 = lite.video.Fp8(mode=lite.video.FP8_MODE_STRONG)
    request = lite.request(acceleration=lite.video.Acceleration(fp8=fp8))
    for call in three_ways(lite, request):
        refusal = lite.assert_refused(grpc.StatusCode.UNIMPLEMENTED, "FEATURE_NOT_BUILT", call)
        assert refusal.fields().keys() == {"acceleration.fp8"}
    assert lite.make().settings.acceleration.fp8.mode == lite.video.FP8_MODE_LITE
