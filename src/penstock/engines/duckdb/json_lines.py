"""JSON files as a relation of texts (dataflow reference 5.1, component reference 3.1)."""

from __future__ import annotations

import re
from pathlib import Path

from penstock.engines.duckdb.delimited import Texts, nothing, reader_options, rewritten_sql
from penstock.engines.duckdb.locations import file_names, files_sql
from penstock.engines.duckdb.readings import Readings, must_rewrite
from penstock.engines.duckdb.types import text_literal
from penstock.engines.files.opening import packing
from penstock.engines.files.rewriting import FILE, LINE, RECORD, Rewriting
from penstock.plan.dtypes import Kind
from penstock.plan.operators import FileSource, Scan
from penstock.plan.ports import FileEntry

_SIMPLE_PATH = re.compile(r"\$(?:\.[A-Za-z_][A-Za-z0-9_]*|\[[0-9]+\])*\Z")
_PSEUDO = {"file_path": FILE, "line_number": LINE}


def json_records(scan: Scan, readings: Readings, rewritten: Path, malformed: str) -> Texts:
    """Return the texts of a JSON source as `c<i>`; *malformed* is the SQL of the record that takes the place of the column
    `record` where that is no JSON, or null where it is dropped."""
    source = scan.source
    files: list[FileEntry] = []
    rest: list[FileEntry] = []
    for file in readings.sources[scan.component].files:
        is_rest = _must_rewrite(source, file) or file.location in readings.odd[scan.component]
        (rest if is_rest else files).append(file)
    parts, dropped = [], 0
    if files:
        parts += [_not_blank(read_lines(source, packed, some)) for packed, some in by_packing(source, files).items()]
    if rest:
        rewriting = Rewriting(source, readings.stopped)
        rewriting.json(rest, rewritten)
        dropped = rewriting.dropped
        parts.append(rewritten_sql(rewritten))
    if not parts:
        return nothing(source)
    relation = " UNION ALL ".join(f"({part})" for part in parts) if len(parts) > 1 else parts[0]
    judged = f"CASE WHEN json_valid({RECORD}) THEN {RECORD} ELSE {malformed} END"
    relation = f"SELECT * REPLACE ({judged} AS {RECORD}) FROM ({relation})"
    if source.base_record is not None:
        relation = _below(source.base_record, relation)
    columns = []
    for index, (item, field) in enumerate(zip(source.fields, scan.schema, strict=True)):
        sql = _PSEUDO[item.pseudo] if item.pseudo is not None else _column(item.name or "", field.dtype.kind)
        columns.append(f"{sql} AS c{index}")
    return Texts(f"SELECT {', '.join(columns)} FROM ({relation}) WHERE {RECORD} IS NOT NULL", dropped)


def _must_rewrite(source: FileSource, file: FileEntry) -> bool:
    return (
        source.record_delimiter == "eof"
        or must_rewrite(source)
        or any(item.pseudo == "line_number" for item in source.fields)
    )


def by_packing(source: FileSource, files: list[FileEntry]) -> dict[str, list[FileEntry]]:
    """Return files by how they are packed."""
    groups: dict[str, list[FileEntry]] = {}
    for file in files:
        groups.setdefault(packing(source, file), []).append(file)
    return groups


def read_lines(source: FileSource, packed: str, files: list[FileEntry]) -> str:
    """Return the SELECT of the lines of files, as the columns RECORD, FILE and LINE (null)."""
    # Lines, not DuckDB's JSON reader: it would fail on one malformed line, and drop lines in silence if told to. No line
    # of JSON holds the delimiter; a file that has it is rewritten, since two columns are one too many.
    options = [
        *reader_options(source, packed),
        f"columns = {{'{RECORD}': 'VARCHAR'}}",
        "delim = '\x01'",
        "quote = ''",
        "escape = ''",
        "strict_mode = true",
        "filename = true",
    ]
    relation = f"read_csv({files_sql(files)}, {', '.join(options)})"
    return f"SELECT coalesce({RECORD}, '') AS {RECORD}, {file_names(files)} AS {FILE}, NULL::BIGINT AS {LINE} FROM {relation}"


def _not_blank(lines: str) -> str:
    return f"SELECT * FROM ({lines}) WHERE trim({RECORD}, ' \t\f\v') <> ''"


def _below(path: str, relation: str) -> str:
    """Return the records that a JSONPath finds in each document."""
    found = f"ps_json_path({RECORD}, {text_literal(path)})"
    several = "CASE WHEN json_type(found) = 'ARRAY' THEN json_extract(found, '$[*]')::VARCHAR[] ELSE [found] END"
    return (
        f"SELECT unnest({several}) AS {RECORD}, {FILE}, {LINE} FROM (SELECT {found} AS found, {FILE}, {LINE} "
        f"FROM ({relation})) WHERE found IS NOT NULL"
    )


def _column(name: str, kind: Kind) -> str:
    structure = kind in (Kind.MAP, Kind.BAG)
    if name.startswith("$") and not _SIMPLE_PATH.match(name):
        found = f"ps_json_path({RECORD}, {text_literal(name)})"
        return found if structure else f"ps_json_text({found})"
    path = name if name.startswith("$") else "$." + '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if not name.startswith("$") and any(char in name for char in '"\\*'):
        path = "/" + name.replace("~", "~0").replace("/", "~1")
    if structure:
        return f"CAST(json_extract({RECORD}, {text_literal(path)}) AS VARCHAR)"
    return f"json_extract_string({RECORD}, {text_literal(path)})"
