"""Tables of Arrow from columns; an optional extra."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow

from tenantry.results import Column
from tenantry.values import Value

_TYPES: dict[type, pyarrow.DataType] = {
    int: pyarrow.int64(),
    float: pyarrow.float64(),
    str: pyarrow.string(),
    bytes: pyarrow.binary(),
}


def table(columns: Sequence[Column], cells: Sequence[Sequence[Value]]) -> pyarrow.Table:
    """The table with these columns. Raises `ValueError` for a column that mixes types
    which have none in common."""
    arrays = [_array(column.name, of) for column, of in zip(columns, cells, strict=True)]
    return pyarrow.Table.from_arrays(arrays, names=[column.name for column in columns])


def _array(name: str, cells: Sequence[Value]) -> pyarrow.Array:
    kinds = set(map(type, cells)) - {type(None)}
    if kinds == {int, float}:
        cells, kinds = [None if cell is None else float(cell) for cell in cells], {float}
    if len(kinds) > 1:
        mixed = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise ValueError(f"the column {name!r} mixes {mixed}; CAST it to one type")
    return pyarrow.array(cells, type=_TYPES[kinds.pop()] if kinds else pyarrow.null())
