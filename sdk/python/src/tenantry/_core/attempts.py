"""Whether a call that failed is tried again, and when."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from tenantry._core.options import RetryPolicy
from tenantry.errors import Code, Error

# These say that another token may do.
_REFRESHABLE = frozenset({"TOKEN_EXPIRED", "TOKEN_REVOKED", "TOKEN_INVALID"})
# It lasts as long as that migration does; whether to wait is the caller's decision.
_CALLERS_DECISION = frozenset({"MIGRATION_IN_PROGRESS"})


@dataclass(frozen=True, slots=True)
class Again:
    """Try it again."""

    delay: float
    """After so many seconds."""

    refresh: bool = False
    """With a token that was asked for anew."""

    reconnect: bool = False
    """When the connection is there again, which may take a little longer."""


class Attempts:
    """The attempts of one call, within its one deadline."""

    def __init__(self, policy: RetryPolicy, timeout: float | None, *, refreshable: bool) -> None:
        self._policy = policy
        self._refreshable = refreshable
        self._deadline = deadline_of(timeout)
        self._failures = 0

    def remaining(self) -> float | None:
        """The seconds until the deadline; None where there is none."""
        return remaining(self._deadline)

    def after(self, error: Error, *, repeatable: bool) -> Again:
        """What to do after this failure; raises it when there is nothing to do.

        `repeatable` tells that the call may be sent again where nobody knows whether
        the first one was done.
        """
        if self._refreshable and error.reason in _REFRESHABLE:
            self._refreshable = False
            return Again(0, refresh=True)
        self._failures += 1
        if self._failures >= self._policy.max_attempts:
            raise error
        delay = self._policy.backoff(self._failures)
        if error.retry_after is not None and error.reason not in _CALLERS_DECISION:
            delay += error.retry_after
        elif not (repeatable and error.code is Code.UNAVAILABLE):
            raise error
        if time.monotonic() + delay >= self._deadline:
            raise error
        return Again(delay, reconnect=error.code is Code.UNAVAILABLE)

    def progressed(self) -> None:
        """Something came: failures are counted from here."""
        self._failures = 0


def deadline_of(timeout: float | None) -> float:
    """The end of a time that begins now."""
    return math.inf if timeout is None else time.monotonic() + timeout


def remaining(deadline: float) -> float | None:
    """The seconds until the deadline; None where there is none."""
    return None if deadline == math.inf else max(0.0, deadline - time.monotonic())
