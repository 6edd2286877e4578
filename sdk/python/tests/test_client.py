"""What both clients do with a real server, where the conformance suite says nothing."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import timedelta

import pytest

import tenantry
from tenantry import Condition, Statement, raw
from tests.server import Server

ENDLESS = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c"
NOBODY = "http://127.0.0.1:1"


def test_a_wrong_endpoint() -> None:
    retry = tenantry.RetryPolicy(max_attempts=2)
    with tenantry.Client(NOBODY, "token", retry=retry) as client:
        with pytest.raises(tenantry.Unavailable, match="Connection refused") as raised:
            client.database("data").execute("DELETE FROM t")
        assert raised.value.retryable
        with pytest.raises(tenantry.Unavailable):
            client.databases.get("data")


def test_an_expired_token_without_a_callback(
    server: Server, client: tenantry.Client, database: tenantry.Database
) -> None:
    old = client.tokens.create(databases=[database.name], ttl=timedelta(milliseconds=1))
    with tenantry.Client(server.endpoint, old.token) as late:
        with pytest.raises(tenantry.Unauthenticated) as raised:
            late.database(database.name).execute("SELECT 1")
        assert raised.value.reason == "TOKEN_EXPIRED"
    assert "eyJ" not in repr(old)


def test_concurrent_calls_share_one_refresh(
    server: Server, client: tenantry.Client, database: tenantry.Database
) -> None:
    old = client.tokens.create(databases=[database.name], ttl=timedelta(milliseconds=1)).token
    asked: list[str] = []

    def token() -> str:
        asked.append(old if not asked else server.token)
        return asked[-1]

    with tenantry.Client(server.endpoint, token) as tenant:
        barrier = threading.Barrier(4)

        def read() -> None:
            barrier.wait()
            results.append(tenant.database(database.name).execute("SELECT 1").scalar())

        results: list[tenantry.Value] = []
        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results == [1, 1, 1, 1]
    assert len(asked) == 2


def test_the_error_of_a_token_callback_comes_out(server: Server) -> None:
    def token() -> str:
        raise LookupError("no token today")

    with (
        tenantry.Client(server.endpoint, token) as client,
        pytest.raises(LookupError, match="today"),
    ):
        client.databases.get("data")


def test_a_server_that_goes_away_in_a_stream(own_server: Server) -> None:
    with tenantry.Client(own_server.endpoint, own_server.token) as client:
        client.databases.create("data")
        rows = client.database("data").query(ENDLESS)
        assert next(rows) == (1,)
        own_server.kill()
        with pytest.raises(tenantry.Unavailable):
            rows.all()
        assert rows.summary is None


def test_a_server_that_goes_away_in_a_transaction(own_server: Server) -> None:
    with tenantry.Client(own_server.endpoint, own_server.token) as client:
        client.databases.create("data")
        database = client.database("data")
        database.execute("CREATE TABLE t (v)")
        transaction = database.begin()
        transaction.execute("INSERT INTO t VALUES (1)")
        own_server.kill()
        with pytest.raises(tenantry.Unavailable) as raised:
            transaction.execute("INSERT INTO t VALUES (2)")
        assert not raised.value.outcome_unknown
        with pytest.raises(tenantry.Unavailable):
            transaction.commit()
        own_server.start()
        assert database.execute("SELECT count(*) FROM t", idempotent=True).scalar() == 0


def test_an_idle_client_does_not_hold_up_a_server_that_stops() -> None:
    server = Server("--drain-ms-max", "20000")
    try:
        with tenantry.Client(server.endpoint, server.token) as client:
            client.databases.create("data")
            client.databases.get("data")
            start = time.monotonic()
            server.stop()
            assert time.monotonic() - start < 5
            server.start()
            client.database("data").execute("CREATE TABLE t (v)")
    finally:
        server.close()


def test_duplicate_columns(database: tenantry.Database) -> None:
    sql = "SELECT 1 AS a, 2 AS a"
    for row in (database.execute(sql).first(), next(database.query(sql))):
        assert row is not None
        assert (row[0], row[1], row["a"], row.as_dict()) == (1, 2, 1, {"a": 1})


def test_closing_with_calls_in_flight(server: Server, database: tenantry.Database) -> None:
    client = tenantry.Client(server.endpoint, server.token)
    rows = client.database(database.name).query(ENDLESS)
    transaction = client.database(database.name).begin()
    threading.Timer(0.1, client.close).start()
    with pytest.raises(tenantry.Cancelled):
        rows.all()
    with pytest.raises(tenantry.Cancelled):
        transaction.execute("SELECT 1")
    with pytest.raises(tenantry.ClientClosed):
        client.databases.get(database.name)
    client.close()


def test_a_call_is_cancelled_from_another_thread(database: tenantry.Database) -> None:
    cancellation = tenantry.Cancellation()
    threading.Timer(0.1, cancellation.cancel).start()
    with pytest.raises(tenantry.Cancelled):
        database.execute(f"SELECT count(*) FROM ({ENDLESS})", cancellation=cancellation)
    with pytest.raises(tenantry.Cancelled):
        database.execute("SELECT 1", cancellation=cancellation)


def test_conditions_of_a_batch(database: tenantry.Database) -> None:
    database.execute("CREATE TABLE t (v UNIQUE); INSERT INTO t VALUES (1)")
    insert = Statement("INSERT INTO t VALUES (?)", [1])
    results = database.batch(
        [
            insert,
            Statement("UPDATE t SET v = 2", when=Condition.error(0)),
            Statement("SELECT 'no'", when=Condition.ok(0) | ~Condition.ok(1)),
            Statement("SELECT 'yes'", when=Condition.error(0) & Condition.ok(1)),
            ("SELECT :a + 1", {"a": 1}),
        ]
    )
    error, update, skipped, chosen, last = results
    assert isinstance(error, tenantry.ConstraintError)
    assert isinstance(update, tenantry.ResultSet)
    assert update.affected_row_count == 1
    assert skipped is None
    assert isinstance(chosen, tenantry.ResultSet)
    assert chosen.scalar() == "yes"
    assert isinstance(last, tenantry.ResultSet)
    assert last.scalar() == 2
    assert len(results) == 5


def test_a_transaction_as_a_context(database: tenantry.Database) -> None:
    database.execute("CREATE TABLE t (v)")
    with database.begin() as transaction:
        transaction.execute("INSERT INTO t VALUES (1)")
    with pytest.raises(LookupError), database.begin() as transaction:
        transaction.execute("INSERT INTO t VALUES (2)")
        raise LookupError
    with database.begin() as transaction:
        transaction.execute("INSERT INTO t VALUES (3)")
        transaction.rollback()
    with pytest.raises(tenantry.FailedPrecondition, match="has ended"):
        transaction.execute("SELECT 1")
    with pytest.raises(tenantry.FailedPrecondition, match="has ended"):
        transaction.commit()
    assert database.execute("SELECT v FROM t").rows == [(1,)]


def test_a_function_is_given_up_after_some_attempts(
    server: Server, database: tenantry.Database
) -> None:
    database.execute("CREATE TABLE t (v); INSERT INTO t VALUES (1)")
    attempts = 0

    def lose(transaction: tenantry.Transaction) -> None:
        nonlocal attempts
        attempts += 1
        transaction.execute("SELECT v FROM t")
        database.execute("UPDATE t SET v = v + 1")
        transaction.execute("UPDATE t SET v = 0")

    retry = tenantry.RetryPolicy(max_attempts=2, initial_backoff=0.001)
    with (
        tenantry.Client(server.endpoint, server.token, retry=retry) as client,
        pytest.raises(tenantry.Aborted),
    ):
        client.database(database.name).transaction(lose, mode="DEFERRED")
    assert attempts == 2


def test_describe_and_the_raw_stubs(client: tenantry.Client, database: tenantry.Database) -> None:
    found = database.describe("SELECT :a AS x")
    assert (found.parameters, found.read_only, found.explain) == (("a",), True, False)
    assert found.columns == (tenantry.Column("x", ""),)
    request = raw.query_pb2.DescribeRequest(database=database.name, sql="SELECT ?")
    answer = client.raw.query.Describe(request, metadata=client.raw.metadata())
    assert answer.read_only


def test_streams_tell_their_cost_at_the_end(database: tenantry.Database) -> None:
    with database.query("SELECT 1 AS a UNION ALL SELECT 2") as rows:
        assert [column.name for column in rows.columns] == ["a"]
        assert rows.stats is None
        assert rows.all() == [(1,), (2,)]
        assert rows.stats is not None
        assert rows.stats.rows_read == 2


def test_tables_of_arrow_and_pandas(database: tenantry.Database) -> None:
    sql = "SELECT * FROM (VALUES (1, 0.5, 'a', x'00', NULL, 1), (2, NULL, 'é', NULL, NULL, 2.5))"
    for table in (database.query(sql).to_arrow(), database.execute(sql).to_arrow()):
        types = [str(column) for column in table.schema.types]
        assert types == ["int64", "double", "string", "binary", "null", "double"]
        assert table.column(2).to_pylist() == ["a", "é"]
    assert list(database.query(sql, encoding="ROWS").to_pandas().iloc[:, 0]) == [1, 2]
    with pytest.raises(ValueError, match="mixes int, str; CAST it"):
        database.query("SELECT 1 AS v UNION ALL SELECT 'a'").to_arrow()


def test_tls(client: tenantry.Client) -> None:
    fixtures = Server.fixtures / "tls"
    secure = Server(
        "--tls-cert", str(fixtures / "server.pem"), "--tls-key", str(fixtures / "server-key.pem")
    )
    endpoint = f"https://localhost:{secure.address.rpartition(':')[2]}"
    try:
        tls = tenantry.Tls(ca=fixtures / "ca.pem")
        with tenantry.Client(endpoint, secure.token, tls=tls) as trusting:
            assert trusting.databases.create("data").name == "data"

        async def read() -> str:
            async with tenantry.aio.Client(endpoint, secure.token, tls=tls) as trusting:
                return (await trusting.databases.get("data")).kind

        assert asyncio.run(read()) == "REGULAR"
        retry = tenantry.RetryPolicy(max_attempts=1)
        with (
            tenantry.Client(endpoint, secure.token, retry=retry) as wary,
            pytest.raises(tenantry.Unavailable),
        ):
            wary.databases.get("data")
    finally:
        secure.close()
