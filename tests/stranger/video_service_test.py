"""Calls of ruyi.v1.VideoService over stubs of gRPC's Python."""

import grpc
import pytest

from programs import DEADLINE_S


def test_get_capabilities(video_service, stubs):
    answer = video_service.GetCapabilities(stubs.video_service_pb2.GetCapabilitiesRequest(), timeout=DEADLINE_S)
    assert answer.model == "ruyi-tiny"
    assert answer.version


def test_estimate_video(video_service, stubs, photo):
    messages = stubs.video_service_pb2
    request = messages.EstimateVideoRequest(request=messages.GenerateVideoRequest(
        start_images=[messages.ImageInput(data=photo)], frame_count=8, steps=3, seed=7))
    answer = video_service.EstimateVideo(request, timeout=DEADLINE_S)
    assert answer.settings.seed == 7
    assert answer.modes[answer.chosen].fits
    assert len(answer.modes[answer.chosen].stages) == 5


def test_errors_have_details(video_service, stubs):
    messages = stubs.video_service_pb2
    call = video_service.GenerateVideo(messages.GenerateVideoRequest(), timeout=DEADLINE_S)
    with pytest.raises(grpc.RpcError) as error:
        next(call)
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    status = stubs.status_pb2.Status.FromString(dict(error.value.trailing_metadata())["grpc-status-details-bin"])
    info = stubs.error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(info) for detail in status.details)
    assert info.reason == "INVALID_REQUEST"
