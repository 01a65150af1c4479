"""The values of the slow evaluator as those of the product and back, and what an engine makes of trees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from typing import Any

from penstock.errors import PenstockError
from penstock.lang.check.expressions import check_expression
from penstock.plan.dtypes import DType, Kind
from penstock.plan.exprs import Expr
from penstock.plan.operators import ConnectionRef, FileSource, Project, Scan, ScanField
from penstock.plan.ports import Context, Engine, Limits, Records
from penstock.plan.schema import Field, Schema
from penstock.plan.values import Instant, Value
from reference.evaluate import evaluate
from reference.making import Maker, record
from reference.printing import printed
from reference.tree import Fails, Node, Type, Unsure, When

ZONE = 90
CONTEXT = Context(datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC), zone_minutes=ZONE)
FAILED, UNSURE = "the job fails", "not said"


def handed_over(value: Any, kind: Type) -> Value | None:
    """Return a simple value as one of the product."""
    if value is None:
        return None
    return Value(Kind(kind.word), Instant(value.ms, value.offset) if isinstance(value, When) else value)


def taken_back(value: Value | None) -> Any:
    """Return a value of the product as one of the evaluator."""
    if value is None:
        return None
    match value.kind:
        case Kind.DATETIME:
            return When(value.data.ms, value.data.offset)
        case Kind.TUPLE:
            return tuple(map(taken_back, value.data))
        case Kind.BAG:
            return [tuple(map(taken_back, row)) for row in value.data]
        case Kind.MAP:
            return {key: taken_back(one) for key, one in value.data.items()}
        case _:
            return value.data


def is_same(left: Any, right: Any) -> bool:
    """Return whether two values are the same: NaN is itself, -0.0 is not 0.0, maps have no order of keys."""
    if isinstance(left, float) and isinstance(right, float):
        return repr(left) == repr(right)
    if isinstance(left, (tuple, list)) and type(left) is type(right):
        return len(left) == len(right) and all(map(is_same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(is_same(left[key], right[key]) for key in left)
    return type(left) is type(right) and bool(left == right)


@dataclass(frozen=True)
class Batch:
    """Trees over one record, and the typed expressions that the product makes of their texts."""

    fields: Mapping[str, tuple[Type, Any]]
    schema: Schema
    trees: tuple[Node, ...]
    exprs: tuple[Expr, ...]

    @property
    def given(self) -> dict[str, Value | None]:
        """The record as the product has it."""
        return {name: handed_over(value, kind) for name, (kind, value) in self.fields.items()}


def batch(throw: Random, size: int) -> Batch:
    """Make up a record and trees over it. What cannot be null is said to be so in half of the fields."""
    fields = record(throw)
    maker = Maker(throw, fields)
    trees = tuple(maker.root() for _ in range(size))
    schema = Schema(
        tuple(
            Field(name, DType(Kind(kind.word)), nullable=value is None or throw.random() < 0.5)
            for name, (kind, value) in fields.items()
        )
    )
    return Batch(fields, schema, trees, tuple(typed(tree, schema) for tree in trees))


def typed(tree: Node, schema: Schema) -> Expr:
    """Return the typed expression of a tree's text."""
    checked = check_expression(printed(tree), schema)
    assert checked.expr is not None, (printed(tree), [one.sentence() for one in checked.findings])
    assert checked.expr.dtype.kind.value == tree.type.word.replace("texts", "tuple"), (
        printed(tree),
        checked.expr.dtype,
    )
    return checked.expr


def wanted(made: Batch, tree: Node) -> Any:
    """Return what the slow evaluator says."""
    try:
        return evaluate(tree, {name: value for name, (_, value) in made.fields.items()}, ZONE)
    except Fails:
        return FAILED
    except (Unsure, OverflowError):
        return UNSURE


def computed(engine: Engine, made: Batch, exprs: Sequence[Expr]) -> list[Any]:
    """Return what an engine makes of expressions; one by one only where one of them fails."""
    try:
        return [taken_back(one) for one in engine.evaluate(exprs, made.schema, made.given, CONTEXT)]
    except PenstockError as error:
        if len(exprs) == 1:
            return [f"{FAILED}: {error.message}"]
    half = len(exprs) // 2
    return computed(engine, made, exprs[:half]) + computed(engine, made, exprs[half:])


def differences(engine: Engine, made: Batch) -> list[str]:
    """Return a line for each tree of which engine and evaluator do not make the same."""
    said = [wanted(made, tree) for tree in made.trees]
    got: list[Any] = [None] * len(said)
    for failing in (True, False):
        places = [at for at, one in enumerate(said) if one is not UNSURE and (one is FAILED) is failing]
        for some in [[at] for at in places] if failing else [places] * bool(places):
            for at, value in zip(some, computed(engine, made, [made.exprs[at] for at in some]), strict=True):
                got[at] = value
    return [
        line(made, tree, said[at], got[at])
        for at, tree in enumerate(made.trees)
        if said[at] is not UNSURE and not agrees(said[at], got[at])
    ]


def agrees(said: Any, got: Any) -> bool:
    """Return whether an engine gave what was said; a failure may be put in any words."""
    if said is FAILED:
        return isinstance(got, str) and got.startswith(FAILED)
    return is_same(said, got)


def line(made: Batch, tree: Node, said: Any, got: Any) -> str:
    """Return what is to be known of a difference."""
    used = {name: value for name, (_, value) in made.fields.items() if name in names(tree)}
    sure = [field.name for field in made.schema if field.name in used and not field.nullable]
    return f"{printed(tree)}\n    over {used} (never null: {sure})\n    is {said!r}\n    not {got!r}"


def names(tree: Node) -> set[str]:
    """Return the fields that a tree reads."""
    own = {tree.given} if tree.op == "field" else set()
    return own.union(*map(names, tree.parts))


def of_records(engine: Engine, throw: Random, size: int, count: int, limits: Limits) -> list[str]:
    """Return a line for each value that a Select over many records does not give as the evaluator says."""
    first = batch(throw, size)
    records = [first.fields, *(record(throw) for _ in range(count - 1))]
    # What may be null in some record may be null.
    schema = Schema(tuple(Field(name, DType(Kind(kind.word))) for name, (kind, _) in first.fields.items()))
    said = [[wanted(replace(first, fields=one), tree) for one in records] for tree in first.trees]
    places = [at for at, values in enumerate(said) if FAILED not in values and UNSURE not in values]
    exprs = tuple(typed(first.trees[at], schema) for at in places)
    scan = Scan(
        "s", FileSource(ConnectionRef("lake"), "in.csv", tuple(ScanField(name) for name in schema.names)), schema
    )
    made = Schema(tuple(Field(f"v{at}", expr.dtype) for at, expr in zip(places, exprs, strict=True)))
    rows = Records(tuple(tuple(handed_over(value, kind) for kind, value in one.values()) for one in records))
    (found,) = engine.rows((Project("p", scan, exprs, made),), {"s": rows}, CONTEXT, limits)
    return [
        line(replace(first, fields=records[row], schema=schema), first.trees[at], said[at][row], got)
        for row, values in enumerate(found)
        for at, got in zip(places, map(taken_back, values), strict=True)
        if not is_same(said[at][row], got)
    ]
