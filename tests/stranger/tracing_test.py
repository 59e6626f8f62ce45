"""Traces, as a collector of OpenTelemetry sees them."""

import contextlib
import http.server
import json
import threading
import time

import pytest

from programs import DEADLINE_S

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
PARENT_ID = "b7ad6b7169203331"
PHASES = ("queue", "placing", "conditioning", "denoising", "decoding")


class Collector:
    """Takes POSTs on a free port and keeps the spans."""

    def __init__(self):
        self._spans = []
        self._changed = threading.Condition()
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # noqa: N802  (named by http.server)
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                assert (self.path, self.headers["Content-Type"]) == ("/v1/traces", "application/json")
                collector.take(body)
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def take(self, body):
        with self._changed:
            for resource in body["resourceSpans"]:
                attributes = attributes_of(resource["resource"])
                for scope in resource["scopeSpans"]:
                    self._spans.extend({**span, "resource": attributes} for span in scope["spans"])
            self._changed.notify_all()

    def spans(self, name):
        with self._changed:
            return [span for span in self._spans if span["name"] == name]

    def await_span(self, name):
        deadline = time.monotonic() + DEADLINE_S
        while not (found := self.spans(name)):
            with self._changed:
                assert self._changed.wait(deadline - time.monotonic()), f"no span {name}"
        return found[0]

    def close(self):
        self._server.shutdown()
        self._server.server_close()


def attributes_of(item):
    return {attribute["key"]: next(iter(attribute["value"].values())) for attribute in item["attributes"]}


def times_of(span):
    return int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"])


@pytest.fixture
def collector():
    with contextlib.closing(Collector()) as opened:
        yield opened


def create(caller, flags="01", **fields):
    message = caller.messages.CreateVideoRequest(request=caller.request(**fields))
    traceparent = f"00-{TRACE_ID}-{PARENT_ID}-{flags}"
    return caller.service.CreateVideo(message, timeout=DEADLINE_S, metadata=(("traceparent", traceparent),)).name


def test_a_video_is_a_trace_from_its_caller_to_its_phases(site, collector):
    server, caller = site.start(otlp_endpoint=collector.url)
    before = time.time_ns() - 1_000_000  # times of jobs may be rounded
    name = create(caller)
    made = caller.await_end(name)
    job = collector.await_span("job")
    call = collector.await_span("ruyi.v1.VideoService/CreateVideo")
    phases = [collector.await_span(phase) for phase in PHASES]
    assert {span["traceId"] for span in (call, job, *phases)} == {TRACE_ID}
    assert call["parentSpanId"] == PARENT_ID
    assert job["parentSpanId"] == call["spanId"]
    assert {span["parentSpanId"] for span in phases} == {job["spanId"]}
    assert len({span["spanId"] for span in (call, job, *phases)}) == 2 + len(PHASES)
    assert all(before <= begin <= end <= time.time_ns() for begin, end in map(times_of, (call, job, *phases)))
    edges = [edge for phase in phases for edge in times_of(phase)]
    assert times_of(job)[0] == made.create_time.ToNanoseconds() <= edges[0]
    assert edges[1:-1:2] == edges[2::2]  # each begins where the one before ends
    assert edges[-1] == times_of(job)[1]
    assert attributes_of(job)["ruyi.job"] == name.removeprefix("videos/")
    assert attributes_of(call)["rpc.method"] == "CreateVideo"
    assert job["resource"]["service.name"] == "ruyi-server"
    assert job["resource"]["service.version"]
    assert job["resource"]["service.instance.id"] == server.await_log("tracing")["instance"]
    assert TRACE_ID in server.await_log("job_completed")["traceparent"]


def test_a_trace_goes_on_in_the_next_process(site, collector, tmp_path):
    flags = {"checkpoint_seconds": 0, "otlp_endpoint": collector.url}
    server, caller = site.start(tmp_path / "state", **flags)
    name = create(caller, steps=50, frame_count=24)
    caller.await_denoising(name, steps=3)
    call = collector.await_span("ruyi.v1.VideoService/CreateVideo")
    server.kill()
    _, caller = site.start(tmp_path / "state", await_ready=False, **flags)
    caller.await_end(name)
    job = collector.await_span("job")
    assert (job["traceId"], job["parentSpanId"]) == (TRACE_ID, call["spanId"])
    assert job["resource"]["service.instance.id"] != call["resource"]["service.instance.id"]
    attempts = [attributes_of(span)["ruyi.attempt"] for span in collector.spans("denoising")]
    assert attempts == ["1", "2"]
    assert [event["name"] for event in job["events"]] == ["resumed"]


def test_a_caller_says_whether_there_is_a_trace(site, collector):
    server, caller = site.start(otlp_endpoint=collector.url)
    caller.await_end(create(caller, flags="00"))
    assert server.terminate() == 0  # after which everything was sent
    assert collector.spans("job") == []
    assert collector.spans("ruyi.v1.VideoService/CreateVideo") == []


def test_a_collector_that_is_away_costs_nothing_but_traces(site, collector):
    collector.close()
    server, caller = site.start(otlp_endpoint=collector.url)
    caller.await_end(create(caller))
    server.await_log("collector_away")
    assert server.terminate() == 0


def test_the_standard_variable_names_the_collector(site, collector, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    _, caller = site.start()
    caller.await_end(create(caller))
    assert collector.await_span("job")["traceId"] == TRACE_ID
