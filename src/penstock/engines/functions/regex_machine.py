"""A matcher over UTF-16 units, for what the `regex` library finds otherwise than Java: a back reference in any case, captures
that stay from a part that was tried and given up, places inside a character of two units, `\\G`, `(?c)`, `\\X` behind a place.

It runs the trees of `regex_nodes`, and is some fifty times as slow as the library.
"""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, assert_never

import regex

from penstock.engines.functions import regex_nodes as nodes
from penstock.engines.functions.regex_classes import CLUSTER, folded
from penstock.engines.functions.regex_nodes import Node, Tree

_STEPS = 4096
"""After how many steps the clock is asked."""
_DONE = -1
_Moved = tuple[int, int] | None
_Step = Callable[["_Run", int], _Moved]
"""What stands at a step is done at a place: where to go on, and from which place; None where it does not match."""


@dataclass(frozen=True, slots=True)
class Found:
    """A match, in UTF-16 units: the span of the whole and of each group, (-1, -1) of one that took no part."""

    spans: tuple[tuple[int, int], ...]
    names: dict[str, int]

    def span(self, group: int | str = 0) -> tuple[int, int]:
        """Return where a group begins and ends."""
        return self.spans[self.names[group] if isinstance(group, str) else group]


class Machine:
    """A pattern made ready to run. *steps_over_pairs* when a search never begins inside a character of two units."""

    def __init__(self, tree: Tree, steps_over_pairs: bool) -> None:
        self.tree = tree
        self.cluster = regex.compile(CLUSTER, regex.V1)
        self.steps_over_pairs = steps_over_pairs
        self.loops = 0
        self.steps: list[_Step] = []
        self._add(tree.node)
        self.steps.append(_done)

    def find(self, text: str, timeout_s: float) -> Iterator[Found]:
        """Yield the matches as Java's `find` does. Raises TimeoutError when one takes longer than *timeout_s* of the
        processor."""
        at, before = 0, 0
        while at <= len(units_of(text)):
            found = _Run(self, text, before, timeout_s).search(at)
            if found is None:
                return
            yield found
            begin, before = found.span()
            at = before + (before == begin)

    def match(self, text: str, timeout_s: float) -> Found | None:
        """Return the match of a whole text. Raises TimeoutError."""
        run = _Run(self, text, 0, timeout_s)
        return run.at(0, len(run.units))

    def _add(self, node: Node) -> None:
        then = len(self.steps) + 1
        match node:
            case nodes.Row():
                for one in node.nodes:
                    self._add(one)
            case nodes.Either():
                self._add_branches(node.nodes)
            case nodes.One():
                test = _test_of(node.members)
                self.steps.append(_composed(test, then) if node.composes else _one(test, then))
            case nodes.Cluster():
                self.steps.append(_cluster(then))
            case nodes.Place():
                self.steps.append(_place(regex.compile(node.pattern, regex.V1), then))
            case nodes.GoesOn():
                self.steps.append(lambda run, i: (then, i) if i == run.goes_on else None)
            case nodes.Never():
                self.steps.append(lambda run, i: None)
            case nodes.Reference():
                self.steps.append(_refer(node.group, _FOLDS[node.flags], then))
            case nodes.Group():
                self.steps.append(_open(node.number, then))
                self._add(node.node)
                self.steps.append(_close(node.number, len(self.steps) + 1))
            case nodes.Atomic():
                self._add_alone(node.node, _alone)
            case nodes.Look():
                self._add_alone(node.node, _behind(node) if node.behind else _ahead(node.negated))
            case nodes.Repeat():
                self._add_repeat(node)
            case _:
                assert_never(node)

    def _add_alone(self, node: Node, make: Callable[[int, int], _Step]) -> None:
        """Add a part that is run by itself, from the step behind the one that runs it."""
        at = len(self.steps)
        self.steps.append(_done)
        self._add(node)
        self.steps.append(_done)
        self.steps[at] = make(at + 1, len(self.steps))

    def _add_branches(self, branches: Sequence[Node]) -> None:
        at = len(self.steps)
        self.steps.append(_done)
        begins, ends = [], []
        for branch in branches:
            begins.append(len(self.steps))
            self._add(branch)
            ends.append(len(self.steps))
            self.steps.append(_done)
        for end in ends:
            self.steps[end] = _jump(len(self.steps))
        self.steps[at] = _fork(begins)

    def _add_repeat(self, node: nodes.Repeat) -> None:
        inner, then = node.node, len(self.steps) + 1
        if isinstance(inner, nodes.One) and not inner.composes and node.mode != "?":
            self.steps.append(_several(_test_of(inner.members), node, then))
        elif node.mode == "+":
            # Each time by itself, and all of them together.
            self._add_alone(nodes.Repeat(nodes.Atomic(inner), node.least, node.most, ""), _alone)
        elif node.optional and not isinstance(inner, nodes.Atomic):
            nothing = nodes.Row(())
            self._add_branches((nothing, inner) if node.mode else (inner, nothing))
        else:
            is_settled = nodes.is_settled(inner)
            if is_settled:
                by_itself = nodes.Atomic(inner.node if isinstance(inner, nodes.Group) else inner)
                inner = nodes.Group(inner.number, by_itself) if isinstance(inner, nodes.Group) else by_itself
            loop = self.loops
            self.loops += 1
            self.steps.append(_begin(loop, then))
            self.steps += _done, _enter(loop, then + 2)
            self._add(inner)
            self.steps.append(_again(loop, node.least, then) if is_settled else _jump(then))
            self.steps[then] = _loop(loop, node, then + 1, len(self.steps))


@dataclass(slots=True)
class _Run:
    """A text that is matched. Captures are kept from one place of a search to the next, and from a part that was left alone,
    whatever comes of them, as Java keeps them."""

    machine: Machine
    text: str
    goes_on: int
    timeout_s: float
    units: str = ""
    indexes: list[int] | None = None
    spans: list[tuple[int, int]] = field(default_factory=list)
    opened: list[int] = field(default_factory=list)
    loops: list[tuple[int, int]] = field(default_factory=list)
    """How often each loop was entered, and where last."""
    stack: list[tuple[Any, ...]] = field(default_factory=list)
    """Steps and places to try, and what to set back on the way to them."""
    spent: int = 0
    until_s: float = 0.0

    def __post_init__(self) -> None:
        self.units = units_of(self.text)
        if len(self.units) != len(self.text):
            self.indexes = [at for at, char in enumerate(self.text) for _ in range(1 + (char > "\uffff"))]
            self.indexes.append(len(self.text))
        groups = self.machine.tree.groups + 1
        self.spans, self.opened = [(-1, -1)] * groups, [-1] * groups
        self.loops = [(0, -1)] * self.machine.loops
        self.until_s = time.thread_time() + self.timeout_s

    def search(self, begin: int) -> Found | None:
        """Return the first match from a place on."""
        at = begin
        while at <= len(self.units):
            found = self.at(at)
            if found is not None:
                return found
            at += len(units_of(self.char(at))) or 1 if self.machine.steps_over_pairs else 1
        return None

    def at(self, begin: int, end: int | None = None) -> Found | None:
        """Return the match that begins at a place, and ends at another where that is given."""
        ended = self.run(0, begin, end)
        self.stack.clear()
        return None if ended is None else Found(((begin, ended), *self.spans[1:]), self.machine.tree.names)

    def char(self, at: int) -> str:
        """Return the character that begins at a place: half of one inside it, nothing at the end."""
        char = self.units[at : at + 1]
        low = self.units[at + 1 : at + 2]
        if "\ud800" <= char <= "\udbff" and "\udc00" <= low <= "\udfff":
            return _joined(char + low)
        return char

    def before(self, at: int, count: int) -> int:
        """Return the place that stands some characters before another, the first where there are fewer."""
        if count >= at:
            return 0
        for _ in range(count):
            if at <= 0:
                break
            at -= 2 if at > 1 and self.char(at - 2) > "\uffff" else 1
        return at

    def ask(self, pattern: regex.Pattern[str], at: int) -> int | None:
        """Return where what the library finds at a place ends."""
        if self.indexes is None:
            found = pattern.match(self.text, at)
            return None if found is None else int(found.end())
        index = self.indexes[at]
        inside = 0 < at < len(self.units) and self.indexes[at - 1] == index
        text = f"{self.text[:index]}{self.units[at - 1 : at + 1]}{self.text[index + 1 :]}" if inside else self.text
        found = pattern.match(text, index + inside)
        return None if found is None else at + len(units_of(text[index + inside : found.end()]))

    def keep(self, values: list[Any], at: int, value: Any) -> None:
        """Set a value, to be set back where another way is tried."""
        self.stack.append((values, at, values[at]))
        values[at] = value

    def run(self, step: int, i: int, end: int | None = None) -> int | None:
        """Run a part from a place; return where it ends, which is *end* where that is given, or None. What is left on the
        stack is where it could be tried again."""
        steps, base = self.machine.steps, len(self.stack)
        while True:
            self.spent += 1
            if self.spent % _STEPS == 0 and time.thread_time() > self.until_s:
                raise TimeoutError
            moved = steps[step](self, i)
            if moved is not None and moved[0] == _DONE and (end is None or moved[1] == end):
                return moved[1]
            if moved is None or moved[0] == _DONE:
                moved = self.back(base)
                if moved is None:
                    return None
            step, i = moved

    def back(self, base: int) -> _Moved:
        """Return the step and the place that are tried next, None where all above *base* were."""
        while len(self.stack) > base:
            top = self.stack.pop()
            if len(top) == 2:
                return top[0], top[1]
            top[0][top[1]] = top[2]
        return None

    def alone(self, step: int, i: int, end: int | None = None) -> int | None:
        """Run a part that is not tried again."""
        base = len(self.stack)
        ended = self.run(step, i, end)
        del self.stack[base:]
        return ended


# steps


def _done(run: _Run, i: int) -> _Moved:
    return _DONE, i


def _jump(then: int) -> _Step:
    return lambda run, i: (then, i)


def _one(test: Callable[[str], bool], then: int) -> _Step:
    def step(run: _Run, i: int) -> _Moved:
        char = run.char(i)
        return (then, i + 1 + (char > "\uffff")) if char and test(char) else None

    return step


def _several(test: Callable[[str], bool], node: nodes.Repeat, then: int) -> _Step:
    def step(run: _Run, i: int) -> _Moved:
        ends = [i]
        while len(ends) <= node.most and (char := run.char(ends[-1])) and test(char):
            ends.append(ends[-1] + 1 + (char > "\uffff"))
        if len(ends) <= node.least:
            return None
        if not node.mode:
            run.stack.extend((then, end) for end in ends[node.least : -1])
        return then, ends[-1]

    return step


def _composed(test: Callable[[str], bool], then: int) -> _Step:
    def step(run: _Run, i: int) -> _Moved:
        char = run.char(i)
        if not char:
            return None
        end = run.ask(run.machine.cluster, i) or i + 1
        first = i + 1 + (char > "\uffff")
        if end <= first:
            return (then, end) if test(char) else None
        ends = []
        while end > first:
            whole = unicodedata.normalize("NFC", _joined(run.units[i:end]))
            if len(whole) == 1 and test(whole):
                ends.append(end)
            end -= 2 if _is_low(run.units[end - 1]) and end - 2 >= i and not _is_low(run.units[end - 2]) else 1
        run.stack.extend((then, one) for one in reversed(ends[1:]))
        return (then, ends[0]) if ends else None

    return step


def _cluster(then: int) -> _Step:
    def step(run: _Run, i: int) -> _Moved:
        end = run.ask(run.machine.cluster, i) if i < len(run.units) else None
        return None if end is None else (then, end)

    return step


def _place(pattern: regex.Pattern[str], then: int) -> _Step:
    return lambda run, i: None if run.ask(pattern, i) is None else (then, i)


def _refer(group: int, fold: Callable[[str], str], then: int) -> _Step:
    def step(run: _Run, i: int) -> _Moved:
        begin, end = run.spans[group]
        size = end - begin
        if begin < 0 or i + size > len(run.units):
            return None
        left, right = _joined(run.units[i : i + size]), _joined(run.units[begin:end])
        return (then, i + size) if [*map(fold, left)] == [*map(fold, right)] else None

    return step


def _open(group: int, then: int) -> _Step:
    def step(run: _Run, i: int) -> _Moved:
        run.keep(run.opened, group, i)
        return then, i

    return step


def _close(group: int, then: int) -> _Step:
    def step(run: _Run, i: int) -> _Moved:
        run.keep(run.spans, group, (run.opened[group], i))
        return then, i

    return step


def _fork(begins: list[int]) -> _Step:
    def step(run: _Run, i: int) -> _Moved:
        run.stack.extend((begin, i) for begin in begins[:0:-1])
        return begins[0], i

    return step


def _begin(loop: int, then: int) -> _Step:
    def step(run: _Run, i: int) -> _Moved:
        run.keep(run.loops, loop, (0, -1))
        return then, i

    return step


def _enter(loop: int, then: int) -> _Step:
    def step(run: _Run, i: int) -> _Moved:
        run.keep(run.loops, loop, (run.loops[loop][0] + 1, i))
        return then, i

    return step


def _loop(loop: int, node: nodes.Repeat, enter: int, leave: int) -> _Step:
    def step(run: _Run, i: int) -> _Moved:
        count, before = run.loops[loop]
        if before == i or (count >= node.least and count >= node.most):
            return leave, i
        if count < node.least:
            return enter, i
        first, second = (leave, enter) if node.mode else (enter, leave)
        run.stack.append((second, i))
        return first, i

    return step


def _again(loop: int, least: int, then: int) -> _Step:
    """Go on only where something was found, or had to be."""
    return lambda run, i: (then, i) if run.loops[loop][1] != i or run.loops[loop][0] <= least else None


def _alone(begin: int, then: int) -> _Step:
    def step(run: _Run, i: int) -> _Moved:
        ended = run.alone(begin, i)
        return None if ended is None else (then, ended)

    return step


def _ahead(negated: bool) -> Callable[[int, int], _Step]:
    def make(begin: int, then: int) -> _Step:
        return lambda run, i: (then, i) if (run.alone(begin, i) is None) is negated else None

    return make


def _behind(node: nodes.Look) -> Callable[[int, int], _Step]:
    """What is behind ends here; Java tries the nearest beginning first."""
    reach = nodes.reach_of(node.node)
    least, most = reach.least, reach.most

    def make(begin: int, then: int) -> _Step:
        def step(run: _Run, i: int) -> _Moved:
            last = run.before(i, most) if node.wide and most >= 0 else max(nodes.as_int(i - most), 0)
            at = run.before(i, least) if node.wide else i - least
            while at >= last and run.alone(begin, at, i) is None:
                at = run.before(at, 1) if node.wide and at > last else at - 1
            return (then, i) if (at < last) is node.negated else None

        return step

    return make


# characters


def _test_of(members: str) -> Callable[[str], bool]:
    compiled = regex.compile(members, regex.V1)
    known: dict[str, bool] = {}

    def is_member(char: str) -> bool:
        found = known.get(char)
        if found is None:
            found = known[char] = compiled.fullmatch(char) is not None
        return found

    return is_member


def units_of(text: str) -> str:
    """Return a text in which a character of two UTF-16 units is its two halves.

    >>> len(units_of("\U0001f600"))
    2
    """
    if not text or max(text) <= "\uffff":
        return text
    return "".join(
        char if char <= "\uffff" else chr(0xD7C0 + (ord(char) >> 10)) + chr(0xDC00 | ord(char) & 0x3FF) for char in text
    )


def _joined(units: str) -> str:
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _is_low(unit: str) -> bool:
    return "\udc00" <= unit <= "\udfff"


_FOLDS: dict[str, Callable[[str], str]] = {
    "": lambda char: char,
    "i": lambda char: char.lower() if char.isascii() else char,
    "iu": folded,
}
"""What equal characters have in common, by the flags of a back reference."""
