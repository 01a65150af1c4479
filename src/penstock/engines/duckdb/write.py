"""Outputs as COPY statements into a staging folder (component reference 5.1)."""

from __future__ import annotations

import gzip
from pathlib import Path

from penstock.engines.duckdb import casts
from penstock.engines.duckdb.types import column_of, quote, text_literal
from penstock.plan.dtypes import DType, Kind
from penstock.plan.operators import FileTarget, Write
from penstock.plan.ports import Context
from penstock.plan.schema import Schema

PREVIEW_LINES = 100
_ENDINGS = {"delimited": "csv", "json": "json", "parquet": "parquet"}
_TEXT = DType(Kind.CHARARRAY)


def file_name(target: FileTarget) -> str:
    """Return the name of the only part."""
    ending = "." + _ENDINGS[target.format] + (".gz" if target.compression == "gzip" else "")
    return f"{target.file_prefix}00000{ending if target.file_suffix is None else target.file_suffix}"


def copy_sql(write: Write, select: str, path: Path, counter: str, context: Context) -> str:
    """Return the statement that writes an output; *counter* is the sequence that counts its records."""
    target = write.target
    schema = write.given.schema
    columns = [_column(write, name, column, schema, context) for name, column in target.columns]
    counted = f"SELECT {', '.join(columns)} FROM ({select}) WHERE nextval('{counter}') > 0"
    return f"COPY ({counted}) TO {text_literal(str(path))} ({', '.join(_options(target))})"


def _options(target: FileTarget) -> list[str]:
    match target.format:
        case "parquet":
            return ["FORMAT parquet", f"COMPRESSION {target.parquet_compression.lower()}"]
        case "json":
            return ["FORMAT json", f"COMPRESSION {target.compression}"]
    # Values are escaped in their expressions where no qualifier does it, so the writer must not touch them.
    mark = target.quote or ""
    escape = (target.escape or target.quote or "") if target.quote else ""
    return [
        "FORMAT csv",
        f"HEADER {str(target.header).lower()}",
        f"DELIMITER {text_literal(target.delimiter)}",
        f"QUOTE {text_literal(mark)}",
        f"ESCAPE {text_literal(escape)}",
        "NULLSTR ''",
        f"COMPRESSION {target.compression}",
    ]


def _column(write: Write, name: str, column: str, schema: Schema, context: Context) -> str:
    found = schema.find(name)
    if found is None:
        raise KeyError(name)
    sql, kind = column_of(name), found.dtype.kind
    match write.target.format:
        case "parquet":
            made = _parquet(sql, kind)
        case "json":
            made = _json(sql, kind, write.component, name)
        case _:
            made = _delimited(sql, found.dtype, write, context)
    return f"{made} AS {quote(column)}"


def _parquet(sql: str, kind: Kind) -> str:
    if kind is Kind.DATETIME:
        return f"make_timestamptz(({sql}).t * 1000)"
    return f"ps_structure_to_json({sql})" if kind in (Kind.MAP, Kind.BAG, Kind.TUPLE) else sql


def _json(sql: str, kind: Kind, component: str, name: str) -> str:
    match kind:
        case Kind.DATETIME:
            return casts.datetime_to_text(sql)
        case Kind.MAP | Kind.BAG | Kind.TUPLE:
            return f"CAST(ps_structure_to_json({sql}) AS JSON)"
        case Kind.FLOAT | Kind.DOUBLE:
            message = text_literal(
                f"Component '{component}', field '{name}': JSON has no NaN and no infinity. Replace them in a Select."
            )
            return f"CASE WHEN {sql} IS NULL OR isfinite({sql}) THEN {sql} ELSE error({message}) END"
        case _:
            return sql


def _delimited(sql: str, dtype: DType, write: Write, context: Context) -> str:
    if dtype.kind in (Kind.INT, Kind.LONG, Kind.BOOLEAN):
        return sql
    target = write.target
    text = sql if dtype.kind is Kind.CHARARRAY else f"({casts.cast(sql, dtype, _TEXT, context)})"
    if dtype.kind in (Kind.FLOAT, Kind.DOUBLE):
        return text
    if target.quote is not None:
        return f"nullif({text}, '')"
    if target.escape is not None:
        for char in dict.fromkeys((target.escape, target.delimiter, "\n", "\r")):
            text = f"replace({text}, {text_literal(char)}, {text_literal(target.escape + char)})"
        return f"nullif({text}, '')"
    if dtype.kind is Kind.DATETIME and target.delimiter not in "0123456789-+:.TZ":
        return text
    message = text_literal(
        f"Component '{write.component}': a value holds the delimiter or a line break, and there is neither a qualifier "
        "nor an escape, so the file could not be read back. Set 'quote' or 'escape': "
    )
    test = " OR ".join(f"contains({text}, {text_literal(char)})" for char in (target.delimiter, "\n", "\r"))
    return f"CASE WHEN {test} THEN error({message} || {text}) ELSE nullif({text}, '') END"


def preview_of(path: Path, target: FileTarget) -> tuple[str | None, str | None]:
    """Return up to a hundred raw lines of a written file and their type; none for binary formats."""
    if target.format == "parquet":
        return None, None
    lines: list[str] = []
    with (
        gzip.open(path, "rt", encoding="utf-8")
        if target.compression == "gzip"
        else path.open(encoding="utf-8") as stream
    ):
        for line in stream:
            lines.append(line if len(line) <= 10_000 else line[:10_000] + "…\n")
            if len(lines) == PREVIEW_LINES:
                break
    return "".join(lines), "json" if target.format == "json" else "csv"
