"""Typed expressions: what the checker hands to an engine. All values, never changed in place.

Every widening and every mixed comparison is already an explicit `Cast` here, so an engine never guesses types.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from penstock.plan.dtypes import BYTEARRAY, DType
from penstock.plan.values import Value


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant; *value* None is null."""

    value: Value | None
    dtype: DType = BYTEARRAY

    @property
    def nullable(self) -> bool:
        """True for null only."""
        return self.value is None


@dataclass(frozen=True, slots=True)
class FieldRef:
    """A field of the input record. Inside a Join, *side* is `left` or `right`."""

    name: str
    dtype: DType
    nullable: bool = True
    side: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A function or operator applied to arguments. *function* is a key of the function table: an expression function
    by its own name (`SUBSTRING`), an operator by one of the words of `OPERATORS`."""

    function: str
    args: tuple[Expr, ...]
    dtype: DType
    nullable: bool = True


@dataclass(frozen=True, slots=True)
class Cast:
    """A conversion with the value rules of dataflow reference 4.4 (what cannot convert is null; text that is no
    datetime fails the job)."""

    arg: Expr
    dtype: DType
    nullable: bool = True


@dataclass(frozen=True, slots=True)
class Conditional:
    """`CASE WHEN` and `?:`. A condition that is null and reached before a true one makes the whole null (4.2)."""

    branches: tuple[tuple[Expr, Expr], ...]
    otherwise: Expr
    dtype: DType
    nullable: bool = True


Expr = Literal | FieldRef | Call | Cast | Conditional


def parts_of(expr: Expr) -> tuple[Expr, ...]:
    """Return the expressions that stand right inside one, as they are written."""
    match expr:
        case Cast():
            return (expr.arg,)
        case Call():
            return expr.args
        case Conditional():
            return (*(part for branch in expr.branches for part in branch), expr.otherwise)
        case _:
            return ()


def walk(expr: Expr) -> Iterator[Expr]:
    """Yield an expression and all that stand in it."""
    yield expr
    for part in parts_of(expr):
        yield from walk(part)


OPERATORS: dict[str, str] = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "modulo": "%",
    "negate": "-",
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "matches": "matches",
    "is_null": "is null",
    "is_not_null": "is not null",
    "and": "AND",
    "or": "OR",
    "not": "NOT",
    "map_get": "#",
    "tuple_get": ".",
    "tuple_project": ".",
    "bag_project": ".",
}
"""The words under which `Call` names an operator, and how it is written. Both sides of arithmetic and of a comparison
have one type. `tuple_get` takes the tuple and an int literal (position from 0); `bag_project` takes the bag and one or
more int literals; `map_get` the map and a text. `IN` arrives as `or` of `eq`."""
