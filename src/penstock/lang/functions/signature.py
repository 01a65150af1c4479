"""The declaration of a function: parameters, result, null rule, help, example."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from penstock.plan import dtypes
from penstock.plan.dtypes import DType, Kind


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
    """One way to call a function."""

    parameters: tuple[Parameter, ...]
    result: Result

    @property
    def least(self) -> int:
        """How many arguments are needed."""
        return sum(1 for parameter in self.parameters if not parameter.optional)

    @property
    def most(self) -> int | None:
        """How many arguments are taken; None is any number."""
        return None if self.parameters and self.parameters[-1].repeated else len(self.parameters)

    def parameter(self, index: int) -> Parameter:
        """Return the parameter that takes argument *index*."""
        return self.parameters[min(index, len(self.parameters) - 1)]

    def __str__(self) -> str:
        return ", ".join(str(parameter) for parameter in self.parameters)


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
    "tuple of text": DType(Kind.TUPLE, value=dtypes.CHARARRAY),
    "bag of text": DType(Kind.BAG, members=(dtypes.Member(dtypes.CHARARRAY),)),
    "bag": dtypes.BAG,
    "first": "first",
    "widest": "widest",
}


def signature(parameters: str, result: Result) -> Signature:
    """Return a signature from words: `text int int?` (optional), `text text*` (repeated), and a result word or rule.

    >>> str(signature("text int?", "text"))
    'text, [int]'
    """
    made = tuple(
        Parameter(word.rstrip("?*"), optional=word.endswith(("?", "*")), repeated=word.endswith("*"))
        for word in parameters.split()
    )
    return Signature(made, _RESULTS[result] if isinstance(result, str) else result)


def function(
    name: str,
    family: str,
    signatures: str | tuple[Signature, ...],
    text: str,
    example: str,
    gives: str,
    nulls: Nulls = Nulls.STRICT,
    volatile: bool = False,
) -> Function:
    """Return a table row. *signatures* is written `text int -> text`, several ones joined by ` | `."""
    if isinstance(signatures, str):
        pairs = (part.split("->") for part in signatures.split("|"))
        signatures = tuple(signature(given.strip(), result.strip()) for given, result in pairs)
    return Function(name, family, signatures, text, example, gives, nulls, volatile)
