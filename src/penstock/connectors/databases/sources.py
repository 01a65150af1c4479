"""Rows of databases as files: a statement is put together, its columns are looked at, and its rows land as Parquet.

What Parquet holds exactly lands as it is; everything else lands as text, as the database spells it, and the engine casts it
as it casts any text (docs/guide/databases.md has the table).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from penstock.errors import JobStopped, PermanentError, TransientError
from penstock.kit.outbound import STOP
from penstock.plan.dtypes import Kind
from penstock.plan.operators import Scan, ScanField
from penstock.plan.ports import Arrived, BoundSource, FileEntry, Landing
from penstock.plan.systems import DatabaseSource


@dataclass(frozen=True, slots=True)
class Native:
    """A column of a statement: its name, the database's number or word for its type, and that word for people."""

    name: str
    type: int | str
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Into:
    """Where rows land, how many statements may run at once, and who is told how many rows have arrived."""

    folder: Path
    parallel: int
    arrived: Arrived


class Reader(Protocol):
    """An open session with a database that rows are read from."""

    def quoted(self, name: str) -> str:
        """Return a name as an identifier of the database's SQL."""

    def describe(self, statement: str) -> Sequence[Native]:
        """Return the columns that a statement gives, which is not run. Raises PermanentError, TransientError."""

    def expression(self, column: str, native: Native, kind: Kind) -> str:
        """Return the SQL of a column as it lands for a field of a type."""

    def land(self, statements: Sequence[str], natives: Sequence[Native], into: Into) -> Sequence[Path]:
        """Write the rows of statements as Parquet files, of one snapshot where there are several; *natives* are the columns
        before they were put into expressions."""


Opened = AbstractContextManager[Reader]


def land(reader: Reader, scan: Scan, origin: DatabaseSource, landing: Landing) -> BoundSource:
    """Read the rows of a source into the landing folder. Raises PermanentError, TransientError, JobStopped."""
    names = [item.name or "" for item in scan.source.fields]
    relation = _relation(reader, origin)
    listed = ", ".join(reader.quoted(name) for name in names)
    where = "" if origin.where is None else f" WHERE (\n{origin.where}\n)"
    natives = reader.describe(f"SELECT {listed} FROM {relation}{where}")
    # Numbered, since the names of columns may be alike but for their case, and one may be read twice.
    columns = [
        f"{reader.expression(reader.quoted(name), native, field.dtype.kind)} AS {reader.quoted(f'c{index}')}"
        for index, (name, native, field) in enumerate(zip(names, natives, scan.listed, strict=True))
    ]
    statement = f"SELECT {', '.join(columns)} FROM {relation}{where}"
    if landing.size is not None:
        statement += f" LIMIT {landing.size}"
    landing.folder.mkdir(parents=True)
    files = reader.land([statement], natives, Into(landing.folder, 1, landing.arrived))
    spec = replace(scan.source, fields=tuple(ScanField(f"c{index}") for index in range(len(names))))
    entries = [FileEntry(str(file), origin.table or "query", file.stat().st_size) for file in files]
    return BoundSource(spec, tuple(entries))


def _relation(reader: Reader, origin: DatabaseSource) -> str:
    if origin.query is not None:
        return f"(\n{_single(origin.query)}\n) AS {reader.quoted('q')}"
    parts = [origin.schema, origin.table] if origin.schema else [origin.table]
    return ".".join(reader.quoted(part or "") for part in parts)


def _single(query: str) -> str:
    """Return a query without the semicolon at its end."""
    made = query.strip().rstrip(";").rstrip()
    if not made:
        raise PermanentError("the query is empty. Write one full SELECT.")
    return made


def check_stop() -> None:
    """Raise JobStopped when the job is to stop."""
    try:
        STOP.check()
    except TransientError as error:
        raise JobStopped("The job was stopped.") from error
