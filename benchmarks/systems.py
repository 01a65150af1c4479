"""The servers of part (h), filled: those that the tests start, PostgreSQL and MariaDB with their defaults, rclone as an S3."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pymysql
from tests.servers import S3_KEY, MariaDB, NotHad, Postgres, mariadb, postgres, rclone

from benchmarks.workloads import make

CHANGES = 100_000
BUCKET = "lake"
PASSWORD = "for-loopback-only"
"""Of servers that live as long as the measurement."""
COLUMNS = """id bigint, customer integer, quantity integer, price double precision, country text, paid_on timestamptz,
    note text"""
MARIADB_COLUMNS = """id bigint, customer int, quantity int, price double, country varchar(10), paid_on datetime(6),
    note varchar(100)"""


@dataclass(slots=True)
class Systems:
    """The servers, and where everything is; *told* is what scripts written by hand are told of them."""

    data: Path
    postgres: Postgres
    mariadb: MariaDB | None
    s3: tuple[str, Path]
    told: dict[str, Any] = field(default_factory=dict)

    def sql(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements in PostgreSQL; returns the rows of the last."""
        with psycopg.connect(self.postgres.url("bench"), autocommit=True) as session:
            for one in statements:
                found = session.execute(one.encode())
            return found.fetchall() if found.description else []


@contextlib.contextmanager
def running(data: Path, rows: int) -> Iterator[Systems]:
    """Start the servers and fill them with so many orders."""
    folder = data / f"moves_{rows}"
    folder.mkdir(exist_ok=True)
    make(folder, rows, "orders")
    with contextlib.ExitStack() as stack:
        base, s3 = stack.enter_context(postgres()), stack.enter_context(rclone())
        try:
            market = stack.enter_context(mariadb())
        except NotHad as error:
            sys.stderr.write(f"(h) MariaDB is not run: {error}\n")
            market = None
        systems = Systems(folder, base, market, s3)
        _fill_postgres(systems, rows)
        _mix(folder)
        (s3[1] / BUCKET).mkdir()
        duckdb.execute(f"COPY ({_typed(folder)}) TO '{s3[1] / BUCKET / 'orders.parquet'}' (FORMAT parquet)")
        systems.told = {
            "postgres": {"host": "127.0.0.1", "port": base.port, "user": "postgres", "password": PASSWORD, "dbname": "bench"},
            "s3": {"endpoint": s3[0], "key": S3_KEY, "bucket": BUCKET},
        }  # fmt: skip
        if market is not None:
            _fill_mariadb(market, folder)
            systems.told["mariadb"] = {
                "host": "127.0.0.1", "port": market.port, "user": "bench", "password": PASSWORD, "database": "bench",
            }  # fmt: skip
        yield systems


def _typed(folder: Path) -> str:
    columns = """{'id': 'BIGINT', 'customer': 'INTEGER', 'quantity': 'INTEGER', 'price': 'DOUBLE', 'country': 'VARCHAR',
        'paid_on': 'TIMESTAMP', 'note': 'VARCHAR'}"""
    return f"SELECT * FROM read_csv('{folder}/orders.csv', header = true, columns = {columns})"


def _fill_postgres(systems: Systems, rows: int) -> None:
    with psycopg.connect(systems.postgres.url("postgres"), autocommit=True) as session:
        session.execute("CREATE DATABASE bench")
    systems.sql(
        f"ALTER USER postgres PASSWORD '{PASSWORD}'", f"CREATE TABLE orders ({COLUMNS})",
        f"CREATE TABLE indexed ({COLUMNS}, PRIMARY KEY (id))", f"CREATE TABLE changed ({COLUMNS}, PRIMARY KEY (id))",
    )  # fmt: skip
    with (
        psycopg.connect(systems.postgres.url("bench"), autocommit=True) as session, session.cursor() as cursor,
        cursor.copy("COPY orders FROM STDIN (FORMAT csv, HEADER)") as copy,
        (systems.data / "orders.csv").open("rb") as lines,
    ):  # fmt: skip
        while piece := lines.read(1 << 20):
            copy.write(piece)
    # Half of the changes are of rows that are there, half of them are new.
    changes = systems.data / "changes.csv"
    duckdb.execute(
        f"COPY (SELECT * REPLACE (id + {rows - CHANGES} AS id, quantity + 1 AS quantity, paid_on::DATE AS paid_on) "
        f"FROM ({_typed(systems.data)}) WHERE id < {CHANGES}) TO '{changes}' (HEADER)"
    )
    there = rows - CHANGES // 2
    # Likewise, but those that are there lie all over the table, in no order.
    ids = f"CASE WHEN id < {CHANGES // 2} THEN id * {there // (CHANGES // 2)} ELSE id + {there - CHANGES // 2} END"
    duckdb.execute(
        f"COPY (SELECT * REPLACE ({ids} AS id, quantity + 1 AS quantity, paid_on::DATE AS paid_on) "
        f"FROM ({_typed(systems.data)}) WHERE id < {CHANGES} ORDER BY hash(id)) "
        f"TO '{systems.data / 'scattered.csv'}' (HEADER)"
    )
    systems.sql(f"INSERT INTO indexed SELECT * FROM orders WHERE id < {there}", "ANALYZE")


def _mix(folder: Path) -> None:
    """Write the orders once more, in no order."""
    lines = f"read_csv('{folder}/orders.csv', header = true, all_varchar = true)"
    duckdb.execute(f"COPY (SELECT * FROM {lines} ORDER BY hash(id)) TO '{folder}/mixed.csv' (HEADER)")


def _fill_mariadb(market: MariaDB, folder: Path) -> None:
    session = pymysql.connect(unix_socket=str(market.socket), user="root", autocommit=True, local_infile=True)
    with contextlib.closing(session), session.cursor() as cursor:
        for one in (
            "CREATE DATABASE bench CHARACTER SET utf8mb4", "USE bench", f"CREATE TABLE orders ({MARIADB_COLUMNS})",
            f"CREATE USER 'bench'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'", "GRANT ALL ON bench.* TO 'bench'@'127.0.0.1'",
            "SET GLOBAL local_infile = 1",
            f"LOAD DATA LOCAL INFILE '{folder}/orders.csv' INTO TABLE orders FIELDS TERMINATED BY ',' "
            "OPTIONALLY ENCLOSED BY '\"' IGNORE 1 LINES",
        ):  # fmt: skip
            cursor.execute(one)
