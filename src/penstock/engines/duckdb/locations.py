"""Files of a job as DuckDB's readers take them, which see patterns in names."""

from __future__ import annotations

from penstock.engines.duckdb.types import text_literal
from penstock.plan.ports import FileEntry


def pattern_of(file: FileEntry) -> str:
    """Return the pattern that stands for one file and no other.

    >>> pattern_of(FileEntry("/data/a*[1].csv", "a*[1].csv", 0))
    '/data/a[*][[]1].csv'
    """
    return "".join(f"[{char}]" if char in "*?[" else char for char in file.location)


def files_sql(files: tuple[FileEntry, ...]) -> str:
    """Return a list of files for a reader."""
    return "[" + ", ".join(text_literal(pattern_of(one)) for one in files) + "]"


def file_names(files: tuple[FileEntry, ...], column: str = "filename") -> str:
    """Return how the store spells the file that *column* holds."""
    pairs = ", ".join(f"{text_literal(one.location)}: {text_literal(one.name)}" for one in files)
    return f"MAP {{{pairs}}}[{column}]"
