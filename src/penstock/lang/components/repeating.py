"""What is computed once for an output, and once more for what reads its rejected records: it must be the same."""

from __future__ import annotations

from penstock.lang.check import codes_package as codes
from penstock.lang.check.report import Report
from penstock.lang.functions.volatile import is_volatile
from penstock.plan.operators import Assert, Distinct, Filter, Limit, Operator, Plan, Project, Sample, Window
from penstock.plan.stages import computed_twice


def check_repeated(plan: Plan, report: Report) -> None:
    """Report components that give other records when they are computed again, where they are."""
    if not any(one.keeps_rejected for one in plan.outputs):
        return
    said: set[str] = set()
    for operator, first, other in computed_twice(plan):
        if _differs(operator) and operator.component not in said:
            said.add(operator.component)
            message = (
                f"'{operator.component}' is computed for '{first.component}', and later again for '{other.component}', which "
                "reads rejected records; it need not give the same twice."
            )
            finding = codes.ComputedTwice.at(message, hint="Lead what is rejected to a destination without it.")
            report.add(finding, operator.component)


def _differs(operator: Operator) -> bool:
    match operator:
        case Sample():
            return operator.seed is None
        case Distinct():
            return bool(operator.keys)
        case Limit() | Window():
            return True
        case Project():
            return any(map(is_volatile, operator.exprs))
        case Filter() | Assert():
            return is_volatile(operator.predicate)
        case _:
            return False
