"""Records in test files: what stands in a cell becomes a value of its field's type, and a value is written as such a cell."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from penstock.cli.values import read_value, show_value
from penstock.errors import BadRequest, PenstockError
from penstock.lang.check.report import did_you_mean
from penstock.lang.document.file import items, values
from penstock.lang.document.file.nodes import Mapping as Node
from penstock.lang.document.file.nodes import Node as AnyNode
from penstock.lang.document.file.nodes import Scalar
from penstock.lang.document.file.printer import Out, Raw, print_line
from penstock.plan.dtypes import Kind
from penstock.plan.schema import Field, Schema
from penstock.plan.values import Value
from penstock.runtime.look import Row
from penstock.wiring.jobs import parse_instant, print_instant

_LIMITS = {Kind.INT: 2**31, Kind.LONG: 2**63}
_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def read_rows(nodes: Iterable[Node], schema: Schema, component: str) -> tuple[Row, ...]:
    """Return records; a field that is left out is null. Raises BadRequest with line and column."""
    return tuple(_row(node, schema, component) for node in nodes)


def _row(node: Node, schema: Schema, component: str) -> Row:
    found: dict[str, Value | None] = {}
    for key, cell in node.entries:
        field = schema.find(key.text)
        if field is None:
            hint = did_you_mean(key.text, schema.names) or ""
            raise BadRequest(f"{_place(key)}: '{component}' has no field '{key.text}'. {hint}".rstrip())
        found[field.name] = _cell(cell, field)
    return tuple(found.get(name) for name in schema.names)


def _place(node: AnyNode) -> str:
    return f"Line {node.mark.line}, column {node.mark.column}"


def _cell(node: AnyNode, field: Field) -> Value | None:
    if isinstance(node, Scalar) and node.plain and node.text in ("", "null"):
        return None
    kind = field.dtype.kind
    try:
        if kind in (Kind.MAP, Kind.BAG, Kind.TUPLE, Kind.BYTEARRAY) or not isinstance(node, Scalar):
            made = _structure(values.value(node, {}, "", lambda _path, _node: None), kind)
            if kind is Kind.BYTEARRAY:
                return Value(kind, made.data.encode()) if made.kind is Kind.CHARARRAY else made
            if made.kind is not kind:
                raise BadRequest("it is something else")
            return made
        return _scalar(node, kind)
    except (PenstockError, ValueError) as error:
        said = error.message if isinstance(error, PenstockError) else str(error)
        raise BadRequest(
            f"{_place(node)}: the field '{field.name}' takes {field.dtype}: {said}.".replace("..", ".")
        ) from error


def _scalar(node: Scalar, kind: Kind) -> Value:
    raw = values.word(node)
    match kind:
        case Kind.CHARARRAY:
            return Value(kind, node.text)
        case Kind.BOOLEAN if isinstance(raw, bool):
            return Value(kind, raw)
        case Kind.INT | Kind.LONG if isinstance(raw, int) and not isinstance(raw, bool):
            if -_LIMITS[kind] <= raw < _LIMITS[kind]:
                return Value(kind, raw)
            raise BadRequest(f"{raw} is too large")
        case Kind.FLOAT | Kind.DOUBLE if isinstance(raw, int | float) and not isinstance(raw, bool):
            return Value(kind, float(raw))
        case Kind.FLOAT | Kind.DOUBLE if node.text in _SPECIAL:
            return Value(kind, _SPECIAL[node.text])
        case Kind.DATETIME:
            return Value(kind, parse_instant(node.text))
        case _:
            raise BadRequest(f"{node.text!r} is none")


def _structure(raw: Any, kind: Kind) -> Value:
    """Return a value with parts: an object is a map, a list a bag (or the tuple that the field takes), as in JSON fields."""
    match raw:
        case bool() | str() | float():
            made = read_value(raw)
        case int():
            made = read_value({"$long": raw})
        case dict() if len(raw) == 1 and next(iter(raw)).startswith("$"):
            made = read_value(raw)
        case dict():
            return Value(Kind.MAP, {key: _inner(item) for key, item in raw.items()})
        case list() if kind is Kind.TUPLE:
            return Value(Kind.TUPLE, tuple(_inner(item) for item in raw))
        case list():
            rows = (item if isinstance(item, list) else [item] for item in raw)
            return Value(Kind.BAG, tuple(tuple(_inner(one) for one in row) for row in rows))
        case _:
            made = None
    if made is None:
        raise BadRequest("null is no value here")
    return made


def _inner(raw: Any) -> Value | None:
    return None if raw is None else _structure(raw, Kind.BAG)


def key_of(row: Row) -> tuple[str, ...]:
    """Return what makes a record equal to another: NaN is itself, the order of a map's keys does not count."""
    return tuple(cell_key(value) for value in row)


def cell_key(value: Value | None) -> str:
    """Return what makes a value equal to another."""
    return json.dumps(show_value(value), sort_keys=True)


def out_of(row: Row, names: Iterable[str], only: Iterable[str] | None = None) -> Out:
    """Return a record as it is written in a test file; null fields are left out."""
    chosen = set(names if only is None else only)
    cells = [
        (name, _out(value)) for name, value in zip(names, row, strict=True) if value is not None and name in chosen
    ]
    return items.mapping(cells, ("", ""))


def _out(value: Value) -> Out:
    raw = show_value(value)
    match value.kind:
        case Kind.DATETIME:
            return items.leaf(print_instant(value.data), ("", ""))
        case Kind.FLOAT | Kind.DOUBLE if isinstance(raw, Mapping):
            return items.leaf(Raw(next(iter(raw.values()))), ("", ""))
        case _:
            return items.value(raw, ("", ""))


def line_of(row: Row, names: Iterable[str], only: Iterable[str] | None = None) -> str:
    """Return a record in one line."""
    return print_line(out_of(row, names, only))
