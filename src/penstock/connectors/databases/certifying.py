"""Tables of a certification: how they are found and removed again; and what each database is known to do otherwise."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.connectors.databases.ledger import TABLE
from penstock.connectors.databases.tables import Tables
from penstock.connectors.databases.targets import Folding
from penstock.plan.ports import Connection

_NO_OPERATION = "BigQuery's own component has append, overwrite and merge."
DIFFERENCES: Mapping[str, Mapping[str, str]] = {
    "bigquery": {
        "ranges of a key give every row once": "One statement reads BigQuery.",
        **dict.fromkeys(
            (
                "delete_insert replaces all rows",
                "merge_delete_insert replaces rows with a key that comes in",
                "update changes those alone",
                "insert_missing adds the others alone",
                "columns that are not mapped keep their values in an update",
                "records of one key are refused, or replace together",
            ),
            _NO_OPERATION,
        ),
    },
    "oracle": {"an empty text is no null": "Oracle keeps an empty text as null."},
    "sqlite": {
        "what does not fit fails the load, and the table is as it was": "Every value fits every column of SQLite.",
        "what does not fit is left out with skip, or that is refused": "Every value fits every column of SQLite.",
    },
}
"""System to the rules that do not hold of it, by their sentence, with the reason."""


class ScratchTables:
    """Tables on one server (`penstock.runtime.certifying.Scratch`)."""

    def __init__(self, tables: Tables, connection: Connection) -> None:
        self._tables = tables
        self._connection = connection
        self._names: dict[tuple[str | None, str], str] = {}

    def quoted(self, name: str) -> str:
        """Return the name of a column that was made there, in quotes."""
        with self._tables.writing(self._connection) as session:
            return session.quoted(session.column(name, None) if isinstance(session, Folding) else name)

    def qualified(self, schema: str | None, table: str) -> str:
        """Return the name of a table in statements."""
        if (schema, table) not in self._names:
            with self._tables.writing(self._connection) as session:
                self._names[schema, table] = session.qualified(schema, table)
        return self._names[schema, table]

    def has(self, schema: str | None, table: str) -> bool:
        """Tell whether there is a table."""
        with self._tables.writing(self._connection) as session:
            return session.find(schema, table) is not None

    def drop(self, schema: str | None, table: str) -> None:
        """Remove a table; quiet where there is none."""
        with self._tables.writing(self._connection) as session:
            if session.find(schema, table) is not None:
                session.execute(f"DROP TABLE {session.qualified(schema, table)}")

    def forget(self, schema: str | None, jobs: str) -> None:
        """Take the jobs whose names begin so out of the ledger."""
        with self._tables.writing(self._connection) as session:
            name, begin = session.qualified(schema, TABLE), session.literal(f"{jobs}%")
            session.begin()
            session.execute(f"DELETE FROM {name} WHERE {session.quoted('job')} LIKE {begin}")
            session.commit()
