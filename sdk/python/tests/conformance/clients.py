"""The two clients behind one face, so that one driver runs both."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from inspect import isawaitable
from itertools import islice
from typing import Any, Protocol

import tenantry
from tenantry import Row
from tenantry.aio import Client as AsyncClient

Step = Callable[[Any], Awaitable[None]]


class Api(Protocol):
    """How to use a client."""

    name: str

    def connect(self, endpoint: str, token: Any, attempts: int | None) -> Any:
        """Makes a client."""

    async def call(self, function: Callable[[], Any]) -> Any:
        """Makes a call, and waits for what it answers."""

    async def rows(self, rows: Any, count: int | None) -> list[Any]:
        """Takes so many rows, or all of them."""

    async def transaction(self, database: Any, body: Step, options: dict[str, Any]) -> None:
        """Runs the body in a transaction."""

    async def execute(self, transaction: Any, sql: str, args: Any) -> Any:
        """Runs SQL in a transaction."""

    async def cancel_after(self, seconds: float, function: Callable[..., Any]) -> Any:
        """Begins a call and cancels it after that time."""


def _retry(attempts: int | None) -> tenantry.RetryPolicy | None:
    return tenantry.RetryPolicy(max_attempts=attempts) if attempts else None


class Blocking:
    """The blocking client, in threads."""

    name = "blocking"

    def connect(self, endpoint: str, token: Any, attempts: int | None) -> tenantry.Client:
        return tenantry.Client(endpoint, token, retry=_retry(attempts))

    async def call(self, function: Callable[[], Any]) -> Any:
        def complete() -> Any:
            answer = function()
            return list(answer) if isinstance(answer, Iterator) and not _is_rows(answer) else answer

        return await asyncio.to_thread(complete)

    async def rows(self, rows: tenantry.Rows, count: int | None) -> list[Row]:
        return await asyncio.to_thread(lambda: list(islice(rows, count)))

    async def transaction(
        self, database: tenantry.Database, body: Step, options: dict[str, Any]
    ) -> None:
        loop = asyncio.get_running_loop()

        def run(transaction: tenantry.Transaction) -> None:
            asyncio.run_coroutine_threadsafe(_awaited(body(transaction)), loop).result()

        await asyncio.to_thread(lambda: database.transaction(run, **options))

    async def execute(self, transaction: tenantry.Transaction, sql: str, args: Any) -> Any:
        return await asyncio.to_thread(lambda: transaction.execute(sql, args))

    async def cancel_after(self, seconds: float, function: Callable[..., Any]) -> Any:
        cancellation = tenantry.Cancellation()
        call = asyncio.create_task(function(cancellation=cancellation))
        await asyncio.sleep(seconds)
        cancellation.cancel()
        return await call


class Asyncio:
    """The client for asyncio."""

    name = "asyncio"

    def connect(self, endpoint: str, token: Any, attempts: int | None) -> AsyncClient:
        return AsyncClient(endpoint, token, retry=_retry(attempts))

    async def call(self, function: Callable[[], Any]) -> Any:
        answer = function()
        if isawaitable(answer):
            return await answer
        return [item async for item in answer]

    async def rows(self, rows: tenantry.aio.Rows, count: int | None) -> list[Row]:
        if count is None:
            return await rows.all()
        return [await anext(rows) for _ in range(count)]

    async def transaction(
        self, database: tenantry.aio.Database, body: Step, options: dict[str, Any]
    ) -> None:
        await database.transaction(body, **options)

    async def execute(self, transaction: tenantry.aio.Transaction, sql: str, args: Any) -> Any:
        return await transaction.execute(sql, args)

    async def cancel_after(self, seconds: float, function: Callable[..., Any]) -> Any:
        call = asyncio.create_task(function())
        await asyncio.sleep(seconds)
        call.cancel()
        try:
            return await call
        except asyncio.CancelledError:
            # The way of the language; the suite knows it by its code.
            raise tenantry.Cancelled(tenantry.Code.CANCELLED, "the task was cancelled") from None


def _is_rows(answer: Any) -> bool:
    return isinstance(answer, tenantry.Rows)


async def _awaited(of: Awaitable[None]) -> None:
    await of
