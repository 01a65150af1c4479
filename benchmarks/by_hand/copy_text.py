"""A plain copy of `orders.csv` without a look at its values, as one DuckDB statement: python copy_text.py DATA OUT."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

SOURCE = """read_csv('{data}/orders.csv', header = true, columns = {{'id': 'VARCHAR', 'customer': 'VARCHAR',
    'quantity': 'VARCHAR', 'price': 'VARCHAR', 'country': 'VARCHAR', 'paid_on': 'VARCHAR', 'note': 'VARCHAR'}})"""


def main() -> None:
    """Run the script."""
    data, out = sys.argv[1], Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    duckdb.connect().execute(f"COPY (FROM {SOURCE.format(data=data)}) TO '{out}/text.csv' (FORMAT csv, HEADER)")


if __name__ == "__main__":
    main()
