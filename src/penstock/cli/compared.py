"""Compares the records that left a component with those that were expected, and says the difference for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from penstock.cli.cells import cell_key, key_of, line_of, read_rows
from penstock.errors import BadRequest
from penstock.lang.cases import Expected
from penstock.lang.check.report import did_you_mean
from penstock.plan.schema import Schema
from penstock.runtime.look import Row
from penstock.runtime.trial import Seen

SHOWN = 20
"""How many records a difference shows."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What is different at a component: a sentence, and lines that begin with `-` (expected) or `+` (there)."""

    component: str
    message: str
    lines: tuple[str, ...]


def difference(component: str, expected: Expected, seen: Seen) -> Difference | None:
    """Return how records differ, or None. Their order counts only where the package sorts. Raises BadRequest for expected
    records that the component cannot have."""
    schema, rows = _only(component, expected.only, seen)
    wanted = read_rows(expected.rows, schema, component)
    if [key_of(row) for row in wanted] == [key_of(row) for row in rows]:
        return None
    missing, extra = _apart(wanted, rows), _apart(rows, wanted)
    if not missing and not extra:
        if not seen.is_ordered:
            return None
        lines = _in_order(wanted, rows, schema)
        return Difference(component, "the records are there, in another order", lines)
    said = [
        f"{len(found)} {what}"
        for found, what in ((missing, "expected and not there"), (extra, "there and not expected"))
        if found
    ]
    return Difference(component, ", ".join(said), _lines(missing, extra, schema))


def _only(component: str, only: Sequence[str] | None, seen: Seen) -> tuple[Schema, tuple[Row, ...]]:
    if only is None:
        return seen.schema, seen.rows
    for name in only:
        if name not in seen.schema:
            raise BadRequest(
                f"'{component}' has no field '{name}'. {did_you_mean(name, seen.schema.names) or ''}".strip()
            )
    places = [seen.schema.names.index(name) for name in only]
    return Schema(tuple(seen.schema.fields[at] for at in places)), tuple(
        tuple(row[at] for at in places) for row in seen.rows
    )


def _apart(rows: Sequence[Row], others: Sequence[Row]) -> list[Row]:
    left = Counter(key_of(row) for row in others)
    found = []
    for row in rows:
        key = key_of(row)
        if left[key]:
            left[key] -= 1
        else:
            found.append(row)
    return found


def _lines(missing: list[Row], extra: list[Row], schema: Schema) -> tuple[str, ...]:
    """Return lines in which each expected record stands above the one there that is most like it."""
    lines: list[str] = []
    rest = list(extra)
    for row in missing[:SHOWN]:
        lines.append(f"- {line_of(row, schema.names)}")
        alike = max(rest, key=lambda other: _alike(row, other), default=None)
        if alike is not None and _alike(row, alike) > 0:
            rest.remove(alike)
            apart = [name for name, a, b in zip(schema.names, row, alike, strict=True) if cell_key(a) != cell_key(b)]
            lines += [f"+ {line_of(alike, schema.names)}", f"  differs in {', '.join(apart)}"]
    lines += [f"+ {line_of(row, schema.names)}" for row in rest[: max(SHOWN - len(missing), 0) or 1]] if rest else []
    hidden = max(len(missing) - SHOWN, 0) + max(len(rest) - max(SHOWN - len(missing), 1), 0)
    return (*lines, f"… and {hidden} more") if hidden else tuple(lines)


def _alike(one: Row, other: Row) -> int:
    return sum(cell_key(a) == cell_key(b) for a, b in zip(one, other, strict=True))


def _in_order(wanted: Sequence[Row], rows: Sequence[Row], schema: Schema) -> tuple[str, ...]:
    at = next(i for i, (a, b) in enumerate(zip(wanted, rows, strict=True)) if key_of(a) != key_of(b))
    place = f"record {at + 1}:"
    return place, f"- {line_of(wanted[at], schema.names)}", f"+ {line_of(rows[at], schema.names)}"
