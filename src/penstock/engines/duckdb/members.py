"""Structures that stay JSON text (`penstock.engines.members`): the proof that a text is what the language takes for one, and
what is taken from it, by DuckDB's own functions where these give what the shared ones would.
"""

from __future__ import annotations

from collections.abc import Sequence

from penstock.engines.duckdb import canonical
from penstock.engines.duckdb.casts import wrap_int
from penstock.engines.duckdb.types import quote, text_literal
from penstock.plan.dtypes import Kind

_SHORT = 400
"""Bytes in which no more than 199 arrays and objects can stand inside one another."""
_LONG = 4_000
"""Bytes in which no number has more digits than Python reads."""
_WORDS = r"(?i)[:,\[-](?:nan|inf)"
"""Words for what is no number, behind what they can stand behind."""
_DEEP = r"(?:[\[{][^\[{]*){200}"
"""As many beginnings of arrays and objects, inside one another or not."""
_MANY_DIGITS = "[0-9]{400}"


def text_of_json(text: str, kind: Kind, words: str, shared: str) -> str:
    """Return the SQL of a JSON object or array as plain text, else what *shared* says. *words* is the SQL of
    `may_hold_words`, or false, where DuckDB has written it: nothing can be wrong then but such a word, or its depth."""
    is_plain = _is_sound(text, words, kind) if words else canonical.is_plain(text, kind)
    return f"CASE WHEN {text} IS NULL THEN NULL WHEN {is_plain} THEN {text} ELSE {shared} END"


def may_hold_words(text: str) -> str:
    """Return the test for `nan` and `inf`, in letters of any size, wherever they stand."""
    return f"(contains(lower({text}), 'nan') OR contains(lower({text}), 'inf'))"


def _is_sound(text: str, words: str, kind: Kind) -> str:
    begins = f"starts_with({text}, '{'{' if kind is Kind.MAP else '['}')"
    has_words = f"CASE WHEN {words} THEN regexp_matches({text}, {text_literal(_WORDS)}) ELSE false END"
    is_shallow = (
        f"CASE WHEN strlen({text}) <= {_SHORT} THEN true WHEN regexp_matches({text}, {text_literal(_DEEP)}) THEN false "
        f"WHEN strlen({text}) > {_LONG} THEN NOT regexp_matches({text}, {text_literal(_MANY_DIGITS)}) ELSE true END"
    )
    return f"{begins} AND NOT {has_words} AND {is_shallow}"


def text_of_texts(text: str, shared: str) -> str:
    """Return the SQL of a JSON object as a map of texts, as `canonical.map_of_texts`, but as plain text: of what is not plain
    *shared* makes a map, inside of which is JSON."""
    is_plain = canonical.is_plain_map_of_texts(text)
    return f"CASE WHEN {text} IS NULL THEN NULL WHEN {is_plain} THEN {text} ELSE ({shared})[6:-2] END"


def member(text: str, key: str, shared: str) -> str:
    """Return the SQL of a constant key's value as JSON; of a key that may be there twice *shared* tells which."""
    # Plain JSON holds a key as it is, but others may end like it, and those of what it holds may be it.
    begin = text_literal(f'"{key}":')
    twice = f"len(string_split({text}, {begin})) > 2"
    path = text_literal("/" + key.replace("~", "~0").replace("/", "~1"))
    return f"CASE WHEN {twice} THEN {shared} ELSE CAST(json_extract({text}, {path}) AS VARCHAR) END"


def apart(text: str, keys: Sequence[str]) -> str:
    """Return the SQL of the structure of what *keys* of a plain object hold, as JSON; null stays null."""
    values = ", ".join(
        f"{text_literal(key)}: {member(text, key, f'ps_json_member({text}, {text_literal(key)})')}" for key in keys
    )
    return f"CASE WHEN {text} IS NOT NULL THEN {{{values}}} END"


def apart_type(keys: Sequence[str]) -> str:
    """Return the type of the structure of what *keys* hold, as DuckDB's JSON reader gives it."""
    return f"STRUCT({', '.join(f'{quote(key)} JSON' for key in keys)})"


def part(structure: str, key: str) -> str:
    """Return the SQL of what a key holds, of an object taken apart."""
    return f"CAST(struct_extract({structure}, {text_literal(key)}) AS VARCHAR)"


def _is_text(json: str) -> str:
    return f"starts_with({json}, '\"') AND NOT contains({json}, '\\')"


def _is_number(json: str) -> str:
    """JSON that begins with a digit, or with one behind a minus, is a number."""
    return f"({json} >= '0' AND {json} < ':' OR {json} >= '-0' AND {json} < '-:')"


def _is_whole(json: str) -> str:
    """A number of eighteen characters at most; one that is no whole one has a point or an exponent."""
    no_part = " AND ".join(f"NOT contains({json}, '{sign}')" for sign in ".eE")
    return f"{_is_number(json)} AND strlen({json}) <= 18 AND {no_part}"


def _inner(json: str) -> str:
    return f"substring({json}, 2, length({json}) - 2)"


def as_text(json: str) -> str:
    """Return the SQL of a value in a map of texts, where numbers stand as they are printed."""
    return (
        f"CASE WHEN {_is_text(json)} THEN {_inner(json)} WHEN NOT starts_with({json}, '\"') THEN nullif({json}, 'null') "
        f"ELSE json_extract_string({json}, '$') END"
    )


def value(json: str, kind: Kind, shared: str) -> str:
    """Return the SQL of a JSON value as *kind*, or without a declared type; null as null. *shared* gives what is neither a
    plain text nor a plain number."""
    is_null = f"WHEN {json} IS NULL OR {json} = 'null' THEN NULL"
    whole = f"CAST({json} AS BIGINT)"
    is_word = f"WHEN {json} = 'true' OR {json} = 'false' THEN {json}"
    match kind:
        case Kind.INT | Kind.LONG:
            number = whole if kind is Kind.LONG else wrap_int(f"({whole} & 4294967295)")
            return f"CASE WHEN {_is_whole(json)} THEN {number} {is_null} ELSE {shared} END"
        case Kind.DOUBLE:
            number = f"TRY_CAST({json} AS DOUBLE)"
            return f"CASE WHEN {_is_number(json)} AND isfinite({number}) THEN {number} {is_null} ELSE {shared} END"
        case Kind.CHARARRAY:
            texts = f"WHEN {_is_text(json)} THEN {_inner(json)} {is_null} WHEN {_is_whole(json)} THEN {json}"
        case _:
            texts = (
                f"WHEN {_is_text(json)} THEN {json} {is_null} WHEN {_is_whole(json)} THEN '{{\"l\":' || {json} || '}}'"
            )
    return f"CASE {texts} {is_word} ELSE {shared} END"
