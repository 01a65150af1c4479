"""The types of the package language (dataflow reference 3)."""

from __future__ import annotations

from collections.abc import Iterable
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


def common(types: Iterable[DType]) -> DType | None:
    """Return the type that values of several types have in common: numbers widen, what has no type, as null, says nothing
    about the others. None where there is none.

    >>> str(common([BYTEARRAY, INT, LONG])), common([INT, CHARARRAY])
    ('long', None)
    """
    found = BYTEARRAY
    for dtype in types:
        if found.kind is Kind.BYTEARRAY or found == dtype:
            found = dtype
        elif found.is_number and dtype.is_number:
            found = widest(found, dtype)
        elif found.is_complex and found.kind is dtype.kind:
            found = DType(found.kind)
        elif dtype.kind is not Kind.BYTEARRAY:
            return None
    return found


def common_row(rows: Iterable[tuple[Member, ...] | None]) -> tuple[Member, ...] | None:
    """Return the members that tuples have in common, as `common`; None where their lengths or types differ."""
    found: tuple[Member, ...] | None = None
    for row in rows:
        if row is None or (found is not None and len(found) != len(row)):
            return None
        pairs = [(one, one) for one in row] if found is None else zip(found, row, strict=True)
        merged = [(common((left.dtype, right.dtype)), left, right) for left, right in pairs]
        if any(dtype is None for dtype, _, _ in merged):
            return None
        found = tuple(
            Member(dtype, left.name if left.name == right.name else None)
            for dtype, left, right in merged
            if dtype is not None
        )
    return found
