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
from tenantry.errors import invalid_argument, malformed

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


def columns_of(width: int, chunk: types_pb2.ColumnChunk) -> list[list[Value]]:
    """The cells of a chunk, column by column. Raises when it is not one of as many columns
    and rows as it should be."""
    if len(chunk.columns) != width:
        raise malformed(f"a chunk has {len(chunk.columns)} columns in place of {width}")
    try:
        return [_column(column, chunk.row_count) for column in chunk.columns]
    except UnicodeDecodeError:
        raise malformed("a text of a chunk is not UTF-8") from None


def rows_of_columns(names: tuple[str, ...], chunk: types_pb2.ColumnChunk) -> list[Row]:
    """The rows of a chunk that came column by column."""
    columns = columns_of(len(names), chunk)
    if not columns:
        return [row_class(names)()] * chunk.row_count
    return list(map(row_class(names), zip(*columns, strict=True)))


def _column(column: types_pb2.ColumnData, count: int) -> list[Value]:
    """The cells of a column. One whose cells all have one type is the usual case, and
    costs no step of the interpreter for a cell of a number."""
    types, data = column.types, column.data
    nulls, integers, reals, texts, blobs = map(types.count, range(5))
    ends = list(accumulate(column.lengths))
    if not (
        len(types) == count == nulls + integers + reals + texts + blobs
        and len(column.integers) == integers
        and len(column.reals) == reals
        and len(ends) == texts + blobs
        and len(data) == (ends[-1] if ends else 0)
    ):
        raise malformed("the lists of a column do not fit its types")
    if integers == count:
        return list(column.integers)
    if reals == count:
        return list(column.reals)
    if texts == count:
        return list(_texts(data, ends))
    if blobs == count:
        return list(_blobs(data, ends))
    if nulls == count:
        return [None] * count
    next_integer, next_real = iter(column.integers).__next__, iter(column.reals).__next__
    if not blobs:
        take = (lambda: None, next_integer, next_real, _texts(data, ends).__next__)
        return [take[kind]() for kind in types]
    next_blob = _blobs(data, ends).__next__
    take_any = (lambda: None, next_integer, next_real, lambda: str(next_blob(), "utf-8"), next_blob)
    return [take_any[kind]() for kind in types]


def _texts(data: bytes, ends: list[int]) -> Iterator[str]:
    spans = zip([0, *ends], ends, strict=False)
    if data.isascii():
        # Bytes and characters are at the same places: decoded once, and then cut.
        text = data.decode("ascii")
        return iter([text[start:end] for start, end in spans])
    return iter([str(data[start:end], "utf-8") for start, end in spans])


def _blobs(data: bytes, ends: list[int]) -> Iterator[bytes]:
    return iter([data[start:end] for start, end in zip([0, *ends], ends, strict=False)])
