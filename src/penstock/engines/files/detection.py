"""The fields of files, found in a sample: their names, types, how often they are null, and how sure that is.

Types are the words of source fields. A type is chosen only if every value of the sample fits it: with another one values
would become null. What looks like a number but begins with a zero is a text, as codes are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from penstock.engines.files.excel import cells_of
from penstock.engines.files.opening import opened, reading
from penstock.engines.files.records import Lines, Splitter
from penstock.engines.files.unpacking import Unpacking
from penstock.engines.functions.isodate import parse_iso
from penstock.engines.functions.source import json_path
from penstock.errors import DataError
from penstock.plan.operators import FileSource
from penstock.plan.ports import BoundSource, FileEntry

SAMPLE = 1000
"""Records that are looked at, shared by the first files."""
MOST_FILES = 5
_WHOLE = re.compile(r"[+-]?(0|[1-9][0-9]*)")
_REAL = re.compile(r"[+-]?(0|[1-9][0-9]*)?\.?[0-9]+([eE][+-]?[0-9]+)?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WIDER = {
    "int": ("int", "long", "double", "string"), "long": ("long", "double", "string"), "double": ("double", "string"),
    "boolean": ("boolean", "string"), "datetime": ("datetime", "string"), "json": ("json", "string"),
    "json_array": ("json_array", "string"), "binary": ("binary",), "string": ("string",),
}  # fmt: skip
"""Each type, and those that hold its values as well, the narrowest first."""

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Detected:
    """A field: its *name* in the source, a possible *alias*, its *type* as a word of source fields. *nulls* is the share of
    the sample that has no value, *confidence* how sure the type is: 0 without a value, towards 1 the more there are."""

    name: str
    alias: str
    type: str
    nulls: float
    confidence: float


@dataclass(slots=True)
class _Column:
    types: set[str] = field(default_factory=set)
    values: int = 0

    def see(self, word: str | None) -> None:
        if word is not None:
            self.types.add(word)
            self.values += 1

    def type(self) -> str:
        common = [
            word for word in _WIDER["int"] + ("boolean", "datetime", "json", "json_array", "binary")
            if self.types and all(word in _WIDER[one] for one in self.types)
        ]  # fmt: skip
        return min(common, key=lambda word: max(_WIDER[one].index(word) for one in self.types)) if common else "string"


def detect(bound: BoundSource, scratch: Path, stopped: Callable[[], None], size: int = SAMPLE) -> tuple[Detected, ...]:
    """Return the fields of a source in the order in which they come, from the first *size* records of its first files.

    Shape:  files of one layout; their spec says how they are read, and its fields are not looked at.
    Raises: PermanentError for files that cannot be read.
    """
    some = BoundSource(bound.spec, bound.files[:MOST_FILES])
    files = Unpacking(scratch, stopped, whole_sheets=True).sources({"": some})[""].files
    columns: dict[str, _Column] = {}
    seen = 0
    for number, file in enumerate(files):
        share = (size - seen) // (len(files) - number)
        for names, words in islice(_typed(bound.spec, file), share):
            stopped()
            seen += 1
            for name, word in zip(names, words, strict=True):
                columns.setdefault(name, _Column()).see(word)
        for name in _declared(bound.spec, file):
            columns.setdefault(name, _Column())
    aliases = _aliases(list(columns))
    return tuple(
        Detected(
            name, alias, one.type(), 1 - one.values / seen if seen else 0.0, round(one.values / (one.values + 2), 3)
        )
        for (name, one), alias in zip(columns.items(), aliases, strict=True)
    )


def _declared(spec: FileSource, file: FileEntry) -> list[str]:
    """Return the columns that a file has whether it has records or not."""
    if spec.record_type in ("parquet", "avro"):
        with reading(file.name):
            return list(pq.read_schema(file.location).names)
    if spec.record_type in ("delimited", "excel") and spec.skip_header:
        first = next(_rows(spec, file), None)
        return [] if first is None else [name for name in first if name]
    return ["record"] if spec.record_type == "raw" else []


def _typed(spec: FileSource, file: FileEntry) -> Iterator[tuple[list[str], list[str | None]]]:
    """Yield the names and the types of the values of each record; None where there is no value."""
    match spec.record_type:
        case "parquet" | "avro":
            yield from _of_parquet(file)
        case "json":
            for record in _documents(spec, file):
                yield list(record), [_of_json(value) for value in record.values()]
        case "raw":
            with opened(spec, file) as stream:
                for _ in islice(Lines(stream, file.name, spec.encoding, spec.line_max_bytes), SAMPLE):
                    yield ["record"], ["string"]
        case _:
            rows = _rows(spec, file)
            names = [] if not spec.skip_header else [name or "" for name in next(rows, [])]
            for row in rows:
                known = [*names, *(f"column{at + 1}" for at in range(len(names), len(row)))]
                pairs = [(name, _of_text(value)) for name, value in zip(known, row, strict=False) if name]
                yield [name for name, _ in pairs], [word for _, word in pairs]


def _rows(spec: FileSource, file: FileEntry) -> Iterator[list[str | None]]:
    if spec.record_type == "excel":
        for _, row in cells_of(spec, file):
            yield row
        return
    with opened(spec, file) as stream:
        lines = Lines(stream, file.name, spec.encoding, spec.line_max_bytes)
        for _, values in Splitter(spec).records(iter(lines)):
            if values:
                yield [value or None for value in values]


def _documents(spec: FileSource, file: FileEntry) -> Iterator[Record]:
    with opened(spec, file) as stream:
        lines = Lines(stream, file.name, spec.encoding, spec.line_max_bytes)
        texts: Iterable[str] = (line for _, line in lines)
        if spec.record_delimiter == "eof":
            texts = ("".join(line for _, line in Lines(stream, file.name, spec.encoding)),)
        for text in texts:
            yield from _records(text, spec.base_record)


def _records(text: str, base: str | None) -> Iterator[Record]:
    try:
        document = json.loads(text) if text.strip() else None
        if base is not None and document is not None:
            found = json_path(text, base)
            document = None if found is None else json.loads(found)
    except (ValueError, RecursionError, DataError):
        return
    for one in document if isinstance(document, list) and base is not None else [document]:
        if isinstance(one, dict):
            yield one


def _of_json(value: Any) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return "boolean"
        case int():
            return _whole(value)
        case float():
            return "double"
        case dict():
            return "json"
        case list():
            return "json_array"
        case _:
            return "datetime" if _is_instant(str(value)) else "string"


def _of_text(text: str | None) -> str | None:
    if text is None:
        return None
    if text.lower() in ("true", "false"):
        return "boolean"
    if _WHOLE.fullmatch(text):
        return _whole(int(text)) if len(text) < 40 else "string"
    if _REAL.fullmatch(text) and not re.match(r"[+-]?0[0-9]", text):
        return "double"
    if _is_instant(text):
        return "datetime"
    if text[0] in "{[":
        try:
            return _of_json(json.loads(text))
        except (ValueError, RecursionError):
            return "string"
    return "string"


def _whole(number: int) -> str:
    if -(2**31) <= number < 2**31:
        return "int"
    return "long" if -(2**63) <= number < 2**63 else "double"


def _is_instant(text: str) -> bool:
    if not _DAY.match(text):
        return False
    try:
        parse_iso(text, 0)
    except DataError:
        return False
    return True


def _of_parquet(file: FileEntry) -> Iterator[tuple[list[str], list[str | None]]]:
    with reading(file.name), pq.ParquetFile(file.location) as opened_file:
        names = opened_file.schema_arrow.names
        words = [_of_arrow(kind) for kind in opened_file.schema_arrow.types]
        for batch in opened_file.iter_batches(SAMPLE):
            valid = [column.is_valid().to_pylist() for column in batch.columns]
            for row in zip(*valid, strict=True):
                yield names, [word if is_there else None for word, is_there in zip(words, row, strict=True)]


def _of_arrow(kind: pa.DataType) -> str:
    types = pa.types
    if types.is_boolean(kind):
        return "boolean"
    if types.is_integer(kind):
        small = kind.bit_width < 32 or kind == pa.int32()
        return "int" if small else "double" if kind == pa.uint64() else "long"
    if types.is_floating(kind):
        return "double"
    if types.is_timestamp(kind) or types.is_date(kind):
        return "datetime"
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return "json_array"
    if types.is_struct(kind) or types.is_map(kind):
        return "json"
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return "binary"
    # A decimal as a double would lose digits.
    return "string"


def _aliases(names: list[str]) -> list[str]:
    """Return a possible alias for each name, all of them different."""
    made: list[str] = []
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_") or "field"
        plain = plain if plain[0].isalpha() else f"field_{plain}"
        alias, number = plain, 1
        while alias in made:
            number += 1
            alias = f"{plain}_{number}"
        made.append(alias)
    return made
