"""The life of a video: created, watched, downloaded, listed, cancelled and deleted."""

import grpc

from caller import assert_log, kinds
from programs import DEADLINE_S


def logged(events):
    return [event for event in events if event.seq > 0]


def test_from_creation_to_deletion(caller):
    created = caller.create(labels={"film": "life"})
    assert created.name.startswith("videos/")
    assert created.state in (caller.state("QUEUED"), caller.state("RUNNING"))
    assert created.settings.seed == 7 and created.settings.frame_count == 8 and created.settings.steps == 1
    assert created.plan.predicted_mib > 0
    made = caller.await_end(created.name)
    film = caller.download(created.name)
    assert made.result.size_bytes == len(film)
    shown = caller.get(created.name)
    assert shown == made
    assert shown.state == caller.state("SUCCEEDED")
    assert shown.etag != created.etag
    times = [time.ToNanoseconds() for time in (shown.create_time, shown.start_time, shown.end_time, shown.expire_time)]
    assert times == sorted(times)
    assert [video.name for video in caller.list(labels={"film": "life"}).videos] == [created.name]
    caller.delete(created.name)
    caller.assert_refused(grpc.StatusCode.NOT_FOUND, "NOT_FOUND", lambda: caller.get(created.name))
    assert not caller.list(labels={"film": "life"}).videos


def test_the_log_tells_the_whole_life(caller):
    name = caller.create(steps=3).name
    seen = list(caller.watch(name))
    assert_log(seen)
    replayed = list(caller.watch(name))
    assert_log(replayed)
    assert kinds(replayed)[:3] == ["accepted", "queued", "started"]
    assert set(kinds(replayed)[3:-1]) == {"progress"}
    times = [event.time.ToNanoseconds() for event in replayed]
    assert times == sorted(times)
    live = {event.seq: event for event in seen}
    assert all(live[event.seq] == event for event in replayed if event.seq in live)


def test_watchers_agree(caller):
    with caller.busy_worker():
        name = caller.create(steps=3).name
        watchers = [caller.watch(name) for _ in range(2)]
    first, second = ({event.seq: event for event in logged(watcher)} for watcher in watchers)
    for seq in first.keys() & second.keys():
        assert first[seq] == second[seq]
    for seq in first.keys() ^ second.keys():  # the one or the other was slow
        event = first.get(seq) or second.get(seq)
        assert event.WhichOneof("event") == "progress"


def test_watching_goes_on_after_a_seq(caller):
    name = caller.make().name
    events = list(caller.watch(name))
    assert list(caller.watch(name, after_seq=events[1].seq)) == events[2:]
    assert list(caller.watch(name, after_seq=events[-1].seq)) == events[-1:]  # the end, whatever was seen


def test_cancel_of_a_video_that_waits(caller):
    with caller.busy_worker():
        name = caller.create().name
        cancelled = caller.cancel(name)
        assert cancelled.state == caller.state("CANCELLED")
        assert cancelled.error.code == grpc.StatusCode.CANCELLED.value[0]
        assert caller.cancel(name) == cancelled  # and again
        refusal = caller.await_failure(name)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.CANCELLED.value[0], "CANCELLED_BY_CALLER")


def test_cancel_of_a_video_that_is_being_made(caller):
    name = caller.create_from(caller.long_request()).name
    caller.await_denoising(name)
    cancelled = caller.cancel(name)
    assert cancelled.state in (caller.state("CANCELLING"), caller.state("CANCELLED"))
    refusal = caller.await_failure(name)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.CANCELLED.value[0], "CANCELLED_BY_CALLER")
    assert "cancelling" in kinds(caller.watch(name))
    assert caller.get(name).state == caller.state("CANCELLED")


def test_cancel_leaves_a_finished_video_as_it_is(caller):
    made = caller.make()
    assert caller.cancel(made.name) == made
    assert caller.download(made.name)


def test_upload_is_found_by_its_content(caller):
    first = caller.upload(caller.photo[:100], b"", caller.photo[100:])
    assert first.size_bytes == len(caller.photo)
    assert first.size.width > 0 and first.size.height > 0
    assert first.expire_time.ToNanoseconds() > 0
    assert caller.upload(caller.photo).name == first.name
    by_name = caller.make(start_images=[caller.messages.ImageInput(image=first.name)])
    by_data = caller.make()
    assert caller.download(by_name.name) == caller.download(by_data.name)


def test_validate_only_makes_nothing(caller):
    before = caller.list().videos
    checked = caller.create_from(caller.request(labels={"film": "none"}), validate_only=True)
    assert not checked.name
    assert checked.settings.seed == 7
    assert checked.plan.predicted_mib > 0
    assert list(caller.list().videos) == list(before)


def test_many_calls_at_once(caller):
    made = caller.make()
    request = caller.messages.GetVideoRequest(name=made.name)
    calls = [caller.service.GetVideo.future(request, timeout=DEADLINE_S) for _ in range(100)]
    assert all(call.result() == made for call in calls)
