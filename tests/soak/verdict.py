"""What became of each job, judged on a healthy server and then on its stopped database."""

import collections
import hashlib
import random

import grpc

from callers import ENDS, Wrong, check_chunk, check_end

COMPLETED = "completed"
FAILED = "failed as allowed"
LOST = "lost"
DUPLICATED = "duplicated"
WRONG_BYTES = "wrong bytes"
WRONG_LOG = "wrong log"
BAD = (LOST, DUPLICATED, WRONG_BYTES, WRONG_LOG)
CRASHES = 3  # after which a job is given up: core/job/job_record.h


class Verdict:
    """Judges jobs by `reference` (the right bytes by recipe) and the reasons with which they may fail here. Where
    `believes_callers`, what a caller has read whole while it was made is not read once more."""

    def __init__(self, connection, make_request, reference, allowed, believes_callers=False):
        self._connection = connection
        self._messages = connection.messages
        self._make_request = make_request
        self._reference = reference
        self._allowed = allowed
        self._believes_callers = believes_callers
        self._by_request = collections.Counter()
        self.findings = []  # (kind, what)

    def judge(self, jobs, seed):
        """The number of jobs by what became of them."""
        self._by_request = collections.Counter(video.request_id for video in self._list())
        outcomes = collections.Counter()
        for job in jobs:
            outcome = self._outcome(job, random.Random(f"{seed}/verdict/{job.number}"))
            outcomes[outcome] += 1
        return outcomes

    def _find(self, kind, job, what):
        self.findings.append(f"{kind}: job {job.number} {job.name} {job.recipe}: {what}")
        return kind

    def _list(self):
        token = ""
        while True:
            page = self._service().ListVideos(self._messages.ListVideosRequest(page_size=100, page_token=token),
                                              timeout=self._connection.call_s)
            yield from page.videos
            token = page.next_page_token
            if not token:
                return

    def _service(self):
        return self._connection.service()

    def _outcome(self, job, rng):
        if not job.names:
            return self._find(LOST, job, "; ".join(["was never acknowledged", *map(str, job.wrongs)]))
        expected = 0 if job.damage == "row" else 1
        if len(job.names) > 1 or self._by_request[job.request_id] > expected:
            return self._find(DUPLICATED, job, f"{self._by_request[job.request_id]} records, names {job.names}")
        if self._by_request[job.request_id] < expected:
            return self._find(LOST, job, "is not listed")
        right = self._reference[job.recipe]
        if not right.startswith(bytes(job.data)) or (job.is_whole and len(job.data) != len(right)):
            return self._find(WRONG_BYTES, job, f"{len(job.data)} bytes that were downloaded live are wrong")
        try:
            return self._judge(job, right, rng)
        except (Wrong, grpc.RpcError) as wrong:
            return self._find(WRONG_BYTES if isinstance(wrong, Wrong) else LOST, job, str(wrong))

    def _judge(self, job, right, rng):
        if job.wrongs:
            return self._find(LOST, job, "; ".join(map(str, job.wrongs)))
        if job.damage == "row":
            return self._judge_unreadable(job)
        events = self._replay(job)
        video = self._service().GetVideo(self._messages.GetVideoRequest(name=job.name),
                                         timeout=self._connection.call_s)
        if events != self._replay(job) or events[0].seq != 1 or events[-1].WhichOneof("event") not in ENDS:
            return self._find(WRONG_LOG, job, "two readers saw different events, or no beginning, or no end")
        if events[-1].WhichOneof("event") == "failed":
            return self._judge_failed(job, events)
        if video.state != self._state("SUCCEEDED"):
            return self._find(LOST, job, f"completed, but its state is {video.state}")
        if not video.create_time.ToNanoseconds() <= video.start_time.ToNanoseconds() <= video.end_time.ToNanoseconds():
            return self._find(WRONG_LOG, job, "it ended before it began")
        if job.damage in ("result", "seal"):
            return self._judge_damaged(job, right)
        if self._believes_callers and job.is_whole and video.result.sha256 == hashlib.sha256(right).digest():
            return COMPLETED
        return self._judge_bytes(job, video, right, rng)

    def _state(self, name):
        return self._connection.number_of_state(name)

    def _replay(self, job):
        """The log from its beginning to its end, over as many calls as it takes."""
        events = []
        while not events or events[-1].WhichOneof("event") not in ENDS:
            after = events[-1].seq if events else 0
            request = self._messages.WatchVideoRequest(name=job.name, after_seq=after)
            try:
                events += [event for event in self._service().WatchVideo(request, timeout=self._connection.call_s)
                           if event.seq > 0]
            except grpc.RpcError as error:
                if error.code() != grpc.StatusCode.DEADLINE_EXCEEDED:
                    raise
        return events

    def _judge_failed(self, job, events):
        reason = self._connection.reason_in(events[-1].failed.status)
        if reason not in self._allowed:
            return self._find(LOST, job, f"failed with {reason}: {events[-1].failed.status.message}")
        waits = sum(event.WhichOneof("event") == "queued" for event in events)
        if reason == "WORKER_LOST" and waits < CRASHES:
            return self._find(LOST, job, f"was given up after it had waited {waits} times")
        self._expect(grpc.StatusCode.FAILED_PRECONDITION, "RESULT_NOT_READY", lambda: self._read(job, 0, 0))
        return FAILED

    def _judge_damaged(self, job, right):
        read = bytearray()
        self._expect(grpc.StatusCode.DATA_LOSS, "ARTIFACT_CORRUPT", lambda: self._read(job, 0, 0, read))
        return FAILED if right.startswith(bytes(read)) else self._find(WRONG_BYTES, job, "damaged bytes were sent")

    def _judge_unreadable(self, job):
        """The record is damaged: the server says so, makes no second job of the request, and can forget it."""
        get = self._messages.GetVideoRequest(name=job.name)
        call_s = self._connection.call_s
        self._expect(grpc.StatusCode.DATA_LOSS, None, lambda: self._service().GetVideo(get, timeout=call_s))
        self._expect(grpc.StatusCode.DATA_LOSS, None, lambda: self._service().CreateVideo(
            self._make_request(job), timeout=call_s))
        self._service().DeleteVideo(self._messages.DeleteVideoRequest(name=job.name), timeout=call_s)
        self._expect(grpc.StatusCode.NOT_FOUND, None, lambda: self._service().GetVideo(get, timeout=call_s))
        return FAILED

    def _judge_bytes(self, job, video, right, rng):
        whole = self._read(job, 0, 0)
        pieces = bytearray()
        while len(pieces) < len(right):
            self._read(job, len(pieces), rng.randrange(1, len(right) + 1), pieces)
        if not whole == pieces == right or video.result.size_bytes != len(right):
            return self._find(WRONG_BYTES, job, "the result differs from that of an undisturbed run")
        return COMPLETED

    def _read(self, job, offset, limit, data=None):
        """Reads bytes to the end of `data`, and returns it."""
        data = bytearray() if data is None else data
        for chunk in self._service().DownloadVideo(self._messages.DownloadVideoRequest(
                name=job.name, read_offset=offset, read_limit=limit), timeout=self._connection.call_s):
            check_chunk(chunk, len(data))
            data += chunk.data
            if chunk.last and len(data) == chunk.total_size_bytes:
                check_end(chunk, data)
        return data

    def _expect(self, code, reason, call):
        try:
            call()
        except grpc.RpcError as error:
            if error.code() != code or reason not in (None, self._connection.reason_of(error)):
                raise Wrong(f"{error.code()} {self._connection.reason_of(error)} instead of {code} {reason}") from error
            return
        raise Wrong(f"no error instead of {code} {reason}")


def check_logs(rows_by_id, jobs):
    """What is wrong with the logs of `jobs`, of which the number and the time of each entry are given, in order: each must
    be without gaps, go forward in time, and hold all that a reader has seen."""
    findings = []
    for job in jobs:
        if not job.names or job.damage == "row":
            continue
        rows = rows_by_id.get(job.name.removeprefix("videos/"), [])
        times = dict(rows)
        if not rows or [seq for seq, _ in rows] != list(range(1, len(rows) + 1)):
            findings.append(f"{WRONG_LOG}: job {job.number} {job.name}: gaps in {rows}")
        elif sorted(times.values()) != list(times.values()):
            findings.append(f"{WRONG_LOG}: job {job.number} {job.name}: time goes back in {rows}")
        elif any(times.get(seq) != time for seq, (_, time) in job.events.items()):
            findings.append(f"{WRONG_LOG}: job {job.number} {job.name}: what a reader has seen is gone or changed")
    return findings
