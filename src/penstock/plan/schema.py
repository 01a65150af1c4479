"""An ordered list of named, typed fields: the shape of the records at one place in a flow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from penstock.plan.dtypes import DType


@dataclass(frozen=True, slots=True)
class Field:
    """A named, typed value in a record. *nullable* False is a promise: an engine may leave null guards out."""

    name: str
    dtype: DType
    nullable: bool = True

    def __str__(self) -> str:
        return f"{self.name}: {self.dtype}{'?' if self.nullable else ''}"


@dataclass(frozen=True, slots=True)
class Schema:
    """The fields of a record, in order; names differ."""

    fields: tuple[Field, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in order."""
        return tuple(field.name for field in self.fields)

    def find(self, name: str) -> Field | None:
        """Return the field of that name, or None. Names are case sensitive."""
        return next((field for field in self.fields if field.name == name), None)

    def __contains__(self, name: object) -> bool:
        return any(field.name == name for field in self.fields)

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    def __str__(self) -> str:
        return ", ".join(str(field) for field in self.fields)
