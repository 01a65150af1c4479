"""Runs plans on Spark: its SQL between the embedded engine's readers and writers of files."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from pyspark import StorageLevel
from pyspark.sql import DataFrame, Row

from penstock.domain.diagnostic import Diagnostic
from penstock.engines.duckdb.scan import rejecting_said
from penstock.engines.duckdb.selection import plan_of
from penstock.engines.duckdb.write import preview_of
from penstock.engines.duckdb.written import skipped_said as unwritten_said
from penstock.engines.gaps import Forms, gaps
from penstock.engines.spark import evaluate as evaluation
from penstock.engines.spark.access import Access
from penstock.engines.spark.counts import FOLDER, Counts, Totals
from penstock.engines.spark.dialect import TEMPLATES
from penstock.engines.spark.expressions import render
from penstock.engines.spark.needed import needed
from penstock.engines.spark.options import SparkOptions
from penstock.engines.spark.scan import Reader, given_records, read_records
from penstock.engines.spark.sentences import sentence
from penstock.engines.spark.session import Desk, opened
from penstock.engines.spark.statements import build
from penstock.engines.spark.tallies import register
from penstock.engines.spark.types import quote, text_literal, to_value
from penstock.engines.spark.watching import BEAT_S, Run, Silent, hear, report_sources, tell, watch
from penstock.engines.spark.write import PARTS_DDL, Writer, arranged, as_part, keep_rejects, one_task
from penstock.engines.sums import Sums, are_wanted, key_of, key_of_files, rejected
from penstock.errors import JobStopped, PermanentError
from penstock.kit.rejects import WRITTEN
from penstock.plan.exprs import Expr
from penstock.plan.operators import Operator, Plan, Scan, Sort, Write, iter_operators
from penstock.plan.ports import EPOCH, BoundSource, Context, Limits, Records, Reporter, Staged, Written
from penstock.plan.schema import Schema
from penstock.plan.values import Value

_SHOWN = Context(now=EPOCH, outbound="")
"""In which expressions are looked at without a job: calls of other systems are shown, and not made."""


@dataclass(frozen=True, slots=True)
class _Work:
    """What is to run, and where; *group* is the name by which what Spark does for it is cancelled, *counted* the folder
    through which tasks count, None where nobody asks."""

    access: Access
    desk: Desk
    plan: Plan
    sources: Mapping[str, BoundSource | Records]
    context: Context
    group: str
    counted: Path | None = None


class SparkEngine:
    """The distributed engine (`penstock.plan.ports.Engine`)."""

    stack = "spark-4.3"

    def __init__(self, options: SparkOptions | None = None) -> None:
        self.options = options or SparkOptions()
        self._stopped = threading.Event()
        self._running: Run | None = None

    def warm_up(self) -> None:
        """Start Spark, or reach its master."""
        opened(self.options)

    def gaps(self, plan: Plan) -> tuple[Diagnostic, ...]:
        """Return the expressions that have no form as a statement, and the columns that the writer would rename."""
        return tuple(gaps(plan, Forms(TEMPLATES, partial(render, context=_SHOWN), quote)))

    def explain(self, plan: Plan) -> str:
        """Return the statement of every output, sources shown by name."""
        return build(plan, _SHOWN, lambda scan: f"SELECT * FROM source({text_literal(scan.component)})").shown(plan)

    def evaluate(
        self, exprs: Sequence[Expr], given: Schema, record: Mapping[str, Value | None], context: Context
    ) -> tuple[Value | None, ...]:
        """Return the values of expressions over one record."""
        return evaluation.evaluate(opened(self.options), exprs, given, record, context)

    def rows(
        self,
        wanted: Sequence[Operator],
        sources: Mapping[str, BoundSource | Records],
        context: Context,
        limits: Limits,
        size: int | None = None,
    ) -> tuple[tuple[tuple[Value | None, ...], ...], ...]:
        """Return the records of operators; nothing is written."""
        plan = plan_of(wanted)
        here = opened(self.options)
        is_given = all(isinstance(one, Records) for one in sources.values())
        # For few records, what Spark does to be fast on many costs more than all the rest.
        desk = here.console if is_given else here.main
        with self._prepared(_Work(here.access, desk, plan, sources, context, "penstock-rows"), Silent()) as run:
            return tuple(
                self._records(run, sql, write, size) for write, sql in zip(plan.outputs, run.made.outputs, strict=True)
            )

    def _records(self, run: Run, sql: str, write: Write, size: int | None) -> tuple[tuple[Value | None, ...], ...]:
        frame = self._frame(run, sql, None)
        raw = self._collected(run, frame if size is None else frame.limit(size), sql, None)
        kinds = [field.dtype for field in write.given.schema]
        return tuple(tuple(to_value(one, kind) for one, kind in zip(row, kinds, strict=True)) for row in raw)

    def interrupt(self) -> None:
        """Stop what runs; safe from any thread and from signal handlers."""
        self._stopped.set()
        running = self._running
        if running is not None:
            # A signal handler may stand in the middle of a call to Spark, so the call is another thread's.
            threading.Thread(target=self._cancel, args=(running,), daemon=True).start()

    def _cancel(self, run: Run) -> None:
        """Cancel what Spark does for a run, also what it begins later."""
        while not run.over.is_set():
            with suppress(*run.access.failures):  # where nobody answers, nothing runs
                run.access.cancel(run.desk.session, run.group)
            run.over.wait(BEAT_S)

    def _check(self) -> None:
        if self._stopped.is_set():
            raise JobStopped("The job was stopped.")

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
        here = opened(self.options)
        first = next(iter(staged.values()))
        counted = first.folder / FOLDER
        counted.mkdir()
        totals = Totals(counted)
        work = _Work(here.access, here.main, plan, sources, context, first.token, counted)
        with self._prepared(work, reporter) as run:
            with self._asking(run):
                reporter.log("info", here.access.told())
            written = tuple(self._write(run, totals, index, staged, context) for index in range(len(run.made.outputs)))
            tell(run, totals)
        totals.remove()
        return written

    @contextmanager
    def _prepared(self, work: _Work, reporter: Reporter) -> Iterator[Run]:
        """Have the sources and what is shared at hand while a plan runs."""
        access, session, plan = work.access, work.desk.session, work.plan
        scans = [one for one in iter_operators(plan) if isinstance(one, Scan)]
        views = {scan.component: f"penstock_source_{index}" for index, scan in enumerate(scans)}
        made = build(
            plan, work.context, lambda scan: f"SELECT * FROM {views[scan.component]}", _sizes_of(work.sources),
            tells=work.counted is not None,
        )  # fmt: skip
        run = self._running = Run(
            access, work.desk, plan, reporter, Counts(work.counted), work.group, made, access.log(), work.context.ask
        )
        try:
            with self._asking(run):
                access.begin(session, work.group)
                if made.functions:
                    access.ready(session)
                for function, casts, unread in made.functions:
                    register(session, function, run.counts, casts, unread)
                names = needed(plan)
                for scan in scans:
                    frame = self._source(run, scan, work, names[scan.component])
                    frame.createOrReplaceTempView(views[scan.component])
            for table, select in made.shared:
                frame = self._frame(run, select, None)
                with self._asking(run, select):
                    frame.createOrReplaceTempView(table)
                    # By its name: a frame may be planned anew, with other random numbers, where it is used again.
                    session.catalog.cacheTable(table, StorageLevel.MEMORY_AND_DISK)
                self._assert(run, table)
            yield run
        finally:
            self._running = None
            run.over.set()
            _forget(run, [table for table, _ in made.shared], list(views.values()))

    def _source(self, run: Run, scan: Scan, work: _Work, names: tuple[str, ...]) -> DataFrame:
        bound = work.sources[scan.component]
        if isinstance(bound, Records):
            return given_records(run.desk.session, scan, bound)
        return read_records(run.access, run.desk.session, Reader(scan, bound, work.context, run.counts, names))

    @contextmanager
    def _asking(self, run: Run, sql: str = "", output: str | None = None) -> Iterator[None]:
        """Ask Spark for what *sql* stands for; what it raises becomes one of our errors, or JobStopped after a stop."""
        try:
            yield
        except PermanentError:
            self._check()
            raise
        except run.access.failures as error:
            self._check()
            raise sentence(error, run, sql, output) from error

    def _assert(self, run: Run, table: str) -> None:
        for check in run.made.checks:
            if check.table == table:
                found = self._collected(run, self._frame(run, check.sql, None), check.sql, None)
                check.tell(found[0][0])

    def _collected(self, run: Run, frame: DataFrame, sql: str, output: str | None) -> list[Row]:
        """Return the rows of a frame that *sql* stands for."""
        self._check()
        with self._asking(run, sql, output):
            return frame.collect()

    def _frame(self, run: Run, sql: str, output: str | None) -> DataFrame:
        with self._asking(run, sql, output):
            run.desk.functions.need(sql, run.ask)
            return run.desk.session.sql(sql)

    def _write(self, run: Run, totals: Totals, index: int, staged: Mapping[str, Staged], context: Context) -> Written:
        write, sql = run.plan.outputs[index], run.made.outputs[index]
        folder, rejects = staged[write.component].folder, staged[write.component].rejects
        writer = Writer(as_part(write), folder, context, run.counts, keeps=rejects is not None)
        frame = self._frame(run, sql, write.component)
        if one_task(write):
            frame = frame.coalesce(1)
        elif write.target.partition_by and not isinstance(write.given, Sort):
            # So that a folder is one task's, and has few files.
            frame = frame.repartition(*(quote(name) for name in write.target.partition_by))
        with self._asking(run, sql, write.component):
            run.access.ready(run.desk.session)
            frame = frame.mapInArrow(writer, PARTS_DDL)
        over = threading.Event()
        watcher = threading.Thread(target=watch, args=(run, totals, write.component, over), daemon=True)
        watcher.start()
        try:
            rows = self._collected(run, frame, sql, write.component)
        finally:
            over.set()
            watcher.join()
            totals.refresh()
            report_sources(run, totals)
            hear(run)
        rows.sort(key=lambda row: int(row.part))
        # The rows are those of the tries that count.
        records = sum(row.records for row in rows)
        if rejects is not None:
            keep_rejects(folder, rows, rejects / WRITTEN)
        names = arranged(write, folder, [row.file for row in rows], writer)
        run.done += 1
        run.reporter.output(write.component, records, 1.0)
        run.reporter.progress(run.done / len(run.plan.outputs))
        preview, preview_type = preview_of(folder / names[0], write.target)
        sums = Sums(key_of(write))
        for row in rows:
            if row.sums is not None:
                sums.join(json.loads(row.sums))
        summed = sums.facts() if context.sums else key_of_files(write, [folder / name for name in names])
        facts = {"rejected": _rejected(write, totals), **summed}
        return Written(write.component, records, names, preview, preview_type, facts)


def _rejected(write: Write, totals: Totals) -> int:
    """Return how many records an output lacks for a value that does not fit."""
    counted = totals.by_counter()

    def of(component: str, wanted: frozenset[str]) -> int:
        mine = ((key, count) for key, count in counted.items() if key[:2] == ("tally", component))
        return sum(count for key, count in mine if key[3] in wanted)

    def left_out(scan: Scan) -> int:
        return of(scan.component, rejecting_said(scan))

    return rejected(write, left_out, of(write.component, frozenset({unwritten_said(write.component)})))


def _sizes_of(sources: Mapping[str, BoundSource | Records]) -> dict[str, int]:
    """Return the bytes of sources; none where records are given, whose size Spark knows."""
    bound = {name: one for name, one in sources.items() if isinstance(one, BoundSource)}
    if len(bound) < len(sources):
        return {}
    return {name: sum(file.size_bytes for file in one.files) for name, one in bound.items()}


def _forget(run: Run, tables: Sequence[str], views: Sequence[str]) -> None:
    """Have Spark forget what a plan left there; where it is gone, it has."""
    session, failures = run.desk.session, run.access.failures
    with suppress(*failures):
        run.access.end(session, run.group)
    for table in tables:
        with suppress(*failures):
            session.catalog.uncacheTable(table)
    for name in (*tables, *views):
        with suppress(*failures):
            session.catalog.dropTempView(name)
