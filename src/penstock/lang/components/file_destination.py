"""File storage destination: records as files in a folder (component reference 5.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from penstock.lang.check import codes, codes_package
from penstock.lang.components.file_source import STORES
from penstock.lang.components.options import characters_differ, only_with
from penstock.lang.components.spec import REQUIRED, Component, Property, Step
from penstock.lang.document.faults import fits
from penstock.lang.document.shapes import (
    ALIAS,
    BOOLEAN,
    CONNECTION,
    MAPPING,
    NAMES,
    TEXT,
    character,
    choice,
    number_or_variable,
    show,
)
from penstock.lang.variables.substitution import Mode
from penstock.plan.dtypes import DType, Kind
from penstock.plan.operators import FileTarget, Operator, Write
from penstock.plan.schema import Schema

_CODECS = ("UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD")
_AVRO_NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")
_EXCEL_COLUMNS = 16_384


def build(step: Step, inputs: Mapping[str, Operator]) -> Write | None:
    """Return the output of a destination, or None with findings."""
    sound = step.check_shapes()
    connection = step.connection()
    given = inputs[""]
    columns = mapping_of(step, given.schema)
    path = step.place("path")
    if not sound or connection is None or columns is None or path is None:
        return None
    if not path.strip("/"):
        hint = "Name a folder under the connection's."
        step.add(codes_package.WrongShape, "The path is empty.", step.at("path"), hint=hint)
        return None
    chosen = step.properties
    prefix, suffix = step.place("file_prefix"), step.place("file_suffix")
    size = _target_size(step)
    partitions = _partitions(step, given.schema)
    columns = tuple((field, column) for field, column in columns if field not in (partitions or ()))
    sound = _options_sound(step) and _names_sound(step, prefix, suffix)
    if partitions is None or not _columns_sound(step, columns, given.schema) or not sound or size == 0:
        return None
    target = FileTarget(
        connection=connection,
        path=path,
        columns=columns,
        bucket=step.place("bucket"),
        format=chosen["format"],
        delimiter="\t" if chosen["delimiter"] == "\\t" else chosen["delimiter"],
        quote=None if chosen["quote"] == "none" else chosen["quote"],
        escape=None if chosen["escape"] == "none" else chosen["escape"],
        header=chosen["header"],
        compression=chosen["compression"],
        merge_to_single_file=chosen["merge_to_single_file"],
        file_prefix=prefix or "",
        file_suffix=suffix,
        partition_by=partitions,
        target_size_bytes=size,
        if_exists=chosen["if_exists"],
        on_bad_value=chosen["on_bad_value"],
        parquet_compression=_codec(step),
    )
    return Write(step.node.name, step.node.id, step.kind.type, given, target)


def _codec(step: Step) -> str:
    value = step.values.get("_PARQUET_COMPRESSION")
    if value is None or value.placeholder:
        return "UNCOMPRESSED"
    word = value.text.upper()
    if step.properties["format"] == "parquet" and word not in _CODECS:
        message = f"The variable _PARQUET_COMPRESSION is {show(word)}, which is no codec of this version."
        step.add(codes_package.WrongShape, message, None, hint=f"Known: {', '.join(_CODECS)}.")
    return word if word in _CODECS else "UNCOMPRESSED"


def _names_sound(step: Step, prefix: str | None, suffix: str | None) -> bool:
    for name, text in (("file_prefix", prefix), ("file_suffix", suffix)):
        if text is not None and ("/" in text or "\0" in text or text in (".", "..")):
            step.add(codes_package.WrongShape, "A file name holds no '/'.", step.at(name))
            return False
    if (prefix or "").startswith((".", "_")):
        message = "A file name that begins with '.' or '_' is ignored by every reader."
        step.add(codes_package.WrongShape, message, step.at("file_prefix"))
        return False
    return True


def _options_sound(step: Step) -> bool:
    chosen = step.properties
    only_with(step, ("delimiter", "quote", "escape"), "format", "delimited")
    only_with(step, ("header",), "format", "delimited", "excel")
    if chosen["format"] in ("parquet", "avro", "excel") and chosen["compression"] != "none":
        message = "'compression' is for formats of text."
        hint = {
            "parquet": "Parquet takes its codec from the variable _PARQUET_COMPRESSION.",
            "avro": "Avro files are packed by themselves.",
            "excel": "Workbooks are packed by themselves.",
        }[chosen["format"]]
        step.add(codes_package.WrongShape, message, step.at("compression"), hint=hint)
        return False
    if chosen["target_size_bytes"] is not None:
        for name, value in (("merge_to_single_file", True), ("format", "excel")):
            if chosen[name] == value:
                message = f"'target_size_bytes' makes several parts, which does not go with {name} {show(value)}."
                step.add(codes_package.WrongShape, message, step.at("target_size_bytes"), hint="Leave one of them out.")
                return False
    return chosen["format"] != "delimited" or characters_differ(step)


def _target_size(step: Step) -> int | None:
    """Return the size of a part with its variables replaced, None where there is none, or 0 with a finding."""
    raw = step.properties["target_size_bytes"]
    if not isinstance(raw, str):
        return None if raw is None else int(raw)
    made = step.substituted(raw, step.at("target_size_bytes"), Mode.TEXT)
    if made is None:
        return 0
    if step.stands_in(made):
        return 1
    if made.text.strip().isdecimal() and int(made.text) > 0:
        return int(made.text)
    message = f"The size is {show(made.text)} once its variables are replaced, which is no whole number of at least 1."
    step.add(codes_package.WrongShape, message, step.at("target_size_bytes"), hint="Correct the value of the variable.")
    return 0


def _partitions(step: Step, given: Schema) -> tuple[str, ...] | None:
    """Return the fields that become folders, or None with findings."""
    listed = [(path, str(name)) for path, name in step.items("partition_by", ALIAS)]
    sound = step.fields_known(listed, given)
    for path, name in listed:
        found = given.find(name)
        if found is not None and (found.dtype.is_complex or found.dtype.kind is Kind.BYTEARRAY):
            message = f"The field '{name}' {_what(found.dtype)}, which is no name of a folder."
            step.add(codes.WrongOperand, message, path, hint="Cast it in a Select first, such as (chararray).")
            sound = False
    return tuple(name for _, name in listed) if sound else None


def _what(dtype: DType) -> str:
    return "has no type" if dtype.kind is Kind.BYTEARRAY else f"is a {dtype}"


def _columns_sound(step: Step, columns: tuple[tuple[str, str], ...], given: Schema) -> bool:
    """Report columns that the format cannot hold; True when all are sound."""
    if not columns:
        message = "No field is left to be written."
        step.add(codes_package.WrongShape, message, step.at("partition_by"), hint="Leave one out of 'partition_by'.")
        return False
    match step.properties["format"]:
        case "raw":
            found = given.find(columns[0][0])
            if len(columns) > 1 or found is None or found.dtype.kind is not Kind.CHARARRAY:
                message = "The format raw writes one field, of text."
                step.add(
                    codes.WrongOperand,
                    message,
                    step.at("format"),
                    hint="Make it in a Select, or choose it in 'mapping'.",
                )
                return False
        case "avro":
            wrong = [column for _, column in columns if not _AVRO_NAME.fullmatch(column)]
            if wrong:
                message = (
                    f"Avro takes no column {show(wrong[0])}: a letter or '_', then letters, digits and underscores."
                )
                step.add(codes_package.BadAlias, message, "mapping", hint="Give it another name in 'mapping'.")
                return False
        case "excel" if len(columns) > _EXCEL_COLUMNS:
            message = f"A sheet has no more than {_EXCEL_COLUMNS:,} columns."
            step.add(codes_package.WrongShape, message, step.at("format"), hint="Choose some of them in 'mapping'.")
            return False
    return True


def mapping_of(step: Step, given: Schema) -> tuple[tuple[str, str], ...] | None:
    """Return (field, column) pairs in order, or None with findings."""
    if "mapping" not in step.node.keys:
        return tuple((name, name) for name in given.names)
    raw = step.node.keys["mapping"]
    if not fits(raw, MAPPING):
        return None
    listed = [(f"mapping[{index}].alias", item["alias"]) for index, item in enumerate(raw)]
    sound = step.fields_known(listed, given)
    pairs = [(item["alias"], item.get("column", item["alias"])) for item in raw]
    seen: set[str] = set()
    for index, (_, column) in enumerate(pairs):
        if column in seen:
            hint = "Give one another column."
            step.add(codes_package.BadAlias, f"The column {show(column)} stands twice.", f"mapping[{index}]", hint=hint)
            sound = False
        seen.add(column)
    return tuple(pairs) if sound else None


component = Component(
    type="cloud_storage_destination_component",
    title="File storage",
    help="Writes records as files into a folder.",
    is_destination=True,
    keys={"connection": CONNECTION, "mapping": MAPPING},
    connections=STORES,
    build=build,
    properties=(
        Property("bucket", TEXT, "Bucket or container; left out for connections that are a folder or a host.", takes="T"),
        Property("path", TEXT, "Folder under the connection's folder or the bucket.", REQUIRED, "T"),
        Property(
            "format", choice("delimited", "json", "json_array", "parquet", "avro", "excel", "raw"),
            "`json`: one object a line; `json_array`: one array a file; `raw`: one text field a line.", "delimited",
        ),
        Property("delimiter", character("\\t"), "Between fields; `delimited` only.", "\t"),
        Property("quote", choice("none", '"', "'"), "Qualifier, put round values that need it; `delimited` only.", "none"),
        Property("escape", character("none"), "Put before delimiter, qualifier, itself and line breaks.", "none"),
        Property("header", BOOLEAN, "The first line holds the columns.", False),
        Property(
            "compression", choice("none", "gzip", "bzip2", "zstd"), "Of text formats.", "none",
        ),
        Property("merge_to_single_file", BOOLEAN, "Exactly one file.", False),
        Property("file_prefix", TEXT, "Begin of file names.", "part-", "T"),
        Property("file_suffix", TEXT, "End of file names; by default the ending of format and compression.", takes="T"),
        Property("partition_by", NAMES, "Folders `field=value` in this order."),
        Property(
            "target_size_bytes", number_or_variable(1), "Begin a new part at about this size.", takes="T",
        ),
        Property("if_exists", choice("fail", "replace", "append"), "What happens when `path` exists.", "fail"),
        Property(
            "on_bad_value", choice("set_null", "skip", "fail"),
            "What a value that does not fit does: becomes null, drops its record, or fails the job.", "fail",
        ),
    ),
)  # fmt: skip
