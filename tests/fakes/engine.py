"""An engine that computes nothing: every output gets the files that it is told, and it notes what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

from penstock.domain.diagnostic import Diagnostic
from penstock.engines.duckdb import evaluate as evaluation
from penstock.errors import JobStopped
from penstock.plan.exprs import Expr
from penstock.plan.operators import Plan
from penstock.plan.ports import BoundSource, Context, Limits, Reporter, Staged, Written
from penstock.plan.schema import Schema
from penstock.plan.values import Value

PARTS = {"part-00000.csv": "1\n2\n", "part-00001.csv": "3\n"}


class FakeEngine:
    """A twin of `penstock.plan.ports.Engine`. *during* is called while it runs, when everything is staged."""

    stack = "fake-1"

    def __init__(self, during: Callable[[Reporter], None] = lambda reporter: None) -> None:
        self.during = during
        self.runs: list[dict[str, Staged]] = []
        self.limits: list[Limits] = []
        self.interrupted = threading.Event()
        self.lacks: tuple[Diagnostic, ...] = ()

    def warm_up(self) -> None:
        """Nothing is opened."""

    def gaps(self, plan: Plan) -> tuple[Diagnostic, ...]:
        """Return what it was told to lack."""
        return self.lacks

    def explain(self, plan: Plan) -> str:
        """Return the names of the outputs."""
        return ", ".join(write.component for write in plan.outputs)

    def evaluate(
        self, exprs: Sequence[Expr], given: Schema, record: Mapping[str, Value | None], context: Context
    ) -> tuple[Value | None, ...]:
        """Return values as the real one does: variables have to be right."""
        return evaluation.evaluate(exprs, given, record, context)

    def run(
        self,
        plan: Plan,
        sources: Mapping[str, BoundSource],
        staged: Mapping[str, Staged],
        context: Context,
        limits: Limits,
        reporter: Reporter,
    ) -> tuple[Written, ...]:
        """Write the same files for every output. Raises JobStopped once it was interrupted."""
        self.runs.append(dict(staged))
        self.limits.append(limits)
        made = []
        for write in plan.outputs:
            for name, text in PARTS.items():
                (staged[write.component].folder / name).write_text(text)
            reporter.output(write.component, 3, 1.0)
            made.append(Written(write.component, 3, tuple(PARTS), "1\n", "csv"))
        self.during(reporter)
        if self.interrupted.is_set():
            raise JobStopped("The job was stopped.")
        return tuple(made)

    def interrupt(self) -> None:
        """Let `run` raise JobStopped."""
        self.interrupted.set()
