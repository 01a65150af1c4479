"""Statements that read a source of a database: its relation, its conditions, its columns."""

from __future__ import annotations

from dataclasses import dataclass, replace

from penstock.domain.watermark import Order


@dataclass(frozen=True, slots=True)
class Native:
    """A column of a statement: its name, the database's number or word for its type, that word for people, and what orders its
    values, None where nothing does or where values have types, not columns."""

    name: str
    type: int | str
    shown: str = ""
    order: Order | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a relation that fulfil all of some conditions. A condition that an author wrote may end in a comment."""

    relation: str
    conditions: tuple[str, ...] = ()

    def that(self, condition: str) -> Rows:
        """Return those of them that fulfil one more condition."""
        return replace(self, conditions=(*self.conditions, condition))

    def select(self, what: str) -> str:
        """Return the statement that gives some expressions of them.

        >>> Rows('"t"').select("count(*)"), Rows('"t"', ("a > 1 -- few",)).that("b").select("a")
        ('SELECT count(*) FROM "t"', 'SELECT a FROM "t" WHERE (\\na > 1 -- few\\n) AND (\\nb\\n)')
        """
        where = " AND ".join(f"(\n{one}\n)" for one in self.conditions)
        return f"SELECT {what} FROM {self.relation}" + (f" WHERE {where}" if where else "")

    def tried(self, what: str) -> str:
        """Return such a statement that no database takes where a condition is more than one: what closes the brackets of
        `select` and opens new ones stands once more outside of brackets. It is to be looked at, not to be run.

        >>> Rows('"t"', ("a = 1) OR (1 = 1",)).tried("a")
        'SELECT a FROM "t" WHERE (\\na = 1) OR (1 = 1\\n) AND (\\nCASE WHEN\\na = 1) OR (1 = 1\\nTHEN 1 END = 1\\n)'
        """
        alone = tuple(f"CASE WHEN\n{one}\nTHEN 1 END = 1" for one in self.conditions)
        return replace(self, conditions=(*self.conditions, *alone)).select(what)


@dataclass(frozen=True, slots=True)
class Running:
    """The transactions of others at an instant (*at*): since when the oldest is open (*since*), None where there is none,
    and how many sessions may not be looked at (*hidden*). Instants as the database spells them."""

    at: str
    since: str | None
    hidden: int
