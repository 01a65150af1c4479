"""Parquet sources as DuckDB relations: columns by name, cast to the declared types (component reference 3.1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace

import duckdb

from penstock.engines.duckdb import casts
from penstock.engines.duckdb.counting import passing
from penstock.engines.duckdb.fields import Given, counted_null, from_text
from penstock.engines.duckdb.locations import file_names, files_sql
from penstock.engines.duckdb.types import SQL_TYPES, column_of, quote, text_literal
from penstock.errors import PermanentError
from penstock.plan.dtypes import CHARARRAY, DATETIME, DType, Kind
from penstock.plan.operators import REJECTION, Scan, ScanField
from penstock.plan.ports import BoundSource, Context, FileEntry

Describe = Callable[[str], dict[str, str]]
"""Tells the columns of a relation and their DuckDB types."""
Items = tuple[ScanField, ...]
"""The columns of files, one for each field; those that land have names of their own."""
_FILE = "the file of a record"
"""A column that no file has."""
_ROW = "file_row_number"
"""DuckDB's own name for the number of a record in its file, from 0."""


def parquet_sql(scan: Scan, bound: BoundSource, context: Context, counter: str, describe: Describe) -> str:
    """Return a SELECT over Parquet files with the schema of *scan*; *counter* is the place where records are counted, and with
    `_skipped` behind it the one that counts those that are left out, where it is mentioned; those of `null_tally` count values
    that became null.

    Files with columns of other types are read apart: DuckDB would cast all to the types of the first one.
    """
    if not bound.files:
        nulls = ", ".join(f"CAST(NULL AS {SQL_TYPES[one.dtype.kind]}) AS {column_of(one.name)}" for one in scan.schema)
        return f"SELECT {nulls} WHERE false"
    groups: dict[tuple[str, ...], list[FileEntry]] = defaultdict(list)
    for file in bound.files:
        groups[_types(scan, bound.spec.fields, file, describe)].append(file)
    parts = [_select(scan, bound.spec.fields, tuple(files), types, context, counter) for types, files in groups.items()]
    return " UNION ALL ".join(f"({part})" for part in parts) if len(parts) > 1 else parts[0]


def _relation(files: tuple[FileEntry, ...], pseudo: frozenset[str | None] = frozenset()) -> str:
    # A folder named 'id=5' is no column, and must not take the place of one.
    options = ["hive_partitioning = false"]
    if "file_path" in pseudo:
        options.append(f"filename = {text_literal(_FILE)}")
    if "line_number" in pseudo:
        options.append(f"{_ROW} = true")
    return f"read_parquet({files_sql(files)}, {', '.join(options)})"


def _types(scan: Scan, items: Items, file: FileEntry, describe: Describe) -> tuple[str, ...]:
    """Return the DuckDB types of the columns that are read, none for a pseudo field. Raises PermanentError."""
    try:
        types = describe(_relation((file,)))
    except duckdb.Error as error:
        said = " ".join(str(error).split("\n")[0].replace(file.location, file.name).split())
        raise PermanentError(
            f"Component '{scan.component}': {file.name} cannot be read as Parquet: {said.rstrip('.')}. Put a whole file there."
        ) from error
    for item in items:
        if item.pseudo == "line_number" and _ROW in {name.lower() for name in types}:
            raise PermanentError(
                f"Component '{scan.component}': {file.name} has a column '{_ROW}', so its records cannot be numbered. "
                "Leave the pseudo field line_number out."
            )
        if item.name is not None and item.name not in types:
            raise PermanentError(
                f"Component '{scan.component}': {file.name} has no column '{item.name}'. It has: {', '.join(types)}."
            )
    return tuple("" if item.name is None else types[item.name] for item in items)


def null_tally(counter: str, name: str, scan: Scan) -> str:
    """Return the sequence that counts the values of a field that became null."""
    return f"{counter}_bad_{scan.listed.names.index(name)}"


def _select(
    scan: Scan, items: Items, files: tuple[FileEntry, ...], types: tuple[str, ...], context: Context, counter: str
) -> str:
    columns, kept, skipped = [], [], f"{counter}_skipped"
    reasons: list[str] = []
    for item, field, sql_type in zip(items, scan.listed, types, strict=True):
        if item.name is None:
            pseudo = f"{_ROW} + 1" if item.pseudo == "line_number" else file_names(files, quote(_FILE))
            columns.append(f"{pseudo} AS {column_of(field.name)}")
            continue
        given = quote(item.name)
        counts = scan.source.on_bad_value == "set_null"
        instead = counted_null(field.dtype.kind, null_tally(counter, field.name, scan)) if counts else "NULL"
        sql = _from_column(_Column(given, sql_type, field.dtype.kind, context, instead))
        bad = f"{given} IS NOT NULL AND ({sql}) IS NULL"
        if scan.source.on_bad_value == "skip":
            kept.append(f"NOT ({bad})")
            said = text_literal(f"Field '{field.name}': the value '")
            tail = text_literal(f"' is no {field.dtype.kind.value}.")
            reason = f"{said} || CAST({given} AS VARCHAR) || {tail}"
            reasons.append(f"WHEN {bad} THEN CASE WHEN nextval('{skipped}') > 0 THEN {reason} END")
        elif scan.source.on_bad_value == "fail":
            place = text_literal(f"Component '{scan.component}', field '{field.name}': the value '")
            remedy = text_literal(f"' is no {field.dtype.kind.value}. Correct it, or choose set_null or skip for it.")
            sql = f"CASE WHEN {bad} THEN error({place} || CAST({given} AS VARCHAR) || {remedy}) ELSE ({sql}) END"
        columns.append(f"({sql}) AS {column_of(field.name)}")
    needed = {item.pseudo for item in items}
    if scan.keeps_rejected:
        needed |= {"file_path", "line_number"}
        columns += _rejection(scan, items, files, reasons)
    counted = f"{_relation(files, frozenset(needed))} WHERE {passing(counter)}"
    if kept and not scan.keeps_rejected:
        test = f"CASE WHEN {' AND '.join(kept)} THEN true ELSE nextval('{skipped}') < 0 END"
        return f"SELECT {', '.join(columns)} FROM (SELECT * FROM {counted}) WHERE {test}"
    return f"SELECT {', '.join(columns)} FROM {counted}"


def _rejection(scan: Scan, items: Items, files: tuple[FileEntry, ...], reasons: list[str]) -> list[str]:
    """Return the columns that say which records are rejected, and why: a record is the JSON of the columns that are read."""
    pairs = zip(scan.source.fields, items, strict=True)
    columns = {
        item.name: held.name for item, held in reversed([*pairs]) if item.name is not None and held.name is not None
    }
    packed = ", ".join(f"{quote(name)} := {quote(held)}" for name, held in reversed(columns.items()))
    record = f"CAST(to_json(struct_pack({packed})) AS VARCHAR)"
    reason = f"CASE {' '.join(reasons)} END" if reasons else "CAST(NULL AS VARCHAR)"
    place = f"{file_names(files, quote(_FILE))} || ', record ' || ({_ROW} + 1)"
    return [f"{sql} AS {column_of(name)}" for sql, name in zip((record, reason, place), REJECTION, strict=True)]


_INTEGERS = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "HUGEINT"}
)


_WITHIN = {
    Kind.INT: frozenset({"BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT"}),
    Kind.LONG: _INTEGERS - {"UBIGINT", "HUGEINT"} | {"BOOLEAN"},
}
"""The types of columns of which every value fits a kind."""


def decimal_to_text(column: str, sql_type: str) -> str:
    """Return a decimal as text; DuckDB leaves out the zero before the point where there is never another digit.

    >>> decimal_to_text("d", "DECIMAL(9,2)")
    'CAST(d AS VARCHAR)'
    """
    text = f"CAST({column} AS VARCHAR)"
    precision, scale = _digits(sql_type)
    return f"regexp_replace({text}, '^(-?)\\.', '\\10.')" if precision == scale else text


def _digits(sql_type: str) -> tuple[int, int]:
    """Return precision and scale of a decimal."""
    precision, _, scale = sql_type.partition("(")[2].rstrip(")").partition(",")
    return int(precision), int(scale)


def _loses(sql_type: str, kind: Kind) -> bool:
    """Tell whether DuckDB's own cast may give another real number than the nearest one: it divides what it holds of all
    digits by a power of ten, of which the real number has to hold every one for that."""
    return sql_type.startswith("DECIMAL") and _digits(sql_type)[0] > (7 if kind is Kind.FLOAT else 15)


def _milliseconds(column: str, sql_type: str) -> str:
    """Return milliseconds since 1970. What is smaller is cut off, as of a text: toward the past also before 1970, where
    DuckDB's own function goes toward 1970, and its cast of nanoseconds to the nearest microsecond."""
    if sql_type not in ("TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_NS"):
        # A cast of a zoned timestamp to a plain one would go through the time zone of the host.
        return f"epoch_ms({column})" if sql_type == "DATE" else f"epoch_ms(CAST({column} AS TIMESTAMP))"
    unit, size = ("ns", 1_000_000) if sql_type == "TIMESTAMP_NS" else ("us", 1000)
    count = f"epoch_{unit}({column})"
    return f"({count} // {size} - CAST({count} % {size} < 0 AS BIGINT))"


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of *sql_type* that is read as *kind*; *bad* is the SQL of what a value that does not fit becomes: a null of any
    kind, that may count."""

    sql: str
    sql_type: str
    kind: Kind
    context: Context
    bad: str = "NULL"

    def text(self, text: str) -> str:
        """Return a text of the column as the type."""
        return from_text(Given(text, self.kind, self.context, bad=self.bad))

    def tried(self, sql: str) -> str:
        """Return a conversion that is null for what does not fit."""
        if self.bad == "NULL":
            return sql
        return f"CASE WHEN {self.sql} IS NOT NULL THEN coalesce({sql}, {self.bad}) END"

    def none(self) -> str:
        """Return what stands for a column of whose values none fits."""
        return (
            f"CASE WHEN {self.sql} IS NOT NULL THEN {self.bad} END"
            if self.bad != "NULL"
            else f"NULL::{SQL_TYPES[self.kind]}"
        )


def _from_column(column: _Column) -> str:
    """Return a typed column as the declared type; what does not fit is null."""
    given, sql_type, kind = column.sql, column.sql_type, column.kind
    if sql_type == "BLOB":
        if kind is Kind.BYTEARRAY:
            return f"CASE WHEN {given} IS NULL THEN NULL ELSE '{{\"x\":\"' || base64({given}) || '\"}}' END"
        decoded = replace(column, bad="NULL").text(f"TRY(decode({given}))")
        return column.tried(f"({decoded}) || ''" if kind in (Kind.MAP, Kind.BAG) else decoded)
    if sql_type == "VARCHAR":
        return column.text(given)
    if sql_type.endswith("[]") or sql_type.startswith(("STRUCT", "MAP", "JSON")):
        text = f"CAST(to_json({given}) AS VARCHAR)"
        if kind not in (Kind.MAP, Kind.BAG):
            return column.text(text)
        made = f"ps_json_structure({text}, '{kind.value}')"
        # `coalesce` loses a text that is not DuckDB's own.
        return made if column.bad == "NULL" else column.tried(f"{made} || ''")
    if sql_type.startswith(("TIMESTAMP", "DATE")):
        return _from_moment(column)
    if sql_type in ("BOOLEAN", "FLOAT", "DOUBLE", *_INTEGERS) or sql_type.startswith("DECIMAL"):
        return _from_number(column)
    return column.text(f"CAST({given} AS VARCHAR)")


def _from_moment(column: _Column) -> str:
    ms = _milliseconds(column.sql, column.sql_type)
    # What has no zone is in that of the job, as texts are.
    zone = 0 if column.sql_type == "TIMESTAMP WITH TIME ZONE" else column.context.zone_minutes
    ms = f"({ms} - {zone * 60_000})" if zone else ms
    instant = casts.instant(ms, str(zone))
    match column.kind:
        case Kind.DATETIME:
            return instant
        case Kind.BOOLEAN | Kind.MAP | Kind.BAG:
            return column.none()
        case Kind.INT:
            # The cast of the language would wrap round.
            return column.tried(f"TRY_CAST({ms} AS INTEGER)")
        case Kind.BYTEARRAY:
            return column.text(casts.cast(f"({instant})", DATETIME, CHARARRAY, column.context))
        case kind:
            return casts.cast(f"({instant})", DATETIME, DType(kind), column.context)


def _from_number(column: _Column) -> str:
    given, sql_type = column.sql, column.sql_type
    real = sql_type in ("FLOAT", "DOUBLE") or sql_type.startswith("DECIMAL")
    match column.kind:
        case Kind.INT | Kind.LONG as kind:
            target = "INTEGER" if kind is Kind.INT else "BIGINT"
            if sql_type in _WITHIN[kind]:
                return f"CAST({given} AS {target})"
            return column.tried(f"TRY_CAST(trunc({given}) AS {target})" if real else f"TRY_CAST({given} AS {target})")
        case Kind.FLOAT | Kind.DOUBLE as kind:
            exact = decimal_to_text(given, sql_type) if _loses(sql_type, kind) else given
            return f"TRY_CAST({exact} AS {kind.value.upper()})"
        case Kind.BOOLEAN:
            return given if sql_type == "BOOLEAN" else f"({given} <> 0)"
        case Kind.CHARARRAY:
            return _number_to_text(given, sql_type)
        case Kind.DATETIME if sql_type in _INTEGERS:
            instant = casts.instant(f"TRY_CAST({given} AS BIGINT)", str(column.context.zone_minutes))
            return instant if sql_type in _WITHIN[Kind.LONG] else column.tried(instant)
        case _:
            return column.text(_number_to_text(given, sql_type))


def _number_to_text(given: str, sql_type: str) -> str:
    if sql_type in ("FLOAT", "DOUBLE"):
        return casts.real_to_text(given, Kind.FLOAT if sql_type == "FLOAT" else Kind.DOUBLE)
    return decimal_to_text(given, sql_type) if sql_type.startswith("DECIMAL") else f"CAST({given} AS VARCHAR)"
