"""Fields as clients send them: what is read, and what is refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.errors import InvalidFields
from penstock.services.coerce import Fields


def read(reader: str, value: Any) -> Any:
    fields = Fields({"it": value})
    found = getattr(fields, reader)("it")
    fields.check()
    return found


@pytest.mark.parametrize(
    ("reader", "value", "wanted"),
    [
        ("integer", 4, 4),
        ("integer", "4", 4),
        ("integer", " +4 ", 4),
        ("integer", 4.0, 4),
        ("integer", "", None),
        ("integer", None, None),
        ("number", "0.5", 0.5),
        ("number", 1, 1.0),
        ("number", "", None),
        *(("boolean", word, True) for word in (True, 1, "1", "t", "true", "True", "TRUE")),
        *(("boolean", word, False) for word in (False, 0, "0", "f", "false", "False")),
        ("boolean", "", None),
        ("text", 4, "4"),
        ("text", True, "true"),
        ("scalars", [], {}),
        ("scalars", "", {}),
        ("scalars", '{"b": 1, "a": null}', {"b": 1, "a": None}),
        ("scalars", None, None),
        ("scalars", '{"a": "\\\\u0000"}', {"a": "\\u0000"}),
    ],
)
def test_a_value_is_read(reader: str, value: Any, wanted: Any) -> None:
    found = read(reader, value)
    assert found == wanted
    assert type(found) is type(wanted)


@pytest.mark.parametrize(
    ("reader", "value"),
    [
        *(("integer", value) for value in (True, "x", "--5", "+-5", "1-2", 1.5, -1, 2**31, "9" * 400, [], {}, "²")),
        *(("number", value) for value in ("x", True, [], {}, "nan", "inf", 10**400, -1)),
        *(("boolean", value) for value in ("maybe", 2, [], {})),
        *(("text", value) for value in ([], {}, "a\x00b")),
        *(("scalars", value) for value in ("x", 4, [1], "[1]", {"a": []}, '{"a": "\\ud800"}', "[" * 100_000)),
        *(("scalars", value) for value in ('{"a": NaN}', '{"a": 1e999}', '{"a": "\\u0000"}', '{"\\u0000": 1}')),
    ],
)
def test_a_value_is_refused_by_name(reader: str, value: Any) -> None:
    with pytest.raises(InvalidFields, match=r"^it ") as caught:
        read(reader, value)
    assert list(caught.value.errors) == ["it"]


def test_every_wrong_field_is_named_at_once() -> None:
    fields = Fields({"a": "x", "b": "y"})
    fields.integer("a")
    fields.boolean("b")
    with pytest.raises(InvalidFields, match=r"a must .* b must "):
        fields.check()
