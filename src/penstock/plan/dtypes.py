"""The types of the package language (dataflow reference 3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The outer shape of a type, in the words of expressions."""

    BOOLEAN = "boolean"
    INT = "int"
    LONG = "long"
    FLOAT = "float"
    DOUBLE = "double"
    CHARARRAY = "chararray"
    DATETIME = "datetime"
    BYTEARRAY = "bytearray"
    """No type known before the value is there: what a map holds, a bare null, a binary field."""
    MAP = "map"
    BAG = "bag"
    TUPLE = "tuple"


@dataclass(frozen=True, slots=True)
class Member:
    """One position of a tuple: its type, and its name where it has one."""

    dtype: DType
    name: str | None = None


@dataclass(frozen=True, slots=True)
class DType:
    """A type. *members* are the positions of a tuple, or of each tuple in a bag (None: not known before it runs);
    *value* is the type of a map's values, or of every position of a tuple whose length is not known (None: they differ)."""

    kind: Kind
    members: tuple[Member, ...] | None = None
    value: DType | None = None

    @property
    def is_number(self) -> bool:
        """True for int, long, float and double."""
        return self.kind in NUMERIC_ORDER

    @property
    def is_complex(self) -> bool:
        """True for map, bag and tuple."""
        return self.kind in (Kind.MAP, Kind.BAG, Kind.TUPLE)

    def __str__(self) -> str:
        if self.kind in (Kind.TUPLE, Kind.BAG) and self.members is not None:
            inner = ", ".join(f"{m.name}: {m.dtype}" if m.name else str(m.dtype) for m in self.members)
            return f"{self.kind.value}({inner})"
        if self.kind is Kind.MAP and self.value is not None:
            return f"map[{self.value}]"
        return self.kind.value


BOOLEAN = DType(Kind.BOOLEAN)
INT = DType(Kind.INT)
LONG = DType(Kind.LONG)
FLOAT = DType(Kind.FLOAT)
DOUBLE = DType(Kind.DOUBLE)
CHARARRAY = DType(Kind.CHARARRAY)
DATETIME = DType(Kind.DATETIME)
BYTEARRAY = DType(Kind.BYTEARRAY)
MAP = DType(Kind.MAP)
BAG = DType(Kind.BAG)
TUPLE = DType(Kind.TUPLE)

NUMERIC_ORDER = (Kind.INT, Kind.LONG, Kind.FLOAT, Kind.DOUBLE)
"""Numbers from narrow to wide: the wider operand wins."""

SCHEMA_WORDS: dict[str, DType] = {
    "string": CHARARRAY,
    "int": INT,
    "integer": INT,
    "long": LONG,
    "float": FLOAT,
    "double": DOUBLE,
    "boolean": BOOLEAN,
    "datetime": DATETIME,
    "json": MAP,
    "json_array": BAG,
    "json array": BAG,
    "binary": BYTEARRAY,
    "bytearray": BYTEARRAY,
}
"""The words of source schemas (component reference 2.3) and the types they mean."""


def widest(left: DType, right: DType) -> DType:
    """Return the wider of two number types.

    >>> str(widest(INT, FLOAT))
    'float'
    """
    order = NUMERIC_ORDER.index
    return left if order(left.kind) >= order(right.kind) else right
