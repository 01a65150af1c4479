"""Rows of SQL Server as Parquet, over pymssql, some thousand at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pymssql

from penstock.connectors.databases import arriving
from penstock.connectors.databases.arriving import Lands
from penstock.connectors.databases.dbapi import answer, fetched
from penstock.connectors.databases.limits import top
from penstock.connectors.databases.sources import Into, answering
from penstock.connectors.databases.sqlserver.session import (
    BEGIN,
    ROLLBACK,
    SPEECH,
    connected,
    fault_of,
    literal,
    quoted,
)
from penstock.connectors.databases.statements import Native
from penstock.connectors.databases.unmarked import Unmarked
from penstock.connectors.places import Place
from penstock.errors import PermanentError
from penstock.plan.dtypes import Kind
from penstock.plan.ports import Connection

_WHOLE = frozenset({"bigint", "int", "smallint", "tinyint"})
_DECIMAL = frozenset({"decimal", "numeric", "money", "smallmoney"})
_TIMES = frozenset({"date", "datetime", "datetime2", "smalldatetime"})
_INSTANT = "datetimeoffset"
_BYTES = frozenset({"binary", "varbinary", "image", "timestamp", "rowversion"})
_TEXTS = frozenset({"char", "varchar", "nchar", "nvarchar", "text", "ntext", "sysname", "xml", "uniqueidentifier"})
_TEXTUAL = (Kind.CHARARRAY, Kind.BYTEARRAY, Kind.MAP, Kind.BAG)


@contextmanager
def reader(connection: Connection, place: Place) -> Iterator[SqlServerReader]:
    """Open what reads rows of a database. Raises PermanentError, TransientError."""
    with closing(connected(connection, place)) as raw:
        yield SqlServerReader(raw)


class SqlServerReader(Unmarked):
    """Reads rows (`sources.Reader`); several sessions share no snapshot there, so that one reads."""

    system = "SQL Server"
    limited = staticmethod(top)
    quoted = staticmethod(quoted)
    is_parallel = False

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._kinds: list[Kind] = []

    def describe(self, statement: str) -> Sequence[Native]:
        """Return the columns of a statement, which SQL Server tells without running it."""
        asked = (
            "SELECT name, system_type_name, error_message FROM sys.dm_exec_describe_first_result_set"
            f"({literal(statement)}, NULL, 0) WHERE is_hidden = 0 OR is_hidden IS NULL ORDER BY column_ordinal"
        )
        found = answer(self._raw, asked, SPEECH)[1]
        said = [str(error) for *_, error in found if error is not None]
        if said or not found:
            raise PermanentError(f"the database says: {said[0] if said else 'the statement gives no rows.'}")
        return [Native(str(name), str(kind or "").partition("(")[0], str(kind or "")) for name, kind, _ in found]

    def expression(self, column: str, native: Native, kind: Kind) -> str:
        """Return the SQL of a column as it lands."""
        self._kinds.append(kind)
        word = str(native.type)
        if word in _DECIMAL:
            # The driver rounds money; as a text it has all its digits.
            wide = f"CAST({column} AS decimal(38,4))" if word in ("money", "smallmoney") else column
            cut = f"ROUND({wide}, 0, 1)" if kind in (Kind.INT, Kind.LONG) else wide
            return f"CAST({f'CAST({cut} AS decimal(38,0))' if cut != wide else cut} AS varchar(64))"
        if word in _TIMES:
            # Style 121 is ISO with a blank; 7 digits of a second are one more than there is room for.
            return f"CONVERT(varchar(40), {column}, 121)" if kind in _TEXTUAL else f"CAST({column} AS datetime2(6))"
        if word == _INSTANT:
            moved = f"SWITCHOFFSET({column}, '+00:00')"
            return f"CONVERT(varchar(40), {moved}, 121)" if kind in _TEXTUAL else f"CAST({moved} AS datetime2(6))"
        if word == "uniqueidentifier":
            return f"CAST({column} AS char(36))"
        if word == "xml":
            return f"CAST({column} AS nvarchar(max))"
        if word == "time":
            return f"CONVERT(varchar(40), {column}, 121)"
        if word in _WHOLE or word in _BYTES or word in _TEXTS or word in ("bit", "real", "float"):
            return column
        return f"CAST({column} AS nvarchar(max))"

    def land(self, statements: Sequence[str], natives: Sequence[Native], into: Into) -> Sequence[Path]:
        """Write the rows of statements, a file each."""
        files = [into.folder / f"{index:05d}.parquet" for index in range(len(statements))]
        kinds = self._kinds[-len(natives) :]
        columns = [_lands(str(native.type), kind) for native, kind in zip(natives, kinds, strict=True)]
        total = 0
        with answering(pymssql.Error, fault_of), self._raw.cursor() as cursor:
            cursor.execute(BEGIN)
            for statement, file in zip(statements, files, strict=True):
                cursor.execute(statement)
                total = arriving.write(fetched(cursor, arriving.ROWS), columns, file, into.arrived, total)
            cursor.execute(ROLLBACK)
        return files


def _lands(word: str, kind: Kind) -> Lands:
    if word in _WHOLE:
        return arriving.WHOLE
    if word == "bit":
        return arriving.FLAG
    if word == "float":
        return arriving.REAL
    if word == "real":
        return arriving.SHORT_REAL
    if word in _BYTES:
        return arriving.BYTES
    if word in _TIMES and kind not in _TEXTUAL:
        return arriving.TIME
    return arriving.UTC_TIME if word == _INSTANT and kind not in _TEXTUAL else arriving.TEXT
