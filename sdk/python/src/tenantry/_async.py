"""The shell for asyncio: channels, and one call after another through them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import suppress
from functools import cache
from inspect import isawaitable
from operator import methodcaller
from typing import Any, TypeAlias, TypeVar
from weakref import WeakKeyDictionary, WeakSet

import grpc
import grpc.aio
from google.protobuf.message import Message

from tenantry import errors
from tenantry._core.attempts import Again, Attempts
from tenantry._core.call import Call, Listing, Rpc
from tenantry._core.options import READY_SECONDS_MAX, Endpoint, RetryPolicy, Tls, channel_options
from tenantry._core.token import Token
from tenantry.errors import Code, Error

T = TypeVar("T")
TokenCallback: TypeAlias = Callable[[], str | Awaitable[str]]
SERIALIZE = methodcaller("SerializeToString")
# What ends a call: an answer of grpc, a closed channel, or that it was cancelled.
ENDS = (grpc.RpcError, grpc.aio.UsageError, asyncio.CancelledError)


@cache
def keep_poller() -> None:
    """Keeps grpc's thread for asyncio, which would end with the last channel: where that is
    found by the garbage collection together with one of its calls, its end waits for ever."""
    grpc.aio.init_grpc_aio()


class TokenSource:
    """The present token, and where the next one comes from."""

    def __init__(self, token: str | TokenCallback | None) -> None:
        self._callback = token if callable(token) else None
        self.token = None if callable(token) else Token.of(token)
        self._lock = asyncio.Lock()

    @property
    def refreshable(self) -> bool:
        """Whether another token can be asked for."""
        return self._callback is not None

    async def get(self) -> Token:
        """The present token; the first one is asked for."""
        return self.token or await self.refresh(None)

    async def refresh(self, used: Token | None) -> Token:
        """Asks for another token, unless somebody else has since `used` was taken."""
        async with self._lock:
            if self._callback is not None and self.token is used:
                token = self._callback()
                self.token = Token.of(await token if isawaitable(token) else token)
            return self.token or Token.of(None)


class Transport:
    """A few channels to one server."""

    def __init__(
        self,
        endpoint: str,
        token: str | TokenCallback | None,
        tls: Tls | None,
        channels: int,
        timeout: float,
        retry: RetryPolicy,
    ) -> None:
        self._endpoint = Endpoint.parse(endpoint)
        self._tls = tls
        self._count = channels
        self._channels: list[grpc.aio.Channel] = []
        self._methods: list[dict[str, Any]] = []
        self.tokens = TokenSource(token)
        self._timeout = timeout
        self._retry = retry
        self._closed = asyncio.Event()
        self._turn = 0
        self._streams: WeakSet[Any] = WeakSet()
        self._endings: WeakKeyDictionary[Any, Error] = WeakKeyDictionary()

    @property
    def channels(self) -> list[grpc.aio.Channel]:
        """The channels; made by the first call, since they belong to its event loop."""
        if not self._channels:
            keep_poller()
            options, tls, at = channel_options(self._tls), self._tls or Tls(), self._endpoint
            if at.secure:
                credentials = grpc.ssl_channel_credentials(tls.roots())
                self._channels = [
                    grpc.aio.secure_channel(at.target, credentials, options)
                    for _ in range(self._count)
                ]
            else:
                self._channels = [
                    grpc.aio.insecure_channel(at.target, options) for _ in range(self._count)
                ]
            self._methods = [{} for _ in self._channels]
        return self._channels

    async def close(self) -> None:
        """Ends what is under way, and takes no more calls."""
        self._closed.set()
        # A channel that is closed ends calls that are awaited, and forgets its streams.
        for stream in list(self._streams):
            stream.cancel()
        for channel in self._channels:
            await channel.close()

    def attempts(self, timeout: float | None) -> Attempts:
        """The attempts of a call. Raises `ClientClosed` when it comes too late."""
        if self._closed.is_set():
            raise errors.ClientClosed
        return Attempts(self._retry, timeout, refreshable=self.tokens.refreshable)

    def _method(self, kind: str, rpc: Rpc) -> Any:
        turn = self._turn = (self._turn + 1) % self._count
        channel = self.channels[turn]
        methods = self._methods[turn]
        method = methods.get(rpc.path)
        if method is None:
            method = methods[rpc.path] = getattr(channel, kind)(
                rpc.path,
                request_serializer=SERIALIZE,
                response_deserializer=rpc.answer.FromString,
            )
        return method

    async def call(self, call: Call[T]) -> T:
        """Makes a call, again and again where that is safe and helps."""
        attempts = self.attempts(self._timeout if call.timeout is None else call.timeout)
        while True:
            token = await self.tokens.get()
            try:
                method = self._method("unary_unary", call.rpc)
                answer = await method(
                    call.request, timeout=attempts.remaining(), metadata=token.metadata
                )
            except ENDS as raised:
                error = self.error(raised)
            else:
                return call.decode(answer)
            await self.again(attempts.after(error, repeatable=call.repeatable), token)

    async def listing(self, listing: Listing[T]) -> AsyncIterator[T]:
        """What a list has, page after page."""
        page_token = ""
        while True:
            items, page_token = await self.call(listing.page(page_token))
            for item in items:
                yield item
            if not page_token:
                return

    def stream(self, rpc: Rpc, request: Message, timeout: float | None, token: Token) -> Any:
        """Begins a call whose answer is a stream."""
        method = self._method("unary_stream", rpc)
        return self._tracked(method(request, timeout=timeout, metadata=token.metadata))

    def exchange(self, rpc: Rpc, timeout: float | None, token: Token) -> Any:
        """Begins a call of two streams."""
        method = self._method("stream_stream", rpc)
        call = self._tracked(method(timeout=timeout, metadata=token.metadata))
        call.add_done_callback(self._keep_ending)
        return call

    def _keep_ending(self, call: Any) -> None:
        """Keeps how a call ended. When a request is written while the call ends, grpc puts
        an error of its own in place of the server's (grpc/grpc#36066), after this was
        told."""
        self._endings.setdefault(
            call,
            errors.from_trailer(
                _at_once(call.code()).name,
                _at_once(call.details()) or "",
                _at_once(call.trailing_metadata()) or (),
            ),
        )

    def ending(self, call: Any, raised: BaseException) -> Error:
        """What ended a call of two streams."""
        error = self.error(raised)
        if error.code is not Code.INTERNAL or error.reason:
            return error
        kept = self._endings.get(call, error)
        if kept.code is not Code.INTERNAL or kept.reason:
            return kept
        # Why it ended was lost. It has ended, at least.
        return errors.make(Code.UNAVAILABLE, error.message)

    def _tracked(self, stream: Any) -> Any:
        self._streams.add(stream)
        return stream

    async def again(self, again: Again, token: Token) -> None:
        """Waits for the next attempt, and sees to its token."""
        if again.refresh:
            await self.tokens.refresh(token)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closed.wait(), again.delay)
        if again.reconnect and not self._closed.is_set():
            channel = self.channels[(self._turn + 1) % self._count]
            with suppress(TimeoutError, grpc.aio.UsageError):
                await asyncio.wait_for(channel.channel_ready(), READY_SECONDS_MAX)
        if self._closed.is_set():
            raise cancelled()

    def error(self, raised: BaseException) -> Error:
        """What went wrong, as callers see it. Where the task itself is being cancelled,
        that goes on as it does everywhere."""
        if isinstance(raised, grpc.aio.AioRpcError):
            return errors.from_trailer(
                raised.code().name, raised.details() or "", raised.trailing_metadata() or ()
            )
        if isinstance(raised, asyncio.CancelledError):
            task = asyncio.current_task()
            if task is None or not task.cancelling():
                return cancelled()
        elif self._closed.is_set():
            return errors.ClientClosed()  # The channel was closed between two steps.
        raise raised


def _at_once(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine returns that has nothing left to wait for."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    coroutine.close()
    raise RuntimeError("a call that has ended does not know how")


def cancelled() -> Error:
    """The error of a call that was cancelled from elsewhere."""
    return errors.make(Code.CANCELLED, "the call was cancelled by the caller")
