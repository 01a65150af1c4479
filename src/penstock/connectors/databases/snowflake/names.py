"""Names of tables and columns as Snowflake has them: letter for letter where there is such a one, and otherwise, if a name
could stand without quotes, in capitals, as Snowflake itself reads it there."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

from penstock.connectors.databases.ledger import TABLE
from penstock.connectors.databases.snowflake.session import literal

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
Ask = Callable[[str], Sequence[Sequence[object]]]
"""Returns the rows of a statement."""


def folded(name: str) -> str:
    """Return a name as it is stored when it is written without quotes; one that has to stand in quotes stays as it is.

    >>> folded("orders"), folded("My orders")
    ('ORDERS', 'My orders')
    """
    return name.upper() if _PLAIN.fullmatch(name) else name


def among(name: str, there: Collection[str]) -> str | None:
    """Return which of the names that are there is meant, None where none is."""
    return next((one for one in (name, folded(name)) if one in there), None)


def schema_of(ask: Ask, schema: str) -> str:
    """Return the name that a schema has, or would be made with."""
    if folded(schema) == schema:
        return schema
    found = ask(f"SELECT schema_name FROM information_schema.schemata WHERE schema_name IN ({_candidates(schema)})")
    return among(schema, [str(one[0]) for one in found]) or folded(schema)


def table_of(ask: Ask, schema: str | None, table: str) -> tuple[str, str | None]:
    """Return the name that a table of a schema (by its own name) has, or would be made with, and the word for what it is, None
    where it is not there. The ledger is ours, and has one name."""
    where = literal(schema) if schema is not None else "CURRENT_SCHEMA()"
    wanted = literal(table) if table == TABLE else _candidates(table)
    found = ask(
        f"SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = {where} "
        f"AND table_name IN ({wanted})"
    )
    words = {str(name): str(word) for name, word in found}
    meant = among(table, words)
    return meant or (table if table == TABLE else folded(table)), None if meant is None else words[meant]


def _candidates(name: str) -> str:
    return ", ".join(literal(one) for one in dict.fromkeys((name, folded(name))))
