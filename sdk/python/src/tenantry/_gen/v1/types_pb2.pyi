import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TransactionMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRANSACTION_MODE_UNSPECIFIED: _ClassVar[TransactionMode]
    TRANSACTION_MODE_DEFERRED: _ClassVar[TransactionMode]
    TRANSACTION_MODE_IMMEDIATE: _ClassVar[TransactionMode]
    TRANSACTION_MODE_READ_ONLY: _ClassVar[TransactionMode]
TRANSACTION_MODE_UNSPECIFIED: TransactionMode
TRANSACTION_MODE_DEFERRED: TransactionMode
TRANSACTION_MODE_IMMEDIATE: TransactionMode
TRANSACTION_MODE_READ_ONLY: TransactionMode

class Value(_message.Message):
    __slots__ = ("null", "integer", "real", "text", "blob")
    NULL_FIELD_NUMBER: _ClassVar[int]
    INTEGER_FIELD_NUMBER: _ClassVar[int]
    REAL_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    BLOB_FIELD_NUMBER: _ClassVar[int]
    null: bool
    integer: int
    real: float
    text: str
    blob: bytes
    def __init__(self, null: bool = ..., integer: _Optional[int] = ..., real: _Optional[float] = ..., text: _Optional[str] = ..., blob: _Optional[bytes] = ...) -> None: ...

class Statement(_message.Message):
    __slots__ = ("sql", "args", "named_args")
    class NamedArgsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Value, _Mapping]] = ...) -> None: ...
    SQL_FIELD_NUMBER: _ClassVar[int]
    ARGS_FIELD_NUMBER: _ClassVar[int]
    NAMED_ARGS_FIELD_NUMBER: _ClassVar[int]
    sql: str
    args: _containers.RepeatedCompositeFieldContainer[Value]
    named_args: _containers.MessageMap[str, Value]
    def __init__(self, sql: _Optional[str] = ..., args: _Optional[_Iterable[_Union[Value, _Mapping]]] = ..., named_args: _Optional[_Mapping[str, Value]] = ...) -> None: ...

class Attachment(_message.Message):
    __slots__ = ("database", "alias")
    DATABASE_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    database: str
    alias: str
    def __init__(self, database: _Optional[str] = ..., alias: _Optional[str] = ...) -> None: ...

class Column(_message.Message):
    __slots__ = ("name", "declared_type")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DECLARED_TYPE_FIELD_NUMBER: _ClassVar[int]
    name: str
    declared_type: str
    def __init__(self, name: _Optional[str] = ..., declared_type: _Optional[str] = ...) -> None: ...

class Row(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedCompositeFieldContainer[Value]
    def __init__(self, values: _Optional[_Iterable[_Union[Value, _Mapping]]] = ...) -> None: ...

class ResultStats(_message.Message):
    __slots__ = ("rows_read", "rows_written", "duration")
    ROWS_READ_FIELD_NUMBER: _ClassVar[int]
    ROWS_WRITTEN_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    rows_read: int
    rows_written: int
    duration: _duration_pb2.Duration
    def __init__(self, rows_read: _Optional[int] = ..., rows_written: _Optional[int] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class ResultSet(_message.Message):
    __slots__ = ("columns", "rows", "affected_row_count", "last_insert_rowid", "stats")
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    AFFECTED_ROW_COUNT_FIELD_NUMBER: _ClassVar[int]
    LAST_INSERT_ROWID_FIELD_NUMBER: _ClassVar[int]
    STATS_FIELD_NUMBER: _ClassVar[int]
    columns: _containers.RepeatedCompositeFieldContainer[Column]
    rows: _containers.RepeatedCompositeFieldContainer[Row]
    affected_row_count: int
    last_insert_rowid: int
    stats: ResultStats
    def __init__(self, columns: _Optional[_Iterable[_Union[Column, _Mapping]]] = ..., rows: _Optional[_Iterable[_Union[Row, _Mapping]]] = ..., affected_row_count: _Optional[int] = ..., last_insert_rowid: _Optional[int] = ..., stats: _Optional[_Union[ResultStats, _Mapping]] = ...) -> None: ...

class RowChunk(_message.Message):
    __slots__ = ("rows",)
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[Row, _Mapping]]] = ...) -> None: ...

class ColumnChunk(_message.Message):
    __slots__ = ("row_count", "columns")
    ROW_COUNT_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    row_count: int
    columns: _containers.RepeatedCompositeFieldContainer[ColumnData]
    def __init__(self, row_count: _Optional[int] = ..., columns: _Optional[_Iterable[_Union[ColumnData, _Mapping]]] = ...) -> None: ...

class ColumnData(_message.Message):
    __slots__ = ("types", "integers", "reals", "lengths", "data")
    TYPES_FIELD_NUMBER: _ClassVar[int]
    INTEGERS_FIELD_NUMBER: _ClassVar[int]
    REALS_FIELD_NUMBER: _ClassVar[int]
    LENGTHS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    types: bytes
    integers: _containers.RepeatedScalarFieldContainer[int]
    reals: _containers.RepeatedScalarFieldContainer[float]
    lengths: _containers.RepeatedScalarFieldContainer[int]
    data: bytes
    def __init__(self, types: _Optional[bytes] = ..., integers: _Optional[_Iterable[int]] = ..., reals: _Optional[_Iterable[float]] = ..., lengths: _Optional[_Iterable[int]] = ..., data: _Optional[bytes] = ...) -> None: ...
