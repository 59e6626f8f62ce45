"""What goes wrong, as exceptions.

The server's google.rpc details become plain attributes.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Optional

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from ruyi.connection_faults import find_fault

if TYPE_CHECKING:
    from google.rpc import status_pb2

DOMAIN = "ruyi"
_CODES = {code.value[0]: code for code in grpc.StatusCode}


@dataclasses.dataclass(frozen=True)
class Violation:
    """One thing that is wrong with a request."""

    field: str  # what it is about: a field of the request, a memory mode, a quota
    description: str


class Error(Exception):
    """A call or a video that failed.

    `code` and `reason` are for programs, the text is for people. `reason` is empty when the server
    did not say it: the connection, a proxy or this package did.
    """

    def __init__(
        self,
        message: str,
        code: grpc.StatusCode,
        reason: str = "",
        *,
        metadata: Optional[dict[str, str]] = None,
        violations: tuple[Violation, ...] = (),
        retry_after: Optional[float] = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.reason = reason
        self.metadata = metadata or {}
        self.violations = violations
        self.retry_after = retry_after  # seconds; None: the server names no time

    def __str__(self) -> str:
        lines = [f"{self.message} [{self.reason or self.code.name}]"]
        lines += [f"  {violation.field}: {violation.description}" for violation in self.violations]
        return "\n".join(lines)


class InvalidRequest(Error):
    """Fields of the request are wrong: `violations` names all of them at once."""


class NotFound(Error):
    """There is no such video or picture, or its bytes are gone (RESULT_EXPIRED)."""


class QueueFull(Error):
    """The server takes no more work now; `retry_after` says when it may."""


class DoesNotFit(Error):
    """No memory mode fits: `violations` says what each would take."""


class Cancelled(Error):
    """Somebody cancelled the video."""


class Unauthorized(Error):
    """The server does not know the caller, or does not let it do this."""


class Unavailable(Error):
    """The server cannot be reached, loads its model, or stops."""


class ConnectionFailed(Unavailable):
    """No connection comes about, and waiting does not mend it: TLS is not as one side wants it."""


class DataLoss(Error):
    """Bytes are not what they should be: a checksum, an offset or a size is wrong."""


_BY_REASON = {"QUEUE_FULL": QueueFull, "VRAM_BUDGET": DoesNotFit, "HOST_MEMORY": DoesNotFit}
_BY_CODE = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidRequest,
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.UNAUTHENTICATED: Unauthorized,
    grpc.StatusCode.PERMISSION_DENIED: Unauthorized,
    grpc.StatusCode.CANCELLED: Cancelled,
    grpc.StatusCode.UNAVAILABLE: Unavailable,
    grpc.StatusCode.DATA_LOSS: DataLoss,
}


def make_error(code: grpc.StatusCode, message: str, reason: str = "", **details: Any) -> Error:
    """The exception of the class that fits best."""
    kind = _BY_REASON.get(reason) or _BY_CODE.get(code, Error)
    return kind(message, code, reason, **details)


def error_of_status(status: status_pb2.Status) -> Error:
    """The exception for a google.rpc.Status, such as the one of a video that failed."""
    details: dict[str, Any] = {}
    reason = ""
    violations: list[Violation] = []
    for packed in status.details:
        detail = _unpack(packed)
        if isinstance(detail, error_details_pb2.ErrorInfo):
            if detail.domain == DOMAIN:
                reason = detail.reason
                details["metadata"] = dict(detail.metadata)
        elif isinstance(detail, error_details_pb2.RetryInfo):
            details["retry_after"] = detail.retry_delay.ToTimedelta().total_seconds()
        else:
            violations += _violations(detail)
    code = _CODES.get(status.code, grpc.StatusCode.UNKNOWN)
    return make_error(code, status.message, reason, violations=tuple(violations), **details)


def error_of_call(error: grpc.RpcError) -> Error:
    """The exception for a call that gRPC ended with an error."""
    try:
        status = rpc_status.from_call(error)
    except ValueError:  # details that contradict the status: they are not the server's
        status = None
    if status is not None:
        return error_of_status(status)
    return _error_without_details(error.code(), error.details() or "")


def _error_without_details(code: grpc.StatusCode, message: str) -> Error:
    fault = find_fault(message) if code is grpc.StatusCode.UNAVAILABLE else None
    if fault is None:
        return make_error(code, message)
    kind = ConnectionFailed if fault.lasts else Unavailable
    return kind(f"{fault.text} ({message})", code)


def _unpack(packed: Any) -> Any:
    kinds = (
        error_details_pb2.ErrorInfo,
        error_details_pb2.RetryInfo,
        error_details_pb2.BadRequest,
        error_details_pb2.PreconditionFailure,
        error_details_pb2.QuotaFailure,
    )
    for kind in kinds:
        if packed.Is(kind.DESCRIPTOR):
            detail = kind()
            packed.Unpack(detail)
            return detail
    return None


def _violations(detail: Any) -> list[Violation]:
    if isinstance(detail, error_details_pb2.BadRequest):
        return [Violation(wrong.field, wrong.description) for wrong in detail.field_violations]
    if isinstance(detail, (error_details_pb2.PreconditionFailure, error_details_pb2.QuotaFailure)):
        return [Violation(wrong.subject, wrong.description) for wrong in detail.violations]
    return []
