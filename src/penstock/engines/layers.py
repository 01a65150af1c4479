"""A Select as layers: an argument that a guard repeats is computed once, in a SELECT below.

An engine computes a repeated part of a CASE again each time, and texts of nested guards would grow without end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from penstock.plan.exprs import Call, Cast, Conditional, Expr, FieldRef, Literal

Render = Callable[[Expr], str]
ColumnOf = Callable[[str], str]

_MAY_SKIP = frozenset({"and", "or", "COALESCE"})
"""What need not compute all its arguments; one that fails the job must not be computed for them."""


@dataclass(slots=True)
class Layers:
    """The SELECT lists of one Select: *below* from the input upwards, each added to what it reads; then *columns*."""

    below: list[list[str]] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)

    def over(self, relation: str) -> str:
        """Return the whole SELECT over a relation."""
        for added in self.below:
            relation = f"(SELECT *, {', '.join(added)} FROM {relation})"
        return f"SELECT {', '.join(self.columns)} FROM {relation}"


def layered(
    exprs: Sequence[Expr], names: Sequence[str], render: Render, column_of: ColumnOf, once: str | None = None
) -> Layers:
    """Return the layers that compute *exprs* under *names*; *render* and *column_of* write an engine's SQL. A cast in whose
    SQL stands *once* is computed once, however often it is written."""
    builder = _Builder(render, column_of)
    if once is not None:
        texts = Counter(render(cast) for expr in exprs for cast in _always_cast(expr))
        builder.repeated = {text for text, count in texts.items() if count > 1 and once in text}
    for expr, name in zip(exprs, names, strict=True):
        made, _ = builder.rewrite(expr)
        builder.made.columns.append(f"{render(made)} AS {column_of(name)}")
    return builder.made


def _always_cast(expr: Expr) -> Iterator[Cast]:
    """Yield the casts of fields that an expression computes for every record."""
    match expr:
        case Cast():
            if isinstance(expr.arg, FieldRef):
                yield expr
            yield from _always_cast(expr.arg)
        case Call() if expr.function not in _MAY_SKIP:
            for arg in expr.args:
                yield from _always_cast(arg)
        case Conditional():
            yield from _always_cast(expr.branches[0][0])


class _Builder:
    def __init__(self, render: Render, column_of: ColumnOf) -> None:
        self.render = render
        self.column_of = column_of
        self.made = Layers()
        self.known: dict[str, tuple[FieldRef, int]] = {}
        self.repeated: set[str] = set()

    def rewrite(self, expr: Expr) -> tuple[Expr, int]:
        """Return an expression with its repeated arguments taken out, and how many layers it needs below it."""
        match expr:
            case Cast() if (
                self.repeated and isinstance(expr.arg, FieldRef) and (text := self.render(expr)) in self.repeated
            ):
                return self.below(expr, text, 0)
            case Cast():
                arg, depth = self.rewrite(expr.arg)
                return self.without(replace(expr, arg=arg), [(arg, depth)])
            case Call() if expr.args and expr.function not in _MAY_SKIP:
                pairs = [self.rewrite(arg) for arg in expr.args]
                return self.without(replace(expr, args=tuple(arg for arg, _ in pairs)), pairs)
            case Conditional():
                # Only the first condition is always computed.
                (condition, value), *rest = expr.branches
                first, depth = self.rewrite(condition)
                return replace(expr, branches=((first, value), *rest)), depth
            case _:
                return expr, 0

    def without(self, expr: Cast | Call, args: list[tuple[Expr, int]]) -> tuple[Expr, int]:
        placed = []
        for index, (arg, depth) in enumerate(args):
            if isinstance(arg, FieldRef | Literal) or not self.repeats(expr, index):
                placed.append((arg, depth))
            else:
                placed.append(self.below(arg, self.render(arg), depth))
        new = tuple(arg for arg, _ in placed)
        deepest = max(depth for _, depth in placed)
        return (replace(expr, arg=new[0]) if isinstance(expr, Cast) else replace(expr, args=new)), deepest

    def repeats(self, expr: Cast | Call, index: int) -> bool:
        """Tell whether the SQL of an expression mentions an argument more than once."""
        args = [expr.arg] if isinstance(expr, Cast) else list(expr.args)
        args[index] = probe = FieldRef("~", args[index].dtype, args[index].nullable)
        made = replace(expr, arg=probe) if isinstance(expr, Cast) else replace(expr, args=tuple(args))
        return self.render(made).count(self.column_of("~")) > 1

    def below(self, arg: Expr, text: str, depth: int) -> tuple[FieldRef, int]:
        if text not in self.known:
            while len(self.made.below) <= depth:
                self.made.below.append([])
            # No alias begins with an underscore.
            name = f"_{len(self.known)}"
            self.made.below[depth].append(f"{text} AS {self.column_of(name)}")
            self.known[text] = FieldRef(name, arg.dtype, arg.nullable), depth + 1
        return self.known[text]
