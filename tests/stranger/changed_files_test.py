"""Files that change behind the server's back: LoRAs, the model, films, the state folder. And a LoRA that is too much."""

import os
import shutil

import grpc
import pytest

from conftest import MODEL
from weights import make_large, write_lora


def with_lora(caller, **fields):
    lora = caller.video.Lora(name="style", strength=1)
    return caller.request(acceleration=caller.video.Acceleration(loras=[lora]), **fields)


def assert_fails(caller, name, code, reason):
    refusal = caller.await_failure(name)
    assert (refusal.code, refusal.reason) == (code.value[0], reason)
    assert refusal.status.message
    assert caller.refusal_of(caller.get(name).error).reason == reason


def write_in_place(lora):
    write_lora(lora, 0.02)


def rename_over(lora):
    write_lora(lora.with_suffix(".new"), 0.02)
    lora.with_suffix(".new").rename(lora)


@pytest.mark.parametrize("change", (write_in_place, rename_over, os.remove))
def test_a_lora_that_changes_while_its_video_waits(site, tmp_path, change):
    lora = tmp_path / "style.safetensors"
    write_lora(lora, 0.01)
    _, caller = site.start(lora_dir=tmp_path)
    assert caller.await_end(caller.create_from(with_lora(caller)).name)
    with caller.busy_worker():
        name = caller.create_from(with_lora(caller, seed=8)).name
        change(lora)
    assert_fails(caller, name, grpc.StatusCode.FAILED_PRECONDITION, "LORA_CHANGED")


def test_a_lora_with_which_numbers_overflow(site, tmp_path):
    write_lora(tmp_path / "style.safetensors", 1e18)
    _, caller = site.start(lora_dir=tmp_path)
    name = caller.create_from(with_lora(caller)).name
    assert_fails(caller, name, grpc.StatusCode.INTERNAL, "NOT_FINITE")


def test_a_model_that_somebody_writes_into(site, tmp_path):
    model = tmp_path / "model"
    shutil.copytree(MODEL, model)
    weights = model / "embeddings.safetensors"
    make_large(weights)
    server, caller = site.start(model=model)
    caller.make()
    with weights.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"x")
    refusal = caller.await_failure(caller.create().name)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.FAILED_PRECONDITION.value[0], "MODEL_CHANGED")
    assert server.exit_code() == 3  # its supervisor starts it with the model as it is now


def test_a_film_that_an_earlier_attempt_began_otherwise(site, tmp_path):
    """As after an update of the server: readers may have the other bytes."""
    state = tmp_path / "state"
    server, caller = site.start(state)
    name = caller.create_from(caller.long_request()).name
    caller.await_denoising(name)
    server.kill()
    film = state / "artifacts" / "results" / f"{name.removeprefix('videos/')}.mp4"
    assert not film.exists()
    film.write_bytes(b"not the film that comes now")
    _, caller = site.start(state)
    assert_fails(caller, name, grpc.StatusCode.DATA_LOSS, "RESULT_CHANGED")


def test_a_disk_that_fails(site, tmp_path):
    state = tmp_path / "state"
    _, caller = site.start(state)
    blobs = state / "artifacts" / "blobs"
    blobs.rename(tmp_path / "moved")
    blobs.write_text("no folder")
    for call in (caller.create, lambda: caller.upload(caller.photo), lambda: caller.generate_stream(caller.request())):
        caller.assert_refused(grpc.StatusCode.INTERNAL, "INTERNAL", call)
