"""Measures both clients against the bare stub, by turns, on the server of
`TENANTRY_ENDPOINT`.

Each figure is the best of its rounds: what else the machine does can only make it worse.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from uuid import uuid4

import grpc
import grpc.aio

import tenantry
from tenantry._gen.v1 import query_pb2, query_pb2_grpc, types_pb2
from tenantry.raw import Metadata

ENDPOINT = os.environ["TENANTRY_ENDPOINT"]
TOKEN = os.environ["TENANTRY_TOKEN"]
TARGET = ENDPOINT.rpartition("://")[2]
METADATA: Metadata = (("authorization", f"Bearer {TOKEN}"),)
ROUNDS = 10
CALLS = 500
ROWS = 1_000_000
SQL = "SELECT ?1 AS a, 'some text' AS b, 0.5 AS c"
STREAM = f"""
    WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {ROWS})
    SELECT n, n * 0.5, 'order ' || n FROM c"""

# As the generated code's users would write it.
NATIVE: dict[str | None, Callable[[types_pb2.Value], tenantry.Value]] = {
    None: lambda _: None,
    "null": lambda _: None,
    "integer": lambda value: value.integer,
    "real": lambda value: value.real,
    "text": lambda value: value.text,
    "blob": lambda value: value.blob,
}


def native(row: types_pb2.Row) -> tuple[tenantry.Value, ...]:
    """A row of the stub in native values."""
    return tuple([NATIVE[value.WhichOneof("kind")](value) for value in row.values])


def execute_request(database: str, at: int) -> query_pb2.ExecuteRequest:
    """The request of the bare stub."""
    statement = types_pb2.Statement(sql=SQL, args=[types_pb2.Value(integer=at)])
    return query_pb2.ExecuteRequest(database=database, statement=statement)


def check(rows: list[tenantry.Row] | list[tuple[tenantry.Value, ...]], at: int) -> None:
    """What both sides have to make of an answer."""
    assert rows[0][0] == at


def unary(stub: query_pb2_grpc.QueryServiceStub, database: tenantry.Database) -> None:
    """Calls per second of the blocking client."""

    def by_stub() -> None:
        for at in range(CALLS):
            answer = stub.Execute(execute_request(database.name, at), timeout=30, metadata=METADATA)
            check([native(row) for row in answer.results[-1].rows], at)

    def by_client() -> None:
        for at in range(CALLS):
            check(database.execute(SQL, [at]).rows, at)

    tell("unary calls", CALLS, *by_turns(by_stub, by_client))


async def unary_async(channel: grpc.aio.Channel, database: tenantry.aio.Database) -> None:
    """Calls per second of the client for asyncio."""
    stub = query_pb2_grpc.QueryServiceStub(channel)

    async def by_stub() -> None:
        for at in range(CALLS):
            answer = await stub.Execute(
                execute_request(database.name, at), timeout=30, metadata=METADATA
            )
            check([native(row) for row in answer.results[-1].rows], at)

    async def by_client() -> None:
        for at in range(CALLS):
            check((await database.execute(SQL, [at])).rows, at)

    tell("asyncio unary calls", CALLS, *await by_turns_async(by_stub, by_client))


def rows(stub: query_pb2_grpc.QueryServiceStub, database: tenantry.Database) -> None:
    """Rows per second of a stream into native values."""

    def by_stub() -> None:
        request = query_pb2.QueryRequest(
            database=database.name,
            statement=types_pb2.Statement(sql=STREAM),
            encoding=query_pb2.ENCODING_ROWS,
        )
        count = 0
        for message in stub.Query(request, metadata=METADATA):
            for row in message.rows.rows:
                native(row)
                count += 1
        assert count == ROWS

    def by_client() -> None:
        count = 0
        for _ in database.query(STREAM):
            count += 1
        assert count == ROWS

    tell("rows of a stream", ROWS, *by_turns(by_stub, by_client, 2))


def by_turns(
    stub: Callable[[], None], client: Callable[[], None], rounds: int = ROUNDS
) -> tuple[float, float]:
    """The seconds of the best round of each."""
    seconds = [(_timed(stub), _timed(client)) for _ in range(rounds)]
    return min(by_stub for by_stub, _ in seconds), min(by_client for _, by_client in seconds)


def _timed(run: Callable[[], None]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


async def by_turns_async(
    stub: Callable[[], Awaitable[None]], client: Callable[[], Awaitable[None]]
) -> tuple[float, float]:
    """The seconds of the best round of each."""
    seconds = [(await _timed_async(stub), await _timed_async(client)) for _ in range(ROUNDS)]
    return min(by_stub for by_stub, _ in seconds), min(by_client for _, by_client in seconds)


async def _timed_async(run: Callable[[], Awaitable[None]]) -> float:
    start = time.perf_counter()
    await run()
    return time.perf_counter() - start


def tell(what: str, count: int, stub: float, client: float) -> None:
    """Prints a figure."""
    print(
        f"python {what}: client {count / client:,.0f}/s, bare stub {count / stub:,.0f}/s, "
        f"ratio {stub / client:.2f}",
        flush=True,
    )


async def main_async(name: str) -> None:
    """What is measured of the client for asyncio."""
    async with (
        tenantry.aio.Client(ENDPOINT, TOKEN) as client,
        grpc.aio.insecure_channel(TARGET) as channel,
    ):
        await unary_async(channel, client.database(name))


def main() -> None:
    """Measures everything."""
    with tenantry.Client(ENDPOINT, TOKEN) as client, grpc.insecure_channel(TARGET) as channel:
        name = client.databases.create(f"bench-{uuid4().hex[:12]}").name
        stub = query_pb2_grpc.QueryServiceStub(channel)
        unary(stub, client.database(name))
        asyncio.run(main_async(name))
        rows(stub, client.database(name))
        client.databases.delete(name)


main()
