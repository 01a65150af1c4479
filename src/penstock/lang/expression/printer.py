"""A syntax tree as text again: every operand that could be misread is in parentheses, so printing and parsing are inverse."""

from __future__ import annotations

from penstock.lang.expression import nodes
from penstock.lang.expression.nodes import Node
from penstock.lang.expression.tokens import quote
from penstock.plan.dtypes import Kind

_SPELLING = {"MATCHES": "matches"}


def to_text(node: Node) -> str:
    """Return the expression of a tree; parsing it gives an equal tree but for spans.

    >>> from penstock.lang.expression.parser import parse
    >>> to_text(parse("(int)a+b").node)
    '((int) a) + b'
    """
    match node:
        case nodes.Constant():
            return _constant(node)
        case nodes.Name():
            return node.name
        case nodes.Position():
            return f"${node.index}"
        case nodes.Unary():
            return f"-{_operand(node.operand)}" if node.op == "-" else f"NOT {_operand(node.operand)}"
        case nodes.Binary():
            return f"{_operand(node.left)} {_SPELLING.get(node.op, node.op)} {_operand(node.right)}"
        case nodes.Logic():
            return f" {node.op} ".join(_operand(part) for part in node.operands)
        case nodes.IsNull():
            return f"{_operand(node.operand)} is {'not ' if node.negated else ''}null"
        case nodes.In():
            return f"{_operand(node.operand)} IN ({_list(node.items)})"
        case nodes.Case():
            return _case(node)
        case nodes.Choice():
            return f"{_operand(node.condition)} ? {_operand(node.yes)} : {_operand(node.no)}"
        case nodes.Convert():
            return f"({node.to.value}) {_operand(node.operand)}"
        case nodes.FunctionCall():
            return f"{node.name}({_list(node.args)})"
        case nodes.MapGet():
            return f"{_operand(node.operand)}#{to_text(node.key)}"
        case nodes.Dot():
            return f"{_operand(node.operand)}.{_members(node.members)}"
        case nodes.Build():
            return _build(node)


def _list(items: tuple[Node, ...]) -> str:
    return ", ".join(to_text(item) for item in items)


def _operand(node: Node) -> str:
    text = to_text(node)
    simple = isinstance(node, nodes.Name | nodes.Position | nodes.FunctionCall | nodes.Build | nodes.Case)
    positive = isinstance(node, nodes.Constant) and not text.startswith("-")
    return text if simple or positive else f"({text})"


def _constant(node: nodes.Constant) -> str:
    match node.kind:
        case None:
            return "null"
        case Kind.BOOLEAN:
            return "true" if node.value else "false"
        case Kind.CHARARRAY:
            return quote(str(node.value))
        case Kind.LONG:
            return f"{node.value}L"
        case Kind.FLOAT:
            return f"{_decimal(node)}F"
        case Kind.DOUBLE:
            return _decimal(node)
        case _:
            return str(node.value)


def _decimal(node: nodes.Constant) -> str:
    text = repr(float(node.value or 0))
    return "1e999" if text == "inf" else text  # what is too great is read as infinity


def _members(members: tuple[str | int, ...]) -> str:
    words = [member if isinstance(member, str) else f"${member}" for member in members]
    return words[0] if len(words) == 1 else f"({', '.join(words)})"


def _case(node: nodes.Case) -> str:
    parts = ["CASE"]
    if node.subject is not None:
        parts.append(_operand(node.subject))
    for condition, value in node.branches:
        parts.append(f"WHEN {_operand(condition)} THEN {_operand(value)}")
    if node.otherwise is not None:
        parts.append(f"ELSE {_operand(node.otherwise)}")
    return " ".join([*parts, "END"])


def _build(node: nodes.Build) -> str:
    if node.kind is Kind.TUPLE:
        return f"({_list(node.items)})"
    if node.kind is Kind.BAG:
        return "{" + _list(node.items) + "}"
    pairs = zip(node.items[::2], node.items[1::2], strict=True)
    return "[" + ", ".join(f"{to_text(key)}#{to_text(value)}" for key, value in pairs) + "]"
