"""Takes the records out of what is staged that a table has no place for, before anything is written (decision 0074)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from penstock.connectors.databases import targets
from penstock.connectors.databases.lines import StagedFiles
from penstock.connectors.databases.misfits import Misfit, Sifting
from penstock.connectors.databases.targets import Asked, Column, Family, Item, Table
from penstock.errors import InvariantBroken, PermanentError
from penstock.kit.rejects import SCHEMA, SIFTED, WRITTEN, Numbers, RejectsFile
from penstock.kit.stopping import STOP
from penstock.plan.dtypes import Kind
from penstock.plan.ports import Staged, Written
from penstock.plan.systems import DatabaseTarget

_STRUCTURES = (Kind.MAP, Kind.BAG, Kind.TUPLE)
_CANNOT = "cannot say before it writes which records it rejects."
_EDGE = 'the edge with "output": "rejected"'
_COLUMN = attrgetter("column")


@runtime_checkable
class ByTypes(Protocol):
    """A session that may tell what does not fit by the types of columns alone, so that the table need not be there."""

    is_by_types: bool


@runtime_checkable
class Versioned(Protocol):
    """A session with a database of which not every version tells what does not fit."""

    @property
    def sifts(self) -> bool:
        """Whether this one does."""


def table_of(session: Asked, asked: DatabaseTarget, items: Sequence[Item]) -> tuple[Sifting, Table]:
    """Return a session as one that tells what does not fit, and the table as it is or will be. Raises PermanentError where that
    cannot be told before the table is written."""
    name = session.qualified(asked.schema, asked.table)
    if not isinstance(session, Sifting):
        raise PermanentError(f"this database {_CANNOT} Remove {_EDGE}, and choose these records by a Filter before it.")
    if isinstance(session, Versioned) and not session.sifts:
        raise PermanentError(f"this version of the database {_CANNOT} Update it, or remove {_EDGE}.")
    found = targets.checked(session, asked, items) if _is_there(session, asked) else None
    if asked.operation == targets.MADE_AGAIN and found is not None and not found.layout:
        found = replace(found, columns=())  # Whatever they are, they will be of the types of fields.
    if found is None and (asked.pre_action_sql is not None or not asked.auto_create_table):
        raise PermanentError(
            f"there is no table {name} yet, and it is not known which records it will reject. Create it before the job runs."
        )
    lacking = [one for one in items if found is None or found.column(one.column) is None]
    if lacking and not (isinstance(session, ByTypes) and session.is_by_types):
        what = f"there is no table {name} yet" if found is None else f"{name} has no column '{lacking[0].column}' yet"
        raise PermanentError(
            f"{what}, and it is not known which records it will reject. Create it before the job runs."
        )
    added = (Column(one.column, session.type_of(one.kind, is_key=one.is_key), Family.OTHER) for one in lacking)
    made = Table(name, ()) if found is None else found
    return session, replace(made, columns=(*made.columns, *added))


def _is_there(session: Asked, asked: DatabaseTarget) -> bool:
    return session.find(asked.schema, asked.table) is not None


def sifted(session: Asked, staged: Staged, written: Written, asked: DatabaseTarget) -> Written:
    """Return what is staged without the records that a table has no place for; these are kept, with their reasons. Done again
    after it was cut off, it gives the same."""
    if staged.rejects is None:
        raise InvariantBroken(f"nobody reads what '{written.component}' rejects")
    target, items = targets.named(session, asked, targets.items_of(staged.write, asked))
    sifting, table = table_of(session, target, items)
    files = StagedFiles(tuple(staged.folder / name for name in written.files))
    misfits = sifting.misfits(table, items, files)
    first = next(misfits, None)
    if first is None:
        return written
    reasons = _reasons(_chained(first, misfits))
    gone = _taken_out(files, items, reasons, staged.rejects)
    receipt = {name: one for name, one in (written.receipt or {}).items() if name not in ("hash", "key")}
    # Hash and key are of all records that were written here; of those that stay nobody has made any.
    return replace(
        written, records=written.records - gone, receipt={**receipt, "rejected": int(receipt.get("rejected", 0)) + gone}
    )


def _chained(first: Misfit, others: Iterator[Misfit]) -> Iterator[Misfit]:
    yield first
    yield from others


def _reasons(misfits: Iterator[Misfit]) -> Iterator[tuple[int, str]]:
    """Yield the numbers of records, and all that is said of each."""
    for number, of_one in groupby(misfits, attrgetter("number")):
        said = [f"Column '{column}': {next(values).reason}." for column, values in groupby(of_one, _COLUMN)]
        yield number, " ".join(said)


def _taken_out(files: StagedFiles, items: Sequence[Item], reasons: Iterator[tuple[int, str]], folder: Path) -> int:
    """Bring records from staged files to that of the rejected ones; returns how many."""
    numbers = Numbers(folder / WRITTEN)
    kinds = {one.source: one.kind for one in items}
    out, at, waiting = RejectsFile(folder / SIFTED), 0, next(reasons, None)
    try:
        for path in files.paths:
            beside = path.with_name(f".sound-{path.name}")
            schema = pq.read_schema(path)
            # As the engine writes it: a dictionary would hold one zero for both.
            with pq.ParquetWriter(beside, schema, compression="none", use_dictionary=False) as sound:
                for batch in StagedFiles((path,)).batches():
                    STOP.check()
                    bad: list[int] = []
                    said: list[str] = []
                    while waiting is not None and waiting[0] < at + batch.num_rows:
                        bad.append(waiting[0] - at)
                        said.append(waiting[1])
                        waiting = next(reasons, None)
                    if bad:
                        given = [numbers.given(at + one) for one in bad]
                        records = _records(batch.take(pa.array(bad)), kinds)
                        columns = [pa.array(*one) for one in zip((given, records, said), SCHEMA.types, strict=True)]
                        out.add(pa.RecordBatch.from_arrays(columns, schema=SCHEMA))
                    stays = np.ones(batch.num_rows, bool)
                    stays[bad] = False
                    sound.write_batch(batch.filter(pa.array(stays)))
                    at += batch.num_rows
    finally:
        out.close()
    for path in files.paths:
        path.with_name(f".sound-{path.name}").replace(path)
    return out.records


def _records(batch: pa.RecordBatch, kinds: dict[str, Kind]) -> list[str]:
    """Return records as JSON objects."""
    columns = [
        [_value(value, kinds[field.name], field.type) for value in column.to_pylist()]
        for field, column in zip(batch.schema, batch.columns, strict=True)
    ]
    return [
        json.dumps(dict(zip(batch.schema.names, row, strict=True)), ensure_ascii=False, separators=(",", ":"))
        for row in zip(*columns, strict=True)
    ]


def _value(value: Any, kind: Kind, staged: pa.DataType) -> Any:
    if value is None:
        return None
    match kind:
        case Kind.DATETIME if isinstance(value, datetime):
            return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case Kind.FLOAT | Kind.DOUBLE:
            if not np.isfinite(value):
                return "NaN" if np.isnan(value) else "Infinity" if value > 0 else "-Infinity"
            # A float has its own digits.
            return float(str(np.float32(value))) if pa.types.is_float32(staged) else value
        case _ if kind in _STRUCTURES:
            return json.loads(value)
        case _:
            return value
