"""What is told of a plan while Spark runs it: counts, progress, what the driver logs, what was shuffled and spilled."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, field

from py4j.protocol import Py4JError
from pyspark.sql import DataFrame, SparkSession

from penstock.engines.duckdb.scan import told
from penstock.engines.duckdb.sentences import AGAIN
from penstock.engines.spark.counts import REREAD, Counts, of_dropped, of_output, of_source
from penstock.engines.spark.driver_log import DriverLog
from penstock.engines.spark.functions import Functions
from penstock.engines.statements import Statements
from penstock.plan.operators import Plan, Scan, iter_operators
from penstock.plan.ports import Ask, Reporter, ask_nobody

BEAT_S = 0.25
"""How often progress and counts are reported while a statement runs."""


@dataclass(slots=True)
class Run:
    """One attempt to run a plan; *group* is the name by which Spark's jobs are cancelled, *ask* asks databases."""

    session: SparkSession
    functions: Functions
    plan: Plan
    reporter: Reporter
    counts: Counts
    group: str
    made: Statements
    log: DriverLog
    ask: Ask = ask_nobody
    kept: list[DataFrame] = field(default_factory=list)
    done: int = 0
    over: threading.Event = field(default_factory=threading.Event)


class Silent:
    """Hears what nobody asked for."""

    def log(self, level: str, line: str) -> None:
        """Forget a line."""

    def progress(self, fraction: float) -> None:
        """Forget how far it is."""

    def source(self, component: str, records: int) -> None:
        """Forget a count."""

    def output(self, component: str, records: int, progress: float | None) -> None:
        """Forget a count."""


def watch(run: Run, output: str, over: threading.Event) -> None:
    """Report counts and progress until the statement is over."""
    tracker = run.session.sparkContext.statusTracker()
    best = 0.0
    while not over.wait(BEAT_S):
        stages = [found for stage in _stages(run) if (found := tracker.getStageInfo(stage)) is not None]
        done, whole = sum(one.numCompletedTasks for one in stages), sum(one.numTasks for one in stages)
        best = max(best, done / whole if whole else 0.0)
        report_sources(run)
        hear(run)
        run.reporter.output(output, run.counts.totals().get(of_output(output), 0), best)
        run.reporter.progress((run.done + best) / len(run.plan.outputs))


def _stages(run: Run) -> set[int]:
    """Return the ids of the stages that Spark has begun for a run."""
    tracker = run.session.sparkContext.statusTracker()
    jobs = (tracker.getJobInfo(job) for job in tracker.getJobIdsForGroup(run.group))
    return {stage for job in jobs if job is not None for stage in job.stageIds}


def hear(run: Run) -> None:
    """Log what the driver logs."""
    for line in run.log.lines():
        run.reporter.log("warning", line)


def report_sources(run: Run) -> None:
    totals = run.counts.totals()
    for operator in iter_operators(run.plan):
        if isinstance(operator, Scan):
            run.reporter.source(operator.component, totals.get(of_source(operator.component), 0))


def tell(run: Run) -> None:
    """Log what did not fit its field, and lines that were too long."""
    totals = run.counts.totals()
    if totals.get(REREAD):
        run.reporter.log("info", AGAIN)
    for component in (one.component for one in iter_operators(run.plan) if isinstance(one, Scan)):
        mine = sorted((key[2:], count) for key, count in totals.items() if key[:2] == ("tally", component))
        tallies = [(said, count) for (_, said), count in mine]
        for line in told(component, totals.get(of_dropped(component), 0), tallies):
            run.reporter.log("warning", line)
    _tell_usage(run)


def _tell_usage(run: Run) -> None:
    """Log what went from task to task and what memory did not hold, where Spark still knows it."""
    store = run.session.sparkContext._jsc.sc().statusStore()
    shuffled = spilled = 0
    for stage in _stages(run):
        with suppress(Py4JError):  # a stage that was left out has no attempt
            found = store.lastStageAttempt(stage)
            shuffled += int(found.shuffleWriteBytes())
            spilled += int(found.diskBytesSpilled())
    run.reporter.log("info", f"Spark shuffled {shuffled:,} bytes and spilled {spilled:,} bytes to disk")
