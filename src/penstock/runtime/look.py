"""Looks into a package without running it: the plan with its variables, and records at any component. Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from penstock.errors import BadRequest, NotFound, PackageInvalid, PenstockError
from penstock.lang import compile_component, compile_package
from penstock.lang.variables import VariableValue
from penstock.plan.operators import ConnectionRef, FileTarget, Plan, Scan, Write
from penstock.plan.ports import Connector, Context, Engine, Limits
from penstock.plan.schema import Schema
from penstock.plan.stages import rejecting
from penstock.plan.values import Value
from penstock.runtime.execute import Order, connections_of, evaluate_variables, hidden_in, invalid, presets_of
from penstock.runtime.masking import Mask
from penstock.runtime.sources import bind

NOWHERE = FileTarget(ConnectionRef(""), "", ())
Row = tuple[Value | None, ...]


class Quiet:
    """A listener that keeps lines of the log and the values of variables."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self.values: dict[str, Any] = {}

    def log(self, level: str, line: str) -> None:
        """Keep a line."""
        self.lines.append((level, line))

    def progress(self, fraction: float) -> None:
        """Nobody asks."""

    def source(self, component: str, records: int) -> None:
        """Nobody asks."""

    def output(self, component: str, records: int | None, progress: float | None) -> None:
        """Nobody asks."""

    def variables(self, values: Mapping[str, Any]) -> None:
        """Keep the values of the variables."""
        self.values = dict(values)

    def outputs(self, outputs: Sequence[Mapping[str, Any]]) -> None:
        """Nobody asks."""

    def staged(self, folders: Sequence[str]) -> None:
        """Nothing is staged."""

    def stands(self, component: str, sentence: str) -> None:
        """Nothing is published."""

    def watermarks(self, moves: Sequence[Mapping[str, Any]]) -> None:
        """Nothing moves."""


@dataclass(frozen=True, slots=True)
class Preview:
    """The first records at a component."""

    schema: Schema
    rows: tuple[Row, ...]


def plan_of(order: Order, engine: Engine) -> tuple[Plan, Context, Mapping[str, VariableValue]]:
    """Return the plan of an order with its variables evaluated. Raises PackageInvalid with every diagnostic."""
    context, values = evaluate_variables(order, engine, Quiet(), Mask(hidden_in(order)))
    compiled = compile_package(order.flow, values, presets_of(order))
    if compiled.plan is None:
        raise invalid(compiled.diagnostics)
    gaps = engine.gaps(compiled.plan)
    if gaps:
        raise invalid(gaps)
    return compiled.plan, context, values


def preview(
    order: Order, component: str, size: int, engine: Engine, connectors: Mapping[str, Connector], known: Sequence[str]
) -> Preview:
    """Return the first records at a component, read from its sources; what does not lead to it may be unfinished.

    Raises NotFound for a component that is none of *known*, PackageInvalid, and what reading and computing raise. No secret
    variable stands in what is returned or raised.
    """
    mask = Mask(hidden_in(order))
    try:
        return _preview(order, component, size, engine, connectors, known, mask)
    except PenstockError as error:
        mask.error(error)
        raise


def _preview(
    order: Order,
    component: str,
    size: int,
    engine: Engine,
    connectors: Mapping[str, Connector],
    known: Sequence[str],
    mask: Mask,
) -> Preview:
    context, values = evaluate_variables(order, engine, Quiet(), mask)
    part = compile_component(order.flow, values, component, presets_of(order))
    if part is None:
        raise NotFound(f"There is no component '{component}'. The package has: {', '.join(known) or 'none'}.")
    if part.operator is None:
        raise invalid(part.diagnostics) if part.diagnostics else PackageInvalid(f"'{component}' gives no records.")
    plan = Plan((Write(component, "", "", part.operator, NOWHERE),))
    gaps = engine.gaps(plan)
    if gaps:
        raise invalid(gaps)
    for destination in sorted(rejecting(part.operator)):
        raise BadRequest(
            f"What '{destination}' rejects is known in a job only, once its output is staged. Run the package, or try it with "
            f"records that are given to '{destination} rejected'."
        )
    limits = Limits(order.memory_bytes, order.threads, Path(order.scratch))
    # Of what is computed from them, the first records may need all that the sources have.
    wanted = size if isinstance(part.operator, Scan) and part.operator.source.on_bad_value != "skip" else None
    sources = bind(plan, connections_of(order), connectors, limits.scratch, Quiet(), wanted)
    rows = engine.rows([part.operator], sources, context, limits, size)[0]
    return Preview(part.operator.schema, tuple(tuple(map(mask.value, row)) for row in rows) if mask else rows)
