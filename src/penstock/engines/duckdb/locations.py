"""Files of a job as DuckDB's readers take them, which see patterns in names."""

from __future__ import annotations

from collections.abc import Sequence

from penstock.engines.duckdb.types import text_literal
from penstock.plan.ports import FileEntry


def pattern_of(location: str) -> str:
    """Return the pattern that stands for one place and no other.

    >>> pattern_of("/data/a*[1].csv")
    '/data/a[*][[]1].csv'
    """
    return "".join(f"[{char}]" if char in "*?[" else char for char in location)


def files_sql(files: Sequence[FileEntry]) -> str:
    """Return a list of files for a reader."""
    return "[" + ", ".join(text_literal(pattern_of(one.location)) for one in files) + "]"


def file_names(files: Sequence[FileEntry], column: str = "filename") -> str:
    """Return how the store spells the file that *column* holds."""
    begins = {one.location.removesuffix(one.name) for one in files if one.location.endswith(f"/{one.name}")}
    if len(begins) == 1 and all(one.location.endswith(f"/{one.name}") for one in files):
        # What a search among many files would give, each time anew.
        return f"substring({column}, {len(begins.pop()) + 1})"
    pairs = ", ".join(f"{text_literal(one.location)}: {text_literal(one.name)}" for one in files)
    return f"MAP {{{pairs}}}[{column}]"
