"""File sources as DuckDB relations (dataflow reference 5.1, component reference 3.1).

Delimited files are read as text and cast with Pig's rules. Measured on ten million records, reading text and casting it
costs about as much as DuckDB's own typed reading, because a plain number is recognised by one comparison (`casts`); the
typed reader would round '3.6' to the int 4 and refuse what Pig reads.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections import defaultdict

from penstock.engines.duckdb.fields import ATTEMPTS as _ATTEMPTS
from penstock.engines.duckdb.fields import from_bytes
from penstock.engines.duckdb.locations import file_names, files_sql
from penstock.engines.duckdb.packed import check_packed
from penstock.engines.duckdb.parquet import Describe, parquet_sql
from penstock.engines.duckdb.types import column_of, text_literal
from penstock.errors import PermanentError
from penstock.plan.dtypes import Kind
from penstock.plan.operators import FileSource, Scan
from penstock.plan.ports import BoundSource, Context, FileEntry

_SIMPLE_PATH = re.compile(r"\$(?:\.[A-Za-z_][A-Za-z0-9_]*|\[[0-9]+\])*\Z")
_FILE = "file_name"


def scan_sql(scan: Scan, bound: BoundSource, context: Context, counter: str, describe: Describe) -> str:
    """Return a SELECT over the files of a source with the schema of *scan*; *counter* is the sequence counting records."""
    if not bound.files:
        columns = ", ".join(f"CAST(NULL AS VARCHAR) AS {column_of(f.name)}" for f in scan.schema)
        return f"SELECT {columns} WHERE false"
    if scan.source.record_type != "parquet":
        check_packed(scan.component, scan.source, bound.files)
    match scan.source.record_type:
        case "json":
            raw = _json(scan, bound)
        case "parquet":
            return parquet_sql(scan, bound, context, counter, describe)
        case _:
            raw = _delimited(scan, bound)
    typed, kept, attempts = [], [], []
    for index, field in enumerate(scan.schema):
        column = f"c{index}"
        if scan.source.fields[index].pseudo is not None:
            typed.append(f"{column} AS {column_of(field.name)}")
            continue
        attempt = None
        if field.dtype.kind in _ATTEMPTS:
            attempt = f"t{index}"
            attempts.append(f"TRY_CAST({column} AS {_ATTEMPTS[field.dtype.kind]}) AS {attempt}")
        sql = from_bytes(column, field.dtype.kind, context, attempt)
        if scan.source.on_bad_value != "set_null" and field.dtype.kind is not Kind.CHARARRAY:
            bad = f"{column} IS NOT NULL AND ({sql}) IS NULL"
            if scan.source.on_bad_value == "skip":
                kept.append(f"NOT ({bad})")
            else:
                place = text_literal(f"Component '{scan.component}', field '{field.name}': the value '")
                remedy = text_literal(
                    f"' is no {field.dtype.kind.value}. Correct it, or choose set_null or skip for it."
                )
                sql = f"CASE WHEN {bad} THEN error({place} || {column} || {remedy}) ELSE ({sql}) END"
        typed.append(f"({sql}) AS {column_of(field.name)}")
    # Two layers: inside a CASE DuckDB would compute each conversion again wherever it is mentioned.
    counted = f"SELECT {', '.join(['*', *attempts])} FROM ({raw}) WHERE nextval('{counter}') > 0"
    where = f" WHERE {' AND '.join(kept)}" if kept else ""
    return f"SELECT {', '.join(typed)} FROM ({counted}){where}"


_REST = "c_rest"
"""What a record has beyond its declared fields; looked at, never read."""


def _delimited(scan: Scan, bound: BoundSource) -> str:
    source = scan.source
    data = [index for index, item in enumerate(source.fields) if item.pseudo is None]
    if source.match_fields == "position":
        columns = [f"c{index}" for index in data] or ["c_none"]
        return _read_csv(source, bound.files, columns, scan)
    groups: dict[tuple[str, ...], list[FileEntry]] = defaultdict(list)
    for file in bound.files:
        groups[_header(source, file)].append(file)
    parts = []
    for header, files in groups.items():
        columns = [f"x{position}" for position in range(len(header))]
        wanted = [f"c{index}" for index in range(len(source.fields))]
        for index in data:
            name = source.fields[index].name
            if name not in header:
                raise PermanentError(
                    f"Component '{scan.component}': the first line of {files[0].name} has no column '{name}'. "
                    f"It has: {', '.join(header)}."
                )
            wanted[index] = f"x{header.index(name)} AS c{index}"
        parts.append(f"(SELECT {', '.join(wanted)} FROM ({_read_csv(source, tuple(files), columns, scan)}))")
    return " UNION ALL ".join(parts)


def _read_csv(source: FileSource, files: tuple[FileEntry, ...], columns: list[str], scan: Scan) -> str:
    mark = text_literal(source.quote or "")
    checked = [*columns, _REST] if source.quote is not None and not source.quote_multi_line else []
    # A quoted value doubles its qualifier unless another character escapes it.
    escape = text_literal(source.escape if source.escape is not None else source.quote or "")
    options = [
        "auto_detect = false", "header = false", "null_padding = true", "strict_mode = false", "nullstr = ''",
        f"delim = {text_literal(source.delimiter)}", f"quote = {mark}", f"escape = {escape}",
        f"skip = {1 if source.skip_header else 0}",
        f"columns = {{{', '.join(f'{text_literal(name)}: {chr(39)}VARCHAR{chr(39)}' for name in checked or columns)}}}",
        f"encoding = {text_literal('latin-1' if source.encoding == 'iso-8859-1' else 'utf-8')}",
        f"max_line_size = {max(source.line_max_bytes or 0, 2_097_152)}",
    ]  # fmt: skip
    if source.quote_multi_line:
        options.append("parallel = false")
    if source.compression != "auto":
        options.append(f"compression = '{source.compression}'")
    pseudo = [index for index, item in enumerate(source.fields) if item.pseudo == "file_path"]
    extra = "".join(f", {file_names(files)} AS c{index}" for index in pseudo)
    if pseudo:
        options.append("filename = true")
    relation = f"read_csv({files_sql(files)}, {', '.join(options)})"
    if not checked:
        return f"SELECT *{extra} FROM {relation}"
    # DuckDB lets a qualifier that is never closed swallow what follows; here a value ends with its line at the latest.
    swallows = " OR ".join(f"contains({name}, '\n')" for name in checked)
    message = text_literal(
        f"Component '{scan.component}': a quoted value holds a line break, or a quote is not closed. Set 'quote' to "
        "quoted_multi_line if values may hold line breaks, or to none if quotes are data."
    )
    whole = f"CASE WHEN {swallows} THEN error({message}) ELSE true END"
    return f"SELECT * EXCLUDE ({_REST}){extra} FROM {relation} WHERE {whole}"


def _header(source: FileSource, file: FileEntry) -> tuple[str, ...]:
    """Return the names in the first line of a file."""
    encoding = "utf-8-sig" if source.encoding == "utf-8" else source.encoding
    zipped = source.compression == "gzip" or (source.compression == "auto" and file.location.endswith(".gz"))
    try:
        with (
            gzip.open(file.location) if zipped else open(file.location, "rb") as stream,
            io.TextIOWrapper(stream, encoding, newline="") as text,
        ):
            lines = text if source.quote_multi_line else [text.readline(1_000_000).rstrip("\r\n")]
            if source.quote is None and source.escape is None:
                return tuple("".join(lines).split(source.delimiter))
            reader = csv.reader(
                lines,
                delimiter=source.delimiter,
                quotechar=source.quote,
                escapechar=source.escape,
                quoting=csv.QUOTE_NONE if source.quote is None else csv.QUOTE_MINIMAL,
            )
            return tuple(next(reader, []))
    except (OSError, UnicodeDecodeError, EOFError, csv.Error) as error:
        raise PermanentError(f"The first line of {file.name} cannot be read: {error}.") from error


def _json(scan: Scan, bound: BoundSource) -> str:
    source = scan.source
    compression = "" if source.compression == "auto" else f", compression = '{source.compression}'"
    encoding = "latin-1" if source.encoding == "iso-8859-1" else "utf-8"
    if source.record_delimiter == "eof":
        _refuse_unread(scan, bound)
        relation = f"SELECT content AS record, filename FROM read_text({files_sql(bound.files)})"
    else:
        # Lines, not DuckDB's JSON reader: it would fail on one malformed line, and drop lines in silence if told to.
        relation = (
            f"SELECT record, filename FROM read_csv({files_sql(bound.files)}, auto_detect = false, header = false, "
            f"delim = '\x01', quote = '', escape = '', strict_mode = false, columns = {{'record': 'VARCHAR'}}, "
            f"filename = true, max_line_size = 16777216, encoding = '{encoding}'{compression}) "
            "WHERE record IS NOT NULL AND trim(record) <> ''"
        )
    bad = text_literal(f"Component '{scan.component}': a record is malformed JSON: ")
    if source.on_bad_value == "skip":
        relation = f"SELECT * FROM ({relation}) WHERE json_valid(record)"
    elif source.on_bad_value == "fail":
        relation = (
            f"SELECT CASE WHEN json_valid(record) THEN record ELSE error({bad} || substring(record, 1, 80)) END AS record, "
            f"filename FROM ({relation})"
        )
    else:
        relation = (
            f"SELECT CASE WHEN json_valid(record) THEN record ELSE '{{}}' END AS record, filename FROM ({relation})"
        )
    if source.base_record is not None:
        found = f"ps_json_path(record, {text_literal(source.base_record)})"
        relation = (
            f"SELECT unnest(CASE WHEN json_type(found) = 'ARRAY' THEN json_extract(found, '$[*]')::VARCHAR[] "
            f"ELSE [found] END) AS record, filename FROM (SELECT {found} AS found, filename FROM ({relation})) "
            "WHERE found IS NOT NULL"
        )
    columns = []
    for index, (item, field) in enumerate(zip(source.fields, scan.schema, strict=True)):
        if item.pseudo is not None:
            columns.append(f"{file_names(bound.files)} AS c{index}")
        else:
            columns.append(f"{_json_column(item.name or '', field.dtype.kind)} AS c{index}")
    return f"SELECT {', '.join(columns)} FROM ({relation})"


def _refuse_unread(scan: Scan, bound: BoundSource) -> None:
    """Raise PermanentError for what DuckDB cannot read as one text for each file."""
    source = scan.source
    packed = next((one for one in bound.files if one.name.endswith((".gz", ".zst"))), None)
    if source.compression == "gzip" or (source.compression == "auto" and packed is not None):
        name = (packed or bound.files[0]).name
        raise PermanentError(
            f"Component '{scan.component}': {name} is packed, which is not available for files that are one record. Unpack it."
        )
    if source.encoding != "utf-8":
        raise PermanentError(
            f"Component '{scan.component}': files that are one record are read as UTF-8 in this version. Convert them."
        )


def _json_column(name: str, kind: Kind) -> str:
    structure = kind in (Kind.MAP, Kind.BAG)
    if name.startswith("$") and not _SIMPLE_PATH.match(name):
        found = f"ps_json_path(record, {text_literal(name)})"
        return found if structure else f"ps_json_text({found})"
    path = name if name.startswith("$") else "$." + '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if not name.startswith("$") and any(char in name for char in '"\\*'):
        path = "/" + name.replace("~", "~0").replace("/", "~1")
    if structure:
        return f"CAST(json_extract(record, {text_literal(path)}) AS VARCHAR)"
    return f"json_extract_string(record, {text_literal(path)})"
