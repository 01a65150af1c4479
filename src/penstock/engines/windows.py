"""Windows as SQL (function reference 12): what engines have in common. Where SQL's own function differs from the old engine's
(`percent_rank`, `cume_dist`, `ntile`, the first value of a frame), it is made of those that do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from penstock.plan.dtypes import DType, Kind
from penstock.plan.exprs import Literal
from penstock.plan.operators import Frame, Measure, Window, WindowFunction
from penstock.plan.schema import Field, Schema

_AGGREGATES = ("count", "sum", "average", "minimum", "maximum")
_FRAMED = (*_AGGREGATES, "first_value", "last_value")
_OF_PARTITION = ("percent_rank", "cume_dist", "ntile")


@dataclass(frozen=True, slots=True)
class WindowForms:
    """What an engine says in its own way. *measure* is an aggregate with what stands behind each call of one, *divide* a
    division of whole numbers."""

    column_of: Callable[[str], str]
    measure: Callable[[Measure, Schema, str], str]
    literal: Callable[[Literal], str]
    divide: Callable[[str, str], str]
    sql_types: dict[Kind, str]
    needs_order: bool = False
    """True where numbers and shifts want an ORDER BY even if any order will do."""

    def select(self, operator: Window, relation: str, partition: str, order: str) -> str:
        """Return the SELECT of a window over a relation; *partition* and *order* are its terms, empty without any."""
        parts = f"PARTITION BY {partition}" if partition else ""
        order = order or ("1" if self.needs_order else "")
        ordered = f"{parts} ORDER BY {order}".strip() if order else parts
        named = {"w": ordered, "f": f"{ordered} {_rows(operator.frame)}".strip(), "p": parts}
        made = operator.schema.fields[-len(operator.functions) :]
        pairs = zip(operator.functions, made, strict=True)
        columns = [f"{self.call(one, operator, field)} AS {self.column_of(field.name)}" for one, field in pairs]
        words = {one.function for one in operator.functions}
        first_by_lag = operator.frame.start is not None and "first_value" in words
        used = {
            "w": first_by_lag or bool(words - set(_FRAMED)),
            "f": bool(words & (set(_FRAMED) - ({"first_value"} if first_by_lag else set()))),
            "p": bool(words & set(_OF_PARTITION)),
        }
        windows = ", ".join(f"{name} AS ({said})" for name, said in named.items() if used[name])
        return f"SELECT *, {', '.join(columns)} FROM {relation} WINDOW {windows}"

    def call(self, function: WindowFunction, operator: Window, made: Field) -> str:
        """Return one function."""
        given = operator.given.schema
        word = function.function
        if word in _AGGREGATES:
            return self.measure(Measure(word, function.field), given, " OVER f")
        if function.field is None:
            return self._number(word, function.size, made.dtype)
        column = self.column_of(function.field)
        if word == "last_value":
            return f"last_value({column}) OVER f"
        if word == "first_value":
            if operator.frame.start is None:
                return f"first_value({column}) OVER f"
            # Null where the frame begins before the partition.
            return f"lag({column}, {operator.frame.start}) OVER w"
        default = function.default
        last = "" if default is None or default.value is None else f", {self.literal(default)}"
        return f"{word}({column}, {function.size}{last}) OVER w"

    def _number(self, word: str, size: int, dtype: DType) -> str:
        count = "count(*) OVER p"
        match word:
            case "percent_rank":
                rank = "CAST(rank() OVER w - 1 AS DOUBLE)"
                return f"CASE WHEN {count} = 1 THEN CAST('NaN' AS DOUBLE) ELSE {rank} / ({count} - 1) END"
            case "cume_dist":
                return f"CAST(rank() OVER w AS DOUBLE) / {count}"
            case "ntile":
                before = "CAST(row_number() OVER w - 1 AS BIGINT)"
                bucket = self.divide(f"{before} * {size}", count)
                number = f"CASE WHEN {count} <= {size} THEN {before} ELSE {bucket} END + 1"
                return f"CAST({number} AS {self.sql_types[dtype.kind]})"
            case _:
                return f"CAST({word}() OVER w AS {self.sql_types[dtype.kind]})"


def _rows(frame: Frame) -> str:
    start = "UNBOUNDED PRECEDING" if frame.start is None else f"{frame.start} PRECEDING"
    end = "UNBOUNDED FOLLOWING" if frame.end is None else f"{frame.end} FOLLOWING"
    return f"ROWS BETWEEN {start if frame.start != 0 else 'CURRENT ROW'} AND {end if frame.end != 0 else 'CURRENT ROW'}"
