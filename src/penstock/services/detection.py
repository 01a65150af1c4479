"""Fields of files, found by looking at the beginning of one: names and types (the types of a package's fields), and records.

What is read is bounded, so a type is what the first records say; a later one may say otherwise.
"""

from __future__ import annotations

import bz2
import codecs
import csv
import gzip
import io
import json
import math
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO, Any, cast

from penstock.errors import PermanentError
from penstock.plan.ports import JsonValue, Sampled

MOST_BYTES = 1 << 20
"""Of a file, after it is unpacked; what does not fit is not looked at."""
LONGEST = 1000
"""Characters of a value that is shown."""
_INT = 2**31
_LONG = 2**63
_WHOLE = re.compile(r"[+-]?(0|[1-9]\d{0,18})")
_REAL = re.compile(r"[+-]?(0|[1-9]\d*)?(\.\d+)?([eE][+-]?\d{1,3})?")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d{1,9})?)?\s?(Z|[+-]\d\d:?\d\d)?)?")
_BREAK = re.compile(r"\r\n|\n|\r")
_BOOLEANS = frozenset({"true", "false"})


@dataclass(frozen=True, slots=True)
class Shape:
    """How the records of a file are written, with the words of the wire."""

    record_type: str = "delimited"
    record_delimiter: str = "new_line"
    delimiter: str = "\t"
    quote: str = "none"
    escape: str = ""
    skip_header: bool = False
    encoding: str = "utf-8"


def look(file: Path, name: str, shape: Shape, size: int) -> Sampled:
    """Return the fields of a file and its first *size* records. *name* is how its store spells it, which says how it is
    packed. Raises PermanentError for what cannot be read so."""
    text, is_whole = _beginning(file, name, shape.encoding)
    return look_at(text, shape, size, is_whole=is_whole)


def look_at(text: str, shape: Shape, size: int, *, is_whole: bool = True) -> Sampled:
    """Return the fields of a text and its first *size* records. Raises PermanentError for what cannot be read so."""
    match shape.record_type:
        case "raw":
            return _raw(text, shape, size)
        case "json":
            return _json(text, shape, size, is_whole=is_whole)
    return _delimited(text, shape, size, is_whole=is_whole)


def _beginning(file: Path, name: str, encoding: str) -> tuple[str, bool]:
    try:
        with _opened(file, name) as stream:
            data = stream.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise PermanentError(
            f"'{name}' cannot be read: {getattr(error, 'strerror', None) or 'it is broken'}."
        ) from error
    is_whole = len(data) <= MOST_BYTES
    try:
        # Of a character that is cut nothing is said.
        text = codecs.getincrementaldecoder(_codec(encoding, data))().decode(data[:MOST_BYTES], final=is_whole)
    except UnicodeError as error:
        raise PermanentError(
            f"'{name}' is not valid {encoding.upper()}. Set 'encoding', or convert the file."
        ) from error
    return text.removeprefix("\ufeff"), is_whole


def _codec(encoding: str, data: bytes) -> str:
    """Return what text is in: without a mark UTF-16 is big-endian, as it is for jobs."""
    name = codecs.lookup(encoding).name
    is_marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE))
    return f"{name}-be" if name in ("utf-16", "utf-32") and not is_marked else name


def is_encoding(name: str) -> bool:
    """Tell whether there is a character set of a name."""
    try:
        "".encode(name)
    except (LookupError, ValueError):
        return False
    return True


def _opened(file: Path, name: str) -> IO[bytes]:
    lowered = name.lower()
    if lowered.endswith(".gz"):
        return cast(IO[bytes], gzip.open(file))
    if lowered.endswith(".bz2"):
        return bz2.open(file)
    if lowered.endswith((".zip", ".zst", ".parquet", ".avro", ".xlsx", ".xls")):
        raise PermanentError(
            f"The fields of '{name}' cannot be found here: only text is looked at, as it is or packed by gzip or bzip2."
        )
    return file.open("rb")


def _lines(text: str, *, is_whole: bool) -> list[str]:
    lines = _BREAK.split(text)
    if not is_whole and len(lines) > 1:
        lines.pop()  # It is cut.
    elif lines[-1] == "":
        lines.pop()
    return lines


def _raw(text: str, shape: Shape, size: int) -> Sampled:
    records = [text] if shape.record_delimiter == "eof" else _lines(text, is_whole=True)
    return Sampled((("record", "string"),), tuple((_cut(one),) for one in records[:size]))


def _delimited(text: str, shape: Shape, size: int, *, is_whole: bool) -> Sampled:
    delimiter = {"\\t": "\t"}.get(shape.delimiter, shape.delimiter)
    if len(delimiter) != 1 or len(shape.escape) > 1:
        raise PermanentError("The delimiter and the escape must be one character each.")
    wanted = size + shape.skip_header
    lines = _lines(text, is_whole=is_whole)
    quotes = shape.quote != "none"
    given = io.StringIO("\n".join(lines), newline="") if shape.quote == "quoted_multi_line" else iter(lines)
    rows: list[list[str]] = []
    try:
        reader = csv.reader(
            given, delimiter=delimiter, quotechar='"' if quotes else None, escapechar=shape.escape or None,
            quoting=csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE, doublequote=quotes,
        )  # fmt: skip
        for row in reader:
            if not row:
                continue  # An empty line is no record.
            rows.append(row)
            if len(rows) == wanted:
                break
    except (csv.Error, TypeError, ValueError) as error:
        raise PermanentError(f"The records cannot be read: {error}. Correct delimiter, quote and escape.") from error
    header = rows.pop(0) if shape.skip_header and rows else []
    width = max(map(len, [header, *rows]), default=0)
    names = _unique([*header, *("" for _ in range(width - len(header)))])
    columns = [[row[at] if at < len(row) else "" for row in rows] for at in range(width)]
    kinds = [_kind_of(column) for column in columns]
    values = tuple(
        tuple(_typed(kind, row[at] if at < len(row) else "") for at, kind in enumerate(kinds)) for row in rows
    )
    return Sampled(tuple(zip(names, kinds, strict=True)), values)


def _unique(names: Sequence[str]) -> list[str]:
    """Return a name for each field: `field3` for the third where it has none, with a number behind it where one has two."""
    made: list[str] = []
    for number, name in enumerate(names, 1):
        wanted = name.strip() or f"field{number}"
        made.append(wanted if wanted not in made else f"{wanted}_{number}")
    return made


def _kind_of(texts: Iterable[str]) -> str:
    found = {_kind(text.strip()) for text in texts if text.strip()}
    if len(found) == 1:
        return found.pop()
    for widest, narrower in (("long", {"int"}), ("double", {"int", "long"})):
        if widest in found and found <= {widest, *narrower}:
            return widest
    return "string"


def _kind(text: str) -> str:
    if _WHOLE.fullmatch(text):
        number = int(text)
        return "int" if -_INT <= number < _INT else "long" if -_LONG <= number < _LONG else "double"
    if _REAL.fullmatch(text) and any(char.isdigit() for char in text):
        return "double"
    if text.lower() in _BOOLEANS:
        return "boolean"
    return "datetime" if _is_instant(text) else "string"


def _is_instant(text: str) -> bool:
    if _INSTANT.fullmatch(text) is None:
        return False
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        return False
    return True


def _typed(kind: str, text: str) -> JsonValue:
    word = text.strip()
    if text == "" or (word == "" and kind != "string"):
        return None
    match kind:
        case "int" | "long":
            return int(word)
        case "double":
            number = float(word)
            return number if math.isfinite(number) else word
        case "boolean":
            return word.lower() == "true"
    return _cut(text)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


# --- JSON


def _json(text: str, shape: Shape, size: int, *, is_whole: bool) -> Sampled:
    if shape.record_delimiter == "eof":
        if not is_whole:
            raise PermanentError(f"The document is larger than {MOST_BYTES >> 20} MiB, more than is looked at.")
        return of_records([_document(text, "the file")], size)
    lines = [line for line in _lines(text, is_whole=is_whole) if line.strip()][:size]
    return of_records([_document(line, f"line {number}") for number, line in enumerate(lines, 1)], size)


def _document(text: str, where: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise PermanentError(
            f"There is no JSON in {where}. Correct the record type, or the record delimiter."
        ) from error


def _no_number(word: str) -> Any:
    raise ValueError(word)


def of_records(found: Sequence[Any], size: int) -> Sampled:
    """Return the fields of JSON values, the keys of objects in the order in which they come, and the first *size* of them as
    records. One that is no object is a record of one field, `record`."""
    records = [one if isinstance(one, dict) else {"record": one} for one in found[:size]]
    names = list(dict.fromkeys(name for record in records for name in record))
    kinds = [_kind_of_values([record.get(name) for record in records]) for name in names]
    return Sampled(
        tuple(zip(names, kinds, strict=True)),
        tuple(tuple(_shown(record.get(name)) for name in names) for record in records),
    )


def of_rows(found: Sequence[Any], size: int) -> Sampled:
    """Return the fields of JSON arrays, by their position, and the first *size* of them; objects are records as above."""
    rows = found[:size]
    if any(isinstance(one, dict) for one in rows):
        return of_records(found, size)
    return of_records(
        [
            dict(zip(_unique([""] * len(one)), one, strict=True)) if isinstance(one, list) else {"field1": one}
            for one in rows
        ],
        size,
    )


def _kind_of_values(values: Iterable[Any]) -> str:
    found = {_kind_of_value(one) for one in values if one is not None}
    if len(found) == 1:
        return found.pop()
    for widest, narrower in (("long", {"int"}), ("double", {"int", "long"})):
        if widest in found and found <= {widest, *narrower}:
            return widest
    return "string"


def _kind_of_value(value: Any) -> str:
    match value:
        case bool():
            return "boolean"
        case int():
            return "int" if -_INT <= value < _INT else "long" if -_LONG <= value < _LONG else "double"
        case float():
            return "double"
        case dict():
            return "json"
        case list():
            return "json_array"
    return "datetime" if _is_instant(str(value)) else "string"


def _shown(value: Any) -> JsonValue:
    if isinstance(value, str):
        return _cut(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    made: JsonValue = value
    return made
