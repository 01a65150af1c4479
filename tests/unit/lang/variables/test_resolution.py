"""Which variables a job has, in which order, and what overrides what."""

from __future__ import annotations

import pytest

from penstock.lang.variables import SYSTEM_VARIABLES, Given, resolve
from penstock.lang.variables.resolution import PREDEFINED, as_text, static_text
from penstock.plan.dtypes import Kind
from penstock.plan.values import Value


def test_predefined_then_static_then_system_then_package_then_dynamic() -> None:
    given = Given({"b": "1", "a": "2"}, static={"s": "x"}, dynamic={"d": "3", "a": "4"})
    names = [one.name for one in resolve(given)]
    assert names == [*PREDEFINED, "s", *SYSTEM_VARIABLES, "b", "a", "d"]


def test_what_a_run_gives_stands_in_the_place_of_the_packages_own() -> None:
    made = {
        one.name: one
        for one in resolve(Given({"a": "1", "b": "2", "c": "3"}, static={"a": "x"}, dynamic={"b": "$a", "a": "y"}))
    }
    assert (made["a"].text, made["a"].is_expression) == ("x", False)
    assert (made["b"].text, made["b"].is_expression) == ("$a", True)
    assert (made["c"].text, made["c"].is_expression) == ("3", True)


def test_system_variables_keep_their_place_and_take_other_values() -> None:
    made = resolve(Given({"_COPY_TARGET_SIZE": "128", "x": "1"}, dynamic={"_PARQUET_COMPRESSION": "'GZIP'"}))
    order = [one.name for one in made if one.name in SYSTEM_VARIABLES]
    assert order == list(SYSTEM_VARIABLES)
    texts = {one.name: one.text for one in made}
    assert (texts["_COPY_TARGET_SIZE"], texts["_PARQUET_COMPRESSION"]) == ("128", "'GZIP'")


def test_predefined_names_are_those_of_the_run() -> None:
    made = {
        one.name: one for one in resolve(Given({"_JOB_ID": "5"}, static={"_JOB_ID": "6"}, predefined={"_JOB_ID": 7}))
    }
    assert (made["_JOB_ID"].value, made["_JOB_ID"].predefined) == (Value(Kind.INT, 7), True)
    assert made["_PACKAGE_LAST_SUCCESSFUL_JOB_SUBMISSION_TIMESTAMP"].value is None


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("a", "a"), ("'a'", "a"), ("''a''", "'a'"), ("'", "'"), ("''", ""), ("'a", "'a"), ("a'", "a'"),
        ("'it\\'s'", "it\\'s"), ('"a"', '"a"'),
        (" 'a'", " 'a'"), ("", ""), (None, ""), (5, "5"), (2.5, "2.5"), (True, "true"), (False, "false"),
    ],
)  # fmt: skip
def test_a_static_text_loses_one_pair_of_enclosing_quotes(raw: str | float | None, text: str) -> None:
    assert static_text(raw) == text


@pytest.mark.parametrize(("raw", "text"), [("'a'", "'a'"), (5, "5"), (True, "true"), (None, "")])
def test_other_texts_stay_as_they_are(raw: str | float | None, text: str) -> None:
    assert as_text(raw) == text
