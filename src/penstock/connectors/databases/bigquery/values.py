"""Staged values as the columns of BigQuery hold them: the SQL of each, and of whether it fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from penstock.connectors.databases.bigquery.session import quoted
from penstock.connectors.databases.targets import Column, Item
from penstock.plan.dtypes import Kind

STAGED = {
    Kind.BOOLEAN: "BOOL", Kind.INT: "INT64", Kind.LONG: "INT64", Kind.FLOAT: "FLOAT64", Kind.DOUBLE: "FLOAT64",
    Kind.DATETIME: "TIMESTAMP",
}  # fmt: skip
"""What staged values are in Parquet; all others are texts."""
_ALWAYS = frozenset({
    ("TIMESTAMP", "DATE"), ("TIMESTAMP", "DATETIME"), ("INT64", "FLOAT64"), ("INT64", "NUMERIC"), ("INT64", "BIGNUMERIC"),
    ("INT64", "STRING"), ("BOOL", "STRING"), ("STRING", "BYTES"),
})  # fmt: skip
"""Pairs of which every value of the first is one of the second."""
_CALLS = {"JSON": "PARSE_JSON", "GEOGRAPHY": "ST_GEOGFROM"}
"""What no CAST makes of a text."""


@dataclass(frozen=True, slots=True)
class Value:
    """What is written into a column, and whether there are values that do not fit it."""

    column: Column
    kind: Kind

    @property
    def name(self) -> str:
        """The column in statements, and that of the staged one as well."""
        return quoted(self.column.name)

    @property
    def can_fail(self) -> bool:
        """Whether there are values that do not fit."""
        staged, digits = STAGED.get(self.kind, "STRING"), self.column.type.partition("(")[1]
        return bool(digits) or (staged != self.column.type and (staged, self.column.type) not in _ALWAYS)

    def sql(self, *, safe: bool = False) -> str:
        """Return the SQL of the value; where it is *safe*, null stands for one that does not fit.

        >>> from penstock.connectors.databases.targets import Family
        >>> Value(Column("at", "DATE", Family.TIME), Kind.DATETIME).sql()
        'CAST(`at` AS DATE)'
        """
        word, _, digits = self.column.type.partition("(")
        if word in ("STRING", "BYTES") and digits and STAGED.get(self.kind, word) in ("STRING", "BYTES"):
            made = self.name if word == "STRING" else f"CAST({self.name} AS BYTES)"
            return f"IF(LENGTH({made}) <= {digits[:-1]}, {made}, NULL)" if safe else made
        if STAGED.get(self.kind, "STRING") == self.column.type:
            return self.name
        if word in _CALLS:
            return f"{'SAFE.' * safe}{_CALLS[word]}({self.name})"
        return f"{'SAFE_' * safe}CAST({self.name} AS {self.column.type})"


def values_of(columns: Sequence[Column], items: Sequence[Item]) -> list[Value]:
    """Return what is written into the columns of some items."""
    known = {one.name: one for one in columns}
    return [Value(known[one.column], one.kind) for one in items]
