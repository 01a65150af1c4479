"""What `java.util.regex` finds: whole matches, groups, replacements, parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import regex

from penstock.engines.functions import regex_nodes as nodes
from penstock.engines.functions.regex_classes import CLUSTER, BadPattern, PatternNotAvailable
from penstock.engines.functions.regex_machine import Machine, units_of
from penstock.engines.functions.regex_translation import PLACES, translate
from penstock.engines.functions.text import from_halves
from penstock.errors import DataError
from penstock.kit.patterns import TIMEOUT_S, runaway

_BEYOND = regex.compile(r"\[\^|\\[pPS]|\\s\\S|[^\x00-\ud7ff]|\\U(?!0000)")
"""In a class: more than characters of one unit."""

__all__ = [
    "BadPattern", "PatternNotAvailable", "compile_pattern", "extract", "extract_all", "full_match", "replace_all", "split",
    "translate",
]  # fmt: skip


class _Span(Protocol):
    def span(self, group: int | str = 0, /) -> tuple[int, int]:
        """Return where a group begins and ends, (-1, -1) where it took no part."""
        ...


@dataclass(frozen=True, slots=True)
class Compiled:
    """A pattern ready to match, by the `regex` library or by a machine of our own where the library finds something else:
    always (*quick* is None), where captures are asked for and some can outlive what they stand in (*leaks*), or in texts with
    characters of two units, where it may match between their halves or looks behind itself (*is_wide*)."""

    quick: regex.Pattern[str] | None
    machine: Machine
    leaks: bool
    is_wide: bool
    goes_on: bool

    @property
    def groups(self) -> int:
        """How many groups it has."""
        return self.machine.tree.groups

    @property
    def names(self) -> dict[str, int]:
        """The numbers of its named groups."""
        return self.machine.tree.names

    def quick_for(self, text: str, captures: bool) -> regex.Pattern[str] | None:
        """Return what matches a text quickly, None where only the machine is right."""
        if (self.leaks and captures) or (self.is_wide and not text.isascii() and max(text) > "\uffff"):
            return None
        return self.quick

    def match(self, text: str, captures: bool = False) -> _Span | None:
        """Return the match of a whole text. Raises TimeoutError."""
        quick = self.quick_for(text, captures)
        if quick is None:
            return self.machine.match(text, TIMEOUT_S)
        return quick.fullmatch(text, timeout=TIMEOUT_S)

    def find(self, text: str, captures: bool) -> tuple[str, Iterator[_Span]]:
        """Return a text, maybe in halves of characters, and the matches in it as Java's `find` has them: after an empty one
        the search goes on one unit further. Raises TimeoutError."""
        quick = None if self.goes_on else self.quick_for(text, captures)
        if quick is None:
            return units_of(text), self.machine.find(text, TIMEOUT_S)
        return text, _quick_matches(quick, text)


def _quick_matches(quick: regex.Pattern[str], text: str) -> Iterator[_Span]:
    at = 0
    while at <= len(text) and (found := quick.search(text, at, timeout=TIMEOUT_S)) is not None:
        yield found
        at = found.end() + (found.end() == found.start())


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> Compiled:
    """Return a Java pattern ready to match. Raises BadPattern or PatternNotAvailable."""
    translated = translate(pattern).pattern
    tree = nodes.parse(translated, PLACES, CLUSTER)
    every = list(nodes.parts(tree.node))
    looks = [one for one in every if isinstance(one, nodes.Look)]
    reaches = [nodes.reach_of(look.node) for look in looks if look.behind]
    if not all(reach.bounded for reach in reaches):
        raise BadPattern(
            f"The regular expression {pattern!r} is malformed: it looks behind for what has no greatest length."
        )
    alone = [one for one in every if _is_alone(one)]
    is_slow = any(
        (isinstance(one, nodes.Reference) and one.flags) or (isinstance(one, nodes.One) and one.composes)
        for one in every
    ) or any(look.behind and any(map(_runs_ahead, nodes.parts(look.node))) for look in looks)
    is_slow |= any(reach.most < 0 for reach in reaches)
    goes_on = _holds(tree.node, nodes.GoesOn)
    may_be_empty = nodes.sizes(tree.node)[0] == 0
    leaks = any(_holds(one, nodes.Group) for one in alone) or any(_settles(one) for one in every)
    refers = _holds(tree.node, nodes.Reference)
    try:
        quick = None if is_slow or (leaks and refers) else regex.compile(translated, regex.V1)
        machine = Machine(tree, steps_over_pairs=any(_may_be_pair(one) for one in every))
    except (regex.error, OverflowError) as error:
        raise BadPattern(f"The regular expression {pattern!r} is malformed: {error}.") from error
    is_wide = may_be_empty or any(look.behind for look in looks)
    return Compiled(quick, machine, leaks, is_wide, goes_on and may_be_empty)


def _is_alone(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Look | nodes.Atomic) or (isinstance(node, nodes.Repeat) and node.mode == "+")


def _settles(node: nodes.Node) -> bool:
    """Tell whether captures in repetitions stay as they are when Java goes back behind one."""
    if not isinstance(node, nodes.Repeat) or node.optional or not nodes.is_settled(node.node):
        return False
    inner = node.node.node if isinstance(node.node, nodes.Group) else node.node
    return _holds(inner, nodes.Group) or (inner is not node.node and nodes.sizes(inner)[0] == 0)


def _runs_ahead(node: nodes.Node) -> bool:
    """Tell whether Java's way of looking behind, ahead from an earlier place, matters to a part."""
    return _is_alone(node) or isinstance(node, nodes.Cluster)


def _holds(node: nodes.Node, kind: type[nodes.Node]) -> bool:
    return any(isinstance(one, kind) for one in nodes.parts(node))


def _may_be_pair(node: nodes.Node) -> bool:
    """Tell whether Java thinks that a node may match a character of two units, and so does not search inside one."""
    return isinstance(node, nodes.One) and _BEYOND.search(node.members) is not None


def full_match(text: str, pattern: str) -> bool:
    """Tell whether the whole text matches (`matches`)."""
    try:
        return compile_pattern(pattern).match(text) is not None
    except TimeoutError:
        raise runaway(pattern) from None


def extract(text: str, pattern: str, group: int) -> str | None:
    """Return a group of the first match anywhere (`REGEX_EXTRACT`). Raises DataError for a negative group."""
    compiled = compile_pattern(pattern)
    if group < 0:
        raise DataError(f"REGEX_EXTRACT has no group {group}; groups count from 0.")
    try:
        units, matches = compiled.find(text, captures=group > 0)
        found = next(matches, None)
    except TimeoutError:
        raise runaway(pattern) from None
    return None if found is None or group > compiled.groups else _piece(units, found.span(group))


def _piece(units: str, span: tuple[int, int]) -> str | None:
    return None if span[0] < 0 else from_halves(units[span[0] : span[1]])


def extract_all(text: str, pattern: str) -> tuple[str | None, ...] | None:
    """Return all groups where the whole text matches (`REGEX_EXTRACT_ALL`), else None."""
    compiled = compile_pattern(pattern)
    try:
        found = compiled.match(text, captures=True)
    except TimeoutError:
        raise runaway(pattern) from None
    if found is None:
        return None
    units = text if compiled.quick_for(text, captures=True) is not None else units_of(text)
    return tuple(_piece(units, found.span(group)) for group in range(1, compiled.groups + 1))


def replace_all(text: str, pattern: str, replacement: str) -> str | None:
    """Java's `replaceAll` (`REPLACE`); None for a malformed pattern or replacement. Each half of a character that is torn
    apart becomes a broken one."""
    try:
        compiled = compile_pattern(pattern)
    except BadPattern:
        return None
    units, matches = compiled.find(text, captures="$" in replacement)
    out: list[str] = []
    at = 0
    pieces: list[str | tuple[int | str]] | None = None
    try:
        for found in matches:
            if pieces is None:
                pieces = _replacement(replacement, compiled)
                if pieces is None:
                    return None
            begin, end = found.span()
            out.append(units[at:begin])
            for piece in pieces:
                first, last = (0, 0) if isinstance(piece, str) else found.span(piece[0])
                out.append(piece if isinstance(piece, str) else units[first:last] if first >= 0 else "")
            at = end
    except TimeoutError:
        raise runaway(pattern) from None
    return from_halves("".join([*out, units[at:]]))


def _replacement(text: str, compiled: Compiled) -> list[str | tuple[int | str]] | None:
    pieces: list[str | tuple[int | str]] = []
    at = 0
    while at < len(text):
        char = text[at]
        if char == "\\":
            if at + 1 >= len(text):
                return None
            pieces.append(text[at + 1])
            at += 2
        elif char == "$" and text[at + 1 : at + 2] == "{":
            end = text.find("}", at)
            name = text[at + 2 : end] if end > 0 else ""
            if name not in compiled.names:
                return None
            pieces.append((name,))
            at = end + 1
        elif char == "$":
            end = at + 1
            if not (text[end : end + 1].isascii() and text[end : end + 1].isdigit()):
                return None
            end += 1
            while (
                end < len(text)
                and text[end].isascii()
                and text[end].isdigit()
                and int(text[at + 1 : end + 1]) <= compiled.groups
            ):
                end += 1
            number = int(text[at + 1 : end])
            if number > compiled.groups:
                return None
            pieces.append((number,))
            at = end
        else:
            pieces.append(char)
            at += 1
    return pieces


def split(text: str, pattern: str, limit: int) -> tuple[str, ...] | None:
    """Java's `String.split`; None for a malformed pattern.

    >>> split("a-b--", "-", 0), split("a-b--", "-", -1)
    (('a', 'b'), ('a', 'b', '', ''))
    """
    try:
        compiled = compile_pattern(pattern)
    except BadPattern:
        return None
    units, matches = compiled.find(text, captures=False)
    parts: list[str] = []
    at = 0
    try:
        for found in matches:
            if limit > 0 and len(parts) == limit - 1:
                break
            begin, end = found.span()
            # Java 8 and later: an empty match at the very start gives no empty part.
            if end == 0:
                continue
            parts.append(units[at:begin])
            at = end
    except TimeoutError:
        raise runaway(pattern) from None
    if not parts and at == 0:
        return (text,)
    parts.append(units[at:])
    if limit == 0:
        while parts and parts[-1] == "":
            parts.pop()
    return tuple(map(from_halves, parts))
