"""Typed expressions as text, in the spelling of the package language: for people, never read back."""

from __future__ import annotations

import math
from collections.abc import Callable

from penstock.plan.dtypes import Kind
from penstock.plan.exprs import OPERATORS, Call, Cast, Conditional, Expr, FieldRef, Literal
from penstock.plan.values import Value, encode

_OR, _AND, _NOT, _COMPARE, _ADD, _MULTIPLY, _UNARY, _PRIMARY = range(8)
_LEVELS = {
    "or": _OR, "and": _AND, "not": _NOT, "add": _ADD, "subtract": _ADD, "multiply": _MULTIPLY, "divide": _MULTIPLY,
    "modulo": _MULTIPLY, "negate": _UNARY,
}  # fmt: skip
_ESCAPES = str.maketrans({"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"})

Input = Callable[[FieldRef], str]
"""Tells which input of an operator a field comes from, such as `s1`."""


def text_of(expr: Expr, input_of: Input) -> str:
    """Return an expression as text, with as few parentheses as the levels of operators allow.

    >>> from penstock.plan.dtypes import INT
    >>> text_of(Cast(FieldRef("n", INT), INT), lambda field: "s1")
    '(int)s1.n'
    """
    return _Writer(input_of).at(expr, _OR)


def operand_of_and(expr: Expr, input_of: Input) -> str:
    """Return an expression as it is written between the words AND."""
    return _Writer(input_of).at(expr, _AND + 1)


def quoted(text: str) -> str:
    """Return a text as a literal of the language.

    >>> quoted("it's")
    "'it\\\\'s'"
    """
    return f"'{text.translate(_ESCAPES)}'"


def literal(value: Value | None) -> str:
    """Return a constant as text."""
    if value is None:
        return "null"
    match value.kind:
        case Kind.CHARARRAY:
            return quoted(value.data)
        case Kind.BOOLEAN:
            return "true" if value.data else "false"
        case Kind.INT:
            return str(value.data)
        case Kind.LONG:
            return f"{value.data}L"
        case Kind.FLOAT | Kind.DOUBLE if math.isfinite(value.data):
            return f"{value.data!r}F" if value.kind is Kind.FLOAT else repr(value.data)
        case _:
            return encode(value)


class _Writer:
    def __init__(self, input_of: Input) -> None:
        self.input_of = input_of

    def at(self, expr: Expr, level: int) -> str:
        text, own = self.write(expr)
        return f"({text})" if own < level else text

    def write(self, expr: Expr) -> tuple[str, int]:
        match expr:
            case Literal():
                if expr.value is None and expr.dtype.kind is not Kind.BYTEARRAY:
                    return f"({expr.dtype})null", _UNARY
                text = literal(expr.value)
                return text, _UNARY if text.startswith("-") else _PRIMARY
            case FieldRef():
                return f"{self.input_of(expr)}.{expr.name}", _PRIMARY
            case Cast():
                return f"({expr.dtype}){self.at(expr.arg, _UNARY)}", _UNARY
            case Conditional():
                return self.conditional(expr), _PRIMARY
            case Call():
                return self.call(expr)

    def conditional(self, expr: Conditional) -> str:
        branches = " ".join(f"WHEN {self.at(test, _OR)} THEN {self.at(value, _OR)}" for test, value in expr.branches)
        return f"CASE {branches} ELSE {self.at(expr.otherwise, _OR)} END"

    def call(self, expr: Call) -> tuple[str, int]:
        if expr.function not in OPERATORS:
            return f"{expr.function}({', '.join(self.at(arg, _OR) for arg in expr.args)})", _PRIMARY
        word = OPERATORS[expr.function]
        match expr.function:
            case "is_null" | "is_not_null":
                return f"{self.at(expr.args[0], _ADD)} {word}", _COMPARE
            case "not":
                return f"NOT {self.at(expr.args[0], _COMPARE)}", _NOT
            case "negate":
                return f"-{self.at(expr.args[0], _PRIMARY)}", _UNARY
            case "map_get":
                return f"{self.at(expr.args[0], _PRIMARY)}#{self.at(expr.args[1], _PRIMARY)}", _PRIMARY
            case "tuple_get" | "tuple_project" | "bag_project":
                return f"{self.at(expr.args[0], _PRIMARY)}.{_members(expr.args[1:])}", _PRIMARY
        own = _LEVELS.get(expr.function, _COMPARE)
        # The first operand of one level needs no parentheses but in a comparison, which cannot be chained.
        first = own + 1 if own == _COMPARE else own
        rest = (self.at(arg, own + 1) for arg in expr.args[1:])
        return f" {word} ".join((self.at(expr.args[0], first), *rest)), own


def _members(args: tuple[Expr, ...]) -> str:
    positions = [f"${arg.value.data}" for arg in args if isinstance(arg, Literal) and arg.value is not None]
    return positions[0] if len(positions) == 1 else f"({', '.join(positions)})"
