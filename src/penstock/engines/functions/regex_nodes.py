"""Translated patterns as trees: what stands in a translation of `regex_translation`, and what Java reckons of its length."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import regex

from penstock.engines.functions.regex_classes import NOWHERE

ENDLESS = 2**31 - 1
_PLACES = regex.compile(r"\\A|\\Z")
_ESCAPED = regex.compile(r"\\U([0-9a-f]{8})|\\(.)", regex.DOTALL)
_ASTRAL = regex.compile(r"[\U00010000-\U0010ffff]|\\U(?!0000)")
_GROUPS = regex.compile(r"\(\?:|\(\?>|\(\?(?P<behind><?)(?P<sign>[=!])|\(\?P<(?P<name>\w+)>|\(")
_REFERENCE = regex.compile(r"\(\?(?P<flags>i?u?):\\(?P<number>\d+)\)|\(\?P=(?P<name>\w+)\)")
_REPEAT = regex.compile(r"(?:(?P<sign>[*+?])|\{(?P<least>\d+)(?P<comma>,?)(?P<most>\d*)\})(?P<mode>[?+]?)")


@dataclass(frozen=True, slots=True)
class Row:
    """Nodes one behind the other."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """Nodes of which the first is taken that leads to a match."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class One:
    """One character of a class of the `regex` library; where *composes*, marks behind it may make it another one."""

    members: str
    composes: bool = False


@dataclass(frozen=True, slots=True)
class Cluster:
    """A character with all that belongs to it."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place that a pattern of the `regex` library knows, without captures."""

    pattern: str


@dataclass(frozen=True, slots=True)
class GoesOn:
    """The place where the match before ended."""


@dataclass(frozen=True, slots=True)
class Never:
    """A back reference to a group that does not exist, which matches nowhere."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What a group found, under the flags `i` and `iu` in any case."""

    group: int
    flags: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """A capturing group."""

    number: int
    node: Node


@dataclass(frozen=True, slots=True)
class Atomic:
    """What is not tried again once it has matched."""

    node: Node


@dataclass(frozen=True, slots=True)
class Look:
    """What stands behind or ahead of a place, or does not; where it is *wide* Java goes back by characters, else by units."""

    node: Node
    behind: bool
    negated: bool
    wide: bool


@dataclass(frozen=True, slots=True)
class Repeat:
    """A repetition; *most* is `ENDLESS` without a bound, *mode* empty, `?` or `+`."""

    node: Node
    least: int
    most: int
    mode: str

    @property
    def optional(self) -> bool:
        """Whether it is once or not at all."""
        return (self.least, self.most) == (0, 1)


Node = Row | Either | One | Cluster | Place | GoesOn | Never | Reference | Group | Atomic | Look | Repeat


@dataclass(frozen=True, slots=True)
class Tree:
    """A pattern as a tree, with the numbers of its named groups and how many groups it has."""

    node: Node
    names: dict[str, int]
    groups: int


def sizes(node: Node) -> tuple[int, int]:
    """Return the least and the greatest length that Java reckons with; it counts a cluster as at least one and at most none."""
    match node:
        case Row():
            each = [sizes(one) for one in node.nodes]
            return sum(least for least, _ in each), min(sum(most for _, most in each), ENDLESS)
        case Either():
            each = [sizes(one) for one in node.nodes]
            return min(least for least, _ in each), max(most for _, most in each)
        case One():
            return 1, 0 if node.composes else 1
        case Cluster():
            return 1, 0
        case Group() | Atomic():
            return sizes(node.node)
        case Repeat():
            least, most = sizes(node.node)
            return least * node.least, min(most * node.most, ENDLESS)
        case _:
            return 0, 0


@dataclass(slots=True)
class Reach:
    """What Java reckons of the length of a part, in 32 bits that wrap round: *least* and *most*, *bounded* while it keeps
    count of the most, *settled* while it knows of one way to match."""

    least: int = 0
    most: int = 0
    bounded: bool = True
    settled: bool = True

    def study(self, waiting: list[Node]) -> bool:
        """Add parts, one behind the other; tells whether Java takes all for settled."""
        while waiting:
            node, *waiting = waiting
            match node:
                case Row():
                    waiting = [*node.nodes, *waiting]
                case Group():
                    waiting = [node.node, *waiting]
                case Either():
                    return self.branch([[one] for one in node.nodes], waiting)
                case Repeat():
                    is_group = isinstance(node.node, Row | Either | Group | Repeat)
                    if node.optional and is_group and node.mode != "+":
                        return self.branch([[node.node], []], waiting)
                    if is_group and node.mode != "+" and not node.optional and not Reach().study([node.node]):
                        self.bounded = self.settled = False
                        return False
                    self.repeat(node)
                case Atomic():
                    self.study([node.node])
                case One() | Cluster():
                    is_one = isinstance(node, One) and not node.composes
                    self.least += 1
                    self.most = as_int(self.most + is_one)
                    self.settled &= is_one
                case Reference() | Never():
                    self.bounded = False
                case _:
                    pass
        return self.settled

    def branch(self, branches: list[list[Node]], behind: list[Node]) -> bool:
        """Add parts of which one is taken, and what stands behind all of them, which is reckoned by itself."""
        each = [Reach() for _ in branches]
        for reach, branch in zip(each, branches, strict=True):
            reach.study(branch)
        rest = Reach()
        rest.study(behind)
        self.least += min(one.least for one in each) + rest.least
        self.most = as_int(self.most + max(one.most for one in each) + rest.most)
        self.bounded &= rest.bounded and all(one.bounded for one in each)
        self.settled = False
        return False

    def repeat(self, node: Repeat) -> None:
        """Add a repetition."""
        if node.optional:
            least = self.least
            self.study([node.node])
            self.least, self.settled = least, False
            return
        if isinstance(node.node, One) and not node.node.composes and node.most == ENDLESS and node.mode == "":
            self.least += node.least
            self.most = as_int(self.most + ENDLESS) if self.bounded else self.most
            self.settled = False
            return
        inner = Reach()
        inner.study([node.node])
        most = as_int(inner.most * node.most + self.most)
        self.bounded &= inner.bounded and most >= self.most
        self.most = most
        self.least += inner.least * node.least
        self.settled &= inner.settled and node.least == node.most


def as_int(number: int) -> int:
    """Return the low 32 bits of a number, signed."""
    return (number + 2**31) % 2**32 - 2**31


def reach_of(node: Node) -> Reach:
    """Return what Java reckons of a part that it looks behind for."""
    made = Reach()
    made.study([node])
    return made


def is_settled(node: Node) -> bool:
    """Tell whether Java knows that a node can match in one way at most. It takes each repetition of such a group for done,
    captures inside it included."""
    match node:
        case Row():
            return all(map(is_settled, node.nodes))
        case Either() | Cluster():
            return False
        case One():
            return not node.composes
        case Place():
            return not node.pattern.startswith("(?=")  # the ends of lines and of the text
        case Group() | Atomic():
            return is_settled(node.node)
        case Repeat():
            return node.least == node.most and not node.optional and is_settled(node.node)
        case _:
            return True


def parts(node: Node) -> Iterator[Node]:
    """Yield a node and all that it is made of."""
    yield node
    match node:
        case Row() | Either():
            for one in node.nodes:
                yield from parts(one)
        case Group() | Atomic() | Look() | Repeat():
            yield from parts(node.node)


def parse(translated: str, places: tuple[str, ...], cluster: str) -> Tree:
    """Return the tree of a translation, in which *places* and the *cluster* are not taken apart."""
    reader = _Reader(translated, places, cluster)
    return Tree(reader.either(), reader.names, reader.groups)


class _Reader:
    def __init__(self, source: str, places: tuple[str, ...], cluster: str) -> None:
        self.source = source
        self.places = places
        self.cluster = cluster
        self.at = 0
        self.groups = 0
        self.names: dict[str, int] = {}

    def take(self, text: str) -> bool:
        if self.source.startswith(text, self.at):
            self.at += len(text)
            return True
        return False

    def taken(self, pattern: regex.Pattern[str]) -> regex.Match[str] | None:
        found = pattern.match(self.source, self.at)
        self.at = found.end() if found is not None else self.at
        return found

    def either(self) -> Node:
        branches = [self.row()]
        while self.take("|"):
            branches.append(self.row())
        return branches[0] if len(branches) == 1 else Either(tuple(branches))

    def row(self) -> Node:
        nodes: list[Node] = []
        while self.at < len(self.source) and self.source[self.at] not in "|)":
            node = self.item()
            while (found := self.taken(_REPEAT)) is not None:
                node = _repeat(node, found)
            nodes.append(node)
        return nodes[0] if len(nodes) == 1 else Row(tuple(nodes))

    def item(self) -> Node:
        if self.take(self.cluster):
            return Cluster()
        place = next((one for one in self.places if self.take(one)), None)
        if place is not None:
            return Place(place)
        if self.take(NOWHERE):
            return Never()
        if self.take(r"\G"):
            return GoesOn()
        found = self.taken(_PLACES)
        if found is not None:
            return Place(found[0])
        found = self.taken(_REFERENCE)
        if found is not None:
            number = int(found["number"]) if found["number"] else self.names[found["name"]]
            return Reference(number, found["flags"] or "")
        if self.take("(?s:.)"):
            return One(r"[\s\S]")
        if self.take("(?c:"):
            node = One(self.members(), composes=True)
            self.at += 1
            return node
        if self.source[self.at] == "(":
            return self.group()
        return One(self.members() if self.source[self.at] == "[" else self.char())

    def group(self) -> Node:
        wide = _ASTRAL.search(self.source, self.at) is not None
        found = self.taken(_GROUPS)
        if found is None:
            raise ValueError(self.source[self.at :])
        opening, number = found[0], 0
        if opening == "(" or found["name"]:
            self.groups += 1
            number = self.groups
            if found["name"]:
                self.names[found["name"]] = number
        node = self.either()
        self.at += 1
        if number:
            return Group(number, node)
        if opening == "(?>":
            return Atomic(node)
        return Look(node, bool(found["behind"]), found["sign"] == "!", wide) if found["sign"] else node

    def members(self) -> str:
        begin, depth = self.at, 0
        while True:
            char = self.source[self.at]
            depth += (char == "[") - (char == "]")
            self.at += 2 if char == "\\" else 1
            if depth == 0:
                return self.source[begin : self.at]

    def char(self) -> str:
        found = self.taken(_ESCAPED)
        if found is not None:
            return found[0]
        self.at += 1
        return self.source[self.at - 1]


def _repeat(node: Node, found: regex.Match[str]) -> Node:
    if found["sign"]:
        least, most = {"*": (0, ENDLESS), "+": (1, ENDLESS), "?": (0, 1)}[found["sign"]]
    else:
        least = int(found["least"])
        most = int(found["most"]) if found["most"] else ENDLESS if found["comma"] else least
    return Repeat(node, least, most, found["mode"])
