"""Loads by key: the rows of a temporary table are brought into another, and what cannot be right is refused before a row is
changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from penstock.connectors.databases.keys import doubled_key
from penstock.connectors.databases.targets import Asked, Item, Narrowing, Table, Target
from penstock.errors import PermanentError
from penstock.plan.systems import DatabaseTarget

KEYED = frozenset({"merge_delete_insert", "merge_update_insert", "update", "insert_missing"})


@dataclass(frozen=True, slots=True)
class Given:
    """Temporary tables of a load by key: one for *rows*, and one for the *compared* columns of all records, where these are
    not the rows."""

    rows: Table
    keys: Table | None
    compared: Sequence[Item]


def temporaries(session: Target, table: Table, items: Sequence[Item], has_more: bool, policy: str) -> Given:
    """Make temporary tables; *has_more* where there are more records than rows. Only keys are compared, but with the *policy*
    skip a record may be left out for any of its values."""
    compared = [one for one in items if one.is_key or policy == "skip"]
    keys = session.temporary(table, compared) if has_more else None
    return Given(session.temporary(table, items), keys, compared)


@dataclass(frozen=True, slots=True)
class Merge:
    """Brings the rows of one table into another, by key: null keys match nothing. *unwritten* is what errors say of what is
    there."""

    session: Target
    table: Table
    given: Table
    items: Sequence[Item]
    target: DatabaseTarget
    records: int
    unwritten: str = "Nothing was written."

    def run(self, *, keys_differ: bool = False) -> dict[str, int]:
        """Return how many rows were changed and added; *keys_differ* where that is known of the records already. Raises
        PermanentError where a record is not among them."""
        self._check_limit()
        if not keys_differ and self.target.operation != "merge_delete_insert":
            self.check_doubles()
        session, name, given = self.session, self.table.name, self.given.name
        listed = ", ".join(session.quoted(one.column) for one in self.items)
        counts: dict[str, int] = {}
        match self.target.operation:
            case "merge_delete_insert":
                session.execute(f"DELETE FROM {name} WHERE {self._comes_in(name)}")
                counts["inserted"] = session.execute(f"INSERT INTO {name} ({listed}) SELECT {listed} FROM {given}")
            case "merge_update_insert":
                counts["updated"] = self._update()
                counts["inserted"] = self._insert(listed)
            case "update":
                counts["updated"] = self._update()
            case _:
                counts["inserted"] = self._insert(listed)
        self._check_arrived(sum(counts.values()))
        self._missing()
        return counts

    def _check_arrived(self, rows: int) -> None:
        """Raise PermanentError where a record is neither changed nor added. As many rows as records need no further look;
        others may be right where rows stay as they are, or several have one key."""
        if rows == self.records or self.target.operation in ("update", "insert_missing"):
            return
        lost = abs(self.records - rows)
        if self.target.operation == "merge_update_insert":
            given, table = self.given.name, self.table.name
            keys = [self.session.quoted(one.column) for one in self.items if one.is_key]
            known = " AND ".join(f"{given}.{key} IS NOT NULL" for key in keys)
            is_there = f"EXISTS (SELECT 1 FROM {table} there WHERE {self._same('there', given)})"
            sql = f"SELECT count(*) FROM {given} WHERE {known} AND NOT {is_there}"
            lost = int(str(self.session.rows(sql)[0][0]))
        if lost:
            raise PermanentError(
                f"{self.records:,} records were staged, and {lost:,} of them are not in {self.table.name} as they should be. "
                f"{self.unwritten} Look for triggers and rules of the table."
            )

    def _update(self) -> int:
        mark = [f"{self._mark} = NULL"] if self._mark else []
        if mark or any(not one.is_key for one in self.items):
            return self.session.execute(self.session.update(self.table, self.given, self.items, mark))
        return 0

    def _insert(self, listed: str) -> int:
        given = self.given.name
        there, rows = self._same("there", given), given
        if isinstance(self.session, Narrowing) and (span := self.session.span) is not None:
            there, rows = f"{there} AND {span.of('there')}", f"{span.ordered(given)} AS {given}"
        return self.session.execute(
            f"INSERT INTO {self.table.name} ({listed}) SELECT {listed} FROM {rows} "
            f"WHERE NOT EXISTS (SELECT 1 FROM {self.table.name} there WHERE {there})"
        )

    def _missing(self) -> None:
        name = self.table.name
        if self.target.missing_rows == "delete":
            self.session.execute(f"DELETE FROM {name} WHERE {self._stays_out(name)}")
        elif self._mark:
            if self.target.operation == "insert_missing":
                self.session.execute(
                    f"UPDATE {name} SET {self._mark} = NULL WHERE {self._mark} IS NOT NULL AND {self._comes_in(name)}"
                )
            self.session.execute(
                f"UPDATE {name} SET {self._mark} = {self.session.now} WHERE {self._mark} IS NULL AND {self._stays_out(name)}"
            )

    def _check_limit(self) -> None:
        """Raise PermanentError where more rows would go than may."""
        if self.target.missing_rows == "keep":
            return
        name, limit = self.table.name, self.target.missing_rows_limit_percent
        still = f"{self._mark} IS NULL AND " if self._mark else ""
        gone = int(str(self.session.rows(f"SELECT count(*) FROM {name} WHERE {still}{self._stays_out(name)}")[0][0]))
        rows = int(str(self.session.rows(f"SELECT count(*) FROM {name}")[0][0]))
        if gone * 100 > limit * rows:
            does = "be marked" if self._mark else "go"
            raise PermanentError(
                f"{gone:,} of the {rows:,} rows of {name} would {does}, more than {limit:g} percent. Nothing was written. "
                "Look at the source, or raise 'missing_rows_limit_percent'."
            )

    def check_doubles(self) -> None:
        """Raise PermanentError where two records have one key."""
        check_doubles(self.session, self.given.name, self.items)

    @property
    def _mark(self) -> str:
        is_marked = self.target.missing_rows == "mark" and self.target.mark_column is not None
        return self.session.quoted(self.target.mark_column or "") if is_marked else ""

    def _same(self, one: str, other: str) -> str:
        keys = [self.session.quoted(item.column) for item in self.items if item.is_key]
        return " AND ".join(f"{one}.{key} = {other}.{key}" for key in keys)

    def _comes_in(self, name: str) -> str:
        return f"EXISTS (SELECT 1 FROM {self.given.name} given WHERE {self._same('given', name)})"

    def _stays_out(self, name: str) -> str:
        """The rows of a table whose key did not come in; of a null key nobody can tell."""
        known = [f"{name}.{self.session.quoted(one.column)} IS NOT NULL" for one in self.items if one.is_key]
        return " AND ".join([*known, f"NOT {self._comes_in(name)}"])


def check_doubles(session: Asked, given: str, items: Sequence[Item]) -> None:
    """Raise PermanentError where two rows of a relation have one key."""
    keys = [session.quoted(one.column) for one in items if one.is_key]
    listed, known = ", ".join(keys), " AND ".join(f"{key} IS NOT NULL" for key in keys)
    doubled = f"SELECT {listed}, count(*) FROM {given} WHERE {known} GROUP BY {listed} HAVING count(*) > 1"
    found = session.rows(session.limited(doubled, 1))
    if found:
        raise doubled_key(keys, found[0])
