"""The declaration of a function: parameters, result, null rule, help, example."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from penstock.plan import dtypes
from penstock.plan.dtypes import DType, Kind
from penstock.plan.exprs import Expr


class Nulls(StrEnum):
    """When a function gives null: `strict` for a null argument only, `maybe` in other cases too, `never`."""

    STRICT = "strict"
    MAYBE = "maybe"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: *accepts* is a word of `ACCEPTS`; *optional* ones stand at the end; *repeated* only the last."""

    accepts: str
    optional: bool = False
    repeated: bool = False

    def __str__(self) -> str:
        word = f"{self.accepts}…" if self.repeated else self.accepts
        return f"[{word}]" if self.optional else word


Result = DType | str | Callable[[tuple[DType, ...]], DType]
"""A type, `first` (that of the first argument), `widest` (the common type of all), or a rule on the argument types."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One way to call a function. *group* are parameters that stand once or more, in turn, before *last*."""

    parameters: tuple[Parameter, ...]
    result: Result
    group: tuple[Parameter, ...] = ()
    last: tuple[Parameter, ...] = ()

    @property
    def least(self) -> int:
        """How many arguments are needed."""
        needed = sum(1 for parameter in self.parameters if not parameter.optional)
        return needed + len(self.group) + len(self.last)

    @property
    def most(self) -> int | None:
        """How many arguments are taken; None is any number."""
        if self.group or (self.parameters and self.parameters[-1].repeated):
            return None
        return len(self.parameters)

    def takes(self, count: int) -> bool:
        """Tell whether a call may have *count* arguments."""
        if self.group:
            return count >= self.least and (count - self.least) % len(self.group) == 0
        return self.least <= count and (self.most is None or count <= self.most)

    def parameter(self, index: int, count: int = 0) -> Parameter:
        """Return the parameter that takes argument *index* of *count*."""
        if not self.group or index < len(self.parameters):
            return self.parameters[min(index, len(self.parameters) - 1)]
        if index >= count - len(self.last):
            return self.last[index - count + len(self.last)]
        return self.group[(index - len(self.parameters)) % len(self.group)]

    @property
    def words(self) -> list[str]:
        """Return the parameters as they are shown; a group is one of them."""
        group = [f"({', '.join(map(str, self.group))})…"] if self.group else []
        return [*map(str, self.parameters), *group, *map(str, self.last)]

    def __str__(self) -> str:
        return ", ".join(self.words)


@dataclass(frozen=True, slots=True)
class Wrong:
    """What a rule finds about argument *index*."""

    index: int
    message: str


Rule = Callable[[tuple[Expr, ...]], Wrong | None]
"""What types cannot say about the arguments: a number in a range, the types inside a bag. Never about values of fields."""


@dataclass(frozen=True, slots=True)
class Function:
    """A row of the function table. *example* is an expression over constants and *gives* its value as an expression."""

    name: str
    family: str
    signatures: tuple[Signature, ...]
    help: str
    example: str
    gives: str
    nulls: Nulls = Nulls.STRICT
    volatile: bool = False
    notes: str = field(default="")
    rule: Rule | None = None


ACCEPTS: dict[str, tuple[Kind, ...]] = {
    "text": (Kind.CHARARRAY,),
    "int": (Kind.INT,),
    "long": (Kind.LONG,),
    "float": (Kind.FLOAT,),
    "double": (Kind.DOUBLE,),
    "boolean": (Kind.BOOLEAN,),
    "datetime": (Kind.DATETIME,),
    "bag": (Kind.BAG,),
    "map": (Kind.MAP,),
    "tuple": (Kind.TUPLE,),
    "number": (Kind.INT, Kind.LONG, Kind.FLOAT, Kind.DOUBLE),
    "untyped": (Kind.BYTEARRAY,),
    "any": tuple(Kind),
    "scalar": tuple(kind for kind in Kind if kind is not Kind.BAG),
}
"""The words of parameters and the kinds they take as they are; narrower numbers are widened, byte arrays are cast. Of
several signatures the first that takes an argument without widening is meant, so the first one gets the byte arrays."""

_RESULTS: dict[str, Result] = {
    "text": dtypes.CHARARRAY,
    "int": dtypes.INT,
    "long": dtypes.LONG,
    "float": dtypes.FLOAT,
    "double": dtypes.DOUBLE,
    "boolean": dtypes.BOOLEAN,
    "datetime": dtypes.DATETIME,
    "map of text": DType(Kind.MAP, value=dtypes.CHARARRAY),
    "tuple of text": DType(Kind.TUPLE, value=dtypes.CHARARRAY),
    "bag of text": DType(Kind.BAG, members=(dtypes.Member(dtypes.CHARARRAY),)),
    "bag": dtypes.BAG,
    "first": "first",
    "widest": "widest",
}


_GROUP = re.compile(r"\(([^)]*)\)\*")


def signature(parameters: str, result: Result) -> Signature:
    """Return a signature from words: `text int int?` (optional), `text text*` (repeated), `any (any text)* text` (a group
    that stands once or more), and a result word or rule.

    >>> str(signature("text int?", "text")), str(signature("any (any text)* text", "text"))
    ('text, [int]', 'any, (any, text)…, text')
    """
    before, *rest = _GROUP.split(parameters)
    made = tuple(
        Parameter(word.rstrip("?*"), optional=word.endswith(("?", "*")), repeated=word.endswith("*"))
        for word in before.split()
    )
    group, last = (tuple(map(Parameter, part.split())) for part in rest or ("", ""))
    return Signature(made, _RESULTS[result] if isinstance(result, str) else result, group, last)


def function(
    name: str,
    family: str,
    signatures: str | tuple[Signature, ...],
    text: str,
    example: str,
    gives: str,
    nulls: Nulls = Nulls.STRICT,
    volatile: bool = False,
    rule: Rule | None = None,
) -> Function:
    """Return a table row. *signatures* is written `text int -> text`, several ones joined by ` | `."""
    if isinstance(signatures, str):
        pairs = (part.split("->") for part in signatures.split("|"))
        signatures = tuple(signature(given.strip(), result.strip()) for given, result in pairs)
    return Function(name, family, signatures, text, example, gives, nulls, volatile, rule=rule)
