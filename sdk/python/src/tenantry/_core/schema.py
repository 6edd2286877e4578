"""The calls of SchemaService.

Each function here is the one definition of a method of `client.schema`, for both
clients.
"""

from __future__ import annotations

from collections.abc import Iterable

from tenantry import errors
from tenantry._core.call import Call, Listing, checks_text, fresh_unless, rpc
from tenantry._gen.v1 import schema_pb2
from tenantry.models import (
    Child,
    ForeignKeys,
    Migration,
    Retried,
    Schema,
    Validation,
    enum_value,
)

APPLY = rpc("SchemaService", "ApplyMigration", schema_pb2.ApplyMigrationResponse)
WATCH = rpc("SchemaService", "WatchMigration", schema_pb2.WatchMigrationResponse)


@checks_text
def apply_migration(
    schema: str,
    sql: str,
    *,
    expected_generation: int | None,
    foreign_keys: ForeignKeys,
    allow_nondeterministic: bool,
    request_id: str,
    timeout: float | None,
) -> Call[Migration]:
    """Records a migration, and waits for nothing."""
    request = _apply(schema, sql, expected_generation, foreign_keys, allow_nondeterministic)
    request.wait_for = schema_pb2.WAIT_FOR_NOTHING
    request.request_id = fresh_unless(request_id)
    return Call(
        APPLY,
        request,
        lambda answer: Migration.of(answer.migration),
        repeatable=True,
        timeout=timeout,
    )


def validate(
    schema: str,
    sql: str,
    *,
    expected_generation: int | None = None,
    foreign_keys: ForeignKeys = "ENFORCED",
    allow_nondeterministic: bool = False,
    timeout: float | None = None,
) -> Call[Validation]:
    """Tells what a migration would do, on every child, and changes nothing."""
    request = _apply(schema, sql, expected_generation, foreign_keys, allow_nondeterministic)
    request.validate_only = True
    return Call(APPLY, request, Validation.of, repeatable=True, timeout=timeout)


def _apply(
    schema: str,
    sql: str,
    expected_generation: int | None,
    foreign_keys: ForeignKeys,
    allow_nondeterministic: bool,
) -> schema_pb2.ApplyMigrationRequest:
    return schema_pb2.ApplyMigrationRequest(
        schema=schema,
        sql=sql,
        expected_generation=expected_generation,
        foreign_keys=enum_value(schema_pb2.ForeignKeys, "FOREIGN_KEYS_", foreign_keys),
        allow_nondeterministic=allow_nondeterministic,
    )


def get_migration(schema: str, id: str, *, timeout: float | None = None) -> Call[Migration]:
    """Returns a migration, with its whole script."""
    return Call(
        rpc("SchemaService", "GetMigration", schema_pb2.GetMigrationResponse),
        schema_pb2.GetMigrationRequest(schema=schema, id=id),
        lambda answer: Migration.of(answer.migration),
        repeatable=True,
        timeout=timeout,
    )


def list_migrations(
    schema: str, *, state: str = "", page_size: int = 0, timeout: float | None = None
) -> Listing[Migration]:
    """Lists the migrations of a schema, newest first."""
    return Listing(
        rpc("SchemaService", "ListMigrations", schema_pb2.ListMigrationsResponse),
        schema_pb2.ListMigrationsRequest(
            schema=schema,
            state=enum_value(schema_pb2.MigrationState, "MIGRATION_STATE_", state),
            page_size=page_size,
        ),
        lambda answer: list(map(Migration.of, answer.migrations)),
        timeout,
    )


def cancel_migration(schema: str, id: str, *, timeout: float | None = None) -> Call[Migration]:
    """Cancels a migration that has not committed; nothing has changed then."""
    return Call(
        rpc("SchemaService", "CancelMigration", schema_pb2.CancelMigrationResponse),
        schema_pb2.CancelMigrationRequest(schema=schema, id=id),
        lambda answer: Migration.of(answer.migration),
        repeatable=False,
        timeout=timeout,
    )


def list_children(
    schema: str, *, state: str = "", page_size: int = 0, timeout: float | None = None
) -> Listing[Child]:
    """Lists the children of a schema, by name."""
    return Listing(
        rpc("SchemaService", "ListChildren", schema_pb2.ListChildrenResponse),
        schema_pb2.ListChildrenRequest(
            schema=schema,
            state=enum_value(schema_pb2.ChildState, "CHILD_STATE_", state),
            page_size=page_size,
        ),
        lambda answer: list(map(Child.of, answer.children)),
        timeout,
    )


def retry_children(
    schema: str, children: Iterable[str] = (), *, timeout: float | None = None
) -> Call[Retried]:
    """Tries at once again to bring quarantined children up; by default all of them."""
    return Call(
        rpc("SchemaService", "RetryChildren", schema_pb2.RetryChildrenResponse),
        schema_pb2.RetryChildrenRequest(schema=schema, children=children),
        lambda answer: Retried(answer.recovered_count, answer.quarantined_count),
        repeatable=True,
        timeout=timeout,
    )


def get_schema(schema: str, *, timeout: float | None = None) -> Call[Schema]:
    """Returns the schema of a SCHEMA database as text."""
    return Call(
        rpc("SchemaService", "GetSchema", schema_pb2.GetSchemaResponse),
        schema_pb2.GetSchemaRequest(schema=schema),
        lambda answer: Schema(answer.generation, answer.ddl, answer.hash),
        repeatable=True,
        timeout=timeout,
    )


@checks_text
def watch_migration(schema: str, id: str) -> schema_pb2.WatchMigrationRequest:
    """Follows a migration until it has ended."""
    return schema_pb2.WatchMigrationRequest(schema=schema, id=id)


def ended(migration: Migration) -> bool:
    """Whether nothing comes behind this state of a migration."""
    return migration.state in ("APPLIED", "FAILED", "CANCELLED")


def reached(migration: Migration, wait_for: str) -> bool:
    """Whether the migration is as far as was asked for. Raises when it never will be."""
    failure = migration.failure
    metadata = {"schema": migration.schema, "migration": migration.id}
    if migration.state == "FAILED":
        message = "the migration failed"
        if failure is not None:
            message, metadata["database"] = failure.message, failure.database
            if failure.statement_index is not None:
                metadata["statement_index"] = str(failure.statement_index)
        raise errors.make(
            errors.Code.FAILED_PRECONDITION,
            message,
            reason="MIGRATION_FAILED",
            metadata=metadata,
        )
    if migration.state == "CANCELLED":
        raise errors.make(
            errors.Code.CANCELLED,
            "the migration was cancelled",
            reason="CANCELLED",
            metadata=metadata,
        )
    if wait_for == "NOTHING" or migration.state == "APPLIED":
        return True
    return wait_for == "COMMIT" and migration.state == "COMMITTED"
