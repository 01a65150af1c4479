"""Trees whose fields have become constants, and functions over constant zeros of both signs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from handing_over import CONTEXT, Batch, is_same, taken_back, typed
from penstock.lang.check.expressions import check_expression
from penstock.lang.functions.table import FUNCTIONS
from penstock.plan.dtypes import DType, Kind
from penstock.plan.exprs import Expr
from penstock.plan.operators import ConnectionRef, FileSource, Project, Scan, ScanField
from penstock.plan.ports import Engine, Limits, Records
from penstock.plan.schema import Field, Schema
from penstock.plan.values import Value
from reference.times import iso_text
from reference.tree import DATETIME, TEXT, Node, Type, When

FOUR_DIGITS = range(-62_000_000_000_000, 253_300_000_000_000)
"""Milliseconds in whose years ISO text has four digits in every offset."""
ZEROS = ("z", "n")
"""Fields of 0.0 and of -0.0."""
NUMBERS = {"z": "0.0", "n": "(0.0 * -1.0)"}
"""The same as constants."""
_REAL = frozenset({"double", "float", "number"})


def of_constants(made: Batch) -> Batch:
    """Return a batch with each field of its trees as a constant of the same value."""
    trees = tuple(_constant(tree, made) for tree in made.trees)
    return replace(made, trees=trees, exprs=tuple(typed(tree, made.schema) for tree in trees))


def _constant(node: Node, made: Batch) -> Node:
    if node.op == "field":
        kind, value = made.fields[node.given]
        return literal(node, kind, value)
    return replace(node, parts=tuple(_constant(part, made) for part in node.parts))


def literal(node: Node, kind: Type, value: Any) -> Node:
    """Return a value as a constant of the language; a moment that ISO text does not say stays a field."""
    if isinstance(value, float) and not math.isfinite(value):
        text = "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        return Node("cast", kind, (Node("literal", TEXT, given=text),))
    if isinstance(value, When):
        if value.ms not in FOUR_DIGITS:
            return node
        return Node("call", DATETIME, (Node("literal", TEXT, given=iso_text(value)),), "ToDate of text")
    return Node("literal", kind, given=value)


def over_zeros() -> Iterator[tuple[str, str]]:
    """Yield every function over reals alone, over constant zeros of both signs and over fields of the same values; what has
    the same form but for a sign stands in one Select then."""
    for name, row in FUNCTIONS.items():
        for signature in row.signatures:
            words = [signature.parameter(at, signature.least).accepts for at in range(signature.least)]
            if not words or row.volatile or not set(words) <= _REAL:
                continue
            for zeros in product(ZEROS, repeat=len(words)):
                yield from _mixed(name, words, zeros)
    for sign in ("+", "-", "*", "/"):
        for one, two in product(ZEROS, repeat=2):
            constants, fields = f"{NUMBERS[one]} {sign} {NUMBERS[two]}", f"{one} {sign} {two}"
            for form in ("copySign(1.0, {})", "copySign(x, {})", "TOBAG({})", "(chararray)(1.5 * ({}))", "x * ({})"):
                yield form.format(constants), form.format(fields)
    for made in (
        "CEIL(-0.5)",
        "(double)'-0'",
        "(double)(float)'-0.0'",
        "RINT(-0.2)",
        "-(1.0 - 1.0)",
        "1e-300 * -1e-300",
    ):
        yield f"copySign(x, {made})", "copySign(x, n)"
        yield f"x * ({made})", "x * n"


def _mixed(name: str, words: Sequence[str], zeros: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield a call with one or all of its arguments as constants."""
    single = ["(float)" * (word == "float") for word in words]
    fields = [f"{cast}{zero}" for cast, zero in zip(single, zeros, strict=True)]
    constants = [f"{cast}{NUMBERS[zero]}" for cast, zero in zip(single, zeros, strict=True)]
    ways = [constants, *([*fields[:at], constants[at], *fields[at + 1 :]] for at in range(len(words)))]
    for way in ways if len(words) > 1 else ways[:1]:
        yield f"{name}({', '.join(way)})", f"{name}({', '.join(fields)})"


def of_zeros(engine: Engine, limits: Limits) -> list[str]:
    """Return a line for each function that does not give the same over constants as over fields, all in one Select."""
    pairs = list(over_zeros())
    kinds = {"z": 0.0, "n": -0.0, "x": 1.5}
    schema = Schema(tuple(Field(name, DType(Kind.DOUBLE)) for name in kinds))
    texts = sorted({text for pair in pairs for text in pair})
    exprs = [_checked(text, schema) for text in texts]
    record = tuple(Value(Kind.DOUBLE, number) for number in kinds.values())
    found = dict(zip(texts, _selected(engine, exprs, schema, record, limits), strict=True))
    return [
        f"{over_constants} is {found[over_constants]!r}, {over_fields} is {found[over_fields]!r}"
        for over_constants, over_fields in pairs
        if not is_same(found[over_constants], found[over_fields])
    ]


def _checked(text: str, schema: Schema) -> Expr:
    made = check_expression(text, schema)
    assert made.expr is not None, (text, [one.sentence() for one in made.findings])
    return made.expr


def _selected(
    engine: Engine, exprs: Sequence[Expr], schema: Schema, record: tuple[Value | None, ...], limits: Limits
) -> list[Any]:
    """Return what a Select over a source of one record gives."""
    fields = tuple(ScanField(name) for name in schema.names)
    scan = Scan("s", FileSource(ConnectionRef("lake"), "in.csv", fields), schema)
    made = Schema(tuple(Field(f"v{at}", expr.dtype) for at, expr in enumerate(exprs)))
    project = Project("p", scan, tuple(exprs), made)
    ((row,),) = engine.rows((project,), {"s": Records((record,))}, CONTEXT, limits)
    return [taken_back(value) for value in row]
