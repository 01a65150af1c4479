"""Conditions: what Filter keeps and Assert demands (component reference 2.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from penstock.domain.diagnostic import Span
from penstock.lang.check import codes, typing
from penstock.lang.check.typing import Mismatch
from penstock.lang.components.spec import REQUIRED, Property, Step
from penstock.lang.document.shapes import ALONE, COMPARISON, CONDITION, CONDITIONS, choice
from penstock.lang.variables.substitution import Mode
from penstock.plan import dtypes
from penstock.plan.dtypes import Kind
from penstock.plan.exprs import Call, Expr, Literal
from penstock.plan.schema import Schema
from penstock.plan.values import Value

_COMPARE = {"=": "eq", "!=": "ne", ">": "gt", ">=": "ge", "<": "lt", "<=": "le"}
_ON_TEXT = {"text_equals": "eq", "text_not_equals": "ne", "text_is_empty": "eq", "text_is_not_empty": "ne"}
_MAX_DEPTH = 30


def predicate_of(step: Step, given: Schema) -> Expr | None:
    """Return the boolean that the conditions of a component are, or None with findings."""
    items = list(step.items("conditions", CONDITION))
    return _joined(step, step.properties["match"], items, given, 0) if items else None


def _joined(
    step: Step, match: str, items: Sequence[tuple[str, Mapping[str, Any]]], given: Schema, depth: int
) -> Expr | None:
    """Return the boolean that a group of conditions is, or None with findings."""
    made = [_condition(step, item, given, path, depth) for path, item in items]
    tests = tuple(one for one in made if one is not None)
    if len(tests) < len(made):
        return None
    nullable = any(test.nullable for test in tests)
    joined = tests[0] if len(tests) == 1 else Call("and" if match == "all" else "or", tests, dtypes.BOOLEAN, nullable)
    return Call("not", (joined,), dtypes.BOOLEAN, nullable) if match == "none" else joined


def _condition(step: Step, item: Mapping[str, Any], given: Schema, path: str, depth: int) -> Expr | None:
    if "conditions" in item:
        if depth >= _MAX_DEPTH:
            step.add(
                codes.TooDeep,
                "Conditions are nested too deeply.",
                path,
                hint=f"Split them over two {step.kind.title}s.",
            )
            return None
        inner = [(f"{path}.conditions[{index}]", one) for index, one in enumerate(item["conditions"])]
        return _joined(step, item["match"], inner, given, depth + 1)
    if "expression" in item:
        return step.expression(item["expression"], given, f"{path}.expression", condition=True)
    return _comparison(step, item, given, path)


def _comparison(step: Step, item: Mapping[str, Any], given: Schema, path: str) -> Expr | None:
    operator, right_text = item["operator"], item.get("right", "")
    left = step.expression(item["left"], given, f"{path}.left")
    if operator in ("is_null", "is_not_null"):
        return None if left is None else Call(operator, (left,), dtypes.BOOLEAN, False)
    right: Expr | None
    if operator in ALONE:
        right = Literal(Value(Kind.CHARARRAY, ""), dtypes.CHARARRAY)
    elif operator == "text_matches":
        made = step.substituted(right_text, f"{path}.right", Mode.TEXT)
        right = None if made is None else Literal(Value(Kind.CHARARRAY, made.text), dtypes.CHARARRAY)
    else:
        right = step.expression(right_text, given, f"{path}.right")
    if left is None or right is None:
        return None
    if operator.startswith("text_"):
        return _on_text(step, item, left, right, path)
    try:
        return typing.compare(_COMPARE[operator], left, right)
    except Mismatch as fault:
        step.add(codes.MixedComparison, fault.message, f"{path}.right", Span(0, len(right_text)), fault.hint)
        return None


def _on_text(step: Step, item: Mapping[str, Any], left: Expr, right: Expr, path: str) -> Expr | None:
    operator = item["operator"]
    sides = []
    for name, expr in (("left", left), ("right", right)):
        side = typing.as_type(expr, dtypes.CHARARRAY) if typing.is_untyped(expr) else expr
        if side.dtype.kind is not Kind.CHARARRAY:
            message = f"'{operator}' compares text, this is {expr.dtype}."
            hint = "Use the operator for numbers, or cast it."
            step.add(codes.WrongOperand, message, f"{path}.{name}", Span(0, len(item.get(name, ""))), hint)
            return None
        sides.append(side)
    nullable = any(side.nullable for side in sides)
    if operator == "text_matches":
        return Call("matches", tuple(sides), dtypes.BOOLEAN, nullable)
    return Call(_ON_TEXT[operator], tuple(sides), dtypes.BOOLEAN, nullable)


_HELP = (
    "Each a boolean `expression`; or expressions `left` and `right` with an `operator`, one of "
    f"{', '.join(f'`{word}`' for word in COMPARISON)} (`text_matches`: `right` is the bare regular expression), or `left` "
    f"alone with {', '.join(f'`{word}`' for word in ALONE)}; or a group with its own `match` and `conditions`."
)
PROPERTIES = (
    Property("match", choice("all", "any", "none"), "AND, OR, NOT (c1 OR c2 …).", "all"),
    Property("conditions", CONDITIONS, _HELP, REQUIRED, "E"),
)
"""What components with conditions have."""
