"""What is told of a plan while Spark runs it: counts, progress, what the driver logs, what was shuffled and spilled."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from penstock.engines.duckdb.scan import told
from penstock.engines.duckdb.sentences import AGAIN
from penstock.engines.spark.access import Access
from penstock.engines.spark.counts import REREAD, Counts, Totals, of_dropped, of_output, of_source
from penstock.engines.spark.driver_log import DriverLog
from penstock.engines.spark.session import Desk
from penstock.engines.spark.tallies import of_component
from penstock.engines.statements import Statements
from penstock.plan.operators import Plan, Scan, iter_operators
from penstock.plan.ports import Ask, Reporter, ask_nobody

BEAT_S = 0.25
"""How often progress and counts are reported while a statement runs."""


@dataclass(slots=True)
class Run:
    """One attempt to run a plan; *group* is the name by which what Spark does for it is cancelled, *ask* asks databases."""

    access: Access
    desk: Desk
    plan: Plan
    reporter: Reporter
    counts: Counts
    group: str
    made: Statements
    log: DriverLog | None
    ask: Ask = ask_nobody
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

    def output(self, component: str, records: int | None, progress: float | None) -> None:
        """Forget a count."""


def watch(run: Run, totals: Totals, output: str, over: threading.Event) -> None:
    """Report counts and progress until the statement is over."""
    best = 0.0
    while not over.wait(BEAT_S):
        best = max(best, run.access.progress(run.group))
        report_sources(run, totals)
        hear(run)
        run.reporter.output(output, totals.by_counter().get(of_output(output), 0), best)
        run.reporter.progress((run.done + best) / len(run.plan.outputs))


def hear(run: Run) -> None:
    """Log what the driver logs."""
    if run.log is not None:
        for line in run.log.lines():
            run.reporter.log("warning", line)


def report_sources(run: Run, totals: Totals) -> None:
    """Report the records of every source."""
    counted = totals.by_counter()
    for operator in iter_operators(run.plan):
        if isinstance(operator, Scan):
            run.reporter.source(operator.component, counted.get(of_source(operator.component), 0))


def tell(run: Run, totals: Totals) -> None:
    """Log what did not fit its field, and lines that were too long."""
    counted = totals.by_counter()
    if counted.get(REREAD):
        run.reporter.log("info", AGAIN)
    sources = [one.component for one in iter_operators(run.plan) if isinstance(one, Scan)]
    for component in dict.fromkeys([*sources, *(write.component for write in run.plan.outputs)]):
        mine = sorted((key[2:], count) for key, count in counted.items() if key[:2] == ("tally", component))
        tallies = [(said, count) for (_, said), count in mine]
        for line in told(component, counted.get(of_dropped(component), 0), tallies):
            run.reporter.log("warning", line)
    for name, tally in run.made.tallies.items():
        if count := counted.get(of_component(name), 0):
            run.reporter.log("warning", tally.said(count))
    usage = run.access.usage(run.group)
    if usage is not None:
        run.reporter.log("info", f"Spark shuffled {usage[0]:,} bytes and spilled {usage[1]:,} bytes to disk")
