"""The text of a tree, with no more parentheses than it needs."""

from __future__ import annotations

from .tree import FLOAT, LONG, TEXT, Node

ATOM, REACH, SIGN, TIMES, PLUS, COMPARE, NOT, AND, OR, ANY = range(10)
"""How tight an operator binds."""
LEVELS = {"*": TIMES, "/": TIMES, "%": TIMES, "+": PLUS, "-": PLUS}
ESCAPES = {"'": "\\'", "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def printed(node: Node, allowed: int = ANY) -> str:
    """Return the text; in parentheses where it binds less tightly than is allowed."""
    level, text = spelled(node)
    return text if level <= allowed else f"({text})"


def quoted(text: str) -> str:
    """Return a text as a literal."""
    return "'" + "".join(ESCAPES.get(char, char) for char in text) + "'"


def literal(node: Node) -> tuple[int, str]:
    """Return a constant, with how tight it binds."""
    value = node.given
    if value is None:
        return SIGN, f"({node.type.word})null"
    if node.type == TEXT:
        return ATOM, quoted(value)
    if isinstance(value, bool):
        return ATOM, str(value).lower()
    text = repr(value) + {LONG: "L", FLOAT: "F"}.get(node.type, "")
    return (SIGN if text.startswith("-") else ATOM), text


def spelled(node: Node) -> tuple[int, str]:
    """Return how tight a tree binds, and its text."""
    parts = node.parts
    match node.op:
        case "literal":
            return literal(node)
        case "field":
            return ATOM, node.given
        case "call":
            return ATOM, call(node)
        case "cast":
            return SIGN, f"({node.type.word}){printed(parts[0], SIGN)}"
        case "negate":
            inner = printed(parts[0], SIGN)
            return SIGN, f"-({inner})" if inner.startswith("-") else f"-{inner}"
        case "NOT":
            return NOT, f"NOT {printed(parts[0], NOT)}"
        case "is null" | "is not null":
            return COMPARE, f"{printed(parts[0], PLUS)} {node.op}"
        case "AND" | "OR":
            level = AND if node.op == "AND" else OR
            return level, f" {node.op} ".join(printed(part, level - 1) for part in parts)
        case "IN":
            return COMPARE, f"{printed(parts[0], PLUS)} IN ({', '.join(map(printed, parts[1:]))})"
        case "matches":
            return COMPARE, f"{printed(parts[0], PLUS)} matches {printed(parts[1], PLUS)}"
        case "?":
            return ATOM, f"({printed(parts[0], OR)} ? {printed(parts[1])} : {printed(parts[2])})"
        case "case" | "case of":
            return ATOM, case(node)
        case "tuple get":
            return REACH, f"{printed(parts[0], REACH)}.${node.given}"
        case "map get":
            return REACH, f"{printed(parts[0], REACH)}#{quoted(node.given)}"
    level = LEVELS.get(node.op, COMPARE)
    left = level if level != COMPARE else PLUS
    return level, f"{printed(parts[0], left)} {node.op} {printed(parts[1], level - 1)}"


def call(node: Node) -> str:
    """Return a call; a tuple also in its short form."""
    name = node.given.split(" ")[0]
    inside = ", ".join(map(printed, node.parts))
    return f"({inside})" if name == "TOTUPLE" and len(node.parts) == 2 else f"{name}({inside})"


def case(node: Node) -> str:
    """Return either form of a CASE."""
    parts = [printed(part) for part in node.parts]
    text = f"CASE {parts.pop(0)}" if node.op == "case of" else "CASE"
    while len(parts) > 1:
        text += f" WHEN {parts.pop(0)} THEN {parts.pop(0)}"
    return f"{text} ELSE {parts[0]} END" if parts else f"{text} END"
