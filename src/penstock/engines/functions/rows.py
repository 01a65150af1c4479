"""Shared functions over rows of plain values: how rows travel as Arrow arrays, and what is remembered of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pyarrow as pa

from penstock.engines.functions.table import Shared
from penstock.plan.ports import Ask

Row = tuple[Any, ...]

ARROW: dict[str, pa.DataType] = {
    "text": pa.string(),
    "value": pa.string(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "datetime": pa.struct([("t", pa.int64()), ("o", pa.int32())]),
    "values": pa.list_(pa.string()),
}
"""The Arrow type of each word of a signature."""
REPEATS = frozenset({"text", "int", "long", "boolean"})
"""Parameters that can be looked up: floats cannot, since -0.0 would find 0.0, nor instants and structures."""
MAX_KNOWN = 2048
"""Results that a function remembers: columns repeat their values, and the functions are pure."""
LONGEST_KNOWN = 200
"""The longest text that is looked up; whole records would fill the memory."""


def over_row(shared: Shared, ask: Ask) -> Callable[[Row], Any]:
    """Return a shared function that takes a row as Arrow gives it, and gives what Arrow takes; a null in it gives null.
    *ask* asks databases, for one that does so.

    The function raises PenstockError, as the shared one does.
    """
    instants = [word == "datetime" for word in shared.parameters]
    gives_instant = shared.result == "datetime"
    call = partial(shared.call, ask) if shared.asks else shared.call

    def one(row: Row) -> Any:
        if None in row:
            return None
        given = [(raw["t"], raw["o"]) if is_instant else raw for raw, is_instant in zip(row, instants, strict=True)]
        value = call(*given)
        return {"t": value[0], "o": value[1]} if gives_instant and value is not None else value

    return one


def remembering(shared: Shared, made: Callable[[Row], Any]) -> Callable[[Row], Any]:
    """Return *made*, which computes a shared function over a row, so that it looks up what it has computed, where that is
    safe and the function has no effects."""
    if shared.has_effects or not REPEATS.issuperset(shared.parameters):
        return made
    known: dict[Row, Any] = {}

    def looked_up(row: Row) -> Any:
        if any(isinstance(value, str) and len(value) > LONGEST_KNOWN for value in row):
            return made(row)
        found = known.get(row, known)
        if found is known:
            if len(known) >= MAX_KNOWN:
                known.clear()
            found = known[row] = made(row)
        return found

    return looked_up
