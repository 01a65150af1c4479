"""The protocols through which a plan meets the world: engine, sources, destinations, and who is told about progress."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from penstock.domain.diagnostic import Diagnostic
from penstock.domain.rung import Rungs
from penstock.domain.watermark import Watermark
from penstock.errors import PermanentError
from penstock.kit.outbound import Request
from penstock.kit.secret import Secret
from penstock.plan.exprs import Expr
from penstock.plan.operators import FileSource, FileTarget, Operator, Plan, Scan, Write
from penstock.plan.schema import Schema
from penstock.plan.systems import DatabaseSource, System
from penstock.plan.values import Value

JsonValue = str | int | float | bool | None | list[Any] | dict[str, Any]
"""A value as JSON has it."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Where milliseconds count from."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A stored connection as a job sees it: *key* is its unique id or name, *parameters* are plain JSON values, *secrets*
    those that nobody may read."""

    key: str
    type: str
    parameters: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)
    secrets: Mapping[str, Secret] = field(default_factory=dict)

    def secret(self, name: str) -> str | None:
        """Return a secret in clear, for what logs in with it; None where there is none."""
        found = self.secrets.get(name)
        return found.reveal() if found else None

    def revealed(self) -> list[str]:
        """Return all secrets in clear, for what takes them out of texts."""
        return [one.reveal() for one in self.secrets.values() if one]


class CellKind(StrEnum):
    """What a value of a database is, as far as its reader has to know."""

    TEXT = "text"
    WHOLE = "whole number"
    DECIMAL = "decimal"
    FLOAT = "float"
    DOUBLE = "double"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp without a zone"
    INSTANT = "timestamp with a zone"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Cell:
    """A value of a database that is not null: *text* as the database spells it, booleans as `true` and `false`, dates and
    times as `2024-05-06 07:08:09.123456`, those with a zone in UTC; *type* is the database's word for its type."""

    kind: CellKind
    text: str
    type: str = ""


@dataclass(frozen=True, slots=True)
class Sampled:
    """The beginning of some records: names and types of their fields (the types of a package's fields), and values as JSON
    has them."""

    fields: tuple[tuple[str, str], ...]
    rows: tuple[tuple[JsonValue, ...], ...]


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a table: its *type* as a field of a package, *native* as the database says it."""

    name: str
    type: str
    native: str
    is_nullable: bool


@dataclass(frozen=True, slots=True)
class TableFacts:
    """A table or view that a user may read."""

    schema: str
    name: str
    is_view: bool
    columns: tuple[TableColumn, ...]


class Ask(Protocol):
    """Asks other systems through the connections of a job, given by unique id or name. Raises PermanentError and
    TransientError with one plain sentence. Can be pickled."""

    def __call__(self, key: str, sql: str) -> Cell | None:
        """Ask a database with one statement of SQL: the first column of the first row, None where there is no row or where it
        is null."""

    def signed(self, key: str, request: Request, *, anew: bool = False) -> Request:
        """Return a request with what a connection logs in with; *anew* where what it was before has been refused."""


class _Nobody:
    """Refuses to ask: there are no connections here."""

    def __call__(self, key: str, sql: str) -> Cell | None:  # noqa: ARG002 -- it is called as `Ask` is
        raise PermanentError(f"There is no connection '{key}' to a database here.")

    def signed(self, key: str, request: Request, *, anew: bool = False) -> Request:  # noqa: ARG002 -- likewise
        raise PermanentError(f"There is no connection '{key}' here.")


ask_nobody = _Nobody()
"""Refuses to ask."""


@dataclass(frozen=True, slots=True)
class Context:
    """What an expression may depend on besides its record. *now* is the job's submission (aware UTC, one value for the
    whole job); *zone_minutes* the offset given to date-times without one (`_DEFAULT_TIMEZONE`); *strict* is
    `_STRICT_PIG_ERRORS`; *outbound* lists the internal networks that calls of other systems may reach, None where no such
    call is made, and no database asked: outside of jobs; *ask* asks the databases of the job; *sums* is `_RECEIPT_HASH`:
    whether records are hashed as they are written, None for where that is cheap."""

    now: datetime
    zone_minutes: int = 0
    strict: bool = False
    outbound: str | None = None
    ask: Ask = field(default=ask_nobody, repr=False, compare=False)
    sums: bool | None = field(default=None, kw_only=True)

    @property
    def now_ms(self) -> int:
        """The submission in milliseconds since 1970."""
        return (self.now - EPOCH) // timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a job may use: memory for the engine in bytes, threads, and a folder for spilling that it may fill."""

    memory_bytes: int
    threads: int
    scratch: Path


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file to read: where it is, and how the store spells it (the `file_path` pseudo field); *unpacked* where what is
    there is no longer packed, whatever its name says."""

    location: str
    name: str
    size_bytes: int
    unpacked: bool = False


@dataclass(frozen=True, slots=True)
class BoundSource:
    """A source whose files are known: checked, inside their root, in a stable order. *state* says, as JSON, where it stopped
    reading, where such a thing is kept. *watermark* is what an incremental one has reached, None where it has reached
    nothing."""

    spec: FileSource
    files: tuple[FileEntry, ...]
    state: str | None = None
    watermark: Watermark | None = None


@dataclass(frozen=True, slots=True)
class Records:
    """Records in place of what a source would read: a value per field of the scan's schema in each, None for null."""

    rows: tuple[tuple[Value | None, ...], ...]


Arrived = Callable[[int, str], None]
"""Hears how much of something has arrived so far: an amount, and what it counts."""


def nobody_waits(amount: int, what: str) -> None:
    """Say nothing: what is asked for is small."""


Say = Callable[[str, str], None]
"""Takes a line for the job's log: its level (`info`, `warning`, `error`), its text."""


def nobody_keeps(sentence: str) -> None:
    """Forget it."""


def nobody_reads(level: str, line: str) -> None:
    """Say nothing: there is no log."""


def nothing_is_known(name: str, size_bytes: int) -> bool:  # noqa: ARG001
    """No file was read before."""
    return False


@dataclass(frozen=True, slots=True)
class Landing:
    """Where the records of one source land that are no files of this machine: *folder* is its own, not there yet, removed
    when the attempt is over. *size* is how many records are wanted, None for all: a preview needs no more than a few. *arrived*
    is told now and then how much has arrived so far, and of what (`rows`, `bytes`); it is cheap, and says it to who waits.
    *log* takes what else is to be known. *is_known* tells of a file by its name and size whether it was read before: then it
    need not land, and its entry has no location. *state* says where the job before stopped reading, None where nothing was
    kept; *since* is the watermark of an incremental source, None before it has one."""

    folder: Path
    size: int | None = None
    arrived: Arrived = nobody_waits
    log: Say = nobody_reads
    is_known: Callable[[str, int], bool] = nothing_is_known
    state: str | None = None
    since: Watermark | None = None


class Early(Protocol):
    """Sends records of an output to its target while the engine writes others, where nobody sees them before they are
    published. It may be lost at any time: what was staged is published all the same."""

    def whole(self, name: str) -> None:
        """Take a file of the staging folder that changes no more. Files come in the order of `Written.files`, all of them or
        none. Cheap, from any thread."""

    def anew(self) -> None:
        """Forget all files: they are written again."""

    def arrived(self, written: Written) -> None:
        """Return when all is sent or lost, once all is staged. Raises PermanentError for what the target refuses, and
        JobStopped."""

    def give_up(self) -> None:
        """Take back what was sent; quiet where nothing was, or where it is published."""


@dataclass(frozen=True, slots=True)
class Staged:
    """An output of one attempt. *folder* is the private folder into which the engine writes its parts: beside the target
    where that is a folder of this machine. *target* is where they go, written as a path by which outputs are compared: no two
    of a package may lie in one another. *token* names job and attempt (`job-<id>-<epoch>`); *load* the job alone, whoever
    attempts it, among those of every installation that writes to the same target. *epoch* is that of the attempt that
    publishes, 0 without a server. *log* takes what is to be known while it is published, *stands* what is to be said of what is
    there should the attempt say nothing more; *through* is the connection of a place that records lie in on their way.
    *rejects* is a folder for records that are left out (`penstock.kit.rejects`), None where nobody reads them; *early* sends
    records before they are published, None where nobody does."""

    write: Write
    connection: Connection
    folder: Path
    target: Path
    token: str
    load: str = ""
    epoch: int = 0
    log: Say = field(default=nobody_reads, repr=False, compare=False)
    stands: Callable[[str], None] = field(default=nobody_keeps, repr=False, compare=False)
    through: Connection | None = None
    rejects: Path | None = None
    early: Early | None = field(default=None, repr=False, compare=False)

    @property
    def spec(self) -> FileTarget:
        """The files that are staged."""
        return self.write.target


@dataclass(frozen=True, slots=True)
class Written:
    """What an engine wrote for one output: records, files in order (names inside the staging folder), a preview. *receipt* is
    begun by the engine (`rejected`, `hash`, `key`) and filled in where the job runs (`runtime.receipts`), as plain JSON
    values."""

    component: str
    records: int
    files: tuple[str, ...]
    preview: str | None = None
    preview_type: str | None = None
    receipt: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Publication:
    """Where the files of an output are now, or the table or address that its records went to. *is_once* is false where
    records may have arrived more than once: nothing at the target could be asked whether they were there. *checks* say what
    was compared with the target: names to texts, for the receipt. *left_out* records were staged and not written, for a value
    does not fit there; None where that is not known, for an attempt before this one wrote them."""

    places: tuple[str, ...]
    is_once: bool = True
    checks: Mapping[str, str] = field(default_factory=dict)
    left_out: int | None = 0


class Reporter(Protocol):
    """Who is told what happens while a job runs. Calls are cheap and may come from any thread of the job."""

    def log(self, level: str, line: str) -> None:
        """One line of the job's log; *level* is `info`, `warning` or `error`."""

    def progress(self, fraction: float) -> None:
        """How far the whole job is, 0.0-1.0, never falling."""

    def source(self, component: str, records: int) -> None:
        """Records read so far by a source: about as many while a statement runs."""

    def output(self, component: str, records: int | None, progress: float | None) -> None:
        """Records written so far to an output, None while that is not known."""


class Engine(Protocol):
    """Runs plans. One engine object serves one job in one process."""

    stack: str
    """The wire's stack id, such as `duckdb-1.5`."""

    def warm_up(self) -> None:
        """Open what `run` will need; may be left out, and changes nothing but the time that `run` takes."""

    def gaps(self, plan: Plan) -> tuple[Diagnostic, ...]:
        """What this engine cannot run of a plan (PK6xx); empty when it can run all of it. Starts nothing."""

    def explain(self, plan: Plan) -> str:
        """The statement text for each output, to be read by a person."""

    def evaluate(
        self, exprs: Sequence[Expr], given: Schema, record: Mapping[str, Value | None], context: Context
    ) -> tuple[Value | None, ...]:
        """The values of expressions over one record. Raises DataError or PermanentError with one plain sentence when an
        expression fails the job."""

    def run(
        self,
        plan: Plan,
        sources: Mapping[str, BoundSource],
        staged: Mapping[str, Staged],
        context: Context,
        limits: Limits,
        reporter: Reporter,
    ) -> tuple[Written, ...]:
        """Run a plan: read *sources* (by component name), write every output into its staging folder, and return what
        was written, in the plan's order. Publishes nothing. A PenstockError raised here names the component."""

    def rows(
        self,
        wanted: Sequence[Operator],
        sources: Mapping[str, BoundSource | Records],
        context: Context,
        limits: Limits,
        size: int | None = None,
    ) -> tuple[tuple[tuple[Value | None, ...], ...], ...]:
        """The records of operators, the first *size* of each (None: all), in the order of a Sort; nothing is written.
        *sources* are by component name. Raises as `run` does."""

    def interrupt(self) -> None:
        """Stop what runs, from another thread or a signal handler; `run` then raises JobStopped."""


class Connector(Protocol):
    """What speaks to one kind of system: gives sources their files, stages outputs and publishes them.

    A source that is no files lands as files before the engine begins; an output is files until it is published."""

    system: System
    """What its connections lead to."""

    def test(self, connection: Connection) -> Rungs | None:
        """Return when the connection can be used, with the rungs that were climbed, where the connector tells them. Raises
        ConnectionTestFailed with the rung that broke."""

    def bind(self, scan: Scan, connection: Connection, landing: Landing) -> BoundSource:
        """Find the files of a source, or make them in the landing folder. Raises PermanentError with one plain sentence
        (missing, unreadable, outside), TransientError where the same may work later."""

    def locate(self, write: Write, connection: Connection, token: str, staging: Path) -> Staged:
        """Return where an attempt stages and publishes; changes nothing, so that a folder is known before it is there.
        *staging* is a folder of this machine, perhaps not there yet, for what is published elsewhere. Raises PermanentError
        for a target outside, or one that cannot be."""

    def prepare(self, staged: Staged) -> None:
        """Make the staging folder, after strays of older attempts of the same job are removed, and look whether there is
        anything that would forbid to publish. Changes nothing that others see. Raises PermanentError, for example when the
        target exists and must not."""

    def publish(self, staged: Staged, written: Written) -> Publication:
        """Make what was staged visible at the target, all of it or nothing.

        Done again after it was cut off anywhere, it goes on from there and gives the same: an attempt that was granted
        may die here, and the next one finishes it. Raises PermanentError when nothing was published."""

    def discard(self, staged: Staged) -> None:
        """Remove a staging folder and everything in it; quiet when it is already gone."""


@runtime_checkable
class Sifter(Connector, Protocol):
    """A connector to where there may be no place for what was staged."""

    def sift(self, staged: Staged, written: Written) -> Written:
        """Take out of what was staged the records that the target has no place for, and keep them in `staged.rejects`; returns
        what is staged then. Nothing at the target is changed. Raises PermanentError, TransientError."""


@runtime_checkable
class Keeper(Connector, Protocol):
    """A connector of files that can put one file somewhere, beside what it does for outputs."""

    def keep(self, connection: Connection, bucket: str | None, path: str, file: Path, name: str) -> str:
        """Copy a file of this machine to a path, in place of what is there, and return where it is; into a folder (one that
        is there, or a path that ends in `/`) under a *name*. Raises PermanentError."""


@runtime_checkable
class SendsEarly(Connector, Protocol):
    """A connector that can send an output while it is staged, beside what it does for all."""

    def early(self, staged: Staged) -> Early | None:
        """Return what sends an output early, None where that is not for it. Opens nothing yet."""


@dataclass(frozen=True, slots=True)
class FieldFacts:
    """A field of an object of a service: its *type* is the service's word, *length* None where it has none."""

    name: str
    type: str
    length: int | None = None


@runtime_checkable
class Catalogue(Protocol):
    """A connector of a service that tells what it has, beside what it does for sources and destinations."""

    def objects(self, connection: Connection) -> tuple[str, ...]:
        """Return the names of the objects that can be queried. Raises PermanentError, TransientError."""

    def fields(self, connection: Connection, name: str) -> tuple[FieldFacts, ...]:
        """Return the fields of an object. Raises PermanentError, TransientError."""


class Databases(Protocol):
    """A connector for databases: tests connections, and asks for single values."""

    types: Collection[str]
    """The types of connections that it serves."""

    def test(self, connection: Connection) -> Rungs | None:
        """Return when the database can be used, with the rungs that were climbed; raises ConnectionTestFailed with the rung
        that broke."""

    def look(self, connection: Connection, schema: str | None, table: str) -> Rungs | None:
        """Return when a table or view can be read; raises ConnectionTestFailed."""

    def sample(self, connection: Connection, asked: DatabaseSource, size: int) -> Sampled:
        """Return the first records of a table or query, *size* of them; raises ConnectionTestFailed."""

    def tables(self, connection: Connection, schema: str | None) -> tuple[TableFacts, ...]:
        """Return the tables and views of a database that the user may read, of one *schema* or of all, by schema and name;
        raises ConnectionTestFailed."""

    def asking(self, connections: Mapping[str, Connection]) -> Ask:
        """Return what asks the databases among some connections, given by unique id or name. Opens nothing yet."""

    def close(self) -> None:
        """Close what was opened to ask."""


Evaluate = Callable[[Expr], Value | None]
"""Evaluates one expression over no record: how `lang` gets the value of a variable without knowing an engine."""
