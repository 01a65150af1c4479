"""Shapes: what fits as JSON Schema says, and what is said about what does not."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.lang.components.aggregate import FUNCTION
from penstock.lang.components.file_source import FIELD as SOURCE_FIELD
from penstock.lang.components.select import FIELD
from penstock.lang.document.faults import faults, fits
from penstock.lang.document.shapes import (
    ALIAS,
    CONDITIONS,
    CONNECTION,
    NAME,
    NAMES,
    ORDER_ITEM,
    POSITION,
    Shape,
    character,
    choice,
    integer,
    number_or_variable,
)


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        (10.0, integer(0)),
        (10**30, integer(0)),
        ("a_1", ALIAS),
        ("\N{SNOWMAN} ' \" ; DROP TABLE x", NAME),
        ("\\t", character("\\t")),
        ("$n", number_or_variable(1)),
        (None, POSITION),
        ({"x": 1, "y": 2.5, "x-any": []}, POSITION),
        ({"type": "file", "id": 3}, CONNECTION),
        ({"name": "lake"}, CONNECTION),
        ({"function": "count_all", "alias": "n"}, FUNCTION),
        ({"pseudo": "file_path"}, SOURCE_FIELD),
        ({"expression": "id"}, FIELD),
        ({"expression": "TOBAG(1)", "aliases": ["a"], "flatten": True, "keep_empty": False}, FIELD),
        ([{"match": "none", "conditions": [{"left": "a", "operator": "is_null"}]}], CONDITIONS),
    ],
)
def test_what_fits(value: Any, shape: Shape) -> None:
    assert list(faults(value, shape, "here")) == []


@pytest.mark.parametrize(
    ("value", "shape", "code", "path", "said"),
    [
        (True, integer(0), "PK102", "here", "a whole number, not a boolean"),
        (2.5, integer(0), "PK102", "here", "a whole number, not a number"),
        (-1, integer(0), "PK102", "here", "at least 0, it is -1"),
        ("1", integer(0), "PK102", "here", "a whole number, not text"),
        (1, {"const": True}, "PK102", "here", "must be true; it is 1"),
        ("descending", choice("asc", "desc"), "PK102", "here", "one of asc, desc; it is 'descending'"),
        ("total amount", ALIAS, "PK106", "here", "cannot be a field name"),
        ("a\n", ALIAS, "PK106", "here", "'a\\n' cannot be a field name"),
        ("a\nb", NAME, "PK102", "here", "holds a line break"),
        ("x" * 201, NAME, "PK102", "here", "has 201 characters; 200 are allowed"),
        ("", NAME, "PK102", "here", "must not be empty"),
        ([], NAMES, "PK102", "here", "must not be empty"),
        (["a", "a"], NAMES, "PK102", "here", "names 'a' twice"),
        (["a", 1], NAMES, "PK102", "here[1]", "text, not a number"),
        ("ab", character("none"), "PK102", "here", "one character or none; it is 'ab'"),
        ("five", number_or_variable(1), "PK102", "here", "a whole number of at least 1"),
        ({}, POSITION, "PK103", "here", "'x' is missing"),
        ({"type": "file", "id": "3"}, CONNECTION, "PK102", "here.id", "a whole number, not text"),
        ({"type": "file", "id": 3, "name": "a"}, CONNECTION, "PK104", "here.name", "no key 'name'"),
        ({}, CONNECTION, "PK103", "here", "needs a type and an id, or a name"),
        ({"function": "sum", "alias": "s"}, FUNCTION, "PK103", "here", "'field' is missing with function 'sum'"),
        (
            {"function": "count_all", "field": "a", "alias": "n"},
            FUNCTION, "PK104", "here.field", "no key 'field' here with function 'count_all'",
        ),
        ({"function": "summ", "field": "a", "alias": "n"}, FUNCTION, "PK102", "here.function", "one of count_all, count"),
        (
            {"function": "sum", "field": "a", "alias": "n", "order_by": [{"field": "a"}]},
            FUNCTION, "PK104", "here.order_by", "no key 'order_by' here with function 'sum'",
        ),
        ({"pseudo": "file_path", "type": "string"}, SOURCE_FIELD, "PK104", "here.type", "no key 'type'"),
        ({"pseudo": "file"}, SOURCE_FIELD, "PK102", "here.pseudo", "one of file_path, line_number"),
        ({"name": "a", "type": "text"}, SOURCE_FIELD, "PK102", "here.type", "one of string, int"),
        ({"alias": "a"}, SOURCE_FIELD, "PK103", "here", "'name' is missing"),
        ({"expression": "a + 1"}, FIELD, "PK103", "here.expression", "needs an 'alias'"),
        ({"expression": "a", "alias": "b", "aliases": ["c"]}, FIELD, "PK102", "here", "not both"),
        ({"expression": "a", "alias": "b", "keep_empty": True}, FIELD, "PK103", "here.keep_empty", "flattened"),
        ([{"left": "a", "operator": "~", "right": "b"}], CONDITIONS, "PK102", "here[0].operator", "one of text_equals"),
        ([{"left": "a", "operator": "="}], CONDITIONS, "PK103", "here[0]", "'right' is missing with operator '='"),
        (
            [{"left": "a", "operator": "is_null", "right": "b"}],
            CONDITIONS, "PK104", "here[0].right", "no key 'right' here with operator 'is_null'",
        ),
        ([{}], CONDITIONS, "PK103", "here[0]", "needs 'expression', or 'left'"),
        ([{"conditions": []}], CONDITIONS, "PK103", "here[0]", "'match' is missing"),
        (
            [{"match": "all", "conditions": [{"expression": "a", "left": "b"}]}],
            CONDITIONS, "PK104", "here[0].conditions[0].left", "no key 'left'",
        ),
    ],
)  # fmt: skip
def test_what_is_said(value: Any, shape: Shape, code: str, path: str, said: str) -> None:
    found = list(faults(value, shape, "here"))
    assert (found[0].code.code, found[0].path) == (code, path)
    assert said in found[0].message


def test_an_unknown_key_is_explained() -> None:
    (found,) = faults({"field": "a", "dirction": "asc"}, ORDER_ITEM, "here")
    assert found.hint == "Did you mean 'direction'?"


def test_what_is_nested_without_end_is_looked_at_to_a_depth_only() -> None:
    condition: Any = {"expression": 7}
    for _ in range(2_000):
        condition = {"match": "all", "conditions": [condition]}
    assert fits([condition], CONDITIONS)
