"""What both clients make of answers that do not keep to the protocol or do not come, from
a server that gives them so."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
import pytest

import tenantry
from tenantry import aio
from tenantry._gen.v1 import (
    query_pb2,
    query_pb2_grpc,
    schema_pb2,
    schema_pb2_grpc,
    types_pb2,
)

HEADER = query_pb2.QueryResponse(header=query_pb2.QueryHeader(columns=[types_pb2.Column(name="n")]))
SUMMARY = query_pb2.QueryResponse(summary=query_pb2.QuerySummary())


def chunk(rows: int, *integers: int) -> query_pb2.QueryResponse:
    column = types_pb2.ColumnData(types=b"\x01" * rows, integers=integers)
    return query_pb2.QueryResponse(columns=types_pb2.ColumnChunk(row_count=rows, columns=[column]))


class Queries(query_pb2_grpc.QueryServiceServicer):
    def Query(self, request: Any, context: Any) -> Iterator[query_pb2.QueryResponse]:  # noqa: N802
        yield from (HEADER, chunk(2, 1, 2), chunk(2, 3), chunk(1, 5), SUMMARY)

    def Transact(self, requests: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        next(requests)
        yield query_pb2.TransactResponse(began=query_pb2.TransactBegan())
        for _ in requests:
            yield query_pb2.TransactResponse(rolled_back=query_pb2.TransactRolledBack())


class Silence(query_pb2_grpc.QueryServiceServicer):
    """Begins what it is asked for, and leaves it at that."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)

    def _until_it_ends(self, context: grpc.ServicerContext) -> None:
        ended = threading.Event()
        if context.add_callback(ended.set):
            self.begun.release()
            ended.wait()

    def Execute(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._until_it_ends(context)

    def Query(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        yield HEADER
        self._until_it_ends(context)

    def Transact(self, requests: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        next(requests)
        yield query_pb2.TransactResponse(began=query_pb2.TransactBegan())
        next(requests)
        self._until_it_ends(context)


class Migrations(schema_pb2_grpc.SchemaServiceServicer):
    """Each stream ends behind its first message, and the very first before it."""

    def __init__(self) -> None:
        self._states = [
            None,
            schema_pb2.MIGRATION_STATE_PREPARING,
            schema_pb2.MIGRATION_STATE_COMMITTED,
            schema_pb2.MIGRATION_STATE_APPLIED,
        ]

    def ApplyMigration(self, request: Any, context: Any) -> Any:  # noqa: N802
        state = schema_pb2.MIGRATION_STATE_PREPARING
        return schema_pb2.ApplyMigrationResponse(migration=schema_pb2.Migration(state=state))

    def WatchMigration(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        state = self._states.pop(0)
        if state is not None:
            migration = schema_pb2.Migration(state=state)
            yield schema_pb2.WatchMigrationResponse(migration=migration)


@contextmanager
def serving(queries: query_pb2_grpc.QueryServiceServicer) -> Iterator[str]:
    server = grpc.server(ThreadPoolExecutor(4))
    query_pb2_grpc.add_QueryServiceServicer_to_server(queries, server)
    schema_pb2_grpc.add_SchemaServiceServicer_to_server(Migrations(), server)  # type: ignore[abstract]
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop(None).wait()


@pytest.fixture
def endpoint() -> Iterator[str]:
    with serving(Queries()) as endpoint:  # type: ignore[abstract]
        yield endpoint


def test_a_broken_chunk_is_no_end_of_the_rows(endpoint: str) -> None:
    with tenantry.Client(endpoint) as client:
        rows, seen = client.database("data").query("SELECT n"), []
        with pytest.raises(tenantry.Error, match="do not fit") as raised:
            for row in rows:
                seen.append(row["n"])
    assert (seen, raised.value.code) == ([1, 2], "INTERNAL")


def test_a_broken_chunk_is_no_end_of_the_rows_in_asyncio(endpoint: str) -> None:
    async def main() -> None:
        async with aio.Client(endpoint) as client:
            rows, seen = await client.database("data").query("SELECT n"), []
            with pytest.raises(tenantry.Error, match="do not fit") as raised:
                async for row in rows:
                    seen.append(row["n"])
        assert (seen, raised.value.code) == ([1, 2], "INTERNAL")

    asyncio.run(main())


def test_only_committed_answers_a_commit(endpoint: str) -> None:
    with tenantry.Client(endpoint) as client:
        transaction = client.database("data").begin()
        with pytest.raises(tenantry.Error) as raised:
            transaction.commit()
        assert (raised.value.code, raised.value.outcome_unknown) == ("INTERNAL", True)
        assert not transaction.state.committed
        with pytest.raises(tenantry.Error) as raised:
            client.database("data").transaction(lambda tx: tx.execute("SELECT 1"))
        assert (raised.value.code, raised.value.outcome_unknown) == ("INTERNAL", False)


def test_only_committed_answers_a_commit_in_asyncio(endpoint: str) -> None:
    async def main() -> None:
        async with aio.Client(endpoint) as client:
            transaction = await client.database("data").begin()
            with pytest.raises(tenantry.Error) as raised:
                await transaction.commit()
            assert (raised.value.code, raised.value.outcome_unknown) == ("INTERNAL", True)
            assert not transaction.state.committed

    asyncio.run(main())


def test_a_watch_that_ends_too_early_is_taken_up_again(endpoint: str) -> None:
    states: list[str] = []
    with tenantry.Client(endpoint) as client:
        done = client.schema.migrate(
            "base", "SELECT 1", wait_for="APPLY", on_progress=lambda m: states.append(m.state)
        )
    assert done.state == "APPLIED"
    assert states == ["PREPARING", "PREPARING", "COMMITTED", "APPLIED"]


def test_a_watch_that_ends_too_early_is_taken_up_again_in_asyncio(endpoint: str) -> None:
    async def main() -> None:
        async with aio.Client(endpoint) as client:
            done = await client.schema.migrate("base", "SELECT 1", wait_for="APPLY")
            assert done.state == "APPLIED"

    asyncio.run(main())


def test_a_closed_client_ends_what_is_in_flight_in_asyncio() -> None:
    async def main(endpoint: str) -> None:
        async with aio.Client(endpoint) as client:
            handle = client.database("data")
            rows = await handle.query("SELECT n")
            transaction = await handle.begin()
            tasks = [
                asyncio.create_task(handle.execute("SELECT 1")),
                asyncio.create_task(rows.all()),
                asyncio.create_task(transaction.execute("SELECT 1")),
            ]
            for _ in tasks:
                assert await asyncio.to_thread(silence.begun.acquire, timeout=30)
            await client.close()
            for task in tasks:
                with pytest.raises(tenantry.Cancelled):
                    await task
            with pytest.raises(tenantry.ClientClosed):
                await handle.begin()

    silence = Silence()  # type: ignore[abstract]
    with serving(silence) as endpoint:
        asyncio.run(main(endpoint))


def test_text_that_cannot_be_sent_is_refused(endpoint: str) -> None:
    bad = "a\ud800"
    with tenantry.Client(endpoint) as client:
        database = client.database("data")
        transaction = database.begin()
        for call in (
            lambda: database.execute(bad),
            lambda: database.execute("SELECT ?", [bad]),
            lambda: database.execute("SELECT 1", {bad: 1}),
            lambda: database.batch([bad]),
            lambda: database.query(bad),
            lambda: database.describe(bad),
            lambda: transaction.execute(bad),
            lambda: client.database(bad).begin(),
            lambda: client.databases.get(bad),
            lambda: client.databases.list(group=bad),
            lambda: client.schema.migrate("base", bad),
            lambda: next(client.schema.watch("base", bad)),
        ):
            with pytest.raises(tenantry.InvalidArgument, match="lone surrogate at 1"):
                call()
        assert not transaction.state.over
