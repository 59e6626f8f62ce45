"""A server that does what a test has written down, call by call, and can be stopped and started at
the same address."""

import collections
import concurrent.futures
import threading

import grpc
from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status
from ruyi.v1 import video_service_pb2_grpc

PATIENCE_S = 1200  # of a wait for what happens at once
RPCS = (
    "CreateVideo",
    "GetVideo",
    "ListVideos",
    "WatchVideo",
    "DownloadVideo",
    "CancelVideo",
    "DeleteVideo",
    "UploadImage",
    "EstimateVideo",
    "GetCapabilities",
)


def status(code, reason="", message="it failed", metadata=None, details=()):
    """A google.rpc.Status as the server makes it; without a reason as a proxy does."""
    made = status_pb2.Status(code=code_pb2.Code.Value(code), message=message)
    if reason:
        details = [
            error_details_pb2.ErrorInfo(reason=reason, domain="ruyi", metadata=metadata or {}),
            *details,
        ]
    for detail in details:
        packed = any_pb2.Any()
        packed.Pack(detail)
        made.details.append(packed)
    return made


def retry_info(seconds):
    info = error_details_pb2.RetryInfo()
    info.retry_delay.FromSeconds(seconds)
    return info


def answer(message):
    return lambda request, context: message


def fail(*arguments, **keywords):
    """Ends the call with the status of these arguments."""
    made = status(*arguments, **keywords)

    def behave(request, context):
        if made.details:
            context.abort_with_status(rpc_status.to_status(made))
        context.abort(grpc.StatusCode[code_pb2.Code.Name(made.code)], made.message)

    return behave


def stream(*messages, then=None):
    """Sends the messages, and then ends the call with OK or as `then` says."""

    def behave(request, context):
        yield from messages
        if then is not None:
            then(request, context)

    return behave


def hold(request, context):
    """Waits for the end of the call."""
    ended = threading.Event()
    if context.add_callback(ended.set):
        ended.wait()


class FakeServer:
    def __init__(self, socket):
        self.target = f"unix:{socket}"
        self.requests = collections.defaultdict(list)  # of every call, by RPC
        self._scripts = collections.defaultdict(collections.deque)
        self._server = None
        self.start()

    def script(self, rpc, *behaviours):
        """What the next calls of `rpc` do, one after the other."""
        self._scripts[rpc].extend(behaviours)

    def start(self):
        servicer = video_service_pb2_grpc.VideoServiceServicer()
        for rpc in RPCS:
            streams = rpc in ("WatchVideo", "DownloadVideo")
            setattr(servicer, rpc, self._stream_of(rpc) if streams else self._answer_of(rpc))
        self._server = grpc.server(concurrent.futures.ThreadPoolExecutor(max_workers=8))
        video_service_pb2_grpc.add_VideoServiceServicer_to_server(servicer, self._server)
        self._server.add_insecure_port(self.target)
        self._server.start()

    def stop(self):
        """Cuts off every call."""
        self._server.stop(grace=None).wait()

    def restart(self):
        self.stop()
        self.start()

    def _answer_of(self, rpc):
        def call(request, context):
            return self._next(rpc, request, context)

        return call

    def _stream_of(self, rpc):
        def call(request, context):
            yield from self._next(rpc, request, context) or ()

        return call

    def _next(self, rpc, request, context):
        kept = list(request) if rpc == "UploadImage" else request
        self.requests[rpc].append(kept)
        if not self._scripts[rpc]:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"the test expects no further {rpc}")
        return self._scripts[rpc].popleft()(kept, context)
