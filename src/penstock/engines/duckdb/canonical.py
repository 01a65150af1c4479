"""Canonical texts (`penstock.plan.values`) made and taken apart by DuckDB's own functions, where these give the same to the
last character as the shared ones; a test tells the plain texts from the others.

A value that a test mentions several times is meant to be a column: arguments that are longer are taken out beforehand.
"""

from __future__ import annotations

from penstock.engines.duckdb.types import text_literal
from penstock.plan.dtypes import Kind

_TEXT = r'"(?:[^"\\\x00-\x1f:][^"\\\x00-\x1f]*)?"'
"""A JSON text without escapes. It does not begin with a colon, so that a quote before a colon ends a key."""
_WHOLE = r"(?:0|-?[1-9][0-9]{0,17})"
_REAL = r"-?(?:[1-9][0-9]{0,8}\.(?:[0-9]{0,8}[1-9]|0)|0\.(?:[0-9]{0,3}[1-9]|0))"
"""Fifteen digits or so, never with an exponent: Python prints them as they stand."""
_WORD = "true|false|null"
_KEY = f"({_TEXT}:)"


def _array(item: str) -> str:
    return text_literal(rf"\[(?:{item}(?:,{item})*)?\]")


def _marked(text: str, what: str, by: str) -> str:
    return f"regexp_replace({text}, {text_literal(what)}, {text_literal(by)}, 'g')"


def map_of_json(text: str, shared: str) -> str:
    """Return the SQL of a JSON object as a map: one whose values are plain texts and numbers here, else by *shared*."""
    marked = _marked(text, f"{_KEY}({_WHOLE})([,}}])", r'\1{"l":\2}\3')
    with_reals = _marked(marked, f"{_KEY}({_REAL})([,}}])", r'\1{"d":\2}\3')
    marked = f"CASE WHEN contains({text}, '.') THEN {with_reals} ELSE {marked} END"
    return _object_or(text, (_TEXT, _WHOLE, _REAL, _WORD), marked, shared)


def map_of_texts(text: str, shared: str) -> str:
    """Return the SQL of a JSON object as a map of texts, as `map_of_json`."""
    marked = _marked(text, f"{_KEY}({_WHOLE}|true|false)([,}}])", r'\1"\2"\3')
    return _object_or(text, (_TEXT, _WHOLE, _WORD), marked, shared)


def _object_or(text: str, items: tuple[str, ...], marked: str, shared: str) -> str:
    # Only what is plain JSON may be asked for its keys.
    has_keys_once = (
        f"CASE WHEN {_is_object(text, items)} THEN list_unique(json_keys({text})) = len(json_keys({text})) END"
    )
    return (
        f"CASE WHEN {text} IS NULL THEN NULL WHEN {has_keys_once} THEN '{{\"m\":' || {marked} || '}}' ELSE {shared} END"
    )


def _is_object(text: str, items: tuple[str, ...]) -> str:
    item = f"{_TEXT}:(?:{'|'.join(items)})"
    return f"regexp_full_match({text}, {text_literal(f'[{{](?:{item}(?:,{item})*)?[}}]')})"


def is_plain(text: str, kind: Kind) -> str:
    """Return the test for a JSON object, or an array, whose values are plain texts and numbers, and that has no blanks. Keys
    may stand in it more than once."""
    if kind is Kind.MAP:
        return _is_object(text, (_TEXT, _WHOLE, _REAL, _WORD))
    return " OR ".join(f"regexp_full_match({text}, {_array(item)})" for item in (_TEXT, _WHOLE))


def is_plain_map_of_texts(text: str) -> str:
    """Return the test for a JSON object that `map_of_texts` takes for plain."""
    return _is_object(text, (_TEXT, _WHOLE, _WORD))


def bag_of_json(text: str, shared: str) -> str:
    """Return the SQL of a JSON array as a bag: one of plain texts or of whole numbers here, else by *shared*."""
    return _array_or(text, r'[{"l":\1}]', shared)


def bag_of_texts(text: str, shared: str) -> str:
    """Return the SQL of a JSON array as a bag of texts, as `bag_of_json`."""
    return _array_or(text, r'["\1"]', shared)


def _array_or(text: str, number: str, shared: str) -> str:
    plain = "".join(
        f"WHEN regexp_full_match({text}, {_array(item)}) THEN '{{\"g\":' || {_marked(text, f'({item})', row)} || '}}' "
        for item, row in ((_TEXT, r"[\1]"), (_WHOLE, number))
    )
    return f"CASE WHEN {text} IS NULL THEN NULL {plain}ELSE {shared} END"


def map_get(value: str, key: str, shared: str) -> str:
    """Return the SQL of a constant key's value: DuckDB prints numbers without exponents and texts without escapes as Python
    does."""
    path = _path(key)
    return (
        f"CASE WHEN contains({value}, '\\') OR regexp_matches({value}, '[0-9][eE][-+]?[0-9]') THEN {shared} "
        f"ELSE nullif(CAST(json_extract({value}, {path}) AS VARCHAR), 'null') END"
    )


def map_get_text(value: str, key: str, shared: str) -> str:
    """Return the SQL of a constant key's value in a map of texts."""
    path = _path(key)
    return (
        f"CASE WHEN contains({value}, '\\') OR json_type({value}, {path}) NOT IN ('VARCHAR', 'NULL') THEN {shared} "
        f"ELSE json_extract_string({value}, {path}) END"
    )


def _path(key: str) -> str:
    return text_literal("/m/" + key.replace("~", "~0").replace("/", "~1"))


def size(value: str, kind: Kind) -> str:
    """Return the SQL of the number of tuples of a bag, of keys of a map."""
    if kind is Kind.BAG:
        return f"CAST(json_array_length({value}, '/g') AS BIGINT)"
    return f"len(json_keys({value}, '/m'))"


def _is_whole(value: str) -> str:
    return f"(starts_with({value}, '{{\"l\":') OR starts_with({value}, '{{\"i\":'))"


def _number(value: str) -> str:
    """The digits of a tagged number."""
    return f"substring({value}, 6, strlen({value}) - 6)"


def to_text(value: str, shared: str) -> str:
    """Return the SQL of a value without a declared type as text."""
    return (
        f"CASE WHEN {value} IS NULL THEN NULL "
        f"WHEN starts_with({value}, '\"') AND NOT contains({value}, '\\') "
        f"THEN substring({value}, 2, length({value}) - 2) "
        f"WHEN {_is_whole(value)} THEN {_number(value)} ELSE {shared} END"
    )


def to_whole(value: str, wrapped: str, shared: str) -> str:
    """Return the SQL of a value without a declared type as an int or long; *wrapped* makes it of `{0}`, a BIGINT."""
    number = wrapped.format(f"CAST({_number(value)} AS BIGINT)")
    return f"CASE WHEN {value} IS NULL THEN NULL WHEN {_is_whole(value)} THEN {number} ELSE {shared} END"


def to_double(value: str, shared: str) -> str:
    """Return the SQL of a value without a declared type as a double; a float is left to *shared*."""
    return (
        f"CASE WHEN {value} IS NULL THEN NULL "
        f"WHEN {_is_whole(value)} THEN CAST(CAST({_number(value)} AS BIGINT) AS DOUBLE) "
        f"WHEN starts_with({value}, '{{\"d\":') AND {value}[6] <> '\"' THEN CAST({_number(value)} AS DOUBLE) "
        f"ELSE {shared} END"
    )
