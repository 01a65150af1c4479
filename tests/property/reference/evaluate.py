"""The value of a tree over a record."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .calls import CALLS
from .casts import cast
from .numbers import computed, order, widened, wrapped
from .texts import units
from .tree import BOOLEAN, DOUBLE, FLOAT, INT, LONG, NUMBERS, TEXT, Fails, Node, Type, Unsure, wider

ARITHMETIC = ("+", "-", "*", "/", "%")
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
Record = Mapping[str, Any]


def evaluate(node: Node, record: Record, zone: int) -> Any:
    """Return the value; raises Fails where the job fails, Unsure where there is nothing to compare."""
    match node.op:
        case "literal":
            return node.given
        case "field":
            return record[node.given]
        case "case" | "case of" | "?":
            return chosen(node, record, zone)
        case "AND" | "OR":
            return logic(node, record, zone)
        case "IN":
            subject, *items = node.parts
            return logic(Node("OR", BOOLEAN, tuple(Node("==", BOOLEAN, (subject, one)) for one in items)), record, zone)
        case "call" if node.given == "COALESCE":
            return coalesced(node, record, zone)
    try:
        values = all_of(node.parts, record, zone)
    except Fails:
        if node.op == "call" and node.given.endswith("OrDefault"):
            raise Unsure("a default that is not needed") from None
        raise
    if node.op == "is null":
        return values[0] is None
    if node.op == "is not null":
        return values[0] is not None
    if node.op == "call":
        return CALLS[node.given].apply(node, values, zone)
    if any(value is None for value in values):
        return None
    return over_values(node, values, zone)


def over_values(node: Node, values: list[Any], zone: int) -> Any:
    """Return the value of an operator whose operands are not null."""
    first = values[0]
    match node.op:
        case "cast":
            return cast(first, node.parts[0].type, node.type, zone)
        case "NOT":
            return not first
        case "negate":
            return wrapped(-first, node.type) if node.type in (INT, LONG) else -first
        case "matches":
            return re.fullmatch(node.given, first) is not None
        case "tuple get":
            return first[node.given] if node.given < len(first) else None
        case "map get":
            return first.get(node.given)
    left, right = node.parts
    if node.op in ARITHMETIC:
        return computed(
            node.op, *(widened(v, p.type, node.type) for v, p in zip(values, node.parts, strict=True)), node.type
        )
    return compared(node.op, values[0], left.type, values[1], right.type)


def all_of(parts: tuple[Node, ...], record: Record, zone: int) -> list[Any]:
    """Return the value of every part. Where one is null and another fails, it is not said whether that one is reached."""
    values, failed = [], False
    for part in parts:
        try:
            values.append(evaluate(part, record, zone))
        except Fails:
            failed = True
    if failed and any(value is None for value in values):
        raise Unsure("beside a null")
    if failed:
        raise Fails("a part of it")
    return values


def compared(sign: str, left: Any, left_type: Type, right: Any, right_type: Type) -> bool:
    """Return a comparison of two values that are not null."""
    if left_type in NUMBERS:
        both = wider(left_type, right_type)
        left, right = widened(left, left_type, both), widened(right, right_type, both)
        left_type = right_type = both
    a, b = key(left, left_type), key(right, right_type)
    return bool({"==": a == b, "!=": a != b}[sign] if sign in ("==", "!=") else
                {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[sign])  # fmt: skip


def key(value: Any, given: Type) -> Any:
    """Return what a value compares by."""
    if given in (FLOAT, DOUBLE):
        return order(value)
    if given == TEXT:
        return units(value)
    if given.word == "datetime":
        return value.ms
    if given.word == "tuple":
        if any(one is None for one in value):
            raise Unsure("nulls inside")
        return [key(one, kind) for one, kind in zip(value, given.inside, strict=True)]
    return value


def logic(node: Node, record: Record, zone: int) -> bool | None:
    """Return AND or OR: false wins the one, true the other, else null; from the left, until it is decided."""
    winner, unknown = node.op == "OR", False
    for at, part in enumerate(node.parts):
        try:
            value = evaluate(part, record, zone)
        except Fails:
            if unknown or node.parts[at + 1 :]:
                raise Unsure("what comes behind may decide") from None
            raise
        if value is winner:
            return winner
        unknown = unknown or value is None
    return None if unknown else not winner


def chosen(node: Node, record: Record, zone: int) -> Any:
    """Return the result of the first branch whose condition is true; null where a condition before it is null."""
    parts = list(node.parts)
    subject = parts.pop(0) if node.op == "case of" else None
    while len(parts) > 1:
        condition, result, *parts = parts
        if subject is not None:
            condition = Node("==", BOOLEAN, (subject, condition))
        value = evaluate(condition, record, zone)
        if value is None:
            return None
        if value:
            return as_type(result, node.type, record, zone)
    return as_type(parts[0], node.type, record, zone) if parts else None


def as_type(part: Node, to: Type, record: Record, zone: int) -> Any:
    """Return the value of a branch; numbers widen to the largest of all branches."""
    value = evaluate(part, record, zone)
    return widened(value, part.type, to) if to in NUMBERS and value is not None else value


def coalesced(node: Node, record: Record, zone: int) -> Any:
    """Return the first value that is not null."""
    for part in node.parts:
        value = as_type(part, node.type, record, zone)
        if value is not None:
            return value
    return None
