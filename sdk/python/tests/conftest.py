"""What tests share: one server, and a group of their own."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

import tenantry
from tests.server import Server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server that a test may stop."""
    server = Server("--drain-ms-max", "200")
    yield server
    server.close()


@pytest.fixture
def client(server: Server) -> Iterator[tenantry.Client]:
    with tenantry.Client(server.endpoint, server.token) as client:
        yield client


@pytest.fixture
def group(client: tenantry.Client) -> str:
    return client.databases.create_group(f"t-{uuid4().hex[:20]}").name


@pytest.fixture
def database(client: tenantry.Client, group: str) -> tenantry.Database:
    client.databases.create(f"{group}/data")
    return client.database(f"{group}/data")
