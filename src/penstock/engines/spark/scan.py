"""Sources as Spark relations: a task per few files, read as the embedded engine reads them (`local`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from penstock.engines.duckdb.locations import pattern_of
from penstock.engines.duckdb.scan import scan_sql
from penstock.engines.duckdb.types import column_of
from penstock.engines.spark.counts import Counts
from penstock.engines.spark.local import COUNTER, Task, task
from penstock.engines.spark.types import SQL_TYPES, quote
from penstock.plan.dtypes import Kind
from penstock.plan.operators import Scan
from penstock.plan.ports import BoundSource, Context
from penstock.plan.schema import Schema

BATCH_ROWS = 10_000
TASKS_PER_CORE = 4

ARROW: dict[Kind, pa.DataType] = {
    Kind.BOOLEAN: pa.bool_(),
    Kind.INT: pa.int32(),
    Kind.LONG: pa.int64(),
    Kind.FLOAT: pa.float32(),
    Kind.DOUBLE: pa.float64(),
    Kind.DATETIME: pa.struct([("t", pa.int64()), ("o", pa.int32())]),
}
"""How a type travels between Spark and Python; all other types are texts."""


def arrow_schema(schema: Schema) -> pa.Schema:
    """Return the Arrow schema of records."""
    return pa.schema([(field.name, ARROW.get(field.dtype.kind, pa.string())) for field in schema])


def ddl_of(schema: Schema) -> str:
    """Return the Spark schema of records."""
    return ", ".join(f"{quote(field.name)} {SQL_TYPES[field.dtype.kind]}" for field in schema)


def read(session: SparkSession, scan: Scan, bound: BoundSource, context: Context, counts: Counts) -> DataFrame:
    """Return the records of a source. Their number comes back through *counts*, under the component's name."""
    if not bound.files:
        return session.createDataFrame([], ddl_of(scan.schema))
    cores = session.sparkContext.defaultParallelism
    chunks = session.range(0, len(bound.files), 1, min(len(bound.files), cores * TASKS_PER_CORE))
    return chunks.mapInArrow(_Reader(scan, bound, context, counts), ddl_of(scan.schema))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the files whose numbers it is given."""

    scan: Scan
    bound: BoundSource
    context: Context
    counts: Counts

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                yield from self.file(number)

    def file(self, number: int) -> Iterator[pa.RecordBatch]:
        file = self.bound.files[number]
        wanted = arrow_schema(self.scan.schema)
        with task([file.location, pattern_of(file)]) as made:
            sql = scan_sql(
                self.scan, BoundSource(self.bound.spec, (file,)), self.context, COUNTER, lambda one: _types(made, one)
            )
            columns = ", ".join(column_of(name) for name in self.scan.schema.names)
            made.functions.need(sql)
            reader = made.connection.execute(f"SELECT {columns} FROM ({sql})").to_arrow_reader(BATCH_ROWS)
            try:
                for batch in reader:
                    yield pa.RecordBatch.from_arrays([*map(plain, batch.columns, wanted.types)], schema=wanted)
            finally:
                self.counts.add(self.scan.component, number, made.count())


def plain(column: pa.Array, wanted: pa.DataType) -> pa.Array:
    """Return a column in the type that is written down for it: offsets of texts, and what may be null, differ."""
    return column if column.type == wanted else column.cast(wanted)


def _types(made: Task, relation: str) -> dict[str, str]:
    rows = made.connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    return {row[0]: row[1] for row in rows}
