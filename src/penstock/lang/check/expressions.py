"""Type checking of one expression: syntax tree and input schema in, typed tree and findings out (dataflow reference 3, 4).

Every widening and every cast of a byte array becomes explicit here, so that no engine decides on types.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from penstock.domain.diagnostic import Diagnostic, Severity, Span
from penstock.lang.check import calls, codes, typing
from penstock.lang.check.report import did_you_mean
from penstock.lang.check.typing import Mismatch
from penstock.lang.expression import nodes, parse
from penstock.lang.expression.nodes import Node
from penstock.plan import dtypes
from penstock.plan.dtypes import DType, Kind
from penstock.plan.exprs import Call, Cast, Conditional, Expr, FieldRef, Literal
from penstock.plan.schema import Schema
from penstock.plan.values import Value, to_float32

_SYNTAX: dict[str, type[codes.Code]] = {code.code: code for code in codes.EXPRESSION_CODES}
_ARITHMETIC = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "%": "modulo"}
_COMPARISON = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
TRUE = Literal(Value(Kind.BOOLEAN, True), dtypes.BOOLEAN)


@dataclass(frozen=True, slots=True)
class CheckedExpression:
    """A typed tree and findings; *expr* is None when an error was found."""

    expr: Expr | None
    findings: tuple[Diagnostic, ...] = ()


def check_expression(text: str, given: Schema) -> CheckedExpression:
    """Return the typed tree of an expression over records of *given*, or the findings. Never raises; pure.

    >>> check_expression("1 + 2L", Schema()).expr.dtype.kind.value
    'long'
    """
    parsed = parse(text)
    if parsed.node is None:
        return CheckedExpression(
            None,
            tuple(
                _SYNTAX[found.code].at(found.message, Span(found.start, found.end), found.hint)
                for found in parsed.findings
            ),
        )
    return check_node(parsed.node, given)


def check_node(node: Node, given: Schema) -> CheckedExpression:
    """Return the typed tree of a syntax tree; as `check_expression`."""
    checker = _Checker(given)
    expr = checker.check(node)
    failed = any(finding.severity is Severity.ERROR for finding in checker.findings)
    return CheckedExpression(None if failed else expr, tuple(checker.findings))


def check_condition(text: str, given: Schema) -> CheckedExpression:
    """Return the typed tree of a boolean expression; anything else is a finding."""
    checked = check_expression(text, given)
    if checked.expr is None:
        return checked
    condition = typing.as_type(checked.expr, dtypes.BOOLEAN) if typing.is_untyped(checked.expr) else checked.expr
    if condition.dtype.kind is Kind.BOOLEAN:
        return CheckedExpression(condition, checked.findings)
    finding = codes.NotACondition.at(
        f"A condition must be boolean, this is {checked.expr.dtype}.", Span(0, len(text)), "Compare it with something."
    )
    return CheckedExpression(None, (*checked.findings, finding))


class _Wrong(Exception):
    """Ends the check of one sub-tree; its finding is already kept."""


class _Checker:
    def __init__(self, given: Schema) -> None:
        self.given = given
        self.fields = {field.name: field for field in given}
        self.findings: list[Diagnostic] = []

    def check(self, node: Node) -> Expr | None:
        try:
            return self.visit(node)
        except _Wrong:
            return None

    def visit(self, node: Node) -> Expr:
        return _VISIT[type(node)](self, node)

    def visit_all(self, parts: tuple[Node, ...]) -> tuple[Expr, ...]:
        """Check every part, so that one pass gives the findings of all of them."""
        checked = [self.check(part) for part in parts]
        if any(part is None for part in checked):
            raise _Wrong
        return tuple(part for part in checked if part is not None)

    def wrong(self, code: type[codes.Code], message: str, start: int, end: int, hint: str | None = None) -> _Wrong:
        self.findings.append(code.at(message, Span(start, end), hint))
        return _Wrong()

    def constant(self, node: nodes.Constant) -> Expr:
        if node.kind is None:
            return Literal(None)
        if node.kind is Kind.FLOAT:
            return Literal(Value(Kind.FLOAT, to_float32(float(node.value or 0.0))), dtypes.FLOAT)
        return Literal(Value(node.kind, node.value), DType(node.kind))

    def name(self, node: nodes.Name) -> Expr:
        field = self.fields.get(node.name)
        if field is None:
            raise self.wrong(
                codes.UnknownField,
                f"The field '{node.name}' does not arrive here.",
                node.start,
                node.end,
                did_you_mean(node.name, self.given.names),
            )
        return FieldRef(field.name, field.dtype, field.nullable)

    def position(self, node: nodes.Position) -> Expr:
        if node.index >= len(self.given):
            raise self.wrong(
                codes.UnknownField,
                f"There is no field at position {node.index}; {len(self.given)} arrive here.",
                node.start,
                node.end,
            )
        field = self.given.fields[node.index]
        return FieldRef(field.name, field.dtype, field.nullable)

    def unary(self, node: nodes.Unary) -> Expr:
        operand = self.visit(node.operand)
        if node.op == "NOT":
            return self.boolean_call("not", (self.boolean(operand, node.operand),))
        if typing.is_untyped(operand):
            operand = typing.as_type(operand, dtypes.DOUBLE)
        if not operand.dtype.is_number:
            raise self.wrong(
                codes.WrongOperand, f"'-' takes a number, not {operand.dtype}.", node.operand.start, node.operand.end,
                "Cast it first.",
            )  # fmt: skip
        return Call("negate", (operand,), operand.dtype, operand.nullable)

    def boolean(self, expr: Expr, node: Node) -> Expr:
        if typing.is_untyped(expr):
            return typing.as_type(expr, dtypes.BOOLEAN)
        if expr.dtype.kind is not Kind.BOOLEAN:
            raise self.wrong(
                codes.WrongOperand, f"AND, OR, NOT and conditions take a boolean, not {expr.dtype}.", node.start,
                node.end, "Compare it with something.",
            )  # fmt: skip
        return expr

    def boolean_call(self, op: str, args: tuple[Expr, ...]) -> Expr:
        return Call(op, args, dtypes.BOOLEAN, any(arg.nullable for arg in args))

    def logic(self, node: nodes.Logic) -> Expr:
        parts = self.visit_all(node.operands)
        args = tuple(self.boolean(part, at) for part, at in zip(parts, node.operands, strict=True))
        return self.boolean_call(node.op.lower(), args)

    def binary(self, node: nodes.Binary) -> Expr:
        left, right = self.visit_all((node.left, node.right))
        if node.op in _ARITHMETIC:
            return self.arithmetic(node, left, right)
        if node.op == "MATCHES":
            return self.matches(node, left, right)
        return self.comparison(node, _COMPARISON[node.op], left, right)

    def arithmetic(self, node: nodes.Binary, left: Expr, right: Expr) -> Expr:
        whole_only = node.op == "%"
        fallback = dtypes.LONG if whole_only else dtypes.DOUBLE
        if typing.is_untyped(left):
            left = typing.as_type(left, right.dtype if whole_only and right.dtype.is_number else fallback)
        if typing.is_untyped(right):
            right = typing.as_type(right, left.dtype if whole_only and left.dtype.is_number else fallback)
        for part, at in ((left, node.left), (right, node.right)):
            if not part.dtype.is_number:
                text = part.dtype.kind is Kind.CHARARRAY
                hint = "Join text with CONCAT, or cast it to a number first." if text else "Cast it first."
                raise self.wrong(
                    codes.WrongOperand, f"'{node.op}' takes numbers, not {part.dtype}.", at.start, at.end, hint
                )
            if whole_only and part.dtype.kind not in (Kind.INT, Kind.LONG):
                raise self.wrong(
                    codes.WrongOperand, f"'%' takes int and long only, not {part.dtype}.", at.start, at.end,
                    "Cast it first.",
                )  # fmt: skip
        dtype = dtypes.widest(left.dtype, right.dtype)
        left, right = typing.as_type(left, dtype), typing.as_type(right, dtype)
        nullable = left.nullable or right.nullable
        if node.op in ("/", "%"):
            nullable = nullable or not typing.is_nonzero_literal(right)
        return Call(_ARITHMETIC[node.op], (left, right), dtype, nullable)

    def matches(self, node: nodes.Binary, left: Expr, right: Expr) -> Expr:
        parts = []
        for part, at in ((left, node.left), (right, node.right)):
            text = typing.as_type(part, dtypes.CHARARRAY) if typing.is_untyped(part) else part
            if text.dtype.kind is not Kind.CHARARRAY:
                raise self.wrong(
                    codes.WrongOperand, f"'matches' takes text, not {part.dtype}.", at.start, at.end, "Cast it first."
                )
            parts.append(text)
        return self.boolean_call("matches", tuple(parts))

    def comparison(self, node: nodes.Binary, op: str, left: Expr, right: Expr) -> Expr:
        try:
            return typing.compare(op, left, right)
        except Mismatch as fault:
            raise self.wrong(codes.MixedComparison, fault.message, node.start, node.end, fault.hint) from None

    def is_null(self, node: nodes.IsNull) -> Expr:
        operand = self.visit(node.operand)
        return Call("is_not_null" if node.negated else "is_null", (operand,), dtypes.BOOLEAN, False)

    def in_list(self, node: nodes.In) -> Expr:
        operand, *items = self.visit_all((node.operand, *node.items))
        tests = []
        for item, at in zip(items, node.items, strict=True):
            try:
                tests.append(typing.compare("eq", operand, item))
            except Mismatch as fault:
                raise self.wrong(codes.MixedComparison, fault.message, at.start, at.end, fault.hint) from None
        return tests[0] if len(tests) == 1 else self.boolean_call("or", tuple(tests))

    def case(self, node: nodes.Case) -> Expr:
        conditions, values = [], []
        subject = None if node.subject is None else self.visit(node.subject)
        for condition, value in node.branches:
            test, result = self.visit_all((condition, value))
            if subject is None:
                conditions.append(self.boolean(test, condition))
            else:
                try:
                    conditions.append(typing.compare("eq", subject, test))
                except Mismatch as fault:
                    raise self.wrong(
                        codes.MixedComparison, fault.message, condition.start, condition.end, fault.hint
                    ) from None
            values.append((result, value))
        if node.otherwise is None:
            message = "This CASE has no ELSE; where no branch holds it gives null."
            self.findings.append(codes.CaseWithoutElse.at(message, Span(node.start, node.end), "Add ELSE null."))
            otherwise: tuple[Expr, Node] = (Literal(None), node)
        else:
            otherwise = (self.visit(node.otherwise), node.otherwise)
        return self.branches(conditions, values, otherwise)

    def choice(self, node: nodes.Choice) -> Expr:
        condition, yes, no = self.visit_all((node.condition, node.yes, node.no))
        return self.branches([self.boolean(condition, node.condition)], [(yes, node.yes)], (no, node.no))

    def branches(self, conditions: list[Expr], values: list[tuple[Expr, Node]], otherwise: tuple[Expr, Node]) -> Expr:
        every = [*values, otherwise]
        dtype = self.common_type(every)
        made = [typing.as_type(expr, dtype) for expr, _ in every]
        nullable = any(part.nullable for part in (*conditions, *made))
        return Conditional(tuple(zip(conditions, made[:-1], strict=True)), made[-1], dtype, nullable)

    def common_type(self, parts: list[tuple[Expr, Node]]) -> DType:
        dtype: DType | None = None
        for expr, at in parts:
            merged = typing.common(dtype, expr)
            if merged is None:
                raise self.wrong(
                    codes.MixedBranches, f"This is {expr.dtype}, the values before it are {dtype}.", at.start, at.end,
                    "Cast it, so that all have one type.",
                )  # fmt: skip
            dtype = merged
        return dtype or dtypes.BYTEARRAY

    def convert(self, node: nodes.Convert) -> Expr:
        operand = self.visit(node.operand)
        to = DType(node.to)
        if not typing.can_cast(operand, to):
            raise self.wrong(codes.ImpossibleCast, f"{operand.dtype} can never become {to}.", node.start, node.end)
        return typing.as_type(operand, to)

    def map_get(self, node: nodes.MapGet) -> Expr:
        operand, key = self.visit_all((node.operand, node.key))
        if operand.dtype.kind is Kind.BYTEARRAY:
            operand = typing.as_type(operand, dtypes.MAP)
        if operand.dtype.kind is not Kind.MAP:
            raise self.wrong(
                codes.WrongOperand, f"'#' takes a map, not {operand.dtype}.", node.operand.start, node.operand.end
            )
        return Call("map_get", (operand, key), operand.dtype.value or dtypes.BYTEARRAY)

    def dot(self, node: nodes.Dot) -> Expr:
        operand = self.visit(node.operand)
        if typing.is_untyped(operand) and len(node.members) == 1 and isinstance(node.members[0], int):
            # What a map holds says only when the job runs whether it is a tuple or a bag.
            return Call("tuple_get", (operand, Literal(Value(Kind.INT, node.members[0]), dtypes.INT)), dtypes.BYTEARRAY)
        if operand.dtype.kind not in (Kind.TUPLE, Kind.BAG):
            raise self.wrong(
                codes.WrongOperand, f"'.' takes a tuple or a bag, not {operand.dtype}.", node.operand.start,
                node.operand.end,
            )  # fmt: skip
        found = [self.member(node, operand.dtype, member) for member in node.members]
        at = tuple(Literal(Value(Kind.INT, index), dtypes.INT) for index, _ in found)
        if operand.dtype.kind is Kind.BAG:
            members = tuple(dtypes.Member(dtype) for _, dtype in found)
            return Call("bag_project", (operand, *at), DType(Kind.BAG, members=members), operand.nullable)
        if len(found) == 1:
            return Call("tuple_get", (operand, at[0]), found[0][1])
        members = tuple(dtypes.Member(dtype) for _, dtype in found)
        return Call("tuple_project", (operand, *at), DType(Kind.TUPLE, members=members), operand.nullable)

    def member(self, node: nodes.Dot, dtype: DType, member: str | int) -> tuple[int, DType]:
        members = dtype.members
        if isinstance(member, int):
            if members is None:
                return member, dtype.value or dtypes.BYTEARRAY
            if member < len(members):
                return member, members[member].dtype
            message = f"There is no position {member}; there are {len(members)}, from 0. It gives null."
            self.findings.append(codes.MissingPosition.at(message, Span(node.start, node.end)))
            return member, dtypes.BYTEARRAY
        names = [one.name or "" for one in members or ()]
        if member in names:
            index = names.index(member)
            return index, (members or ())[index].dtype
        raise self.wrong(
            codes.UnknownMember, f"There is no member '{member}'.", node.start, node.end,
            did_you_mean(member, [name for name in names if name]) or "Use a position such as $0.",
        )  # fmt: skip

    def call(self, node: nodes.FunctionCall) -> Expr:
        resolved = calls.resolve(node)
        if isinstance(resolved, Diagnostic):
            self.findings.append(resolved)
            self.visit_all(node.args)
            raise _Wrong
        args = self.visit_all(node.args)
        made = calls.apply(resolved, node, args)
        if isinstance(made, Diagnostic):
            self.findings.append(made)
            raise _Wrong
        return made

    def build(self, node: nodes.Build) -> Expr:
        args = self.visit_all(node.items)
        made = calls.apply(calls.known(nodes.Build.word[node.kind]), node, args)
        if isinstance(made, Diagnostic):
            self.findings.append(made)
            raise _Wrong
        return made


_VISIT: dict[type, Callable[[_Checker, Any], Expr]] = {
    nodes.Constant: _Checker.constant,
    nodes.Name: _Checker.name,
    nodes.Position: _Checker.position,
    nodes.Unary: _Checker.unary,
    nodes.Binary: _Checker.binary,
    nodes.Logic: _Checker.logic,
    nodes.IsNull: _Checker.is_null,
    nodes.In: _Checker.in_list,
    nodes.Case: _Checker.case,
    nodes.Choice: _Checker.choice,
    nodes.Convert: _Checker.convert,
    nodes.FunctionCall: _Checker.call,
    nodes.MapGet: _Checker.map_get,
    nodes.Dot: _Checker.dot,
    nodes.Build: _Checker.build,
}

__all__ = ["TRUE", "Cast", "CheckedExpression", "check_condition", "check_expression", "check_node"]
