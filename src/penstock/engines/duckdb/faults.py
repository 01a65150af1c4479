"""Records that fail a job: which component, which field, and where in which file.

DuckDB passes on no more than a text. What fails while a source is read is thrown as a text that only `found` can read, which
then looks for the record in the files.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice

import pyarrow.parquet as pq

from penstock.engines.duckdb.json_lines import wants_objects
from penstock.engines.duckdb.readings import Readings
from penstock.engines.duckdb.types import text_literal
from penstock.engines.files.opening import opened
from penstock.engines.files.records import Lines, Splitter
from penstock.engines.files.rewriting import PLACE, RECORD, positions_of
from penstock.errors import DataError
from penstock.plan.operators import FileSource, Scan
from penstock.plan.ports import BoundSource, FileEntry

_MARK = "\x1e"
MOST_RECORDS = 2_000_000
"""Records that are searched for the place of one."""


def bad_value(scan: Scan, index: int) -> str:
    """Return the SQL that fails the job for the value of a field."""
    return _thrown(scan, index, f"c{index}")


def malformed_json(scan: Scan, tally: str) -> tuple[str, str]:
    """Return the SQL of what takes the place of a record that is no JSON, and what is said of those that *tally* counted."""
    counted = f"CASE WHEN nextval('{tally}') > 0 THEN "
    what = "no JSON objects" if wants_objects(scan.source) else "no JSON"
    match scan.source.on_bad_value:
        case "fail":
            return _thrown(scan, -1, RECORD), ""
        case "skip":
            return f"{counted} NULL ELSE '' END", f"{scan.component}: {{count}} left out, for they are {what}"
        case _:
            return f"{counted} '{{}}' END", f"{scan.component}: {{count}} got null in every field, for they are {what}"


def _thrown(scan: Scan, index: int, column: str) -> str:
    head = _MARK + json.dumps([scan.component, index]) + _MARK
    return f"error({text_literal(head)} || {column})"


def found(said: str, readings: Readings) -> DataError | None:
    """Return the error that stands behind a thrown text, with the place of the record, or None for any other text."""
    _, mark, rest = said.partition(_MARK)
    head, second, value = rest.partition(_MARK)
    if not mark or not second:
        return None
    component, index = json.loads(head)
    scan = readings.scans[component]
    place = _place(scan, readings.sources[component], index, value)
    shown = value if len(value) <= 80 else value[:77] + "…"
    if index < 0:
        what = "no JSON object" if _is_json(value) else "malformed JSON"
        return DataError(
            f"Component '{component}': a record is {what}: {shown}{place}. Correct it, or choose skip for it."
        )
    one = scan.listed.fields[index]
    return DataError(
        f"Component '{component}', field '{one.name}': the value '{shown}' is no {one.dtype.kind.value}{place}. "
        "Correct it, or choose set_null or skip for it."
    )


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _place(scan: Scan, bound: BoundSource, index: int, value: str) -> str:
    if scan.source.record_type == "excel":
        return next((f" ({place})" for place in _rows_with(bound, index, value)), "")
    left = MOST_RECORDS
    for file in bound.files:
        for number, has_it in islice(_matches(scan.source, file, index, value), left):
            left -= 1
            if has_it:
                return f" ({file.name}, line {number})"
    return ""


def _rows_with(bound: BoundSource, index: int, value: str) -> Iterator[str]:
    """Yield where rows of workbooks stand whose cell has a text; workbooks are Parquet files by now."""
    for file in bound.files:
        for batch in pq.ParquetFile(file.location).iter_batches(columns=[f"c{index}", PLACE]):
            texts, places = batch.to_pydict().values()
            yield from (place for text, place in zip(texts, places, strict=True) if text == value)


def _matches(source: FileSource, file: FileEntry, index: int, value: str) -> Iterator[tuple[int, bool]]:
    """Yield the line of each record of a file, and whether it holds the value."""
    with opened(source, file) as stream:
        lines = iter(Lines(stream, file.name, source.encoding, source.line_max_bytes))
        if source.record_type == "json":
            for number, line in lines:
                yield (
                    number,
                    line.strip() == value.strip() if index < 0 else _holds(line, source.fields[index].name, value),
                )
            return
        records = Splitter(source).records(lines)
        positions: list[int | None] = []
        for number, values in records:
            positions = positions or positions_of(source, file, values)
            at = positions[index]
            is_names = source.skip_header and number == 1
            yield number, not is_names and at is not None and at < len(values) and values[at] == value


def _holds(line: str, name: str | None, value: str) -> bool:
    """Tell whether a field of a JSON record has a text; not for fields that are found by a JSONPath."""
    try:
        record = json.loads(line)
    except ValueError:
        return False
    raw = record.get(name) if isinstance(record, dict) else None
    return raw is not None and (raw if isinstance(raw, str) else json.dumps(raw)) == value
