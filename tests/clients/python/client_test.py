"""Calls that are answered at once: what they send, when they are made again, what they raise."""

import grpc
import pytest
import ruyi
from fake_server import PATIENCE_S, answer, fail, retry_info
from films import NAME
from google.protobuf import empty_pb2
from ruyi.v1 import capabilities_pb2, video_pb2, video_service_pb2

VIDEO = video_pb2.Video(name=NAME, state=video_pb2.VIDEO_STATE_QUEUED)
LOADING = fail("UNAVAILABLE", "MODEL_LOADING", details=[retry_info(7)])
FULL = fail("RESOURCE_EXHAUSTED", "QUEUE_FULL", details=[retry_info(30)])
TOMORROW = fail("RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", details=[retry_info(3600)])


def test_generate_sends_the_request_and_gives_the_job(server, client):
    server.script("CreateVideo", answer(VIDEO))
    job = client.generate(b"picture", camera="left", seed=7)
    assert job.name == NAME
    request = server.requests["CreateVideo"][0].request
    assert request.start_images[0].data == b"picture"
    assert request.camera == video_pb2.CAMERA_LEFT
    assert request.seed == 7


def test_an_answer_that_is_lost_makes_no_second_video(server, client):
    made = {}

    def make(request, context):
        return made.setdefault(
            request.request.request_id, video_pb2.Video(name=f"videos/{len(made)}")
        )

    def make_and_lose(request, context):
        make(request, context)
        context.abort(grpc.StatusCode.UNAVAILABLE, "the connection is lost")

    server.script("CreateVideo", make_and_lose, make)
    assert client.create(b"picture").name == "videos/0"
    assert len(made) == 1
    first, second = server.requests["CreateVideo"]
    assert first == second


def test_a_call_that_met_the_end_of_the_server_is_made_again(server, client):
    server.script("GetCapabilities", fail("CANCELLED"), answer(capabilities_pb2.Capabilities()))
    assert client.capabilities() == capabilities_pb2.Capabilities()


def test_what_the_server_calls_cancelled_is_final(server, client):
    server.script("CreateVideo", fail("CANCELLED", "CANCELLED_BY_CALLER"))
    with pytest.raises(ruyi.Cancelled):
        client.create(b"picture")


def test_an_upload_that_a_proxy_cancelled_is_final(server, client):
    server.script("UploadImage", fail("CANCELLED"))
    with pytest.raises(ruyi.Cancelled):
        client.upload(b"picture")


def test_two_requests_have_two_ids(server, client):
    server.script("CreateVideo", answer(VIDEO), answer(VIDEO))
    client.create(b"picture")
    client.create(b"picture")
    assert len({sent.request.request_id for sent in server.requests["CreateVideo"]}) == 2


def test_the_caller_may_choose_the_id(server, client):
    server.script("CreateVideo", answer(VIDEO))
    client.create(b"picture", request_id="9f2c")
    assert server.requests["CreateVideo"][0].request.request_id == "9f2c"


def test_validate_only_is_passed_on(server, client):
    server.script("CreateVideo", answer(video_pb2.Video()))
    client.create(b"picture", validate_only=True)
    assert server.requests["CreateVideo"][0].validate_only


def test_the_server_says_how_long_to_wait(server, client, waits):
    server.script("GetCapabilities", LOADING, answer(capabilities_pb2.Capabilities(model="ruyi")))
    assert client.capabilities().model == "ruyi"
    assert waits == [7.0]


def test_a_full_queue_is_asked_again_and_then_reported(server, client, waits):
    server.script("CreateVideo", FULL, FULL, FULL, FULL)
    with pytest.raises(ruyi.QueueFull) as raised:
        client.create(b"picture")
    assert raised.value.retry_after == 30
    assert waits == [30, 30, 30]


def test_nobody_waits_until_tomorrow(server, client, waits):
    server.script("CreateVideo", TOMORROW)
    with pytest.raises(ruyi.Error) as raised:
        client.create(b"picture")
    assert raised.value.reason == "QUOTA_EXCEEDED"
    assert raised.value.retry_after == 3600
    assert waits == []


def test_a_server_that_stays_away_is_given_up(server, client, waits):
    server.stop()
    with pytest.raises(ruyi.Unavailable):
        client.get(NAME)
    assert len(waits) == 3


def test_a_server_that_comes_back_is_found(server):
    def start(seconds):
        server.start()
        grpc.channel_ready_future(client._channel).result(timeout=PATIENCE_S)

    server.script("GetVideo", answer(VIDEO))
    server.stop()
    with ruyi.Client(server.target, retry=ruyi.Retry(sleep=start)) as client:
        assert client.get(NAME) == VIDEO


@pytest.mark.parametrize(
    "code", ["INTERNAL", "UNKNOWN", "RESOURCE_EXHAUSTED", "ABORTED", "DEADLINE_EXCEEDED"]
)
def test_other_errors_of_a_call_are_not_tried_again(server, client, code):
    server.script("CreateVideo", fail(code))
    with pytest.raises(ruyi.Error) as raised:
        client.create(b"picture")
    assert raised.value.code is grpc.StatusCode[code]
    assert len(server.requests["CreateVideo"]) == 1


def test_get_and_cancel(server, client):
    server.script("GetVideo", answer(VIDEO))
    server.script("CancelVideo", answer(VIDEO))
    assert client.get(NAME) == VIDEO
    assert client.cancel(NAME) == VIDEO
    assert server.requests["GetVideo"][0].name == server.requests["CancelVideo"][0].name == NAME


def test_list_reads_every_page(server, client):
    page = video_service_pb2.ListVideosResponse
    server.script(
        "ListVideos",
        answer(page(videos=[VIDEO], next_page_token="more")),
        LOADING,
        answer(page(videos=[VIDEO, VIDEO])),
    )
    listed = client.list(
        states=["running", video_pb2.VIDEO_STATE_QUEUED], labels={"a": "b"}, page_size=2
    )
    assert list(listed) == [VIDEO, VIDEO, VIDEO]
    first, _, third = server.requests["ListVideos"]
    assert list(first.states) == [video_pb2.VIDEO_STATE_RUNNING, video_pb2.VIDEO_STATE_QUEUED]
    assert dict(first.labels) == {"a": "b"}
    assert (first.page_size, first.page_token, third.page_token) == (2, "", "more")


def test_delete_is_not_made_again(server, client):
    server.script("DeleteVideo", fail("UNAVAILABLE"), answer(empty_pb2.Empty()))
    with pytest.raises(ruyi.Unavailable):
        client.delete(NAME)
    assert client.delete(NAME) is None
    assert [request.name for request in server.requests["DeleteVideo"]] == [NAME, NAME]


def test_upload_sends_the_picture_in_pieces_and_again_from_its_start(server, client):
    picture = bytes(600 * 1024)
    server.script(
        "UploadImage", fail("UNAVAILABLE"), answer(video_service_pb2.Image(name="images/1"))
    )
    assert client.upload(picture).name == "images/1"
    for pieces in server.requests["UploadImage"]:
        assert len(pieces) == 3
        assert b"".join(piece.data for piece in pieces) == picture


def test_estimate_asks_for_another_device(server, client):
    server.script(
        "EstimateVideo",
        answer(video_service_pb2.EstimateVideoResponse(budget_mib=12)),
        answer(video_service_pb2.EstimateVideoResponse()),
    )
    assert client.estimate(b"picture", vram_mib=12, frames=24).budget_mib == 12
    client.estimate(b"picture")
    first, second = server.requests["EstimateVideo"]
    assert (first.vram_mib, first.request.frame_count) == (12, 24)
    assert not second.HasField("vram_mib")
