"""Values and rows, without a server."""

from __future__ import annotations

import datetime
import pickle
import struct
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

import tenantry
from tenantry._gen.v1 import types_pb2
from tenantry.values import Bindable, decode, encode, row_class, rows_of_columns


@pytest.mark.parametrize(
    ("bound", "value"),
    [
        (None, None),
        (True, 1),
        (2**63 - 1, 2**63 - 1),
        (-(2**63), -(2**63)),
        (float("inf"), float("inf")),
        (float("nan"), None),
        ("", ""),
        (bytearray(b"\x00"), b"\x00"),
        (memoryview(b"ab"), b"ab"),
        (datetime.date(2026, 3, 1), "2026-03-01"),
        (datetime.time(12, 30), "12:30:00"),
        (datetime.datetime(2026, 3, 1, 12, 30, tzinfo=datetime.UTC), "2026-03-01 12:30:00+00:00"),
        (Decimal("1.50"), "1.50"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ],
)
def test_what_is_bound(bound: Bindable, value: tenantry.Value) -> None:
    found = decode(encode(bound))
    assert (type(found), found) == (type(value), value)


def test_negative_zero_is_kept() -> None:
    assert struct.pack("d", decode(encode(-0.0))) == struct.pack("d", -0.0)


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1])
def test_integers_that_do_not_fit_are_refused(value: int) -> None:
    with pytest.raises(tenantry.InvalidArgument, match="does not fit 64 bits"):
        encode(value)


def test_types_that_no_value_has_are_refused() -> None:
    with pytest.raises(TypeError, match="list cannot be bound"):
        encode([])  # type: ignore[arg-type]


def test_a_name_means_the_first_of_its_columns() -> None:
    row = row_class(("a", "b", "a"))((1, 2, 3))
    assert (row["a"], row["b"], row[2], row[-1], row[1:]) == (1, 2, 3, 3, (2, 3))
    assert row.as_dict() == {"a": 1, "b": 2} == dict(row)
    assert repr(row) == "Row(a=1, b=2, a=3)"
    assert pickle.loads(pickle.dumps(row))["b"] == 2
    with pytest.raises(KeyError):
        row["c"]
    assert row == (1, 2, 3)


def test_columns_of_one_type_and_of_many() -> None:
    chunk = types_pb2.ColumnChunk(
        row_count=4,
        columns=[
            types_pb2.ColumnData(types=bytes([1, 1, 1, 1]), integers=[1, 2, 3, 4]),
            types_pb2.ColumnData(types=bytes([2, 2, 2, 2]), reals=[0.5, -0.0, 1, 2]),
            types_pb2.ColumnData(
                types=bytes([3, 3, 3, 3]), lengths=[1, 0, 3, 2], data="aéxü".encode()
            ),
            types_pb2.ColumnData(types=bytes([4, 4, 4, 4]), lengths=[1, 0, 1, 0], data=b"\x00\xff"),
            types_pb2.ColumnData(types=bytes([0, 0, 0, 0])),
            types_pb2.ColumnData(
                types=bytes([3, 0, 1, 3]), integers=[7], lengths=[2, 1], data=b"abc"
            ),
            types_pb2.ColumnData(
                types=bytes([4, 3, 2, 4]), reals=[1.5], lengths=[1, 2, 1], data=b"\xff\xc3\xa9\x01"
            ),
        ],
    )
    rows = rows_of_columns(tuple("abcdefg"), chunk)
    assert rows == [
        (1, 0.5, "a", b"\x00", None, "ab", b"\xff"),
        (2, -0.0, "", b"", None, None, "é"),
        (3, 1.0, "éx", b"\xff", None, 7, 1.5),
        (4, 2.0, "ü", b"", None, "c", b"\x01"),
    ]
    assert [type(cell) for cell in rows[2]] == [int, float, str, bytes, type(None), int, float]


def column(types: bytes = b"", **lists: Any) -> types_pb2.ColumnData:
    return types_pb2.ColumnData(types=types, **lists)


@pytest.mark.parametrize(
    "broken",
    [
        column(),
        column(b"\x01", integers=[1]),
        column(b"\x01\x05", integers=[1]),
        column(b"\x01\x01", integers=[1]),
        column(b"\x01\x01", integers=[1, 2, 3]),
        column(b"\x01\x01", integers=[1, 2], data=b"a"),
        column(b"\x02\x02", reals=[1]),
        column(b"\x00\x00", reals=[1]),
        column(b"\x01\x00", reals=[1]),
        column(b"\x02\x01", integers=[1]),
        column(b"\x03\x03", lengths=[1], data=b"a"),
        column(b"\x03\x03", lengths=[1, 1], data=b"a"),
        column(b"\x03\x03", lengths=[1, 1], data=b"abc"),
        column(b"\x03\x03", lengths=[1, 1], data="é".encode()),
        column(b"\x04\x04", lengths=[1, 2], data=b"ab"),
        column(b"\x04\x03", lengths=[1, 1], data=b"a\xff"),
        column(b"\x04\x03", lengths=[1], data=b"a"),
    ],
)
def test_chunks_that_are_broken(broken: types_pb2.ColumnData) -> None:
    chunk = types_pb2.ColumnChunk(row_count=2, columns=[broken])
    with pytest.raises(tenantry.Error, match="is broken") as raised:
        rows_of_columns(("a",), chunk)
    assert raised.value.code == "INTERNAL"


def test_a_chunk_of_other_columns() -> None:
    whole = column(b"\x00")
    for columns in ([], [whole, whole]):
        chunk = types_pb2.ColumnChunk(row_count=1, columns=columns)
        with pytest.raises(tenantry.Error, match=r"columns in place of 1") as raised:
            rows_of_columns(("a",), chunk)
        assert raised.value.code == "INTERNAL"
