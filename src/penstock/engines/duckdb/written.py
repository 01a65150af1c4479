"""Values as files hold them, and what becomes of those that do not fit (component reference 2.8, 5.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from penstock.engines.duckdb import casts
from penstock.engines.duckdb.counting import passing
from penstock.engines.duckdb.hashing import Summing, summing
from penstock.engines.duckdb.rejecting import Rejecting, numbered
from penstock.engines.duckdb.types import column_of, quote, text_literal
from penstock.errors import PermanentError
from penstock.plan.dtypes import DType, Kind
from penstock.plan.operators import FileTarget, Write
from penstock.plan.ports import Context
from penstock.plan.schema import Schema

TEXT = DType(Kind.CHARARRAY)
_LETTERS = {
    Kind.BOOLEAN: "truefalse", Kind.INT: "0123456789-", Kind.LONG: "0123456789-", Kind.FLOAT: "0123456789-.ENaInfity",
    Kind.DOUBLE: "0123456789-.ENaInfity", Kind.DATETIME: "0123456789-+:.TZ",
}  # fmt: skip
"""What the text of a value can hold: where none of it has a meaning of its own, nothing is to be escaped."""
_BYTES = '{"x":"'
"""How the canonical text of bytes begins (`penstock.plan.values`); two characters end it."""
_MOST_MS = (2**63 - 1) // 1000
EXCEL_CHARACTERS = 32_767
"""What a cell holds, in units of UTF-16."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column as it is written: its SQL and its name. Where *bad*, a condition, holds, the value does not fit the file, and
    *said*, an SQL text, says why and what to do; *why*, an SQL text as well, says the former alone."""

    sql: str
    title: str
    bad: str = ""
    said: str = ""
    why: str = ""


@dataclass(slots=True)
class Shaped:
    """The records of an output as its file holds them. *tallies* are sequences that count what did not fit: each says at the
    end what its sentence says, with `{count}`. *summing* adds up its records, where that is wanted."""

    sql: str
    columns: list[tuple[str, str]]
    tallies: dict[str, str] = field(default_factory=dict)
    summing: Summing | None = None


def is_ours(target: FileTarget) -> bool:
    """Tell whether values and names are given to the writer as they are to be written: with an escape DuckDB would escape
    only what it quotes, and a line that is one column must not be quoted."""
    return target.escape is not None or not target.delimiter.isascii() or target.is_streamed


def shaped(
    write: Write, select: str, counter: str | None, stem: str, context: Context, rejects: Rejecting | None = None
) -> Shaped:
    """Return the columns of an output over `given`, the records that are counted by *counter* (None: they are counted below).
    *stem* is the stem of the names of sequences; *rejects* keep what is left out, where somebody reads it."""
    target, policy = write.target, write.target.on_bad_value
    schema = write.given.schema
    partitions = [name for name in target.partition_by if name not in {one for one, _ in target.columns}]
    made = [_column(write, name, column, schema, context) for name, column in target.columns]
    bad = [one for one in made if one.bad]
    tallies: dict[str, str] = {}
    nulled = policy == "set_null"
    values = [
        f"CASE WHEN {one.bad} THEN NULL ELSE {column_of(name)} END" if one.bad and nulled else column_of(name)
        for one, (name, _) in zip(made, target.columns, strict=True)
    ]
    sums = summing(write, [*values, *map(column_of, partitions)], stem) if context.sums else None
    tests = [passing(counter)] if counter is not None else []
    tests += [sums.test] if sums is not None else []
    counted = " AND ".join(tests) or "true"
    where = f" WHERE {counted}" if tests else ""
    if policy == "skip" and bad:
        tally = f"{stem}_skipped"
        tallies[tally] = skipped_said(write.component)
        test = " OR ".join(f"({one.bad})" for one in bad)
        left_out = f"nextval('{tally}') < 0"
        if rejects is not None:
            select, names = numbered(select), [column for _, column in target.columns]
            left_out = (
                f"CASE WHEN nextval('{tally}') > 0 THEN {rejects.call(write, _reason(made, names))} ELSE false END"
            )
        where = f" WHERE CASE WHEN {test} THEN {left_out} ELSE {counted} END"
    columns = []
    for at, one in enumerate(made):
        sql = one.sql
        if one.bad and policy == "fail":
            sql = f"CASE WHEN {one.bad} THEN error({one.said}) ELSE {sql} END"
        elif one.bad and policy == "set_null":
            tally = f"{stem}_bad_{at}"
            name = target.columns[at][0]
            tallies[tally] = (
                f"{write.component}: {{count}} got null for '{name}', for its value cannot be written there"
            )
            sql = f"CASE WHEN {one.bad} THEN CASE WHEN nextval('{tally}') < 0 THEN {sql} END ELSE {sql} END"
        columns.append((sql, one.title))
    needed = [column_of(name) for name in dict.fromkeys([*(name for name, _ in target.columns), *partitions])]
    below = f"SELECT {', '.join(needed)} FROM ({select}){where}"
    return Shaped(below, columns, tallies, sums)


def _reason(made: list[Column], names: Sequence[str]) -> str:
    """Return the SQL of why a record is left out; *names* are those of its columns."""
    heads = [text_literal(f"Column '{name}': ") for name in names]
    said = [
        f"CASE WHEN {one.bad} THEN {head} || {one.why} || '.' END"
        for one, head in zip(made, heads, strict=True)
        if one.bad
    ]
    return f"concat_ws(' ', {', '.join(said)})"


def skipped_said(component: str) -> str:
    """Return what is said of the records that an output leaves out."""
    return f"{component}: {{count}} left out, for a value cannot be written there"


def _column(write: Write, name: str, column: str, schema: Schema, context: Context) -> Column:
    """Return how a field is written, and under which name."""
    found = schema.find(name)
    if found is None:
        raise KeyError(name)
    sql, kind = column_of(name), found.dtype.kind
    title = _title(column, write)
    place = f"Component '{write.component}', field '{name}': "
    made = _as_written(sql, found.dtype, write, place, title, context)
    return _text_alone(sql, made, place) if kind is Kind.BYTEARRAY else made


def _text_alone(sql: str, made: Column, place: str) -> Column:
    """Return how a value without a type is written, which is bad where it is bytes that are no text."""
    said = text_literal(
        f"{place}a value is bytes that are no text in UTF-8, which is written as text. Leave the field out, or choose "
        "set_null or skip for it."
    )
    why = text_literal("the value is bytes that are no text in UTF-8")
    bad = f"CASE WHEN starts_with({sql}, '{_BYTES}') THEN TRY(decode(from_base64({sql}[7:-3]))) IS NULL ELSE false END"
    if made.bad:
        why = f"CASE WHEN {bad} THEN {why} ELSE {made.why} END"
        said, bad = f"CASE WHEN {bad} THEN {said} ELSE {made.said} END", f"({bad}) OR {made.bad}"
    return replace(made, bad=bad, said=said, why=why)


def _as_written(sql: str, dtype: DType, write: Write, place: str, title: str, context: Context) -> Column:
    kind = dtype.kind
    match write.target.format:
        case "parquet":
            return _parquet(sql, dtype, place, title, context)
        case "json" | "json_array":
            return _json(sql, kind, place, title)
        case "avro":
            return Column(_plain(sql, dtype, context), title)
        case "excel":
            return _excel(sql, dtype, place, title, context)
        case "raw":
            said = text_literal(
                f"{place}a value holds a line break, so it would be several records. Replace it in a Select."
            )
            breaks = " OR ".join(f"contains({sql}, {text_literal(char)})" for char in "\n\r")
            return Column(sql, title, breaks, said, text_literal("the value holds a line break"))
        case _:
            return _delimited(sql, dtype, write, title, context)


def titles_of(write: Write) -> list[str]:
    """Return the columns as they stand in the first line. Raises PermanentError when one could not be read back."""
    return [_title(column, write) for _, column in write.target.columns]


def _title(column: str, write: Write) -> str:
    """Return a column as it stands in the first line. Raises PermanentError when it could not be read back."""
    target = write.target
    if target.format != "delimited" or not target.header or (target.quote is not None and not is_ours(target)):
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


def _parquet(sql: str, dtype: DType, place: str, title: str, context: Context) -> Column:
    kind = dtype.kind
    if kind is Kind.DATETIME:
        said = text_literal(
            f"{place}a date-time is too far away for the microseconds of Parquet. "
            "Cast it to chararray or long in a Select."
        )
        # A date-time that is too far away is never multiplied, for that would fail.
        held = f"make_timestamptz(CASE WHEN abs(({sql}).t) <= {_MOST_MS} THEN ({sql}).t END * 1000)"
        why = text_literal("the date-time is too far away for the microseconds of Parquet")
        return Column(held, title, f"abs(({sql}).t) > {_MOST_MS}", said, why)
    text = casts.cast(sql, dtype, TEXT, context) if dtype.is_complex or kind is Kind.BYTEARRAY else sql
    return Column(text, title)


def _json(sql: str, kind: Kind, place: str, title: str) -> Column:
    match kind:
        case Kind.DATETIME:
            return Column(casts.datetime_to_text(sql), title)
        case Kind.MAP | Kind.BAG | Kind.TUPLE | Kind.BYTEARRAY:
            return Column(f"CAST(ps_structure_to_json({sql}) AS JSON)", title)
        case Kind.FLOAT | Kind.DOUBLE:
            said = text_literal(f"{place}JSON has no NaN and no infinity. Replace them in a Select.")
            # A float has its own digits: as a double 0.1 would be 0.10000000149011612.
            digits = f"CAST(CAST({sql} AS VARCHAR) AS JSON)" if kind is Kind.FLOAT else sql
            finite = f"CASE WHEN isfinite({sql}) THEN {digits} END" if kind is Kind.FLOAT else digits
            return Column(finite, title, f"NOT isfinite({sql})", said, text_literal("JSON has no NaN and no infinity"))
        case _:
            return Column(sql, title)


def _plain(sql: str, dtype: DType, context: Context) -> str:
    """Return what has a type of its own everywhere, and all else as text."""
    return sql if dtype.kind in _LETTERS and dtype.kind is not Kind.DATETIME else _text(sql, dtype, context)


def _text(sql: str, dtype: DType, context: Context) -> str:
    return sql if dtype.kind is Kind.CHARARRAY else f"({casts.cast(sql, dtype, TEXT, context)})"


def _excel(sql: str, dtype: DType, place: str, title: str, context: Context) -> Column:
    match dtype.kind:
        case Kind.INT | Kind.LONG | Kind.BOOLEAN:
            return Column(sql, title)
        case Kind.FLOAT | Kind.DOUBLE:
            said = text_literal(f"{place}a sheet has no NaN and no infinity. Replace them in a Select.")
            digits = f"CAST(CAST({sql} AS VARCHAR) AS DOUBLE)" if dtype.kind is Kind.FLOAT else sql
            return Column(
                digits, title, f"NOT isfinite({sql})", said, text_literal("a sheet has no NaN and no infinity")
            )
    text = _text(sql, dtype, context)
    if dtype.kind is Kind.DATETIME:
        return Column(text, title)
    said = text_literal(
        f"{place}a cell holds no more than {EXCEL_CHARACTERS:,} characters. Shorten the text in a Select."
    )
    # Outside the basic plane a character is two.
    units = f"length({text}) + length(regexp_replace({text}, '[^\\x{{10000}}-\\x{{10FFFF}}]', '', 'g'))"
    why = text_literal(f"the value has more than the {EXCEL_CHARACTERS:,} characters that a cell holds")
    return Column(text, title, f"strlen({text}) > {EXCEL_CHARACTERS} AND {units} > {EXCEL_CHARACTERS}", said, why)


def _delimited(sql: str, dtype: DType, write: Write, title: str, context: Context) -> Column:
    target = write.target
    meant = {target.delimiter, target.quote, target.escape}
    plain = dtype.kind in _LETTERS and not meant.intersection(_LETTERS[dtype.kind])
    if plain and dtype.kind in (Kind.INT, Kind.LONG, Kind.BOOLEAN):
        return Column(sql, title)
    text = _text(sql, dtype, context)
    if plain:
        return Column(text, title)
    if target.escape is not None or (target.quote is not None and is_ours(target)):
        return Column(f"nullif({_written(text, target)}, '')", title)
    if target.quote is not None:
        return Column(f"nullif({text}, '')", title)
    said = text_literal(
        f"Component '{write.component}': a value holds the delimiter or a line break, and there is neither a qualifier "
        "nor an escape, so the file could not be read back. Set 'quote' or 'escape': "
    )
    test = " OR ".join(f"contains({text}, {text_literal(char)})" for char in (target.delimiter, "\n", "\r"))
    why = text_literal("the value holds the delimiter or a line break, and there is neither a qualifier nor an escape")
    return Column(f"nullif({text}, '')", title, test, f"{said} || {text}", why)


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


def joined(columns: list[tuple[str, str]], delimiter: str) -> str:
    """Return a whole line as one column."""
    # Added to nothing the text of a shared function is DuckDB's own; of another's `coalesce` keeps no more than a pointer.
    values = [f"coalesce(CAST({sql} AS VARCHAR) || '', '')" for sql, _ in columns]
    return f" || {text_literal(delimiter)} || ".join(values)


def as_json(columns: list[tuple[str, str]]) -> str:
    """Return a whole record as the text of a JSON object."""
    values = ", ".join(f"{quote(title)} := {sql}" for sql, title in columns)
    return f"CAST(to_json(struct_pack({values})) AS VARCHAR)"
