"""The calls of QueryService."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from tenantry import errors
from tenantry._core.call import Call, checks_text, rpc
from tenantry._gen.v1 import query_pb2, types_pb2
from tenantry.models import enum_value
from tenantry.results import (
    Attachment,
    BatchResult,
    Column,
    Description,
    ExecuteResult,
    Statement,
    Stats,
    TransactionMode,
    columns_of,
    stats_of,
)
from tenantry.values import Args, Row, Value, encode, row_class, rows_of, rows_of_columns
from tenantry.values import columns_of as cells_of

EXECUTE = rpc("QueryService", "Execute", query_pb2.ExecuteResponse)
BATCH = rpc("QueryService", "ExecuteBatch", query_pb2.ExecuteBatchResponse)
DESCRIBE = rpc("QueryService", "Describe", query_pb2.DescribeResponse)
QUERY = rpc("QueryService", "Query", query_pb2.QueryResponse)
TRANSACT = rpc("QueryService", "Transact", query_pb2.TransactResponse)

Attach: TypeAlias = Sequence[str | Attachment]
"""What to attach: databases as `group/name`, each under its own name or an alias."""

Encoding: TypeAlias = Literal["COLUMNS", "ROWS"]
"""How a stream carries its rows."""

Batchable: TypeAlias = str | tuple[str, Args] | Statement
"""A step of a batch."""


def attachments(attach: Attach) -> list[types_pb2.Attachment]:
    """The attachments as they are sent."""
    return [
        types_pb2.Attachment(database=each)
        if isinstance(each, str)
        else types_pb2.Attachment(database=each.database, alias=each.alias)
        for each in attach
    ]


def statement(sql: str, args: Args) -> types_pb2.Statement:
    """The statement as it is sent."""
    if not args:
        return types_pb2.Statement(sql=sql)
    if isinstance(args, Mapping):
        return types_pb2.Statement(
            sql=sql, named_args={name: encode(value) for name, value in args.items()}
        )
    if isinstance(args, (str, bytes, bytearray, memoryview)):
        raise TypeError("arguments are a sequence or a mapping of values, not one value")
    return types_pb2.Statement(sql=sql, args=[encode(value) for value in args])


@checks_text
def execute(
    database: str,
    sql: str,
    args: Args,
    attach: Attach,
    min_generation: int,
    timeout: float | None,
    idempotent: bool,
) -> Call[ExecuteResult]:
    """Runs one or several statements."""
    request = query_pb2.ExecuteRequest(
        database=database,
        statement=statement(sql, args),
        attachments=attachments(attach) if attach else (),
        min_generation=min_generation,
    )
    return Call(EXECUTE, request, _executed, idempotent, timeout)


def _executed(answer: query_pb2.ExecuteResponse) -> ExecuteResult:
    return ExecuteResult(answer.results, answer.generation)


@checks_text
def batch(
    database: str,
    statements: Sequence[Batchable],
    mode: TransactionMode,
    attach: Attach,
    min_generation: int,
    timeout: float | None,
    idempotent: bool,
) -> Call[BatchResult]:
    """Runs steps in one transaction."""
    request = query_pb2.ExecuteBatchRequest(
        database=database,
        steps=[_step(each) for each in statements],
        mode=enum_value(types_pb2.TransactionMode, "TRANSACTION_MODE_", mode),
        attachments=attachments(attach),
        min_generation=min_generation,
    )
    return Call(BATCH, request, BatchResult, idempotent or mode == "READ_ONLY", timeout)


def _step(step: Batchable) -> query_pb2.BatchStep:
    if isinstance(step, str):
        return query_pb2.BatchStep(statement=statement(step, ()))
    if isinstance(step, tuple):
        return query_pb2.BatchStep(statement=statement(*step))
    when = step.when.message if step.when else None
    return query_pb2.BatchStep(statement=statement(step.sql, step.args), condition=when)


@checks_text
def describe(database: str, sql: str, attach: Attach, timeout: float | None) -> Call[Description]:
    """Describes a statement without running it."""
    request = query_pb2.DescribeRequest(database=database, sql=sql, attachments=attachments(attach))
    return Call(DESCRIBE, request, _described, repeatable=True, timeout=timeout)


def _described(answer: query_pb2.DescribeResponse) -> Description:
    return Description(
        parameters=tuple(parameter.name for parameter in answer.parameters),
        columns=columns_of(answer.columns),
        read_only=answer.read_only,
        explain=answer.explain,
    )


@checks_text
def query(
    database: str,
    sql: str,
    args: Args,
    attach: Attach,
    encoding: Encoding,
    min_generation: int,
) -> query_pb2.QueryRequest:
    """Runs one statement and streams its rows."""
    return query_pb2.QueryRequest(
        database=database,
        statement=statement(sql, args),
        attachments=attachments(attach),
        encoding=enum_value(query_pb2.Encoding, "ENCODING_", encoding),
        min_generation=min_generation,
    )


@dataclass(frozen=True, slots=True)
class Summary:
    """What is known behind the last row."""

    stats: Stats
    affected_row_count: int
    last_insert_rowid: int


class Stream:
    """What has come of a stream of rows."""

    columns: tuple[Column, ...]
    generation: int

    def __init__(self, first: query_pb2.QueryResponse) -> None:
        if first.WhichOneof("part") != "header":
            raise cut()
        self.columns = columns_of(first.header.columns)
        self.generation = first.header.generation
        self.summary: Summary | None = None
        self._names = tuple([column.name for column in self.columns])
        row_class(self._names)

    def rows(self, message: query_pb2.QueryResponse) -> list[Row]:
        """The rows of the next message."""
        if message.HasField("columns"):
            return rows_of_columns(self._names, message.columns)
        return rows_of(self._names, message.rows.rows)

    def cells(self, message: query_pb2.QueryResponse) -> list[list[Value]]:
        """The cells of the next message, column by column."""
        if message.HasField("columns"):
            return cells_of(len(self._names), message.columns)
        return [list(column) for column in zip(*self.rows(message), strict=True)]

    def holds_rows(self, message: query_pb2.QueryResponse) -> bool:
        """Takes note of a message; tells whether it holds rows."""
        if not message.HasField("summary"):
            return True
        summary = message.summary
        self.summary = Summary(
            stats_of(summary.stats), summary.affected_row_count, summary.last_insert_rowid
        )
        return False

    def ended(self) -> None:
        """The stream has ended; raises unless it came to its end."""
        if self.summary is None:
            raise cut()


def cut() -> errors.Error:
    """The error of a stream that ended without its last message."""
    return errors.make(
        errors.Code.UNAVAILABLE, "the stream ended before the result was complete; ask again"
    )
