"""Publishes an output as rows of a table, in one transaction with its row of the ledger: once, however often it is tried.

A session that breaks off is opened again and the ledger is read: what is in it is done, and what is not was not written.
A stop does not end it: what was granted is published, by this attempt or the next.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from penstock.connectors.databases import targets
from penstock.connectors.databases.ledger import Ledger
from penstock.connectors.databases.lines import StagedFiles
from penstock.connectors.databases.targets import Item, Loaded, Opened, Table, Taken, Target
from penstock.errors import InvariantBroken, PenstockError, PermanentError, TransientError
from penstock.plan.ports import Publication, Staged, Written
from penstock.plan.systems import DatabaseTarget

RETRY_S = (1.0, 5.0, 15.0)
"""How long is waited before each further try, after a session broke off."""
KEYED = frozenset({"merge_delete_insert", "merge_update_insert", "update", "insert_missing"})


@dataclass(slots=True)
class Load:
    """One output on its way into a table. *is_unknown* while the end of a transaction is not known; *left_out* records did not
    fit, None where an attempt before this one wrote them."""

    staged: Staged
    written: Written
    target: DatabaseTarget
    ledger_schema: str | None
    is_once: bool = True
    is_unknown: bool = False
    checks: dict[str, str] = field(default_factory=dict)
    left_out: int | None = 0

    def publish(self, opened: Callable[[], Opened]) -> Publication:
        """Write the rows; sessions are opened by *opened*. Raises PermanentError when nothing was written."""
        place = f"{self.target.schema}.{self.target.table}" if self.target.schema else self.target.table
        waits = list(RETRY_S)
        while True:
            try:
                with opened() as session:
                    self._once(session)
                return Publication((place,), self.is_once, self.checks, self.left_out)
            except Taken:
                continue  # Another attempt of this job was faster: the ledger says so now.
            except TransientError as error:
                if self.is_unknown and not self.is_once:
                    raise PermanentError(
                        f"{_sentence(error)} It is not known whether the records were written, for there is no ledger. "
                        "Look into the table before the job is run again."
                    ) from error
                if not waits:
                    raise PermanentError(self._given_up(error)) from error
                time.sleep(waits.pop(0))

    def _given_up(self, error: TransientError) -> str:
        if self.is_unknown:
            return f"{_sentence(error)} It is not known whether the records were written; the ledger will tell."
        return f"{_sentence(error)} Nothing was written."

    def _once(self, session: Target) -> None:
        ledger = Ledger.of(session, self.ledger_schema or self.target.schema, self.staged)
        self.is_once = ledger.made()
        done = ledger.find() if self.is_once else None
        self.is_unknown = False
        if done is not None and self.staged.spec.on_bad_value == "skip":
            self.left_out = None
        if done is None:
            self._write(session, ledger)
        elif done is False:
            self._after(session, ledger)

    def _write(self, session: Target, ledger: Ledger) -> None:
        folder, target = self.staged.folder, self.target
        if not folder.is_dir():
            raise PermanentError("what was staged is gone, so nothing was written. Run the job again.")
        files = StagedFiles(tuple(folder / name for name in self.written.files))
        items = targets.items_of(self.staged.write, target)
        outside = not target.actions_in_transaction
        if outside and target.pre_action_sql is not None:
            _act(session, target.pre_action_sql, "pre_action_sql")
        if not session.creates_in_transaction and target.pre_action_sql is None:
            self._table(session, items)  # In a transaction it would end it.
        given = self._given(session, items)
        has_after = outside and target.post_action_sql is not None
        session.begin()
        try:
            if self.is_once:
                ledger.hold()
            if not outside and target.pre_action_sql is not None:
                _act(session, target.pre_action_sql, "pre_action_sql")
            if not session.creates_in_transaction:
                self._table(session, items)
                given = given or self._given(session, items)
                if not session.is_open():
                    session.begin()
            if self.is_once:
                ledger.enter(self.written.records, finished=not has_after)
            self._rows(session, self._table(session, items), items, files, given)
            if not session.is_open():
                raise InvariantBroken(f"the transaction of '{self.staged.write.component}' ended before its time")
            if not outside and target.post_action_sql is not None:
                self._act_inside(session, target.post_action_sql)
        except PenstockError:
            session.rollback()
            raise
        self.is_unknown = True
        session.commit()
        self.is_unknown = False
        if has_after:
            self._after(session, ledger)

    def _act_inside(self, session: Target, sql: str) -> None:
        try:
            _act(session, sql, "post_action_sql")
        except PermanentError as error:
            if session.is_open():
                raise
            raise PermanentError(f"the records were written, but {error.message}") from error

    def _after(self, session: Target, ledger: Ledger) -> None:
        if self.target.post_action_sql is not None:
            try:
                _act(session, self.target.post_action_sql, "post_action_sql")
            except PermanentError as error:
                raise PermanentError(f"the records were written, but {error.message}") from error
        if self.is_once:
            ledger.finish()

    def _table(self, session: Target, items: Sequence[Item]) -> Table:
        """Return the table, made and widened as the policy says."""
        target = self.target
        found = targets.checked(session, target, items)
        name = session.qualified(target.schema, target.table)
        if found is None:
            empty = Table(name, ())
            wanted = targets.missing(empty, target, items)
            columns = ", ".join(f"{session.quoted(one.column)} {session.type_of(one.kind)}" for one in wanted)
            session.execute(f"CREATE TABLE {name} ({columns})")
        else:
            lacking = targets.missing(found, target, items)
            for one in lacking:
                session.execute(f"ALTER TABLE {name} ADD {session.quoted(one.column)} {session.type_of(one.kind)}")
            if not lacking:
                return found
        made = targets.checked(session, target, items)
        if made is None:
            raise PermanentError(f"the table {name} was made, and is not there. Create it by hand.")
        return made

    def _given(self, session: Target, items: Sequence[Item]) -> Table | None:
        """Return the temporary table of a load by key where one cannot be made later; None where the table is not there yet."""
        if not session.temporary_first or self.target.operation not in KEYED:
            return None
        if session.find(self.target.schema, self.target.table) is None:
            return None
        return session.temporary(self._table(session, items), items)

    def _rows(
        self, session: Target, table: Table, items: Sequence[Item], files: StagedFiles, given: Table | None
    ) -> None:
        match self.target.operation:
            case "truncate_insert":
                session.empty(table)
            case "delete_insert":
                session.execute(f"DELETE FROM {table.name}")
        into = table
        if self.target.operation in KEYED:
            session.serialize(table)
            into = given or session.temporary(table, items)
        loaded = session.bulk(into, items, files, self.staged.spec.on_bad_value)
        self._compare(loaded)
        if into is not table:
            self.checks |= _Merge(session, table, into, items, self.target, loaded.records).run()

    def _compare(self, loaded: Loaded) -> None:
        arrived = loaded.records + loaded.skipped
        if arrived != self.written.records:
            raise PermanentError(
                f"{self.written.records:,} records were staged and {arrived:,} arrived. Nothing was written; run the job again."
            )
        self.checks, self.left_out = {"arrived": f"{loaded.records:,}"}, loaded.skipped
        if loaded.skipped:
            self.checks["left out for a value does not fit"] = f"{loaded.skipped:,}"
        if loaded.nulled:
            self.checks["values that became null"] = f"{loaded.nulled:,}"


@dataclass(frozen=True, slots=True)
class _Merge:
    """Brings the rows of one table into another, by key: null keys match nothing."""

    session: Target
    table: Table
    given: Table
    items: Sequence[Item]
    target: DatabaseTarget
    records: int

    def run(self) -> dict[str, str]:
        """Return how many rows were changed and added. Raises PermanentError where a record is not among them."""
        self._check_limit()
        if self.target.operation != "merge_delete_insert":
            self._check_doubles()
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
        return {name: f"{count:,}" for name, count in counts.items()}

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
                "Nothing was written; look for triggers and rules of the table."
            )

    def _update(self) -> int:
        mark = [f"{self._mark} = NULL"] if self._mark else []
        if mark or any(not one.is_key for one in self.items):
            return self.session.execute(self.session.update(self.table, self.given, self.items, mark))
        return 0

    def _insert(self, listed: str) -> int:
        given = self.given.name
        there = self._same("there", given)
        return self.session.execute(
            f"INSERT INTO {self.table.name} ({listed}) SELECT {listed} FROM {given} "
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

    def _check_doubles(self) -> None:
        keys = [self.session.quoted(one.column) for one in self.items if one.is_key]
        listed, known = ", ".join(keys), " AND ".join(f"{key} IS NOT NULL" for key in keys)
        doubled = (
            f"SELECT {listed}, count(*) FROM {self.given.name} WHERE {known} GROUP BY {listed} HAVING count(*) > 1"
        )
        found = self.session.rows(self.session.limited(doubled, 1))
        if found:
            *values, count = found[0]
            key = ", ".join(f"{key} {value}" for key, value in zip(keys, values, strict=True))
            raise PermanentError(
                f"{count} records have the key {key}, and it is not known which of them is to stay. Nothing was written. "
                "Make them one, for example with a Limit of 1 by the key."
            )

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


def _act(session: Target, sql: str, name: str) -> None:
    try:
        session.execute(sql)
    except PermanentError as error:
        raise PermanentError(f"'{name}' failed: {error.message}") from error


def _sentence(error: PenstockError) -> str:
    return error.message[:1].upper() + error.message[1:]
