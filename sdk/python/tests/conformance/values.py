"""The notation of the suite for values, and what a step expects."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

from tenantry import Column, Error, Row, Value


class Failed(Exception):
    """A case does not hold, or cannot be read."""


def parse(text: Any) -> Value:
    """The value that stands in a case."""
    if text is None:
        return None
    kind, _, rest = str(text).partition(":")
    match kind:
        case "i":
            return int(rest)
        case "r":
            return float(rest)
        case "t":
            return rest
        case "b":
            return bytes.fromhex(rest)
    raise Failed(f"{text!r} is no value")


def exact(value: Value) -> tuple[str, Any]:
    """What is equal only for the same value of the same type, bit by bit."""
    if isinstance(value, float):
        return "r", struct.pack(">d", value)
    return type(value).__name__, value


def same(what: str, wanted: Any, found: Any) -> None:
    """Fails when something is not as it should be."""
    if wanted != found:
        raise Failed(f"{what} should be {wanted!r} and is {found!r}")


def same_cells(what: str, wanted: Sequence[Any], found: Sequence[Value]) -> None:
    """Compares the cells of a row."""
    same(what, [exact(parse(cell)) for cell in wanted], [exact(cell) for cell in found])


def check_error(wanted: Mapping[str, Any], error: Error) -> None:
    """Compares an error."""
    for key, value in wanted.items():
        match key:
            case "code" | "reason" | "retryable":
                same(key, value, getattr(error, key))
            case "metadata":
                for name, text in value.items():
                    same(f"metadata {name}", text, error.metadata.get(name))
            case "message":
                if value not in error.message:
                    raise Failed(f"{error.message!r} does not have {value!r}")
            case _:
                raise Failed(f"errors have no {key!r}")


def check_rows(key: str, value: Any, columns: Sequence[Column], rows: Sequence[Row]) -> bool:
    """Compares what results and streams have in common; tells whether this was it."""
    match key:
        case "columns":
            same(key, value, [column.name for column in columns])
        case "rows":
            same("number of rows", len(value), len(rows))
            for at, (wanted, row) in enumerate(zip(value, rows, strict=True)):
                same_cells(f"row {at}", wanted, row)
        case "first":
            for name, wanted in value.items():
                same_cells(f"{name!r} of the first row", [wanted], [rows[0][name]])
        case _:
            return False
    return True


def check_result(wanted: Mapping[str, Any], result: Any) -> None:
    """Compares a result of `execute`, or of one statement."""
    for key, value in wanted.items():
        if check_rows(key, value, result.columns, result.rows):
            continue
        match key:
            case "results":
                same("number of results", len(value), len(result.results))
                for each, found in zip(value, result.results, strict=True):
                    check_result(each, found)
            case "affected_row_count" | "last_insert_rowid" | "generation":
                same(key, value, getattr(result, key))
            case _:
                raise Failed(f"results have no {key!r}")


def check_fields(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    """Compares what is named."""
    for key, value in wanted.items():
        if key not in found:
            raise Failed(f"there is no {key!r} to expect")
        same(key, value, found[key])
