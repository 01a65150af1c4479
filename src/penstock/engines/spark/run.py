"""Runs plans on Spark: its SQL between the embedded engine's readers and writers of files."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from py4j.protocol import Py4JError
from pyspark import StorageLevel
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, Row, SparkSession

from penstock.domain.diagnostic import Diagnostic
from penstock.engines.duckdb.selection import plan_of
from penstock.engines.duckdb.write import preview_of
from penstock.engines.gaps import Forms, gaps
from penstock.engines.spark import evaluate as evaluation
from penstock.engines.spark.counts import Counts, of_output
from penstock.engines.spark.dialect import TEMPLATES
from penstock.engines.spark.driver_log import DriverLog
from penstock.engines.spark.errors import found_in
from penstock.engines.spark.expressions import render
from penstock.engines.spark.functions import Functions
from penstock.engines.spark.scan import relation
from penstock.engines.spark.session import SparkOptions, opened
from penstock.engines.spark.statements import build
from penstock.engines.spark.types import quote, text_literal, to_value
from penstock.engines.spark.watching import BEAT_S, Run, Silent, hear, report_sources, tell, watch
from penstock.engines.spark.write import PARTS_DDL, Writer, arranged, as_part
from penstock.errors import InvariantBroken, JobStopped, PenstockError, PermanentError
from penstock.plan.exprs import Expr
from penstock.plan.operators import Operator, Plan, Scan, Write, iter_operators
from penstock.plan.ports import EPOCH, BoundSource, Context, Limits, Records, Reporter, Staged, Written
from penstock.plan.schema import Schema
from penstock.plan.values import Value

_NAMES_COMPONENT = re.compile(r"Component '|Output '")
_SHOWN = Context(now=EPOCH, outbound="")
"""In which expressions are looked at without a job: calls of other systems are shown, and not made."""


@dataclass(frozen=True, slots=True)
class _Work:
    """What is to run, and where; *group* is the name by which Spark's jobs are cancelled."""

    session: SparkSession
    functions: Functions
    plan: Plan
    sources: Mapping[str, BoundSource | Records]
    context: Context
    group: str
    folder: Path


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
        session, functions = (here.console, here.console_functions) if is_given else (here.session, here.functions)
        with self._prepared(
            _Work(session, functions, plan, sources, context, "penstock-rows", here.folder), Silent()
        ) as run:
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
            # A signal handler may stand in the middle of a call to Java, so the call is another thread's.
            threading.Thread(target=self._cancel, args=(running,), daemon=True).start()

    def _cancel(self, run: Run) -> None:
        """Cancel what Spark does for a run, also what it begins later."""
        while not run.over.is_set():
            run.session.sparkContext.cancelJobGroup(run.group)
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
        here = opened(self.options)
        spark = here.session.sparkContext
        reporter.log("info", f"Spark {spark.version}, application {spark.applicationId}, master {spark.master}")
        group = next((one.token for one in staged.values()), "penstock")
        with self._prepared(
            _Work(here.session, here.functions, plan, sources, context, group, here.folder), reporter
        ) as run:
            written = tuple(self._write(run, index, staged, context) for index in range(len(run.made.outputs)))
            tell(run)
            return written

    @contextmanager
    def _prepared(self, work: _Work, reporter: Reporter) -> Iterator[Run]:
        """Have the sources and what is shared at hand while a plan runs."""
        session, plan = work.session, work.plan
        spark = session.sparkContext
        counts = Counts(spark)
        scans = [one for one in iter_operators(plan) if isinstance(one, Scan)]
        views = {scan.component: f"penstock_source_{index}" for index, scan in enumerate(scans)}
        made = build(plan, work.context, lambda scan: f"SELECT * FROM global_temp.{views[scan.component]}")
        run = self._running = Run(
            session, work.functions, plan, reporter, counts, work.group, made, DriverLog(work.folder), work.context.ask
        )
        spark.setJobGroup(work.group, f"Penstock {work.group}", interruptOnCancel=True)
        try:
            for scan in scans:
                found = relation(session, scan, work.sources[scan.component], work.context, counts)
                found.createOrReplaceGlobalTempView(views[scan.component])
            for table, select in made.shared:
                run.kept.append(self._frame(run, select, None).persist(StorageLevel.MEMORY_AND_DISK))
                run.kept[-1].createOrReplaceTempView(table)
                self._assert(run, table)
            yield run
        finally:
            self._running = None
            run.over.set()
            for frame in run.kept:
                frame.unpersist()
            for table, _ in made.shared:
                session.catalog.dropTempView(table)
            for view in views.values():
                session.catalog.dropGlobalTempView(view)

    def _assert(self, run: Run, table: str) -> None:
        for check in run.made.checks:
            if check.table == table:
                found = self._collected(run, self._frame(run, check.sql, None), check.sql, None)
                check.tell(found[0][0])

    def _collected(self, run: Run, frame: DataFrame, sql: str, output: str | None) -> list[Row]:
        """Return the rows of a frame that *sql* stands for."""
        self._check()
        try:
            return frame.collect()
        except (PySparkException, Py4JError) as error:
            self._check()
            raise _sentence(error, run, sql, output) from error

    def _frame(self, run: Run, sql: str, output: str | None) -> DataFrame:
        run.functions.need(sql, run.ask)
        try:
            return run.session.sql(sql)
        except (PySparkException, Py4JError) as error:
            raise _sentence(error, run, sql, output) from error

    def _write(self, run: Run, index: int, staged: Mapping[str, Staged], context: Context) -> Written:
        write, sql = run.plan.outputs[index], run.made.outputs[index]
        folder = staged[write.component].folder
        writer = Writer(as_part(write), folder, context, run.counts)
        frame = self._frame(run, sql, write.component).mapInArrow(writer, PARTS_DDL)
        over = threading.Event()
        watcher = threading.Thread(target=watch, args=(run, write.component, over), daemon=True)
        watcher.start()
        try:
            rows = self._collected(run, frame, sql, write.component)
        finally:
            over.set()
            watcher.join()
            report_sources(run)
            hear(run)
        rows.sort(key=lambda row: int(row.part))
        records = sum(row.records for row in rows)
        counted = run.counts.totals().get(of_output(write.component), 0)
        if counted != records:
            raise InvariantBroken(f"Output '{write.component}' counted {counted} records and wrote {records}.")
        names = arranged(write, folder, [row.file for row in rows], writer)
        run.done += 1
        run.reporter.output(write.component, records, 1.0)
        run.reporter.progress(run.done / len(run.plan.outputs))
        preview, preview_type = preview_of(folder / names[0], write.target)
        return Written(write.component, records, names, preview, preview_type)


def _sentence(error: Exception, run: Run, sql: str, output: str | None) -> PenstockError:
    """Return what Spark said as one of our errors, with component, place and remedy."""
    text = str(error)
    place = "" if output is None else f"Output '{output}': "
    found = found_in(text)
    if found is not None:
        kept, function = found
        callers = run.made.callers(sql, function) if function else []
        if callers:
            names = " or ".join(f"'{name}'" for name in callers)
            place = f"Component {names}: "
        return type(kept)(kept.message if _NAMES_COMPONENT.search(kept.message) else f"{place}{kept.message}")
    if "OutOfMemoryError" in text:
        return PermanentError(f"{place}Spark ran out of memory. Give its driver or its executors more.")
    return PermanentError(f"{place}{evaluation.first_line(error)}")
