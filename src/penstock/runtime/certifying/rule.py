"""What a rule is, and what rules have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from penstock.runtime.certifying.bench import Bench, Broken, Fields, Records, in_order

TWO: Fields = {"id": "int", "name": "string"}
OLD: Records = (
    {"id": 1, "name": "one"}, {"id": 2, "name": "two"}, {"id": 3, "name": "three"}, {"id": 4, "name": "four"},
    {"id": 5, "name": "five"}, {"id": None, "name": "none"},
)  # fmt: skip
NEW: Records = ({"id": 2, "name": "new"}, {"id": 9, "name": "nine"}, {"id": None, "name": "null"})


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its group and its sentence, and what tries it."""

    group: str
    says: str
    holds: Callable[[Bench], None]


def check_same(found: Records, wanted: Records) -> None:
    """Raise Broken where records are not those that are wanted, in whatever order."""
    if in_order(found) != in_order(wanted):
        raise Broken(f"Wanted {_shown(wanted)}, found {_shown(found)}.")


def _shown(records: Records) -> str:
    made = ", ".join(map(str, in_order(records)[:6])) or "no records"
    return made if len(made) <= 400 else f"{made[:400]}…"


def check_says(message: str, *words: str) -> None:
    """Raise Broken where a message holds none of the words."""
    if not any(word.lower() in message.lower() for word in words):
        raise Broken(f"It was refused without saying why: {message}")


def filled(bench: Bench, records: Records = OLD, fields: Fields = TWO) -> str:
    """Return a new table that holds records."""
    table = bench.table()
    bench.write(table, records, fields)
    return table
