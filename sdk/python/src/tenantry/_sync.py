"""The blocking shell: channels, and one call after another through them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from operator import methodcaller
from typing import Any, TypeAlias, TypeVar

import grpc
from google.protobuf.message import Message

from tenantry import errors
from tenantry._core.attempts import Again, Attempts
from tenantry._core.call import Call, Listing, Rpc
from tenantry._core.options import READY_SECONDS_MAX, Endpoint, RetryPolicy, Tls, channel_options
from tenantry._core.token import Token
from tenantry.errors import Code, Error

T = TypeVar("T")
TokenCallback: TypeAlias = Callable[[], str]
PROBE = "/grpc.health.v1.Health/Check"
SERIALIZE = methodcaller("SerializeToString")


class Cancellation:
    """Cancels calls from another thread: give it to calls, then call `cancel`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._event = threading.Event()
        self._running: set[Callable[[], Any]] = set()

    def cancel(self) -> None:
        """Ends the calls that have it, and those that will get it, with `Cancelled`."""
        self._event.set()
        with self._lock:
            running = list(self._running)
        for cancel in running:
            cancel()

    def add(self, cancel: Callable[[], Any]) -> None:
        """Remembers how to cancel a call that has begun."""
        with self._lock:
            self._running.add(cancel)
        if self._event.is_set():
            cancel()

    def remove(self, cancel: Callable[[], Any]) -> None:
        """Forgets a call that has ended."""
        with self._lock:
            self._running.discard(cancel)

    def wait(self, seconds: float) -> bool:
        """Waits so long at most; tells whether it was cancelled."""
        return self._event.wait(seconds)


class TokenSource:
    """The present token, and where the next one comes from."""

    def __init__(self, token: str | TokenCallback | None) -> None:
        self._callback = token if callable(token) else None
        self._token = None if callable(token) else Token.of(token)
        self._lock = threading.Lock()

    @property
    def refreshable(self) -> bool:
        """Whether another token can be asked for."""
        return self._callback is not None

    def get(self) -> Token:
        """The present token; the first one is asked for."""
        return self._token or self.refresh(None)

    def refresh(self, used: Token | None) -> Token:
        """Asks for another token, unless somebody else has since `used` was taken."""
        with self._lock:
            if self._callback is not None and self._token is used:
                self._token = Token.of(self._callback())
            return self._token or Token.of(None)


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
        at = Endpoint.parse(endpoint)
        options = channel_options(tls)
        if at.secure:
            credentials = grpc.ssl_channel_credentials((tls or Tls()).roots())
            self.channels = [
                grpc.secure_channel(at.target, credentials, options) for _ in range(channels)
            ]
        else:
            self.channels = [grpc.insecure_channel(at.target, options) for _ in range(channels)]
        self.tokens = TokenSource(token)
        self._timeout = timeout
        self._retry = retry
        self._closed = threading.Event()
        self._turn = 0
        self._methods: list[dict[str, Any]] = [{} for _ in self.channels]

    def close(self) -> None:
        """Ends what is under way, and takes no more calls."""
        self._closed.set()
        for channel in self.channels:
            channel.close()

    def attempts(self, timeout: float | None, cancellation: Cancellation | None = None) -> Attempts:
        """The attempts of a call. Raises when the client is closed, or the call cancelled
        already."""
        if self._closed.is_set():
            raise errors.ClientClosed
        if cancellation is not None and cancellation.wait(0):
            raise cancelled()
        return Attempts(self._retry, timeout, refreshable=self.tokens.refreshable)

    def _method(self, kind: str, rpc: Rpc) -> Any:
        # Not counted exactly where threads meet, which does no harm.
        turn = self._turn = (self._turn + 1) % len(self.channels)
        methods = self._methods[turn]
        method = methods.get(rpc.path)
        if method is None:
            method = methods[rpc.path] = getattr(self.channels[turn], kind)(
                rpc.path,
                request_serializer=SERIALIZE,
                response_deserializer=rpc.answer.FromString,
            )
        return method

    def call(self, call: Call[T], cancellation: Cancellation | None = None) -> T:
        """Makes a call, again and again where that is safe and helps."""
        timeout = self._timeout if call.timeout is None else call.timeout
        attempts = self.attempts(timeout, cancellation)
        while True:
            token = self.tokens.get()
            try:
                method = self._method("unary_unary", call.rpc)
                if cancellation is None:
                    answer = method(
                        call.request, timeout=attempts.remaining(), metadata=token.metadata
                    )
                else:
                    future = method.future(
                        call.request, timeout=attempts.remaining(), metadata=token.metadata
                    )
                    cancellation.add(future.cancel)
                    try:
                        answer = future.result()
                    finally:
                        cancellation.remove(future.cancel)
            except (grpc.RpcError, grpc.FutureCancelledError, ValueError) as raised:
                error = self.error(raised)
            else:
                return call.decode(answer)
            self.again(attempts.after(error, repeatable=call.repeatable), token, cancellation)

    def listing(self, listing: Listing[T]) -> Iterator[T]:
        """What a list has, page after page."""
        page_token = ""
        while True:
            items, page_token = self.call(listing.page(page_token))
            yield from items
            if not page_token:
                return

    def stream(self, rpc: Rpc, request: Message, timeout: float | None, token: Token) -> Any:
        """Begins a call whose answer is a stream."""
        method = self._method("unary_stream", rpc)
        return method(request, timeout=timeout, metadata=token.metadata)

    def exchange(
        self, rpc: Rpc, requests: Iterator[Message], timeout: float | None, token: Token
    ) -> Any:
        """Begins a call of two streams."""
        method = self._method("stream_stream", rpc)
        return method(requests, timeout=timeout, metadata=token.metadata)

    def again(self, again: Again, token: Token, cancellation: Cancellation | None = None) -> None:
        """Waits for the next attempt, and sees to its token."""
        if again.refresh:
            self.tokens.refresh(token)
        if cancellation is not None and cancellation.wait(again.delay):
            raise cancelled()
        if cancellation is None:
            self._closed.wait(again.delay)
        if again.reconnect:
            self._reconnect()
        if self._closed.is_set():
            raise cancelled()

    def _reconnect(self) -> None:
        """Waits until the next channel has a connection, for a while. A blocking channel
        makes one as long as a call waits for it; any answer means that it has one."""
        channel = self.channels[(self._turn + 1) % len(self.channels)]
        with suppress(grpc.RpcError, ValueError):
            probe: Any = channel.unary_unary(PROBE)
            probe(b"", timeout=READY_SECONDS_MAX, wait_for_ready=True)

    def error(self, raised: Exception) -> Error:
        """What went wrong, as callers see it."""
        if isinstance(raised, grpc.Call):
            return errors.from_trailer(
                raised.code().name, raised.details() or "", raised.trailing_metadata() or ()
            )
        if isinstance(raised, grpc.FutureCancelledError):
            return cancelled()
        if self._closed.is_set():
            return errors.ClientClosed()  # The channel was closed between two steps.
        raise raised


def cancelled() -> Error:
    """The error of a call that the caller has cancelled."""
    return errors.make(Code.CANCELLED, "the call was cancelled by the caller")
