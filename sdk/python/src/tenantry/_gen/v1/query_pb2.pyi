from google.rpc import status_pb2 as _status_pb2
from tenantry._gen.v1 import types_pb2 as _types_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Encoding(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ENCODING_UNSPECIFIED: _ClassVar[Encoding]
    ENCODING_ROWS: _ClassVar[Encoding]
    ENCODING_COLUMNS: _ClassVar[Encoding]

class OnError(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ON_ERROR_UNSPECIFIED: _ClassVar[OnError]
    ON_ERROR_CONTINUE: _ClassVar[OnError]
    ON_ERROR_STOP: _ClassVar[OnError]
ENCODING_UNSPECIFIED: Encoding
ENCODING_ROWS: Encoding
ENCODING_COLUMNS: Encoding
ON_ERROR_UNSPECIFIED: OnError
ON_ERROR_CONTINUE: OnError
ON_ERROR_STOP: OnError

class ExecuteRequest(_message.Message):
    __slots__ = ("database", "statement", "attachments", "min_generation")
    DATABASE_FIELD_NUMBER: _ClassVar[int]
    STATEMENT_FIELD_NUMBER: _ClassVar[int]
    ATTACHMENTS_FIELD_NUMBER: _ClassVar[int]
    MIN_GENERATION_FIELD_NUMBER: _ClassVar[int]
    database: str
    statement: _types_pb2.Statement
    attachments: _containers.RepeatedCompositeFieldContainer[_types_pb2.Attachment]
    min_generation: int
    def __init__(self, database: _Optional[str] = ..., statement: _Optional[_Union[_types_pb2.Statement, _Mapping]] = ..., attachments: _Optional[_Iterable[_Union[_types_pb2.Attachment, _Mapping]]] = ..., min_generation: _Optional[int] = ...) -> None: ...

class ExecuteResponse(_message.Message):
    __slots__ = ("results", "generation")
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[_types_pb2.ResultSet]
    generation: int
    def __init__(self, results: _Optional[_Iterable[_Union[_types_pb2.ResultSet, _Mapping]]] = ..., generation: _Optional[int] = ...) -> None: ...

class ExecuteBatchRequest(_message.Message):
    __slots__ = ("database", "steps", "mode", "attachments", "min_generation")
    DATABASE_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    ATTACHMENTS_FIELD_NUMBER: _ClassVar[int]
    MIN_GENERATION_FIELD_NUMBER: _ClassVar[int]
    database: str
    steps: _containers.RepeatedCompositeFieldContainer[BatchStep]
    mode: _types_pb2.TransactionMode
    attachments: _containers.RepeatedCompositeFieldContainer[_types_pb2.Attachment]
    min_generation: int
    def __init__(self, database: _Optional[str] = ..., steps: _Optional[_Iterable[_Union[BatchStep, _Mapping]]] = ..., mode: _Optional[_Union[_types_pb2.TransactionMode, str]] = ..., attachments: _Optional[_Iterable[_Union[_types_pb2.Attachment, _Mapping]]] = ..., min_generation: _Optional[int] = ...) -> None: ...

class BatchStep(_message.Message):
    __slots__ = ("statement", "condition")
    STATEMENT_FIELD_NUMBER: _ClassVar[int]
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    statement: _types_pb2.Statement
    condition: Condition
    def __init__(self, statement: _Optional[_Union[_types_pb2.Statement, _Mapping]] = ..., condition: _Optional[_Union[Condition, _Mapping]] = ...) -> None: ...

class Condition(_message.Message):
    __slots__ = ("ok", "error")
    OK_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    NOT_FIELD_NUMBER: _ClassVar[int]
    AND_FIELD_NUMBER: _ClassVar[int]
    OR_FIELD_NUMBER: _ClassVar[int]
    ok: int
    error: int
    def __init__(self, ok: _Optional[int] = ..., error: _Optional[int] = ..., **kwargs) -> None: ...

class ConditionList(_message.Message):
    __slots__ = ("conditions",)
    CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    conditions: _containers.RepeatedCompositeFieldContainer[Condition]
    def __init__(self, conditions: _Optional[_Iterable[_Union[Condition, _Mapping]]] = ...) -> None: ...

class ExecuteBatchResponse(_message.Message):
    __slots__ = ("results", "generation")
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[StepResult]
    generation: int
    def __init__(self, results: _Optional[_Iterable[_Union[StepResult, _Mapping]]] = ..., generation: _Optional[int] = ...) -> None: ...

class StepResult(_message.Message):
    __slots__ = ("result", "error", "skipped")
    RESULT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    SKIPPED_FIELD_NUMBER: _ClassVar[int]
    result: _types_pb2.ResultSet
    error: _status_pb2.Status
    skipped: bool
    def __init__(self, result: _Optional[_Union[_types_pb2.ResultSet, _Mapping]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., skipped: bool = ...) -> None: ...

class QueryRequest(_message.Message):
    __slots__ = ("database", "statement", "attachments", "encoding", "min_generation")
    DATABASE_FIELD_NUMBER: _ClassVar[int]
    STATEMENT_FIELD_NUMBER: _ClassVar[int]
    ATTACHMENTS_FIELD_NUMBER: _ClassVar[int]
    ENCODING_FIELD_NUMBER: _ClassVar[int]
    MIN_GENERATION_FIELD_NUMBER: _ClassVar[int]
    database: str
    statement: _types_pb2.Statement
    attachments: _containers.RepeatedCompositeFieldContainer[_types_pb2.Attachment]
    encoding: Encoding
    min_generation: int
    def __init__(self, database: _Optional[str] = ..., statement: _Optional[_Union[_types_pb2.Statement, _Mapping]] = ..., attachments: _Optional[_Iterable[_Union[_types_pb2.Attachment, _Mapping]]] = ..., encoding: _Optional[_Union[Encoding, str]] = ..., min_generation: _Optional[int] = ...) -> None: ...

class QueryResponse(_message.Message):
    __slots__ = ("header", "rows", "columns", "summary")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    header: QueryHeader
    rows: _types_pb2.RowChunk
    columns: _types_pb2.ColumnChunk
    summary: QuerySummary
    def __init__(self, header: _Optional[_Union[QueryHeader, _Mapping]] = ..., rows: _Optional[_Union[_types_pb2.RowChunk, _Mapping]] = ..., columns: _Optional[_Union[_types_pb2.ColumnChunk, _Mapping]] = ..., summary: _Optional[_Union[QuerySummary, _Mapping]] = ...) -> None: ...

class QueryHeader(_message.Message):
    __slots__ = ("columns", "generation")
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    columns: _containers.RepeatedCompositeFieldContainer[_types_pb2.Column]
    generation: int
    def __init__(self, columns: _Optional[_Iterable[_Union[_types_pb2.Column, _Mapping]]] = ..., generation: _Optional[int] = ...) -> None: ...

class QuerySummary(_message.Message):
    __slots__ = ("stats", "affected_row_count", "last_insert_rowid")
    STATS_FIELD_NUMBER: _ClassVar[int]
    AFFECTED_ROW_COUNT_FIELD_NUMBER: _ClassVar[int]
    LAST_INSERT_ROWID_FIELD_NUMBER: _ClassVar[int]
    stats: _types_pb2.ResultStats
    affected_row_count: int
    last_insert_rowid: int
    def __init__(self, stats: _Optional[_Union[_types_pb2.ResultStats, _Mapping]] = ..., affected_row_count: _Optional[int] = ..., last_insert_rowid: _Optional[int] = ...) -> None: ...

class TransactRequest(_message.Message):
    __slots__ = ("begin", "execute", "commit", "rollback")
    BEGIN_FIELD_NUMBER: _ClassVar[int]
    EXECUTE_FIELD_NUMBER: _ClassVar[int]
    COMMIT_FIELD_NUMBER: _ClassVar[int]
    ROLLBACK_FIELD_NUMBER: _ClassVar[int]
    begin: TransactBegin
    execute: TransactExecute
    commit: TransactCommit
    rollback: TransactRollback
    def __init__(self, begin: _Optional[_Union[TransactBegin, _Mapping]] = ..., execute: _Optional[_Union[TransactExecute, _Mapping]] = ..., commit: _Optional[_Union[TransactCommit, _Mapping]] = ..., rollback: _Optional[_Union[TransactRollback, _Mapping]] = ...) -> None: ...

class TransactBegin(_message.Message):
    __slots__ = ("database", "mode", "attachments", "min_generation")
    DATABASE_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    ATTACHMENTS_FIELD_NUMBER: _ClassVar[int]
    MIN_GENERATION_FIELD_NUMBER: _ClassVar[int]
    database: str
    mode: _types_pb2.TransactionMode
    attachments: _containers.RepeatedCompositeFieldContainer[_types_pb2.Attachment]
    min_generation: int
    def __init__(self, database: _Optional[str] = ..., mode: _Optional[_Union[_types_pb2.TransactionMode, str]] = ..., attachments: _Optional[_Iterable[_Union[_types_pb2.Attachment, _Mapping]]] = ..., min_generation: _Optional[int] = ...) -> None: ...

class TransactExecute(_message.Message):
    __slots__ = ("statement",)
    STATEMENT_FIELD_NUMBER: _ClassVar[int]
    statement: _types_pb2.Statement
    def __init__(self, statement: _Optional[_Union[_types_pb2.Statement, _Mapping]] = ...) -> None: ...

class TransactCommit(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class TransactRollback(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class TransactResponse(_message.Message):
    __slots__ = ("began", "result", "committed", "rolled_back", "error")
    BEGAN_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    COMMITTED_FIELD_NUMBER: _ClassVar[int]
    ROLLED_BACK_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    began: TransactBegan
    result: TransactResult
    committed: TransactCommitted
    rolled_back: TransactRolledBack
    error: _status_pb2.Status
    def __init__(self, began: _Optional[_Union[TransactBegan, _Mapping]] = ..., result: _Optional[_Union[TransactResult, _Mapping]] = ..., committed: _Optional[_Union[TransactCommitted, _Mapping]] = ..., rolled_back: _Optional[_Union[TransactRolledBack, _Mapping]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...

class TransactBegan(_message.Message):
    __slots__ = ("generation",)
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    generation: int
    def __init__(self, generation: _Optional[int] = ...) -> None: ...

class TransactResult(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[_types_pb2.ResultSet]
    def __init__(self, results: _Optional[_Iterable[_Union[_types_pb2.ResultSet, _Mapping]]] = ...) -> None: ...

class TransactCommitted(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class TransactRolledBack(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DescribeRequest(_message.Message):
    __slots__ = ("database", "sql", "attachments")
    DATABASE_FIELD_NUMBER: _ClassVar[int]
    SQL_FIELD_NUMBER: _ClassVar[int]
    ATTACHMENTS_FIELD_NUMBER: _ClassVar[int]
    database: str
    sql: str
    attachments: _containers.RepeatedCompositeFieldContainer[_types_pb2.Attachment]
    def __init__(self, database: _Optional[str] = ..., sql: _Optional[str] = ..., attachments: _Optional[_Iterable[_Union[_types_pb2.Attachment, _Mapping]]] = ...) -> None: ...

class DescribeResponse(_message.Message):
    __slots__ = ("parameters", "columns", "read_only", "explain")
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    READ_ONLY_FIELD_NUMBER: _ClassVar[int]
    EXPLAIN_FIELD_NUMBER: _ClassVar[int]
    parameters: _containers.RepeatedCompositeFieldContainer[Parameter]
    columns: _containers.RepeatedCompositeFieldContainer[_types_pb2.Column]
    read_only: bool
    explain: bool
    def __init__(self, parameters: _Optional[_Iterable[_Union[Parameter, _Mapping]]] = ..., columns: _Optional[_Iterable[_Union[_types_pb2.Column, _Mapping]]] = ..., read_only: bool = ..., explain: bool = ...) -> None: ...

class Parameter(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class QueryFleetRequest(_message.Message):
    __slots__ = ("schema", "group", "labels", "statement", "reduce_sql", "concurrency", "on_error")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    STATEMENT_FIELD_NUMBER: _ClassVar[int]
    REDUCE_SQL_FIELD_NUMBER: _ClassVar[int]
    CONCURRENCY_FIELD_NUMBER: _ClassVar[int]
    ON_ERROR_FIELD_NUMBER: _ClassVar[int]
    schema: str
    group: str
    labels: _containers.ScalarMap[str, str]
    statement: _types_pb2.Statement
    reduce_sql: str
    concurrency: int
    on_error: OnError
    def __init__(self, schema: _Optional[str] = ..., group: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., statement: _Optional[_Union[_types_pb2.Statement, _Mapping]] = ..., reduce_sql: _Optional[str] = ..., concurrency: _Optional[int] = ..., on_error: _Optional[_Union[OnError, str]] = ...) -> None: ...

class QueryFleetResponse(_message.Message):
    __slots__ = ("header", "rows", "error", "summary")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    header: FleetHeader
    rows: FleetRows
    error: FleetError
    summary: FleetSummary
    def __init__(self, header: _Optional[_Union[FleetHeader, _Mapping]] = ..., rows: _Optional[_Union[FleetRows, _Mapping]] = ..., error: _Optional[_Union[FleetError, _Mapping]] = ..., summary: _Optional[_Union[FleetSummary, _Mapping]] = ...) -> None: ...

class FleetHeader(_message.Message):
    __slots__ = ("columns",)
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    columns: _containers.RepeatedCompositeFieldContainer[_types_pb2.Column]
    def __init__(self, columns: _Optional[_Iterable[_Union[_types_pb2.Column, _Mapping]]] = ...) -> None: ...

class FleetRows(_message.Message):
    __slots__ = ("database", "generation", "rows")
    DATABASE_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    database: str
    generation: int
    rows: _containers.RepeatedCompositeFieldContainer[_types_pb2.Row]
    def __init__(self, database: _Optional[str] = ..., generation: _Optional[int] = ..., rows: _Optional[_Iterable[_Union[_types_pb2.Row, _Mapping]]] = ...) -> None: ...

class FleetError(_message.Message):
    __slots__ = ("database", "error")
    DATABASE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    database: str
    error: _status_pb2.Status
    def __init__(self, database: _Optional[str] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...

class FleetSummary(_message.Message):
    __slots__ = ("databases_total", "databases_succeeded", "databases_failed", "stats")
    DATABASES_TOTAL_FIELD_NUMBER: _ClassVar[int]
    DATABASES_SUCCEEDED_FIELD_NUMBER: _ClassVar[int]
    DATABASES_FAILED_FIELD_NUMBER: _ClassVar[int]
    STATS_FIELD_NUMBER: _ClassVar[int]
    databases_total: int
    databases_succeeded: int
    databases_failed: int
    stats: _types_pb2.ResultStats
    def __init__(self, databases_total: _Optional[int] = ..., databases_succeeded: _Optional[int] = ..., databases_failed: _Optional[int] = ..., stats: _Optional[_Union[_types_pb2.ResultStats, _Mapping]] = ...) -> None: ...
