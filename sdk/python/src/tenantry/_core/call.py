"""Calls as data: which method, which request, and what its answer means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import uuid4

from google.protobuf.message import Message

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rpc:
    """A method of the server, and the message that it answers."""

    path: str
    answer: type[Message]


def rpc(service: str, method: str, answer: type[Message]) -> Rpc:
    """The method of a service."""
    return Rpc(f"/tenantry.v1.{service}/{method}", answer)


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
