"""Staged values, which all are texts, as the columns of Snowflake hold them: the SQL of each, and of whether it fits."""

from __future__ import annotations

from dataclasses import dataclass

from penstock.connectors.databases.snowflake.session import quoted
from penstock.connectors.databases.targets import Column, Family
from penstock.plan.dtypes import Kind

_TIME = "YYYY-MM-DD HH24:MI:SS.FF6"
_CALLS = {"GEOGRAPHY": "TRY_TO_GEOGRAPHY", "GEOMETRY": "TRY_TO_GEOMETRY"}
"""What no TRY_CAST makes of a text."""


def value(given: str, column: Column, kind: Kind) -> str:
    """Return the SQL of a value that comes as text: an instant in UTC, JSON as such, all else as the column reads it."""
    if kind is Kind.DATETIME:
        if column.type in ("TIMESTAMP_TZ", "TIMESTAMP_LTZ"):
            return f"TO_{column.type}({given} || ' +00:00', '{_TIME} TZH:TZM')"
        made = f"TO_TIMESTAMP_NTZ({given}, '{_TIME}')"
        return f"CAST({made} AS DATE)" if column.type == "DATE" else made
    if column.family is Family.JSON:
        made = f"PARSE_JSON({given})"
        return made if column.type == "VARIANT" else f"TO_{column.type}({made})"
    return f"TO_BINARY({given}, 'UTF-8')" if column.family is Family.BYTES else given


@dataclass(frozen=True, slots=True)
class Value:
    """What is written into a column from one of texts (`trying.Tried`), whose name is the *source*."""

    column: Column
    kind: Kind
    source: str

    @property
    def name(self) -> str:
        """The column of texts in statements."""
        return quoted(self.source)

    @property
    def can_fail(self) -> bool:
        """Whether there are values that do not fit: an instant fits what holds times, a text one without a length."""
        return self.kind is not Kind.DATETIME and self._safe != self.sql()

    def sql(self, *, safe: bool = False) -> str:
        """Return the SQL of the value; where it is *safe*, null stands for one that does not fit.

        >>> Value(Column("n", "NUMBER(9,0)", Family.WHOLE), Kind.CHARARRAY, "n").sql(safe=True)
        'TRY_CAST("n" AS NUMBER(9,0))'
        """
        return self._safe if safe else value(self.name, self.column, self.kind)

    @property
    def _safe(self) -> str:
        name, (word, _, digits) = self.name, self.column.type.partition("(")
        match self.column.family:
            case Family.TEXT | Family.BYTES:
                made = value(name, self.column, self.kind)
                measure = "LENGTH" if self.column.family is Family.TEXT else "OCTET_LENGTH"
                return f"IFF({measure}({name}) <= {digits[:-1]}, {made}, NULL)" if digits else made
            case Family.JSON:
                made = f"TRY_PARSE_JSON({name})"
                if word == "OBJECT":
                    return f"IFF(IS_OBJECT({made}), TO_OBJECT({made}), NULL)"
                return made if word == "VARIANT" else f"TO_{word}({made})"
            case Family.REAL:
                return f"TRY_CAST({name} AS DOUBLE)"
        return f"{_CALLS[word]}({name})" if word in _CALLS else f"TRY_CAST({name} AS {self.column.type})"
