"""Outputs as COPY statements into a staging folder (component reference 5.1)."""

from __future__ import annotations

import gzip
from pathlib import Path

from penstock.engines.duckdb import casts
from penstock.engines.duckdb.types import column_of, quote, text_literal
from penstock.errors import PermanentError
from penstock.plan.dtypes import DType, Kind
from penstock.plan.operators import FileTarget, Write
from penstock.plan.ports import Context
from penstock.plan.schema import Schema

PREVIEW_LINES = 100
_ENDINGS = {"delimited": "csv", "json": "json", "parquet": "parquet"}
_TEXT = DType(Kind.CHARARRAY)
_LETTERS = {
    Kind.BOOLEAN: "truefalse", Kind.INT: "0123456789-", Kind.LONG: "0123456789-", Kind.FLOAT: "0123456789-.ENaInfity",
    Kind.DOUBLE: "0123456789-.ENaInfity", Kind.DATETIME: "0123456789-+:.TZ",
}  # fmt: skip
"""What the text of a value can hold: where none of it has a meaning of its own, nothing is to be escaped."""
_MOST_MS = (2**63 - 1) // 1000


def file_name(target: FileTarget, number: int = 0) -> str:
    """Return the name of a part; this engine writes one."""
    ending = "." + _ENDINGS[target.format] + (".gz" if target.compression == "gzip" else "")
    return f"{target.file_prefix}{number:05d}{ending if target.file_suffix is None else target.file_suffix}"


def copy_sql(write: Write, select: str, path: Path, counter: str | None, context: Context) -> str:
    """Return the statement that writes an output; *counter* is the sequence that counts its records, if none below does."""
    target = write.target
    schema = write.given.schema
    made = [_column(write, name, column, schema, context) for name, column in target.columns]
    columns = [f"{sql} AS {quote(title)}" for sql, title in made]
    if target.format == "delimited" and not target.delimiter.isascii():
        columns = [_joined(made, target.delimiter)]
    counted = f"SELECT {', '.join(columns)} FROM ({select})"
    if counter is not None:
        counted += f" WHERE nextval('{counter}') > 0"
    return f"COPY ({counted}) TO {text_literal(str(path))} ({', '.join(_options(target))})"


def _options(target: FileTarget) -> list[str]:
    match target.format:
        case "parquet":
            codec = f"COMPRESSION {target.parquet_compression.lower()}"
            # Filters help those who look for single values, and cost a tenth of the time that a file takes.
            return ["FORMAT parquet", codec, "WRITE_BLOOM_FILTER false"]
        case "json":
            return ["FORMAT json", f"COMPRESSION {target.compression}"]
    mark = "" if _is_ours(target) else target.quote or ""
    return [
        "FORMAT csv",
        f"HEADER {str(target.header).lower()}",
        f"DELIMITER {text_literal(target.delimiter if target.delimiter.isascii() else ',')}",
        f"QUOTE {text_literal(mark)}",
        f"ESCAPE {text_literal(mark)}",
        "NULLSTR ''",
        f"COMPRESSION {target.compression}",
    ]


def _joined(columns: list[tuple[str, str]], delimiter: str) -> str:
    """Return a whole line as one column: DuckDB's writer dies of a delimiter outside ASCII."""
    # Added to nothing the text of a shared function is DuckDB's own; of another's `coalesce` keeps no more than a pointer.
    values = [f"coalesce(CAST({sql} AS VARCHAR) || '', '')" for sql, _ in columns]
    return (
        f"{f' || {text_literal(delimiter)} || '.join(values)} AS {quote(delimiter.join(title for _, title in columns))}"
    )


def _column(write: Write, name: str, column: str, schema: Schema, context: Context) -> tuple[str, str]:
    """Return the value of a column as it is to be written, and its name."""
    found = schema.find(name)
    if found is None:
        raise KeyError(name)
    sql, kind = column_of(name), found.dtype.kind
    match write.target.format:
        case "parquet":
            made = _parquet(sql, found.dtype, write.component, name, context)
        case "json":
            made = _json(sql, kind, write.component, name)
        case _:
            made = _delimited(sql, found.dtype, write, context)
    return made, _title(column, write)


def _is_ours(target: FileTarget) -> bool:
    """Tell whether values and names are given to DuckDB as they are to be written: with an escape it would escape only what
    it quotes, and a line that is one column must not be quoted."""
    return target.escape is not None or not target.delimiter.isascii()


def _title(column: str, write: Write) -> str:
    """Return a column as it stands in the first line. Raises PermanentError when it could not be read back."""
    target = write.target
    if target.format != "delimited" or not target.header or (target.quote is not None and not _is_ours(target)):
        return column
    has_break = any(char in column for char in (target.delimiter, "\n", "\r"))
    if target.escape is None and target.quote is None:
        if has_break:
            raise PermanentError(
                f"Component '{write.component}': the column '{column}' holds the delimiter or a line break, and there is "
                "neither a qualifier nor an escape. Set 'quote' or 'escape', or give it another name in 'mapping'."
            )
        return column
    escape = target.escape or target.quote or ""
    made = column
    for char in _escaped(target):
        made = made.replace(char, escape + char)
    if target.quote is not None and (has_break or target.quote in column):
        return target.quote + made + target.quote
    return made


def _escaped(target: FileTarget) -> list[str]:
    """Return what an escape, or a qualifier that is doubled, stands before, itself first; inside a qualifier delimiter and
    line breaks need none."""
    escape = target.escape or target.quote or ""
    return list(dict.fromkeys((escape, target.quote) if target.quote else (escape, target.delimiter, "\n", "\r")))


def _parquet(sql: str, dtype: DType, component: str, name: str, context: Context) -> str:
    kind = dtype.kind
    if kind is Kind.DATETIME:
        message = text_literal(
            f"Component '{component}', field '{name}': a date-time is too far away for the microseconds of Parquet. "
            "Cast it to chararray or long in a Select."
        )
        held = f"abs(({sql}).t) <= {_MOST_MS}"
        return f"make_timestamptz(CASE WHEN {sql} IS NULL OR {held} THEN ({sql}).t ELSE error({message}) END * 1000)"
    return casts.cast(sql, dtype, _TEXT, context) if dtype.is_complex or kind is Kind.BYTEARRAY else sql


def _json(sql: str, kind: Kind, component: str, name: str) -> str:
    match kind:
        case Kind.DATETIME:
            return casts.datetime_to_text(sql)
        case Kind.MAP | Kind.BAG | Kind.TUPLE | Kind.BYTEARRAY:
            return f"CAST(ps_structure_to_json({sql}) AS JSON)"
        case Kind.FLOAT | Kind.DOUBLE:
            message = text_literal(
                f"Component '{component}', field '{name}': JSON has no NaN and no infinity. Replace them in a Select."
            )
            # A float has its own digits: as a double 0.1 would be 0.10000000149011612.
            digits = f"CAST(CAST({sql} AS VARCHAR) AS JSON)" if kind is Kind.FLOAT else sql
            return f"CASE WHEN {sql} IS NULL OR isfinite({sql}) THEN {digits} ELSE error({message}) END"
        case _:
            return sql


def _delimited(sql: str, dtype: DType, write: Write, context: Context) -> str:
    target = write.target
    meant = {target.delimiter, target.quote, target.escape}
    plain = dtype.kind in _LETTERS and not meant.intersection(_LETTERS[dtype.kind])
    if plain and dtype.kind in (Kind.INT, Kind.LONG, Kind.BOOLEAN):
        return sql
    text = sql if dtype.kind is Kind.CHARARRAY else f"({casts.cast(sql, dtype, _TEXT, context)})"
    if plain:
        return text
    if target.escape is not None or (target.quote is not None and _is_ours(target)):
        return f"nullif({_written(text, target)}, '')"
    if target.quote is not None:
        return f"nullif({text}, '')"
    message = text_literal(
        f"Component '{write.component}': a value holds the delimiter or a line break, and there is neither a qualifier "
        "nor an escape, so the file could not be read back. Set 'quote' or 'escape': "
    )
    test = " OR ".join(f"contains({text}, {text_literal(char)})" for char in (target.delimiter, "\n", "\r"))
    return f"CASE WHEN {test} THEN error({message} || {text}) ELSE nullif({text}, '') END"


def _written(text: str, target: FileTarget) -> str:
    """Return the expression of a text with its escapes, and its qualifiers where it needs them."""
    escape = target.escape or target.quote or ""
    made = text
    for char in _escaped(target):
        made = f"replace({made}, {text_literal(char)}, {text_literal(escape + char)})"
    if target.quote is None:
        return made
    mark = text_literal(target.quote)
    test = " OR ".join(
        f"contains({text}, {text_literal(char)})" for char in (target.delimiter, target.quote, "\n", "\r")
    )
    return f"CASE WHEN {test} THEN {mark} || {made} || {mark} ELSE {made} END"


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
