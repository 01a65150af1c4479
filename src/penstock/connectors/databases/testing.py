"""The ladder of a database: from its host to one row, for the databases whose sessions are opened here."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from penstock.connectors.databases import hosts
from penstock.connectors.databases.session import Session
from penstock.connectors.ladder import Ladder, Name
from penstock.connectors.places import Place
from penstock.domain.rung import Rungs
from penstock.errors import ConnectionTestFailed, PermanentError
from penstock.plan.ports import Connection

Open = Callable[[Connection, Place], Session]


@dataclass(frozen=True, slots=True)
class Questions:
    """What a database is asked: its version as text, its clock, whether there is anything that the user can read (behind what
    stands before its catalogue), and for one row."""

    version: str
    now: str
    readable: str
    one: str = "SELECT 1"


QUESTIONS = {
    "postgres": Questions(
        "SHOW server_version",
        "SELECT clock_timestamp()",
        "SELECT EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema') "
        "AND n.nspname NOT LIKE 'pg\\_toast%' AND has_schema_privilege(n.oid, 'USAGE') "
        "AND has_table_privilege(c.oid, 'SELECT'))",
    ),
    "mysql": Questions(
        "SELECT version()",
        "SELECT utc_timestamp(6)",
        "SELECT EXISTS (SELECT 1 FROM information_schema.tables WHERE table_schema NOT IN "
        "('information_schema', 'performance_schema', 'mysql', 'sys'))",
    ),
    "oracle": Questions(
        "SELECT version FROM product_component_version FETCH FIRST 1 ROWS ONLY",
        "SELECT SYS_EXTRACT_UTC(SYSTIMESTAMP) FROM dual",
        "SELECT count(*) FROM all_tables WHERE owner NOT IN ('SYS', 'SYSTEM')",
        "SELECT 1 FROM dual",
    ),
    "sqlserver": Questions(
        "SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128))",
        "SELECT SYSUTCDATETIME()",
        "SELECT COUNT(*) FROM INFORMATION_SCHEMA.TABLES",
    ),
    "snowflake": Questions(
        "SELECT CURRENT_VERSION()",
        "SELECT CURRENT_TIMESTAMP",
        "SELECT count(*) FROM information_schema.tables WHERE table_schema <> 'INFORMATION_SCHEMA'",
    ),
    "bigquery": Questions(
        "SELECT 'GoogleSQL'",
        "SELECT CURRENT_TIMESTAMP()",
        "SELECT COUNT(*) FROM {scope}.INFORMATION_SCHEMA.TABLES",
    ),
    "redshift": Questions(
        "SELECT version()",
        "SELECT getdate()",
        "SELECT count(*) FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema', "
        "'pg_internal', 'pg_automv')",
    ),
}
OLDEST = {"PostgreSQL": (12,), "MySQL": (5, 7), "MariaDB": (10, 5), "SQL Server": (13,), "Oracle": (18,)}
"""The oldest versions that are tried, or for the last two the oldest that has what is used; older ones may work. Redshift has
one version, which changes, and so have Snowflake and BigQuery."""
NAMES = {
    "bigquery": "BigQuery",
    "oracle": "Oracle", "postgres": "PostgreSQL", "redshift": "Redshift", "snowflake": "Snowflake",
    "sqlserver": "SQL Server",
}  # fmt: skip


def climb(connection: Connection, driver: str, open_session: Open, allow: str | None, table: tuple[str, ...]) -> Rungs:
    """Return the rungs of a database, climbed to one row: of a *table* (its name, perhaps behind its schema's), or of none.
    Raises ConnectionTestFailed."""
    ladder, asks = Ladder(connection), QUESTIONS[driver]
    with ladder.reached(allow, *_host(connection)) as place:
        session = ladder.login(lambda: open_session(connection, place), tls=hosts.is_tls(connection))
        try:
            named = ".".join(map(session.quoted, table))
            if table:
                with ladder.rung(Name.PRIVILEGES):
                    session.first(f"SELECT 1 FROM {named} WHERE 1 = 0")
            else:
                _privileges(ladder, connection, session, asks)
            _version(ladder, session, driver, asks)
            _clock(ladder, session, asks)
            with ladder.rung(Name.ROW):
                session.first(session.limited(f"SELECT 1 FROM {named}", 1) if table else asks.one)
        finally:
            session.close()
    return ladder.rungs


def _host(connection: Connection) -> tuple[str | None, int | None]:
    try:
        return hosts.found(connection)
    except PermanentError as error:
        raise ConnectionTestFailed(error.message[:1].upper() + error.message[1:]) from error


def _privileges(ladder: Ladder, connection: Connection, session: Session, asks: Questions) -> None:
    scope = hosts.scope(connection, str(connection.parameters.get("database") or "") or None)
    with ladder.rung(Name.PRIVILEGES) as warn:
        cell = session.first(asks.readable.format(scope=scope))
        if cell is None or cell.text in ("false", "0"):
            warn("The user can read no table of this database. Grant SELECT, or correct the database.")


def _version(ladder: Ladder, session: Session, driver: str, asks: Questions) -> None:
    cell = session.first(asks.version)
    text = "" if cell is None else cell.text
    name = NAMES.get(driver) or ("MariaDB" if "mariadb" in text.lower() else "MySQL")
    found = tuple(map(int, re.findall(r"\d+", text.removeprefix("5.5.5-"))[:2]))
    ladder.version(name, text, found, OLDEST.get(name, ()))


def _clock(ladder: Ladder, session: Session, asks: Questions) -> None:
    cell = session.first(asks.now)
    if cell is None:
        raise PermanentError("the database does not tell the time.")
    told = datetime.fromisoformat(cell.text)
    ladder.clock(told if told.tzinfo is not None else told.replace(tzinfo=UTC))
