"""A secret is no text by the way: whatever would show it fails, or shows stars."""

from __future__ import annotations

import json
import logging
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from penstock.kit.secret import Secret, hidden
from penstock.plan.ports import Connection

ONE = Secret("canary-of-a-type")


@pytest.mark.parametrize(
    "show",
    [
        str, lambda one: f"{one}", lambda one: f"{one:>20}", lambda one: "x" + one,
        lambda one: "".join([one]), json.dumps, bytes, lambda one: one.encode(), list, "a".__contains__,
    ],
)  # fmt: skip
def test_it_becomes_no_text(show: Callable[[Any], Any]) -> None:
    with pytest.raises((TypeError, AttributeError)) as found:
        show(ONE)
    assert "canary" not in str(found.value)


def test_what_holds_it_shows_stars() -> None:
    made = Connection("db", "postgres", {"host": "h"}, {"password": ONE})
    assert repr(made).endswith("secrets={'password': Secret(***)})")
    assert repr([ONE, {"a": ONE}]) == "[Secret(***), {'a': Secret(***)}]"


def test_a_log_line_of_it_is_lost_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(TypeError):
        logging.getLogger("here").warning("logged in with %s", ONE)
    assert "canary" not in caplog.text


def test_it_travels_to_another_process() -> None:
    assert pickle.loads(pickle.dumps(ONE)) == ONE


def test_two_of_one_text_are_equal() -> None:
    assert hidden({"a": "x"}) == {"a": Secret("x")}
    assert len({Secret("x"), Secret("x"), Secret("y")}) == 2
    assert Secret("x") != "x"
    assert not Secret("")


def test_a_connection_reveals_it() -> None:
    made = Connection("db", "postgres", {}, hidden({"password": "p", "passphrase": ""}))
    assert (made.secret("password"), made.secret("passphrase"), made.secret("token")) == ("p", None, None)
    assert made.revealed() == ["p"]
