"""Publishes an output as rows of a table, in one transaction with its row of the ledger: once, however often it is tried.

A session that breaks off is opened again and the ledger is read: what is in it is done, and what is not was not written.
A stop does not end it: what was granted is published, by this attempt or the next. In chunks, each of them is such a
transaction in a session of its own (decision 0052).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol, runtime_checkable

from penstock.connectors.databases import keys, targets
from penstock.connectors.databases.early import Early, Sent
from penstock.connectors.databases.ledger import Entry, Ledger
from penstock.connectors.databases.lines import Reading, StagedFiles
from penstock.connectors.databases.merging import KEYED, Given, Merge, temporaries
from penstock.connectors.databases.pieces import NONE_YET, Counts, Piece, following, left_standing
from penstock.connectors.databases.targets import (
    Aside,
    Item,
    Loaded,
    Narrowing,
    Opened,
    Span,
    Table,
    Taken,
    Target,
)
from penstock.errors import InvariantBroken, LeaseLost, PenstockError, PermanentError, TransientError
from penstock.plan.ports import Publication, Staged, Written
from penstock.plan.systems import DatabaseTarget

RETRY_S = (1.0, 5.0, 15.0)
"""How long is waited before each further try, after a session broke off."""
FAR = 10
"""So many keys for each record lie far apart: where there are fewer, a table is read as a whole."""
MOST_LINES = 100
"""Of the log, about chunks."""


@dataclass(frozen=True, slots=True)
class Handed:
    """A piece of an output, and what is known of it: the row of the ledger that was *seen*, None where there was none;
    *is_there* where all its records are, and only what follows them may be left. *files* gives all that was staged, or raises
    PermanentError where that is gone; *sent* is called before it may be written. *is_once* where there is a ledger."""

    staged: Staged
    target: DatabaseTarget
    ledger: Ledger
    piece: Piece
    seen: Entry | None
    is_there: bool
    is_once: bool
    files: Callable[[], StagedFiles]
    sent: Callable[[], None]


@runtime_checkable
class HandedOver(Protocol):
    """A session that hands a whole output over to the database, which writes it by itself."""

    def ledger(self, schema: str | None, staged: Staged, *, in_chunks: bool) -> Ledger:
        """Return the ledger for an output."""

    def hand_over(self, handed: Handed) -> Counts:
        """Write a piece once; returns what was counted. Raises PermanentError when nothing of it was written, TransientError
        when it is to be tried again, Taken when another attempt has written."""


@dataclass(slots=True)
class Load:
    """One output on its way into a table. *is_unknown* while the end of a transaction is not known; *counts* are of what this
    attempt has written, *pending* of what it does not know to be written. *piece* is what was tried last, *there* what the
    ledger said last, None where it has no row."""

    staged: Staged
    written: Written
    target: DatabaseTarget
    ledger_schema: str | None
    is_once: bool = True
    is_unknown: bool = False
    counts: Counts = field(default_factory=Counts)
    pending: Counts | None = None
    piece: Piece = NONE_YET
    there: Entry | None = None
    waits: list[float] = field(default_factory=lambda: list(RETRY_S))
    found: Table | None = None
    """The table as it was found, or made, in the session that is open."""
    named: DatabaseTarget | None = None
    """The target with the names that its columns have there."""
    reading: Reading = field(default_factory=Reading)
    early: Early | None = None
    """What may have sent the records already, until that was seen to."""
    sent: Sent | None = None
    """Records that are in the session that is open."""

    def publish(self, opened: Callable[[], Opened]) -> Publication:
        """Write the rows; sessions are opened by *opened*. Raises PermanentError when nothing was written, or not all chunks
        were, and LeaseLost when an attempt after this one writes them."""
        with closing(self.reading):
            return self._publish(opened)

    def _publish(self, opened: Callable[[], Opened]) -> Publication:
        while True:
            try:
                with self._session(opened) as session:
                    is_done = self._once(session)
                if is_done:
                    return self._published()
            except Taken:
                continue  # Another attempt of this job was faster: the ledger says so now.
            except PermanentError as error:
                standing = self._standing()
                if not standing:
                    raise
                raise PermanentError(f"{error.message}{standing}") from error
            except TransientError as error:
                if self.is_unknown and not self.is_once:
                    raise PermanentError(
                        f"{_sentence(error)} It is not known whether the records were written, for there is no ledger. "
                        "Look into the table before the job is run again."
                    ) from error
                if not self.waits:
                    raise PermanentError(self._given_up(error)) from error
                time.sleep(self.waits.pop(0))

    @contextmanager
    def _session(self, opened: Callable[[], Opened]) -> Iterator[Target]:
        """Give the session that the records were sent in, once; else a new one."""
        early, self.early = self.early, None
        self.sent = None if early is None else early.taken()
        if early is None or self.sent is None:
            with opened() as session:
                yield session
            return
        try:
            yield self.sent.session
        finally:
            self.sent = None
            early.give_up()

    def _published(self) -> Publication:
        place = f"{self.target.schema}.{self.target.table}" if self.target.schema else self.target.table
        there = self.there if self._in_chunks else None
        is_ours = self.counts.chunks == (1 if there is None else there.chunk)
        left_out = self.counts.skipped if is_ours or self.staged.spec.on_bad_value != "skip" else None
        return Publication((place,), self.is_once, self.counts.checks(there), left_out)

    @property
    def _in_chunks(self) -> bool:
        return self.target.chunk_records is not None

    def _standing(self) -> str:
        """Return what is to be said of the chunks that are there when the rest fails."""
        return left_standing(self.there, self.written.records, self.target)

    def _given_up(self, error: TransientError) -> str:
        unwritten = self.piece.unwritten
        if self.is_unknown:
            what = f"{self.piece} was" if self._in_chunks else "the records were"
            unwritten = f"It is not known whether {what} written; the ledger will tell."
        return f"{_sentence(error)} {unwritten}{self._standing()}"

    def _once(self, session: Target) -> bool:
        """Write what is next; tell whether that was all."""
        self.found = None
        schema = self.ledger_schema or self.target.schema
        ledger = (
            session.ledger(schema, self.staged, in_chunks=self._in_chunks)
            if isinstance(session, HandedOver)
            else Ledger.of(session, schema, self.staged, in_chunks=self._in_chunks)
        )
        self.is_once = ledger.made()
        if self._in_chunks and not self.is_once:
            raise PermanentError(f"{ledger.missing} Nothing was written.")
        if isinstance(session, HandedOver) and self.is_unknown:
            # What goes on there has a name, under which its end is found.
            self._hand_over(session, ledger, self.piece, self.there)
        seen = ledger.find() if self.is_once else None
        self.is_unknown = False
        self._settle(seen, ledger.epoch)
        if self.target.chunk_records is not None:
            while not self._next(session, ledger, seen, self.target.chunk_records):
                if self.target.operation in KEYED:
                    return False  # Its temporary tables go with the session.
                seen = self.there
            return True
        whole = Piece(0, self.written.records, self.written.records)
        if isinstance(session, HandedOver):
            self._hand_over(session, ledger, whole, seen, is_there=seen is not None)
        elif seen is None:
            self._write(session, ledger, whole, None)
        elif self.sent is not None:
            raise Taken("another attempt of this job has written.")
        elif not seen.is_finished:
            self._after(session, ledger)
        return True

    def _hand_over(
        self, session: HandedOver, ledger: Ledger, piece: Piece, seen: Entry | None, *, is_there: bool = False
    ) -> None:
        """Have a piece written; of a chunk the ledger says then how far it reached."""
        self.piece = piece
        handed = Handed(
            self.staged,
            self.target,
            ledger,
            piece,
            seen,
            is_there,
            self.is_once,
            lambda: self._files(piece),
            self._sent,
        )
        counts = session.hand_over(handed)
        self.is_unknown, self.waits = False, list(RETRY_S)
        self.counts.join(counts)
        if self._in_chunks:
            self.there = ledger.find()
            if self.there is not None and self.there.epoch > ledger.epoch:
                raise LeaseLost("Another attempt of this job writes its chunks.")

    def _sent(self) -> None:
        self.is_unknown = True

    def _settle(self, seen: Entry | None, epoch: int) -> None:
        """Learn from the ledger whether a transaction was committed whose end nobody heard."""
        if seen is not None and self.pending is not None:
            if not self._in_chunks or (seen.chunk >= self.piece.number and seen.epoch == epoch):
                self.counts.join(self.pending)
        elif seen is not None and self.there is None and self._in_chunks:
            self.staged.log("info", f"{seen.chunk:,} chunks were written by an earlier attempt")
        self.pending, self.there = None, seen
        if standing := self._standing():
            self.staged.stands(standing.strip())

    def _next(self, session: Target, ledger: Ledger, seen: Entry | None, size: int) -> bool:
        """Write the next chunk; tell whether it was the last."""
        if seen is not None and seen.epoch > ledger.epoch:
            raise LeaseLost("Another attempt of this job writes its chunks.")
        piece = following(seen, size, self.written.records)
        if piece is None:
            if seen is not None and not seen.is_finished:
                self._finish(session, ledger, seen)
            return True
        if seen is not None and seen.epoch < ledger.epoch:
            ledger.claim()
            seen = replace(seen, epoch=ledger.epoch)
        if isinstance(session, HandedOver):
            self._hand_over(session, ledger, piece, seen)
        else:
            self._write(session, ledger, piece, seen)
        if piece.is_last or piece.number % max(1, piece.count // MOST_LINES) == 0:
            self.staged.log("info", f"{piece} is written, {piece.end:,} of {piece.total:,} records")
        return self.there is not None and self.there.records >= piece.total

    def _write(self, session: Target, ledger: Ledger, piece: Piece, seen: Entry | None) -> None:
        """Write a piece with its row of the ledger, which said what was *seen*."""
        self.piece, target = piece, self.target
        files = self._files(piece)
        outside = not target.actions_in_transaction
        before = target.pre_action_sql if piece.is_first else None
        after = target.post_action_sql if piece.is_last else None
        if outside and before is not None:
            _act(session, before, "pre_action_sql")
        items = self._items(session)
        if not session.creates_in_transaction and before is None:
            self._table(session, items)  # In a transaction it would end it.
        given = self._given(session, items) if self.sent is None else self.sent.given
        self._aside(session, items)
        has_after = outside and after is not None
        entry = Entry(piece.is_last and not has_after, piece.end, piece.number, ledger.epoch)
        if self.sent is None:
            session.begin()
        try:
            if self.is_once:
                ledger.hold(seen)
            if not outside and before is not None:
                _act(session, before, "pre_action_sql")
                items, self.found = self._items(session), None
            if not session.creates_in_transaction:
                self._table(session, items)
                given = given or self._given(session, items)
                self._aside(session, items)
                if not session.is_open():
                    session.begin()
            if self.is_once:
                ledger.enter(entry, seen)
            pending = self._rows(session, self._table(session, items), items, files, given)
            if not session.is_open():
                raise InvariantBroken(f"the transaction of '{self.staged.write.component}' ended before its time")
            if not outside and after is not None:
                self._act_inside(session, after)
        except PenstockError:
            session.rollback()
            raise
        self.is_unknown, self.pending = True, pending
        session.commit()
        self.is_unknown, self.waits = False, list(RETRY_S)
        self._settle(entry, ledger.epoch)
        if has_after:
            self._after(session, ledger)

    def _items(self, session: Target) -> Sequence[Item]:
        """Return what is written into each column, by the names that columns have in the session's database now."""
        self.named, items = targets.named(session, self.target, targets.items_of(self.staged.write, self.target))
        return items

    def _files(self, piece: Piece) -> StagedFiles:
        paths = tuple(self.staged.folder / name for name in self.written.files)
        if not self.staged.folder.is_dir() or not all(one.is_file() for one in paths):
            lost = "nothing was written. Run the job again." if piece.is_first else "the rest was not written."
            raise PermanentError(f"what was staged is gone, so {lost}")
        if piece.is_whole:
            return StagedFiles(paths)
        return StagedFiles(paths, None, piece.first, piece.end, self.reading)

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

    def _finish(self, session: Target, ledger: Ledger, seen: Entry) -> None:
        """Do what follows a load all of whose chunks are there."""
        if isinstance(session, HandedOver):
            last = Piece(seen.records, seen.records, seen.records, seen.chunk, seen.chunk)
            self._hand_over(session, ledger, last, seen, is_there=True)
        else:
            self._after(session, ledger)

    def _table(self, session: Target, items: Sequence[Item]) -> Table:
        """Return the table, made and widened as the policy says."""
        if self.found is None:
            self.found = self._looked_up(session, items)
        return self.found

    def _looked_up(self, session: Target, items: Sequence[Item]) -> Table:
        target = self.named or self.target
        found = targets.checked(session, target, items)
        name = session.qualified(target.schema, target.table)
        if found is None and not self.piece.is_first:
            raise PermanentError(f"the table {name} is gone, and the chunks that were written into it.")
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

    def _given(self, session: Target, items: Sequence[Item]) -> Given | None:
        """Return the temporary tables of a load by key where they cannot be made later; None where the table is not there
        yet."""
        if not session.temporary_first or self.target.operation not in KEYED:
            return None
        if session.find(self.target.schema, self.target.table) is None:
            return None
        return self._temporaries(session, self._table(session, items), items)

    def _aside(self, session: Target, items: Sequence[Item]) -> None:
        """Have a table made for what may not fit, where it cannot be made later."""
        if self.staged.spec.on_bad_value == "fail" or not isinstance(session, Aside):
            return
        found = self.found or session.find(self.target.schema, self.target.table)
        is_whole = found is not None and all(found.column(one.column) for one in items)
        session.aside(self.target.schema, found if is_whole else None, items)

    def _temporaries(self, session: Target, table: Table, items: Sequence[Item]) -> Given:
        has_more = self.piece.is_first and not self.piece.is_last and not self._keys_are_plain(table, items)
        return temporaries(session, table, items, has_more, self.staged.spec.on_bad_value)

    def _rows(
        self, session: Target, table: Table, items: Sequence[Item], files: StagedFiles, given: Given | None
    ) -> Counts:
        """Write the rows of a piece; returns what was counted."""
        match self.target.operation:
            case "truncate_insert":
                session.empty(table)
            case "delete_insert":
                session.execute(f"DELETE FROM {table.name}")
        counts, policy = Counts(chunks=1), self.staged.spec.on_bad_value
        is_keyed = self.target.operation in KEYED
        if is_keyed:
            session.serialize(table)
            given = given or self._temporaries(session, table, items)
            keys_differ = self._check_keys(session, table, items, files, given)
        into = table if given is None else given.rows
        loaded = session.bulk(into, items, files, policy) if self.sent is None else self.sent.loaded
        self._compare(loaded, self.piece.records)
        counts.add(loaded)
        if given is not None:
            if isinstance(session, Narrowing):
                session.span = self._span(session, table, items, given, loaded.records)
            target = self.named or self.target
            merge = Merge(session, table, given.rows, items, target, loaded.records, self.piece.unwritten)
            counts.rows = merge.run(keys_differ=keys_differ)
        return counts

    def _span(self, session: Target, table: Table, items: Sequence[Item], given: Given, records: int) -> Span | None:
        """Return where the keys of a piece lie: what changes lies close together more often than not, and chunks are in the
        order of the key, so that few rows need to be looked at."""
        names = [session.quoted(one.column) for one in items if one.is_key]
        if len(names) > 1 or self.target.operation == "merge_delete_insert" or not keys.are_plain(table, items):
            return None
        (ends,) = session.rows(f"SELECT min({names[0]}), max({names[0]}) FROM {given.rows.name}")
        if ends[0] is None:
            return None
        least, most = (int(str(one)) for one in ends)
        has_indexes = isinstance(session, Narrowing) and session.has_indexes
        return Span(names[0], least, most, has_indexes and most - least >= FAR * records)

    def _keys_are_plain(self, table: Table, items: Sequence[Item]) -> bool:
        return self.staged.spec.on_bad_value == "fail" and keys.are_plain(table, items)

    def _check_keys(
        self, session: Target, table: Table, items: Sequence[Item], files: StagedFiles, given: Given
    ) -> bool:
        """Tell whether no two records have one key, in whichever chunks; False where that is not known yet. Raises
        PermanentError where two have."""
        if self.target.operation == "merge_delete_insert":
            return False
        if not self.piece.is_first:
            return True
        if self._keys_are_plain(table, items):
            keys.check(files.paths, [one.source for one in items if one.is_key], session.quoted)
            return True
        if given.keys is None:
            return False
        every = StagedFiles(files.paths, tuple(one.source for one in given.compared))
        loaded = session.bulk(given.keys, given.compared, every, self.staged.spec.on_bad_value)
        self._compare(loaded, self.written.records)
        Merge(session, table, given.keys, given.compared, self.target, loaded.records).check_doubles()
        return True

    def _compare(self, loaded: Loaded, records: int) -> None:
        arrived = loaded.records + loaded.skipped
        if arrived != records:
            raise PermanentError(
                f"{records:,} records were staged and {arrived:,} arrived. {self.piece.unwritten} Run the job again."
            )


def _act(session: Target, sql: str, name: str) -> None:
    try:
        session.execute(sql)
    except PermanentError as error:
        raise PermanentError(f"'{name}' failed: {error.message}") from error


def _sentence(error: PenstockError) -> str:
    return error.message[:1].upper() + error.message[1:]
