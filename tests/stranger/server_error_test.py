"""Calls that are refused for the state of the server."""

import json
import signal
import threading

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

import pictures

UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
RESOURCE_EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED


def model_calls(caller):
    """The calls that need the model, and are refused while there is none."""
    request = caller.request()
    return (lambda: caller.create_from(request), lambda: caller.create_from(request, validate_only=True),
            lambda: caller.generate_stream(request), lambda: caller.estimate(request),
            lambda: caller.service.GetCapabilities(caller.messages.GetCapabilitiesRequest()))


def test_while_the_model_is_loaded(site):
    server, caller = site.start(await_ready=False, calibration_file="none")
    for call in model_calls(caller):
        assert caller.assert_refused(UNAVAILABLE, "MODEL_LOADING", call).retry_delay_s() > 0
    assert not caller.list().videos  # which needs none
    assert caller.upload(caller.photo).name
    server.await_log("ready")
    caller.make()


def test_while_the_server_drains(site):
    server, caller = site.start(drain_timeout=3600)
    film = caller.make()
    name = caller.create_from(caller.long_request()).name
    caller.await_denoising(name)
    waiting, unwanted = (caller.create().name for _ in range(2))
    streams = [caller.watch(name), caller.watch(waiting),
               caller.generate_stream(caller.request(on_disconnect=caller.messages.ON_DISCONNECT_DETACH))]
    for stream in streams:
        assert next(stream).WhichOneof("event") == "accepted"
    server.signal(signal.SIGTERM)
    server.await_log("draining")
    for call in model_calls(caller):
        assert caller.assert_refused(UNAVAILABLE, "DRAINING", call).retry_delay_s() > 0
    assert caller.get(name).state == caller.state("RUNNING")  # all that needs no model is answered
    assert len(caller.download(film.name)) == film.result.size_bytes
    assert len(caller.list().videos) == 5
    assert caller.cancel(unwanted).state == caller.state("CANCELLED")
    server.signal(signal.SIGTERM)  # it waits no longer
    for stream in streams:
        assert caller.assert_refused(UNAVAILABLE, "DRAINING", lambda: stream).retry_delay_s() > 0
    assert server.exit_code() == 0


def test_a_full_disk(site):
    _, caller = site.start(disk_budget=1)
    caller.make()
    filler, too_much = (pictures.noise(500, 640, seed) for seed in range(2))  # of 0.92 MiB each
    caller.upload(filler)
    # Pictures of a request are kept in the size of the video, 0.04 MiB each; four are too many.
    request = caller.request(start_images=[caller.messages.ImageInput(data=pictures.noise(160, 96, seed))
                                           for seed in range(4)])
    calls = (lambda: caller.upload(too_much), lambda: caller.create_from(request),
             lambda: caller.generate_stream(request))
    for call in calls:
        assert caller.assert_refused(RESOURCE_EXHAUSTED, "DISK_FULL", call).retry_delay_s() > 0
    assert caller.estimate(request).HasField("chosen")  # which keeps nothing


def believe_in_speed(calibration_file):
    """Lets a server believe that its work on this machine takes no time."""
    machines = json.loads(calibration_file.read_text(encoding="utf-8"))
    for machine in machines.values():
        for name in machine:
            if name.endswith("_seconds"):
                machine[name] = 0 if isinstance(machine[name], float) else dict.fromkeys(machine[name], 0)
    calibration_file.write_text(json.dumps(machines), encoding="utf-8")


def test_a_job_that_takes_too_long(site, tmp_path):
    calibration_file = tmp_path / "calibration.json"
    server, _ = site.start(calibration_file=calibration_file)
    assert server.terminate() == 0
    believe_in_speed(calibration_file)
    _, caller = site.start(calibration_file=calibration_file)
    request = caller.long_request(execution_timeout=Duration(nanos=1000))
    refusal = caller.await_failure(caller.create_from(request).name)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED.value[0], "JOB_TIMEOUT")
    caller.assert_refused(grpc.StatusCode.DEADLINE_EXCEEDED, "JOB_TIMEOUT", lambda: caller.generate_stream(request))


@pytest.mark.parametrize("while_down", (True, False))
def test_a_film_that_changed_on_the_disk(site, tmp_path, while_down):
    state = tmp_path / "state"
    server, caller = site.start(state)
    made = caller.make()
    other = caller.make(seed=8)
    if while_down:
        assert server.terminate() == 0
    path = state / "artifacts" / "results" / f"{made.name.removeprefix('videos/')}.mp4"
    film = bytearray(path.read_bytes())
    film[len(film) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(film)
    if while_down:
        server, caller = site.start(state)
    caller.assert_refused(grpc.StatusCode.DATA_LOSS, "ARTIFACT_CORRUPT", lambda: caller.download_stream(made.name))
    assert caller.download(other.name)
    caller.delete(made.name)


def await_state(caller, name, state):
    """Until the janitor has been there, which looks every 10 s."""
    while caller.get(name).state != caller.state(state):
        pass


def test_a_film_that_expired(site):
    _, caller = site.start(result_ttl=0)
    name = caller.make().name
    await_state(caller, name, "EXPIRED")
    caller.assert_refused(grpc.StatusCode.NOT_FOUND, "RESULT_EXPIRED", lambda: caller.download_stream(name))
    assert caller.get(name).result.size_bytes > 0
    assert list(caller.watch(name))[-1].WhichOneof("event") == "completed"
    caller.delete(name)
    caller.assert_refused(grpc.StatusCode.NOT_FOUND, "NOT_FOUND", lambda: caller.get(name))


def test_an_upload_that_stalls(caller):
    over = threading.Event()

    def parts():
        yield caller.messages.UploadImageRequest(data=caller.photo[:100])
        over.wait()

    try:
        caller.assert_refused(grpc.StatusCode.DEADLINE_EXCEEDED, "UPLOAD_STALLED",
                              lambda: caller.service.UploadImage(parts()))
    finally:
        over.set()
