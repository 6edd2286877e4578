"""Calls as data: which method, which request, and what its answer means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Generic, ParamSpec, TypeVar
from uuid import uuid4

from google.protobuf.message import Message

from tenantry.errors import invalid_argument

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rpc:
    """A method of the server, and the message that it answers."""

    path: str
    answer: type[Message]


def rpc(service: str, method: str, answer: type[Message]) -> Rpc:
    """The method of a service."""
    return Rpc(f"/tenantry.v1.{service}/{method}", answer)


def checks_text(build: Callable[P, T]) -> Callable[P, T]:
    """The function that builds a request, which refuses text that cannot be sent: to
    protobuf that is an error of Python's own."""

    @wraps(build)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return build(*args, **kwargs)
        except UnicodeEncodeError as error:
            message = f"a text has a lone surrogate at {error.start}; UTF-8 cannot hold it"
            raise invalid_argument(message) from None

    return checked


def fresh_unless(request_id: str) -> str:
    """The caller's id, or one that nobody has used."""
    return request_id or str(uuid4())


@dataclass(slots=True)
class Call(Generic[T]):
    """One call without a stream."""

    rpc: Rpc
    request: Message
    decode: Callable[[Any], T]
    """Makes of the answer what the caller gets."""
    repeatable: bool
    """It may be sent again where nobody knows whether the first one was done."""
    timeout: float | None = None
    """Its deadline in seconds; by default the client's."""


@dataclass(slots=True)
class Listing(Generic[T]):
    """A list that comes page by page."""

    rpc: Rpc
    request: Any
    decode: Callable[[Any], list[T]]
    timeout: float | None = None

    def page(self, token: str) -> Call[tuple[list[T], str]]:
        """The call for the page with this token; empty for the first."""
        self.request.page_token = token
        return Call(
            self.rpc,
            self.request,
            lambda answer: (self.decode(answer), answer.next_page_token),
            repeatable=True,
            timeout=self.timeout,
        )
