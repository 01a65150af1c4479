"""What the packages of part (h) do, each on the fastest path known for it: python moves.py NAME DATA TOLD.

TOLD is JSON: where the servers are, and their keys.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

TYPES = """{'id': 'BIGINT', 'customer': 'INTEGER', 'quantity': 'INTEGER', 'price': 'DOUBLE', 'country': 'VARCHAR',
    'paid_on': 'TIMESTAMPTZ', 'note': 'VARCHAR'}"""


def attached(told: dict[str, Any]) -> Any:
    """Return DuckDB with PostgreSQL attached as `base`."""
    import duckdb
    import duckdb_extension_postgres_scanner

    root = Path(next(iter(duckdb_extension_postgres_scanner.__path__)))
    base = duckdb.connect()
    base.execute(f"LOAD '{next(root.rglob('postgres_scanner.duckdb_extension'))}'; SET TimeZone = 'UTC'")
    words = " ".join(f"{name}={value}" for name, value in told["postgres"].items())
    base.execute(f"ATTACH '{words}' AS base (TYPE postgres)")
    return base


def csv_to_postgres(data: Path, told: dict[str, Any]) -> None:
    """By the extension's binary COPY."""
    lines = f"read_csv('{data}/orders.csv', header = true, columns = {TYPES})"
    attached(told).execute(f"INSERT INTO base.orders_by_hand SELECT * FROM {lines}")


def merge(data: Path, told: dict[str, Any]) -> None:
    """By COPY into a table of the session and one INSERT … ON CONFLICT."""
    _merged(data / "changes.csv", told)


def scattered(data: Path, told: dict[str, Any]) -> None:
    """Likewise."""
    _merged(data / "scattered.csv", told)


def _merged(file: Path, told: dict[str, Any]) -> None:
    import psycopg

    with psycopg.connect(**told["postgres"]) as session, session.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE given (LIKE changed) ON COMMIT DROP")
        with (
            cursor.copy("COPY given FROM STDIN (FORMAT csv, HEADER)") as copy,
            file.open("rb") as lines,
        ):
            while piece := lines.read(1 << 20):
                copy.write(piece)
        names = ("customer", "quantity", "price", "country", "paid_on", "note")
        cursor.execute(
            "INSERT INTO changed SELECT * FROM given ON CONFLICT (id) DO UPDATE SET "
            + ", ".join(f"{name} = excluded.{name}" for name in names)
        )


def postgres_to_parquet(data: Path, told: dict[str, Any]) -> None:
    """By the extension's binary COPY."""
    file = data / "output" / "by_hand" / "orders.parquet"
    attached(told).execute(f"COPY (SELECT * FROM base.orders) TO '{file}' (FORMAT parquet)")


def postgres_to_postgres(_: Path, told: dict[str, Any]) -> None:
    """By two binary COPY, the bytes of one given to the other."""
    import psycopg

    with (
        psycopg.connect(**told["postgres"]) as one, psycopg.connect(**told["postgres"]) as other,
        one.cursor() as read, other.cursor() as written,
        read.copy("COPY orders TO STDOUT (FORMAT binary)") as rows,
        written.copy("COPY orders_by_hand FROM STDIN (FORMAT binary)") as copy,
    ):  # fmt: skip
        for piece in rows:
            copy.write(piece)


def s3_to_postgres(data: Path, told: dict[str, Any]) -> None:
    """By a download and the extension's binary COPY."""
    from obstore.store import S3Store

    key, secret = told["s3"]["key"]
    store = S3Store(
        told["s3"]["bucket"], endpoint=told["s3"]["endpoint"], access_key_id=key, secret_access_key=secret,
        region="us-east-1", virtual_hosted_style_request=False, client_options={"allow_http": True},
    )  # fmt: skip
    file = data / "by_hand.parquet"
    with file.open("wb") as copy:
        for piece in store.get("orders.parquet"):
            copy.write(piece)
    attached(told).execute(f"INSERT INTO base.orders_by_hand SELECT * FROM read_parquet('{file}')")
    file.unlink()


def mariadb_to_parquet(data: Path, told: dict[str, Any]) -> None:
    """By the driver that Penstock has too, its rows given to pyarrow as they are."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    import pymysql

    schema = pa.schema(
        [("id", pa.int64()), ("customer", pa.int32()), ("quantity", pa.int32()), ("price", pa.float64()),
         ("country", pa.string()), ("paid_on", pa.timestamp("us")), ("note", pa.string())]
    )  # fmt: skip
    session = pymysql.connect(**told["mariadb"], cursorclass=pymysql.cursors.SSCursor)
    with session.cursor() as cursor:
        cursor.execute("SELECT * FROM orders")
        with pq.ParquetWriter(data / "output" / "by_hand" / "orders.parquet", schema) as writer:
            while rows := cursor.fetchmany(50_000):
                columns = [
                    pa.array(values, one.type) for values, one in zip(zip(*rows, strict=True), schema, strict=True)
                ]
                writer.write_batch(pa.record_batch(columns, schema=schema))
    session.close()


if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]), json.loads(sys.argv[3]))
