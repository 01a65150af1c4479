"""JSON files as a relation of texts (dataflow reference 5.1, component reference 3.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from pathlib import Path

from penstock.engines.duckdb.delimited import Texts, reader_options, rewritten_sql
from penstock.engines.duckdb.locations import file_names, files_sql
from penstock.engines.duckdb.readings import Readings, must_rewrite
from penstock.engines.duckdb.types import text_literal
from penstock.engines.files.opening import packing
from penstock.engines.files.rewriting import FILE, LINE, RECORD, Rewriting
from penstock.plan.dtypes import Kind
from penstock.plan.operators import FileSource, Scan
from penstock.plan.ports import FileEntry

_SIMPLE_PATH = re.compile(r"\$(?:\.[A-Za-z_][A-Za-z0-9_]*|\[[0-9]+\])*\Z")
_FOUND = "found"
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
        parts += [_read_lines(source, packed, some) for packed, some in _by_packing(source, files).items()]
    if rest:
        rewriting = Rewriting(source, readings.stopped)
        rewriting.json(rest, rewritten)
        dropped = rewriting.dropped
        parts.append(rewritten_sql(rewritten))
    relation = " UNION ALL ".join(f"({part})" for part in parts) if len(parts) > 1 else parts[0]
    return Texts(_fields(scan, relation, malformed), dropped)


def _fields(scan: Scan, relation: str, malformed: str) -> str:
    """Return the texts of all fields, from records that are JSON or not."""
    source, found = scan.source, _Found()
    columns = []
    for index, (item, field) in enumerate(zip(source.fields, scan.schema, strict=True)):
        sql = _PSEUDO[item.pseudo] if item.pseudo is not None else found.column(item.name or "", field.dtype.kind)
        columns.append(f"{sql} AS c{index}")
    if source.base_record is not None:
        relation = _below(source.base_record, _judged(f"json_valid({RECORD})", malformed, relation))
        relation = f"SELECT *, {found.sql} AS {_FOUND} FROM ({relation})"
    elif found.paths:
        # Looking for the fields tells as well whether there is a record, in one reading.
        relation = f"SELECT *, try({found.sql}) AS {_FOUND} FROM ({relation})"
        relation = _judged(f"{_FOUND} IS NOT NULL", malformed, relation)
    else:
        relation = _judged(f"json_valid({RECORD})", malformed, relation)
    return f"SELECT {', '.join(columns)} FROM ({relation}) WHERE {RECORD} IS NOT NULL"


def _judged(is_json: str, malformed: str, relation: str) -> str:
    return f"SELECT * REPLACE (CASE WHEN {is_json} THEN {RECORD} ELSE {malformed} END AS {RECORD}) FROM ({relation})"


@dataclass(slots=True)
class _Found:
    """The *paths* that are looked for in one reading of a record, whose values are the list `found`."""

    paths: list[str] = dataclass_field(default_factory=list)

    @property
    def sql(self) -> str:
        return f"json_extract({RECORD}, [{', '.join(map(text_literal, self.paths))}])" if self.paths else "NULL"

    def column(self, name: str, kind: Kind) -> str:
        """Return the text of a field: a structure as JSON, what else there is as it is for people; null where it is null."""
        structure = kind in (Kind.MAP, Kind.BAG)
        if name.startswith("$") and not _SIMPLE_PATH.match(name):
            found = f"ps_json_path({RECORD}, {text_literal(name)})"
            return found if structure else f"ps_json_text({found})"
        self.paths.append(_path(name))
        value = f"CAST({_FOUND}[{len(self.paths)}] AS VARCHAR)"
        if structure:
            return f"nullif({value}, 'null')"
        return (
            f"CASE WHEN NOT starts_with({value}, '\"') THEN nullif({value}, 'null') "
            f"WHEN NOT contains({value}, '\\') THEN substring({value}, 2, length({value}) - 2) "
            f"ELSE json_extract_string({value}, '$') END"
        )


def _must_rewrite(source: FileSource, file: FileEntry) -> bool:
    return (
        source.record_delimiter == "eof"
        or must_rewrite(source)
        or any(item.pseudo == "line_number" for item in source.fields)
    )


def _by_packing(source: FileSource, files: list[FileEntry]) -> dict[str, list[FileEntry]]:
    groups: dict[str, list[FileEntry]] = {}
    for file in files:
        groups.setdefault(packing(source, file), []).append(file)
    return groups


def _read_lines(source: FileSource, packed: str, files: list[FileEntry]) -> str:
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
    return (
        f"SELECT {RECORD}, {file_names(files)} AS {FILE}, NULL::BIGINT AS {LINE} FROM {relation} "
        f"WHERE CASE WHEN {RECORD} >= '!' THEN true ELSE trim({RECORD}, ' \t\f\v') <> '' END"
    )


def _below(path: str, relation: str) -> str:
    """Return the records that a JSONPath finds in each document."""
    found = f"ps_json_path({RECORD}, {text_literal(path)})"
    several = "CASE WHEN json_type(found) = 'ARRAY' THEN json_extract(found, '$[*]')::VARCHAR[] ELSE [found] END"
    return (
        f"SELECT unnest({several}) AS {RECORD}, {FILE}, {LINE} FROM (SELECT {found} AS found, {FILE}, {LINE} "
        f"FROM ({relation})) WHERE found IS NOT NULL"
    )


def _path(name: str) -> str:
    if name.startswith("$"):
        return name
    if any(char in name for char in '"\\*'):
        return "/" + name.replace("~", "~0").replace("/", "~1")
    return f'$."{name}"'
