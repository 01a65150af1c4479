"""What an engine cannot run of a plan, found before anything is read or staged."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass

from penstock.domain.diagnostic import Diagnostic
from penstock.engines.layers import layered
from penstock.errors import PenstockError
from penstock.plan.exprs import OPERATORS, Call, Cast, Conditional, Expr
from penstock.plan.operators import Assert, Filter, Operator, Plan, Project, Write, iter_operators

_OFTEN_WITHOUT = frozenset(
    {
        "matches",
        "Curl",
        "CurlPoll",
        "CCurl",
        "CCurlPoll",
        "ExecuteSqlString",
        "ExecuteSqlDateTime",
        "ExecuteSqlDatetime",
    }
)
LARGE = 60
"""From how many parts on an expression is tried."""


@dataclass(frozen=True, slots=True)
class Forms:
    """What an engine can say: the functions of its table, an expression, a column."""

    functions: Container[str]
    render: Callable[[Expr], str]
    column_of: Callable[[str], str]


def gaps(plan: Plan, forms: Forms) -> Iterator[Diagnostic]:
    """Yield the expressions that have no form as a statement, and the columns that DuckDB, which writes files for every
    engine, would rename."""
    for operator in iter_operators(plan):
        for field, message in _without_form(operator, forms):
            yield Diagnostic("PK605", message, component=operator.component, field=field)
    for write in plan.outputs:
        yield from _alike(write)


def _without_form(operator: Operator, forms: Forms) -> Iterator[tuple[str, str]]:
    match operator:
        case Project():
            for index, (expr, name) in enumerate(zip(operator.exprs, operator.schema.names, strict=True)):
                try:
                    if _may_have_none(expr, forms):
                        layered((expr,), (name,), forms.render, forms.column_of)
                except PenstockError as error:
                    yield f"properties.fields[{index}].expression", error.message
        case Filter() | Assert():
            try:
                if _may_have_none(operator.predicate, forms):
                    forms.render(operator.predicate)
            except PenstockError as error:
                yield "properties.conditions", error.message


def _may_have_none(expr: Expr, forms: Forms) -> bool:
    """Tell whether it is worth the time to try: patterns may be malformed, large expressions may not end."""
    waiting, seen = [expr], 0
    while waiting and seen < LARGE:
        one = waiting.pop()
        seen += 1
        if isinstance(one, Call):
            if one.function in _OFTEN_WITHOUT or (
                one.function not in OPERATORS and one.function not in forms.functions
            ):
                return True
            waiting.extend(one.args)
        elif isinstance(one, Cast):
            waiting.append(one.arg)
        elif isinstance(one, Conditional):
            waiting.extend(part for branch in one.branches for part in branch)
            waiting.append(one.otherwise)
    return seen == LARGE


def _alike(write: Write) -> Iterator[Diagnostic]:
    """Yield a finding for each column that differs from one before it in case alone, where the file holds names."""
    if write.target.format == "delimited" and not write.target.header:
        return
    seen: dict[str, str] = {}
    for _, column in write.target.columns:
        before = seen.setdefault(column.lower(), column)
        if before != column:
            message = f"The columns '{before}' and '{column}' differ only in case."
            hint = "Give one of them another name in 'mapping'."
            yield Diagnostic(
                "PK604", message, component=write.component, component_id=write.component_id, field="mapping", hint=hint
            )
