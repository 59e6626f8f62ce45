"""Keyword arguments and pictures as the messages that are sent."""

import datetime
import io
import os
import pathlib
import threading

import PIL.Image
import pytest
import ruyi
from google.protobuf import text_format
from ruyi.request import build_request
from ruyi.v1 import video_service_pb2

UPLOAD = "images/" + "0" * 64

EXAMPLES = [
    ({"frames": 24}, "frame_count: 24"),
    ({"size": (768, 512)}, "size { width: 768 height: 512 }"),
    ({"base_resolution": 512}, "base_resolution: 512"),
    ({"camera": "left"}, "camera: CAMERA_LEFT"),
    ({"camera": "CAMERA_STATIC"}, "camera: CAMERA_STATIC"),
    ({"motion": 3}, "motion: 3"),
    ({"sampler": "euler_ancestral"}, "sampler: SAMPLER_EULER_ANCESTRAL"),
    ({"steps": 9}, "steps: 9"),
    ({"guidance": 6.5}, "guidance_scale: 6.5"),
    ({"guidance_rescale": 0.5}, "guidance_rescale: 0.5"),
    ({"clip_apply_ratio": 0.25}, "clip_apply_ratio: 0.25"),
    ({"seed": 2**64 - 1}, "seed: 18446744073709551615"),
    ({"seed": 0}, "seed: 0"),
    ({"loras": {"film": 0.5}}, "acceleration { loras { name: 'film' strength: 0.5 } }"),
    ({"loras": ["film"]}, "acceleration { loras { name: 'film' } }"),
    ({"fp8": "lite"}, "acceleration { fp8 { mode: FP8_MODE_LITE } }"),
    (
        {"fp8": {"mode": "strong", "type": "e5m2"}},
        "acceleration { fp8 { mode: FP8_MODE_STRONG type: FP8_TYPE_E5M2 } }",
    ),
    (
        {"fp8": {"mode": "strong", "arithmetic": "scaled"}},
        "acceleration { fp8 { mode: FP8_MODE_STRONG arithmetic: FP8_ARITHMETIC_SCALED } }",
    ),
    ({"tea_cache": True}, "acceleration { tea_cache {} }"),
    ({"tea_cache": 0.25}, "acceleration { tea_cache { threshold: 0.25 } }"),
    ({"tea_cache": {"offload": True}}, "acceleration { tea_cache { offload: true } }"),
    ({"tea_cache": False}, ""),
    ({"enhance": 2}, "acceleration { enhance_a_video { weight: 2 } }"),
    ({"easy_cache": True}, "acceleration { easy_cache {} }"),
    ({"easy_cache": 0.1}, "acceleration { easy_cache { threshold: 0.1 } }"),
    ({"guidance_gate": 0.4}, "acceleration { guidance_gate { start_ratio: 0.4 } }"),
    ({"quality": "balanced"}, "quality: QUALITY_BALANCED"),
    ({"memory": "smallest"}, "memory { policy: MEMORY_POLICY_SMALLEST }"),
    (
        {"memory": {"vae_tiling": True, "max_vram_mib": 9}},
        "memory { vae_tiling: true max_vram_mib: 9 }",
    ),
    (
        {"labels": {"film": "harbour", "camera": "left"}},
        "labels { key: 'film' value: 'harbour' } labels { key: 'camera' value: 'left' }",
    ),
    ({"priority": "high"}, "priority: PRIORITY_HIGH"),
    ({"timeout": 1.5}, "execution_timeout { seconds: 1 nanos: 500000000 }"),
    ({"timeout": datetime.timedelta(minutes=1)}, "execution_timeout { seconds: 60 }"),
    ({"preview": True}, "preview {}"),
    ({"preview": 4}, "preview { every_steps: 4 }"),
    ({"preview": {"width": 64}}, "preview { width: 64 }"),
    ({"encoding": {"preset": "slow", "crf": 0}}, "encoding { crf: 0 preset: ENCODER_PRESET_SLOW }"),
    ({"reuse": True}, "reuse: REUSE_PREFER"),
    ({"reuse": "never"}, "reuse: REUSE_NEVER"),
    ({"end": b"last"}, "end_images { data: 'last' }"),
    ({"end": [b"one", UPLOAD]}, f"end_images {{ data: 'one' }} end_images {{ image: '{UPLOAD}' }}"),
    ({"camera": None, "frames": None, "fp8": None}, ""),
]


@pytest.mark.parametrize(
    "options, expected", EXAMPLES, ids=[str(options) for options, _ in EXAMPLES]
)
def test_options(options, expected):
    request = build_request(b"picture", options)
    request.ClearField("start_images")
    request.ClearField("request_id")
    assert request == text_format.Parse(expected, video_service_pb2.GenerateVideoRequest())


def test_every_field_of_the_contract_has_an_option():
    filled = {"start_images", "request_id"}
    for options, _ in EXAMPLES:
        filled |= {field.name for field, _ in build_request(b"picture", options).ListFields()}
    others = {"on_disconnect"}  # of GenerateVideo, which the package does not call
    assert filled | others == set(video_service_pb2.GenerateVideoRequest.DESCRIPTOR.fields_by_name)


def test_every_option_has_an_example():
    assert {name for options, _ in EXAMPLES for name in options} | {"request_id"} == set(
        ruyi.Options.__annotations__
    )


@pytest.mark.parametrize(
    "options, kind, what",
    [
        ({"frame": 24}, TypeError, "no option 'frame'; use one of .*frames"),
        (
            {"camera": "west"},
            ValueError,
            "'west' is no Camera; use one of 'auto', 'static', 'left'",
        ),
        (
            {"memory": {"limit": 1}},
            ValueError,
            "Memory has no field 'limit'; use one of max_host_mib, max_vram_mib",
        ),
        ({"seed": -1}, ValueError, "seed cannot be -1"),
        ({"frames": "many"}, TypeError, "frame_count cannot be 'many'"),
        ({"size": 512}, TypeError, "int"),
    ],
)
def test_what_cannot_be_said_is_refused(options, kind, what):
    with pytest.raises(kind, match=what):
        build_request(b"picture", options)


def test_a_path(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"encoded")
    assert build_request(path, {}).start_images[0].data == b"encoded"
    assert build_request(str(path), {}).start_images[0].data == b"encoded"


def test_a_path_that_is_not_there():
    with pytest.raises(FileNotFoundError):
        build_request(pathlib.Path("none.jpg"), {})


def test_a_file_that_is_too_large(tmp_path):
    path = tmp_path / "photo.jpg"
    with path.open("wb") as file:
        file.truncate(64 * 2**20 + 1)
    for endless in (path, "/dev/zero"):
        with pytest.raises(ValueError, match=f"{endless} has more than 64 MiB"):
            build_request(endless, {})


def test_a_pipe(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    picture = b"p" * 3_000_000
    writing = threading.Thread(target=path.write_bytes, args=(picture,))
    writing.start()
    assert build_request(path, {}).start_images[0].data == picture
    writing.join()


@pytest.mark.parametrize("data", [b"encoded", bytearray(b"encoded"), memoryview(b"encoded")])
def test_bytes(data):
    assert build_request(data, {}).start_images[0].data == b"encoded"


@pytest.mark.parametrize(
    "upload", [UPLOAD, video_service_pb2.Image(name=UPLOAD)], ids=["name", "message"]
)
def test_an_upload(upload):
    assert build_request(upload, {}).start_images[0].image == UPLOAD


def test_a_picture_of_pillow_loses_nothing():
    picture = PIL.Image.new("RGB", (3, 2), (10, 20, 30))
    sent = build_request(picture, {}).start_images[0].data
    read = PIL.Image.open(io.BytesIO(sent))
    assert read.format == "PNG"
    assert read.tobytes() == picture.tobytes()


def test_several_pictures():
    sent = build_request([b"one", b"two"], {}).start_images
    assert [picture.data for picture in sent] == [b"one", b"two"]
