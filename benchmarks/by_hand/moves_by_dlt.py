"""Two moves of part (h) with dlt, on its fastest path: Arrow batches. Run by a Python that has `dlt[postgres,parquet,
sql_database]` and `psycopg2-binary`: python moves_by_dlt.py NAME DATA TOLD."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HOME = tempfile.mkdtemp(prefix="dlt-")
os.environ.update(HOME=HOME, RUNTIME__DLTHUB_TELEMETRY="false", NORMALIZE__WORKERS="1", LOAD__WORKERS="2")

import dlt  # noqa: E402 -- it looks for its home when it is loaded


def address(told: dict[str, Any]) -> str:
    """Return the address of PostgreSQL."""
    base = told["postgres"]
    return f"postgresql://{base['user']}:{base['password']}@{base['host']}:{base['port']}/{base['dbname']}"


def csv_to_postgres(data: Path, told: dict[str, Any]) -> None:
    """Rows of a delimited file as Arrow batches, loaded from delimited files."""
    from pyarrow import csv

    @dlt.resource(name="orders_peer")
    def orders() -> Iterator[Any]:
        yield from csv.open_csv(data / "orders.csv")

    place = dlt.destinations.postgres(address(told))
    pipeline = dlt.pipeline("csv", destination=place, dataset_name="public", pipelines_dir=HOME)
    pipeline.run(orders(), loader_file_format="csv", write_disposition="append")


def postgres_to_parquet(data: Path, told: dict[str, Any]) -> None:
    """A table as Arrow batches, kept as Parquet."""
    from dlt.sources.sql_database import sql_table

    rows = sql_table(
        address(told).replace("://", "+psycopg2://", 1), table="orders", backend="pyarrow", chunk_size=100_000
    )
    place = dlt.destinations.filesystem(f"file://{data}/output/peer")
    shutil.rmtree(data / "output" / "peer", ignore_errors=True)
    pipeline = dlt.pipeline("rows", destination=place, dataset_name="rows", pipelines_dir=HOME)
    pipeline.run(rows, loader_file_format="parquet", write_disposition="append")


if __name__ == "__main__":
    try:
        globals()[sys.argv[1]](Path(sys.argv[2]), json.loads(sys.argv[3]))
    finally:
        shutil.rmtree(HOME, ignore_errors=True)
