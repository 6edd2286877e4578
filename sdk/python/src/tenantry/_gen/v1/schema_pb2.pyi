import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class MigrationState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MIGRATION_STATE_UNSPECIFIED: _ClassVar[MigrationState]
    MIGRATION_STATE_PREPARING: _ClassVar[MigrationState]
    MIGRATION_STATE_COMMITTED: _ClassVar[MigrationState]
    MIGRATION_STATE_APPLIED: _ClassVar[MigrationState]
    MIGRATION_STATE_FAILED: _ClassVar[MigrationState]
    MIGRATION_STATE_CANCELLED: _ClassVar[MigrationState]

class ForeignKeys(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FOREIGN_KEYS_UNSPECIFIED: _ClassVar[ForeignKeys]
    FOREIGN_KEYS_ENFORCED: _ClassVar[ForeignKeys]
    FOREIGN_KEYS_CHECK_AT_END: _ClassVar[ForeignKeys]

class WaitFor(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WAIT_FOR_UNSPECIFIED: _ClassVar[WaitFor]
    WAIT_FOR_COMMIT: _ClassVar[WaitFor]
    WAIT_FOR_APPLY: _ClassVar[WaitFor]
    WAIT_FOR_NOTHING: _ClassVar[WaitFor]

class ChildState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CHILD_STATE_UNSPECIFIED: _ClassVar[ChildState]
    CHILD_STATE_CURRENT: _ClassVar[ChildState]
    CHILD_STATE_PENDING: _ClassVar[ChildState]
    CHILD_STATE_QUARANTINED: _ClassVar[ChildState]
MIGRATION_STATE_UNSPECIFIED: MigrationState
MIGRATION_STATE_PREPARING: MigrationState
MIGRATION_STATE_COMMITTED: MigrationState
MIGRATION_STATE_APPLIED: MigrationState
MIGRATION_STATE_FAILED: MigrationState
MIGRATION_STATE_CANCELLED: MigrationState
FOREIGN_KEYS_UNSPECIFIED: ForeignKeys
FOREIGN_KEYS_ENFORCED: ForeignKeys
FOREIGN_KEYS_CHECK_AT_END: ForeignKeys
WAIT_FOR_UNSPECIFIED: WaitFor
WAIT_FOR_COMMIT: WaitFor
WAIT_FOR_APPLY: WaitFor
WAIT_FOR_NOTHING: WaitFor
CHILD_STATE_UNSPECIFIED: ChildState
CHILD_STATE_CURRENT: ChildState
CHILD_STATE_PENDING: ChildState
CHILD_STATE_QUARANTINED: ChildState

class MigrationOptions(_message.Message):
    __slots__ = ("foreign_keys", "allow_nondeterministic")
    FOREIGN_KEYS_FIELD_NUMBER: _ClassVar[int]
    ALLOW_NONDETERMINISTIC_FIELD_NUMBER: _ClassVar[int]
    foreign_keys: ForeignKeys
    allow_nondeterministic: bool
    def __init__(self, foreign_keys: _Optional[_Union[ForeignKeys, str]] = ..., allow_nondeterministic: bool = ...) -> None: ...

class MigrationFailure(_message.Message):
    __slots__ = ("database", "statement_index", "message", "statement_failed")
    DATABASE_FIELD_NUMBER: _ClassVar[int]
    STATEMENT_INDEX_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    STATEMENT_FAILED_FIELD_NUMBER: _ClassVar[int]
    database: str
    statement_index: int
    message: str
    statement_failed: bool
    def __init__(self, database: _Optional[str] = ..., statement_index: _Optional[int] = ..., message: _Optional[str] = ..., statement_failed: bool = ...) -> None: ...

class MigrationMetrics(_message.Message):
    __slots__ = ("row_independent", "validated_per_round", "dirty_at_fence", "fence_duration", "apply_duration", "apply_rate_per_second")
    ROW_INDEPENDENT_FIELD_NUMBER: _ClassVar[int]
    VALIDATED_PER_ROUND_FIELD_NUMBER: _ClassVar[int]
    DIRTY_AT_FENCE_FIELD_NUMBER: _ClassVar[int]
    FENCE_DURATION_FIELD_NUMBER: _ClassVar[int]
    APPLY_DURATION_FIELD_NUMBER: _ClassVar[int]
    APPLY_RATE_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    row_independent: bool
    validated_per_round: _containers.RepeatedScalarFieldContainer[int]
    dirty_at_fence: int
    fence_duration: _duration_pb2.Duration
    apply_duration: _duration_pb2.Duration
    apply_rate_per_second: float
    def __init__(self, row_independent: bool = ..., validated_per_round: _Optional[_Iterable[int]] = ..., dirty_at_fence: _Optional[int] = ..., fence_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., apply_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., apply_rate_per_second: _Optional[float] = ...) -> None: ...

class Migration(_message.Message):
    __slots__ = ("schema", "id", "generation", "sql", "state", "children_total", "children_validated", "children_applied", "children_quarantined", "failure", "create_time", "commit_time", "finish_time", "max_write_pause", "options", "metrics")
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    SQL_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    CHILDREN_TOTAL_FIELD_NUMBER: _ClassVar[int]
    CHILDREN_VALIDATED_FIELD_NUMBER: _ClassVar[int]
    CHILDREN_APPLIED_FIELD_NUMBER: _ClassVar[int]
    CHILDREN_QUARANTINED_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TIME_FIELD_NUMBER: _ClassVar[int]
    FINISH_TIME_FIELD_NUMBER: _ClassVar[int]
    MAX_WRITE_PAUSE_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    schema: str
    id: str
    generation: int
    sql: str
    state: MigrationState
    children_total: int
    children_validated: int
    children_applied: int
    children_quarantined: int
    failure: MigrationFailure
    create_time: _timestamp_pb2.Timestamp
    commit_time: _timestamp_pb2.Timestamp
    finish_time: _timestamp_pb2.Timestamp
    max_write_pause: _duration_pb2.Duration
    options: MigrationOptions
    metrics: MigrationMetrics
    def __init__(self, schema: _Optional[str] = ..., id: _Optional[str] = ..., generation: _Optional[int] = ..., sql: _Optional[str] = ..., state: _Optional[_Union[MigrationState, str]] = ..., children_total: _Optional[int] = ..., children_validated: _Optional[int] = ..., children_applied: _Optional[int] = ..., children_quarantined: _Optional[int] = ..., failure: _Optional[_Union[MigrationFailure, _Mapping]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., commit_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., finish_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., max_write_pause: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., options: _Optional[_Union[MigrationOptions, _Mapping]] = ..., metrics: _Optional[_Union[MigrationMetrics, _Mapping]] = ...) -> None: ...

class ApplyMigrationRequest(_message.Message):
    __slots__ = ("schema", "sql", "expected_generation", "validate_only", "foreign_keys", "allow_nondeterministic", "wait_for", "request_id")
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    SQL_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_GENERATION_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    FOREIGN_KEYS_FIELD_NUMBER: _ClassVar[int]
    ALLOW_NONDETERMINISTIC_FIELD_NUMBER: _ClassVar[int]
    WAIT_FOR_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    schema: str
    sql: str
    expected_generation: int
    validate_only: bool
    foreign_keys: ForeignKeys
    allow_nondeterministic: bool
    wait_for: WaitFor
    request_id: str
    def __init__(self, schema: _Optional[str] = ..., sql: _Optional[str] = ..., expected_generation: _Optional[int] = ..., validate_only: bool = ..., foreign_keys: _Optional[_Union[ForeignKeys, str]] = ..., allow_nondeterministic: bool = ..., wait_for: _Optional[_Union[WaitFor, str]] = ..., request_id: _Optional[str] = ...) -> None: ...

class MigrationValidation(_message.Message):
    __slots__ = ("failures", "failures_total", "children_validated", "rows_written", "duration", "row_independent")
    FAILURES_FIELD_NUMBER: _ClassVar[int]
    FAILURES_TOTAL_FIELD_NUMBER: _ClassVar[int]
    CHILDREN_VALIDATED_FIELD_NUMBER: _ClassVar[int]
    ROWS_WRITTEN_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    ROW_INDEPENDENT_FIELD_NUMBER: _ClassVar[int]
    failures: _containers.RepeatedCompositeFieldContainer[MigrationFailure]
    failures_total: int
    children_validated: int
    rows_written: int
    duration: _duration_pb2.Duration
    row_independent: bool
    def __init__(self, failures: _Optional[_Iterable[_Union[MigrationFailure, _Mapping]]] = ..., failures_total: _Optional[int] = ..., children_validated: _Optional[int] = ..., rows_written: _Optional[int] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., row_independent: bool = ...) -> None: ...

class ApplyMigrationResponse(_message.Message):
    __slots__ = ("migration", "validation")
    MIGRATION_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_FIELD_NUMBER: _ClassVar[int]
    migration: Migration
    validation: MigrationValidation
    def __init__(self, migration: _Optional[_Union[Migration, _Mapping]] = ..., validation: _Optional[_Union[MigrationValidation, _Mapping]] = ...) -> None: ...

class GetMigrationRequest(_message.Message):
    __slots__ = ("schema", "id")
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    schema: str
    id: str
    def __init__(self, schema: _Optional[str] = ..., id: _Optional[str] = ...) -> None: ...

class GetMigrationResponse(_message.Message):
    __slots__ = ("migration",)
    MIGRATION_FIELD_NUMBER: _ClassVar[int]
    migration: Migration
    def __init__(self, migration: _Optional[_Union[Migration, _Mapping]] = ...) -> None: ...

class ListMigrationsRequest(_message.Message):
    __slots__ = ("schema", "state", "page_size", "page_token")
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    schema: str
    state: MigrationState
    page_size: int
    page_token: str
    def __init__(self, schema: _Optional[str] = ..., state: _Optional[_Union[MigrationState, str]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListMigrationsResponse(_message.Message):
    __slots__ = ("migrations", "next_page_token")
    MIGRATIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    migrations: _containers.RepeatedCompositeFieldContainer[Migration]
    next_page_token: str
    def __init__(self, migrations: _Optional[_Iterable[_Union[Migration, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class WatchMigrationRequest(_message.Message):
    __slots__ = ("schema", "id")
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    schema: str
    id: str
    def __init__(self, schema: _Optional[str] = ..., id: _Optional[str] = ...) -> None: ...

class WatchMigrationResponse(_message.Message):
    __slots__ = ("migration",)
    MIGRATION_FIELD_NUMBER: _ClassVar[int]
    migration: Migration
    def __init__(self, migration: _Optional[_Union[Migration, _Mapping]] = ...) -> None: ...

class CancelMigrationRequest(_message.Message):
    __slots__ = ("schema", "id")
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    schema: str
    id: str
    def __init__(self, schema: _Optional[str] = ..., id: _Optional[str] = ...) -> None: ...

class CancelMigrationResponse(_message.Message):
    __slots__ = ("migration",)
    MIGRATION_FIELD_NUMBER: _ClassVar[int]
    migration: Migration
    def __init__(self, migration: _Optional[_Union[Migration, _Mapping]] = ...) -> None: ...

class Child(_message.Message):
    __slots__ = ("name", "id", "generation", "state", "reason")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    name: str
    id: str
    generation: int
    state: ChildState
    reason: str
    def __init__(self, name: _Optional[str] = ..., id: _Optional[str] = ..., generation: _Optional[int] = ..., state: _Optional[_Union[ChildState, str]] = ..., reason: _Optional[str] = ...) -> None: ...

class ListChildrenRequest(_message.Message):
    __slots__ = ("schema", "state", "page_size", "page_token")
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    schema: str
    state: ChildState
    page_size: int
    page_token: str
    def __init__(self, schema: _Optional[str] = ..., state: _Optional[_Union[ChildState, str]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListChildrenResponse(_message.Message):
    __slots__ = ("children", "next_page_token")
    CHILDREN_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    children: _containers.RepeatedCompositeFieldContainer[Child]
    next_page_token: str
    def __init__(self, children: _Optional[_Iterable[_Union[Child, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class RetryChildrenRequest(_message.Message):
    __slots__ = ("schema", "children")
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    CHILDREN_FIELD_NUMBER: _ClassVar[int]
    schema: str
    children: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, schema: _Optional[str] = ..., children: _Optional[_Iterable[str]] = ...) -> None: ...

class RetryChildrenResponse(_message.Message):
    __slots__ = ("recovered_count", "quarantined_count")
    RECOVERED_COUNT_FIELD_NUMBER: _ClassVar[int]
    QUARANTINED_COUNT_FIELD_NUMBER: _ClassVar[int]
    recovered_count: int
    quarantined_count: int
    def __init__(self, recovered_count: _Optional[int] = ..., quarantined_count: _Optional[int] = ...) -> None: ...

class GetSchemaRequest(_message.Message):
    __slots__ = ("schema",)
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    schema: str
    def __init__(self, schema: _Optional[str] = ...) -> None: ...

class GetSchemaResponse(_message.Message):
    __slots__ = ("generation", "ddl", "hash")
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    DDL_FIELD_NUMBER: _ClassVar[int]
    HASH_FIELD_NUMBER: _ClassVar[int]
    generation: int
    ddl: str
    hash: str
    def __init__(self, generation: _Optional[int] = ..., ddl: _Optional[str] = ..., hash: _Optional[str] = ...) -> None: ...
