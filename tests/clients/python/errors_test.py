"""What the server says of a failure, as attributes of an exception."""

import grpc
import pytest
import ruyi
from fake_server import fail, retry_info, status
from films import NAME
from google.rpc import error_details_pb2
from ruyi.errors import error_of_status

KINDS = [
    ("INVALID_ARGUMENT", "INVALID_REQUEST", ruyi.InvalidRequest),
    ("INVALID_ARGUMENT", "IMAGE_TOO_LARGE", ruyi.InvalidRequest),
    ("NOT_FOUND", "VIDEO_NOT_FOUND", ruyi.NotFound),
    ("RESOURCE_EXHAUSTED", "QUEUE_FULL", ruyi.QueueFull),
    ("RESOURCE_EXHAUSTED", "DISK_FULL", ruyi.Error),
    ("FAILED_PRECONDITION", "VRAM_BUDGET", ruyi.DoesNotFit),
    ("FAILED_PRECONDITION", "HOST_MEMORY", ruyi.DoesNotFit),
    ("FAILED_PRECONDITION", "VIDEO_ACTIVE", ruyi.Error),
    ("CANCELLED", "CANCELLED_BY_ADMIN", ruyi.Cancelled),
    ("UNAVAILABLE", "DRAINING", ruyi.Unavailable),
    ("DATA_LOSS", "ARTIFACT_CORRUPT", ruyi.DataLoss),
    ("INTERNAL", "GPU_FAULT", ruyi.Error),
]


@pytest.mark.parametrize("code, reason, kind", KINDS)
def test_the_class_follows_code_and_reason(code, reason, kind):
    error = error_of_status(status(code, reason))
    assert type(error) is kind
    assert error.code is grpc.StatusCode[code]
    assert error.reason == reason


def test_every_wrong_field_is_named(server, client):
    wrong = error_details_pb2.BadRequest(
        field_violations=[
            {"field": "frame_count", "description": "20 is not a multiple of 8; use 16 or 24"},
            {"field": "steps", "description": "0 is out of range; use 1 to 100"},
        ]
    )
    server.script(
        "GetVideo",
        fail(
            "INVALID_ARGUMENT", "INVALID_REQUEST", message="two fields are wrong", details=[wrong]
        ),
    )
    with pytest.raises(ruyi.InvalidRequest) as raised:
        client.get(NAME)
    assert raised.value.violations == (
        ruyi.Violation("frame_count", "20 is not a multiple of 8; use 16 or 24"),
        ruyi.Violation("steps", "0 is out of range; use 1 to 100"),
    )
    assert str(raised.value) == (
        "two fields are wrong [INVALID_REQUEST]\n"
        "  frame_count: 20 is not a multiple of 8; use 16 or 24\n"
        "  steps: 0 is out of range; use 1 to 100"
    )


@pytest.mark.parametrize(
    "detail", [error_details_pb2.PreconditionFailure, error_details_pb2.QuotaFailure]
)
def test_other_violations_are_named_by_their_subject(detail):
    made = detail(
        violations=[{"subject": "0 blocks", "description": "would take 9012 of 6000 MiB"}]
    )
    error = error_of_status(status("FAILED_PRECONDITION", "VRAM_BUDGET", details=[made]))
    assert error.violations == (ruyi.Violation("0 blocks", "would take 9012 of 6000 MiB"),)


def test_metadata_and_the_time_to_wait():
    error = error_of_status(
        status(
            "RESOURCE_EXHAUSTED",
            "GPU_OUT_OF_MEMORY",
            metadata={"modes_tried": "3"},
            details=[retry_info(5)],
        )
    )
    assert error.metadata == {"modes_tried": "3"}
    assert error.retry_after == 5.0


def test_what_the_server_left_out_is_empty():
    error = error_of_status(status("INTERNAL"))
    assert (error.reason, error.metadata, error.violations, error.retry_after) == ("", {}, (), None)
    assert str(error) == "it failed [INTERNAL]"


def test_details_of_another_domain_are_no_reason():
    made = status("INTERNAL", details=[])
    foreign = error_details_pb2.ErrorInfo(reason="QUEUE_FULL", domain="proxy")
    made.details.add().Pack(foreign)
    made.details.add(type_url="type.googleapis.com/unknown.Detail", value=b"?")
    assert error_of_status(made).reason == ""


def test_a_code_that_is_none_is_unknown():
    made = status("INTERNAL")
    made.code = 99
    assert error_of_status(made).code is grpc.StatusCode.UNKNOWN


def test_details_that_contradict_their_status_are_left_out(server, client):
    packed = status("NOT_FOUND", "VIDEO_NOT_FOUND").SerializeToString()

    def contradict(request, context):
        context.set_trailing_metadata([("grpc-status-details-bin", packed)])
        context.abort(grpc.StatusCode.INTERNAL, "something else")

    server.script("GetVideo", contradict)
    with pytest.raises(ruyi.Error) as raised:
        client.get(NAME)
    assert raised.value.code is grpc.StatusCode.INTERNAL
    assert raised.value.message == "something else"
    assert raised.value.reason == ""
