"""Runs plans on embedded DuckDB: a fresh database per job, capped, locked, closed to everything but the job's own files."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass

import duckdb

from penstock import engines
from penstock.domain.diagnostic import Diagnostic
from penstock.engines.duckdb import evaluate as evaluation
from penstock.engines.duckdb import selection
from penstock.engines.duckdb.functions import Failure, Functions
from penstock.engines.duckdb.gaps import gaps
from penstock.engines.duckdb.locations import pattern_of
from penstock.engines.duckdb.scan import scan_sql
from penstock.engines.duckdb.statements import Statements, build
from penstock.engines.duckdb.types import text_literal
from penstock.engines.duckdb.write import copy_sql, file_name, preview_of
from penstock.errors import DataError, InvariantBroken, JobStopped, PenstockError, PermanentError
from penstock.plan.exprs import Expr
from penstock.plan.operators import Operator, Plan, Scan, iter_operators
from penstock.plan.ports import BoundSource, Context, Limits, Records, Reporter, Staged, Written
from penstock.plan.schema import Schema
from penstock.plan.values import Value

MOST_SAID = 600
"""Characters of what DuckDB says that an error keeps: it likes to quote whole lines."""
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
_NAMES_COMPONENT = re.compile(r"Component '|Output '")


@dataclass(slots=True)
class _Run:
    connection: duckdb.DuckDBPyConnection
    functions: Functions
    plan: Plan
    reporter: Reporter
    sources: dict[str, str]
    outputs: dict[str, str]
    made: Statements | None = None
    done: int = 0
    steps: int = 1


class DuckEngine:
    """The embedded engine (`penstock.plan.ports.Engine`)."""

    stack = "duckdb-1.5"

    def __init__(self) -> None:
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._stopped = threading.Event()
        self._opened: list[duckdb.DuckDBPyConnection] = []

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
        return tuple(gaps(plan, Context(now=evaluation.EPOCH)))

    def explain(self, plan: Plan) -> str:
        """Return the statement of every output, sources shown by name."""
        context = Context(now=evaluation.EPOCH)
        made = build(plan, context, lambda scan: f"SELECT * FROM source({text_literal(scan.component)})")
        parts = [f"CREATE TEMP TABLE {table} AS {select};" for table, select in made.shared]
        parts += [f"-- {write.component}\n{sql};" for write, sql in zip(plan.outputs, made.outputs, strict=True)]
        return "\n\n".join(parts)

    def evaluate(
        self, exprs: Sequence[Expr], given: Schema, record: Mapping[str, Value | None], context: Context
    ) -> tuple[Value | None, ...]:
        """Return the values of expressions over one record."""
        return evaluation.evaluate(exprs, given, record, context)

    def interrupt(self) -> None:
        """Stop what runs; safe from any thread and from signal handlers."""
        self._stopped.set()
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
        self.warm_up()
        with closing(self._opened.pop()) as connection:
            _confine(connection, sources, staged, limits)
            self._connection = connection
            scans = [one for one in iter_operators(plan) if isinstance(one, Scan)]
            run = _Run(
                connection, Functions(connection), plan, reporter,
                {scan.component: f"source_{index}" for index, scan in enumerate(scans)},
                {write.component: f"output_{index}" for index, write in enumerate(plan.outputs)},
            )  # fmt: skip
            try:
                self._lock(run)
                return self._execute(run, sources, staged, context)
            finally:
                self._connection = None

    def rows(
        self,
        wanted: Sequence[Operator],
        sources: Mapping[str, BoundSource | Records],
        context: Context,
        limits: Limits,
        size: int | None = None,
    ) -> tuple[tuple[tuple[Value | None, ...], ...], ...]:
        """Return the records of operators; nothing is written."""
        self.warm_up()
        bound = {name: one for name, one in sources.items() if isinstance(one, BoundSource)}
        with closing(self._opened.pop()) as connection:
            _confine(connection, bound, {}, limits)
            self._connection = connection
            functions = Functions(connection)
            try:
                return selection.rows(connection, functions, wanted, sources, context, size, _said)
            except duckdb.InterruptException:
                raise JobStopped("The query was stopped.") from None
            except duckdb.Error as error:
                raise _sentence(error, functions.failure, None) from error
            finally:
                self._connection = None

    def _lock(self, run: _Run) -> None:
        # Not temporary sequences, though those would be cheaper: the cursor that watches could not see them.
        counters = [f"CREATE SEQUENCE {counter}" for counter in (*run.sources.values(), *run.outputs.values())]
        run.connection.execute("; ".join([*counters, "SET lock_configuration = true"]))

    def _execute(
        self, run: _Run, sources: Mapping[str, BoundSource], staged: Mapping[str, Staged], context: Context
    ) -> tuple[Written, ...]:
        def describe(relation: str) -> dict[str, str]:
            rows = run.connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
            return {row[0]: row[1] for row in rows}

        try:
            made = build(
                run.plan,
                context,
                lambda scan: scan_sql(scan, sources[scan.component], context, run.sources[scan.component], describe),
                {name: sum(file.size_bytes for file in bound.files) for name, bound in sources.items()},
            )
        except duckdb.Error as error:
            raise _sentence(error, run.functions.failure, None) from error
        run.made = made
        run.steps = max(len(made.shared) + len(made.outputs), 1)
        for table, select in made.shared:
            self._statement(run, f"CREATE TEMP TABLE {table} AS {select}", None)
        return tuple(self._write(run, index, made, staged, context) for index in range(len(made.outputs)))

    def _write(
        self, run: _Run, index: int, made: Statements, staged: Mapping[str, Staged], context: Context
    ) -> Written:
        write = run.plan.outputs[index]
        place = staged[write.component]
        name = file_name(write.target)
        counter = run.outputs[write.component]
        path = place.folder / name
        written = self._statement(run, copy_sql(write, made.outputs[index], path, counter, context), write.component)
        counted = _count(run.connection, counter)
        if written != counted:
            raise InvariantBroken(f"Output '{write.component}' counted {counted} records and wrote {written}.")
        run.reporter.output(write.component, written, 1.0)
        preview, preview_type = preview_of(path, write.target)
        return Written(write.component, written, (name,), preview, preview_type)

    def _statement(self, run: _Run, sql: str, output: str | None) -> int:
        """Run one statement while another thread reports; returns the number of records it gave."""
        if self._stopped.is_set():
            raise JobStopped("The job was stopped.")
        over = threading.Event()
        watcher = threading.Thread(target=_watch, args=(run, output, over), daemon=True)
        watcher.start()
        try:
            run.functions.need(sql)
            row = run.connection.execute(sql).fetchone()
        except duckdb.InterruptException:
            raise JobStopped("The job was stopped.") from None
        except duckdb.Error as error:
            callers = [] if run.made is None else run.made.callers(sql, run.functions.failure.function)
            raise _sentence(error, run.functions.failure, output, callers) from error
        finally:
            over.set()
            watcher.join()
            _report_sources(run)
        run.done += 1
        run.reporter.progress(run.done / run.steps)
        return int(row[0]) if row else 0


def _watch(run: _Run, output: str | None, over: threading.Event) -> None:
    """Report counts and progress until the statement is over."""
    if over.wait(BEAT_S):
        return
    cursor = run.connection.cursor()
    while True:
        counts = _counts(cursor)
        for component, counter in run.sources.items():
            run.reporter.source(component, counts.get(counter, 0))
        share = max(run.connection.query_progress(), 0.0) / 100
        if output is not None:
            run.reporter.output(output, counts.get(run.outputs[output], 0), share)
        run.reporter.progress((run.done + share) / run.steps)
        if over.wait(BEAT_S):
            break
    cursor.close()


def _counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    rows = connection.execute("SELECT sequence_name, coalesce(last_value, 0) FROM duckdb_sequences()").fetchall()
    return {name: int(value) for name, value in rows}


def _count(connection: duckdb.DuckDBPyConnection, counter: str) -> int:
    return _counts(connection).get(counter, 0)


def _report_sources(run: _Run) -> None:
    counts = _counts(run.connection)
    for component, counter in run.sources.items():
        run.reporter.source(component, counts.get(counter, 0))


def _opened() -> duckdb.DuckDBPyConnection:
    """A fresh in-memory database with all settings that no job changes."""
    connection = duckdb.connect(
        ":memory:",
        config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false", "threads": 1},
    )
    connection.execute(
        "SET TimeZone = 'UTC'; SET enable_progress_bar = true; SET enable_progress_bar_print = false; "
        f"SET disabled_optimizers = '{','.join(KEPT_AS_WRITTEN)}'"
    )
    return connection


def _confine(
    connection: duckdb.DuckDBPyConnection,
    sources: Mapping[str, BoundSource],
    staged: Mapping[str, Staged],
    limits: Limits,
) -> None:
    """Give a database its share of the machine, and let it reach the job's own files and nothing else."""
    files = [file for bound in sources.values() for file in bound.files]
    paths = [
        text_literal(path) for path in sorted({path for file in files for path in (file.location, pattern_of(file))})
    ]
    folders = [text_literal(str(one.folder)) for one in staged.values()] + [text_literal(str(limits.scratch))]
    settings = {
        "memory_limit": f"'{max(limits.memory_bytes // 1_048_576, 64)}MiB'",
        "threads": str(limits.threads),
        "temp_directory": text_literal(str(limits.scratch)),
        "allowed_paths": f"[{', '.join(paths)}]",
        "allowed_directories": f"[{', '.join(folders)}]",
        "enable_external_access": "false",
    }
    connection.execute("; ".join(f"SET {name} = {value}" for name, value in settings.items()))


def _said(error: duckdb.Error, failure: Failure, callers: Sequence[str]) -> PenstockError:
    """Return what DuckDB said of a statement that writes nothing."""
    return _sentence(error, failure, None, callers)


def _sentence(error: duckdb.Error, failure: Failure, output: str | None, callers: Sequence[str] = ()) -> PenstockError:
    """Return what DuckDB said as one of our errors, with component, place and remedy; *callers* are the components that
    call the function that failed, if one did."""
    kept = failure.take()
    place = "" if output is None else f"Output '{output}': "
    if kept is not None:
        if callers:
            names = " or ".join(f"'{name}'" for name in callers)
            place = f"Component {names}: "
        return type(kept)(kept.message if _NAMES_COMPONENT.search(kept.message) else f"{place}{kept.message}")
    line = " ".join(str(error).split("\n")[:3]).split("Possible")[0].strip()
    if isinstance(error, duckdb.OutOfMemoryException):
        return PermanentError(
            f"{place}the job ran out of memory. Give its cluster fewer, larger slots, or add a worker."
        )
    if "not utf-8" in str(error) or "Invalid unicode" in str(error):
        found = re.search(r"file\s*=\s*(\S+)", str(error))
        name = found[1] if found else "a source file"
        return PermanentError(f"{place}{name} is not valid UTF-8. Set 'encoding', or convert the file.")
    if too_long := re.search(r"Maximum line size of (\d+) bytes exceeded\. Actual Size: ?(\d+)", str(error)):
        found = re.search(r"file\s*=\s*(\S+)", str(error))
        name = found[1] if found else "a source file"
        most, size = (f"{int(number):,}" for number in too_long.groups())
        return PermanentError(
            f"{place}a line of {name} has {size} bytes; {most} can be read. Split it, or leave it out."
        )
    if "quoted new lines" in str(error):
        found = re.search(r"file\s*=\s*(\S+)", str(error))
        name = found[1] if found else "a source file"
        return PermanentError(f"{place}a quoted value in {name} holds a line break. Set 'quote' to quoted_multi_line.")
    text = evaluation.first_line(error)
    if _NAMES_COMPONENT.match(text):
        return DataError(text)
    return PermanentError(f"{place}{line if len(line) <= MOST_SAID else line[:MOST_SAID] + '…'}")
