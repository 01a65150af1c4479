"""Tries the rules one after the other, and removes what was made for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from penstock.errors import PenstockError
from penstock.runtime.certifying.bench import Bench, Broken
from penstock.runtime.certifying.rule import Rule

LEDGER = "_penstock_ledger"
"""The table that loads note themselves in."""


class State(StrEnum):
    """What became of a rule."""

    HELD = "held"
    DIFFERS = "differs"
    """It does not hold, for a reason that is known of this database and told in the guide."""
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a rule, and what there is to say of it."""

    group: str
    says: str
    state: State
    took_s: float
    message: str = ""


def certify(
    bench: Bench,
    differences: Mapping[str, str],
    tell: Callable[[Outcome], None],
    rules: Sequence[Rule],
) -> tuple[Outcome, ...]:
    """Try rules and *tell* each outcome as it comes. *differences* are rules that do not hold of this database, by their
    sentence, with the reason. Nothing that was made stays, whatever happens: no table, no row of a ledger that was there."""
    had_ledger = bench.scratch.has(bench.ledger_schema, LEDGER)
    made: list[Outcome] = []
    try:
        for rule in rules:
            made.append(_try(bench, rule, differences.get(rule.says)))
            tell(made[-1])
            _clear(bench)
    finally:
        _clear(bench)
        if had_ledger:
            bench.scratch.forget(bench.ledger_schema, bench.marker)
        else:
            bench.scratch.drop(bench.ledger_schema, LEDGER)
    return tuple(made)


def _try(bench: Bench, rule: Rule, known: str | None) -> Outcome:
    started = time.monotonic()
    state, message = State.HELD, ""
    try:
        rule.holds(bench)
        if known is not None:
            state, message = State.BROKEN, f"It holds, and is said not to: {known}"
    except (PenstockError, Broken) as error:
        if known is not None:
            state, message = State.DIFFERS, known
        else:
            state, message = State.BROKEN, str(error)
    return Outcome(rule.group, rule.says, state, time.monotonic() - started, message)


def _clear(bench: Bench) -> None:
    while bench.made:
        bench.scratch.drop(bench.schema, bench.made[-1])
        bench.made.pop()
