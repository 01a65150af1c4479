"""The untyped syntax tree. Every node is a value and knows its span in the text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from penstock.plan.dtypes import Kind


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal: *kind* None is null; *value* is a bool, int, float or str."""

    kind: Kind | None
    value: bool | int | float | str | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Name:
    """A field by name, qualified ones as `a::b`."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Position:
    """A field by position, `$0`."""

    index: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Unary:
    """`-x` or `NOT x`; *op* is `-` or `NOT`."""

    op: str
    operand: Node
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic, comparison or `matches`; *op* as written, `MATCHES` in capitals."""

    op: str
    left: Node
    right: Node
    start: int
    end: int
    op_start: int
    op_end: int


@dataclass(frozen=True, slots=True)
class Logic:
    """A run of one connective: *op* is `AND` or `OR`, with two or more operands."""

    op: str
    operands: tuple[Node, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class IsNull:
    """`x is null`, or with *negated* `x is not null`."""

    operand: Node
    negated: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class In:
    """`x IN (a, b)`."""

    operand: Node
    items: tuple[Node, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Case:
    """Both forms of CASE: *subject* None is the searched one; *otherwise* None when there is no ELSE."""

    subject: Node | None
    branches: tuple[tuple[Node, Node], ...]
    otherwise: Node | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Choice:
    """`condition ? yes : no`."""

    condition: Node
    yes: Node
    no: Node
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Convert:
    """`(type) x`."""

    to: Kind
    operand: Node
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """`f(x, y)`; *name_end* is where the name ends."""

    name: str
    args: tuple[Node, ...]
    start: int
    end: int
    name_end: int


@dataclass(frozen=True, slots=True)
class MapGet:
    """`m#'key'`."""

    operand: Node
    key: Node
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Dot:
    """`a.b`, `a.$0` or `a.(b, $1)`: members of a tuple, or a projection of a bag. A member is a name or a position."""

    operand: Node
    members: tuple[str | int, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Build:
    """A constant of a complex type: *kind* TUPLE `(a, b)`, BAG `{a, b}` or MAP `[k#v]` (keys and values in turn)."""

    kind: Kind
    items: tuple[Node, ...]
    start: int
    end: int
    word: ClassVar[dict[Kind, str]] = {Kind.TUPLE: "TOTUPLE", Kind.BAG: "TOBAG", Kind.MAP: "TOMAP"}


Node = (
    Constant
    | Name
    | Position
    | Unary
    | Binary
    | Logic
    | IsNull
    | In
    | Case
    | Choice
    | Convert
    | FunctionCall
    | MapGet
    | Dot
    | Build
)


def children(node: Node) -> tuple[Node, ...]:
    """Return the nodes right below one, left to right."""
    match node:
        case Constant() | Name() | Position():
            return ()
        case Unary() | IsNull() | Convert() | Dot():
            return (node.operand,)
        case Binary():
            return (node.left, node.right)
        case Logic():
            return node.operands
        case In():
            return (node.operand, *node.items)
        case Case():
            subject = () if node.subject is None else (node.subject,)
            otherwise = () if node.otherwise is None else (node.otherwise,)
            return (*subject, *(part for branch in node.branches for part in branch), *otherwise)
        case Choice():
            return (node.condition, node.yes, node.no)
        case FunctionCall():
            return node.args
        case MapGet():
            return (node.operand, node.key)
        case Build():
            return node.items


def depth(node: Node) -> int:
    """Return how many levels a tree has; walks without recursion, so any tree can be measured."""
    deepest = 0
    stack = [(node, 1)]
    while stack:
        here, level = stack.pop()
        deepest = max(deepest, level)
        stack.extend((child, level + 1) for child in children(here))
    return deepest
