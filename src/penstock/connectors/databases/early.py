"""Sends an output while the engine still writes it: into an open transaction, where nobody sees it before it is published
(decision 0076).

It is there to save time, and for nothing else. What was staged is published all the same when the transaction is lost, by this
attempt or the next; only what the database says of the records themselves fails the job.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pyarrow as pa

from penstock.connectors.databases import targets
from penstock.connectors.databases.ledger import TABLE, Ledger
from penstock.connectors.databases.lines import StagedFiles
from penstock.connectors.databases.merging import KEYED, Given, temporaries
from penstock.connectors.databases.targets import Loaded, Opened, TakesAsTheyCome, Target
from penstock.errors import InvariantBroken, JobStopped, PermanentError, TransientError
from penstock.kit.stopping import LOOK_S, STOP
from penstock.plan.ports import Staged, Written
from penstock.plan.systems import DatabaseTarget

OPERATIONS = KEYED | {"append"}
"""Those that change nothing that is there while records arrive: others would lock the table, or empty it."""
PATIENCE_S = 10.0
"""A transaction is given up that has waited for records longer than it has taken them, and so long: it would keep others
waiting for little. So it is open at most twice as long as one that sends what is staged."""
_ENDS_S = (1.0, 5.0)
"""How long is waited for the end of what is given up, before it is cancelled and after."""


def is_for(staged: Staged, target: DatabaseTarget) -> bool:
    """Tell whether an output can be sent early: one transaction, in which nothing comes before the records."""
    return (
        target.operation in OPERATIONS
        and target.pre_action_sql is None
        and target.chunk_records is None
        and staged.spec.on_bad_value == "fail"
    )


@dataclass(frozen=True, slots=True)
class Sent:
    """Records that lie in the open transaction of a session; *given* are the temporary tables of a load by key."""

    session: Target
    loaded: Loaded
    given: Given | None


class _GivenUp(Exception):
    """The transaction is to end without its records."""


@dataclass(slots=True)
class Early:
    """Sends one output (`penstock.plan.ports.Early`); *opened* opens the session, when the first file is whole."""

    staged: Staged
    target: DatabaseTarget
    ledger_schema: str | None
    opened: Callable[[], Opened]
    _sending: _Sending | None = None

    def whole(self, name: str) -> None:
        """Have a file sent."""
        if self._sending is None:
            self._sending = _Sending(self)
            self._sending.start()
        self._sending.names.put(name)

    def anew(self) -> None:
        """Take back what was sent."""
        self.give_up()

    def arrived(self, written: Written) -> None:
        """Wait until all is sent, or lost."""
        sending = self._sending
        if sending is None:
            return
        sending.names.put(None)
        while sending.is_alive():
            if STOP.is_asked:
                raise JobStopped("The job was stopped.")
            sending.join(LOOK_S)
        if sending.refusal is not None:
            raise sending.refusal
        sizes = [(name, (self.staged.folder / name).stat().st_size) for name in written.files]
        if sending.sent is not None and sending.read != sizes:
            raise InvariantBroken(f"files of '{written.component}' were sent before they were whole")

    def give_up(self) -> None:
        """End the transaction, if it is still there, without its records."""
        sending, self._sending = self._sending, None
        if sending is not None:
            sending.give_up()

    def taken(self) -> Sent | None:
        """Return what was sent, None where nothing was or it is lost. Whoever has it ends its transaction, then gives up."""
        return None if self._sending is None else self._sending.sent

    @property
    def lost(self) -> str:
        """Why what was sent is lost, as a sentence; empty where it is not, or nothing was."""
        return "" if self._sending is None else self._sending.lost


class _Sending(threading.Thread):
    """One transaction, from its begin to the end of its records. *names* of files come in, None at the end; *read* are those
    that were sent, with their sizes. *refusal* is what the database said of a record; *lost* why all of it came to nothing."""

    def __init__(self, early: Early) -> None:
        super().__init__(daemon=True)
        self.names: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self.read: list[tuple[str, int]] = []
        self.sent: Sent | None = None
        self.refusal: PermanentError | None = None
        self.lost = ""
        self._early = early
        self._stack = ExitStack()
        self._over = threading.Event()
        self._session: Target | None = None

    def run(self) -> None:
        """Open a session and send."""
        try:
            with ExitStack() as stack:
                session = stack.enter_context(self._early.opened())
                self._send(session)
                if self.sent is not None and not self._over.is_set():
                    self._stack = stack.pop_all()
        except _GivenUp:
            self.lost = "Records come slowly."
        except (PermanentError, TransientError) as error:
            # Whatever it was, who publishes will meet it again, or it is no more.
            self.lost = error.message
        except (OSError, pa.ArrowInvalid) as error:
            self.lost = f"{error}."

    def give_up(self) -> None:
        """End it."""
        self._over.set()
        self.names.put(None)
        for patience in _ENDS_S:
            self.join(patience)
            if self.is_alive() and isinstance(self._session, TakesAsTheyCome):
                self._session.cancel()
        self.sent = None
        self._stack.close()

    def _send(self, session: Target) -> None:
        early = self._early
        target, items = targets.named(session, early.target, targets.items_of(early.staged.write, early.target))
        ledger = Ledger.of(session, early.ledger_schema or target.schema, early.staged)
        table = targets.checked(session, target, items)
        # Nothing is made before the grant that others would see, or wait for.
        is_ready = table is not None and not targets.missing(table, target, items)
        if table is None or not is_ready or session.find(ledger.schema, TABLE) is None or ledger.find() is not None:
            return
        if not isinstance(session, TakesAsTheyCome):
            raise InvariantBroken(f"'{early.staged.write.component}' cannot be sent early")
        self._session = session
        session.begin()
        given = temporaries(session, table, items, False, "fail") if target.operation in KEYED else None
        into = table if given is None else given.rows
        try:
            loaded = session.bulk_of(into, items, self._batches(), "fail")
        except PermanentError as error:
            self.refusal = error
            return
        self.sent = Sent(session, loaded, given)

    def _batches(self) -> Iterator[pa.RecordBatch]:
        begun, waited = time.monotonic(), 0.0
        while True:
            asked = time.monotonic()
            # It waits as long as it has taken records, and somewhat more.
            patience = PATIENCE_S + (asked - begun) - 2 * waited
            try:
                name = self.names.get(timeout=max(patience, 0.0))
            except queue.Empty:
                raise _GivenUp from None
            waited += time.monotonic() - asked
            if name is None and not self._over.is_set():
                return
            if name is None:
                raise _GivenUp
            path = self._early.staged.folder / name
            self.read.append((name, path.stat().st_size))
            for batch in StagedFiles((path,)).batches():
                if self._over.is_set():
                    raise _GivenUp
                yield batch
