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

from penstock.connectors.databases import sifting
from penstock.connectors.databases.dbapi import answer
from penstock.connectors.databases.limits import top
from penstock.connectors.databases.lines import StagedFiles, texts_of
from penstock.connectors.databases.misfits import Misfit
from penstock.connectors.databases.sifting import Bad
from penstock.connectors.databases.sqlserver.session import BEGIN, COMMIT, ROLLBACK, SPEECH, connected, literal, quoted
from penstock.connectors.databases.targets import Column, Family, Item, Loaded, Table, update_from
from penstock.connectors.places import Place
from penstock.errors import PermanentError, TransientError
from penstock.plan.dtypes import Kind
from penstock.plan.ports import Connection

MOST_ROWS = 10_000
MOST_CHARACTERS = 4 << 20
"""Of the JSON of one statement."""
_SHOWN = 100
"""Characters of a value that are shown."""
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
_COLUMNS = """SELECT c.name, TYPE_NAME(c.system_type_id), c.precision, c.scale, c.max_length FROM sys.columns c
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
            Column(str(one), _declared(str(word), *sizes), _FAMILIES.get(str(word), Family.NONE))
            for one, word, *sizes in self.rows(_COLUMNS.format(name=literal(name)))
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
        columns = _columns(table, items)
        if on_bad_value == "fail":
            return Loaded(sum(self._added(table.name, columns, batch) for batch in files.batches()))
        return sifting.load(
            files,
            lambda batch: self._bad(columns, batch),
            lambda batch: self._added(table.name, columns, batch),
            on_bad_value,
        )

    def misfits(self, table: Table, items: Sequence[Item], files: StagedFiles) -> Iterator[Misfit]:
        """Yield the values that do not fit (`misfits.Sifting`)."""
        columns = _columns(table, items)
        return sifting.misfits(files, items, lambda batch: self._bad(columns, batch))

    def _added(self, name: str, columns: Sequence[tuple[Column, Kind]], batch: pa.RecordBatch) -> int:
        """Add a batch to a table; returns how many records arrived."""
        for one in _narrow(batch, columns):
            column, _ = columns[one.column]
            raise PermanentError(
                f"a value of the column '{column.name}' does not fit: {one.reason}. Make it an n{column.type}."
            )
        listed = ", ".join(quoted(column.name) for column, _ in columns)
        values = ", ".join(_value("CAST", f"c{index}", *one) for index, one in enumerate(columns))
        read = _read(len(columns))
        return sum(
            self.execute(f"INSERT INTO {name} ({listed}) SELECT {values} FROM OPENJSON({literal(lines)}) {read}")
            for lines in _chunks(batch)
        )

    def _bad(self, columns: Sequence[tuple[Column, Kind]], batch: pa.RecordBatch) -> list[Bad]:
        """Return the values of a batch that do not fit (`sifting.Sieve`)."""
        found = _narrow(batch, columns)
        tried = [(index, f"c{index}", _value("TRY_CAST", f"c{index}", *one)) for index, one in enumerate(columns)]
        tests = [
            (index, name, f"{name} IS NOT NULL AND {value} IS NULL") for index, name, value in tried if value != name
        ]
        if not tests:
            return found
        numbers = pa.array(range(batch.num_rows), pa.int64())
        sound = sifting.without(batch, found, "set_null")
        given = pa.RecordBatch.from_arrays([*sound.columns, numbers], [*map(str, range(len(columns))), "number"])
        shown = ", ".join(f"CASE WHEN {test} THEN LEFT({name}, {_SHOWN}) END" for _, name, test in tests)
        either = " OR ".join(f"({test})" for _, _, test in tests)
        read = _read(len(columns), number=True)
        for lines in _chunks(given):
            sql = f"SELECT number, {shown} FROM OPENJSON({literal(lines)}) {read} WHERE {either}"
            for row, *texts in self.rows(sql):
                found += (
                    Bad(int(str(row)), index, f"the value '{text}' is no {columns[index][0].type}")
                    for (index, _, _), text in zip(tests, texts, strict=True)
                    if text is not None
                )
        return found


def _columns(table: Table, items: Sequence[Item]) -> list[tuple[Column, Kind]]:
    types = {one.name: one for one in table.columns}
    return [(types[one.column], one.kind) for one in items]


def _read(count: int, *, number: bool = False) -> str:
    """Return how OPENJSON gives so many texts, and the *number* behind them."""
    read = [f"c{index} nvarchar(max) '$[{index}]'" for index in range(count)]
    if number:
        read.append(f"number int '$[{count}]'")
    return f"WITH ({', '.join(read)}) AS given"


def _declared(word: str, precision: object, scale: object, size: object) -> str:
    if word in ("decimal", "numeric"):
        return f"{word}({precision},{scale})"
    if _FAMILIES.get(word) is Family.TEXT:
        bytes_of_all = int(str(size))
        return f"{word}(max)" if bytes_of_all < 0 else f"{word}({bytes_of_all // (2 if word.startswith('n') else 1)})"
    return f"{word}({scale})" if word in ("datetime2", "datetimeoffset", "time") else word


def _value(cast: str, name: str, column: Column, kind: Kind) -> str:
    """Return the SQL of a value. A cast to a text of some length would cut it off in silence, so that there is none; and one
    of an empty text or a mere sign would be 0, or the year 1900, so that they are made what fits nothing."""
    word, _, digits = column.type.partition("(")
    if column.family is Family.TEXT:
        # Blanks at the end may be cut off; those of a text that is shorter without them are left to the column.
        length = digits.removesuffix(")")
        is_tried = cast == "TRY_CAST" and length.isdigit()
        return f"CASE WHEN DATALENGTH(RTRIM({name})) <= {2 * int(length)} THEN {name} END" if is_tried else name
    if kind in (Kind.CHARARRAY, Kind.BYTEARRAY) and column.family is not Family.OTHER:
        name = f"CASE WHEN {name} IN ('', '-', '+') THEN 'none' ELSE {name} END"
    if kind in (Kind.FLOAT, Kind.DOUBLE) and column.family is Family.DECIMAL:
        # A decimal reads no exponent.
        return f"{cast}({cast}({name} AS float) AS {column.type})"
    if word in ("datetime", "smalldatetime"):
        # They read no more than three digits of a second.
        return f"{cast}({cast}({name} AS datetime2(3)) AS {word})"
    return f"{cast}({name} AS {column.type})"


def _narrow(batch: pa.RecordBatch, columns: Sequence[tuple[Column, Kind]]) -> list[Bad]:
    """Return the texts that their column would bend in silence."""
    found = []
    for index, (column, _) in enumerate(columns):
        if column.type.partition("(")[0] not in _NARROW:
            continue
        reason = f"the text has letters beyond ASCII, which a {column.type} may turn into question marks"
        values = texts_of(batch.select([index]))[0]
        found += [Bad(row, index, reason) for row, one in enumerate(values) if one is not None and not one.isascii()]
    return found


def _chunks(batch: pa.RecordBatch) -> Iterator[str]:
    """Yield the rows of a batch as JSON arrays of arrays of texts, each short enough for a statement."""
    lines: list[str] = []
    size = 0
    for row in zip(*texts_of(batch), strict=True):
        lines.append(json.dumps(row, separators=(",", ":")))
        size += len(lines[-1])
        if len(lines) == MOST_ROWS or size > MOST_CHARACTERS:
            yield f"[{','.join(lines)}]"
            lines, size = [], 0
    if lines:
        yield f"[{','.join(lines)}]"
