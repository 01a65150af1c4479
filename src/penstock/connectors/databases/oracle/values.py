"""Staged values as they are sent to Oracle, and which of them cannot be sent at all."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import oracledb
import pyarrow as pa

from penstock.connectors.databases.oracle.session import quoted
from penstock.connectors.databases.sifting import Bad
from penstock.connectors.databases.targets import Column, Family, Item
from penstock.plan.dtypes import Kind

Pairs = Sequence[tuple[Column, Item]]
_LARGE = frozenset({"CLOB", "NCLOB"})
_MOST_BYTES = 32_767
"""Of a text in any column that is not large."""
_POINT = range(-129, 127)
"""Where the decimal point of a NUMBER may stand, counted from its first digit."""


def inserting(name: str, pairs: Pairs) -> tuple[str, list[Any]]:
    """Return the statement that adds a record to a table, and as what its values are sent."""
    listed = ", ".join(quoted(one.column) for _, one in pairs)
    places = ", ".join(_place(number, *pair) for number, pair in enumerate(pairs, 1))
    return f"INSERT INTO {name} ({listed}) VALUES ({places})", [_bound(*pair) for pair in pairs]


def sent(batch: pa.RecordBatch, pairs: Pairs) -> tuple[list[list[object]], list[Bad]]:
    """Return the values of a batch as they are sent, column by column, and those that cannot be: null stands for them."""
    columns: list[list[object]] = []
    bad: list[Bad] = []
    for index, (array, (column, item)) in enumerate(zip(batch.columns, pairs, strict=True)):
        values = _values(array, column)
        columns.append(values)
        for row, value in enumerate(values) if _may_be_unsent(array) else ():
            reason = _unsent(value, column, item)
            if reason is not None:
                values[row] = None
                bad.append(Bad(row, index, reason))
    return columns, bad


def _place(number: int, column: Column, item: Item) -> str:
    """Return where a value stands in the statement: an instant comes as text, in UTC."""
    if item.kind is not Kind.DATETIME:
        return f":{number}"
    if column.type.endswith("TIME ZONE"):
        return f"TO_TIMESTAMP_TZ(:{number} || '+00:00', 'YYYY-MM-DD HH24:MI:SS.FF6TZH:TZM')"
    made = f"TO_TIMESTAMP(:{number}, 'YYYY-MM-DD HH24:MI:SS.FF6')"
    return f"CAST({made} AS DATE)" if column.type == "DATE" else made


def _bound(column: Column, item: Item) -> Any:
    """Return as what a value is sent."""
    if column.type in _LARGE:
        return oracledb.DB_TYPE_CLOB if column.type == "CLOB" else oracledb.DB_TYPE_NCLOB
    if column.family is Family.BOOLEAN and item.kind is Kind.BOOLEAN:
        return oracledb.DB_TYPE_BOOLEAN
    if item.kind in (Kind.FLOAT, Kind.DOUBLE):
        # As a decimal a real number has the digits that it is written with.
        return oracledb.DB_TYPE_BINARY_DOUBLE if column.family is Family.REAL else oracledb.DB_TYPE_NUMBER
    if item.kind in (Kind.INT, Kind.LONG, Kind.BOOLEAN) and column.family is not Family.TEXT:
        return oracledb.DB_TYPE_NUMBER
    is_national = column.family is Family.TEXT and column.type.startswith("N")
    return oracledb.DB_TYPE_NVARCHAR if is_national else oracledb.DB_TYPE_VARCHAR


def _values(array: pa.Array, column: Column) -> list[object]:
    if pa.types.is_timestamp(array.type):
        array = array.cast(pa.timestamp("us")).cast(pa.string())
    elif pa.types.is_boolean(array.type) and column.family not in (Family.TEXT, Family.BOOLEAN):
        array = array.cast(pa.int8())
    elif column.family is Family.TEXT:
        array = array.cast(pa.large_string())
    elif pa.types.is_floating(array.type) and column.family is Family.DECIMAL:
        # As a decimal a real number has the digits that it is written with.
        return [None if one is None else Decimal(one) for one in array.cast(pa.string()).to_pylist()]
    return list(array.to_pylist())


def _may_be_unsent(array: pa.Array) -> bool:
    kind = array.type
    return bool(pa.types.is_floating(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _unsent(value: object, column: Column, item: Item) -> str | None:
    """Return why a value cannot be sent, None where it can."""
    if isinstance(value, Decimal):
        if not value.is_finite() or (value and value.adjusted() + 1 not in _POINT):
            return f"the column is a {column.type}, which has no {str(value).lower()}"
    elif isinstance(value, str) and column.type not in _LARGE and len(value) * 4 > _MOST_BYTES:
        wide = _bound(column, item) is oracledb.DB_TYPE_NVARCHAR
        if len(value.encode("utf-16-le" if wide else "utf-8")) > _MOST_BYTES:
            return f"the column is a {column.type}, and the text has more than {_MOST_BYTES:,} bytes"
    return None
