"""What the package `orders` does, as one DuckDB script a person would write: python orders.py DATA OUT."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

DESCRIBED = """
CREATE TEMP TABLE described AS
SELECT o.id, o.customer, c.segment, o.country, quantity * price AS total, quantity / price AS per_unit,
    quantity * 1000 + 7 AS code, TRY_CAST(substring(note, 7, 6) AS INTEGER) AS number,
    strftime(paid_on, '%Y-%m') AS month, upper(o.country) || '-' || o.customer AS key,
    CASE WHEN price < 10 THEN 'small' WHEN price < 500 THEN 'middle' ELSE 'large' END AS size,
    CASE WHEN regexp_full_match(note, 'order [0-9]*7') THEN 'seven' ELSE 'other' END AS kind
FROM read_csv('{data}/orders.csv', header = true, columns = {{'id': 'BIGINT', 'customer': 'INTEGER', 'quantity': 'INTEGER',
        'price': 'DOUBLE', 'country': 'VARCHAR', 'paid_on': 'TIMESTAMP', 'note': 'VARCHAR'}}) o
    JOIN read_csv('{data}/customers.csv', header = true, columns = {{'id': 'INTEGER', 'segment': 'VARCHAR'}}) c
        ON o.customer = c.id
WHERE quantity > 2 AND price < 900
"""

MONTHS = """
SELECT segment, month, count(*) AS orders, sum(total) AS total, avg(per_unit) AS per_unit, max(number) AS number
FROM described GROUP BY segment, month ORDER BY segment, month
"""


def main() -> None:
    """Run the script."""
    data, out = sys.argv[1], Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect()
    connection.execute(DESCRIBED.format(data=data))
    connection.execute(f"COPY described TO '{out}/orders.parquet' (FORMAT parquet, COMPRESSION uncompressed)")
    connection.execute(f"COPY ({MONTHS}) TO '{out}/months.csv' (FORMAT csv, HEADER)")


if __name__ == "__main__":
    main()
