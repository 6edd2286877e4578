"""The blocking client. `tenantry.aio` is its twin for asyncio.

A client may be used by several threads at the same time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain
from queue import SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import grpc

from tenantry._core import query
from tenantry._core.options import CHANNELS, TIMEOUT_SECONDS, RetryPolicy, Tls
from tenantry._core.query import Attach, Batchable, Encoding, Stream, Summary
from tenantry._core.token import Token
from tenantry._core.transact import State
from tenantry._gen.v1 import query_pb2
from tenantry._sync import Cancellation, TokenCallback, Transport
from tenantry._sync_manage import Databases, SchemaCalls, Tokens
from tenantry.errors import Error
from tenantry.raw import Stubs
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
    """A connection to a server, for any number of threads.

    `endpoint` is `http://host:port` for plaintext, `https://host:port` for TLS, or
    `host:port`, which is plaintext on this machine and TLS everywhere else. `token` is a
    token, or a function that returns one: what it returned is kept, and it is asked again
    when the server no longer takes it. `timeout` is the deadline in seconds of calls that
    are no streams and have none of their own.
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
    def raw(self) -> Stubs:
        """The generated stubs."""
        tokens = self._transport.tokens
        return Stubs(self._transport.channels[0], lambda: tokens.get().metadata)

    def database(self, name: str, *, attach: Attach = ()) -> Database:
        """A handle for the database `group/name`, which costs nothing. What `attach`
        names is attached in each of its calls."""
        return Database(self._transport, name, attach)

    def close(self) -> None:
        """Ends the client: calls in flight end with `Cancelled`, later ones with
        `ClientClosed`. Closing it again does nothing."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Database:
    """A handle for one database; made by `Client.database`."""

    def __init__(self, transport: Transport, name: str, attach: Attach) -> None:
        self._transport = transport
        self.name = name
        self._attach = attach

    def execute(
        self,
        sql: str,
        args: Args = (),
        *,
        attach: Attach = (),
        min_generation: int = 0,
        timeout: float | None = None,
        idempotent: bool = False,
        cancellation: Cancellation | None = None,
    ) -> ExecuteResult:
        """Runs one or several statements as one transaction.

        `idempotent` promises that doing it twice does no harm, so that it may be sent
        again when the connection fails.
        """
        call = query.execute(
            self.name, sql, args, self._both(attach), min_generation, timeout, idempotent
        )
        return self._transport.call(call, cancellation)

    def batch(
        self,
        statements: Sequence[Batchable],
        *,
        mode: TransactionMode = "DEFERRED",
        attach: Attach = (),
        min_generation: int = 0,
        timeout: float | None = None,
        idempotent: bool = False,
        cancellation: Cancellation | None = None,
    ) -> BatchResult:
        """Runs statements in one transaction: all or none."""
        call = query.batch(
            self.name, statements, mode, self._both(attach), min_generation, timeout, idempotent
        )
        return self._transport.call(call, cancellation)

    def query(
        self,
        sql: str,
        args: Args = (),
        *,
        attach: Attach = (),
        encoding: Encoding = "COLUMNS",
        min_generation: int = 0,
        timeout: float | None = None,
        idempotent: bool = False,
        cancellation: Cancellation | None = None,
    ) -> Rows:
        """Runs one statement that reads or returns rows, and streams them. There is no
        deadline unless `timeout` gives one for the whole stream."""
        request = query.query(self.name, sql, args, self._both(attach), encoding, min_generation)
        attempts = self._transport.attempts(timeout, cancellation)
        while True:
            token = self._transport.tokens.get()
            try:
                call = self._transport.stream(query.QUERY, request, attempts.remaining(), token)
                if cancellation is not None:
                    cancellation.add(call.cancel)
                    call.add_callback(partial(cancellation.remove, call.cancel))
                return Rows(self._transport, call, Stream(next(call)))
            except StopIteration:
                error = query.cut()
            except (grpc.RpcError, ValueError) as raised:
                error = self._transport.error(raised)
            self._transport.again(attempts.after(error, repeatable=idempotent), token, cancellation)

    def describe(
        self, sql: str, *, attach: Attach = (), timeout: float | None = None
    ) -> Description:
        """Describes a statement without running it."""
        call = query.describe(self.name, sql, self._both(attach), timeout)
        return self._transport.call(call)

    def transaction(
        self,
        function: Callable[[Transaction], T],
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
            token = self._transport.tokens.get()
            try:
                transaction = self._begin(mode, attach, min_generation, attempts.remaining(), token)
            except Error as error:
                again = attempts.after(error, repeatable=True)
            else:
                try:
                    with transaction:
                        return function(transaction)
                except BaseException as raised:
                    if not (isinstance(raised, Error) and transaction.state.runs_again(raised)):
                        raise
                    again = attempts.after(raised, repeatable=True)
            self._transport.again(again, token)

    def begin(
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
            token = self._transport.tokens.get()
            try:
                return self._begin(mode, attach, min_generation, attempts.remaining(), token)
            except Error as error:
                again = attempts.after(error, repeatable=True)
            self._transport.again(again, token)

    def _begin(
        self,
        mode: TransactionMode,
        attach: Attach,
        min_generation: int,
        timeout: float | None,
        token: Token,
    ) -> Transaction:
        transaction = Transaction(self._transport, timeout, token)
        transaction.begin(self.name, mode, self._both(attach), min_generation)
        return transaction

    def _both(self, attach: Attach) -> Attach:
        if not attach:
            return self._attach
        return [*self._attach, *attach]


class Rows:
    """The rows of a stream, read as they come. Closing it early ends the stream.

    The columns and the generation are known before the first row, what the statement cost
    after the last. As a context it is closed at the end.
    """

    def __init__(self, transport: Transport, call: Any, stream: Stream) -> None:
        self._transport = transport
        self._call = call
        self._stream = stream
        self._rows = chain.from_iterable(self.chunks())

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

    def __iter__(self) -> Iterator[Row]:
        return self._rows

    def __next__(self) -> Row:
        return next(self._rows)

    def chunks(self) -> Iterator[list[Row]]:
        """The rows that are left, in the pieces in which they come."""
        return self._read(self._stream.rows)

    def all(self) -> list[Row]:
        """All rows that are left."""
        return list(self._rows)

    def to_arrow(self) -> pyarrow.Table:
        """All rows that are left, as a table of Arrow; needs the extra `arrow`."""
        from tenantry import _arrow

        cells: list[list[Value]] = [[] for _ in self.columns]
        for chunk in self._read(self._stream.cells):
            for column, more in zip(cells, chunk, strict=True):
                column += more
        return _arrow.table(self.columns, cells)

    def to_pandas(self) -> pandas.DataFrame:
        """All rows that are left, as a data frame; needs the extra `pandas`."""
        return self.to_arrow().to_pandas()

    def _read(self, decode: Callable[[query_pb2.QueryResponse], T]) -> Iterator[T]:
        try:
            for message in self._call:
                if self._stream.holds_rows(message):
                    yield decode(message)
        except grpc.RpcError as raised:
            raise self._transport.error(raised) from None
        except Error:
            self._call.cancel()  # What comes behind a broken chunk is of no use.
            raise
        self._stream.ended()

    def close(self) -> None:
        """Ends the stream; its statement is interrupted."""
        self._call.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Transaction:
    """An interactive transaction; made by `Database.transaction` and `Database.begin`.

    One thread at a time may use it.
    """

    def __init__(self, transport: Transport, timeout: float | None, token: Token) -> None:
        self.state = State()
        self._transport = transport
        self._requests: SimpleQueue[query_pb2.TransactRequest | None] = SimpleQueue()
        try:
            self._call = transport.exchange(
                query.TRANSACT, iter(self._requests.get, None), timeout, token
            )
        except ValueError as raised:
            raise transport.error(raised) from None

    def begin(
        self, database: str, mode: TransactionMode, attach: Attach, min_generation: int
    ) -> None:
        """Starts it; done by what makes it."""
        self.state.began(self._exchange(self.state.begin(database, mode, attach, min_generation)))

    @property
    def generation(self) -> int:
        """The generation on which it runs; 0 of a REGULAR database."""
        return self.state.generation

    def execute(self, sql: str, args: Args = ()) -> ExecuteResult:
        """Runs one or several statements. When one fails, it alone is undone and the
        transaction goes on: the error may be caught."""
        return self.state.result(self._exchange(self.state.execute(sql, args)))

    def commit(self) -> None:
        """Makes it durable. An error whose `outcome_unknown` is set means that it may have
        been committed all the same."""
        self.state.check()
        if not self._call.is_active():
            self._answer()  # It ended before: what is raised now is certain.
        self._exchange(self.state.commit())
        self._end(committed=True)

    def rollback(self) -> None:
        """Undoes it; nothing happens when it is over already."""
        if self.state.over:
            return
        try:
            self._exchange(self.state.rollback())
        except Error:
            return  # Without an end by `commit` it is rolled back as well.
        self._end(committed=False)

    def _exchange(self, request: query_pb2.TransactRequest) -> query_pb2.TransactResponse:
        self._requests.put(request)
        return self._answer()

    def _answer(self) -> query_pb2.TransactResponse:
        try:
            return self.state.answer(next(self._call))
        except StopIteration:
            error = query.cut()
        except grpc.RpcError as raised:
            error = self._transport.error(raised)
        except BaseException:
            self._call.cancel()
            self._requests.put(None)
            raise
        self._requests.put(None)
        raise self.state.failed(error)

    def _end(self, *, committed: bool) -> None:
        self.state.ended(committed=committed)
        self._requests.put(None)
        with suppress(grpc.RpcError):
            next(self._call, None)  # The end of the stream, without which it stays open.

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        raised: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self.rollback()
        elif not self.state.over or self.state.failure is not None:
            self.commit()

    def __del__(self) -> None:
        # The thread that sends its requests waits for them until there are no more.
        self._requests.put(None)
