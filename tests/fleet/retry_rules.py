"""When a call may be sent again: what docs/api.md tells callers, and client/retry_policy.h does."""

import grpc

SAME_NEXT_TIME = frozenset(grpc.StatusCode[name] for name in (
    "INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "FAILED_PRECONDITION", "OUT_OF_RANGE",
    "UNIMPLEMENTED", "DATA_LOSS", "UNAUTHENTICATED"))


def may_call_again(code, details):
    """`details`: the names of the status's details, RetryInfo among them."""
    if code in (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.ABORTED):
        return "RetryInfo" in details
    if code is grpc.StatusCode.CANCELLED:  # gRPC's end of a call that reached a server at the moment of its shutdown
        return "ErrorInfo" not in details
    # The caller's own deadline says nothing of the call.
    return code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)


def may_stream_again(code, details):
    """An end without ErrorInfo was made on the way, for proxies end streams with codes of their own."""
    return may_call_again(code, details) if "ErrorInfo" in details else code not in SAME_NEXT_TIME


def details_of(stubs, error):
    """The names of the details of a grpc.RpcError's status."""
    packed = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
    if packed is None:
        return frozenset()
    return frozenset(detail.type_url.rpartition(".")[2] for detail in stubs.status_pb2.Status.FromString(packed).details)
