"""The ledger of a target: a row for each output of a job, written in the transaction that its records are written in.

Whoever finds the row knows that the records are there: a job that is attempted again writes nothing twice. Of a load in chunks
the row says how far it has come; each chunk moves it on in its own transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from penstock.connectors.databases.targets import Asked, Doubled, Taken
from penstock.errors import PermanentError
from penstock.plan.dtypes import Kind
from penstock.plan.ports import Staged

TABLE = "_penstock_ledger"
LONGEST = 190
"""Characters of a key; databases differ in how many they index."""
_COLUMNS = ("job", "output", "records", "finished", "written_at")
_OF_CHUNKS = ("chunk", "epoch")
"""Null for loads that are no chunks; tables of early versions lack them."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The row of an output: whether all that follows the write was done; of a load in chunks also the number of the last one
    that is there, how many staged records there are up to its end, and which attempt (*epoch*) wrote last."""

    is_finished: bool
    records: int = 0
    chunk: int = 0
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class Ledger:
    """The ledger in one schema (None: the session's own) for one output of a job."""

    session: Asked
    schema: str | None
    job: str
    output: str
    epoch: int = 0
    in_chunks: bool = False

    adds: ClassVar[str] = "ADD"
    """The database's words for a column that is added."""

    @classmethod
    def of(cls, session: Asked, schema: str | None, staged: Staged, *, in_chunks: bool = False) -> Ledger:
        """Return the ledger for an output."""
        return cls(session, schema, staged.load[:LONGEST], staged.write.component_id[:LONGEST], staged.epoch, in_chunks)

    def made(self) -> bool:
        """Tell whether there is a ledger, which is made where there is none and the user may. Raises PermanentError where it
        is of an early version, and cannot be made one for chunks."""
        if self.session.find(self.schema, TABLE) is None and not self._make():
            return False
        if self.in_chunks:
            self._widen()
        return True

    def _make(self) -> bool:
        text, whole, time = (
            self.session.type_of(Kind.CHARARRAY, is_key=True), self.session.type_of(Kind.LONG),
            self.session.type_of(Kind.DATETIME),
        )  # fmt: skip
        job, output, records, finished, written_at = map(self.session.quoted, _COLUMNS)
        more = ", ".join(f"{self.session.quoted(one)} {whole}" for one in _OF_CHUNKS)
        try:
            self.session.execute(
                f"CREATE TABLE {self._table} ({job} {text} NOT NULL, {output} {text} NOT NULL, {records} {whole} NOT NULL, "
                f"{finished} {whole} NOT NULL, {written_at} {time} NOT NULL, {more}, PRIMARY KEY ({job}, {output}))"
            )
        except PermanentError:
            # Not allowed, or another job was faster.
            return self.session.find(self.schema, TABLE) is not None
        return True

    def _widen(self) -> None:
        """Give a ledger of an early version the columns of chunks."""
        whole = self.session.type_of(Kind.LONG)
        lacking = {
            one: f"ALTER TABLE {self._table} {self.adds} {self.session.quoted(one)} {whole}" for one in self._lacking()
        }
        for one, statement in lacking.items():
            try:
                self.session.execute(statement)
            except PermanentError as error:
                if one in self._lacking():  # Otherwise another job was faster.
                    raise PermanentError(
                        f"the ledger {self._table} is of an early version, and the user may not widen it for loads in chunks: "
                        f"{error.message} Nothing was written. Let its owner run: {'; '.join(lacking.values())}"
                    ) from error

    def _lacking(self) -> list[str]:
        found = self.session.find(self.schema, TABLE)
        return [one for one in _OF_CHUNKS if found is None or found.column(one) is None]

    def can_be(self) -> bool:
        """Tell whether there is a ledger, or the user may make it, as far as the database says."""
        return self.session.find(self.schema, TABLE) is not None or self.session.may_create(self.schema)

    @property
    def missing(self) -> str:
        """Return what is said where there is none, and a load in chunks needs one."""
        return (
            f"Only a ledger can tell which chunks were written, and the user may not make the table {self._table}. Make it for "
            "them, name another schema as 'ledger_schema' of the connection, or leave 'chunk_records' out."
        )

    def find(self) -> Entry | None:
        """Return the row, None where there is none."""
        names = ("finished", "records", *_OF_CHUNKS) if self.in_chunks else ("finished",)
        listed = ", ".join(map(self.session.quoted, names))
        rows = self.session.rows(f"SELECT {listed} FROM {self._table} WHERE {self._row}")
        if not rows:
            return None
        is_finished, *numbers = (0 if one is None else int(str(one)) for one in rows[0])
        return Entry(is_finished != 0, *numbers)

    def hold(self, seen: Entry | None) -> None:
        """As the first of a transaction: where the database does not keep primary keys, keep other attempts out of the ledger
        until it ends. Raises Taken where one was faster than what was *seen*."""
        if self.session.hold is not None:
            self.session.execute(self.session.hold.format(table=self._table))
            if self.find() != seen:
                raise Taken("another attempt of this job has written.")

    def enter(self, entry: Entry, seen: Entry | None = None) -> None:
        """Write the row, or move it on from what was *seen*. Waits for another transaction that has written it, and raises
        Taken when that is committed."""
        if seen is not None:
            self._move(entry, seen)
            return
        try:
            self.session.execute(self.entered(entry))
        except Doubled as error:
            raise Taken(error.message) from error

    def entered(self, entry: Entry) -> str:
        """Return the statement that writes the row."""
        numbers = f", {entry.chunk}, {entry.epoch}" if self.in_chunks else ""
        values = (
            f"{self.session.literal(self.job)}, {self.session.literal(self.output)}, {entry.records}, "
            f"{int(entry.is_finished)}"
        )
        columns = ", ".join(map(self.session.quoted, (*_COLUMNS, *(_OF_CHUNKS if self.in_chunks else ()))))
        return f"INSERT INTO {self._table} ({columns}) VALUES ({values}, {self.session.now}{numbers})"

    def _move(self, entry: Entry, seen: Entry) -> None:
        if self.session.execute(self.moved(entry, seen)) != 1:
            raise Taken("another attempt of this job has written.")

    def moved(self, entry: Entry, seen: Entry) -> str:
        """Return the statement that moves the row on from what was *seen*, and changes none where it is not that any more."""
        given = {
            "records": entry.records,
            "finished": int(entry.is_finished),
            "chunk": entry.chunk,
            "epoch": entry.epoch,
        }
        changes = ", ".join(f"{self.session.quoted(name)} = {value}" for name, value in given.items())
        written_at, chunk, epoch = map(self.session.quoted, ("written_at", *_OF_CHUNKS))
        return (
            f"UPDATE {self._table} SET {changes}, {written_at} = {self.session.now} "
            f"WHERE {self._row} AND {chunk} = {seen.chunk} AND {epoch} = {seen.epoch}"
        )

    def claim(self) -> None:
        """Keep attempts before this one from writing anything more."""
        epoch = self.session.quoted("epoch")
        self.session.execute(
            f"UPDATE {self._table} SET {epoch} = {self.epoch} WHERE {self._row} AND {epoch} < {self.epoch}"
        )

    def finish(self) -> None:
        """Say that all is done that follows the write."""
        self.session.execute(f"UPDATE {self._table} SET {self.session.quoted('finished')} = 1 WHERE {self._row}")

    @property
    def _table(self) -> str:
        return self.session.qualified(self.schema, TABLE)

    @property
    def _row(self) -> str:
        job, output = map(self.session.quoted, _COLUMNS[:2])
        return f"{job} = {self.session.literal(self.job)} AND {output} = {self.session.literal(self.output)}"
