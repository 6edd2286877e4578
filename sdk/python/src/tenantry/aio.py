"""The client for asyncio; the twin of `tenantry.client`.

A client belongs to the event loop of its first call. Calls are cancelled as everything
in asyncio is, by cancelling the task or with `asyncio.timeout`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import grpc
import grpc.aio

from tenantry._async import ENDS, TokenCallback, Transport
from tenantry._async_manage import Databases, SchemaCalls, Tokens
from tenantry._core import query
from tenantry._core.options import CHANNELS, TIMEOUT_SECONDS, RetryPolicy, Tls
from tenantry._core.query import Attach, Batchable, Encoding, Stream, Summary
from tenantry._core.token import Token
from tenantry._core.transact import State
from tenantry._gen.v1 import query_pb2
from tenantry.errors import Error
from tenantry.raw import AsyncStubs
from tenantry.results import (
    BatchResult,
    Column,
    Description,
    ExecuteResult,
    Stats,
    TransactionMode,
)
from tenantry.values import Args, Row, Value

if TYPE_CHECKING:
    import pandas
    import pyarrow

T = TypeVar("T")


class Client:
    """A connection to a server, for any number of tasks.

    `endpoint` is `http://host:port` for plaintext, `https://host:port` for TLS, or
    `host:port`, which is plaintext on this machine and TLS everywhere else. `token` is a
    token, or a function, `async` or not, that returns one: what it returned is kept, and
    it is asked again when the server no longer takes it. `timeout` is the deadline in
    seconds of calls that are no streams and have none of their own.
    """

    def __init__(
        self,
        endpoint: str,
        token: str | TokenCallback | None = None,
        *,
        tls: Tls | None = None,
        channels: int = CHANNELS,
        timeout: float = TIMEOUT_SECONDS,
        retry: RetryPolicy | None = None,
    ) -> None:
        self._transport = Transport(endpoint, token, tls, channels, timeout, retry or RetryPolicy())
        self.databases = Databases(self._transport)
        self.tokens = Tokens(self._transport)
        self.schema = SchemaCalls(self._transport)

    @property
    def raw(self) -> AsyncStubs:
        """The generated stubs."""
        tokens = self._transport.tokens
        return AsyncStubs(
            self._transport.channels[0], lambda: (tokens.token or Token.of(None)).metadata
        )

    def database(self, name: str, *, attach: Attach = ()) -> Database:
        """A handle for the database `group/name`, which costs nothing. What `attach`
        names is attached in each of its calls."""
        return Database(self._transport, name, attach)

    async def close(self) -> None:
        """Ends the client: calls in flight end with `Cancelled`, later ones with
        `ClientClosed`. Closing it again does nothing."""
        await self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class Database:
    """A handle for one database; made by `Client.database`."""

    def __init__(self, transport: Transport, name: str, attach: Attach) -> None:
        self._transport = transport
        self.name = name
        self._attach = attach

    async def execute(
        self,
        sql: str,
        args: Args = (),
        *,
        attach: Attach = (),
        min_generation: int = 0,
        timeout: float | None = None,
        idempotent: bool = False,
    ) -> ExecuteResult:
        """Runs one or several statements as one transaction.

        `idempotent` promises that doing it twice does no harm, so that it may be sent
        again when the connection fails.
        """
        call = query.execute(
            self.name, sql, args, self._both(attach), min_generation, timeout, idempotent
        )
        return await self._transport.call(call)

    async def batch(
        self,
        statements: Sequence[Batchable],
        *,
        mode: TransactionMode = "DEFERRED",
        attach: Attach = (),
        min_generation: int = 0,
        timeout: float | None = None,
        idempotent: bool = False,
    ) -> BatchResult:
        """Runs statements in one transaction: all or none."""
        call = query.batch(
            self.name, statements, mode, self._both(attach), min_generation, timeout, idempotent
        )
        return await self._transport.call(call)

    async def query(
        self,
        sql: str,
        args: Args = (),
        *,
        attach: Attach = (),
        encoding: Encoding = "COLUMNS",
        min_generation: int = 0,
        timeout: float | None = None,
        idempotent: bool = False,
    ) -> Rows:
        """Runs one statement that reads or returns rows, and streams them. There is no
        deadline unless `timeout` gives one for the whole stream."""
        request = query.query(self.name, sql, args, self._both(attach), encoding, min_generation)
        attempts = self._transport.attempts(timeout)
        while True:
            token = await self._transport.tokens.get()
            try:
                call = self._transport.stream(query.QUERY, request, attempts.remaining(), token)
                return Rows(self._transport, call, Stream(await _first(call)))
            except ENDS as raised:
                error = self._transport.error(raised)
            await self._transport.again(attempts.after(error, repeatable=idempotent), token)

    async def describe(
        self, sql: str, *, attach: Attach = (), timeout: float | None = None
    ) -> Description:
        """Describes a statement without running it."""
        call = query.describe(self.name, sql, self._both(attach), timeout)
        return await self._transport.call(call)

    async def transaction(
        self,
        function: Callable[[Transaction], Awaitable[T]],
        *,
        mode: TransactionMode = "IMMEDIATE",
        attach: Attach = (),
        min_generation: int = 0,
        timeout: float | None = None,
    ) -> T:
        """Runs the function in a transaction, commits when it returns, and returns what it
        did. When it raises, the transaction is rolled back and the error comes out.

        The whole function is run again when the transaction lost to another one, or the
        connection was lost before the commit: it must do nothing else that may not be
        done twice.
        """
        attempts = self._transport.attempts(timeout)
        while True:
            token = await self._transport.tokens.get()
            try:
                transaction = await self._begin(
                    mode, attach, min_generation, attempts.remaining(), token
                )
            except Error as error:
                again = attempts.after(error, repeatable=True)
            else:
                try:
                    async with transaction:
                        return await function(transaction)
                except BaseException as raised:
                    if not (isinstance(raised, Error) and transaction.state.runs_again(raised)):
                        raise
                    again = attempts.after(raised, repeatable=True)
            await self._transport.again(again, token)

    async def begin(
        self,
        *,
        mode: TransactionMode = "IMMEDIATE",
        attach: Attach = (),
        min_generation: int = 0,
        timeout: float | None = None,
    ) -> Transaction:
        """Begins a transaction that the caller commits or rolls back. As a context it is
        committed at the end, or rolled back by an exception; it is never run again."""
        attempts = self._transport.attempts(timeout)
        while True:
            token = await self._transport.tokens.get()
            try:
                return await self._begin(mode, attach, min_generation, attempts.remaining(), token)
            except Error as error:
                again = attempts.after(error, repeatable=True)
            await self._transport.again(again, token)

    async def _begin(
        self,
        mode: TransactionMode,
        attach: Attach,
        min_generation: int,
        timeout: float | None,
        token: Token,
    ) -> Transaction:
        transaction = Transaction(self._transport, timeout, token)
        await transaction.begin(self.name, mode, self._both(attach), min_generation)
        return transaction

    def _both(self, attach: Attach) -> Attach:
        if not attach:
            return self._attach
        return [*self._attach, *attach]


async def _first(call: Any) -> query_pb2.QueryResponse:
    message = await call.read()
    # The end of the stream, where nothing came before it, is no header either.
    return query_pb2.QueryResponse() if message is grpc.aio.EOF else message


class Rows:
    """The rows of a stream, read as they come. Closing it early ends the stream.

    The columns and the generation are known before the first row, what the statement cost
    after the last. As a context it is closed at the end.
    """

    def __init__(self, transport: Transport, call: Any, stream: Stream) -> None:
        self._transport = transport
        self._call = call
        self._stream = stream
        self._rows = self._each()

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of every row."""
        return self._stream.columns

    @property
    def generation(self) -> int:
        """The generation on which the statement runs; 0 of a REGULAR database."""
        return self._stream.generation

    @property
    def summary(self) -> Summary | None:
        """What the statement did and cost; None before the last row."""
        return self._stream.summary

    @property
    def stats(self) -> Stats | None:
        """What the statement cost; None before the last row."""
        return self._stream.summary.stats if self._stream.summary else None

    def __aiter__(self) -> AsyncIterator[Row]:
        return self._rows

    async def __anext__(self) -> Row:
        return await anext(self._rows)

    async def chunks(self) -> AsyncIterator[list[Row]]:
        """The rows that are left, in the pieces in which they come."""
        async for chunk in self._read(self._stream.rows):
            yield chunk

    async def all(self) -> list[Row]:
        """All rows that are left."""
        rows: list[Row] = []
        async for chunk in self.chunks():
            rows += chunk
        return rows

    async def to_arrow(self) -> pyarrow.Table:
        """All rows that are left, as a table of Arrow; needs the extra `arrow`."""
        from tenantry import _arrow

        cells: list[list[Value]] = [[] for _ in self.columns]
        async for chunk in self._read(self._stream.cells):
            for column, more in zip(cells, chunk, strict=True):
                column += more
        return _arrow.table(self.columns, cells)

    async def to_pandas(self) -> pandas.DataFrame:
        """All rows that are left, as a data frame; needs the extra `pandas`."""
        return (await self.to_arrow()).to_pandas()

    async def _each(self) -> AsyncIterator[Row]:
        async for chunk in self._read(self._stream.rows):
            for row in chunk:
                yield row

    async def _read(self, decode: Callable[[query_pb2.QueryResponse], T]) -> AsyncIterator[T]:
        while True:
            try:
                message = await self._call.read()
            except ENDS as raised:
                raise self._transport.error(raised) from None
            if message is grpc.aio.EOF:
                break
            if not self._stream.holds_rows(message):
                continue
            try:
                chunk = decode(message)
            except Error:
                self._call.cancel()  # What comes behind a broken chunk is of no use.
                raise
            yield chunk
        self._stream.ended()

    async def close(self) -> None:
        """Ends the stream; its statement is interrupted."""
        self._call.cancel()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class Transaction:
    """An interactive transaction; made by `Database.transaction` and `Database.begin`.

    One task at a time may use it.
    """

    def __init__(self, transport: Transport, timeout: float | None, token: Token) -> None:
        self.state = State()
        self._transport = transport
        try:
            self._call = transport.exchange(query.TRANSACT, timeout, token)
        except grpc.aio.UsageError as raised:
            raise transport.error(raised) from None

    async def begin(
        self, database: str, mode: TransactionMode, attach: Attach, min_generation: int
    ) -> None:
        """Starts it; done by what makes it."""
        request = self.state.begin(database, mode, attach, min_generation)
        self.state.began(await self._exchange(request))

    @property
    def generation(self) -> int:
        """The generation on which it runs; 0 of a REGULAR database."""
        return self.state.generation

    async def execute(self, sql: str, args: Args = ()) -> ExecuteResult:
        """Runs one or several statements. When one fails, it alone is undone and the
        transaction goes on: the error may be caught."""
        return self.state.result(await self._exchange(self.state.execute(sql, args)))

    async def commit(self) -> None:
        """Makes it durable. An error whose `outcome_unknown` is set means that it may have
        been committed all the same."""
        self.state.check()
        if self._call.done():
            await self._exchange(None)  # It ended before: what is raised now is certain.
        await self._exchange(self.state.commit())
        await self._end(committed=True)

    async def rollback(self) -> None:
        """Undoes it; nothing happens when it is over already."""
        if self.state.over:
            return
        try:
            await self._exchange(self.state.rollback())
        except Error:
            return  # Without an end by `commit` it is rolled back as well.
        await self._end(committed=False)

    async def _exchange(
        self, request: query_pb2.TransactRequest | None
    ) -> query_pb2.TransactResponse:
        try:
            if request is not None:
                # What ends the call while it is written to is told by the read.
                with suppress(asyncio.InvalidStateError, grpc.RpcError):
                    await self._call.write(request)
            answer = await self._call.read()
            if answer is not grpc.aio.EOF:
                return self.state.answer(answer)
            error = query.cut()
        except Error:
            self._call.cancel()
            raise
        except ENDS as raised:
            self._call.cancel()
            error = self._transport.ending(self._call, raised)
        raise self.state.failed(error)

    async def _end(self, *, committed: bool) -> None:
        self.state.ended(committed=committed)
        with suppress(grpc.RpcError):
            await self._call.done_writing()
            await self._call.read()  # The end of the stream, without which it stays open.

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        raised: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            await self.rollback()
        elif not self.state.over or self.state.failure is not None:
            await self.commit()
