"""The package against the built server with the demo model, where RUYI_SERVER_BIN names the
program."""

import os
import pathlib
import sys

import pytest
import ruyi

ROOT = pathlib.Path(__file__).resolve().parents[3]
BINARY = os.environ.get("RUYI_SERVER_BIN")

pytestmark = pytest.mark.skipif(not BINARY, reason="RUYI_SERVER_BIN names no server")


@pytest.fixture
def target(tmp_path):
    sys.path.insert(0, str(ROOT / "tests" / "integration"))
    from programs import Server

    server = Server(BINARY, tmp_path, {"--model": ROOT / "models" / "ruyi-tiny"})
    try:
        yield server.address()
    finally:
        server.kill()


def test_a_film_of_a_photograph(target, tmp_path):
    with ruyi.Client(target, quiet=True) as client:
        job = client.generate(
            ROOT / "tests" / "data" / "photo.jpg", size=(160, 96), camera="left", frames=8, steps=4, seed=7
        )
        film = job.save(tmp_path / "film.mp4")
        video = job.wait()
        assert video.name == job.name
        assert film.stat().st_size == video.result.size_bytes
        assert job.bytes() == film.read_bytes()


def test_wrong_fields_are_named(target):
    with ruyi.Client(target, quiet=True) as client:
        with pytest.raises(ruyi.InvalidRequest) as raised:
            client.estimate(ROOT / "tests" / "data" / "photo.jpg", frames=20)
        assert "frame_count" in {violation.field for violation in raised.value.violations}
