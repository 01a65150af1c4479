"""A plain copy of `orders.csv`, as one DuckDB statement: python copied.py DATA OUT parquet|csv."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

SOURCE = """read_csv('{data}/orders.csv', header = true, columns = {{'id': 'BIGINT', 'customer': 'INTEGER',
    'quantity': 'INTEGER', 'price': 'DOUBLE', 'country': 'VARCHAR', 'paid_on': 'TIMESTAMP', 'note': 'VARCHAR'}})"""
PAID = {
    "parquet": "make_timestamptz(epoch_us(paid_on))",
    "csv": "strftime(paid_on, '%Y-%m-%dT%H:%M:%S.%gZ')",
}
OPTIONS = {"parquet": "FORMAT parquet, COMPRESSION uncompressed", "csv": "FORMAT csv, HEADER"}


def main() -> None:
    """Run the script."""
    data, out, ending = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    out.mkdir(parents=True, exist_ok=True)
    columns = f"SELECT * REPLACE ({PAID[ending]} AS paid_on) FROM {SOURCE.format(data=data)}"
    duckdb.connect().execute(f"COPY ({columns}) TO '{out}/orders.{ending}' ({OPTIONS[ending]})")


if __name__ == "__main__":
    main()
