"""Functions that are one call of a shared form on every engine; an engine only writes the call in its own way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from penstock.plan.dtypes import Kind
from penstock.plan.exprs import Call


@dataclass(frozen=True, slots=True)
class Portable:
    """One call of the shared form *name*.

    *as_values*: the arguments go as one list of canonical texts, nulls included, for forms that take any type or have
    rules of their own for null. *adds* are words of the context behind the arguments: `zone` (offset minutes), `zone_id`
    (the same as text), `this_year`, `strict`, or a number. *null* is SQL that stands in place of null.
    """

    name: str
    as_values: bool = False
    adds: tuple[str, ...] = ()
    null: str | None = None


Form = Portable | Callable[[Call], Portable]


def _values(name: str, *adds: str) -> Portable:
    return Portable(name, as_values=True, adds=adds)


def _greater(word: str) -> Callable[[Call], Portable]:
    return lambda call: Portable(f"{word}_{call.dtype.kind.value}")


def _of_kind(word: str) -> Callable[[Call], Portable]:
    """The form for the type of the first argument, float or double."""
    return lambda call: Portable(f"{word}_{'float' if call.args[0].dtype.kind is Kind.FLOAT else 'double'}")


PORTABLE: dict[str, Form] = {
    # JSON
    "ToJson": _values("to_json"),
    "JsonStringToMap": Portable("json_to_map"),
    "JsonStringToBag": Portable("json_to_bag"),
    "JsonExtract": Portable("json_extract"),
    # maps
    "IsEmpty": Portable("is_empty"),
    "KEYSET": Portable("key_set"),
    "VALUELIST": Portable("value_list"),
    "VALUESET": Portable("value_set"),
    "INVERSEMAP": Portable("inverse_map"),
    # bags
    "BagToString": lambda call: (
        Portable("bag_to_text") if len(call.args) == 2 else Portable("bag_to_text_by_underscore")
    ),
    "BagToTuple": Portable("bag_to_tuple"),
    "DIFF": _values("bag_difference"),
    "SUBTRACT": _values("bag_subtract"),
    "TOP": Portable("bag_top"),
    "Stitch": _values("bag_stitch"),
    "MaxTupleBy1stField": Portable("bag_max_by_first"),
    "ExtremalTupleByNthField": _values("bag_extremal"),
    "FirstTupleFromBag": _values("bag_first"),
    "NullToEmptyBag": _values("bag_or_empty"),
    "AppendToBag": _values("bag_append"),
    "PrependToBag": _values("bag_prepend"),
    "BagConcat": _values("bag_concat"),
    "BagSplit": Portable("bag_split"),
    "DistinctBy": _values("bag_distinct_by"),
    "Enumerate": _values("bag_enumerate"),
    "UnorderedPairs": _values("bag_pairs"),
    "SetIntersect": _values("set_intersect"),
    "SetUnion": _values("set_union"),
    "MarkovPairs": _values("bag_markov_pairs"),
    "Sessionize": Portable("bag_sessions", adds=("zone",)),
    "TimeCount": Portable("bag_time_count", adds=("zone",)),
}
"""Name of a function to its form; those with a form of an engine's own are not here."""


def form_of(name: str, call: Call) -> Portable:
    """Return the form of a call."""
    form = PORTABLE[name]
    return form if isinstance(form, Portable) else form(call)
