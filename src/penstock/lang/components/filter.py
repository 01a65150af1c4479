"""Filter: keeps the records for which conditions hold (component reference 4.2, 2.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.domain.diagnostic import Span
from penstock.lang.check import codes, codes_package, typing
from penstock.lang.check.report import did_you_mean
from penstock.lang.check.typing import Mismatch
from penstock.lang.components.shapes import choice
from penstock.lang.components.spec import REQUIRED, Component, Property, Step
from penstock.lang.document.reader import kind_of
from penstock.lang.variables.substitution import Mode
from penstock.plan import dtypes
from penstock.plan.dtypes import Kind
from penstock.plan.exprs import Call, Expr, Literal
from penstock.plan.operators import Filter, Operator
from penstock.plan.schema import Schema
from penstock.plan.values import Value

_COMPARE = {"=": "eq", "!=": "ne", ">": "gt", ">=": "ge", "<": "lt", "<=": "le"}
_ON_TEXT = {"text_equals": "eq", "text_not_equals": "ne", "text_is_empty": "eq", "text_is_not_empty": "ne"}
_ALONE = ("is_null", "is_not_null", "text_is_empty", "text_is_not_empty")
_OPERATORS = (*_COMPARE, "text_equals", "text_not_equals", "text_matches", *_ALONE)
_KEYS = ("expression", "left", "operator", "right", "match", "conditions")
_MAX_DEPTH = 30


def build(step: Step, inputs: Mapping[str, Operator]) -> Operator | None:
    """Return the filter, or None with findings."""
    if not step.check_shapes():
        return None
    given = inputs[""]
    group = {"match": step.properties["match"], "conditions": step.properties["conditions"]}
    predicate = conditions(step, group, given.schema, "properties", 0)
    return None if predicate is None else Filter(step.node.name, given, predicate, given.schema)


def conditions(step: Step, group: Mapping[str, Any], given: Schema, path: str, depth: int) -> Expr | None:
    """Return the boolean that a group of conditions is, or None with findings."""
    items = group["conditions"]
    if depth > _MAX_DEPTH:
        step.add(codes.TooDeep, "Conditions are nested too deeply.", path)
        return None
    if not isinstance(items, list) or not items:
        step.add(codes_package.WrongShape, "'conditions' must be a list that is not empty.", f"{path}.conditions")
        return None
    made = [_condition(step, item, given, f"{path}.conditions[{index}]", depth) for index, item in enumerate(items)]
    tests = tuple(one for one in made if one is not None)
    if len(tests) < len(made):
        return None
    nullable = any(test.nullable for test in tests)
    match = group.get("match", "all")
    joined = tests[0] if len(tests) == 1 else Call("and" if match == "all" else "or", tests, dtypes.BOOLEAN, nullable)
    return Call("not", (joined,), dtypes.BOOLEAN, nullable) if match == "none" else joined


def _condition(step: Step, item: Any, given: Schema, path: str, depth: int) -> Expr | None:
    if not isinstance(item, Mapping):
        step.add(codes_package.WrongShape, f"A condition must be an object, not {kind_of(item)}.", path)
        return None
    for key in item:
        if key not in _KEYS and not key.startswith("x-"):
            step.add(
                codes_package.UnknownProperty, f"A condition has no key '{key}'.", path, hint=did_you_mean(key, _KEYS)
            )
    if "conditions" in item:
        if item.get("match", "all") not in ("all", "any", "none"):
            step.add(codes_package.WrongShape, "'match' must be one of all, any, none.", f"{path}.match")
            return None
        return conditions(step, item, given, path, depth + 1)
    if "expression" in item:
        if not isinstance(item["expression"], str):
            step.add(codes_package.WrongShape, "'expression' must be text.", f"{path}.expression")
            return None
        return step.expression(item["expression"], given, f"{path}.expression", condition=True)
    if "left" in item and "operator" in item:
        return _comparison(step, item, given, path)
    message = "A condition needs 'expression', or 'left' and 'operator', or 'conditions'."
    step.add(codes_package.MissingProperty, message, path)
    return None


def _comparison(step: Step, item: Mapping[str, Any], given: Schema, path: str) -> Expr | None:
    operator, left_text, right_text = item["operator"], item["left"], item.get("right")
    if operator not in _OPERATORS:
        hint = did_you_mean(str(operator), _OPERATORS)
        step.add(codes_package.WrongShape, f"There is no operator {operator!r}.", f"{path}.operator", hint=hint)
        return None
    if not isinstance(left_text, str) or (operator not in _ALONE and not isinstance(right_text, str)):
        step.add(codes_package.MissingProperty, f"The operator '{operator}' needs texts on its sides.", path)
        return None
    left = step.expression(left_text, given, f"{path}.left")
    if operator in ("is_null", "is_not_null"):
        return None if left is None else Call(operator, (left,), dtypes.BOOLEAN, False)
    right: Expr | None
    if operator in _ALONE:
        right = Literal(Value(Kind.CHARARRAY, ""), dtypes.CHARARRAY)
    elif operator == "text_matches":
        made = step.substituted(str(right_text), f"{path}.right", Mode.TEXT)
        right = None if made is None else Literal(Value(Kind.CHARARRAY, made.text), dtypes.CHARARRAY)
    else:
        right = step.expression(str(right_text), given, f"{path}.right")
    if left is None or right is None:
        return None
    if operator.startswith("text_"):
        return _on_text(step, operator, left, right, path)
    try:
        return typing.compare(_COMPARE[operator], left, right)
    except Mismatch as fault:
        step.add(codes.MixedComparison, fault.message, f"{path}.right", Span(0, len(str(right_text))), fault.hint)
        return None


def _on_text(step: Step, operator: str, left: Expr, right: Expr, path: str) -> Expr | None:
    sides = []
    for name, expr in (("left", left), ("right", right)):
        side = typing.as_type(expr, dtypes.CHARARRAY) if typing.is_untyped(expr) else expr
        if side.dtype.kind is not Kind.CHARARRAY:
            message = f"'{operator}' compares text, this is {expr.dtype}."
            step.add(codes.WrongOperand, message, f"{path}.{name}", hint="Use the operator for numbers, or cast it.")
            return None
        sides.append(side)
    nullable = any(side.nullable for side in sides)
    if operator == "text_matches":
        return Call("matches", tuple(sides), dtypes.BOOLEAN, nullable)
    return Call(_ON_TEXT[operator], tuple(sides), dtypes.BOOLEAN, nullable)


component = Component(
    type="filter_component",
    title="Filter",
    help="Keeps the records for which the conditions hold; false and null are dropped.",
    build=build,
    properties=(
        Property("match", choice("all", "any", "none"), "AND, OR, NOT (c1 OR c2 …).", "all"),
        Property("conditions", {"type": "array", "minItems": 1}, "Expressions, comparisons and groups.", REQUIRED, "E"),
    ),
)
