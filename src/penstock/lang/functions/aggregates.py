"""The functions of the Aggregate component (component reference 2.7, function reference 12)."""

from __future__ import annotations

from dataclasses import dataclass

from penstock.plan import dtypes
from penstock.plan.dtypes import DType, Kind, Member

_ORDERED = (*dtypes.NUMERIC_ORDER, Kind.CHARARRAY, Kind.DATETIME)


@dataclass(frozen=True, slots=True)
class AggregateFunction:
    """An aggregate by its wire word; *kinds* are the field types it takes (None: any, () : it takes no field)."""

    name: str
    kinds: tuple[Kind, ...] | None
    help: str
    nullable: bool = True

    def result(self, given: DType | None) -> DType:
        """Return the type of the aggregate over a field of type *given*."""
        if self.name in ("count", "count_all", "count_distinct", "hyperloglog"):
            return dtypes.LONG
        if self.name == "average":
            return dtypes.DOUBLE
        if given is None:
            return dtypes.BYTEARRAY
        if self.name == "sum":
            return dtypes.LONG if given.kind in (Kind.INT, Kind.LONG) else dtypes.DOUBLE
        if self.name == "collect":
            return DType(Kind.BAG, members=(Member(given),))
        return given


AGGREGATES: dict[str, AggregateFunction] = {
    row.name: row
    for row in (
        AggregateFunction("count", None, "Records whose field is not null.", nullable=False),
        AggregateFunction("count_all", (), "All records.", nullable=False),
        AggregateFunction("count_distinct", None, "Different values; null is not counted.", nullable=False),
        AggregateFunction("sum", dtypes.NUMERIC_ORDER, "Long of int and long (wrapping round), double of the others."),
        AggregateFunction("average", dtypes.NUMERIC_ORDER, "The mean as a double."),
        AggregateFunction("minimum", _ORDERED, "The least value; NaN wins over every number."),
        AggregateFunction("maximum", _ORDERED, "The greatest value; NaN wins over every number."),
        AggregateFunction(
            "hyperloglog",
            None,
            "About how many different values; this engine counts exactly.",
            nullable=False,
        ),
        AggregateFunction("collect", None, "A bag of all values, nulls included.", nullable=False),
    )
}
"""Wire word to function. Null forms one group; aggregates ignore nulls but for `count_all` and `collect`."""
