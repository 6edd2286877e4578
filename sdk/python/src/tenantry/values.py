"""Values and rows: between Python's types and SQLite's."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from itertools import accumulate
from typing import Any, SupportsIndex, TypeAlias, cast, overload
from uuid import UUID

from tenantry._gen.v1 import types_pb2
from tenantry.errors import invalid_argument

Value: TypeAlias = int | float | str | bytes | None
"""What a cell of a row holds: NULL, INTEGER, REAL, TEXT or BLOB."""

Bindable: TypeAlias = (
    Value | bool | bytearray | memoryview | datetime | date | time | Decimal | UUID
)
"""What an argument may be. Booleans bind as 0 and 1; dates and times as text in
ISO 8601, with a space between date and time; decimals and UUIDs as text. NaN binds as
NULL."""

Args: TypeAlias = Sequence[Bindable] | Mapping[str, Bindable]
"""Arguments, by position or by name."""

INTEGER_MIN, INTEGER_MAX = -(2**63), 2**63 - 1

# The types of cells, as `ColumnData.types` has them.
_NULL, _INTEGER, _REAL, _TEXT, _BLOB = range(5)


def encode(value: Bindable) -> types_pb2.Value:
    """The value as it is sent. Raises `InvalidArgument` for an integer that does not
    fit 64 bits, and `TypeError` for a type that no value can have."""
    if value is None:
        return types_pb2.Value()
    if isinstance(value, str):
        return types_pb2.Value(text=value)
    if isinstance(value, int):
        if not INTEGER_MIN <= value <= INTEGER_MAX:
            raise invalid_argument(f"the integer {value} does not fit 64 bits; bind it as text")
        return types_pb2.Value(integer=int(value))
    if isinstance(value, float):
        return types_pb2.Value() if math.isnan(value) else types_pb2.Value(real=value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return types_pb2.Value(blob=bytes(value))
    if isinstance(value, datetime):
        return types_pb2.Value(text=value.isoformat(" "))
    if isinstance(value, (date, time)):
        return types_pb2.Value(text=value.isoformat())
    if isinstance(value, (Decimal, UUID)):
        return types_pb2.Value(text=str(value))
    raise TypeError(f"a value of type {type(value).__name__} cannot be bound; convert it first")


def decode(value: types_pb2.Value) -> Value:
    """The value as Python has it."""
    kind = value.WhichOneof("kind")
    if kind is None or kind == "null":
        return None
    return cast(Value, getattr(value, kind))


class Row(tuple[Any, ...]):
    """A row: a tuple whose cells can also be had by the names of their columns.

    Where several columns have the same name, the name means the first of them. Cells are
    of type `Value`, which is left open for checkers: whoever wrote the SQL knows more.
    """

    __slots__ = ()

    names: tuple[str, ...] = ()
    """The names of the columns, in order."""

    _positions: Mapping[str, int] = {}

    @overload
    def __getitem__(self, key: SupportsIndex | str) -> Any: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[Any, ...]: ...
    def __getitem__(self, key: SupportsIndex | slice | str) -> Any:
        """The cell at a position or of a name, or a tuple of cells."""
        if isinstance(key, str):
            return tuple.__getitem__(self, self._positions[key])
        return tuple.__getitem__(self, key)

    def keys(self) -> tuple[str, ...]:
        """The names of the columns, so that `dict(row)` works."""
        return self.names

    def as_dict(self) -> dict[str, Value]:
        """The cells by name; of columns with the same name, the first."""
        return {name: tuple.__getitem__(self, at) for name, at in self._positions.items()}

    def __repr__(self) -> str:
        cells = zip(self.names, self, strict=True)
        return f"Row({', '.join(f'{name}={cell!r}' for name, cell in cells)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _row, (self.names, tuple(self))


@lru_cache(maxsize=512)
def row_class(names: tuple[str, ...]) -> type[Row]:
    """The class of rows with these columns: what is the same for all rows of a result
    stands there once."""
    positions: dict[str, int] = {}
    for at, name in enumerate(names):
        positions.setdefault(name, at)
    return type("Row", (Row,), {"__slots__": (), "names": names, "_positions": positions})


def _row(names: tuple[str, ...], cells: tuple[Value, ...]) -> Row:
    return row_class(names)(cells)


def rows_of(names: tuple[str, ...], rows: Iterable[types_pb2.Row]) -> list[Row]:
    """The rows of a result that came row by row."""
    make = row_class(names)
    return [make([decode(value) for value in row.values]) for row in rows]


def columns_of(chunk: types_pb2.ColumnChunk) -> list[list[Value]]:
    """The cells of a chunk, column by column."""
    return [_column(column, chunk.row_count) for column in chunk.columns]


def rows_of_columns(names: tuple[str, ...], chunk: types_pb2.ColumnChunk) -> list[Row]:
    """The rows of a chunk that came column by column."""
    if not chunk.columns:
        return [row_class(names)()] * chunk.row_count
    return list(map(row_class(names), zip(*columns_of(chunk), strict=True)))


def _column(column: types_pb2.ColumnData, count: int) -> list[Value]:
    """The cells of a column. One whose cells all have one type is the usual case, and
    costs no step of the interpreter for a cell of a number."""
    types = column.types
    kind = types[0]
    if types.count(kind) == count:
        if kind == _INTEGER:
            return list(column.integers)
        if kind == _REAL:
            return list(column.reals)
        if kind == _TEXT:
            return list(_texts(column))
        if kind == _BLOB:
            return list(_blobs(column))
        return [None] * count
    integers, reals = iter(column.integers), iter(column.reals)
    if _BLOB not in types:
        texts = _texts(column)
        take = (lambda: None, integers.__next__, reals.__next__, texts.__next__)
        return [take[kind]() for kind in types]
    blobs = _blobs(column)
    take_any = (
        lambda: None,
        integers.__next__,
        reals.__next__,
        lambda: str(next(blobs), "utf-8"),
        blobs.__next__,
    )
    return [take_any[kind]() for kind in types]


def _texts(column: types_pb2.ColumnData) -> Iterator[str]:
    data, ends = column.data, list(accumulate(column.lengths))
    spans = zip([0, *ends], ends, strict=False)
    if data.isascii():
        # Bytes and characters are at the same places: decoded once, and then cut.
        text = data.decode("ascii")
        return iter([text[start:end] for start, end in spans])
    return iter([str(data[start:end], "utf-8") for start, end in spans])


def _blobs(column: types_pb2.ColumnData) -> Iterator[bytes]:
    data, ends = column.data, list(accumulate(column.lengths))
    return iter([data[start:end] for start, end in zip([0, *ends], ends, strict=False)])
