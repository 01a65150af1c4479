"""Rows of Oracle as Parquet, over python-oracledb, some thousand at a time, in one transaction that only reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import oracledb

from penstock.connectors.databases import arriving, dbapi
from penstock.connectors.databases.arriving import Lands
from penstock.connectors.databases.dbapi import fetched
from penstock.connectors.databases.limits import fetch_first
from penstock.connectors.databases.oracle.session import READ_ONLY, connected, fault_of, quoted, word_of
from penstock.connectors.databases.sources import Into, answering
from penstock.connectors.databases.statements import Native
from penstock.connectors.databases.unmarked import Unmarked
from penstock.connectors.places import Place
from penstock.errors import PermanentError
from penstock.kit.stopping import STOP
from penstock.plan.dtypes import Kind
from penstock.plan.ports import Connection

_TEXTS = frozenset({"varchar", "nvarchar", "char", "nchar", "clob", "nclob", "long", "long_nvarchar"})
_BYTES = frozenset({"raw", "long_raw", "blob"})
_REALS = {"binary_float": arriving.SHORT_REAL, "binary_double": arriving.REAL}
_TIMES = {"date": "SYYYY-MM-DD HH24:MI:SS", "timestamp": "SYYYY-MM-DD HH24:MI:SS.FF6"}
_ZONED = frozenset({"timestamp_tz", "timestamp_ltz"})
_TEXTUAL = (Kind.CHARARRAY, Kind.BYTEARRAY, Kind.MAP, Kind.BAG)


@contextmanager
def reader(connection: Connection, place: Place) -> Iterator[OracleReader]:
    """Open what reads rows of a database. Raises PermanentError, TransientError."""
    with closing(connected(connection, place)) as raw:
        yield OracleReader(raw)


class OracleReader(Unmarked):
    """Reads rows (`sources.Reader`)."""

    system = "Oracle"
    limited = staticmethod(fetch_first)
    quoted = staticmethod(quoted)
    is_parallel = False

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._kinds: list[Kind] = []

    def describe(self, statement: str) -> Sequence[Native]:
        """Return the columns of a statement, of which no row is read."""
        try:
            with dbapi.closing(self._raw.cursor()) as cursor:
                cursor.execute(f"SELECT * FROM (\n{statement}\n) WHERE 1 = 0")
                return [Native(str(one[0]), word_of(one), word_of(one)) for one in cursor.description]
        except oracledb.Error as error:
            raise fault_of(error) from error

    def expression(self, column: str, native: Native, kind: Kind) -> str:
        """Return the SQL of a column as it lands."""
        self._kinds.append(kind)
        word = str(native.type)
        if word in _TEXTS or word in _BYTES or word in _REALS or word == "boolean":
            return column
        if word == "number":
            if kind is Kind.BOOLEAN:
                return f"CASE WHEN {column} = 0 THEN 'false' WHEN {column} IS NOT NULL THEN 'true' END"
            return f"TRUNC({column})" if kind in (Kind.INT, Kind.LONG) else column
        if word in _TIMES:
            # As text: the driver has no dates before Christ.
            return f"LTRIM(TO_CHAR({column}, '{_TIMES[word]}'))"
        if word in _ZONED:
            return f"LTRIM(TO_CHAR(SYS_EXTRACT_UTC({column}), '{_TIMES['timestamp']}')) || '+00:00'"
        if word in ("interval_ds", "interval_ym", "rowid", "urowid"):
            return f"TO_CHAR({column})"
        if word == "json":
            return f"JSON_SERIALIZE({column} RETURNING CLOB)"
        if word == "xmltype":
            return f"XMLSERIALIZE(CONTENT {column} AS CLOB)"
        raise PermanentError(
            f"the column {column} is of a type ({word}) that is not read. Convert it in a query, or leave it out."
        )

    def land(self, statements: Sequence[str], natives: Sequence[Native], into: Into) -> Sequence[Path]:
        """Write the rows of statements, a file each, of one snapshot."""
        files = [into.folder / f"{index:05d}.parquet" for index in range(len(statements))]
        kinds = self._kinds[-len(natives) :]
        columns = [_lands(str(native.type), kind) for native, kind in zip(natives, kinds, strict=True)]
        total = 0
        with (
            answering(oracledb.Error, fault_of),
            STOP.ending(self._cancel),
            dbapi.closing(self._raw.cursor()) as cursor,
        ):
            cursor.arraysize = arriving.ROWS
            cursor.execute(READ_ONLY)
            for statement, file in zip(statements, files, strict=True):
                cursor.execute(statement)
                total = arriving.write(fetched(cursor, arriving.ROWS), columns, file, into.arrived, total)
            self._raw.rollback()
        return files

    def _cancel(self) -> None:
        with suppress(oracledb.Error):
            self._raw.cancel()


def _lands(word: str, kind: Kind) -> Lands:
    if word in _REALS:
        return _REALS[word]
    if word in _BYTES:
        return arriving.BYTES
    if word == "boolean":
        return arriving.FLAG
    if kind in _TEXTUAL:
        return arriving.TEXT
    if word in _ZONED:
        return arriving.PRINTED_INSTANT
    return arriving.PRINTED_TIME if word in _TIMES else arriving.TEXT
