"""JSON files as a relation of texts (dataflow reference 5.1, component reference 3.1)."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from pathlib import Path

from penstock.engines.duckdb.delimited import Texts, nothing, reader_options, rewritten_sql
from penstock.engines.duckdb.locations import file_names, files_sql
from penstock.engines.duckdb.members import apart_type
from penstock.engines.duckdb.numbers import READ_AS
from penstock.engines.duckdb.readings import Readings, must_rewrite
from penstock.engines.duckdb.types import quote, text_literal
from penstock.engines.files.json_survey import LONGEST
from penstock.engines.files.opening import packing
from penstock.engines.files.rewriting import FILE, LINE, PLACE, RECORD, Rewriting
from penstock.plan.dtypes import Kind
from penstock.plan.operators import FileSource, Scan
from penstock.plan.ports import FileEntry

_SIMPLE_PATH = re.compile(r"\$(?:\.[A-Za-z_][A-Za-z0-9_]*|\[[0-9]+\])*\Z")
_LARGEST = 4 << 20
"""Bytes of a record that DuckDB parses, half those of its buffers: several to each thread, also of files of a middling size."""
_KEYS, _PATHS = "keys", "paths"
AS_JSON = (*READ_AS, Kind.MAP, Kind.BAG)
"""What is read as JSON. Of a number that is quicker than as text, and tells it from a text that holds one."""
ORIGINAL, MALFORMED = "original", "malformed"
"""Where rejected records are kept: the text of a record whatever it is, and whether it is no JSON."""
_PSEUDO = {"file_path": FILE, "line_number": LINE}
_IS_OBJECT = f"(starts_with({RECORD}, '{{') OR starts_with(ltrim({RECORD}, ' \t\r\n'), '{{'))"
"""The test of a record that is JSON for being an object."""
_READ_FROM = "_read_from"
"""The column that names the file of a record, where DuckDB parses it."""


def json_records(scan: Scan, readings: Readings, rewritten: Path, malformed: str) -> Texts:
    """Return the texts of a JSON source as `c<i>`; *malformed* is the SQL of the record that takes the place of the column
    `record` where that is no JSON, or null where it is dropped."""
    source = scan.source
    parsed: list[FileEntry] = []
    files: list[FileEntry] = []
    rest: list[FileEntry] = []
    keys = _all_keys(scan)
    for file in readings.sources[scan.component].files:
        if scan.keeps_rejected or _must_rewrite(source, file) or file.location in readings.odd[scan.component]:
            rest.append(file)
        elif keys and _is_parsed(scan, file, readings):
            parsed.append(file)
        else:
            files.append(file)
    parts, dropped = [], 0
    if files:
        parts += [_not_blank(read_lines(source, packed, some)) for packed, some in by_packing(source, files).items()]
    if rest:
        rewriting = Rewriting(source, readings.stopped)
        rewriting.json(rest, rewritten)
        dropped = rewriting.dropped
        parts.append(rewritten_sql(rewritten))
    if parsed and not parts:
        lined = [readings.lined(scan, one) for one in parsed]
        has_words = any(one.has_words for one in lined)
        is_sound = not has_words and all(one.is_shallow for one in lined)
        apart = _apart(scan) if is_sound else {}
        if apart and not readings.may_take_apart(scan):
            apart = {}
        return Texts(_parsed(scan, keys, parsed, apart), has_words=has_words, apart=apart)
    if not parts:
        none = nothing(source)
        return Texts(f"SELECT *, false AS {MALFORMED} FROM ({none.sql})") if scan.keeps_rejected else none
    relation = " UNION ALL ".join(f"({part})" for part in parts) if len(parts) > 1 else parts[0]
    sql = _fields(scan, relation, malformed)
    return Texts(f"({_parsed(scan, keys, parsed, {})}) UNION ALL ({sql})" if parsed else sql, dropped)


def _is_parsed(scan: Scan, file: FileEntry, readings: Readings) -> bool:
    if file.location in readings.refused[scan.component] or packing(scan.source, file) != "none":
        return False
    return readings.lined(scan, file).is_plain


def _all_keys(scan: Scan) -> dict[str, str]:
    """Return what the value of each key is read as; none where not every field is a key of the record or the file's name."""
    source, found = scan.source, _Found()
    if source.base_record is not None or (source.line_max_bytes or LONGEST) < LONGEST:
        return {}
    for item, field in zip(source.fields, scan.listed, strict=True):
        if item.pseudo is None:
            found.column(item.name or "", field.dtype.kind)
            if (item.name or "").startswith("$") or found.paths:
                return {}
    return found.keys if _READ_FROM not in found.keys else {}


def _apart(scan: Scan) -> dict[int, str]:
    """Return what the reader takes maps apart into, by index: those that no other field reads as well."""
    fields = scan.source.fields
    names = Counter(item.name for item in fields)
    return {at: apart_type(item.keys) for at, item in enumerate(fields) if item.keys and names[item.name] == 1}


def _parsed(scan: Scan, keys: dict[str, str], files: list[FileEntry], apart: Mapping[int, str]) -> str:
    """Return the SELECT of the texts of files whose records DuckDB parses as it reads them. It is stricter than the language:
    it fails on what is malformed, on what is no object and on keys that are there twice, and takes the rest for the same."""
    types = keys | {scan.source.fields[at].name or "": read_as for at, read_as in apart.items()}
    columns = ", ".join(f"{text_literal(name)}: {text_literal(read_as)}" for name, read_as in types.items())
    options = [
        "format = 'newline_delimited'",
        "records = 'true'",
        "compression = 'uncompressed'",
        "hive_partitioning = false",
        f"columns = {{{columns}}}",
        f"maximum_object_size = {_LARGEST}",
    ]
    chosen = []
    for index, item in enumerate(scan.source.fields):
        if item.pseudo is not None:
            sql = file_names(files, _READ_FROM)
        else:
            sql = quote(item.name or "")
            sql = f"CAST({sql} AS VARCHAR)" if types[item.name or ""] == "JSON" else sql
        chosen.append(f"{sql} AS c{index}")
    if any(item.pseudo is not None for item in scan.source.fields):
        options.append(f"filename = '{_READ_FROM}'")
    return f"SELECT {', '.join(chosen)} FROM read_json({files_sql(files)}, {', '.join(options)})"


def _fields(scan: Scan, relation: str, malformed: str) -> str:
    """Return the texts of all fields, from records that are JSON or not."""
    source, found = scan.source, _Found()
    columns = [f"{ORIGINAL} AS {RECORD}", MALFORMED, PLACE] if scan.keeps_rejected else []
    for index, (item, field) in enumerate(zip(source.fields, scan.listed, strict=True)):
        sql = _PSEUDO[item.pseudo] if item.pseudo is not None else found.column(item.name or "", field.dtype.kind)
        columns.append(f"{sql} AS c{index}")
    is_json = f"json_valid({RECORD})"
    fits = f" AND {_IS_OBJECT}" if wants_objects(source) else ""
    if source.base_record is not None:
        relation = _below(source.base_record, _judged(scan, [is_json], malformed, relation), scan.keeps_rejected)
        if wants_objects(source):
            relation = _judged_again(scan, malformed, relation)
        relation = f"SELECT {', '.join(['*', *found.columns()])} FROM ({relation})"
    else:
        # Looking for the fields tells as well whether there is a record, in one reading; a single null is one, too.
        looked = found.columns("try({})")
        relation = f"SELECT {', '.join(['*', *looked])} FROM ({relation})"
        tests = [f"{_KEYS} IS NOT NULL"] if found.keys else [f"{_PATHS} IS NOT NULL"] if found.paths else []
        relation = _judged(scan, [f"{one}{fits}" for one in (*tests, is_json)], malformed, relation)
    return f"SELECT {', '.join(columns)} FROM ({relation}) WHERE {RECORD} IS NOT NULL"


def _judged(scan: Scan, tests: list[str], malformed: str, relation: str) -> str:
    """Return records with *malformed* in the place of those that pass none of the *tests* for JSON; with what is needed to
    reject them, if they are kept, and an empty record in their place."""
    if scan.keeps_rejected:
        rejects = scan.source.on_bad_value == "skip"
        wrong = f"NOT ({' OR '.join(tests)})" if rejects else "false"
        place = f"{FILE} || ', line ' || {LINE} AS {PLACE}"
        relation = f"SELECT *, {RECORD} AS {ORIGINAL}, {wrong} AS {MALFORMED}, {place} FROM ({relation})"
        malformed = "'{}'" if rejects else malformed
    kept = " ".join(f"WHEN {test} THEN {RECORD}" for test in tests)
    return f"SELECT * REPLACE (CASE {kept} ELSE {malformed} END AS {RECORD}) FROM ({relation})"


def _judged_again(scan: Scan, malformed: str, relation: str) -> str:
    """Return the records that a JSONPath found, what is no object treated as a document is that is no JSON."""
    if scan.keeps_rejected and scan.source.on_bad_value == "skip":
        wrong = f"NOT ({_IS_OBJECT})"
        replaced = (
            f"CASE WHEN {wrong} THEN '{{}}' ELSE {RECORD} END AS {RECORD}, ({MALFORMED} OR {wrong}) AS {MALFORMED}"
        )
        return f"SELECT * REPLACE ({replaced}) FROM ({relation}) WHERE {RECORD} IS NOT NULL"
    replaced = f"CASE WHEN {_IS_OBJECT} THEN {RECORD} ELSE {malformed} END AS {RECORD}"
    return f"SELECT * REPLACE ({replaced}) FROM ({relation}) WHERE {RECORD} IS NOT NULL"


def wants_objects(source: FileSource) -> bool:
    """Tell whether only objects can be records of a source: some field is a key."""
    return any(item.pseudo is None and not (item.name or "").startswith("$") for item in source.fields)


@dataclass(slots=True)
class _Found:
    """What is looked for in each record: *keys* and what their values are read as, all in one reading, which gives the
    structure `keys`; and *paths*, in another, which gives the list `paths`."""

    keys: dict[str, str] = dataclass_field(default_factory=dict)
    paths: list[str] = dataclass_field(default_factory=list)

    def columns(self, form: str = "{}") -> list[str]:
        """Return the SQL of the structure and of the list, those that are needed, in a *form*."""
        made = []
        if self.keys:
            made.append((f"json_transform({RECORD}, {text_literal(json.dumps(self.keys))})", _KEYS))
        if self.paths:
            made.append((f"json_extract({RECORD}, [{', '.join(map(text_literal, self.paths))}])", _PATHS))
        return [f"{form.format(sql)} AS {name}" for sql, name in made]

    def column(self, name: str, kind: Kind) -> str:
        """Return the text of a field: a structure and a number as JSON, what else there is as it is for people; null where it
        is null."""
        is_json = kind in AS_JSON
        if name.startswith("$") and not _SIMPLE_PATH.match(name):
            found = f"ps_json_path({RECORD}, {text_literal(name)})"
            return f"nullif({found} || '', 'null')" if is_json else f"ps_json_text({found})"
        if self._is_key(name, "JSON" if is_json else "VARCHAR"):
            value = f"struct_extract({_KEYS}, {text_literal(name)})"
            return f"CAST({value} AS VARCHAR)" if is_json else value
        self.paths.append(_path(name))
        value = f"{_PATHS}[{len(self.paths)}]"
        return f"nullif(CAST({value} AS VARCHAR), 'null')" if is_json else f"json_extract_string({value}, '$')"

    def _is_key(self, name: str, read_as: str) -> bool:
        """Note a key, unless another that differs in case only is noted, or the same to be read otherwise."""
        if name.startswith("$") or not name or name.lower() in (one.lower() for one in self.keys if one != name):
            return False
        return self.keys.setdefault(name, read_as) == read_as


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
    return f"SELECT * FROM ({lines}) WHERE CASE WHEN {RECORD} >= '!' THEN true ELSE trim({RECORD}, ' \t\f\v') <> '' END"


def _below(path: str, relation: str, keeps: bool) -> str:
    """Return the records that a JSONPath finds in each document; with *keeps* also those documents that are no JSON."""
    # A service without records may well say null.
    found = f"nullif(ps_json_path({RECORD}, {text_literal(path)}) || '', 'null')"
    several = "CASE WHEN json_type(found) = 'ARRAY' THEN json_extract(found, '$[*]')::VARCHAR[] ELSE [found] END"
    if keeps:
        found = f"CASE WHEN {MALFORMED} THEN '{{}}' ELSE {found} END"
        kept = f"SELECT {found} AS found, {FILE}, {LINE}, {ORIGINAL}, {MALFORMED}, {PLACE} FROM ({relation})"
        one = f"SELECT unnest({several}) AS {RECORD}, * EXCLUDE (found) FROM ({kept}) WHERE found IS NOT NULL"
        return f"SELECT * REPLACE (CASE WHEN {MALFORMED} THEN {ORIGINAL} ELSE {RECORD} END AS {ORIGINAL}) FROM ({one})"
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
