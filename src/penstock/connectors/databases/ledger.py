"""The ledger of a target: a row for each output of a job, written in the transaction that its records are written in.

Whoever finds the row knows that the records are there: a job that is attempted again writes nothing twice.
"""

from __future__ import annotations

from dataclasses import dataclass

from penstock.connectors.databases.targets import Doubled, Taken, Target
from penstock.errors import PermanentError
from penstock.plan.dtypes import Kind
from penstock.plan.ports import Staged

TABLE = "_penstock_ledger"
LONGEST = 190
"""Characters of a key; databases differ in how many they index."""
_COLUMNS = ("job", "output", "records", "finished", "written_at")


@dataclass(frozen=True, slots=True)
class Ledger:
    """The ledger in one schema (None: the session's own) for one output of a job."""

    session: Target
    schema: str | None
    job: str
    output: str

    @classmethod
    def of(cls, session: Target, schema: str | None, staged: Staged) -> Ledger:
        """Return the ledger for an output."""
        return cls(session, schema, staged.load[:LONGEST], staged.write.component_id[:LONGEST])

    def made(self) -> bool:
        """Tell whether there is a ledger, which is made where there is none and the user may."""
        if self.session.find(self.schema, TABLE) is not None:
            return True
        text, whole, time = (
            self.session.type_of(Kind.CHARARRAY, is_key=True), self.session.type_of(Kind.LONG),
            self.session.type_of(Kind.DATETIME),
        )  # fmt: skip
        job, output, records, finished, written_at = map(self.session.quoted, _COLUMNS)
        try:
            self.session.execute(
                f"CREATE TABLE {self._table} ({job} {text} NOT NULL, {output} {text} NOT NULL, {records} {whole} NOT NULL, "
                f"{finished} {whole} NOT NULL, {written_at} {time} NOT NULL, PRIMARY KEY ({job}, {output}))"
            )
        except PermanentError:
            # Not allowed, or another job was faster.
            return self.session.find(self.schema, TABLE) is not None
        return True

    def find(self) -> bool | None:
        """Return None where there is no row, otherwise whether all that follows the write was done."""
        rows = self.session.rows(f"SELECT {self.session.quoted('finished')} FROM {self._table} WHERE {self._row}")
        return int(str(rows[0][0])) != 0 if rows else None

    def hold(self) -> None:
        """As the first of a transaction: where the database does not keep primary keys, keep other attempts out of the ledger
        until it ends. Raises Taken where one was faster."""
        if self.session.hold is not None:
            self.session.execute(self.session.hold.format(table=self._table))
            if self.find() is not None:
                raise Taken("another attempt of this job has written.")

    def enter(self, records: int, finished: bool) -> None:
        """Write the row. Waits for another transaction that has written it, and raises Taken when that is committed."""
        values = f"{self.session.literal(self.job)}, {self.session.literal(self.output)}, {records}, {int(finished)}"
        columns = ", ".join(map(self.session.quoted, _COLUMNS))
        try:
            self.session.execute(f"INSERT INTO {self._table} ({columns}) VALUES ({values}, {self.session.now})")
        except Doubled as error:
            raise Taken(error.message) from error

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
