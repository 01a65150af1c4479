"""The hash of each record of an output, by DuckDB's own functions (decision 0051), and the function that adds them up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa
from duckdb import DuckDBPyConnection
from duckdb.func import FunctionNullHandling, PythonUDFType

from penstock.engines.duckdb.types import column_of
from penstock.engines.sums import Sums, key_of
from penstock.plan.dtypes import Kind
from penstock.plan.operators import Write

_KEY_TYPES = {
    Kind.INT: "BIGINT", Kind.LONG: "BIGINT", Kind.FLOAT: "DOUBLE", Kind.DOUBLE: "DOUBLE", Kind.CHARARRAY: "VARCHAR",
    Kind.DATETIME: "BIGINT",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Summing:
    """Sums of an output: *function* takes what *sql* makes of a record, *type*, and is true."""

    sums: Sums
    function: str
    sql: str
    type: str

    @property
    def test(self) -> str:
        """The condition that adds a record."""
        return f"{self.function}({self.sql})"

    def register(self, connection: DuckDBPyConnection) -> None:
        """Make the function."""
        sums = self.sums
        # DuckDB reads the number of parameters off the Python function.
        add: Callable[[pa.ChunkedArray], pa.Array] = lambda records: sums.add(records)  # noqa: E731, PLW0108
        connection.create_function(
            self.function,
            add,
            [duckdb.sqltype(self.type)],
            duckdb.sqltype("BOOLEAN"),
            type=PythonUDFType.ARROW,
            null_handling=FunctionNullHandling.SPECIAL,
            side_effects=True,
        )


def summing(write: Write, values: Sequence[str], stem: str) -> Summing:
    """Return the sums of an output; *values* is the SQL of each value of a record: its columns in order, then the fields that
    are no column but name its folder."""
    kinds = {one.name: one.dtype.kind for one in write.given.schema}
    names = [name for name, _ in write.target.columns]
    names += [name for name in write.target.partition_by if name not in names]
    hashed = [_hashed(sql, kinds[name]) for sql, name in zip(values, names, strict=True)]
    key = key_of(write)
    parts, types = [f"h := hash({', '.join(hashed)})"], ["h UBIGINT"]
    for number, (name, kind) in enumerate(key):
        parts.append(f"k{number} := {_plain(column_of(name), kind)}")
        types.append(f"k{number} {_KEY_TYPES[kind]}")
    return Summing(Sums(key), f"{stem}_sum", f"struct_pack({', '.join(parts)})", f"STRUCT({', '.join(types)})")


def _hashed(sql: str, kind: Kind) -> str:
    if kind in (Kind.BYTEARRAY, Kind.MAP, Kind.BAG, Kind.TUPLE):
        return f"ps_receipt_form({sql})"
    return _plain(sql, kind)


def _plain(sql: str, kind: Kind) -> str:
    match kind:
        case Kind.BOOLEAN | Kind.INT | Kind.LONG:
            return f"CAST({sql} AS BIGINT)"
        case Kind.FLOAT | Kind.DOUBLE:
            return f"CAST({sql} AS DOUBLE)"
        case Kind.DATETIME:
            return f"({sql}).t"
        case _:
            return sql
