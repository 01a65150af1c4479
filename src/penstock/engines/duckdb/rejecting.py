"""Records that an output leaves out, kept while it is written: a function takes them where the condition that leaves them out
holds, and writes them into a file beside the outputs (`penstock.kit.rejects`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection
from duckdb.func import FunctionNullHandling, PythonUDFType

from penstock.engines.duckdb import casts
from penstock.engines.duckdb.types import column_of, text_literal
from penstock.kit.rejects import SCHEMA, RejectsFile
from penstock.plan.dtypes import DType, Kind
from penstock.plan.operators import Write

NUMBER = "_number_given"
"""The column with the number of a record among those given to the output, from 1 on. No alias begins with an underscore."""
_TYPE = "STRUCT(number BIGINT, record VARCHAR, reason VARCHAR)"


@dataclass(slots=True)
class Rejecting:
    """Keeps the rejected records of one output in a *file*, by the function *name*."""

    file: Path
    name: str
    _out: RejectsFile = field(init=False)

    def __post_init__(self) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self._out = RejectsFile(self.file)

    def call(self, write: Write, reason: str) -> str:
        """Return the condition that keeps a record, and never holds; *reason* is SQL."""
        return f"{self.name}(struct_pack(number := {NUMBER}, record := {record_of(write)}, reason := {reason}))"

    def register(self, connection: DuckDBPyConnection) -> None:
        """Make the function."""
        out = self._out

        def add(records: pa.ChunkedArray) -> pa.Array:
            for chunk in records.chunks:
                columns = [one.cast(kind) for one, kind in zip(chunk.flatten(), SCHEMA.types, strict=True)]
                out.add(pa.RecordBatch.from_arrays(columns, schema=SCHEMA))
            return pa.array(np.zeros(len(records), bool))

        connection.create_function(
            self.name, add, [duckdb.sqltype(_TYPE)], duckdb.sqltype("BOOLEAN"), type=PythonUDFType.ARROW,
            null_handling=FunctionNullHandling.SPECIAL, side_effects=True,
        )  # fmt: skip

    def close(self) -> None:
        """End the file."""
        self._out.close()


def numbered(select: str) -> str:
    """Return a SELECT with the number of each record."""
    return f"SELECT *, row_number() OVER () AS {NUMBER} FROM ({select})"


def record_of(write: Write) -> str:
    """Return the SQL of a record as a JSON object of the columns written, those that name its folder among them."""
    kinds = {one.name: one.dtype for one in write.given.schema}
    known = {name for name, _ in write.target.columns}
    columns = [*write.target.columns, *((name, name) for name in write.target.partition_by if name not in known)]
    # Not a structure: of its names two must not differ in case alone.
    pairs = ", ".join(f"{text_literal(title)}, {_json(column_of(name), kinds[name])}" for name, title in columns)
    return f"CAST(json_object({pairs}) AS VARCHAR)"


def _json(sql: str, dtype: DType) -> str:
    """Return the SQL of a value in such an object: what JSON has no number for is its text."""
    match dtype.kind:
        case Kind.DATETIME:
            return casts.datetime_to_text(sql)
        case Kind.FLOAT | Kind.DOUBLE:
            return (
                f"CASE WHEN isfinite({sql}) THEN CAST(CAST({sql} AS VARCHAR) AS JSON) ELSE to_json({_named(sql)}) END"
            )
        case Kind.MAP | Kind.BAG | Kind.TUPLE | Kind.BYTEARRAY:
            return f"CAST(ps_structure_to_json({sql}) AS JSON)"
        case _:
            return sql


def _named(sql: str) -> str:
    return f"CASE WHEN isnan({sql}) THEN 'NaN' WHEN {sql} > 0 THEN 'Infinity' WHEN {sql} < 0 THEN '-Infinity' END"
