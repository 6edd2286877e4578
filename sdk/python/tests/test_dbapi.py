"""The module by PEP 249, by the public compliance suite and where that says nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import dbapi20
import pytest

import tenantry
from tenantry import dbapi
from tests.server import Server
from tests.test_client import ENDLESS


class TestCompliance(dbapi20.DatabaseAPI20Test):  # type: ignore[misc]
    """The public suite."""

    driver = dbapi

    @pytest.fixture(autouse=True)
    def _database(self, server: Server, client: tenantry.Client, group: str) -> None:
        client.databases.create(f"{group}/compliance")
        self.connect_args = (server.endpoint, f"{group}/compliance")
        self.connect_kw_args = {"token": server.token}

    @pytest.mark.skip("there are no stored procedures")
    def test_callproc(self) -> None: ...

    @pytest.mark.skip("one statement has one result")
    def test_nextset(self) -> None: ...

    @pytest.mark.skip("closing twice does no harm")
    def test_non_idempotent_close(self) -> None: ...

    @pytest.mark.skip("the size of an output is not set")
    def test_setoutputsize(self) -> None: ...


@pytest.fixture
def connection(server: Server, client: tenantry.Client) -> Iterator[dbapi.Connection]:
    name = f"d-{uuid4().hex}"
    client.databases.create(name)
    with dbapi.connect(server.endpoint, name, token=server.token) as connection:
        yield connection
    connection.close()


def fetch(connection: dbapi.Connection, sql: str, args: Any = ()) -> list[Any]:
    return connection.cursor().execute(sql, args).fetchall()


def test_what_is_rolled_back_did_not_happen(connection: dbapi.Connection) -> None:
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE t (v)")
    connection.commit()
    cursor.execute("INSERT INTO t VALUES (1)")
    assert connection.in_transaction
    connection.rollback()
    assert not connection.in_transaction
    assert fetch(connection, "SELECT * FROM t") == []


def test_errors_have_the_reason_of_the_server(connection: dbapi.Connection) -> None:
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE t (v UNIQUE)")
    cursor.execute("INSERT INTO t VALUES (1)")
    with pytest.raises(dbapi.IntegrityError, match="UNIQUE constraint failed") as raised:
        cursor.execute("INSERT INTO t VALUES (1)")
    assert (raised.value.code, raised.value.reason) == ("FAILED_PRECONDITION", "CONSTRAINT")
    assert isinstance(raised.value.__cause__, tenantry.ConstraintError)
    with pytest.raises(dbapi.OperationalError) as failed:
        cursor.execute("SELEC 1")
    assert failed.value.reason == "SQL_ERROR"
    with pytest.raises(dbapi.ProgrammingError):
        cursor.execute("SELECT ?", [object()])  # type: ignore[list-item]
    for sql, args in (("SELECT ?", ["\ud800"]), ("SELECT '\ud800'", ())):
        with pytest.raises(dbapi.ProgrammingError, match="lone surrogate"):
            cursor.execute(sql, args)
    connection.commit()
    assert fetch(connection, "SELECT * FROM t") == [(1,)]


def test_autocommit_and_names(connection: dbapi.Connection) -> None:
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)")
    cursor.execute("INSERT INTO t (v) VALUES (:v)", {"v": "a"})
    assert (cursor.lastrowid, cursor.rowcount) == (1, 1)
    connection.rollback()
    cursor.execute("SELECT id, v FROM t")
    assert cursor.description is not None
    assert [column[:2] for column in cursor.description] == [("id", "INTEGER"), ("v", "TEXT")]
    assert cursor.description[1][1] == dbapi.STRING
    assert list(cursor) == [(1, "a")]


@pytest.mark.parametrize("autocommit", [False, True])
def test_the_deadline_of_transactions(
    server: Server, client: tenantry.Client, autocommit: bool
) -> None:
    client.databases.create(name := f"d-{uuid4().hex}")
    with dbapi.connect(
        server.endpoint, name, token=server.token, timeout=1, autocommit=autocommit
    ) as connection:
        with pytest.raises(dbapi.OperationalError) as raised:
            fetch(connection, f"SELECT count(*) FROM ({ENDLESS})")
        assert raised.value.code == "DEADLINE_EXCEEDED"
        connection.rollback()
        assert fetch(connection, "SELECT 1") == [(1,)]
    connection.close()


def test_a_lost_update_is_refused(connection: dbapi.Connection, client: tenantry.Client) -> None:
    fetch_one = "SELECT v FROM t"
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE t (v)")
    cursor.execute("INSERT INTO t VALUES (1)")
    connection.commit()
    assert fetch(connection, fetch_one) == [(1,)]
    client.database(connection._database.name).execute("UPDATE t SET v = 2")
    with pytest.raises(dbapi.OperationalError) as raised:
        cursor.execute("UPDATE t SET v = 3")
    assert raised.value.reason == "BUSY"
    connection.rollback()
    assert fetch(connection, fetch_one) == [(2,)]
