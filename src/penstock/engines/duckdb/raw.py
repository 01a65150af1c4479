"""Raw files as a relation of texts: a record is a whole line, or a whole file (component reference 3.1)."""

from __future__ import annotations

from pathlib import Path

from penstock.engines.duckdb.delimited import Texts, nothing, rewritten_sql
from penstock.engines.duckdb.json_lines import by_packing, read_lines
from penstock.engines.duckdb.readings import Readings, must_rewrite
from penstock.engines.files.rewriting import FILE, LINE, RECORD, Rewriting
from penstock.plan.dtypes import Kind
from penstock.plan.operators import Scan

_COLUMNS = {None: RECORD, "file_path": FILE, "line_number": LINE}


def raw_records(scan: Scan, readings: Readings, rewritten: Path) -> Texts:
    """Return the records of a raw source as `c<i>`: texts, of a binary field the canonical text of its bytes."""
    source = scan.source
    files = readings.sources[scan.component].files
    binary = any(one.dtype.kind is Kind.BYTEARRAY for one in scan.listed)
    is_slow = (
        binary
        or source.record_delimiter == "eof"
        or must_rewrite(source)
        or any(item.pseudo == "line_number" for item in source.fields)
    )
    rest = [file for file in files if is_slow or file.location in readings.odd[scan.component]]
    fast = [file for file in files if file not in rest]
    parts = [read_lines(source, packed, some) for packed, some in by_packing(source, fast).items()]
    dropped = 0
    if rest:
        rewriting = Rewriting(source, readings.stopped)
        rewriting.raw(rest, rewritten, binary=binary)
        dropped = rewriting.dropped
        parts.append(rewritten_sql(rewritten))
    if not parts:
        return nothing(source)
    columns = ", ".join(f"{_COLUMNS[item.pseudo]} AS c{index}" for index, item in enumerate(source.fields))
    return Texts(f"SELECT {columns} FROM ({' UNION ALL '.join(f'({part})' for part in parts)})", dropped)
