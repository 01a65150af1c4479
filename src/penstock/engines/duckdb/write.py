"""Outputs in a staging folder: one file by a COPY statement where DuckDB writes it, else records that are written part by
part (`penstock.engines.files.parts`; component reference 5.1)."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa

from penstock.engines.duckdb import casts
from penstock.engines.duckdb.hashing import Summing
from penstock.engines.duckdb.rejecting import Rejecting
from penstock.engines.duckdb.types import column_of, quote, text_literal
from penstock.engines.duckdb.whole import PATTERN
from penstock.engines.duckdb.written import TEXT, Shaped, as_json, is_ours, joined, shaped, titles_of
from penstock.engines.files.forms import GROUP_BYTES, Avro, Excel, Form, Layout, Parquet, Texts
from penstock.engines.files.opening import unpacked
from penstock.engines.files.parts import FOLDER, Part, Parts
from penstock.plan.dtypes import Kind
from penstock.plan.operators import FileTarget, Sort, Write
from penstock.plan.ports import Context

PREVIEW_LINES = 100
NULL_FOLDER = "__HIVE_DEFAULT_PARTITION__"
"""The value in the name of a folder of records that have none, as everybody spells it who reads such folders."""
_ENDINGS = {
    "delimited": "csv", "json": "json", "json_array": "json", "parquet": "parquet", "avro": "avro", "excel": "xlsx",
    "raw": "txt",
}  # fmt: skip
_PACKED = {"none": "", "gzip": ".gz", "bzip2": ".bz2", "zstd": ".zst"}


def file_name(target: FileTarget, number: int = 0) -> str:
    """Return the name of a part."""
    ending = "." + _ENDINGS[target.format] + _PACKED[target.compression]
    return f"{target.file_prefix}{number:05d}{ending if target.file_suffix is None else target.file_suffix}"


@dataclass(frozen=True, slots=True)
class Writing:
    """How an output is written. *sql* is the whole COPY statement, or with *is_streamed* a SELECT of what its parts hold.
    *tallies* are sequences that must be there when it runs, and *summing* is registered before (`Shaped`), as *rejects* are."""

    sql: str
    tallies: dict[str, str]
    is_streamed: bool = False
    summing: Summing | None = None
    rejects: Rejecting | None = None

    def begin(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make what the statement needs."""
        for tally in self.tallies:
            connection.execute(f"CREATE SEQUENCE {tally}")
        for one in (self.summing, self.rejects):
            if one is not None:
                one.register(connection)

    def end(self) -> None:
        """End what was begun, whether the statement failed or not."""
        if self.rejects is not None:
            self.rejects.close()


def writing(
    write: Write,
    select: str,
    path: Path,
    counter: str | None,
    stem: str,
    context: Context,
    rejects: Path | None = None,
    *,
    groups: int | None = None,
) -> Writing:
    """Return how an output is written; *counter* is the place where its records are counted, if they are not below,
    *stem* the stem of the names of sequences, *path* the file where there is one, *rejects* the file that what is left out
    goes to, where somebody reads that. With *groups* the path is a folder, for files of Parquet one after the other with so
    many groups of rows in each (`whole.PATTERN`)."""
    target = write.target
    kept = None if rejects is None else Rejecting(rejects, f"{stem}_reject")
    if target.is_streamed:
        return replace(_streamed(write, select, counter, stem, context, kept), rejects=kept)
    made = shaped(write, select, counter, stem, context, kept)
    columns = [f"{sql} AS {quote(title)}" for sql, title in made.columns]
    if target.format == "delimited" and not target.delimiter.isascii():
        title = target.delimiter.join(title for _, title in made.columns)
        # DuckDB's writer dies of a delimiter outside ASCII.
        columns = [f"{joined(made.columns, target.delimiter)} AS {quote(title)}"]
    below = f"SELECT {', '.join(columns)} FROM ({made.sql})"
    options = _options(write)
    if groups is not None:
        # In a folder that may hold files of an attempt to read a source that went wrong.
        options += [f"ROW_GROUPS_PER_FILE {groups}", f"FILENAME_PATTERN '{PATTERN}'", "OVERWRITE_OR_IGNORE true"]
    return Writing(
        f"COPY ({below}) TO {text_literal(str(path))} ({', '.join(options)})",
        made.tallies,
        False,
        made.summing,
        kept,
    )


def _options(write: Write) -> list[str]:
    target = write.target
    match target.format:
        case "parquet":
            codec = f"COMPRESSION {target.parquet_compression.lower()}"
            # A dictionary holds one zero for both. Files that people keep are twice as large without (decision 0068).
            plain = ["DICTIONARY_SIZE_LIMIT 0"] if write.destination is not None and _has_reals(write) else []
            # Filters help those who look for single values, and cost a tenth of the time that a file takes.
            return ["FORMAT parquet", codec, "WRITE_BLOOM_FILTER false", *plain]
        case "json" | "json_array":
            is_array = target.format == "json_array"
            return ["FORMAT json", f"ARRAY {str(is_array).lower()}", f"COMPRESSION {target.compression}"]
    is_raw = target.format == "raw"
    mark = "" if is_raw or is_ours(target) else target.quote or ""
    delimiter = target.delimiter if target.delimiter.isascii() and not is_raw else ","
    return [
        "FORMAT csv",
        f"HEADER {str(target.header and not is_raw).lower()}",
        f"DELIMITER {text_literal(delimiter)}",
        f"QUOTE {text_literal(mark)}",
        f"ESCAPE {text_literal(mark)}",
        "NULLSTR ''",
        f"COMPRESSION {target.compression}",
    ]


def _has_reals(write: Write) -> bool:
    fields = (write.given.schema.find(name) for name, _ in write.target.columns)
    return any(one is not None and one.dtype.kind in (Kind.FLOAT, Kind.DOUBLE) for one in fields)


def _streamed(
    write: Write, select: str, counter: str | None, stem: str, context: Context, rejects: Rejecting | None
) -> Writing:
    target = write.target
    is_ordered = bool(target.partition_by) and isinstance(write.given, Sort)
    if is_ordered:
        select = f"SELECT *, row_number() OVER () AS _number FROM ({select})"
    made = shaped(write, select, counter, stem, context, rejects)
    below = made.sql
    if is_ordered:
        below = below.replace("SELECT ", "SELECT _number, ", 1)
    columns = [*_payload(write, made)]
    order = ""
    if target.partition_by:
        columns.append(f"{_folder(write, context)} AS {FOLDER}")
        order = f" ORDER BY {FOLDER}"
        if is_ordered:
            columns.append("_number")
            order += ", _number"
    sql = f"SELECT {', '.join(columns)} FROM ({below})"
    if is_ordered:
        sql = f"SELECT * EXCLUDE (_number) FROM ({sql}{order})"
    else:
        sql += order
    return Writing(sql, made.tallies, True, made.summing)


def _payload(write: Write, made: Shaped) -> list[str]:
    match write.target.format:
        case "delimited":
            return [f"{joined(made.columns, write.target.delimiter)} || chr(10) AS line"]
        case "json":
            return [f"{as_json(made.columns)} || chr(10) AS line"]
        case "json_array":
            return [f"{as_json(made.columns)} AS line"]
        case "raw":
            return [f"{joined(made.columns, '')} || chr(10) AS line"]
        case _:
            return [f"{sql} AS {quote(title)}" for sql, title in made.columns]


def _folder(write: Write, context: Context) -> str:
    """Return the folder of a record: `field=value` for each field, a value without one character that means something there.
    Nothing is told from null, as in all that reads such folders."""
    folders = []
    for name in write.target.partition_by:
        found = write.given.schema.find(name)
        if found is None:
            raise KeyError(name)
        column = column_of(name)
        text = column if found.dtype.kind is Kind.CHARARRAY else casts.cast(column, found.dtype, TEXT, context)
        folders.append(f"'{name}=' || coalesce(nullif(url_encode({text}), ''), '{NULL_FOLDER}')")
    return " || '/' || ".join(folders)


def parts_of(
    write: Write,
    schema: pa.Schema,
    place: Callable[[Part], Path],
    scratch: Path,
    threads: int,
    stopped: Callable[[], None],
) -> Parts:
    """Return what writes the parts of an output, of records with the Arrow *schema* of its `Writing`; *place* gives the file
    of each."""
    target = write.target
    payload = pa.schema([one for one in schema if one.name != FOLDER])
    size = target.target_size_bytes
    group = GROUP_BYTES if size is None else min(GROUP_BYTES, max(size, 1 << 20))

    def make(path: Path) -> Form:
        match target.format:
            case "parquet":
                return Parquet(path, payload, target.parquet_compression, group)
            case "avro":
                return Avro(path, payload)
            case "excel":
                return Excel(path, payload, target.header, scratch)
            case _:
                return Texts(path, target.compression, _layout(write), threads)

    return Parts(write.component, target, place, make, stopped)


def _layout(write: Write) -> Layout:
    target = write.target
    if target.format == "json_array":
        return Layout(b"[\n\t", b",\n\t", b"\n]\n")
    if target.format == "delimited" and target.header:
        return Layout((target.delimiter.join(titles_of(write)) + "\n").encode())
    return Layout()


def preview_of(path: Path, target: FileTarget) -> tuple[str | None, str | None]:
    """Return up to a hundred raw lines of a written file and their type; none for binary formats."""
    if target.format in ("parquet", "avro", "excel"):
        return None, None
    lines: list[str] = []
    with path.open("rb") as packed, unpacked(packed, target.compression) as plain:
        text = io.TextIOWrapper(plain, "utf-8", newline="\n")
        for line in islice(text, PREVIEW_LINES):
            lines.append(line if len(line) <= 10_000 else line[:10_000] + "…\n")
        text.detach()
    return "".join(lines), "json" if target.format.startswith("json") else "csv"
