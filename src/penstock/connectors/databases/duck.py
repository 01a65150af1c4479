"""DuckDB as a reader of databases and writer of files: a database of its own in memory, apart from the engine's."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import duckdb

from penstock.errors import PermanentError

MEMORY = "2GiB"
"""At most, before it spills beside what lands."""


def opened(folder: Path, extension: str | None = None) -> duckdb.DuckDBPyConnection:
    """Return a new database, with one extension such as `postgres_scanner` where it is named; it spills into *folder*.
    Raises PermanentError where the extension is not installed."""
    made = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": "false", "autoload_known_extensions": "false", "memory_limit": MEMORY,
            "temp_directory": str(folder), "preserve_insertion_order": "false", "threads": 2,
            # Its signature takes longer to check than all else here. It comes from where this program comes from, by its
            # hash, and no SQL of a package runs in such a database.
            "allow_unsigned_extensions": str(extension is not None).lower(),
        },
    )  # fmt: skip
    if extension is not None:
        made.execute(f"LOAD {literal(str(_file_of(extension)))}")
    made.execute("SET TimeZone = 'UTC'")
    return made


def _file_of(extension: str) -> Path:
    name = f"duckdb_extension_{extension}"
    spec = find_spec(name)
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    found = [
        place
        for root in places
        for place in Path(root).glob(f"extensions/v{duckdb.__version__}/{extension}.duckdb_extension")
    ]
    if not found:
        raise PermanentError(f"the package {name.replace('_', '-')} {duckdb.__version__} is not installed. Install it.")
    return found[0]


def literal(text: str) -> str:
    """Return a text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def landing(statement: str, file: Path, *, has_reals: bool) -> str:
    """Return the statement that writes the rows of another into a file of Parquet."""
    # A dictionary holds one zero for 0.0 and -0.0 (decision 0068).
    plain = ", DICTIONARY_SIZE_LIMIT 0" if has_reals else ""
    # What is read once, and soon, is packed by what is fast to unpack; nobody looks for single values.
    packed = "COMPRESSION lz4_raw, PARQUET_VERSION v2, WRITE_BLOOM_FILTER false"
    return f"COPY ({statement}) TO {literal(str(file))} (FORMAT parquet, {packed}{plain})"


def said(error: duckdb.Error) -> str:
    """Return what a database said that DuckDB hands on: what stands behind its `ERROR:`, or the first line."""
    text = str(error)
    _, mark, rest = text.partition("ERROR:")
    line = (rest if mark else text).strip().split("\n")[0].strip()
    return line if line.endswith((".", "!", "?")) else f"{line}."
