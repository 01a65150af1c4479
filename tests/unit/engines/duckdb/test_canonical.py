"""DuckDB makes and takes apart canonical texts as the shared forms do, or leaves them to these."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from penstock.engines.duckdb import canonical
from penstock.engines.functions import json_text, source, structures
from penstock.plan.dtypes import Kind
from penstock.plan.values import tagged

LEFT = "@@"
"""What stands for a call of the shared form."""
TEXTS = st.one_of(
    st.text(max_size=6), st.sampled_from(["", ":", ":5", ',"b":5', 'q"', "a\\b", "\n", "\x7f", "\u2028", "{", "]"])
)
NUMBERS = st.one_of(
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([-0.0, 1e-5, 1e16, 12.5]),
)
SCALARS = st.one_of(st.none(), st.booleans(), TEXTS, NUMBERS)
ITEMS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=5,
)
OBJECTS = st.dictionaries(TEXTS, st.one_of(SCALARS, ITEMS), max_size=4)
ARRAYS = st.one_of(st.lists(TEXTS, max_size=4), st.lists(st.integers(), max_size=4), st.lists(ITEMS, max_size=4))
SPELLINGS: list[Callable[[Any], str]] = [
    json.dumps, lambda raw: json.dumps(raw, ensure_ascii=False, separators=(",", ":")),
    lambda raw: json.dumps(raw, separators=(",", ":")), lambda raw: json.dumps(raw, separators=(",", ":"))[:-1],
]  # fmt: skip
ODD = (
    '{"a":01}', '{"a":-0}', '{"a":1.}', '{"a":1.50}', '{"a":-0.0}', '{"a":0.00001}', '{"a":1e5}', "[01]", "[-0]", '["a",1]',
    '{"a":truex}', "{,}", '{"a":1,}', "[1,]", "[]", "{}", " {}", '{"a":123456789012345678}', '{"a":1234567890123456789}',
    '{"a":0.10}', '["\x01"]', '{"a":"\x01"}', '{"a":1,"a":2}', '{"a:b":5}', '{"a":":5","b":6}', '{"a":"x","b":5}',
    '{"a":true,"b":null}', "", "null", "5",
)  # fmt: skip


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    made = duckdb.connect()
    yield made
    made.close()


def asked(connection: duckdb.DuckDBPyConnection, sql: str, text: str | None) -> Any:
    row = connection.execute(f"SELECT {sql} FROM (SELECT $1::VARCHAR AS t)", [text]).fetchone()
    assert row is not None
    return row[0]


FROM_JSON: list[tuple[Callable[[str, str], str], Callable[[str], str | None]]] = [
    (canonical.map_of_json, lambda text: source.json_structure(text, "map")),
    (canonical.bag_of_json, lambda text: source.json_structure(text, "bag")),
    (canonical.map_of_texts, json_text.to_map),
    (canonical.bag_of_texts, json_text.to_bag),
]


@pytest.mark.parametrize(("form", "shared"), FROM_JSON)
@settings(max_examples=60, deadline=None)
@given(st.one_of(OBJECTS, ARRAYS), st.sampled_from(SPELLINGS))
@example({}, SPELLINGS[1])
def test_json_is_taken_alike(
    connection: duckdb.DuckDBPyConnection,
    form: Callable[[str, str], str],
    shared: Callable[[str], str | None],
    raw: Any,
    spell: Callable[[Any], str],
) -> None:
    text = spell(raw)
    found = asked(connection, form("t", f"'{LEFT}'"), text)
    assert found == LEFT or found == shared(text)


@pytest.mark.parametrize(("form", "shared"), FROM_JSON)
@pytest.mark.parametrize("text", ODD)
def test_odd_json_is_taken_alike(
    connection: duckdb.DuckDBPyConnection,
    form: Callable[[str, str], str],
    shared: Callable[[str], str | None],
    text: str,
) -> None:
    found = asked(connection, form("t", f"'{LEFT}'"), text)
    assert found == LEFT or found == shared(text)
    assert asked(connection, form("t", f"'{LEFT}'"), None) is None


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (canonical.map_of_json, '{"name":"it: 5","age":26,"x":-1.25,"ok":true,"none":null}'), (canonical.map_of_json, "{}"),
        (canonical.bag_of_json, '["a","b:c"]'), (canonical.bag_of_json, "[1,-2]"), (canonical.bag_of_json, "[]"),
        (canonical.map_of_texts, '{"a":"x","n":5}'), (canonical.bag_of_texts, "[1]"),
    ],
)  # fmt: skip
def test_plain_json_needs_no_shared_form(
    connection: duckdb.DuckDBPyConnection, form: Callable[[str, str], str], text: str
) -> None:
    assert asked(connection, form("t", f"'{LEFT}'"), text) != LEFT


@settings(max_examples=80, deadline=None)
@given(OBJECTS, st.data())
def test_a_map_is_read_alike(connection: duckdb.DuckDBPyConnection, raw: dict[str, Any], data: st.DataObject) -> None:
    made = source.json_structure(json.dumps(raw), "map")
    assert made is not None
    key = data.draw(st.sampled_from([*raw, "no such key", "a/b~c"]))
    found = asked(connection, canonical.map_get("t", key, f"'{LEFT}'"), made)
    assert found == LEFT or found == structures.map_get(made, key)
    assert asked(connection, canonical.size("t", Kind.MAP), made) == structures.size(made)
    texts = json_text.to_map(json.dumps(raw))
    if texts is not None:
        kept = structures.map_get(texts, key)
        found = asked(connection, canonical.map_get_text("t", key, f"'{LEFT}'"), texts)
        assert found == LEFT or found == (None if kept is None else structures.to_text(kept))


@settings(max_examples=80, deadline=None)
@given(st.one_of(ARRAYS.map(lambda items: ("g", items)), OBJECTS.map(lambda items: ("m", items))))
def test_a_value_is_cast_alike(connection: duckdb.DuckDBPyConnection, given_items: tuple[str, Any]) -> None:
    tag, raw = given_items
    made = source.json_structure(json.dumps(raw), "bag" if tag == "g" else "map")
    assert made is not None
    if tag == "g":
        assert asked(connection, canonical.size("t", Kind.BAG), made) == structures.size(made)
    _, data = tagged(made)
    for part in (row[0] for row in data) if tag == "g" else data.values():
        if part is not None:
            check_casts(connection, structures.plain_text(part))


@pytest.mark.parametrize(
    "text",
    [
        '{"i":5}', '{"l":-9223372036854775808}', '{"l":9223372036854775807}', '{"d":"NaN"}', '{"d":"-Infinity"}', '{"d":-0.0}',
        '{"d":1e-05}', '{"f":"2.14748365E9"}', '{"f":1.5}', '{"t":[5,0]}', '{"x":"YQ=="}', "true", '"a"', '""', '"5"', '"é\\n"',
        '{"u":[null]}',
    ],
)  # fmt: skip
def test_every_kind_of_value_is_cast_alike(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    check_casts(connection, text)


def check_casts(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    left = "CASE WHEN nextval('asked') > 0 THEN NULL END"
    for sql, shared in (
        (canonical.to_text("t", f"{left}::VARCHAR"), structures.to_text),
        (canonical.to_whole("t", "{0}", f"{left}::BIGINT"), structures.to_long),
        (canonical.to_double("t", f"{left}::DOUBLE"), structures.to_double),
    ):
        connection.execute("CREATE OR REPLACE SEQUENCE asked")
        found = asked(connection, sql, text)
        was_left = connection.execute(
            "SELECT last_value FROM duckdb_sequences() WHERE sequence_name = 'asked'"
        ).fetchone()
        if was_left == (None,):
            wanted = shared(text)
            assert (found, str(found)) == (wanted, str(wanted))
