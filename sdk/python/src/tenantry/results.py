"""What statements answer, and what is sent beside their SQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from google.protobuf.duration_pb2 import Duration

from tenantry import errors
from tenantry._gen.v1 import query_pb2, types_pb2
from tenantry.values import Args, Row, rows_of

if TYPE_CHECKING:
    import pandas
    import pyarrow

TransactionMode: TypeAlias = Literal["DEFERRED", "IMMEDIATE", "READ_ONLY"]
"""How a transaction starts: DEFERRED reads at first and may fail with BUSY when it comes
to write, IMMEDIATE waits for its turn to write at once, READ_ONLY never writes."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a result."""

    name: str
    """The name, or what SQLite calls the expression."""

    declared_type: str
    """The type that the table declares; empty for an expression."""


@dataclass(frozen=True, slots=True)
class Stats:
    """What a statement cost."""

    rows_read: int
    rows_written: int
    duration: timedelta


@dataclass(frozen=True, slots=True)
class Attachment:
    """A second database of the same group, which a request reads under an alias."""

    database: str
    """The database, as `group/name`."""

    alias: str = ""
    """The name it gets in SQL; by default that of the database."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold of earlier steps of a batch, as in `Condition.ok(0) & ~Condition.ok(1)`."""

    message: query_pb2.Condition

    @classmethod
    def ok(cls, step: int) -> Condition:
        """The step with this index, from 0, ran and succeeded."""
        return cls(query_pb2.Condition(ok=step))

    @classmethod
    def error(cls, step: int) -> Condition:
        """The step with this index, from 0, ran and failed. The failing statement alone is
        undone then, and the batch goes on."""
        return cls(query_pb2.Condition(error=step))

    def __invert__(self) -> Condition:
        return Condition(_condition("not", self.message))

    def __and__(self, other: Condition) -> Condition:
        return Condition(_condition("and", _both(self, other)))

    def __or__(self, other: Condition) -> Condition:
        return Condition(_condition("or", _both(self, other)))


def _condition(kind: str, of: Any) -> query_pb2.Condition:
    # The fields are words of Python, and cannot be written as arguments.
    fields: dict[str, Any] = {kind: of}
    return query_pb2.Condition(**fields)


def _both(first: Condition, second: Condition) -> query_pb2.ConditionList:
    return query_pb2.ConditionList(conditions=[first.message, second.message])


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with its arguments, as a step of a batch."""

    sql: str
    args: Args = ()
    when: Condition | None = None
    """Run the step only when this holds."""


class ResultSet:
    """The whole result of one statement. Its cells are decoded when they are asked for."""

    def __init__(self, message: types_pb2.ResultSet) -> None:
        self._message = message

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns; empty for a statement that returns no rows."""
        return columns_of(self._message.columns)

    @cached_property
    def rows(self) -> list[Row]:
        """The rows, in the order SQLite gave them."""
        return rows_of(tuple([c.name for c in self._message.columns]), self._message.rows)

    @property
    def affected_row_count(self) -> int:
        """Rows that the statement itself inserted, updated or deleted."""
        return self._message.affected_row_count

    @property
    def last_insert_rowid(self) -> int:
        """The rowid of the last row that the request inserted; 0 when it inserted none."""
        return self._message.last_insert_rowid

    @property
    def stats(self) -> Stats:
        """What the statement cost."""
        return stats_of(self._message.stats)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self._message.rows)

    def first(self) -> Row | None:
        """The first row, or None."""
        return self.rows[0] if self.rows else None

    def scalar(self) -> Any:
        """The first cell of the first row, or None."""
        row = self.first()
        return row[0] if row else None

    def to_arrow(self) -> pyarrow.Table:
        """The rows as a table of Arrow; needs the extra `arrow`."""
        from tenantry import _arrow

        cells = [list(column) for column in zip(*self.rows, strict=True)]
        return _arrow.table(self.columns, cells or [[] for _ in self.columns])

    def to_pandas(self) -> pandas.DataFrame:
        """The rows as a data frame; needs the extra `pandas`."""
        return self.to_arrow().to_pandas()


class ExecuteResult(ResultSet):
    """What `execute` answers: the result of each statement, and as its own the last one's."""

    def __init__(self, messages: Sequence[types_pb2.ResultSet], generation: int) -> None:
        super().__init__(messages[-1] if messages else types_pb2.ResultSet())
        self._messages = messages
        self.generation = generation
        """The generation on which the statements ran; 0 of a REGULAR database."""

    @cached_property
    def results(self) -> list[ResultSet]:
        """One result per statement, in order."""
        return [ResultSet(message) for message in self._messages]


StepResult: TypeAlias = ResultSet | errors.Error | None
"""What became of a step: its result, its error where a later step looks at it, or None
where its condition did not hold."""


class BatchResult(Sequence[StepResult]):
    """What `batch` answers: what became of each step, in order."""

    def __init__(self, message: query_pb2.ExecuteBatchResponse) -> None:
        self.results = [_step(result) for result in message.results]
        """What became of each step."""
        self.generation = message.generation
        """The generation on which the steps ran; 0 of a REGULAR database."""

    def __getitem__(self, index: int) -> StepResult:  # type: ignore[override]
        return self.results[index]

    def __len__(self) -> int:
        return len(self.results)


def _step(message: query_pb2.StepResult) -> StepResult:
    match message.WhichOneof("outcome"):
        case "result":
            return ResultSet(message.result)
        case "error":
            return errors.from_status(message.error)
        case _:
            return None


@dataclass(frozen=True, slots=True)
class Description:
    """What `describe` tells of a statement."""

    parameters: tuple[str, ...]
    """The names of the parameters without their sigils, in the order of their numbers;
    empty for `?` and `?1`."""

    columns: tuple[Column, ...]
    """The columns of its rows; empty when it returns none."""

    read_only: bool
    """It does not write to the database."""

    explain: bool
    """It is an EXPLAIN or an EXPLAIN QUERY PLAN."""


def columns_of(columns: Iterable[types_pb2.Column]) -> tuple[Column, ...]:
    """The columns of a message."""
    return tuple([Column(column.name, column.declared_type) for column in columns])


def stats_of(stats: types_pb2.ResultStats) -> Stats:
    """The stats of a message."""
    return Stats(stats.rows_read, stats.rows_written, duration_of(stats.duration))


def duration_of(duration: Duration) -> timedelta:
    """The duration of a message."""
    return timedelta(seconds=duration.seconds, microseconds=duration.nanos / 1000)
