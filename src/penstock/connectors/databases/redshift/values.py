"""Staged values, which all are texts, as the columns of Redshift hold them: the SQL of each, and of whether it fits."""

from __future__ import annotations

from dataclasses import dataclass

from penstock.connectors.databases.targets import Column, Family
from penstock.errors import PermanentError
from penstock.plan.dtypes import Kind

_TRIED = frozenset({
    "smallint", "integer", "bigint", "numeric", "real", "double precision", "date", "timestamp without time zone",
    "timestamp with time zone", "time without time zone", "time with time zone",
})  # fmt: skip
"""What Redshift's TRY_CAST makes of a text."""


@dataclass(frozen=True, slots=True)
class Value:
    """What is written into a column from one of texts (`trying.Tried`), whose name is the *source*."""

    column: Column
    kind: Kind
    source: str

    @property
    def name(self) -> str:
        """The column of texts in statements."""
        return self.source

    @property
    def can_fail(self) -> bool:
        """Whether there are values that do not fit: an instant fits what holds times, a boolean one of its own kind, and no
        text is staged that is too long for the longest column."""
        if self.column.family is Family.TEXT:
            return self._length < LONGEST
        return self.kind is not Kind.DATETIME and self.column.family is not Family.BOOLEAN

    def sql(self, *, safe: bool = False) -> str:
        """Return the SQL of the value; where it is *safe*, null stands for one that does not fit.

        >>> Value(Column("n", "numeric(9,2)", Family.DECIMAL), Kind.CHARARRAY, "c0").sql(safe=True)
        "TRY_CAST(CASE WHEN BTRIM(c0) <> '' THEN c0 END AS numeric(9,2))"
        """
        name, type = self.name, self.column.type
        if self.column.family is Family.TEXT:
            return f"CASE WHEN {self._fits} THEN {name} END" if safe else name
        if self.column.family is Family.BOOLEAN:
            return f"CASE {name} WHEN 'true' THEN true WHEN 'false' THEN false END"
        if self.kind is Kind.DATETIME and type == "date":
            return f"CAST(CAST({name} AS timestamp) AS date)"
        if not safe:
            return f"CAST({name} AS {type})"
        # TRY_CAST does not take a blank text, and fails.
        return f"TRY_CAST(CASE WHEN BTRIM({name}) <> '' THEN {name} END AS {type})"

    def check(self) -> None:
        """Raise PermanentError where Redshift does not tell which texts fit."""
        word = self.column.type.partition("(")[0]
        is_known = self.column.family is Family.TEXT or word in _TRIED
        if not is_known and not (self.kind is Kind.BOOLEAN and self.column.family is Family.BOOLEAN):
            raise PermanentError(
                f"Redshift does not tell which texts are a {self.column.type}, so that 'on_bad_value' other than fail is not "
                f"for the column '{self.column.name}'. Cast the field in a Select, or take fail."
            )

    @property
    def _length(self) -> int:
        """How many bytes a column of texts holds."""
        digits = self.column.type.partition("(")[2].removesuffix(")")
        return int(digits) if digits else LONGEST

    @property
    def _fits(self) -> str:
        """Blanks at the end are cut off without a word, as everywhere; a fixed length is one of letters of one byte."""
        fits = f"OCTET_LENGTH(RTRIM({self.name}, ' ')) <= {self._length}"
        return (
            f"{fits} AND OCTET_LENGTH({self.name}) = LENGTH({self.name})" if "varying" not in self.column.type else fits
        )


LONGEST = 65_535
"""Bytes of the longest text."""
