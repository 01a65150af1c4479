"""Texts out of files as values of declared types: DuckDB's own conversion where it is certain to be the language's, the
shared form for the rest (dataflow reference 4.4, 5.1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from penstock.engines.duckdb import canonical, casts, members
from penstock.plan.dtypes import Kind
from penstock.plan.ports import Context

ATTEMPTS = {
    Kind.INT: "INTEGER", Kind.LONG: "BIGINT", Kind.FLOAT: "FLOAT", Kind.DOUBLE: "DOUBLE", Kind.DATETIME: "TIMESTAMP",
}  # fmt: skip
"""What DuckDB tries to read the text of a field as; the guards below say where that is right."""
_DIGITS = {Kind.INT: 9, Kind.LONG: 18}
"""The most digits of which every number fits its type."""
_INSTANT = "[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,3})?Z"
_PLACEHOLDERS = {
    Kind.INT: "0::INTEGER", Kind.LONG: "0::BIGINT", Kind.FLOAT: "0::FLOAT", Kind.DOUBLE: "0::DOUBLE",
    Kind.BOOLEAN: "false", Kind.DATETIME: "{'t': 0::BIGINT, 'o': 0::INTEGER}", Kind.MAP: "''", Kind.BAG: "''",
}  # fmt: skip
"""A value of each type that not every text fits."""


@dataclass(frozen=True, slots=True)
class Given:
    """The text of one field: its *column*, the type it is to have, and *attempt*, the column that holds DuckDB's own
    conversion where there is one (`ATTEMPTS`). *bad* is the SQL of what a text that does not fit becomes: a null of any
    kind, that may count or fail. *odd_numbers* is False where no text holds a `_` or `+-`. A structure that is to stay
    *as_text* becomes plain JSON (`penstock.engines.members`); *words* is the SQL that tells
    whether words for what is no number may stand in it, where DuckDB has written it."""

    column: str
    kind: Kind
    context: Context
    attempt: str = ""
    bad: str = "NULL"
    odd_numbers: bool = True
    as_text: bool = False
    words: str = ""

    @property
    def tried(self) -> str:
        """DuckDB's own conversion."""
        return self.attempt or f"TRY_CAST({self.column} AS {ATTEMPTS[self.kind]})"

    def shared(self, call: str) -> str:
        """Return what a shared function gives, and *bad* for what it makes null."""
        if self.bad == "NULL":
            return call
        # `coalesce` loses a text that is not DuckDB's own.
        own = f"{call} || ''" if self.kind in (Kind.MAP, Kind.BAG) else call
        return f"coalesce({own}, {self.bad})"


def can_be_bad(kind: Kind) -> bool:
    """Tell whether there are texts that do not fit a type."""
    return kind in _PLACEHOLDERS


def counted_null(kind: Kind, counter: str) -> str:
    """Return the SQL of a null of a type, counted by a sequence each time it is given."""
    placeholder = _PLACEHOLDERS.get(kind, "''")
    return f"CASE WHEN nextval('{counter}') < 0 THEN {placeholder} END"


def from_text(given: Given) -> str:
    """Return the SQL of a field's text as its declared type; null stays null. It may mention the column several times."""
    return _CASTS.get(given.kind, _as_it_is)(given)


def _as_it_is(given: Given) -> str:
    return given.column


def _whole(given: Given) -> str:
    column, tried, word = given.column, given.tried, given.kind.value
    # A text no longer than its number has digits is that number, unless it has an exponent ('5e2') or is hexadecimal. A
    # look at the least number of its length costs half of what it costs to print the number and to compare.
    least = [0, *(10**power for power in range(1, _DIGITS[given.kind]))]
    is_plain = f"{tried} % 100 <> 0 AND {column} >= '1' AND {tried} >= {least}[strlen({column})]"
    return (
        f"CASE WHEN {is_plain} THEN {tried} WHEN CAST({tried} AS VARCHAR) = {column} THEN {tried} "
        f"WHEN {column} IS NULL THEN NULL WHEN {casts.no_number(column)} THEN {given.bad} "
        f"ELSE {given.shared(f'ps_bytes_to_{word}({column})')} END"
    )


def _real(given: Given) -> str:
    column, tried, word = given.column, given.tried, given.kind.value
    is_sound = f" AND NOT contains({column}, '_') AND NOT contains({column}, '+-')"
    is_plain = f"isfinite({tried})" + (is_sound if given.odd_numbers else "")
    return (
        f"CASE WHEN {is_plain} THEN {tried} "
        f"WHEN {column} IS NULL THEN NULL WHEN {casts.no_number(column)} THEN {given.bad} "
        f"ELSE {given.shared(f'ps_text_to_{word}({column})')} END"
    )


def _boolean(given: Given) -> str:
    column = given.column
    return (
        f"CASE WHEN {column} = 'true' THEN true WHEN {column} = 'false' THEN false WHEN {column} IS NULL THEN NULL "
        f"WHEN lower({column}) = 'true' THEN true WHEN lower({column}) = 'false' THEN false "
        f"ELSE {given.shared(f'ps_bytes_to_boolean({column})')} END"
    )


def _datetime(given: Given) -> str:
    column, tried, zone = given.column, given.tried, given.context.zone_minutes
    shift = f" - {zone * 60_000}" if zone else ""
    # Ten characters that DuckDB reads as a day of a year with four digits, joined by '-', are yyyy-MM-dd.
    is_day = (
        f"strlen({column}) = 10 AND {tried} BETWEEN TIMESTAMP '1000-01-01' AND TIMESTAMP '9999-12-31' "
        f"AND {column} >= '1' AND contains({column}, '-')"
    )
    is_instant = f"regexp_full_match({column}, '{_INSTANT}') AND {tried} IS NOT NULL"
    return (
        f"CASE WHEN {is_day} THEN {{'t': epoch_ms({tried}){shift}, 'o': {zone}::INTEGER}} "
        f"WHEN {is_instant} THEN {{'t': epoch_ms({tried}), 'o': 0::INTEGER}} WHEN {column} IS NULL THEN NULL "
        f"ELSE {given.shared(f'ps_bytes_to_datetime({column}, {zone}::INTEGER)')} END"
    )


def _structure(given: Given) -> str:
    if given.as_text:
        plain = given.shared(f"ps_json_plain({given.column}, '{given.kind.value}')")
        return members.text_of_json(given.column, given.kind, given.words, plain)
    made = given.shared(f"ps_json_structure({given.column}, '{given.kind.value}')")
    form = canonical.map_of_json if given.kind is Kind.MAP else canonical.bag_of_json
    return form(given.column, made)


def _bytes(given: Given) -> str:
    text = f"'{{\"x\":\"' || base64(encode({given.column})) || '\"}}'"
    return f"CASE WHEN {given.column} IS NOT NULL THEN {text} END"


_CASTS: dict[Kind, Callable[[Given], str]] = {
    Kind.INT: _whole,
    Kind.LONG: _whole,
    Kind.FLOAT: _real,
    Kind.DOUBLE: _real,
    Kind.BOOLEAN: _boolean,
    Kind.DATETIME: _datetime,
    Kind.MAP: _structure,
    Kind.BAG: _structure,
    Kind.BYTEARRAY: _bytes,
}
