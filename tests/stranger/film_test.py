"""What is in the MP4 file, and previews on the way to it."""

import json
import subprocess

import pytest

from programs import DEADLINE_S

JPEG = b"\xff\xd8\xff"
AI_MARK = b"http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


def probe(film, path):
    """What ffprobe says of the film, all frames decoded, without a word of complaint."""
    path.write_bytes(film)
    run = subprocess.run(["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-show_format", "-of", "json",
                          str(path)], capture_output=True, text=True, timeout=DEADLINE_S, check=True)
    assert run.stderr == ""
    return json.loads(run.stdout)


def boxes(film):
    """The types of the MP4's outermost boxes."""
    found = []
    offset = 0
    while offset < len(film):
        size = int.from_bytes(film[offset:offset + 4], "big")
        found.append(film[offset + 4:offset + 8])
        assert size >= 8
        offset += size
    assert offset == len(film)
    return found


def assert_plays(film, path, frames):
    (stream,) = probe(film, path)["streams"]
    assert [stream[key] for key in ("codec_name", "pix_fmt", "r_frame_rate")] == ["h264", "yuv420p", "24/1"]
    assert int(stream["nb_read_frames"]) == frames


def test_faststart_is_one_plain_file(caller, tmp_path):
    film = caller.download(caller.make(encoding=caller.video.Encoding(faststart=True)).name)
    assert_plays(film, tmp_path / "film.mp4", 8)
    found = boxes(film)
    assert b"moof" not in found
    assert found.index(b"moov") < found.index(b"mdat")


@pytest.mark.parametrize("fragment_frames", (1, 8, 120))
def test_fragments(caller, tmp_path, fragment_frames):
    film = caller.download(caller.make(encoding=caller.video.Encoding(fragment_frames=fragment_frames)).name)
    assert_plays(film, tmp_path / "film.mp4", 8)
    assert boxes(film).count(b"moof") == max(1, 8 // fragment_frames)


def test_rate_and_preset(caller, tmp_path):
    fine = caller.make(encoding=caller.video.Encoding(crf=0))
    rough = caller.make(encoding=caller.video.Encoding(crf=51, preset=caller.video.ENCODER_PRESET_ULTRAFAST))
    assert rough.settings.encoding.crf == 51
    assert rough.settings.encoding.preset == caller.video.ENCODER_PRESET_ULTRAFAST
    assert rough.result.size_bytes < fine.result.size_bytes
    assert_plays(caller.download(rough.name), tmp_path / "film.mp4", 8)


def test_provenance(caller, tmp_path):
    made = caller.make(sampler=caller.video.SAMPLER_EULER, seed=2**64 - 1)
    film = caller.download(made.name)
    told = made.result.provenance
    assert (told.model, told.sampler, told.seed) == ("ruyi-tiny", caller.video.SAMPLER_EULER, 2**64 - 1)
    assert len(told.model_sha256) == 64
    assert told.device
    tags = probe(film, tmp_path / "film.mp4")["format"]["tags"]
    assert (tags["model"], tags["model_sha256"], tags["build"]) == (told.model, told.model_sha256, told.build)
    assert tags["arithmetic"] == told.arithmetic != ""
    assert int(tags["seed"]) == told.seed
    assert tags["sampler"].lower() == "euler"
    assert AI_MARK in film


def test_previews(caller):
    name = caller.create(steps=4, preview=caller.video.Preview(every_steps=2, width=32)).name
    events = [event.preview for event in caller.watch(name) if event.WhichOneof("event") == "preview"]
    assert events
    for preview in events:
        assert preview.step in (2, 4)
        assert preview.jpeg.startswith(JPEG)
        assert preview.size.width == 32 and preview.size.height > 0


def test_no_previews_unless_asked_for(caller):
    assert "preview" not in {event.WhichOneof("event") for event in caller.watch(caller.make(steps=5).name)}
