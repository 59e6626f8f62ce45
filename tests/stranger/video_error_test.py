"""Calls that are refused for the state of a video."""

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

NOT_FOUND = grpc.StatusCode.NOT_FOUND


@pytest.fixture(scope="module")
def deleted(caller):
    name = caller.make().name
    caller.delete(name)
    return name


@pytest.fixture(scope="module")
def cancelled(caller):
    with caller.busy_worker():
        name = caller.create().name
        caller.cancel(name)
    return name


def calls(caller, name):
    return (lambda: caller.get(name), lambda: caller.watch(name), lambda: caller.download_stream(name),
            lambda: caller.cancel(name), lambda: caller.delete(name))


def test_a_video_that_never_was(caller):
    name = "videos/" + "0" * 32
    for call in calls(caller, name):
        resource = caller.assert_refused(NOT_FOUND, "NOT_FOUND", call).details["ResourceInfo"]
        assert (resource.resource_type, resource.resource_name) == ("ruyi.v1.Video", name)


def test_a_deleted_video(caller, deleted):
    for call in calls(caller, deleted):
        resource = caller.assert_refused(NOT_FOUND, "NOT_FOUND", call).details["ResourceInfo"]
        assert (resource.resource_type, resource.resource_name) == ("ruyi.v1.Video", deleted)


def test_a_video_without_a_film(caller, cancelled):
    caller.assert_refused(grpc.StatusCode.FAILED_PRECONDITION, "RESULT_NOT_READY",
                          lambda: caller.download_stream(cancelled))


def test_an_offset_behind_the_end(caller):
    made = caller.make()
    refusal = caller.assert_refused(grpc.StatusCode.OUT_OF_RANGE, "OFFSET_PAST_END",
                                    lambda: caller.download_stream(made.name, made.result.size_bytes + 1))
    assert refusal.metadata["size_bytes"] == str(made.result.size_bytes)


def test_deleting_a_video_that_goes_on(caller):
    with caller.busy_worker() as name:
        waiting = caller.create().name
        for active in (name, waiting):
            caller.assert_refused(grpc.StatusCode.FAILED_PRECONDITION, "VIDEO_ACTIVE", lambda: caller.delete(active))
    caller.await_end(waiting)
