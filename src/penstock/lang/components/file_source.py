"""File storage source: records of files (component reference 3.1)."""

from __future__ import annotations

import codecs
from collections.abc import Mapping

from penstock.lang.check import codes_package as codes
from penstock.lang.components.options import are_json_paths, characters_differ, json_path_of, only_with, place_of
from penstock.lang.components.source_fields import listed_fields
from penstock.lang.components.spec import REQUIRED, Component, Property, Step
from penstock.lang.document.shapes import (
    ALIAS,
    BOOLEAN,
    CONNECTION,
    JSON_PATH,
    MESSAGE,
    PLACE,
    TEXT,
    Shape,
    a_list,
    character,
    choice,
    record,
    show,
    when,
)
from penstock.lang.variables.substitution import Mode
from penstock.plan.cells import area_of
from penstock.plan.dtypes import LONG, SCHEMA_WORDS, DType, Kind
from penstock.plan.operators import ConnectionRef, FileSource, Operator, Scan, ScanField
from penstock.plan.schema import Schema

PSEUDO: dict[str, DType] = {"file_path": SCHEMA_WORDS["string"], "line_number": LONG}
_ENCODINGS = {"iso8859-1": "iso-8859-1", "utf-8-sig": "utf-8"}
"""Names that Python has for what is called otherwise here."""
_NO_CHARACTER_SETS = frozenset(
    {"idna", "punycode", "raw-unicode-escape", "unicode-escape", "undefined", "utf-7", "mbcs", "oem"}
)
STORES = ("file", "s3", "gs", "azureblobstorage", "sftp", "ftps", "hdfs", "http")
FIELD: Shape = {
    "oneOf": [
        record(("name",), name={"type": "string", "minLength": 1}, alias=ALIAS, type=choice(*SCHEMA_WORDS)),
        record(("pseudo",), pseudo=choice(*PSEUDO), alias=ALIAS),
    ],
    MESSAGE: "A field needs a 'name', or 'pseudo'.",
}
_RAW = ({"name": "record"},)
"""The fields of raw records where none are listed."""


def build(step: Step, inputs: Mapping[str, Operator]) -> Operator | None:
    """Return the scan of a source, or None with findings; of options alone, so that what follows is checked as well."""
    sound = step.check_shapes()
    connection = step.connection()
    fields = _fields(step)
    if fields is None:
        return None
    schema, items = fields
    source = _source(step, connection, items) if sound and connection is not None else None
    return Scan(step.node.name, source or FileSource(ConnectionRef(""), "", items), schema)


def _source(step: Step, connection: ConnectionRef, items: tuple[ScanField, ...]) -> FileSource | None:
    given = step.properties
    only_with(step, ("record_delimiter",), "record_type", "json", "raw")
    only_with(step, ("encoding",), "record_type", "delimited", "json", "raw")
    only_with(step, ("delimiter", "quote", "escape"), "record_type", "delimited")
    only_with(step, ("skip_header", "match_fields"), "record_type", "delimited", "excel")
    only_with(step, ("sheet", "range"), "record_type", "excel")
    only_with(step, ("base_record",), "record_type", "json")
    if given["record_type"] == "delimited" and not characters_differ(step):
        return None
    only_with(step, ("compression_password",), "compression", "auto", "zip")
    path, bucket = step.text("path"), step.text("bucket")
    password = step.text("compression_password")
    base = None if given["base_record"] is None else json_path_of(step, given["base_record"], step.at("base_record"))
    if given["record_type"] == "json" and not are_json_paths(step, items):
        return None
    if path is None or (base is None) is not (given["base_record"] is None):
        return None
    only_with(step, ("manifest",), "source_action", "incremental")
    manifest, is_kept = place_of(step, "manifest")
    if not is_kept:
        return None
    cells = _cells(step)
    if (cells is None) is not (given["range"] is None):
        return None
    if not path:
        step.add(codes.WrongShape, "The path is empty.", step.at("path"), hint="Name a file, a folder or a pattern.")
        return None
    return FileSource(
        connection=connection,
        path=path,
        fields=items,
        bucket=bucket,
        record_type=given["record_type"],
        record_delimiter=given["record_delimiter"],
        compression=given["compression"],
        compression_password=password,
        encoding=_encoding(step),
        delimiter="\t" if given["delimiter"] == "\\t" else given["delimiter"],
        quote=None if given["quote"] == "none" else '"',
        quote_multi_line=given["quote"] == "quoted_multi_line",
        escape=None if given["escape"] == "none" else given["escape"],
        skip_header=given["skip_header"],
        match_fields=given["match_fields"],
        base_record=base,
        sheet=step.text("sheet"),
        range=cells,
        manifest=manifest if given["source_action"] == "incremental" else None,
        on_bad_value=given["on_bad_value"],
        line_max_bytes=_line_max(step),
    )


def _cells(step: Step) -> str | None:
    """Return the cells that are read with variables replaced, or None with a finding."""
    raw = step.properties["range"]
    made = None if raw is None else step.substituted(str(raw), step.at("range"), Mode.TEXT)
    if made is None or step.stands_in(made) or area_of(made.text) is not None:
        return None if made is None else made.text
    message = f"{show(made.text)} names no cells."
    step.add(codes.WrongShape, message, step.at("range"), hint="Such as A1:D10, or B:D.")
    return None


def _encoding(step: Step) -> str:
    """Return the character set under the one name that it has here, `utf-8` with findings."""
    name = str(step.properties["encoding"])
    try:
        known = codecs.lookup(name).name
        "".encode(name)
    except (LookupError, ValueError):
        step.add(codes.WrongShape, f"There is no character set '{name}'.", step.at("encoding"), hint="Such as utf-8.")
        return "utf-8"
    if known in _NO_CHARACTER_SETS:
        step.add(codes.WrongShape, f"'{name}' is no character set.", step.at("encoding"), hint="Such as utf-8.")
    return _ENCODINGS.get(known, known)


def _line_max(step: Step) -> int | None:
    value = step.values.get("_LINE_RECORD_READER_MAX_LENGTH")
    return int(value.text) if value is not None and value.text.isdigit() else None


def _fields(step: Step) -> tuple[Schema, tuple[ScanField, ...]] | None:
    is_raw = step.node.properties.get("record_type") == "raw"
    fields = listed_fields(step, _RAW if is_raw else (), FIELD, PSEUDO)
    if is_raw and fields is not None and not _raw_sound(step, *fields):
        return None
    return fields


def _raw_sound(step: Step, schema: Schema, items: tuple[ScanField, ...]) -> bool:
    """Report other fields than a raw record is; True when there are none."""
    kinds = [field.dtype.kind for field, item in zip(schema, items, strict=True) if item.pseudo is None]
    if len(kinds) != 1 or kinds[0] not in (Kind.CHARARRAY, Kind.BYTEARRAY):
        message = "A raw record is one field, of type string or binary."
        step.add(codes.WrongShape, message, "fields", hint="Take it apart in a Select.")
        return False
    return True


component = Component(
    type="cloud_storage_source_component",
    title="File storage",
    help="Reads the records of files.",
    inputs=(),
    is_source=True,
    keys={"connection": CONNECTION, "fields": a_list(FIELD)},
    connections=STORES,
    build=build,
    rules=(
        when("'source_action' incremental needs a 'manifest'.", "source_action", "manifest", test={"const": "incremental"}),
        when(
            "'match_fields' name needs 'skip_header' true: the names stand in the first line.", "match_fields",
            "skip_header", test={"const": "name"}, skip_header={"const": True},
        ),
    ),
    properties=(
        Property("bucket", TEXT, "Bucket or container; left out for connections that are a folder or a host.", takes="T"),
        Property("path", TEXT, "File, folder ending in `/`, or pattern.", REQUIRED, "T"),
        Property(
            "source_action", choice("process_all", "incremental", "copy"),
            "Read all files; only those the manifest does not list unchanged; or copy first, then read, which every source "
            "in a store does here.", "process_all",
        ),
        Property("manifest", PLACE, "Where the manifest is kept.", takes="T"),
        Property(
            "record_type", choice("delimited", "json", "raw", "excel", "parquet", "avro"), "What a record is.",
            "delimited",
        ),
        Property(
            "record_delimiter", choice("new_line", "eof"), "A record ends at a line end, or a file is one record.",
            "new_line",
        ),
        Property(
            "compression", choice("auto", "none", "gzip", "bzip2", "zip", "zstd"),
            "`auto`: by the ending of the file name.", "auto",
        ),
        Property("compression_password", TEXT, "Password of zip files.", takes="T"),
        Property("encoding", {"type": "string", "minLength": 1}, "Character set of text records.", "utf-8"),
        Property("delimiter", character("\\t"), "Between fields; `delimited` only.", "\t"),
        Property("quote", choice("none", '"', "quoted_multi_line"), "Qualifier; the last allows line breaks inside.", "none"),
        Property("escape", character("none"), "The character after it is data; `delimited` only.", "none"),
        Property("skip_header", BOOLEAN, "The first line of every file is names, not data.", False),
        Property(
            "match_fields", choice("position", "name"),
            "Fields find their column by position, or by the name in the first line.", "position",
        ),
        Property("base_record", JSON_PATH, "JSONPath of the object or array that holds the records; `json`.", takes="T"),
        Property("sheet", TEXT, "Sheet of a workbook; `excel`.", takes="T"),
        Property("range", TEXT, "Cells in A1 notation; `excel`.", takes="T"),
        Property(
            "on_bad_value", choice("set_null", "skip", "fail"),
            "What a value that does not fit its field does: becomes null, drops its record, or fails the job.", "set_null",
        ),
    ),
)  # fmt: skip
