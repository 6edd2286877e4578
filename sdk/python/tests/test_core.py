"""The core, without a server: endpoints, errors, and what is tried again."""

from __future__ import annotations

import pytest
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2

import tenantry
from tenantry import errors
from tenantry._core.attempts import Attempts
from tenantry._core.options import Endpoint, RetryPolicy
from tenantry._core.transact import State
from tenantry.errors import Code


@pytest.mark.parametrize(
    ("text", "target", "secure"),
    [
        ("http://db.example:50051", "db.example:50051", False),
        ("https://db.example", "db.example:443", True),
        ("http://db.example/", "db.example:80", False),
        ("db.example:50051", "db.example:50051", True),
        ("localhost:50051", "localhost:50051", False),
        ("127.0.0.9:1", "127.0.0.9:1", False),
        ("[::1]:50051", "[::1]:50051", False),
        ("[::1]", "[::1]:80", False),
    ],
)
def test_endpoints(text: str, target: str, secure: bool) -> None:
    assert Endpoint.parse(text) == Endpoint(target, secure)


@pytest.mark.parametrize("text", ["", "ftp://host:1", "http://host:1/path", "https://"])
def test_endpoints_that_are_none(text: str) -> None:
    with pytest.raises(tenantry.InvalidArgument, match="is not like"):
        tenantry.Client(text)


def status(code: int, *details: object) -> status_pb2.Status:
    packed = []
    for detail in details:
        packed.append(Any())
        packed[-1].Pack(detail)  # type: ignore[arg-type]
    return status_pb2.Status(code=code, message="what it says", details=packed)


def test_an_error_has_what_its_details_tell() -> None:
    violation = error_details_pb2.BadRequest.FieldViolation(field="name", description="is wrong")
    error = errors.from_status(
        status(
            9,
            error_details_pb2.ErrorInfo(reason="CONSTRAINT", metadata={"sqlite_code": "2067"}),
            error_details_pb2.BadRequest(field_violations=[violation]),
            error_details_pb2.RetryInfo(retry_delay=Duration(seconds=1, nanos=500_000_000)),
        )
    )
    assert isinstance(error, tenantry.ConstraintError)
    assert isinstance(error, tenantry.FailedPrecondition)
    assert (error.code, error.reason) == ("FAILED_PRECONDITION", "CONSTRAINT")
    assert error.metadata == {"sqlite_code": "2067"}
    assert error.field_violations == (tenantry.FieldViolation("name", "is wrong"),)
    assert (error.retry_after, error.retryable, error.outcome_unknown) == (1.5, True, False)
    assert str(error) == "what it says (CONSTRAINT)"


def test_reasons_and_codes_that_are_not_known() -> None:
    error = errors.from_status(status(5, error_details_pb2.ErrorInfo(reason="BRAND_NEW")))
    assert isinstance(error, tenantry.NotFound)
    assert error.reason == "BRAND_NEW"
    assert errors.from_status(status(99)).code is Code.UNKNOWN
    trailer: list[tuple[str, object]] = [("a", "b"), ("grpc-status-details-bin", b"\xff\xff")]
    error = errors.from_trailer("UNAVAILABLE", "a proxy", trailer)
    assert isinstance(error, tenantry.Unavailable)
    assert (error.reason, error.retryable) == ("", True)


UNAVAILABLE = errors.make(Code.UNAVAILABLE, "gone")
BUSY = errors.make(Code.ABORTED, "busy", reason="BUSY", retry_after=0.1)
EXPIRED = errors.make(Code.UNAUTHENTICATED, "expired", reason="TOKEN_EXPIRED")


def attempts(timeout: float | None = None, *, refreshable: bool = False) -> Attempts:
    return Attempts(RetryPolicy(max_attempts=3), timeout, refreshable=refreshable)


def test_only_what_may_be_repeated_is_tried_again() -> None:
    assert attempts().after(UNAVAILABLE, repeatable=True).reconnect
    with pytest.raises(tenantry.Unavailable):
        attempts().after(UNAVAILABLE, repeatable=False)
    with pytest.raises(tenantry.NotFound):
        attempts().after(errors.make(Code.NOT_FOUND, "none"), repeatable=True)


def test_what_certainly_had_no_effect_is_tried_again_after_its_time() -> None:
    assert 0.1 <= attempts().after(BUSY, repeatable=False).delay <= 0.15


def test_a_migration_in_progress_is_the_callers_decision() -> None:
    error = errors.make(
        Code.FAILED_PRECONDITION, "wait", reason="MIGRATION_IN_PROGRESS", retry_after=1
    )
    assert error.retryable
    with pytest.raises(tenantry.FailedPrecondition):
        attempts().after(error, repeatable=True)


def test_attempts_and_the_deadline_are_limits() -> None:
    some = attempts()
    some.after(BUSY, repeatable=False)
    some.after(BUSY, repeatable=False)
    with pytest.raises(tenantry.Aborted):
        some.after(BUSY, repeatable=False)
    some.progressed()
    some.after(BUSY, repeatable=False)
    with pytest.raises(tenantry.Aborted):
        attempts(0.05).after(BUSY, repeatable=False)


def test_a_token_is_asked_for_once() -> None:
    some = attempts(refreshable=True)
    assert some.after(EXPIRED, repeatable=False).refresh
    with pytest.raises(tenantry.Unauthenticated):
        some.after(EXPIRED, repeatable=False)
    with pytest.raises(tenantry.Unauthenticated):
        attempts().after(EXPIRED, repeatable=True)


def test_the_pauses_grow_up_to_their_limit() -> None:
    policy = RetryPolicy(initial_backoff=0.05, max_backoff=2)
    assert max(policy.backoff(1) for _ in range(50)) <= 0.05
    assert max(policy.backoff(30) for _ in range(50)) <= 2


def test_the_outcome_of_a_commit_without_an_answer_is_unknown() -> None:
    state = State()
    state.commit()
    error = state.failed(UNAVAILABLE)
    assert error.outcome_unknown
    assert isinstance(error, tenantry.Unavailable)
    assert not state.runs_again(error)


def test_a_transaction_that_was_lost_before_its_commit_runs_again() -> None:
    state = State()
    error = state.failed(UNAVAILABLE)
    assert error is UNAVAILABLE
    assert state.runs_again(error)
    assert not state.runs_again(errors.make(Code.UNAVAILABLE, "of another call"))
    assert not state.runs_again(ValueError("the caller's own"))


def test_what_a_server_that_stops_says_of_a_commit_counts_only_after_it() -> None:
    def stopping() -> tenantry.Error:
        metadata = {"outcome": "unknown", "more": "kept"}
        return errors.make(Code.UNAVAILABLE, "stops", reason="UNAVAILABLE", metadata=metadata)

    before = State()
    error = before.failed(stopping())
    assert (error.outcome_unknown, error.metadata) == (False, {"more": "kept"})
    assert before.runs_again(error)
    after = State()
    after.commit()
    error = after.failed(stopping())
    assert error.outcome_unknown
    assert not after.runs_again(error)


def test_a_commit_that_the_server_refused_may_run_again() -> None:
    state = State()
    state.commit()
    error = state.failed(BUSY)
    assert not error.outcome_unknown
    assert state.runs_again(error)
