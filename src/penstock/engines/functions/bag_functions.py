"""Functions that make bags, tuples and maps of bags and maps (function reference 9)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from penstock.engines.functions import isodate, java_text, structures
from penstock.engines.functions.order import Row, greatest, identity, order_key, row_key
from penstock.errors import DataError
from penstock.plan.dtypes import Kind
from penstock.plan.values import Value, decode, encode, tagged

Arguments = Callable[[list[str]], str | None]


def rows_of(text: str) -> tuple[Row, ...]:
    """Return the tuples of a bag in canonical text."""
    found = decode(text)
    return () if found is None else found.data


def bag(rows: Iterable[Row]) -> Value:
    """Return tuples as a bag."""
    return Value(Kind.BAG, tuple(rows))


def over_values(call: Callable[..., Value | None]) -> Arguments:
    """Return *call* over a list of canonical texts; a null among them gives null."""

    def run(items: list[str]) -> str | None:
        given = list(map(decode, items))
        made = None if None in given else call(*given)
        return None if made is None else encode(made)

    return run


def with_nulls(call: Callable[..., Value | None]) -> Arguments:
    """Return *call* over a list of canonical texts; nulls are handed on as None."""

    def run(items: list[str]) -> str | None:
        made = call(*map(decode, items))
        return None if made is None else encode(made)

    return run


# maps


def key_set(text: str) -> str:
    """`KEYSET`: the keys of a map."""
    return structures.encode_bag(tuple(_map(text)))


def value_list(text: str) -> str:
    """`VALUELIST`: the values of a map, equal ones as often as they stand there."""
    return encode(bag((value,) for value in _map(text).values()))


def value_set(text: str) -> str:
    """`VALUESET`: the values of a map, equal ones once."""
    return encode(bag(distinct((value,) for value in _map(text).values())))


def inverse_map(text: str) -> str:
    """`INVERSEMAP`: each value as text, and the keys that had it. Raises DataError for null, tuples and bags."""
    found: dict[str, list[Row]] = {}
    for key, value in _map(text).items():
        if value is None or value.kind in (Kind.TUPLE, Kind.BAG):
            what = "null" if value is None else f"a {value.kind.value}"
            raise DataError(f"INVERSEMAP makes keys of values, and the value of {key!r} is {what}.")
        found.setdefault(java_text.shown(value), []).append((structures.text_value(key),))
    return encode(Value(Kind.MAP, {key: bag(rows) for key, rows in found.items()}))


def is_empty(text: str) -> bool:
    """`IsEmpty` of a bag or map. Raises DataError for any other value."""
    tag, data = tagged(text)
    if tag not in ("g", "m"):
        found = decode(text)
        raise DataError(f"IsEmpty takes a bag or a map, not {'null' if found is None else found.kind.value}.")
    return not data


def _map(text: str) -> dict[str, Value | None]:
    found = decode(text)
    return {} if found is None else found.data


# bags as sets


def distinct(rows: Iterable[Row]) -> list[Row]:
    """Return rows without those equal to an earlier one."""
    return list({identity(row): row for row in reversed(list(rows))}.values())[::-1]


def difference(left: Value, right: Value) -> Value:
    """`DIFF`: distinct tuples of one bag that the other lacks; of other values both where they differ."""
    if (left.kind is Kind.BAG) is not (right.kind is Kind.BAG):
        raise DataError(f"DIFF compares two bags, or two other values, not {left.kind.value} with {right.kind.value}.")
    if left.kind is not Kind.BAG:
        return bag([] if identity((left,)) == identity((right,)) else [(left,), (right,)])
    mine, others = _by_identity(left.data), _by_identity(right.data)
    only = [row for key, row in mine.items() if key not in others]
    return bag([*only, *(row for key, row in others.items() if key not in mine)])


def subtract(left: Value | None, right: Value | None) -> Value:
    """`SUBTRACT`: distinct tuples of the first bag that the second lacks; null is an empty bag."""
    others = _by_identity(() if right is None else right.data)
    mine = _by_identity(() if left is None else left.data)
    return bag(row for key, row in mine.items() if key not in others)


def union(*bags: Value) -> Value:
    """`SetUnion`: the distinct tuples of all bags."""
    return bag(_by_identity(row for one in bags for row in one.data).values())


def intersect(*bags: Value) -> Value:
    """`SetIntersect`: the distinct tuples that every bag has. Raises DataError for a bag that is not sorted."""
    for one in bags:
        keys = list(map(row_key, one.data))
        if any(before > after for before, after in pairwise(keys)):
            raise DataError(
                "SetIntersect takes sorted bags, and one is not. Sort it before, or use SetUnion and SUBTRACT."
            )
    first, *rest = (_by_identity(one.data) for one in bags)
    return bag(row for key, row in first.items() if all(key in other for other in rest))


def _by_identity(rows: Iterable[Row]) -> dict[Hashable, Row]:
    found: dict[Hashable, Row] = {}
    for row in rows:
        found.setdefault(identity(row), row)
    return found


# rows of bags


def top(count: int, column: int, text: str) -> str:
    """`TOP`: the tuples with the greatest values in a column. Raises DataError for a column that is not there."""
    if count < 0:
        raise DataError(f"TOP cannot keep {count} tuples.")
    rows = list(rows_of(text))
    if column < 0 or any(column >= len(row) for row in rows):
        raise DataError(f"TOP finds no column {column} in a tuple of its bag; columns count from 0.")
    return encode(bag(greatest(rows, count, column)))


def stitch(*bags: Value) -> Value:
    """`Stitch`: row by row; the first bag sets the length, and of a shorter one the fields are missing."""
    rows = []
    for index in range(len(bags[0].data)):
        rows.append(tuple(field for one in bags if index < len(one.data) for field in one.data[index]))
    return bag(rows)


def max_by_first(text: str) -> str | None:
    """`MaxTupleBy1stField`: the first tuple with the greatest first field, which is long; None of an empty bag."""
    best: Row | None = None
    for row in rows_of(text):
        if not row or row[0] is None or row[0].kind is not Kind.LONG:
            what = "missing" if not row else "null" if row[0] is None else row[0].kind.value
            raise DataError(f"MaxTupleBy1stField takes tuples whose first field is long; one is {what}.")
        if best is None or best[0] is None or row[0].data > best[0].data:
            best = row
    return None if best is None else encode(Value(Kind.TUPLE, best))


def extremal(rows: Value, position: Value | None = None, order: Value | None = None) -> Value | None:
    """`ExtremalTupleByNthField`: the first tuple with the greatest or least field; positions count from 1."""
    at = 1 if position is None else position.data
    word = "max" if order is None else order.data.strip().lower()
    if word not in ("min", "max"):
        raise DataError(f"ExtremalTupleByNthField takes 'min' or 'max', not {word!r}.")
    if at < 1 or any(len(row) < at for row in rows.data):
        raise DataError(f"ExtremalTupleByNthField finds no field {at} in a tuple of its bag; fields count from 1.")
    if not rows.data:
        return None
    pick = min if word == "min" else max
    return Value(Kind.TUPLE, pick(rows.data, key=lambda row: order_key(row[at - 1])))


def first(rows: Value | None, default: Value | None) -> Value | None:
    """`FirstTupleFromBag`: the first tuple, or the default of an empty bag; None of null."""
    if rows is None:
        return None
    return Value(Kind.TUPLE, rows.data[0]) if rows.data else default


def or_empty(rows: Value | None) -> Value:
    """`NullToEmptyBag`: the bag, or an empty one in place of null."""
    return bag(()) if rows is None else rows


def append(rows: Value, row: Value) -> Value:
    """`AppendToBag`: the bag with a tuple behind the others."""
    return bag((*rows.data, row.data))


def prepend(rows: Value, row: Value) -> Value:
    """`PrependToBag`: the bag with a tuple before the others."""
    return bag((row.data, *rows.data))


def concat(*bags: Value) -> Value:
    """`BagConcat`: the tuples of all bags."""
    return bag(row for one in bags for row in one.data)


def split(size: int, text: str) -> str:
    """`BagSplit`: bags of at most *size* tuples, each in a tuple of its own."""
    if size < 1:
        raise DataError(f"BagSplit cannot make bags of {size} tuples.")
    rows = rows_of(text)
    return encode(bag((bag(rows[at : at + size]),) for at in range(0, len(rows), size)))


def distinct_by(rows: Value, *columns: Value) -> Value:
    """`DistinctBy`: the first tuple for each different content of some columns, which count from 0."""
    at = [column.data for column in columns]
    found: dict[Hashable, Row] = {}
    for row in rows.data:
        if min(at) < 0 or max(at) >= len(row):
            raise DataError(f"DistinctBy finds no column {max(at)} in a tuple of its bag; columns count from 0.")
        found.setdefault(identity(tuple(row[index] for index in at)), row)
    return bag(found.values())


def enumerate_rows(rows: Value, start: Value | None = None) -> Value:
    """`Enumerate`: each tuple with its number behind it, from 0 or another start."""
    begin = 0 if start is None else start.data
    return bag((*row, Value(Kind.LONG, begin + at)) for at, row in enumerate(rows.data))


def pairs(rows: Value | None) -> Value:
    """`UnorderedPairs`: every two tuples of a bag as one; null is an empty bag."""
    data = () if rows is None else rows.data
    return bag(_pair(data, at, other) for at in range(len(data)) for other in range(at + 1, len(data)))


def markov_pairs(rows: Value, ahead: Value | None = None) -> Value:
    """`MarkovPairs`: each tuple with each of the next ones, as many as it looks ahead."""
    steps, data = 1 if ahead is None else ahead.data, rows.data
    return bag(
        _pair(data, at, other) for at in range(len(data)) for other in range(at + 1, min(at + 1 + steps, len(data)))
    )


def _pair(rows: Sequence[Row], at: int, other: int) -> Row:
    return Value(Kind.TUPLE, rows[at]), Value(Kind.TUPLE, rows[other])


# times


def time_count(text: str, window: str, zone_minutes: int) -> int:
    """`TimeCount`: tuples of a sorted bag that come later than *window* after the one before, the first included."""
    return sum(1 for _, is_later in _timed(text, window, zone_minutes, "TimeCount") if is_later)


def sessions(text: str, window: str, zone_minutes: int) -> str:
    """`Sessionize`: each tuple of a sorted bag with the id of its session; a gap longer than *window* begins a new one."""
    made: list[Row] = []
    session = ""
    for row, is_later in _timed(text, window, zone_minutes, "Sessionize"):
        session = str(uuid.uuid4()) if is_later else session
        made.append((*row, Value(Kind.CHARARRAY, session)))
    return encode(bag(made))


def _timed(text: str, window: str, zone_minutes: int, name: str) -> Iterator[tuple[Row, bool]]:
    """Yield the rows of a bag, and whether each comes later than a window after the row before."""
    span = _span_ms(window)
    before: int | None = None
    for row in rows_of(text):
        at = _instant(row[0] if row else None, zone_minutes, name)
        if before is not None and at < before:
            raise DataError(f"{name} takes a bag sorted by time, and one tuple is earlier than the one before it.")
        yield row, before is None or at > before + span
        before = at


def _span_ms(window: str) -> int:
    """Return the length of a window of time such as `30m` or `1h30m`. Raises DataError for any other text."""
    return isodate.parse_period(f"PT{window.upper().removeprefix('PT')}")[3]


def _instant(value: Value | None, zone_minutes: int, name: str) -> int:
    found = None if value is None else structures.to_datetime(encode(value), zone_minutes)
    if found is None:
        raise DataError(f"{name} takes tuples whose first field is a time.")
    return found[0]


# bags as text and tuple


def to_tuple(text: str) -> str:
    """`BagToTuple`: the fields of all tuples in one."""
    return encode(Value(Kind.TUPLE, tuple(field for row in rows_of(text) for field in row)))


def to_text(text: str, delimiter: str) -> str:
    """`BagToString`: the fields of all tuples; nothing is put before the first text that is not empty.

    >>> to_text('{"g":[[""],["a"],[null]]}', "_")
    'a_null'
    """
    parts: list[str] = []
    begun = False
    for row in rows_of(text):
        for field in row:
            shown = "null" if field is None else printed(field)
            parts.append(delimiter + shown if begun else shown)
            begun = begun or shown != ""
    return "".join(parts)


def printed(value: Value) -> str:
    """Return a value as Pig prints it: `(1,2)` a tuple, `{(1),(2)}` a bag, `{k=v}` a map; null inside of them is empty."""
    match value.kind:
        case Kind.TUPLE:
            return _printed_row(value.data)
        case Kind.BAG:
            return f"{{{','.join(map(_printed_row, value.data))}}}"
        case Kind.MAP:
            shown = ((key, "null" if item is None else printed(item)) for key, item in value.data.items())
            return f"{{{', '.join(f'{key}={item}' for key, item in shown)}}}"
        case _:
            return structures.value_to_text(value)


def _printed_row(row: Row) -> str:
    return f"({','.join('' if field is None else _printed_field(field) for field in row)})"


def _printed_field(value: Value) -> str:
    if value.kind is not Kind.MAP:
        return printed(value)
    shown: dict[str, Any] = {key: "" if item is None else _printed_field(item) for key, item in value.data.items()}
    return f"[{','.join(f'{key}#{item}' for key, item in shown.items())}]"


FORMS: dict[str, Arguments] = {
    "bag_difference": over_values(difference),
    "bag_subtract": with_nulls(subtract),
    "set_union": over_values(union),
    "set_intersect": over_values(intersect),
    "bag_stitch": over_values(stitch),
    "bag_extremal": over_values(extremal),
    "bag_first": with_nulls(first),
    "bag_or_empty": with_nulls(or_empty),
    "bag_append": over_values(append),
    "bag_prepend": over_values(prepend),
    "bag_concat": over_values(concat),
    "bag_distinct_by": over_values(distinct_by),
    "bag_enumerate": over_values(enumerate_rows),
    "bag_pairs": with_nulls(pairs),
    "bag_markov_pairs": over_values(markov_pairs),
}
"""The forms over a list of canonical texts, by the names of the table of shared forms."""
