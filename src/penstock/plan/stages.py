"""What of a plan is computed when: what reads the records that a destination rejects comes after its output is staged."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.plan.operators import Operator, Plan, Scan, Write, iter_below
from penstock.plan.systems import RejectedRecords


def rejecting(operator: Operator) -> frozenset[str]:
    """Return the destinations whose rejected records an operator, or one below it, reads, by name."""
    return frozenset(
        one.origin.by
        for one in iter_below(operator, lambda _: False)
        if isinstance(one, Scan) and isinstance(one.origin, RejectedRecords)
    )


def stages(plan: Plan) -> tuple[Plan, ...]:
    """Return the plans into which one falls, in the order in which they are run; one where no output reads what another
    rejects. Every output is in one of them."""
    if not any(one.keeps_rejected for one in plan.outputs):
        return (plan,)
    level = levels(plan)
    return tuple(
        Plan(tuple(one for one in plan.outputs if level[one.component] == at), plan.passing)
        for at in range(max(level.values(), default=0) + 1)
    )


def levels(plan: Plan) -> Mapping[str, int]:
    """Return how many stages come before that of each output, by component."""
    below = {
        write.component: rejecting(write.given) & {one.component for one in plan.outputs} for write in plan.outputs
    }
    found: dict[str, int] = {}
    while len(found) < len(below):
        # There are no circles in a package, so one of those left waits for none of them.
        ready = [name for name, others in below.items() if name not in found and others <= found.keys()]
        found |= {name: 1 + max((found[one] for one in below[name]), default=-1) for name in ready}
    return found


def computed_twice(plan: Plan) -> list[tuple[Operator, Write, Write]]:
    """Return the operators that outputs of several stages have below them, each with two of these outputs, the earlier one
    first."""
    level, seen, found = levels(plan), dict[int, Write](), dict[int, tuple[Operator, Write, Write]]()
    for write in sorted(plan.outputs, key=lambda one: level[one.component]):
        for operator in iter_below(write.given, lambda _: False):
            first = seen.setdefault(id(operator), write)
            if level[first.component] != level[write.component]:
                found.setdefault(id(operator), (operator, first, write))
    return list(found.values())
