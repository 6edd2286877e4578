"""A module by PEP 249, the DB-API 2.0 of Python.

    connection = tenantry.dbapi.connect("http://127.0.0.1:50051", "shop/acme", token=token)

A transaction begins with the first statement and ends with `commit` or `rollback`. On a
SCHEMA database a transaction that writes is one migration. With `autocommit` each
statement is a transaction of its own. Everything that fails raises an error of this
module, which has `code`, `reason` and `metadata` of the server's as well.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Self, TypeAlias

from tenantry import errors
from tenantry._core.options import Tls
from tenantry._core.query import Attach
from tenantry.client import Client, Transaction
from tenantry.results import ResultSet, TransactionMode
from tenantry.values import Args, Bindable, Row

apilevel = "2.0"
threadsafety = 1
paramstyle = "qmark"

sqlite_version_info = (3, 45, 0)
"""The SQLite whose features every server has at least."""

Date = datetime.date
Time = datetime.time
Timestamp = datetime.datetime
Binary = bytes


def DateFromTicks(ticks: float) -> datetime.date:  # noqa: N802
    """The date of a time in seconds since 1970."""
    return Date(*time.localtime(ticks)[:3])


def TimeFromTicks(ticks: float) -> datetime.time:  # noqa: N802
    """The time of day of a time in seconds since 1970."""
    return Time(*time.localtime(ticks)[3:6])


def TimestampFromTicks(ticks: float) -> datetime.datetime:  # noqa: N802
    """The date and time of a time in seconds since 1970."""
    return Timestamp(*time.localtime(ticks)[:6])


class _Type:
    """Equal to the names of types that SQLite would store alike."""

    def __init__(self, *parts: str) -> None:
        self._parts = parts

    def __eq__(self, other: object) -> bool:
        if isinstance(other, _Type):
            return self is other
        return isinstance(other, str) and any(part in other.upper() for part in self._parts)

    def __hash__(self) -> int:
        return hash(self._parts)


STRING = _Type("CHAR", "CLOB", "TEXT")
BINARY = _Type("BLOB")
NUMBER = _Type("INT", "REAL", "FLOA", "DOUB", "NUMERIC", "DECIMAL")
DATETIME = _Type("DATE", "TIME")
ROWID = _Type("ROWID")


class Warning(Exception):
    """Something to look at."""


class Error(Exception):
    """Anything that went wrong."""

    code: str = ""
    """The gRPC code; empty for what never reached the server."""
    reason: str = ""
    """Why, as the server names it."""
    metadata: Mapping[str, str] = {}
    """The variables of the message."""


class InterfaceError(Error):
    """The module was used in a way that it cannot be."""


class DatabaseError(Error):
    """The database failed."""


class DataError(DatabaseError):
    """A value cannot be what it should be."""


class OperationalError(DatabaseError):
    """The server or the connection failed, or a limit was reached."""


class IntegrityError(DatabaseError):
    """A constraint was violated."""


class InternalError(DatabaseError):
    """The server or a file is broken."""


class ProgrammingError(DatabaseError):
    """The request is wrong."""


class NotSupportedError(DatabaseError):
    """The server does not offer this."""


_CLASSES: list[tuple[type[errors.Error], type[Error]]] = [
    (errors.ConstraintError, IntegrityError),
    (errors.MigrationFailed, IntegrityError),
    (errors.SqlError, OperationalError),
    (errors.ClientClosed, InterfaceError),
    (errors.InvalidArgument, ProgrammingError),
    (errors.NotFound, ProgrammingError),
    (errors.AlreadyExists, ProgrammingError),
    (errors.FailedPrecondition, ProgrammingError),
    (errors.PermissionDenied, ProgrammingError),
    (errors.Unimplemented, NotSupportedError),
    (errors.DataLoss, InternalError),
]


def _raised(error: errors.Error) -> Error:
    """The error of this module that says the same."""
    kinds = (ours for theirs, ours in _CLASSES if isinstance(error, theirs))
    ours = next(kinds, OperationalError)(str(error))
    ours.code, ours.reason, ours.metadata = error.code, error.reason, error.metadata
    return ours


def connect(
    endpoint: str,
    database: str,
    *,
    token: str | Callable[[], str] | None = None,
    tls: Tls | None = None,
    attach: Attach = (),
    mode: TransactionMode = "DEFERRED",
    autocommit: bool = False,
    timeout: float | None = None,
    client: Client | None = None,
) -> Connection:
    """A connection to the database `group/name`.

    `mode` is how its transactions begin; DEFERRED ones let others write until they write
    themselves, and fail with `OperationalError` (BUSY) when another one wrote meanwhile.
    `timeout` is the deadline in seconds of each transaction, its commit included; with
    `autocommit`, of each statement.
    With `client` that client is used, which stays open, and the rest of how to reach the
    server is not looked at.
    """
    return Connection(endpoint, database, token, tls, attach, mode, autocommit, timeout, client)


Description: TypeAlias = tuple[
    tuple[str, str | None, None, None, None, None, None],
    ...,
]


class Connection:
    """A connection to one database, with at most one open transaction."""

    Warning = Warning
    Error = Error
    InterfaceError = InterfaceError
    DatabaseError = DatabaseError
    DataError = DataError
    OperationalError = OperationalError
    IntegrityError = IntegrityError
    InternalError = InternalError
    ProgrammingError = ProgrammingError
    NotSupportedError = NotSupportedError

    def __init__(
        self,
        endpoint: str,
        database: str,
        token: str | Callable[[], str] | None,
        tls: Tls | None,
        attach: Attach,
        mode: TransactionMode,
        autocommit: bool,
        timeout: float | None,
        shared: Client | None,
    ) -> None:
        try:
            self._client = shared or Client(endpoint, token, tls=tls, channels=1)
        except errors.Error as error:
            raise _raised(error) from error
        self._owned = shared is None
        self._database = self._client.database(database, attach=attach)
        self._mode: TransactionMode = mode
        self._autocommit = autocommit
        self._timeout = timeout
        self._transaction: Transaction | None = None
        self._closed = False

    @property
    def autocommit(self) -> bool:
        """Whether each statement is a transaction of its own. Setting it ends the open
        transaction by `commit`."""
        return self._autocommit

    @autocommit.setter
    def autocommit(self, value: bool) -> None:
        if value and self._transaction is not None:
            self.commit()
        self._autocommit = value

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._transaction is not None and not self._transaction.state.over

    def cursor(self) -> Cursor:
        """A cursor, to run statements."""
        self._check()
        return Cursor(self)

    def commit(self) -> None:
        """Makes the open transaction durable."""
        self._check()
        transaction, self._transaction = self._transaction, None
        if transaction is not None:
            try:
                transaction.commit()
            except errors.Error as error:
                raise _raised(error) from error

    def rollback(self) -> None:
        """Undoes the open transaction."""
        self._check()
        transaction, self._transaction = self._transaction, None
        if transaction is not None:
            transaction.rollback()

    def close(self) -> None:
        """Undoes the open transaction and ends the connection."""
        if self._closed:
            return
        self.rollback()
        self._closed = True
        if self._owned:
            self._client.close()

    def execute(self, sql: str, args: Args = ()) -> ResultSet:
        """Runs a statement in the open transaction, which it begins where there is none;
        cursors use it."""
        self._check()
        try:
            if self._autocommit:
                return self._database.execute(sql, args, timeout=self._timeout)
            if self._transaction is None:
                self._transaction = self._database.begin(mode=self._mode, timeout=self._timeout)
            return self._transaction.execute(sql, args)
        except errors.Error as error:
            raise _raised(error) from error
        except TypeError as error:
            raise ProgrammingError(str(error)) from error

    def _check(self) -> None:
        if self._closed:
            raise ProgrammingError("the connection is closed")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.commit()
        else:
            self.rollback()


class Cursor:
    """Runs statements and holds the rows of the last one."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.arraysize = 1
        self.description: Description | None = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self._rows: Iterator[Row] | None = None
        self._closed = False

    def execute(self, operation: str, parameters: Args = ()) -> Self:
        """Runs a statement, with its arguments by position or by name."""
        self._check()
        self._forget()
        result = self.connection.execute(operation, parameters)
        self._take(result)
        return self

    def executemany(self, operation: str, parameters: Sequence[Args]) -> Self:
        """Runs a statement with each of these arguments."""
        self._check()
        self._forget()
        count = 0
        for each in parameters:
            result = self.connection.execute(operation, each)
            if result.columns:
                raise ProgrammingError("executemany() is for statements that return no rows")
            count += result.affected_row_count
            self.lastrowid = result.last_insert_rowid or self.lastrowid
        self.rowcount = count
        return self

    def _take(self, result: ResultSet) -> None:
        if result.columns:
            self.description = tuple(
                (column.name, column.declared_type or None, None, None, None, None, None)
                for column in result.columns
            )
            self._rows = iter(result.rows)
        # What rows a statement returned and wrote is told apart by its words alone: one
        # that wrote is counted by what it wrote.
        self.rowcount = result.affected_row_count if not result.columns else len(result)
        if result.last_insert_rowid:
            self.lastrowid = result.last_insert_rowid

    def _forget(self) -> None:
        self.description, self.rowcount, self._rows = None, -1, None

    def fetchone(self) -> Row | None:
        """The next row, or None."""
        return next(self._fetched(), None)

    def fetchmany(self, size: int | None = None) -> list[Row]:
        """The next rows, `arraysize` of them by default."""
        return list(islice(self._fetched(), self.arraysize if size is None else size))

    def fetchall(self) -> list[Row]:
        """All rows that are left."""
        return list(self._fetched())

    def _fetched(self) -> Iterator[Row]:
        self._check()
        if self._rows is None:
            raise ProgrammingError("there are no rows; run a statement that returns some")
        return self._rows

    def setinputsizes(self, sizes: Sequence[Any]) -> None:
        """Does nothing, as PEP 249 permits."""

    def setoutputsize(self, size: int, column: int | None = None) -> None:
        """Does nothing, as PEP 249 permits."""

    def close(self) -> None:
        """Forgets the rows; the cursor cannot be used any more."""
        self._forget()
        self._closed = True

    def _check(self) -> None:
        if self._closed:
            raise ProgrammingError("the cursor is closed")
        self.connection._check()

    def __iter__(self) -> Iterator[Row]:
        return self._fetched()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


__all__ = [
    "BINARY",
    "DATETIME",
    "NUMBER",
    "ROWID",
    "STRING",
    "Binary",
    "Bindable",
    "Connection",
    "Cursor",
    "DataError",
    "DatabaseError",
    "Date",
    "DateFromTicks",
    "Error",
    "IntegrityError",
    "InterfaceError",
    "InternalError",
    "NotSupportedError",
    "OperationalError",
    "ProgrammingError",
    "Time",
    "TimeFromTicks",
    "Timestamp",
    "TimestampFromTicks",
    "Warning",
    "apilevel",
    "connect",
    "paramstyle",
    "threadsafety",
]
