"""The queue: order, positions, capacity; lists of videos by page, state and label."""

import uuid

import grpc


def start_times(caller, names):
    return [caller.await_end(name).start_time.ToNanoseconds() for name in names]


def test_priorities(caller):
    with caller.busy_worker():
        names = [caller.create(priority=caller.video.Priority.Value("PRIORITY_" + priority)).name
                 for priority in ("LOW", "NORMAL", "HIGH", "HIGH")]
    low, normal, high, second_high = start_times(caller, names)
    assert high < second_high < normal < low


def test_first_come_first_served(caller):
    with caller.busy_worker():
        names = [caller.create().name for _ in range(3)]
        positions = [caller.await_event(name, "queued").queued.position for name in names]
    assert positions == [1, 2, 3]
    started = start_times(caller, names)
    assert started == sorted(started)


def test_a_waiting_video_is_told_its_new_position(caller):
    with caller.busy_worker():
        before = caller.create().name
        call = caller.watch(caller.create().name)
        positions = []
        while positions != [caller.workers + 1]:
            event = next(call)
            positions += [event.queued.position] if event.WhichOneof("event") == "queued" else []
        caller.cancel(before)
        moved = next(event for event in call if event.WhichOneof("event") == "queued")
    assert (moved.seq, moved.queued.position) == (0, caller.workers)
    assert list(call)[-1].WhichOneof("event") == "completed"


def test_a_full_queue(site):
    _, caller = site.start(queue_capacity=1)
    with caller.busy_worker():
        waiting = caller.create().name
        for call in (caller.create, lambda: caller.generate_stream(caller.request())):
            refusal = caller.assert_refused(grpc.StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL", call)
            assert refusal.metadata["queue_capacity"] == "1"
            assert refusal.retry_delay_s() > 0
        caller.cancel(waiting)
        caller.cancel(caller.create().name)  # there is room again


def test_pages_of_a_list(caller):
    label = {"list": str(uuid.uuid4())}
    with caller.busy_worker():
        names = [caller.create(labels={**label, "odd": str(index % 2)}).name for index in range(5)]
        for name in names:
            caller.cancel(name)
    pages = []
    token = ""
    while not pages or token:
        answer = caller.list(page_size=2, page_token=token, labels=label)
        pages.append([video.name for video in answer.videos])
        token = answer.next_page_token
    assert pages == [[names[4], names[3]], [names[2], names[1]], [names[0]]]
    odd = caller.list(labels={**label, "odd": "1"}).videos
    assert [video.name for video in odd] == [names[3], names[1]]
    assert all(dict(video.labels) == {**label, "odd": "1"} for video in odd)


def test_lists_by_state(caller):
    label = {"list": str(uuid.uuid4())}
    made = caller.make(labels=label).name
    with caller.busy_worker():
        cancelled, waiting = caller.create(labels=label).name, caller.create(labels=label).name
        caller.cancel(cancelled)
        names = {state: [video.name for video in caller.list(states=[caller.state(state)], labels=label).videos]
                 for state in ("SUCCEEDED", "CANCELLED", "QUEUED", "FAILED")}
        both = caller.list(states=[caller.state("SUCCEEDED"), caller.state("QUEUED")], labels=label).videos
    caller.await_end(waiting)
    assert names == {"SUCCEEDED": [made], "CANCELLED": [cancelled], "QUEUED": [waiting], "FAILED": []}
    assert [video.name for video in both] == [waiting, made]
