"""What is asyncio's own about its client."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

import tenantry
from tenantry.aio import Client, Transaction
from tests.server import Server
from tests.test_client import ENDLESS


def run(server: Server, use: Callable[[Client], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(30), Client(server.endpoint, server.token) as client:
            await use(client)

    asyncio.run(main())


def test_a_task_is_cancelled_as_everywhere(server: Server, database: tenantry.Database) -> None:
    async def use(client: Client) -> None:
        handle = client.database(database.name)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await handle.execute(f"SELECT count(*) FROM ({ENDLESS})")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                async for _ in await handle.query(ENDLESS):
                    pass
        assert (await handle.execute("SELECT 1")).scalar() == 1

    run(server, use)


def test_a_cancelled_transaction_is_rolled_back(
    server: Server, database: tenantry.Database
) -> None:
    database.execute("CREATE TABLE t (v)")

    async def use(client: Client) -> None:
        async def never(transaction: Transaction) -> None:
            await transaction.execute("INSERT INTO t VALUES (1)")
            inserted.set()
            await asyncio.Event().wait()

        inserted, handle = asyncio.Event(), client.database(database.name)
        task = asyncio.create_task(handle.transaction(never))
        await inserted.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await handle.execute("INSERT INTO t VALUES (2)")
        assert (await handle.execute("SELECT v FROM t")).rows == [(2,)]

    run(server, use)


def test_a_server_that_goes_away(own_server: Server) -> None:
    async def use(client: Client) -> None:
        await client.databases.create("data")
        handle = client.database("data")
        rows = await handle.query(ENDLESS)
        transaction = await handle.begin()
        assert await anext(rows) == (1,)
        await asyncio.to_thread(own_server.kill)
        with pytest.raises(tenantry.Unavailable):
            await rows.all()
        with pytest.raises(tenantry.Unavailable):
            await transaction.execute("SELECT 1")
        with pytest.raises(tenantry.Unavailable) as raised:
            await transaction.commit()
        assert not raised.value.outcome_unknown

    run(own_server, use)


def test_a_token_callback_may_be_async_and_is_asked_once(
    server: Server, client: tenantry.Client, database: tenantry.Database
) -> None:
    old = client.tokens.create(databases=[database.name], ttl=timedelta(milliseconds=1)).token
    asked: list[str] = []

    async def token() -> str:
        asked.append(old if not asked else server.token)
        await asyncio.sleep(0)
        return asked[-1]

    async def main() -> None:
        async with Client(server.endpoint, token) as tenant:
            handle = tenant.database(database.name)
            results = await asyncio.gather(*(handle.execute("SELECT 1") for _ in range(5)))
            assert [result.scalar() for result in results] == [1] * 5

    asyncio.run(main())
    assert len(asked) == 2


def test_a_transaction_as_a_context_and_tables_of_arrow(
    server: Server, database: tenantry.Database
) -> None:
    async def use(client: Client) -> None:
        handle = client.database(database.name)
        async with await handle.begin() as transaction:
            await transaction.execute("CREATE TABLE t (v)")
            await transaction.execute("INSERT INTO t VALUES (1), (2)")
        async with await handle.query("SELECT v FROM t ORDER BY v") as rows:
            assert [row["v"] async for row in rows] == [1, 2]
            assert rows.stats is not None
        table = await (await handle.query("SELECT v FROM t ORDER BY v")).to_arrow()
        assert table.column("v").to_pylist() == [1, 2]

    run(server, use)


def test_a_refused_transaction_keeps_its_reason(server: Server) -> None:
    async def main() -> None:
        retry = tenantry.RetryPolicy(max_attempts=1)
        async with Client(server.endpoint, "no token", retry=retry) as stranger:
            begun = [stranger.database("data").begin() for _ in range(100)]
            ends = await asyncio.gather(*begun, return_exceptions=True)
        assert {getattr(end, "reason", "") for end in ends} == {"TOKEN_INVALID"}

    asyncio.run(main())
