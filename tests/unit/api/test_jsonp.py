"""Names of JSONP callbacks."""

import pytest

from penstock.api.jsonp import read_callback
from penstock.errors import BadRequest


@pytest.mark.parametrize("name", ["cb", "jQuery1_2", "a.b.c", "list[0]", "$"])
def test_plain_names(name: str) -> None:
    assert read_callback([("limit", "1"), ("callback", name)]) == name


def test_no_name_is_no_callback() -> None:
    assert read_callback([("callback", "")]) is None
    assert read_callback([("limit", "1")]) is None


@pytest.mark.parametrize("name", ["alert(1)", "a b", "a;b", "<x>", "é", "0a", "a" * 300, "a\n"])
def test_anything_else_is_refused(name: str) -> None:
    with pytest.raises(BadRequest):
        read_callback([("callback", name)])
