"""SQL Server as a target: rows go in as JSON, many in one statement, and all of a load is one transaction.

The driver's way in bulk takes empty texts for null, and parameters are put into statements as texts by it anyway. OPENJSON,
from SQL Server 2016 and compatibility level 130 on, reads texts, nulls and every character as they are.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from typing import Any

import pyarrow as pa

from penstock.connectors.databases.dbapi import answer
from penstock.connectors.databases.limits import top
from penstock.connectors.databases.lines import StagedFiles, texts_of
from penstock.connectors.databases.sqlserver.session import BEGIN, COMMIT, ROLLBACK, SPEECH, connected, literal, quoted
from penstock.connectors.databases.targets import Column, Family, Item, Loaded, Table, update_from
from penstock.connectors.places import Place
from penstock.errors import PermanentError, TransientError
from penstock.plan.dtypes import Kind
from penstock.plan.ports import Connection

MOST_ROWS = 10_000
MOST_CHARACTERS = 4 << 20
"""Of the JSON of one statement."""
_TYPES = {
    Kind.BOOLEAN: "bit", Kind.INT: "int", Kind.LONG: "bigint", Kind.FLOAT: "real", Kind.DOUBLE: "float(53)",
    Kind.CHARARRAY: "nvarchar(max)", Kind.BYTEARRAY: "nvarchar(max)", Kind.DATETIME: "datetimeoffset(6)",
    Kind.MAP: "nvarchar(max)", Kind.BAG: "nvarchar(max)", Kind.TUPLE: "nvarchar(max)",
}  # fmt: skip
_KEY = "nvarchar(190) COLLATE Latin1_General_100_BIN2"
"""Letters that differ by their case are two, whatever the database takes them for."""
_FAMILIES = {
    "bit": Family.BOOLEAN, **dict.fromkeys(("bigint", "int", "smallint", "tinyint"), Family.WHOLE),
    **dict.fromkeys(("decimal", "numeric", "money", "smallmoney"), Family.DECIMAL),
    **dict.fromkeys(("float", "real"), Family.REAL),
    **dict.fromkeys(("char", "varchar", "nchar", "nvarchar"), Family.TEXT),
    **dict.fromkeys(("date", "datetime", "datetime2", "smalldatetime", "datetimeoffset"), Family.TIME),
    **dict.fromkeys(("time", "uniqueidentifier", "xml"), Family.OTHER),
}  # fmt: skip
"""All other types take no text here: text, ntext and image, binary ones, those of the CLR."""
_NARROW = frozenset({"char", "varchar"})
"""Columns that hold the letters of one code page, and a question mark for all others."""
_FIND = """SELECT o.type, HAS_PERMS_BY_NAME({name}, 'OBJECT', 'SELECT'), HAS_PERMS_BY_NAME({name}, 'OBJECT', 'INSERT'),
HAS_PERMS_BY_NAME({name}, 'OBJECT', 'UPDATE'), HAS_PERMS_BY_NAME({name}, 'OBJECT', 'DELETE'),
HAS_PERMS_BY_NAME({name}, 'OBJECT', 'ALTER')
FROM sys.objects o WHERE o.object_id = OBJECT_ID({name}) AND o.type IN ('U', 'V')"""
_COLUMNS = """SELECT c.name, TYPE_NAME(c.system_type_id), c.precision, c.scale FROM sys.columns c
WHERE c.object_id = OBJECT_ID({name}) ORDER BY c.column_id"""
_RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")
_MAY_CREATE = """SELECT CASE WHEN HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'CREATE TABLE') = 1
AND HAS_PERMS_BY_NAME({schema}, 'SCHEMA', 'ALTER') = 1 THEN 1 ELSE 0 END"""


@contextmanager
def target(connection: Connection, place: Place) -> Iterator[SqlServerTarget]:
    """Open what rows are written to. Raises PermanentError, TransientError."""
    with closing(connected(connection, place)) as raw:
        yield SqlServerTarget(raw)


class SqlServerTarget:
    """Writes rows (`targets.Target`)."""

    limited = staticmethod(top)
    quoted = staticmethod(quoted)
    literal = staticmethod(literal)
    hold: str | None = None
    temporary_first = False
    creates_in_transaction = True
    now = "SYSDATETIMEOFFSET() AT TIME ZONE 'UTC'"

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    def qualified(self, schema: str | None, table: str) -> str:
        """Return the name of a table in statements."""
        return f"{quoted(schema)}.{quoted(table)}" if schema else quoted(table)

    def type_of(self, kind: Kind, *, is_key: bool = False) -> str:
        """Return the type that a column is made with."""
        return _KEY if is_key else _TYPES[kind]

    def find(self, schema: str | None, table: str) -> Table | None:
        """Return a table, None where there is none."""
        name = self.qualified(schema, table)
        found = self.rows(_FIND.format(name=literal(name)))
        if not found:
            return None
        kind, *rights = found[0]
        columns = tuple(
            Column(str(one), _declared(str(word), precision, scale), _FAMILIES.get(str(word), Family.NONE))
            for one, word, precision, scale in self.rows(_COLUMNS.format(name=literal(name)))
        )
        refused = frozenset(right for right, may in zip(_RIGHTS, rights, strict=True) if may != 1)
        return Table(name, columns, refused, str(kind).strip() == "U")

    def may_create(self, schema: str | None) -> bool:
        """Tell whether a table can be made."""
        where = "QUOTENAME(SCHEMA_NAME())" if schema is None else literal(quoted(schema))
        return self.rows(_MAY_CREATE.format(schema=where))[0][0] == 1

    def execute(self, sql: str) -> int:
        """Run one statement, or several of an action."""
        return answer(self._raw, sql, SPEECH)[0]

    def rows(self, sql: str) -> Sequence[Sequence[object]]:
        """Return the rows of a statement."""
        return answer(self._raw, sql, SPEECH)[1]

    def begin(self) -> None:
        """Begin a transaction."""
        self.execute(BEGIN)

    def is_open(self) -> bool:
        """Tell whether a transaction goes on."""
        return self.rows("SELECT @@TRANCOUNT")[0][0] != 0

    def commit(self) -> None:
        """End a transaction."""
        self.execute(COMMIT)

    def rollback(self) -> None:
        """Leave a transaction; an error has ended it already."""
        with suppress(PermanentError, TransientError):
            self.execute(ROLLBACK)

    def empty(self, table: Table) -> None:
        """Remove all rows of a table."""
        self.execute(f"TRUNCATE TABLE {table.name}")

    def serialize(self, table: Table) -> None:
        """Wait until no other load by key goes on in a table."""
        self.execute(
            f"DECLARE @got int; EXEC @got = sp_getapplock @Resource = {literal(f'penstock {table.name}'[:255])}, "
            "@LockMode = 'Exclusive', @LockOwner = 'Transaction', @LockTimeout = -1; "
            "IF @got < 0 THROW 51205, 'The lock of a load was not given.', 1"
        )

    def temporary(self, table: Table, items: Sequence[Item]) -> Table:
        """Make a table of this session that has the columns of another. Of two SELECTs, so that no column counts by itself."""
        listed = ", ".join(quoted(one.column) for one in items)
        name = f"#penstock_{uuid.uuid4().hex}"
        self.execute(
            f"SELECT {listed} INTO {name} FROM {table.name} WHERE 1 = 0 UNION ALL SELECT {listed} FROM {table.name} WHERE 1 = 0"
        )
        return Table(name, table.columns)

    def update(self, table: Table, given: Table, items: Sequence[Item], also: Sequence[str]) -> str:
        """Return the statement that changes the rows whose key is among those given."""
        return update_from(quoted, table, given, items, also)

    def bulk(self, table: Table, items: Sequence[Item], files: StagedFiles, on_bad_value: str) -> Loaded:
        """Add the records of files to a table."""
        types = {one.name: one for one in table.columns}
        columns = [types[one.column] for one in items]
        kinds = [(one, item.kind) for one, item in zip(columns, items, strict=True)]
        listed = ", ".join(quoted(one.column) for one in items)
        read = ", ".join(f"c{index} nvarchar(max) '$[{index}]'" for index in range(len(items)))
        records = skipped = nulled = 0
        for batch in files.batches():
            _check(batch, columns)
            for count, lines in _chunks(batch):
                given = f"OPENJSON({literal(lines)}) WITH ({read}) AS given"
                kept, bad = self._insert(table.name, listed, kinds, given, on_bad_value)
                records += kept
                skipped += count - kept
                nulled += bad
        return Loaded(records, skipped, nulled)

    def _insert(
        self, name: str, listed: str, columns: Sequence[tuple[Column, Kind]], given: str, policy: str
    ) -> tuple[int, int]:
        """Add the rows of one statement; returns how many arrived, and how many values became null."""
        cast = "CAST" if policy == "fail" else "TRY_CAST"
        values = [_value(cast, f"c{index}", one, kind) for index, (one, kind) in enumerate(columns)]
        pairs = [(f"c{index}", value) for index, value in enumerate(values) if value != f"c{index}"]
        bad = [f"({one} IS NOT NULL AND {value} IS NULL)" for one, value in pairs]
        nulled = 0
        if policy == "set_null" and bad:
            counts = " + ".join(f"ISNULL(SUM(CASE WHEN {one} THEN 1 ELSE 0 END), 0)" for one in bad)
            nulled = int(str(self.rows(f"SELECT {counts} FROM {given}")[0][0]))
        where = f" WHERE NOT ({' OR '.join(bad)})" if policy == "skip" and bad else ""
        return self.execute(f"INSERT INTO {name} ({listed}) SELECT {', '.join(values)} FROM {given}{where}"), nulled


def _declared(word: str, precision: object, scale: object) -> str:
    if word in ("decimal", "numeric"):
        return f"{word}({precision},{scale})"
    return f"{word}({scale})" if word in ("datetime2", "datetimeoffset", "time") else word


def _value(cast: str, name: str, column: Column, kind: Kind) -> str:
    """Return the SQL of a value. A cast to a text of some length would cut it off in silence, so that there is none; and one
    of an empty text or a mere sign would be 0, or the year 1900, so that they are made what fits nothing."""
    word = column.type.partition("(")[0]
    if column.family is Family.TEXT:
        return name
    if kind in (Kind.CHARARRAY, Kind.BYTEARRAY) and column.family is not Family.OTHER:
        name = f"CASE WHEN {name} IN ('', '-', '+') THEN 'none' ELSE {name} END"
    if kind in (Kind.FLOAT, Kind.DOUBLE) and column.family is Family.DECIMAL:
        # A decimal reads no exponent.
        return f"{cast}({cast}({name} AS float) AS {column.type})"
    if word in ("datetime", "smalldatetime"):
        # They read no more than three digits of a second.
        return f"{cast}({cast}({name} AS datetime2(3)) AS {word})"
    return f"{cast}({name} AS {column.type})"


def _check(batch: pa.RecordBatch, columns: Sequence[Column]) -> None:
    """Raise PermanentError for a text that its column would bend in silence."""
    for index, column in enumerate(columns):
        if column.type in _NARROW and any(one is not None and not one.isascii() for one in texts_of(batch)[index]):
            raise PermanentError(
                f"a text of the column '{column.name}' has letters beyond ASCII, and the column is a {column.type}, which may "
                "turn them into question marks. Make it an n" + f"{column.type}."
            )


def _chunks(batch: pa.RecordBatch) -> Iterator[tuple[int, str]]:
    """Yield the rows of a batch as JSON arrays of arrays of texts, each short enough for a statement, with their number."""
    lines: list[str] = []
    size = 0
    for row in zip(*texts_of(batch), strict=True):
        lines.append(json.dumps(row, separators=(",", ":")))
        size += len(lines[-1])
        if len(lines) == MOST_ROWS or size > MOST_CHARACTERS:
            yield len(lines), f"[{','.join(lines)}]"
            lines, size = [], 0
    if lines:
        yield len(lines), f"[{','.join(lines)}]"
