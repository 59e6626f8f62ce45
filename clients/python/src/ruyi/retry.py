"""When a call is made again, and how long after."""

from __future__ import annotations

import dataclasses
import time
from typing import AbstractSet, Callable, TypeVar

import grpc
import tenacity

from ruyi.errors import ConnectionFailed, Error, error_of_call

T = TypeVar("T")

# What a proxy, a lost connection or a server that dies says of a stream. None of it tells what
# became of the video.
_UNKNOWN_ENDS = {
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNKNOWN,
}


def may_upload_again(error: BaseException) -> bool:
    """Whether the same call may succeed later: the server is away, or says when to come again."""
    if not isinstance(error, Error) or isinstance(error, ConnectionFailed):
        return False
    if error.code in (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.ABORTED):
        return error.retry_after is not None
    return error.code is grpc.StatusCode.UNAVAILABLE


def may_call_again(error: BaseException) -> bool:
    """As may_upload_again, and whether the call reached a server at the moment of its shutdown.

    gRPC ends such a call with CANCELLED and no reason. Some proxies say the same of an upload that
    the server refuses.
    """
    return may_upload_again(error) or _is_unexplained(error, {grpc.StatusCode.CANCELLED})


def may_open_again(error: BaseException) -> bool:
    """Whether a stream that ended so says nothing of the video: it goes on where it broke."""
    return may_upload_again(error) or _is_unexplained(error, _UNKNOWN_ENDS)


def _is_unexplained(error: BaseException, codes: AbstractSet[grpc.StatusCode]) -> bool:
    return isinstance(error, Error) and error.code in codes and not error.reason


@dataclasses.dataclass(frozen=True)
class Retry:
    """How often a call that failed is made again: after random waits that grow to `longest_wait`,
    or after what the server asks for when that is more.

    A message that comes counts as success: a stream may break any number of times.
    """

    attempts: int = 40  # in a row; with the waits below they last about five minutes
    first_wait: float = 0.5  # seconds, at most
    longest_wait: float = 15.0  # seconds
    longest_pause: float = 300.0  # seconds that the server may ask for; a longer one is an error
    sleep: Callable[[float], None] = time.sleep

    def call(
        self,
        function: Callable[[], T],
        may_try_again: Callable[[BaseException], bool] = may_call_again,
    ) -> T:
        """What `function` returns, or its last Error.

        Errors of gRPC become ours.
        """

        def attempt() -> T:
            try:
                return function()
            except grpc.RpcError as error:
                raise error_of_call(error) from error

        return tenacity.Retrying(
            retry=tenacity.retry_if_exception(
                lambda error: may_try_again(error) and self._asked_by(error) <= self.longest_pause
            ),
            stop=tenacity.stop_after_attempt(self.attempts),
            wait=self._wait,
            sleep=self.sleep,
            reraise=True,
        )(attempt)

    def _wait(self, state: tenacity.RetryCallState) -> float:
        grown = tenacity.wait_random_exponential(multiplier=self.first_wait, max=self.longest_wait)(
            state
        )
        error = state.outcome.exception() if state.outcome else None
        return max(grown, self._asked_by(error))

    @staticmethod
    def _asked_by(error: BaseException | None) -> float:
        return getattr(error, "retry_after", None) or 0.0
