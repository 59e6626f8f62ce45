"""A job from its name to its file."""

import threading

import pytest
import ruyi
from fake_server import PATIENCE_S, answer, fail, hold, status, stream
from films import FILM, NAME, chunk, chunks, completed, failed, last_chunk, progress
from ruyi.v1 import video_pb2

CANCELLED = ("CANCELLED", "CANCELLED_BY_CALLER")


@pytest.fixture
def job(client):
    return client.job(NAME)


@pytest.fixture
def film(tmp_path):
    """The file that is wanted."""
    return tmp_path / "film.mp4"


@pytest.fixture
def part(tmp_path):
    return tmp_path / "film.mp4.part"


def test_save_writes_the_growing_part_and_renames_it(server, job, film, part):
    seen = []

    def look_and_send_the_rest(request, context):
        seen.append((part.read_bytes(), film.exists()))
        yield from chunks(512)
        yield last_chunk()

    server.script(
        "DownloadVideo", stream(*chunks(0, 512), then=fail("INTERNAL")), look_and_send_the_rest
    )
    assert job.save(str(film)) == film
    assert seen == [(FILM[:512], False)]
    assert film.read_bytes() == FILM
    assert not part.exists()


def test_save_replaces_an_older_file_only_when_the_new_one_is_right(server, job, film, part):
    film.write_bytes(b"older")
    server.script(
        "DownloadVideo",
        stream(chunk(0, FILM), last_chunk(sha256=bytes(32))),
        stream(chunk(0, FILM), last_chunk()),
    )
    with pytest.raises(ruyi.DataLoss):
        job.save(film)
    assert film.read_bytes() == b"older"
    assert not part.exists()
    job.save(film)
    assert film.read_bytes() == FILM


@pytest.mark.parametrize(
    "end, kind",
    [
        (fail(*CANCELLED), ruyi.Cancelled),
        (fail("NOT_FOUND", "RESULT_EXPIRED"), ruyi.NotFound),
        (fail("FAILED_PRECONDITION", "RESULT_NOT_READY"), ruyi.Error),
    ],
)
def test_save_raises_what_became_of_the_video(server, job, film, part, end, kind):
    server.script("DownloadVideo", stream(*chunks(0, 256), then=end))
    with pytest.raises(kind):
        job.save(film)
    assert not film.exists()
    assert not part.exists()


def test_a_folder_that_is_not_there_is_named(job, tmp_path):
    with pytest.raises(FileNotFoundError) as raised:
        job.save(tmp_path / "none" / "film.mp4")
    assert raised.value.filename == str(tmp_path / "none")
    assert f"make it, or save {NAME}, which goes on, elsewhere" in str(raised.value)


def test_bytes(server, job):
    server.script("DownloadVideo", stream(*chunks(), last_chunk()))
    assert job.bytes() == FILM


def test_wait_gives_the_finished_video(server, job):
    server.script("WatchVideo", stream(progress(1, 3)), stream(progress(2, 5), completed(3)))
    assert job.wait().state == video_pb2.VIDEO_STATE_SUCCEEDED
    assert (job.progress.step, job.progress.total, job.progress.text) == (5, 8, "completed")


def test_wait_raises_the_error_of_the_video(server, job):
    server.script("WatchVideo", stream(failed(1, status(*CANCELLED, message="as you wished"))))
    with pytest.raises(ruyi.Cancelled) as raised:
        job.wait()
    assert raised.value.reason == "CANCELLED_BY_CALLER"
    assert raised.value.message == "as you wished"


def test_events_video_and_cancel_are_those_of_the_client(server, job):
    video = video_pb2.Video(name=NAME, state=video_pb2.VIDEO_STATE_CANCELLING)
    server.script("WatchVideo", stream(progress(5, 1), completed(6)))
    server.script("GetVideo", answer(video))
    server.script("CancelVideo", answer(video))
    assert [event.seq for event in job.events(after_seq=4)] == [5, 6]
    assert job.video() == job.cancel() == video
    assert server.requests["WatchVideo"][0].after_seq == 4


def test_a_quiet_job_is_not_watched_while_it_is_saved(server, job, film):
    server.script("DownloadVideo", stream(*chunks(), last_chunk()))
    job.save(film)
    assert server.requests["WatchVideo"] == []


def test_save_draws_the_progress(server, client, film, capsys, monkeypatch):
    job = client.job(NAME, quiet=False)
    drawn = threading.Event()
    update = job.progress.update

    def update_and_tell(event):
        update(event)
        if event.WhichOneof("event") == "completed":
            drawn.set()

    def send_when_drawn(request, context):
        yield from chunks()
        drawn.wait(PATIENCE_S)
        yield last_chunk()

    monkeypatch.setattr(job.progress, "update", update_and_tell)
    server.script("WatchVideo", stream(progress(1, 3), progress(2, 8), completed(3)))
    server.script("DownloadVideo", send_when_drawn)
    job.save(film)
    assert film.read_bytes() == FILM
    text = capsys.readouterr().err
    assert "denoising" in text
    assert "8/8" in text


def test_a_watch_that_fails_does_not_stop_the_download(server, client):
    server.script("WatchVideo", stream(then=fail("PERMISSION_DENIED")))
    server.script("DownloadVideo", stream(*chunks(), last_chunk()))
    assert client.job(NAME, quiet=False).bytes() == FILM


def test_a_download_that_fails_ends_the_watch(server, client):
    watched, ended = threading.Event(), threading.Event()

    def watch_to_the_end(request, context):
        watched.set()
        hold(request, context)
        ended.set()

    def fail_when_watched(request, context):
        watched.wait(PATIENCE_S)
        fail(*CANCELLED)(request, context)

    server.script("WatchVideo", stream(progress(1, 3), then=watch_to_the_end))
    server.script("DownloadVideo", stream(then=fail_when_watched))
    with pytest.raises(ruyi.Cancelled):
        client.job(NAME, quiet=False).bytes()
    assert ended.wait(PATIENCE_S)


def test_jobs_are_as_quiet_as_their_client(server, client, capsys):
    server.script(
        "CreateVideo", answer(video_pb2.Video(name=NAME)), answer(video_pb2.Video(name=NAME))
    )
    server.script("WatchVideo", *[stream(progress(1, 3), completed(2))] * 2)
    client.generate(b"picture").wait()
    assert capsys.readouterr().err == ""
    client.generate(b"picture", quiet=False).wait()
    assert "3/8" in capsys.readouterr().err
