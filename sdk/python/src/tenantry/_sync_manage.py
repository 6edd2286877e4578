"""The blocking namespaces of a client: `databases`, `tokens` and `schema`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

import grpc

from tenantry._core import databases, query, tokens
from tenantry._core import schema as schema_calls
from tenantry._core.attempts import deadline_of, remaining
from tenantry._core.call import Call, Listing, checks_text
from tenantry._sync import Transport
from tenantry.models import ForeignKeys, Migration, WaitFor

P = ParamSpec("P")
T = TypeVar("T")


class _Namespace:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport


def _call(build: Callable[P, Call[T]]) -> Callable[Concatenate[_Namespace, P], T]:
    """The method that makes the call."""
    checked = checks_text(build)

    @wraps(build)
    def method(self: _Namespace, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._transport.call(checked(*args, **kwargs))

    return method


def _list(build: Callable[P, Listing[T]]) -> Callable[Concatenate[_Namespace, P], Iterator[T]]:
    """The method that iterates over the pages."""
    checked = checks_text(build)

    @wraps(build)
    def method(self: _Namespace, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        return self._transport.listing(checked(*args, **kwargs))

    return method


class Databases(_Namespace):
    """Groups and databases; `client.databases`."""

    create_group = _call(databases.create_group)
    get_group = _call(databases.get_group)
    list_groups = _list(databases.list_groups)
    delete_group = _call(databases.delete_group)
    create = _call(databases.create_database)
    branch = _call(databases.branch_database)
    batch_create = _call(databases.batch_create_databases)
    get = _call(databases.get_database)
    list = _list(databases.list_databases)
    update = _call(databases.update_database)
    delete = _call(databases.delete_database)
    undelete = _call(databases.undelete_database)


class Tokens(_Namespace):
    """Tokens and the keys that sign them; `client.tokens`."""

    create = _call(tokens.create_token)
    list = _list(tokens.list_tokens)
    get = _call(tokens.get_token)
    revoke = _call(tokens.revoke_token)
    invalidate = _call(tokens.invalidate_tokens)
    rotate_signing_key = _call(tokens.rotate_signing_key)
    list_signing_keys = _list(tokens.list_signing_keys)


class SchemaCalls(_Namespace):
    """SCHEMA databases, their children and migrations; `client.schema`."""

    validate = _call(schema_calls.validate)
    get = _call(schema_calls.get_migration)
    list = _list(schema_calls.list_migrations)
    cancel = _call(schema_calls.cancel_migration)
    children = _list(schema_calls.list_children)
    retry_children = _call(schema_calls.retry_children)
    get_schema = _call(schema_calls.get_schema)

    def migrate(
        self,
        schema: str,
        sql: str,
        *,
        wait_for: WaitFor = "COMMIT",
        on_progress: Callable[[Migration], object] | None = None,
        expected_generation: int | None = None,
        foreign_keys: ForeignKeys = "ENFORCED",
        allow_nondeterministic: bool = False,
        request_id: str = "",
        timeout: float | None = None,
    ) -> Migration:
        """Takes the schema and all its children to the next generation, or changes
        nothing anywhere. Returns when it is as far as `wait_for`; `on_progress` is told
        of each step until then. A migration that fails raises `MigrationFailed`.

        It goes on when this call is given up; the same call with the same `request_id`
        takes it up again.
        """
        deadline = deadline_of(timeout)
        migration = self._transport.call(
            schema_calls.apply_migration(
                schema,
                sql,
                expected_generation=expected_generation,
                foreign_keys=foreign_keys,
                allow_nondeterministic=allow_nondeterministic,
                request_id=request_id,
                timeout=timeout,
            )
        )
        watched = self.watch(schema, migration.id, timeout=remaining(deadline))
        while True:
            if on_progress is not None:
                on_progress(migration)
            if schema_calls.reached(migration, wait_for):
                return migration
            migration = next(watched)

    def watch(self, schema: str, id: str, *, timeout: float | None = None) -> Iterator[Migration]:
        """A migration at once, and again whenever it has changed, until it has ended. A
        connection that breaks, or a stream that ends too early, is taken up again."""
        request = schema_calls.watch_migration(schema, id)
        attempts = self._transport.attempts(timeout)
        while True:
            token = self._transport.tokens.get()
            call = None
            try:
                call = self._transport.stream(
                    schema_calls.WATCH, request, attempts.remaining(), token
                )
                for message in call:
                    attempts.progressed()
                    migration = Migration.of(message.migration)
                    yield migration
                    if schema_calls.ended(migration):
                        return
                error = query.cut()
            except (grpc.RpcError, ValueError) as raised:
                error = self._transport.error(raised)
            finally:
                if call is not None:
                    call.cancel()
            self._transport.again(attempts.after(error, repeatable=True), token)
