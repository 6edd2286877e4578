"""What goes wrong: one base class, `Error`, and subclasses by code and by reason.

Every error of the server comes as one of these, and so does every failure of the
connection: no exception of grpc leaves this package. Programs decide by the class or
by `reason`; messages are for people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2


class Code(StrEnum):
    """The codes of gRPC."""

    CANCELLED = "CANCELLED"
    UNKNOWN = "UNKNOWN"
    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    NOT_FOUND = "NOT_FOUND"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    RESOURCE_EXHAUSTED = "RESOURCE_EXHAUSTED"
    FAILED_PRECONDITION = "FAILED_PRECONDITION"
    ABORTED = "ABORTED"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    UNIMPLEMENTED = "UNIMPLEMENTED"
    INTERNAL = "INTERNAL"
    UNAVAILABLE = "UNAVAILABLE"
    DATA_LOSS = "DATA_LOSS"
    UNAUTHENTICATED = "UNAUTHENTICATED"


# The codes by their numbers, as an error inside of a response has them.
_CODES = dict(enumerate(Code, start=1))


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """A field of a request that is wrong."""

    field: str
    description: str


class Error(Exception):
    """A call that failed."""

    code: Code
    """The gRPC code."""

    reason: str
    """Why, as `errors.proto` names it; empty where the server did not say so. One that
    this package does not know is kept."""

    message: str
    """What to tell people."""

    metadata: Mapping[str, str]
    """The variables of the message."""

    field_violations: tuple[FieldViolation, ...]
    """The fields that are wrong."""

    retry_after: float | None
    """After how many seconds to send it again; then it certainly had no effect."""

    def __init__(
        self,
        code: Code,
        message: str,
        *,
        reason: str = "",
        metadata: Mapping[str, str] | None = None,
        field_violations: tuple[FieldViolation, ...] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.metadata = dict(metadata or {})
        self.field_violations = field_violations
        self.retry_after = retry_after

    @property
    def retryable(self) -> bool:
        """Whether sending it again may help: it had no effect, or nobody answered."""
        return self.retry_after is not None or self.code is Code.UNAVAILABLE

    @property
    def outcome_unknown(self) -> bool:
        """Whether a write may have been done all the same: read it back first."""
        return self.metadata.get("outcome") == "unknown"

    def __str__(self) -> str:
        return f"{self.message} ({self.reason or self.code})"


class Cancelled(Error):
    """The call was cancelled, by the caller or because the client was closed."""


class InvalidArgument(Error):
    """The request is wrong, whatever the state of the server."""


class DeadlineExceeded(Error):
    """The call took longer than it may."""


class NotFound(Error):
    """What the call names does not exist, or the token may not know whether it does."""


class AlreadyExists(Error):
    """Something has this name already."""


class PermissionDenied(Error):
    """The token lacks the right."""


class ResourceExhausted(Error):
    """A limit was reached."""


class FailedPrecondition(Error):
    """The request does not fit the state of what it is about."""


class Aborted(Error):
    """Another one was first; the same may succeed when it is run again."""


class Unimplemented(Error):
    """The server does not offer this."""


class Unavailable(Error):
    """The server cannot be reached, or went away."""


class DataLoss(Error):
    """The file of a database cannot be read."""


class Unauthenticated(Error):
    """The token is missing, not acceptable, or its time is over."""


class SqlError(InvalidArgument):
    """SQLite refused the statement."""


class ConstraintError(FailedPrecondition):
    """A constraint of the schema was violated."""


class MigrationFailed(FailedPrecondition):
    """The migration failed on a database, and nothing has changed anywhere."""


class ClientClosed(FailedPrecondition):
    """The client was closed before the call."""

    def __init__(self) -> None:
        super().__init__(
            Code.FAILED_PRECONDITION,
            "the client is closed; make a new one",
            reason="CLIENT_CLOSED",
        )


_BY_CODE: dict[Code, type[Error]] = {
    Code.CANCELLED: Cancelled,
    Code.INVALID_ARGUMENT: InvalidArgument,
    Code.DEADLINE_EXCEEDED: DeadlineExceeded,
    Code.NOT_FOUND: NotFound,
    Code.ALREADY_EXISTS: AlreadyExists,
    Code.PERMISSION_DENIED: PermissionDenied,
    Code.RESOURCE_EXHAUSTED: ResourceExhausted,
    Code.FAILED_PRECONDITION: FailedPrecondition,
    Code.ABORTED: Aborted,
    Code.UNIMPLEMENTED: Unimplemented,
    Code.UNAVAILABLE: Unavailable,
    Code.DATA_LOSS: DataLoss,
    Code.UNAUTHENTICATED: Unauthenticated,
}

_BY_REASON: dict[str, type[Error]] = {
    "SQL_ERROR": SqlError,
    "CONSTRAINT": ConstraintError,
    "MIGRATION_FAILED": MigrationFailed,
}


def make(
    code: Code,
    message: str,
    *,
    reason: str = "",
    metadata: Mapping[str, str] | None = None,
    field_violations: tuple[FieldViolation, ...] = (),
    retry_after: float | None = None,
) -> Error:
    """An error of the class that fits its reason and code."""
    error_class = _BY_REASON.get(reason) or _BY_CODE.get(code, Error)
    return error_class(
        code,
        message,
        reason=reason,
        metadata=metadata,
        field_violations=field_violations,
        retry_after=retry_after,
    )


def from_status(status: status_pb2.Status) -> Error:
    """The error that a status with its details tells of."""
    reason, metadata, violations, retry_after = "", {}, [], None
    for detail in status.details:
        if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
            info = error_details_pb2.ErrorInfo.FromString(detail.value)
            reason, metadata = info.reason, dict(info.metadata)
        elif detail.Is(error_details_pb2.RetryInfo.DESCRIPTOR):
            delay = error_details_pb2.RetryInfo.FromString(detail.value).retry_delay
            retry_after = delay.seconds + delay.nanos / 1e9
        elif detail.Is(error_details_pb2.BadRequest.DESCRIPTOR):
            bad = error_details_pb2.BadRequest.FromString(detail.value)
            violations += [FieldViolation(v.field, v.description) for v in bad.field_violations]
    return make(
        _CODES.get(status.code, Code.UNKNOWN),
        status.message,
        reason=reason,
        metadata=metadata,
        field_violations=tuple(violations),
        retry_after=retry_after,
    )


def from_trailer(code: str, message: str, trailer: Iterable[tuple[str, object]]) -> Error:
    """The error of a call that ended with this code, and this metadata behind it."""
    for key, value in trailer:
        if key == "grpc-status-details-bin" and isinstance(value, bytes):
            try:
                return from_status(status_pb2.Status.FromString(value))
            except DecodeError:
                break  # A proxy's own; the code is all there is then.
    return make(Code(code) if code in Code.__members__ else Code.UNKNOWN, message)


def invalid_argument(message: str) -> Error:
    """An argument that is not sent, as the server would refuse it."""
    return make(Code.INVALID_ARGUMENT, message, reason="INVALID_ARGUMENT")


def malformed(what: str) -> Error:
    """An answer that does not keep to the protocol."""
    return make(Code.INTERNAL, f"{what}; a proxy or the server is broken")
