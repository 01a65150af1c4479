"""Maps of which a plan takes no more than single keys, and bags that it only counts: they stay the JSON text that they come
from, and what is taken is taken from the text.

To make a map of the language is to look at every value of an object. A field stays text from where it is made, in a source or
by `JsonStringToMap`, as long as all that read it pass it on, ask whether it is null, or look a constant key up.

Such a text is *plain*: without blanks, characters escaped only where they must be. Of a map of a JSON record a source may give
what the keys hold that are looked up, instead of the text: a reader that parses the record finds them on its way. Calls of
these words take texts and what keys hold; they stand in no package:

- `json_of_texts` of a text: `JsonStringToMap` as the text of an object;
- `json_member` of an object and a key: the last value of that key as JSON, null where there is none;
- `json_part` of an object taken apart and a key: the same;
- `json_object` of JSON: itself where it is an object, else null;
- `json_value` of JSON: the value, in the type of the call;
- `json_as_text` of JSON that stands in an object of `json_of_texts`: the value, which is a text;
- `json_size` of an array: how many elements it has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from penstock.plan import dtypes
from penstock.plan.dtypes import DType, Kind
from penstock.plan.exprs import Call, Cast, Conditional, Expr, FieldRef, Literal, parts_of, walk
from penstock.plan.operators import (
    Aggregate,
    Assert,
    CrossJoin,
    Cube,
    Distinct,
    Filter,
    Flatten,
    Join,
    Limit,
    Operator,
    Plan,
    Project,
    Sample,
    Scan,
    Sort,
    Union,
    Window,
    inputs_of,
    iter_operators,
)

Names = frozenset[str]
Texts = Mapping[str, tuple[str, ...]]
"""The fields that stay text, by name; those that a source takes apart with the keys it takes out of them."""

_STRUCTURES = (Kind.MAP, Kind.BAG)
_TEXT_FILES = ("delimited", "json")
_AS_TYPES = (Kind.CHARARRAY, Kind.INT, Kind.LONG, Kind.DOUBLE)
"""The types that JSON is read as without a value in between."""
_NULL_TESTS = ("is_null", "is_not_null")


def taken_from_text(plan: Plan, given: Names = frozenset()) -> Plan:
    """Return the plan with structures left as text where that is enough; sources *given* as records have none."""
    wanted, keys = _wanted(plan)
    made: dict[int, Operator] = {}
    texts: dict[int, Texts] = {}
    for operator in iter_operators(plan):
        below = [texts[id(one)] for one in inputs_of(operator)]
        found, taken = _texts_of(operator, below, given, keys.get(id(operator), {})), wanted.get(id(operator), set())
        kept = {name: keys for name, keys in found.items() if name not in taken}
        made[id(operator)] = _rewritten(operator, made, below, kept)
        texts[id(operator)] = kept
    return replace(plan, outputs=tuple(replace(write, given=made[id(write.given)]) for write in plan.outputs))


Keys = dict[str, set[str]]


def _wanted(plan: Plan) -> tuple[dict[int, set[str]], dict[int, Keys]]:
    """Return the fields of each operator (by `id`) that something takes as they are, and the keys that are looked up in its
    fields."""
    wanted: dict[int, set[str]] = {}
    keys: dict[int, Keys] = {}

    def want(operator: Operator, names: Iterator[str] | set[str] | tuple[str, ...]) -> None:
        wanted.setdefault(id(operator), set()).update(names)

    def look(operator: Operator, found: Iterator[tuple[str, set[str]]]) -> None:
        for name, some in found:
            keys.setdefault(id(operator), {}).setdefault(name, set()).update(some)

    for write in plan.outputs:
        want(write.given, write.given.schema.names)
    for operator in reversed(list(iter_operators(plan))):
        here, looked = wanted.get(id(operator), set()), keys.get(id(operator), {})
        match operator:
            case Scan():
                continue
            case Join() | CrossJoin():
                for side, below in (("left", operator.left), ("right", operator.right)):
                    places = zip(operator.fields, operator.schema.names, strict=True)
                    fields = [(item.field, name) for item, name in places if item.side == side]
                    want(below, {field for field, name in fields if name in here})
                    look(below, ((field, looked[name]) for field, name in fields if name in looked))
                if isinstance(operator, Join):
                    for pair in operator.keys:
                        for expr, below in zip(pair, (operator.left, operator.right), strict=True):
                            want(below, _taken(expr))
                            look(below, _looked_up(expr))
            case Project():
                for expr, name in zip(operator.exprs, operator.schema.names, strict=True):
                    if name in here or not isinstance(expr, FieldRef):
                        want(operator.given, _taken(expr))
                    if not isinstance(expr, FieldRef):
                        look(operator.given, _looked_up(expr))
                    elif name in looked:
                        look(operator.given, iter([(expr.name, looked[name])]))
            case Filter() | Assert():
                want(operator.given, here)
                want(operator.given, _taken(operator.predicate))
                look(operator.given, iter(looked.items()))
                look(operator.given, _looked_up(operator.predicate))
            case Sort() | Limit() | Sample() | Window() | Flatten():
                want(operator.given, here | _looked_at(operator))
                look(operator.given, iter(looked.items()))
            case Distinct() | Union() | Aggregate() | Cube():
                for below in inputs_of(operator):
                    want(below, below.schema.names)
    return wanted, keys


def _looked_up(expr: Expr) -> Iterator[tuple[str, set[str]]]:
    """Yield fields that an expression looks constant keys up in, with the key."""
    for part in walk(expr):
        match part:
            case Call("map_get", (FieldRef() as holder, key)) if _is_plain(key):
                yield holder.name, {_text_of(key)}


def _looked_at(operator: Sort | Limit | Sample | Window | Flatten) -> set[str]:
    match operator:
        case Sort():
            return {key.field for key in operator.keys}
        case Limit():
            # Without an order of its own it counts in that of the Sort below.
            below = operator.given.keys if isinstance(operator.given, Sort) else ()
            return {*operator.per, *(key.field for key in (*operator.order, *below))}
        case Window():
            fields = {one.field for one in operator.functions if one.field is not None}
            return {*operator.partition_by, *(key.field for key in operator.order_by), *fields}
        case Flatten():
            return {item.field for item in operator.items}
        case _:
            return set()


def _taken(expr: Expr) -> Iterator[str]:
    """Yield the fields that an expression takes as they are."""
    if isinstance(expr, FieldRef):
        yield expr.name
        return
    inner = _holder_of(expr)
    if inner is not None and isinstance(inner, FieldRef):
        return
    for part in parts_of(expr) if inner is None else (inner,):
        yield from _taken(part)


def _holder_of(expr: Expr) -> Expr | None:
    """Return the structure of which an expression takes no more than its text can give, or None."""
    match expr:
        case Call("map_get", (holder, key)) if _is_plain(key):
            return holder.arg if isinstance(holder, Cast) and _is_member(holder.arg) else holder
        case Call("is_null" | "is_not_null", (holder,)) if holder.dtype.kind in _STRUCTURES:
            return holder
        case Call("SIZE", (holder,)) if holder.dtype.kind is Kind.BAG:
            return holder
    return None


def _is_member(expr: Expr) -> bool:
    return isinstance(expr, Call) and expr.function == "map_get" and _is_plain(expr.args[1])


def _is_plain(key: Expr) -> bool:
    """Tell whether a key is a constant that stands in plain JSON as it is."""
    if not isinstance(key, Literal) or key.value is None or key.value.kind is not Kind.CHARARRAY:
        return False
    text = _text_of(key)
    return text != "" and all(" " <= char not in '"\\' for char in text)


def _text_of(key: Expr) -> str:
    return str(key.value.data) if isinstance(key, Literal) and key.value is not None else ""


def _texts_of(operator: Operator, below: list[Texts], given: Names, looked: Keys) -> Texts:
    """Return the structures among the fields of an operator that could be text, from those of its inputs; keys *looked* up
    in its fields may be taken out of them."""
    match operator:
        case Scan():
            if operator.source.record_type not in _TEXT_FILES or operator.component in given or operator.keeps_rejected:
                return {}
            fields = zip(operator.source.fields, operator.listed, strict=True)
            names = [one.name for item, one in fields if item.pseudo is None and one.dtype.kind in _STRUCTURES]
            return {name: _apart(operator, looked.get(name, set())) for name in names}
        case Project():
            found: dict[str, tuple[str, ...]] = {}
            for expr, one in zip(operator.exprs, operator.schema, strict=True):
                if expr.dtype != one.dtype:
                    continue
                if isinstance(expr, FieldRef) and expr.name in below[0]:
                    found[one.name] = below[0][expr.name]
                elif _is_map_of_texts(expr):
                    found[one.name] = ()
            return found
        case Join() | CrossJoin():
            sides = {"left": (operator.left, below[0]), "right": (operator.right, below[1])}
            found = {}
            for item, one in zip(operator.fields, operator.schema, strict=True):
                side, texts = sides[item.side]
                if item.field in texts and side.schema.find(item.field) == replace(one, name=item.field):
                    found[one.name] = texts[item.field]
            return found
        case Filter() | Assert() | Sort() | Limit() | Sample() | Window() | Flatten():
            return below[0]
        case _:
            return {}


def _apart(scan: Scan, keys: set[str]) -> tuple[str, ...]:
    """Return the keys that a source takes out of a map; none where two differ in case only, which engines do not tell
    apart."""
    differ = len({key.casefold() for key in keys}) == len(keys)
    return tuple(sorted(keys)) if scan.source.record_type == "json" and differ else ()


def _is_map_of_texts(expr: Expr) -> bool:
    return isinstance(expr, Call) and expr.function == "JsonStringToMap"


def _rewritten(operator: Operator, made: dict[int, Operator], below: list[Texts], kept: Texts) -> Operator:
    """Return an operator over those already *made*; *below* are the texts of its inputs, *kept* its own."""
    match operator:
        case Scan():
            if not kept:
                return operator
            fields = zip(operator.source.fields, operator.listed.names, strict=True)
            marked = tuple(replace(item, as_text=name in kept, keys=kept.get(name, ())) for item, name in fields)
            return replace(operator, source=replace(operator.source, fields=marked))
        case Project():
            exprs = zip(operator.exprs, operator.schema.names, strict=True)
            new = tuple(
                _as_text(expr, below[0]) or expr if name in kept else _over(expr, below[0]) for expr, name in exprs
            )
            return replace(operator, given=made[id(operator.given)], exprs=new)
        case Filter() | Assert():
            return replace(operator, given=made[id(operator.given)], predicate=_over(operator.predicate, below[0]))
        case Join():
            keys = tuple((_over(one, below[0]), _over(other, below[1])) for one, other in operator.keys)
            return replace(operator, left=made[id(operator.left)], right=made[id(operator.right)], keys=keys)
        case CrossJoin():
            return replace(operator, left=made[id(operator.left)], right=made[id(operator.right)])
        case Union():
            return replace(operator, inputs=tuple(made[id(one)] for one in operator.inputs))
        case _:
            return replace(operator, given=made[id(operator.given)])


def _as_text(expr: Expr, texts: Texts) -> Expr | None:
    """Return a structure as its text, or None where there is none."""
    match expr:
        case FieldRef():
            return expr if expr.name in texts else None
        case Call("JsonStringToMap", (text,)):
            return Call("json_of_texts", (_over(text, texts),), expr.dtype, expr.nullable)
        case Cast(Call("map_get") as member, DType(Kind.MAP)):
            found = _member(member, texts)
            return None if found is None else Call("json_object", (found,), expr.dtype, expr.nullable)
    return None


def _member(expr: Expr, texts: Texts) -> Expr | None:
    """Return what a key of a map holds as JSON, or None where the map has no text."""
    if not isinstance(expr, Call) or not _is_member(expr):
        return None
    holder = _as_text(expr.args[0], texts)
    if holder is None:
        return None
    is_apart = isinstance(holder, FieldRef) and texts[holder.name]
    return Call("json_part" if is_apart else "json_member", (holder, expr.args[1]), dtypes.CHARARRAY)


def _over(expr: Expr, texts: Texts) -> Expr:
    """Return an expression over fields of which *texts* are text."""
    match expr:
        case Cast() if expr.dtype.kind in _AS_TYPES and expr.arg.dtype.kind is Kind.BYTEARRAY:
            found = _member(expr.arg, texts)
            if found is not None:
                return Call("json_value", (found,), expr.dtype, expr.nullable)
        case Call("map_get"):
            found = _member(expr, texts)
            if found is not None:
                word = "json_as_text" if expr.dtype.kind is Kind.CHARARRAY else "json_value"
                return Call(word, (found,), expr.dtype, expr.nullable)
        case Call("SIZE", (FieldRef() as holder,)) if holder.name in texts:
            return Call("json_size", (holder,), expr.dtype, expr.nullable)
        case Call() if expr.function in _NULL_TESTS:
            text = _as_text(expr.args[0], texts)
            if text is not None:
                return replace(expr, args=(text,))
    match expr:
        case Cast():
            return replace(expr, arg=_over(expr.arg, texts))
        case Call():
            return replace(expr, args=tuple(_over(arg, texts) for arg in expr.args))
        case Conditional():
            branches = tuple((_over(one, texts), _over(other, texts)) for one, other in expr.branches)
            return replace(expr, branches=branches, otherwise=_over(expr.otherwise, texts))
        case _:
            return expr
