"""Other connections for a package that moves: those of components, and those that functions ask."""

from __future__ import annotations

import json

import pytest

from penstock.lang.document.rebind import rebind, rebind_texts


@pytest.mark.parametrize(
    ("text", "names", "made"),
    [
        ("ExecuteSqlString('a', 'x')", {"a": "b"}, "ExecuteSqlString('b', 'x')"),
        ("ExecuteSqlDateTime ( 'a' , 'x')", {"a": "b"}, "ExecuteSqlDateTime ( 'b' , 'x')"),
        ("ExecuteSqlDatetime('it\\'s', 'x')", {"it's": "b'"}, "ExecuteSqlDatetime('b\\'', 'x')"),
        ("CONCAT('a', ExecuteSqlString('a', 'a'))", {"a": "b"}, "CONCAT('a', ExecuteSqlString('b', 'a'))"),
        ("ExecuteSqlString('b', ExecuteSqlString('a', 'x'))", {"a": "b", "b": "a"},
         "ExecuteSqlString('a', ExecuteSqlString('b', 'x'))"),
        ("ExecuteSqlString('ab', 'x')", {"a": "b"}, None),
        ("ExecuteSqlString('$a', 'x')", {"a": "b"}, None),
        ("MyExecuteSqlString('a', 'x')", {"a": "b"}, None),
        ("Curl('a', 'GET')", {"a": "b"}, None),
    ],
)  # fmt: skip
def test_functions_ask_other_connections(text: str, names: dict[str, str], made: str | None) -> None:
    found, used = rebind_texts({"v": [text, 1, None]}, names)
    assert found == {"v": [made or text, 1, None]}
    assert bool(used) == (made is not None)


def test_a_flow_is_renamed_in_components_and_in_what_functions_ask() -> None:
    flow = {
        "components": [
            {"id": "1", "type": "cloud_storage_source_component", "connection": "lake", "properties": {"path": "x"}},
            {"id": "2", "type": "select_component",
             "properties": {"fields": [{"expression": "ExecuteSqlString('shop', 'SELECT 1')", "alias": "v"}]}},
        ],
        "edges": [{"from": "1", "to": "2"}],
    }  # fmt: skip
    made, unused = rebind(json.dumps(flow), {"lake": "FILE_CONNECTION_1", "shop": "POSTGRES_CONNECTION_2", "sea": "x"})
    assert unused == {"sea"}
    assert '"FILE_CONNECTION_1"' in made
    assert "ExecuteSqlString('POSTGRES_CONNECTION_2', 'SELECT 1')" in made
