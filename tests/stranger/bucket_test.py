"""A server that keeps its bytes in a bucket, also while the bucket is away."""

import grpc
import pytest

from bucket import KEYS, Bucket

UNAVAILABLE = grpc.StatusCode.UNAVAILABLE


@pytest.fixture
def bucket(tmp_path, monkeypatch):
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    opened = Bucket(tmp_path)
    yield opened
    opened.take_away()


def test_a_film_outlives_the_server(site, bucket, tmp_path):
    server, caller = site.start(tmp_path / "state", artifacts=bucket.url())
    film = caller.make()
    data = caller.download(film.name)
    assert len(data) == film.result.size_bytes
    assert server.terminate() == 0
    _, caller = site.start(tmp_path / "state", artifacts=bucket.url())
    assert caller.download(film.name) == data
    assert caller.make().result.sha256 == film.result.sha256
    caller.delete(film.name)


def test_while_the_bucket_is_away(site, bucket):
    _, caller = site.start(artifacts=bucket.url())
    film = caller.make()
    data = caller.download(film.name)
    name = caller.create_from(caller.long_request(seed=7)).name
    caller.await_denoising(name)
    bucket.take_away()
    for call in (lambda: caller.upload(caller.photo), lambda: caller.create(seed=8), lambda: caller.download(film.name),
                 lambda: caller.delete(film.name)):
        assert caller.assert_refused(UNAVAILABLE, "STORE_UNAVAILABLE", call).retry_delay_s() > 0
    assert caller.get(name).state == caller.state("RUNNING")  # what needs no bytes is answered
    assert len(caller.list().videos) == 2
    bucket.start()
    assert caller.download(film.name) == data
    assert caller.upload(caller.photo).name
    caller.delete(film.name)
    caller.cancel(name)


def test_a_job_goes_on_when_the_bucket_comes_back(site, bucket):
    server, caller = site.start(artifacts=bucket.url())
    name = caller.create(steps=20).name
    caller.await_denoising(name)
    bucket.take_away()
    server.await_log("store_trouble")  # its first bytes, which wait
    bucket.start()
    film = caller.await_end(name)
    assert film.state == caller.state("SUCCEEDED")
    assert len(caller.download(name)) == film.result.size_bytes
    assert not [entry for entry in server.log() if KEYS["AWS_SECRET_ACCESS_KEY"] in str(entry)]
