"""Values as Java shows them by `toString`, where the old engine made a text of one in passing."""

from __future__ import annotations

from collections.abc import Iterable

from penstock.engines.functions import structures
from penstock.plan.dtypes import Kind
from penstock.plan.values import Value


def shown(value: Value | None) -> str:
    """Return a value as text: a map is `{k=v, k=v}` in the order of Java's hash table.

    >>> shown(Value(Kind.MAP, {"a": Value(Kind.INT, 1), "b": None}))
    '{a=1, b=null}'
    """
    if value is None:
        return "null"
    match value.kind:
        case Kind.MAP:
            return f"{{{', '.join(f'{key}={shown(value.data[key])}' for key in in_hash_order(value.data))}}}"
        case Kind.TUPLE:
            return _row(value.data)
        case Kind.BAG:
            return f"{{{','.join(map(_row, value.data))}}}"
        case _:
            return structures.value_to_text(value)


def _row(fields: Iterable[Value | None]) -> str:
    return f"({','.join(map(_in_tuple, fields))})"


def _in_tuple(value: Value | None) -> str:
    if value is not None and value.kind is Kind.MAP:
        return f"[{','.join(f'{key}#{_of_map(value.data[key])}' for key in in_hash_order(value.data))}]"
    return "" if value is None else shown(value)


def _of_map(value: Value | None) -> str:
    return "" if value is None else _in_tuple(value)


def in_hash_order(keys: Iterable[str]) -> list[str]:
    """Return keys in the order in which a Java hash table that grew with them gives them; of those in one place of it the
    order in which they came."""
    given = list(keys)
    size = 16
    while len(given) > size * 3 // 4:
        size *= 2
    return sorted(given, key=lambda key: _spread(key) % size)


def _spread(text: str) -> int:
    units = text.encode("utf-16-le", "surrogatepass")
    number = 0
    for at in range(0, len(units), 2):
        number = (31 * number + units[at] + 256 * units[at + 1]) & 0xFFFFFFFF
    return number ^ number >> 16
