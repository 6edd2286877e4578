"""An interactive transaction: what to send, what the answers mean, whether to run again."""

from __future__ import annotations

from tenantry import errors
from tenantry._core.call import checks_text
from tenantry._core.query import Attach, attachments, statement
from tenantry._gen.v1 import query_pb2, types_pb2
from tenantry.errors import Code, Error
from tenantry.models import enum_value
from tenantry.results import ExecuteResult, TransactionMode
from tenantry.values import Args


class State:
    """The state of one transaction."""

    def __init__(self) -> None:
        self.generation = 0
        self.committed = False
        # The error that ended it.
        self.failure: Error | None = None
        # The error that was raised last, be it that of a statement.
        self.last_error: Error | None = None
        self._over = False
        self._commit_sent = False
        # What may answer the request that was sent last.
        self._expected: tuple[str, ...] = ()

    @property
    def over(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self._over

    @checks_text
    def begin(
        self, database: str, mode: TransactionMode, attach: Attach, min_generation: int
    ) -> query_pb2.TransactRequest:
        """The request that starts it."""
        self._expected = ("began",)
        return query_pb2.TransactRequest(
            begin=query_pb2.TransactBegin(
                database=database,
                mode=enum_value(types_pb2.TransactionMode, "TRANSACTION_MODE_", mode),
                attachments=attachments(attach),
                min_generation=min_generation,
            )
        )

    @checks_text
    def execute(self, sql: str, args: Args) -> query_pb2.TransactRequest:
        """The request that runs SQL in it."""
        self.check()
        self._expected = ("result", "error")
        return query_pb2.TransactRequest(
            execute=query_pb2.TransactExecute(statement=statement(sql, args))
        )

    def commit(self) -> query_pb2.TransactRequest:
        """The request that makes it durable."""
        self.check()
        self._commit_sent = True
        self._expected = ("committed",)
        return query_pb2.TransactRequest(commit=query_pb2.TransactCommit())

    def rollback(self) -> query_pb2.TransactRequest:
        """The request that undoes it."""
        self.check()
        self._expected = ("rolled_back",)
        return query_pb2.TransactRequest(rollback=query_pb2.TransactRollback())

    def check(self) -> None:
        """Raises when it has ended: by its own error, where that is why."""
        if self.failure is not None:
            raise self.failure
        if self._over:
            raise errors.make(
                Code.FAILED_PRECONDITION,
                "the transaction has ended; begin another one",
                reason="TRANSACTION_STATE",
            )

    def answer(self, answer: query_pb2.TransactResponse) -> query_pb2.TransactResponse:
        """Takes an answer; raises, and has failed, when it is none to what was sent."""
        if answer.WhichOneof("response") not in self._expected:
            raise self.failed(errors.malformed("the answer is not one to what was asked"))
        return answer

    def began(self, answer: query_pb2.TransactResponse) -> None:
        """Takes the answer to `begin`."""
        self.generation = answer.began.generation

    def result(self, answer: query_pb2.TransactResponse) -> ExecuteResult:
        """Takes the answer to `execute`. An error of a statement is raised and leaves
        the transaction open."""
        if answer.HasField("error"):
            self.last_error = errors.from_status(answer.error)
            raise self.last_error
        return ExecuteResult(answer.result.results, self.generation)

    def ended(self, *, committed: bool) -> None:
        """Takes the answer to `commit` or `rollback`."""
        self._over = True
        self.committed = committed

    def failed(self, error: Error) -> Error:
        """The stream ended with this error; returns the one to raise."""
        if not self._commit_sent:
            # A server that stops cannot know that; without `commit` nothing was done.
            error.metadata = {k: v for k, v in error.metadata.items() if k != "outcome"}
        elif _may_have_committed(error):
            error = errors.make(
                error.code,
                f"{error.message}; whether the transaction was committed is not known",
                reason=error.reason,
                metadata={**error.metadata, "outcome": "unknown"},
            )
        self._over = True
        self.failure = self.last_error = error
        return error

    def runs_again(self, raised: BaseException) -> bool:
        """Whether the whole transaction may be run again after its function failed: the
        server says so, or the connection was lost before `commit` was sent."""
        if raised is not self.last_error or not isinstance(raised, Error):
            return False
        if raised.outcome_unknown:
            return False
        if raised.code is Code.ABORTED:
            return raised.retry_after is not None
        return raised is self.failure and raised.code is Code.UNAVAILABLE


def _may_have_committed(error: Error) -> bool:
    """Whether an error behind `commit` leaves open what became of it. The server's own
    errors mean that it was not done, but for the one of its shutdown."""
    return error.reason in ("", "UNAVAILABLE")
