"""Requests that are sent again: request_id and reuse, also after the server was killed."""

import uuid

import grpc


def test_a_request_id_makes_one_video(caller):
    request = caller.request(request_id=str(uuid.uuid4()))
    first = caller.create_from(request)
    assert first.request_id == request.request_id
    assert caller.create_from(request).name == first.name
    made = caller.await_end(first.name)
    assert caller.create_from(request) == made
    generated = list(caller.generate_stream(request))
    assert generated[0].accepted.video.name == first.name
    assert generated[-1].completed.video == made


def test_a_request_id_with_another_request(caller):
    request_id = str(uuid.uuid4())
    name = caller.create(request_id=request_id).name
    for request in (caller.request(request_id=request_id, seed=8),
                    caller.request(request_id=request_id, labels={"film": "other"})):
        for call in (lambda: caller.create_from(request), lambda: caller.generate_stream(request)):
            resource = caller.assert_refused(grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED",
                                             call).details["ResourceInfo"]
            assert (resource.resource_type, resource.resource_name) == ("ruyi.v1.Video", name)
    caller.await_end(name)


def test_many_at_once_with_one_request_id(caller):
    message = caller.messages.CreateVideoRequest(request=caller.request(request_id=str(uuid.uuid4())))
    calls = [caller.service.CreateVideo.future(message) for _ in range(20)]
    (name,) = {call.result().name for call in calls}
    caller.await_end(name)


def test_reuse_gives_the_same_bytes_at_once(caller):
    seed = uuid.uuid4().int % 2**64
    first = caller.make(seed=seed)
    again = caller.create(seed=seed, reuse=caller.video.REUSE_PREFER)
    assert again.state == caller.state("SUCCEEDED")
    assert again.name != first.name
    assert again.result.reused_from == first.name
    assert again.result.sha256 == first.result.sha256
    assert again.usage == caller.video.VideoUsage()
    assert [event.WhichOneof("event") for event in caller.watch(again.name)] == ["accepted", "completed"]
    caller.delete(first.name)
    assert caller.download(again.name)


def test_no_reuse_of_what_differs(caller):
    seed = uuid.uuid4().int % 2**64
    caller.make(seed=seed)
    for request in (caller.request(seed=seed), caller.request(seed=seed, steps=2, reuse=caller.video.REUSE_PREFER),
                    caller.request(seed=None, reuse=caller.video.REUSE_PREFER)):
        video = caller.await_end(caller.create_from(request).name)
        assert not video.result.reused_from


def test_a_request_id_outlives_a_killed_server(site, tmp_path):
    state = tmp_path / "state"
    server, caller = site.start(state)
    request = caller.request(request_id=str(uuid.uuid4()))
    made = caller.await_end(caller.create_from(request).name)
    film = caller.download(made.name)
    server.kill()
    _, caller = site.start(state, await_ready=False)  # it is known before the model is loaded
    again = caller.create_from(request)
    assert again == made
    assert caller.download(made.name) == film
    other = caller.request(request_id=request.request_id, seed=8)
    caller.assert_refused(grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED", lambda: caller.create_from(other))
