"""The one text form of a plan: for goldens, logs and people. One operator a line, inputs before what uses them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, fields, replace

from penstock.plan.exprs import Call, Expr
from penstock.plan.notation import literal, operand_of_and, quoted, text_of
from penstock.plan.operators import (
    Aggregate,
    Assert,
    CrossJoin,
    Cube,
    Direction,
    Distinct,
    FileSource,
    FileTarget,
    Filter,
    Flatten,
    Join,
    Limit,
    Measure,
    Operator,
    Plan,
    Project,
    Sample,
    Scan,
    Sort,
    SortKey,
    Union,
    Window,
    WindowFunction,
    Write,
    iter_operators,
)
from penstock.plan.systems import Destination, Origin, Place

WIDTH = 100
"""How long a line of details grows before it is broken."""
HEAD = 44
"""How wide the left column grows; behind a longer head the details begin on a line of their own."""

Line = tuple[str, list[str]]
"""What an operator is, and its details."""


def explain(plan: Plan) -> str:
    """Return a plan as text: `s1 = scan …`, operators numbered in the order in which they are computed."""
    names = {id(operator): f"s{index}" for index, operator in enumerate(iter_operators(plan), start=1)}
    lines = [_operator(operator, names) for operator in iter_operators(plan)]
    lines += [_write(write, names[id(write.given)]) for write in plan.outputs]
    width = min(max((len(head) for head, _ in lines), default=0), HEAD)
    return "".join(_laid_out(head, details, width) for head, details in lines)


def _laid_out(head: str, details: Sequence[str], width: int) -> str:
    first = head.ljust(width)
    rows = list(details)
    text = f"{first}    {rows.pop(0)}" if rows and len(head) <= width else first
    return "\n".join(row.rstrip() for row in (text, *(f"{' ' * width}    {row}" for row in rows))) + "\n"


def _operator(operator: Operator, names: dict[int, str]) -> Line:
    name = names[id(operator)]
    match operator:
        case Scan():
            place = f"{operator.source.connection.key}:{operator.source.path}"
            return f"{name} = scan {place} ({operator.component})", _scan(operator)
        case Join():
            return _join(operator, name, names)
        case CrossJoin():
            sides = {"left": names[id(operator.left)], "right": names[id(operator.right)]}
            head = f"{name} = cross join {sides['left']}, {sides['right']} ({operator.component})"
            return head, _wrapped(_joined(operator, sides))
        case Union():
            inputs = ", ".join(names[id(one)] for one in operator.inputs)
            return f"{name} = union {inputs} ({operator.component})", _wrapped(
                [str(field) for field in operator.schema]
            )
    given = names[id(operator.given)]
    head = f"{name} = {type(operator).__name__.lower()} {given}"
    by = ""
    match operator:
        case Project():
            pairs = zip(operator.schema, operator.exprs, strict=True)
            details = [f"{field} = {_text(expr, given)}" for field, expr in pairs]
        case Filter():
            details = _conditions(operator.predicate, given)
        case Assert():
            details = [*_conditions(operator.predicate, given), f"else fail with {quoted(operator.message)}"]
        case Sample():
            seed = "" if operator.seed is None else f", seed {operator.seed}"
            details = [f"{operator.percentage:g} percent{seed}"]
        case Flatten():
            details = [
                f"{_field(one.field, given)} into {', '.join(one.columns)}{', empty ones kept' if one.keep_empty else ''}"
                for one in operator.items
            ]
        case Sort():
            details = _wrapped(_keys(operator.keys, given))
        case Limit():
            by = _by(operator.per, given)
            order = ", ".join(_keys(operator.order, given))
            details = [f"{operator.size}{f' in the order {order}' if order else ''}"]
        case Distinct():
            by, details = _by(operator.keys, given), []
        case Aggregate():
            by = _by(operator.group_by, given)
            made = operator.schema.fields[len(operator.group_by) :]
            details = [f"{one} = {_measure(m, given)}" for one, m in zip(made, operator.measures, strict=True)]
        case Cube():
            details = _cube(operator, given)
        case Window():
            by, details = _by(operator.partition_by, given), _window(operator, given)
    return f"{head}{by} ({operator.component})", details


def _join(operator: Join, name: str, names: dict[int, str]) -> Line:
    sides = {"left": names[id(operator.left)], "right": names[id(operator.right)]}

    def key(expr: Expr) -> str:
        return text_of(expr, lambda field: f"{sides[field.side or 'left']}{_side(sides, field.side)}")

    tests = [f"{key(one)} == {key(other)}" for one, other in operator.keys]
    hint = "" if operator.optimization == "default" else f" {operator.optimization}"
    head = f"{name} = {operator.join_type.value} join {sides['left']}, {sides['right']}{hint} ({operator.component})"
    return head, [f"on {' AND '.join(tests)}", *_wrapped(_joined(operator, sides))]


def _joined(operator: Join | CrossJoin, sides: dict[str, str]) -> list[str]:
    made = []
    for one, item in zip(operator.schema, operator.fields, strict=True):
        origin = f"{sides[item.side]}{_side(sides, item.side)}.{item.field}"
        made.append(f"{one} = {origin}" if one.name != item.field else str(replace(one, name=origin)))
    return made


def _cube(operator: Cube, given: str) -> list[str]:
    size = len(operator.dimensions)
    keys = zip(operator.schema.fields[:size], operator.dimensions, strict=True)
    measures = zip(operator.schema.fields[size:], operator.measures, strict=True)
    sets = [f"({', '.join(one)})" for one in operator.sets]
    return [
        *_wrapped(["by the sets " + sets[0], *sets[1:]]),
        *_wrapped([f"{one} = {_field(name, given)}" for one, name in keys]),
        *(f"{one} = {_measure(measure, given)}" for one, measure in measures),
    ]


def _window(operator: Window, given: str) -> list[str]:
    keys = ", ".join(_keys(operator.order_by, given))
    start, end = operator.frame.start, operator.frame.end
    frame = f"records {'all' if start is None else start} before to {'all' if end is None else end} behind"
    made = operator.schema.fields[-len(operator.functions) :]
    return [
        f"{f'in the order {keys}, ' if keys else ''}{frame}",
        *(f"{one} = {_function(item, given)}" for one, item in zip(made, operator.functions, strict=True)),
    ]


def _function(function: WindowFunction, given: str) -> str:
    arguments = [] if function.field is None else [_field(function.field, given)]
    if function.function in ("ntile", "lead", "lag"):
        arguments.append(str(function.size))
    if function.default is not None:
        arguments.append(literal(function.default.value))
    return f"{function.function}({', '.join(arguments)})"


def _side(sides: dict[str, str], side: str | None) -> str:
    """Both sides of a join may be one operator."""
    return f"({side})" if sides["left"] == sides["right"] else ""


def _write(write: Write, given: str) -> Line:
    target = write.target
    head = f"write {target.connection.key}:{target.path} ← {given} ({write.component})"
    columns = [name if name == column else f"{name} as {quoted(column)}" for name, column in target.columns]
    kept = ["rejected records kept"] if write.keeps_rejected else []
    if write.destination is not None:
        return head, [*_wrapped(columns), *_wrapped([*_options(write.destination, ()), *_bad_values(target), *kept])]
    return head, [*_wrapped(columns), *_wrapped([*_options(target, ("connection", "path", "columns")), *kept])]


def _scan(scan: Scan) -> list[str]:
    listed = []
    for field, item in zip(scan.listed, scan.source.fields, strict=True):
        origin = f" = {item.pseudo}()" if item.pseudo else ""
        if item.name is not None and item.name != field.name:
            origin = f" = {quoted(item.name)}"
        listed.append(f"{field}{origin}")
    if scan.origin is None:
        options = _options(scan.source, ("connection", "path", "fields", "line_max_bytes"))
    else:
        options = [*_options(scan.origin, ()), *_bad_values(scan.source)]
    if scan.keeps_rejected:
        options.append("rejected records too")
    return [*_wrapped(listed), *_wrapped(options)]


def _bad_values(spec: FileSource | FileTarget) -> list[str]:
    """Return what becomes of values that do not fit, of all that is said of files the only thing that holds elsewhere, too."""
    given = type(spec).__dataclass_fields__["on_bad_value"].default
    return [] if spec.on_bad_value == given else [f"on_bad_value {quoted(spec.on_bad_value)}"]


def _option(value: object) -> str:
    match value:
        case Place():
            return f"{value.connection}:{value.path}"
        case tuple():
            return " and ".join(map(str, value))
        case Mapping():
            return " and ".join(f"{name} = {one}" for name, one in value.items())
        case _:
            return quoted(str(value))


def _options(spec: FileSource | FileTarget | Origin | Destination, known: Iterable[str]) -> list[str]:
    """Return what of a source or target is not its default, and may be shown."""
    made = []
    for one in fields(spec):
        value = getattr(spec, one.name)
        default = one.default if one.default_factory is MISSING else one.default_factory()
        if one.repr and one.name not in known and value != default:
            made.append(one.name if value is True else f"{one.name} {_option(value)}")
    return made


def _wrapped(items: Sequence[str]) -> list[str]:
    lines: list[str] = []
    for index, item in enumerate(items):
        piece = item + ("," if index < len(items) - 1 else "")
        if lines and len(lines[-1]) + len(piece) < WIDTH:
            lines[-1] += f" {piece}"
        else:
            lines.append(piece)
    return lines


def _text(expr: Expr, given: str) -> str:
    return text_of(expr, lambda _: given)


def _conditions(predicate: Expr, given: str) -> list[str]:
    """Return a predicate, its conditions a line each where all must hold and the line would be long."""
    whole = _text(predicate, given)
    if len(whole) <= WIDTH or not (isinstance(predicate, Call) and predicate.function == "and"):
        return [whole]
    parts = [operand_of_and(arg, lambda _: given) for arg in predicate.args]
    return [parts[0], *(f"AND {part}" for part in parts[1:])]


def _field(name: str, given: str) -> str:
    return f"{given}.{name}"


def _by(names: Sequence[str], given: str) -> str:
    return f" by {', '.join(_field(name, given) for name in names)}" if names else ""


def _keys(keys: Sequence[SortKey], given: str) -> list[str]:
    return [_field(key.field, given) + (" desc" if key.direction is Direction.DESC else "") for key in keys]


def _measure(measure: Measure, given: str) -> str:
    order = f" in the order {', '.join(_keys(measure.order, given))}" if measure.order else ""
    return f"{measure.function}({'' if measure.field is None else _field(measure.field, given)}{order})"
