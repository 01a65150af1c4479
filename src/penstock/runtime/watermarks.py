"""Watermarks of the incremental sources of one attempt: what they are when it begins, and where they move once it is done.

What keeps them holds a record for each: `component_id`, `component`, `key`, `mark` (`domain.watermark.Watermark`). A *move* has
`connection` and `reads` beside the first three, for people, and `began` (None where there was none) and `reached`. The *key* is
a digest of connection, table or query, condition and column, with their variables replaced: a watermark of one region
says nothing of another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from penstock.domain.watermark import Order, Watermark
from penstock.errors import PermanentError
from penstock.plan.operators import Plan, Scan, iter_operators
from penstock.plan.ports import BoundSource
from penstock.plan.systems import DatabaseSource, Incremental
from penstock.runtime.connecting import naming
from penstock.runtime.listener import Listener
from penstock.runtime.masking import Mask

TEXTS = ("component_id", "component", "connection", "key", "reads")
"""What of a move is text."""
LONGEST_READS = 500


class Watermarks:
    """The watermarks of one attempt. *kept* are those that there are, None where nothing keeps them; *since* are those of
    the sources of the plan, by component; *said* is what each has read, for its receipts. Raises PermanentError where a
    source needs one and nothing would keep it."""

    def __init__(self, plan: Plan, kept: Sequence[Mapping[str, Any]] | None, mask: Mask, listener: Listener) -> None:
        self._mask = mask
        self._listener = listener
        scans = [one for one in iter_operators(plan) if isinstance(one, Scan)]
        self._moved = {scan.component: _described(scan, asked, mask) for scan in scans if (asked := _asked(scan))}
        self.since: dict[str, Watermark] = {}
        self.said: dict[str, str] = {}
        if self._moved and kept is None:
            raise PermanentError(
                f"Component '{next(iter(self._moved))}': it reads incrementally, and nothing keeps its watermark, "
                "without which every run would read everything. Name a file for it: penstock run --state FILE."
            )
        for component, one in self._moved.items():
            mine = [raw for raw in kept or () if raw["component_id"] == one["component_id"]]
            with naming(component):
                found = [_mark(raw["mark"]) for raw in mine if raw["key"] == one["key"]]
            if found:
                self.since[component] = found[0]
                listener.log("info", f"{component}: reads {one['column']} above {found[0].value}")
            elif mine:
                line = f"{component}: reads everything, for it has no watermark yet for {one['reads']}, only for other rows"
                listener.log("warning", line)
            else:
                listener.log("info", f"{component}: reads everything, for it has no watermark of {one['column']} yet")

    def moves(self, sources: Mapping[str, BoundSource]) -> tuple[dict[str, Any], ...]:
        """Return how far the sources have come, once they are bound. Raises PermanentError for a watermark with a secret."""
        made = []
        for component, one in self._moved.items():
            reached, began = sources[component].watermark, self.since.get(component)
            if reached is None:
                self.said[component] = f"{one['column']}: no value"
                continue
            if reached.order is Order.TEXT and self._mask(reached.value) != reached.value:
                raise PermanentError(
                    f"Component '{component}': its watermark would hold a secret variable. Choose another column."
                )
            from_ = "everything" if began is None else f"above {began.value}"
            self.said[component] = f"{one['column']}: {from_}, up to {reached.value}"
            goes = "stays" if began is not None and began.value == reached.value else "will be"
            self._listener.log("info", f"{component}: its watermark {goes} {reached.value}")
            record = {name: one[name] for name in TEXTS}
            made.append({**record, "began": None if began is None else began.to_json(), "reached": reached.to_json()})
        return tuple(made)


def _asked(scan: Scan) -> tuple[DatabaseSource, Incremental] | None:
    origin = scan.origin
    found = origin.incremental if isinstance(origin, DatabaseSource) else None
    return (origin, found) if isinstance(origin, DatabaseSource) and found is not None else None


def _described(scan: Scan, given: tuple[DatabaseSource, Incremental], mask: Mask) -> dict[str, str]:
    origin, asked = given
    connection = scan.source.connection.key
    # Without secrets, of which a digest would still tell something.
    parts = [
        connection,
        *(mask(one or "") for one in (origin.schema, origin.table, origin.where, origin.query, asked.column)),
    ]
    table = ".".join(one for one in parts[1:3] if one)
    reads = parts[4] or table + (f" where {parts[3]}" if parts[3] else "")
    key = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    named = {"component_id": asked.component_id, "component": scan.component, "connection": connection}
    return {**named, "key": key, "reads": reads[:LONGEST_READS], "column": parts[5]}


def _mark(raw: Mapping[str, Any]) -> Watermark:
    try:
        return Watermark.of_json(raw)
    except (KeyError, TypeError, ValueError) as error:
        raise PermanentError("what is kept as its watermark is none. Take it away to read everything again.") from error
