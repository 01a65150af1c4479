"""Maps of which a plan takes no more than single keys, and bags that it only counts: they stay the JSON text that they come
from, and what is taken is taken from the text.

To make a map of the language is to look at every value of an object. A field stays text from where it is made, in a source or
by `JsonStringToMap`, as long as all that read it pass it on, ask whether it is null, or look a constant key up.

Such a text is *plain*: without blanks, characters escaped only where they must be. Calls of these words take it; they stand in
no package:

- `json_of_texts` of a text: `JsonStringToMap` as the text of an object;
- `json_member` of an object and a key: the last value of that key as JSON, null where there is none;
- `json_object` of JSON: itself where it is an object, else null;
- `json_value` of JSON: the value, in the type of the call;
- `json_as_text` of JSON that stands in an object of `json_of_texts`: the value, which is a text;
- `json_size` of an array: how many elements it has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from penstock.plan import dtypes
from penstock.plan.dtypes import DType, Kind
from penstock.plan.exprs import Call, Cast, Conditional, Expr, FieldRef, Literal, parts_of
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

_STRUCTURES = (Kind.MAP, Kind.BAG)
_TEXT_FILES = ("delimited", "json")
_AS_TYPES = (Kind.CHARARRAY, Kind.INT, Kind.LONG, Kind.DOUBLE)
"""The types that JSON is read as without a value in between."""
_NULL_TESTS = ("is_null", "is_not_null")


def taken_from_text(plan: Plan, given: Names = frozenset()) -> Plan:
    """Return the plan with structures left as text where that is enough; sources *given* as records have none."""
    wanted = _wanted(plan)
    made: dict[int, Operator] = {}
    texts: dict[int, Names] = {}
    for operator in iter_operators(plan):
        below = [texts[id(one)] for one in inputs_of(operator)]
        kept = _texts_of(operator, below, given) - wanted.get(id(operator), set())
        made[id(operator)] = _rewritten(operator, made, below, kept)
        texts[id(operator)] = frozenset(kept)
    return replace(plan, outputs=tuple(replace(write, given=made[id(write.given)]) for write in plan.outputs))


def _wanted(plan: Plan) -> dict[int, set[str]]:
    """Return the fields of each operator (by `id`) that something takes as they are."""
    wanted: dict[int, set[str]] = {}

    def want(operator: Operator, names: Iterator[str] | set[str] | tuple[str, ...]) -> None:
        wanted.setdefault(id(operator), set()).update(names)

    for write in plan.outputs:
        want(write.given, write.given.schema.names)
    for operator in reversed(list(iter_operators(plan))):
        here = wanted.get(id(operator), set())
        match operator:
            case Scan():
                continue
            case Join() | CrossJoin():
                for side, below in (("left", operator.left), ("right", operator.right)):
                    places = zip(operator.fields, operator.schema.names, strict=True)
                    want(below, {item.field for item, name in places if item.side == side and name in here})
                if isinstance(operator, Join):
                    for one, other in operator.keys:
                        want(operator.left, _taken(one))
                        want(operator.right, _taken(other))
            case Project():
                for expr, name in zip(operator.exprs, operator.schema.names, strict=True):
                    if name in here or not isinstance(expr, FieldRef):
                        want(operator.given, _taken(expr))
            case Filter() | Assert():
                want(operator.given, here)
                want(operator.given, _taken(operator.predicate))
            case Sort() | Limit() | Sample() | Window() | Flatten():
                want(operator.given, here | _looked_at(operator))
            case Distinct() | Union() | Aggregate() | Cube():
                for below in inputs_of(operator):
                    want(below, below.schema.names)
    return wanted


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
    text = str(key.value.data)
    return text != "" and all(" " <= char not in '"\\' for char in text)


def _texts_of(operator: Operator, below: list[Names], given: Names) -> set[str]:
    """Return the structures among the fields of an operator that could be text, from those of its inputs."""
    match operator:
        case Scan():
            if operator.source.record_type not in _TEXT_FILES or operator.component in given or operator.keeps_rejected:
                return set()
            fields = zip(operator.source.fields, operator.listed, strict=True)
            return {one.name for item, one in fields if item.pseudo is None and one.dtype.kind in _STRUCTURES}
        case Project():
            exprs = zip(operator.exprs, operator.schema, strict=True)
            return {
                one.name
                for expr, one in exprs
                if expr.dtype == one.dtype
                and (expr.name in below[0] if isinstance(expr, FieldRef) else _is_map_of_texts(expr))
            }
        case Join() | CrossJoin():
            sides = {"left": (operator.left, below[0]), "right": (operator.right, below[1])}
            found = set()
            for item, one in zip(operator.fields, operator.schema, strict=True):
                side, texts = sides[item.side]
                if item.field in texts and side.schema.find(item.field) == replace(one, name=item.field):
                    found.add(one.name)
            return found
        case Filter() | Assert() | Sort() | Limit() | Sample() | Window() | Flatten():
            return set(below[0])
        case _:
            return set()


def _is_map_of_texts(expr: Expr) -> bool:
    return isinstance(expr, Call) and expr.function == "JsonStringToMap"


def _rewritten(operator: Operator, made: dict[int, Operator], below: list[Names], kept: set[str]) -> Operator:
    """Return an operator over those already *made*; *below* are the texts of its inputs, *kept* its own."""
    match operator:
        case Scan():
            if not kept:
                return operator
            fields = zip(operator.source.fields, operator.listed.names, strict=True)
            marked = tuple(replace(item, as_text=name in kept) for item, name in fields)
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


def _as_text(expr: Expr, texts: Names) -> Expr | None:
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


def _member(expr: Expr, texts: Names) -> Expr | None:
    """Return what a key of a map holds as JSON, or None where the map has no text."""
    if not isinstance(expr, Call) or not _is_member(expr):
        return None
    holder = _as_text(expr.args[0], texts)
    return None if holder is None else Call("json_member", (holder, expr.args[1]), dtypes.CHARARRAY)


def _over(expr: Expr, texts: Names) -> Expr:
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
