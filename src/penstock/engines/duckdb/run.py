"""Runs plans on embedded DuckDB: a fresh database per job, capped, locked, closed to everything but the job's own files."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from penstock import engines
from penstock.domain.diagnostic import Diagnostic
from penstock.engines.duckdb import evaluate as evaluation
from penstock.engines.duckdb import selection
from penstock.engines.duckdb.batches import Batches
from penstock.engines.duckdb.counting import PROFILED, Passed, expected
from penstock.engines.duckdb.dialect import TEMPLATES
from penstock.engines.duckdb.expressions import render
from penstock.engines.duckdb.functions import Functions
from penstock.engines.duckdb.locations import pattern_of
from penstock.engines.duckdb.readings import Readings, Reread
from penstock.engines.duckdb.scan import Scanned, Scanner, rejecting_said, told
from penstock.engines.duckdb.sentences import sentence
from penstock.engines.duckdb.statements import build
from penstock.engines.duckdb.types import column_of, text_literal
from penstock.engines.duckdb.whole import Whole
from penstock.engines.duckdb.write import Writing, file_name, parts_of, preview_of, writing
from penstock.engines.duckdb.written import skipped_said as unwritten_said
from penstock.engines.files.unpacking import Unpacking
from penstock.engines.gaps import Forms, gaps
from penstock.engines.statements import Statements
from penstock.engines.sums import are_wanted, key_of_files, rejected
from penstock.errors import InvariantBroken, JobStopped, PenstockError
from penstock.kit.rejects import WRITTEN
from penstock.kit.stopping import STOP
from penstock.plan.exprs import Expr
from penstock.plan.operators import (
    Filter,
    Operator,
    Plan,
    Project,
    Sample,
    Scan,
    Sort,
    Write,
    inputs_of,
    iter_operators,
)
from penstock.plan.ports import EPOCH, BoundSource, Context, Limits, Records, Reporter, Staged, Written
from penstock.plan.schema import Schema
from penstock.plan.values import Value

BEAT_S = 0.25
"""How often progress and counts are reported while a statement runs."""
KEPT_AS_WRITTEN = (
    "filter_pushdown", "filter_pullup", "join_filter_pushdown", "join_order", "build_side_probe_side", "join_elimination",
)  # fmt: skip
"""Optimizers that are off: a filter that moves past the counter of a source, or a join that is left out, would make its
count of records wrong; and statements say which side of a join is held in memory."""
_FIRST = (
    "COPY (SELECT try_cast(line AS INTEGER) AS line FROM read_csv("
    f"[{text_literal(engines.__file__)}], columns = {{'line': 'VARCHAR'}}, auto_detect = false, header = false, "
    "delim = '\x01', quote = '', escape = '', null_padding = true)) TO '/dev/null' (FORMAT csv, USE_TMP_FILE false)"
)
"""Reads some lines of text and keeps nothing."""
EARLY_BYTES = 16 << 20
"""Outputs of more input than this are written in several files where each is sent on at once, in no order."""
_FILES_BYTES = 512 << 20
"""Of so much input each file has one more group of rows, so that there are a hundred files or so and not thousands."""
ORDERED_BYTES = 64 << 20
"""Records of less input than this keep the order of the files, which nobody promises; of more they need not, which saves
memory and time."""


@dataclass(slots=True)
class _Run:
    """One attempt to run a plan. *sources* and *outputs* are the places where their records are counted; *early* is the output
    that is written in several files, None for none."""

    connection: duckdb.DuckDBPyConnection
    functions: Functions
    plan: Plan
    reporter: Reporter
    readings: Readings
    sources: dict[str, str]
    outputs: dict[str, str]
    early: str | None = None
    scanned: dict[str, Scanned] = field(default_factory=dict)
    written: dict[str, Writing] = field(default_factory=dict)
    made: Statements | None = None
    passed: Passed = field(default_factory=Passed)
    done: int = 0
    steps: int = 1


_SHOWN = Context(now=EPOCH, outbound="")
"""In which expressions are looked at without a job: calls of other systems are shown, and not made."""


class DuckEngine:
    """The embedded engine (`penstock.plan.ports.Engine`)."""

    stack = "duckdb-1.5"

    def __init__(self) -> None:
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._stopped = threading.Event()
        self._opened: list[duckdb.DuckDBPyConnection] = []
        STOP.forget()

    def warm_up(self) -> None:
        """Open the database that `run` will need, which takes as long as a small job; not before a fork."""
        if not self._opened:
            connection = _opened()
            # The first reader, writer and look at the catalogue of a process cost a quarter of a small job.
            with suppress(duckdb.IOException):  # another process warms up in the same moment, and locks the place
                connection.execute(_FIRST)
            _counts(connection)
            self._opened.append(connection)

    def gaps(self, plan: Plan) -> tuple[Diagnostic, ...]:
        """Return the expressions that have no form as a statement, and the columns that DuckDB would rename."""
        return tuple(gaps(plan, Forms(TEMPLATES, partial(render, context=_SHOWN), column_of)))

    def explain(self, plan: Plan) -> str:
        """Return the statement of every output, sources shown by name."""
        return build(plan, _SHOWN, lambda scan: f"SELECT * FROM source({text_literal(scan.component)})").shown(plan)

    def evaluate(
        self, exprs: Sequence[Expr], given: Schema, record: Mapping[str, Value | None], context: Context
    ) -> tuple[Value | None, ...]:
        """Return the values of expressions over one record."""
        try:
            return evaluation.evaluate(exprs, given, record, context)
        except PenstockError:
            self._check()
            raise

    def interrupt(self) -> None:
        """Stop what runs; safe from any thread and from signal handlers."""
        self._stopped.set()
        STOP.ask()
        if self._connection is not None:
            self._connection.interrupt()

    def run(
        self,
        plan: Plan,
        sources: Mapping[str, BoundSource],
        staged: Mapping[str, Staged],
        context: Context,
        limits: Limits,
        reporter: Reporter,
    ) -> tuple[Written, ...]:
        """Write every output of a plan into its staging folder and return what was written."""
        context = replace(context, sums=are_wanted(context, sources))
        bound = Unpacking(limits.scratch, self._check).sources(sources)
        readings = Readings(plan, bound, limits.threads, self._check, parses=True)
        while True:
            self.warm_up()
            with closing(self._opened.pop()) as connection:
                in_order = _counts_in_order(plan)
                early = None if in_order else _early(plan, readings.sources, staged)
                _confine(connection, readings.sources, staged, limits, in_order, is_early=early is not None)
                self._connection = connection
                scans = [one for one in iter_operators(plan) if isinstance(one, Scan)]
                counters = {scan.component: f"source_{index}" for index, scan in enumerate(scans)}
                outputs = {
                    write.component: counters.get(_only_source(plan, write) or "", f"output_{index}")
                    for index, write in enumerate(plan.outputs)
                }
                functions = Functions(connection, context.ask)
                run = _Run(connection, functions, plan, reporter, readings, counters, outputs, early)
                try:
                    self._lock(run)
                    return self._execute(run, staged, context, limits)
                except Reread as again:
                    reporter.log("info", str(again))
                finally:
                    self._connection = None

    def _check(self) -> None:
        if self._stopped.is_set():
            raise JobStopped("The job was stopped.")

    def rows(
        self,
        wanted: Sequence[Operator],
        sources: Mapping[str, BoundSource | Records],
        context: Context,
        limits: Limits,
        size: int | None = None,
    ) -> tuple[tuple[tuple[Value | None, ...], ...], ...]:
        """Return the records of operators; nothing is written."""
        plan = selection.plan_of(wanted)
        given = {name: one for name, one in sources.items() if isinstance(one, BoundSource)}
        bound = Unpacking(limits.scratch, self._check).sources(given)
        readings = Readings(plan, bound, limits.threads, self._check)
        while True:
            self.warm_up()
            with closing(self._opened.pop()) as connection:
                _confine(connection, bound, {}, limits, _counts_in_order(plan))
                self._connection = connection
                functions = Functions(connection, context.ask)
                selected = selection.Selection(connection, functions, readings, limits.scratch, context)
                try:
                    return selected.rows(plan, sources, size)
                except Reread:
                    continue
                except duckdb.InterruptException:
                    raise JobStopped("The query was stopped.") from None
                finally:
                    self._connection = None

    def _lock(self, run: _Run) -> None:
        run.connection.execute("SET lock_configuration = true")

    def _execute(
        self, run: _Run, staged: Mapping[str, Staged], context: Context, limits: Limits
    ) -> tuple[Written, ...]:
        def describe(relation: str) -> dict[str, str]:
            rows = run.connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
            return {row[0]: row[1] for row in rows}

        scanner = Scanner(run.readings, context, limits.scratch, describe)

        def scan_sql(scan: Scan) -> str:
            found = run.scanned[scan.component] = scanner.scan(scan, run.sources[scan.component])
            for tally in found.tallies:
                run.connection.execute(f"CREATE SEQUENCE {tally}")
            return found.sql

        sizes = {name: sum(file.size_bytes for file in bound.files) for name, bound in run.readings.sources.items()}
        try:
            made = build(run.plan, context, scan_sql, sizes, tells=True)
        except duckdb.Error as error:
            raise sentence(error, run.functions.failure, run.readings, "") from error
        run.made = made
        for counter in (*made.counters, *made.tallies):
            run.connection.execute(f"CREATE SEQUENCE {counter}")
        run.steps = max(len(made.shared) + len(made.outputs), 1)
        for table, select in made.shared:
            self._statement(run, f"CREATE TEMP TABLE {table} AS {select}", None)
        written = tuple(self._write(run, index, made, staged, context, limits) for index in range(len(made.outputs)))
        _tell(run)
        return written

    def _write(
        self,
        run: _Run,
        index: int,
        made: Statements,
        staged: Mapping[str, Staged],
        context: Context,
        limits: Limits,
    ) -> Written:
        write = run.plan.outputs[index]
        place = staged[write.component]
        name = file_name(write.target)
        counter = run.outputs[write.component]
        whole = None
        if place.early is not None and write.component == run.early:
            whole = Whole(place.folder, place.early)
            whole.clear()
        path = place.folder / name if whole is None else whole.place
        own = None if counter in run.sources.values() else counter
        rejects = None if place.rejects is None else place.rejects / WRITTEN
        groups = None if whole is None else 1 + _size_of(run.readings.sources) // _FILES_BYTES
        how = writing(write, made.outputs[index], path, own, f"target_{index}", context, rejects, groups=groups)
        how.begin(run.connection)
        run.written[write.component] = how
        names = [name]

        def parts(sql: str) -> int:
            batches = Batches(run.connection, sql)
            found = parts_of(
                write, batches.schema, lambda part: place.folder / part.folder / file_name(write.target, part.number),
                limits.scratch, limits.threads, self._check,
            )  # fmt: skip
            records = found.write(batches)
            names[:] = [str(Path(part.folder) / file_name(write.target, part.number)) for part in found.made]
            return records

        try:
            with nullcontext() if whole is None else whole:
                written = self._statement(run, how.sql, write.component, parts if how.is_streamed else None)
        finally:
            how.end()
        if whole is not None:
            whole.rest()
            names[:] = whole.names
        counted = run.passed.records[counter]
        if written != counted:
            raise InvariantBroken(f"Output '{write.component}' counted {counted} records and wrote {written}.")
        run.reporter.output(write.component, written, 1.0)
        preview, preview_type = preview_of(place.folder / names[0], write.target)
        facts = _facts(run, write, how, [place.folder / one for one in names])
        return Written(write.component, written, tuple(names), preview, preview_type, facts)

    def _statement(self, run: _Run, sql: str, output: str | None, take: Callable[[str], int] | None = None) -> int:
        """Run one statement, or have *take* run it, while another thread reports; returns the number of records it gave."""
        self._check()
        over = threading.Event()
        watcher = threading.Thread(target=_watch, args=(run, output, over), daemon=True)
        watcher.start()
        try:
            run.functions.need(sql)
            records = _first_number(run.connection, sql) if take is None else take(sql)
            run.passed.take(run.connection)
        except duckdb.InterruptException:
            raise JobStopped("The job was stopped.") from None
        except duckdb.Error as error:
            self._check()
            callers = [] if run.made is None else run.made.callers(sql, run.functions.failure.function)
            place = "" if output is None else f"Output '{output}': "
            raise sentence(error, run.functions.failure, run.readings, place, callers) from error
        finally:
            over.set()
            watcher.join()
            # Of a statement that failed nobody knows how much it has read.
            for component, counter in run.sources.items():
                run.reporter.source(component, run.passed.records[counter])
        for check in run.made.checks if run.made is not None else ():
            check.tell(run.connection.execute(check.sql).fetchall()[0][0])
        run.done += 1
        run.reporter.progress(run.done / run.steps)
        return records


def _first_number(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    return int(row[0]) if row else 0


def _only_source(plan: Plan, write: Write) -> str | None:
    """Return the source whose records an output gets one by one, all of them and no others, if there is one: then one
    count serves both."""
    readers = Counter(id(one) for operator in iter_operators(plan) for one in inputs_of(operator))
    readers.update(id(one.given) for one in plan.outputs)
    operator = write.given
    while isinstance(operator, Project) and readers[id(operator)] == 1:
        operator = operator.given
    if not isinstance(operator, Scan) or readers[id(operator)] > 1:
        return None
    if "skip" in (operator.source.on_bad_value, write.target.on_bad_value):
        return None
    return operator.component


def _facts(run: _Run, write: Write, how: Writing, files: Sequence[Path]) -> dict[str, Any]:
    """Return what the receipt of an output begins with."""
    counts = _counts(run.connection)

    def left_out(scan: Scan) -> int:
        found = run.scanned[scan.component].tallies
        wanted = rejecting_said(scan)
        return sum(counts.get(tally, 0) for tally, said in found.items() if said in wanted)

    own = [tally for tally, said in how.tallies.items() if said == unwritten_said(write.component)]
    facts: dict[str, Any] = {"rejected": rejected(write, left_out, sum(counts.get(tally, 0) for tally in own))}
    return {**facts, **(key_of_files(write, files) if how.summing is None else how.summing.sums.facts())}


def _tell(run: _Run) -> None:
    """Log what did not fit its field, and lines that were too long."""
    counts = _counts(run.connection)
    for component, scanned in run.scanned.items():
        tallies = [(said, counts.get(tally, 0)) for tally, said in scanned.tallies.items()]
        for line in told(component, scanned.dropped_lines, tallies):
            run.reporter.log("warning", line)
    for component, written in run.written.items():
        for line in told(component, 0, [(said, counts.get(tally, 0)) for tally, said in written.tallies.items()]):
            run.reporter.log("warning", line)
    for sequence, tally in run.made.tallies.items() if run.made is not None else ():
        if count := counts.get(sequence, 0):
            run.reporter.log("warning", tally.said(count))


def _watch(run: _Run, output: str | None, over: threading.Event) -> None:
    """Report progress until the statement is over, and about how many records its sources have given."""
    if over.wait(BEAT_S):
        return
    awaited = _awaited(run)
    while True:
        share = max(run.connection.query_progress(), 0.0) / 100
        for component, records in awaited.items():
            run.reporter.source(component, int(records * share))
        if output is not None:
            run.reporter.output(output, None, share)
        run.reporter.progress((run.done + share) / run.steps)
        if over.wait(BEAT_S):
            break


def _awaited(run: _Run) -> dict[str, int]:
    """Return about how many records each source has that no statement has read, where that can be told."""
    awaited = {}
    for component, counter in run.sources.items():
        if not run.passed.records[counter]:
            with suppress(OSError, pa.ArrowInvalid):  # the statement that reads it says why it cannot
                awaited[component] = expected(run.readings.sources[component])
    return {component: records for component, records in awaited.items() if records is not None}


def _counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    rows = connection.execute("SELECT sequence_name, coalesce(last_value, 0) FROM duckdb_sequences()").fetchall()
    return {name: int(value) for name, value in rows}


def _opened() -> duckdb.DuckDBPyConnection:
    """A fresh in-memory database with all settings that no job changes."""
    connection = duckdb.connect(
        ":memory:",
        config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false", "threads": 1},
    )
    connection.execute(
        "SET TimeZone = 'UTC'; SET enable_progress_bar = true; SET enable_progress_bar_print = false; "
        f"SET disabled_optimizers = '{','.join(KEPT_AS_WRITTEN)}'; {PROFILED}"
    )
    return connection


def _counts_in_order(plan: Plan) -> bool:
    """Tell whether a plan has a sample that is to be the same each time, for which records are numbered as they come."""
    return any(isinstance(one, Sample) and one.seed is not None for one in iter_operators(plan))


def _early(plan: Plan, sources: Mapping[str, BoundSource], staged: Mapping[str, Staged]) -> str | None:
    """Return the output that is written in several files, for they are sent on: of much input, and in no order. None if there
    is none."""
    size = _size_of(sources)
    # Of so few records whatever asks for their order gets that of the files, and is to go on getting it.
    is_plain = all(isinstance(one, Scan | Project | Filter) for one in iter_operators(plan))
    if size <= EARLY_BYTES or (size < ORDERED_BYTES and not is_plain):
        return None
    asked = (one for one in plan.outputs if staged[one.component].early is not None)
    return next((one.component for one in asked if not isinstance(one.given, Sort)), None)


def _size_of(sources: Mapping[str, BoundSource]) -> int:
    return sum(file.size_bytes for bound in sources.values() for file in bound.files)


def _confine(
    connection: duckdb.DuckDBPyConnection,
    sources: Mapping[str, BoundSource],
    staged: Mapping[str, Staged],
    limits: Limits,
    in_order: bool,
    *,
    is_early: bool = False,
) -> None:
    """Give a database its share of the machine, and let it reach the job's own files and nothing else. *in_order* keeps
    the order of the files, whatever their size; with *is_early* it is not kept."""
    files = [file for bound in sources.values() for file in bound.files]
    paths = [
        text_literal(path)
        for path in sorted({path for file in files for path in (file.location, pattern_of(file.location))})
    ]
    folders = [text_literal(str(one.folder)) for one in staged.values()] + [text_literal(str(limits.scratch))]
    settings = {
        "memory_limit": f"'{max(limits.memory_bytes // 1_048_576, 64)}MiB'",
        "threads": str(limits.threads),
        "temp_directory": text_literal(str(limits.scratch)),
        "allowed_paths": f"[{', '.join(paths)}]",
        "allowed_directories": f"[{', '.join(folders)}]",
        "enable_external_access": "false",
        "preserve_insertion_order": str(in_order or (_size_of(sources) < ORDERED_BYTES and not is_early)).lower(),
    }
    connection.execute("; ".join(f"SET {name} = {value}" for name, value in settings.items()))
