"""What there is on a server, as the calls that manage it tell of it.

Kinds and states are text, as the API names them without their prefix: a server that is
newer than this package may have some that it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeAlias

from google.protobuf.message import Message

from tenantry._gen.v1 import databases_pb2, schema_pb2, tokens_pb2
from tenantry.errors import invalid_argument
from tenantry.results import duration_of

DatabaseKind: TypeAlias = Literal["REGULAR", "SCHEMA", "CHILD"]
"""What a database is."""

Access: TypeAlias = Literal["READ_ONLY", "READ_WRITE", "ADMIN"]
"""How far a token reaches."""

Action: TypeAlias = Literal[
    "DATA_READ",
    "DATA_ADD",
    "DATA_UPDATE",
    "DATA_DELETE",
    "SCHEMA_ADD",
    "SCHEMA_UPDATE",
    "SCHEMA_DELETE",
]
"""One thing that can be done to a table."""

WaitFor: TypeAlias = Literal["COMMIT", "APPLY", "NOTHING"]
"""What `migrate` waits for."""

ForeignKeys: TypeAlias = Literal["ENFORCED", "CHECK_AT_END"]
"""How foreign keys are treated while a script runs."""


def enum_name(enum: Any, prefix: str, value: int) -> str:
    """The name of a value without its prefix; of one that is not known, its number."""
    known = enum.DESCRIPTOR.values_by_number.get(value)
    return known.name.removeprefix(prefix) if known else str(value)


def enum_value(enum: Any, prefix: str, name: str | None) -> Any:
    """The number of the value with this name, or of the unspecified one. Raises
    `InvalidArgument` when there is no such name."""
    try:
        return enum.Value(prefix + (name or "UNSPECIFIED"))
    except ValueError:
        known = ", ".join(key.removeprefix(prefix) for key in enum.keys()[1:])
        raise invalid_argument(f"{name!r} is none of {known}") from None


def _time(message: Message, name: str) -> datetime | None:
    if not message.HasField(name):
        return None
    return getattr(message, name).ToDatetime(tzinfo=UTC)  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Group:
    """Where databases live together."""

    name: str
    create_time: datetime | None

    @classmethod
    def of(cls, message: databases_pb2.Group) -> Group:
        """The group of a message."""
        return cls(message.name, _time(message, "create_time"))


@dataclass(frozen=True, slots=True)
class DatabaseInfo:
    """What is known of a database."""

    name: str
    id: str
    group: str
    kind: str
    """REGULAR, SCHEMA or CHILD."""
    schema: str
    """The parent of a CHILD."""
    generation: int
    allow_attach: bool
    delete_protection: bool
    block_reads: bool
    block_writes: bool
    size_limit_bytes: int
    size_bytes: int
    labels: Mapping[str, str]
    create_time: datetime | None
    update_time: datetime | None
    delete_time: datetime | None
    purge_time: datetime | None
    state: str
    """ACTIVE, DELETED or QUARANTINED."""
    state_reason: str
    etag: str

    @classmethod
    def of(cls, message: databases_pb2.Database) -> DatabaseInfo:
        """The database of a message."""
        return cls(
            name=message.name,
            id=message.id,
            group=message.group,
            kind=enum_name(databases_pb2.DatabaseKind, "DATABASE_KIND_", message.kind),
            schema=message.schema,
            generation=message.generation,
            allow_attach=message.allow_attach,
            delete_protection=message.delete_protection,
            block_reads=message.block_reads,
            block_writes=message.block_writes,
            size_limit_bytes=message.size_limit_bytes,
            size_bytes=message.size_bytes,
            labels=dict(message.labels),
            create_time=_time(message, "create_time"),
            update_time=_time(message, "update_time"),
            delete_time=_time(message, "delete_time"),
            purge_time=_time(message, "purge_time"),
            state=enum_name(databases_pb2.DatabaseState, "DATABASE_STATE_", message.state),
            state_reason=message.state_reason,
            etag=message.etag,
        )

    @property
    def reference(self) -> str:
        """The reference of the database, as every call takes it: `group/name`."""
        return f"{self.group}/{self.name}"


@dataclass(frozen=True, slots=True)
class NewDatabase:
    """A database to create."""

    name: str
    """The name, or `group/name`; without a slash the group is `default`."""
    kind: DatabaseKind | None = None
    """By default CHILD when `schema` is set, REGULAR otherwise."""
    schema: str = ""
    """The parent of a CHILD."""
    allow_attach: bool = False
    delete_protection: bool = False
    block_reads: bool = False
    block_writes: bool = False
    size_limit_bytes: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)

    def message(self) -> databases_pb2.Database:
        """The message that creates it."""
        group, _, name = self.name.rpartition("/")
        return databases_pb2.Database(
            name=name,
            group=group,
            kind=enum_value(databases_pb2.DatabaseKind, "DATABASE_KIND_", self.kind),
            schema=self.schema,
            allow_attach=self.allow_attach,
            delete_protection=self.delete_protection,
            block_reads=self.block_reads,
            block_writes=self.block_writes,
            size_limit_bytes=self.size_limit_bytes,
            labels=self.labels,
        )


@dataclass(frozen=True, slots=True)
class Permission:
    """What may be done to a table, or with `*` to every one."""

    table: str
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """What is known of a minted token."""

    id: str
    subject: str
    databases: tuple[str, ...]
    groups: tuple[str, ...]
    access: str
    """READ_ONLY, READ_WRITE or ADMIN."""
    ddl: bool
    attach: tuple[str, ...]
    permissions: tuple[tuple[str, tuple[str, ...]], ...]
    """Tables, and what may be done to them."""
    server_admin: bool
    create_time: datetime | None
    expire_time: datetime | None
    """None for one that never expires."""
    revoke_time: datetime | None
    signing_key_id: str

    @classmethod
    def of(cls, message: tokens_pb2.TokenInfo) -> TokenInfo:
        """The token of a message."""
        scopes = message.scopes
        return cls(
            id=message.id,
            subject=message.subject,
            databases=tuple(scopes.databases),
            groups=tuple(scopes.groups),
            access=enum_name(tokens_pb2.Access, "ACCESS_", scopes.access),
            ddl=scopes.ddl,
            attach=tuple(scopes.attach),
            permissions=tuple(
                (
                    permission.table,
                    tuple(enum_name(tokens_pb2.Action, "ACTION_", a) for a in permission.actions),
                )
                for permission in scopes.permissions
            ),
            server_admin=scopes.server_admin,
            create_time=_time(message, "create_time"),
            expire_time=_time(message, "expire_time"),
            revoke_time=_time(message, "revoke_time"),
            signing_key_id=message.signing_key_id,
        )


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that was just minted; the only time that it is shown."""

    token: str = field(repr=False)
    info: TokenInfo


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The public part of a key that signs tokens, with the members of a JWK."""

    id: str
    kty: str
    crv: str
    x: str
    alg: str
    use: str
    active: bool
    create_time: datetime | None

    @classmethod
    def of(cls, message: tokens_pb2.SigningKey) -> SigningKey:
        """The key of a message."""
        return cls(
            message.id,
            message.kty,
            message.crv,
            message.x,
            message.alg,
            message.use,
            message.active,
            _time(message, "create_time"),
        )


@dataclass(frozen=True, slots=True)
class MigrationFailure:
    """Why a migration failed on a database."""

    database: str
    statement_index: int | None
    """The statement that failed, from 0; None where it was no statement."""
    message: str

    @classmethod
    def of(cls, message: schema_pb2.MigrationFailure) -> MigrationFailure:
        """The failure of a message."""
        index = message.statement_index if message.statement_failed else None
        return cls(message.database, index, message.message)


@dataclass(frozen=True, slots=True)
class Migration:
    """One script that takes a schema from a generation to the next."""

    schema: str
    id: str
    generation: int
    sql: str
    state: str
    """PREPARING, COMMITTED, APPLIED, FAILED or CANCELLED."""
    children_total: int
    children_validated: int
    children_applied: int
    children_quarantined: int
    failure: MigrationFailure | None
    create_time: datetime | None
    commit_time: datetime | None
    finish_time: datetime | None
    max_write_pause: timedelta

    @classmethod
    def of(cls, message: schema_pb2.Migration) -> Migration:
        """The migration of a message."""
        return cls(
            schema=message.schema,
            id=message.id,
            generation=message.generation,
            sql=message.sql,
            state=enum_name(schema_pb2.MigrationState, "MIGRATION_STATE_", message.state),
            children_total=message.children_total,
            children_validated=message.children_validated,
            children_applied=message.children_applied,
            children_quarantined=message.children_quarantined,
            failure=(MigrationFailure.of(message.failure) if message.HasField("failure") else None),
            create_time=_time(message, "create_time"),
            commit_time=_time(message, "commit_time"),
            finish_time=_time(message, "finish_time"),
            max_write_pause=duration_of(message.max_write_pause),
        )


@dataclass(frozen=True, slots=True)
class Validation:
    """What a migration would do."""

    migration: Migration
    """As it would be: FAILED with the first failure where there is one."""
    failures: tuple[MigrationFailure, ...]
    """The databases on which it fails, at most 100; empty when it would commit now."""
    failures_total: int
    children_validated: int
    rows_written: int
    duration: timedelta
    row_independent: bool

    @classmethod
    def of(cls, message: schema_pb2.ApplyMigrationResponse) -> Validation:
        """The validation of a message."""
        of = message.validation
        return cls(
            migration=Migration.of(message.migration),
            failures=tuple(map(MigrationFailure.of, of.failures)),
            failures_total=of.failures_total,
            children_validated=of.children_validated,
            rows_written=of.rows_written,
            duration=duration_of(of.duration),
            row_independent=of.row_independent,
        )


@dataclass(frozen=True, slots=True)
class Child:
    """A child of a schema."""

    name: str
    id: str
    generation: int
    state: str
    """CURRENT, PENDING or QUARANTINED."""
    reason: str

    @classmethod
    def of(cls, message: schema_pb2.Child) -> Child:
        """The child of a message."""
        state = enum_name(schema_pb2.ChildState, "CHILD_STATE_", message.state)
        return cls(message.name, message.id, message.generation, state, message.reason)


@dataclass(frozen=True, slots=True)
class Retried:
    """What became of the children that were retried."""

    recovered_count: int
    quarantined_count: int


@dataclass(frozen=True, slots=True)
class Schema:
    """The schema of a SCHEMA database as text."""

    generation: int
    ddl: str
    hash: str
