"""Whether two of the staged records have one key, where that can be told without the database: keys that are whole numbers in
columns of whole numbers are one where the numbers are, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb

from penstock.connectors.databases import duck
from penstock.connectors.databases.targets import Family, Item, Table
from penstock.errors import PermanentError
from penstock.plan.dtypes import Kind


def are_plain(table: Table, items: Sequence[Item]) -> bool:
    """Tell whether all that the keys of a table hold are whole numbers, and all that is written there. DuckDB knows no columns
    apart whose names differ in case only."""
    if len({one.column.lower() for one in items}) < len(items):
        return False
    columns = [(one, table.column(one.column)) for one in items if one.is_key]
    return all(
        one.kind in (Kind.INT, Kind.LONG) and column is not None and column.family is Family.WHOLE
        for one, column in columns
    )


def check(paths: Sequence[Path], columns: Sequence[str], quoted: Callable[[str], str]) -> None:
    """Raise PermanentError where two records of staged files have the same values in columns, none of which is null."""
    names = ['"' + one.replace('"', '""') + '"' for one in columns]
    listed, known = ", ".join(names), " AND ".join(f"{name} IS NOT NULL" for name in names)
    files = ", ".join(duck.literal(str(path)) for path in paths)
    try:
        with duck.opened(paths[0].parent) as database:
            found = database.execute(
                f"SELECT {listed}, count(*) FROM read_parquet([{files}], hive_partitioning = false) WHERE {known} "
                f"GROUP BY {listed} HAVING count(*) > 1 LIMIT 1"
            ).fetchone()
    except duckdb.Error as error:
        raise PermanentError(f"the keys of what was staged cannot be compared: {duck.said(error)}") from error
    if found is not None:
        raise doubled_key([quoted(one) for one in columns], found)


def doubled_key(names: Sequence[str], found: Sequence[object]) -> PermanentError:
    """Return what is raised where several records have one key: *found* are its values, and how many there are."""
    *values, count = found
    key = ", ".join(f"{name} {value}" for name, value in zip(names, values, strict=True))
    return PermanentError(
        f"{count} records have the key {key}, and it is not known which of them is to stay. Nothing was written. "
        "Make them one, for example with a Limit of 1 by the key."
    )
