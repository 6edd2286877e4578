"""The generated code, for what the client has no word for.

    request = raw.query_pb2.DescribeRequest(database="shop/acme", sql="SELECT 1")
    answer = client.raw.query.Describe(request, metadata=client.raw.metadata())

A raw call is made once as it stands: without a deadline, without being tried again, and
its errors are those of grpc.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import grpc
import grpc.aio

from tenantry._gen.v1 import (
    databases_pb2,
    databases_pb2_grpc,
    errors_pb2,
    query_pb2,
    query_pb2_grpc,
    schema_pb2,
    schema_pb2_grpc,
    tokens_pb2,
    tokens_pb2_grpc,
    types_pb2,
)

__all__ = [
    "AsyncStubs",
    "Metadata",
    "Stubs",
    "databases_pb2",
    "errors_pb2",
    "query_pb2",
    "schema_pb2",
    "tokens_pb2",
    "types_pb2",
]

Metadata: TypeAlias = tuple[tuple[str, str], ...]
"""What is sent beside a request."""


class Stubs:
    """The stubs of one channel of a client."""

    def __init__(self, channel: grpc.Channel, metadata: Callable[[], Metadata]) -> None:
        self.channel = channel
        self.databases = databases_pb2_grpc.DatabasesServiceStub(channel)
        self.query = query_pb2_grpc.QueryServiceStub(channel)
        self.schema = schema_pb2_grpc.SchemaServiceStub(channel)
        self.tokens = tokens_pb2_grpc.TokensServiceStub(channel)
        self._metadata = metadata

    def metadata(self) -> Metadata:
        """The metadata that carries the client's present token."""
        return self._metadata()


class AsyncStubs:
    """The stubs of one channel of an asyncio client."""

    def __init__(self, channel: grpc.aio.Channel, metadata: Callable[[], Metadata]) -> None:
        self.channel = channel
        self.databases = databases_pb2_grpc.DatabasesServiceStub(channel)
        self.query = query_pb2_grpc.QueryServiceStub(channel)
        self.schema = schema_pb2_grpc.SchemaServiceStub(channel)
        self.tokens = tokens_pb2_grpc.TokensServiceStub(channel)
        self._metadata = metadata

    def metadata(self) -> Metadata:
        """The metadata that carries the token that the client used last."""
        return self._metadata()
