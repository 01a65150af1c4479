"""Delimited files as a relation of texts (dataflow reference 5.1)."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from penstock.engines.duckdb import numbers
from penstock.engines.duckdb.locations import file_names, files_sql, pattern_of
from penstock.engines.duckdb.readings import Reading, Readings
from penstock.engines.duckdb.types import text_literal
from penstock.engines.files.rewriting import PLACE, RECORD, Rewriting, positions_of
from penstock.plan.operators import FileSource, Scan
from penstock.plan.ports import FileEntry

LONGEST_LINE = 1 << 20
"""Bytes of a line that DuckDB holds; files with longer ones are rewritten."""


@dataclass(frozen=True, slots=True)
class Texts:
    """A SELECT that gives the text of each field as `c<i>`, and how many lines were left out for their length. *odd_numbers*
    is False where no text holds a `_`, *has_words* where no structure holds a word for what is no number. The fields in
    *parsed*, by index, are no texts but numbers (`penstock.engines.duckdb.numbers`), those in *apart* maps taken apart
    (`penstock.engines.members`)."""

    sql: str
    dropped: int = 0
    odd_numbers: bool = True
    has_words: bool = True
    parsed: Container[int] = ()
    apart: Container[int] = ()


def delimited(scan: Scan, readings: Readings, rewritten: Path) -> Texts:
    """Return the texts of a delimited source; files that must be rewritten first go into *rewritten*."""
    source = scan.source
    groups, rest = readings.split(scan)
    odd_numbers = bool(rest) or any(reading.odd_numbers for reading in groups)
    parsed: dict[int, str] = {}
    if not odd_numbers and readings.may_parse(scan):
        parsed = numbers.parsed(scan, {reading.names: files for reading, files in groups.items()})
    parts = [_read_csv(source, reading, files, parsed) for reading, files in groups.items()]
    dropped = 0
    if rest:
        rewriting = Rewriting(source, readings.stopped, scan.keeps_rejected)
        rewriting.delimited(rest, rewritten)
        dropped = rewriting.dropped
        parts.append(rewritten_sql(rewritten))
    if not parts:
        return nothing(source)
    sql = " UNION ALL ".join(f"({part})" for part in parts) if len(parts) > 1 else parts[0]
    return Texts(sql, dropped, odd_numbers, parsed=parsed)


def rewritten_texts(source: FileSource, files: Sequence[FileEntry]) -> Texts:
    """Return the texts of files that were rewritten before, one column for each field."""
    if not files:
        return nothing(source)
    return Texts(f"SELECT * FROM read_parquet({files_sql(files)}, hive_partitioning = false)")


def nothing(source: FileSource) -> Texts:
    """Return the texts of no records."""
    nulls = ", ".join(
        f"CAST(NULL AS {'BIGINT' if item.pseudo == 'line_number' else 'VARCHAR'}) AS c{index}"
        for index, item in enumerate(source.fields)
    )
    return Texts(f"SELECT {nulls}, CAST(NULL AS VARCHAR) AS {RECORD}, CAST(NULL AS VARCHAR) AS {PLACE} WHERE false")


def rewritten_sql(rewritten: Path) -> str:
    """Return the SELECT of what was rewritten."""
    return f"SELECT * FROM read_parquet([{text_literal(pattern_of(str(rewritten)))}], hive_partitioning = false)"


def reader_options(source: FileSource, packed: str) -> list[str]:
    """Return what DuckDB's CSV reader is told of every text file: to guess nothing, to fail where it would, and to fail on
    lines that are longer than the source takes, or than DuckDB holds well."""
    longest = LONGEST_LINE if source.line_max_bytes is None else min(source.line_max_bytes, LONGEST_LINE)
    return [
        "auto_detect = false",
        "hive_partitioning = false",
        "header = false",
        f"compression = '{packed}'",
        f"encoding = '{'utf-8' if source.encoding == 'utf-8' else 'latin-1'}'",
        # It fails at the size that is given, not only beyond it; its buffers are sixteen times that size unless told.
        f"max_line_size = {longest + 1}",
        f"buffer_size = {16 * (LONGEST_LINE + 1)}",
    ]


def _read_csv(source: FileSource, reading: Reading, files: Sequence[FileEntry], parsed: Mapping[int, str]) -> str:
    positions = positions_of(source, files[0], reading.names)
    width = max([len(reading.names), *(at + 1 for at in positions if at is not None)])
    types = {positions[index]: read_as for index, read_as in parsed.items()}
    columns = ", ".join(f"'x{at}': '{types.get(at, 'VARCHAR')}'" for at in range(width))
    mark = text_literal(source.quote if reading.quoted and source.quote else "")
    options = [
        *reader_options(source, reading.packed),
        f"columns = {{{columns}}}",
        f"delim = {text_literal(source.delimiter)}",
        f"quote = {mark}",
        f"escape = {mark}",
        f"skip = {int(source.skip_header)}",
        f"strict_mode = {str(not reading.is_loose).lower()}",
        "null_padding = true",
        "nullstr = ''",
    ]
    if reading.broken:
        options.append("parallel = false")
    if any(item.pseudo == "file_path" for item in source.fields):
        options.append("filename = true")
    chosen = [f"{file_names(files) if at is None else f'x{at}'} AS c{index}" for index, at in enumerate(positions)]
    return f"SELECT {', '.join(chosen)} FROM read_csv({files_sql(files)}, {', '.join(options)})"
