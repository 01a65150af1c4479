"""Bracketed names as trees."""

import pytest

from penstock.api.forms import read_pairs, read_tree
from penstock.errors import BadRequest


def _tree(text: str) -> dict[str, object]:
    return read_tree(read_pairs(text.encode()))


def test_brackets_nest() -> None:
    assert _tree("job[cluster_id]=1&job[variables][a]=b&job[variables][c]=%27d%27") == {
        "job": {"cluster_id": "1", "variables": {"a": "b", "c": "'d'"}}
    }


def test_numeric_keys_make_a_list_in_their_order() -> None:
    text = "schedule[task][packages][10][package_id]=3&schedule[task][packages][2][package_id]=1"
    assert _tree(text) == {"schedule": {"task": {"packages": [{"package_id": "1"}, {"package_id": "3"}]}}}


def test_numeric_names_of_variables_stay_names() -> None:
    assert _tree("job[variables][1]=a&job[variables][0]=b") == {"job": {"variables": {"1": "a", "0": "b"}}}


def test_empty_brackets_append() -> None:
    assert _tree("args[]=a&args[]=b") == {"args": ["a", "b"]}


def test_a_later_value_wins_and_blanks_are_kept() -> None:
    assert _tree("a=1&a=2&b=") == {"a": "2", "b": ""}


def test_names_that_only_look_bracketed_are_plain() -> None:
    assert _tree("a[b=1&[c]=2&]=3") == {"a[b": "1", "[c]": "2", "]": "3"}


@pytest.mark.parametrize("text", ["a=1&a[b]=2", "a[b]=2&a=1", "a" + "[b]" * 40 + "=1", "a=%FF", "a[b]=1&a[b][c]=2"])
def test_what_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        _tree(text)


def test_too_many_parameters_are_refused() -> None:
    with pytest.raises(BadRequest, match="Send them as JSON"):
        _tree("&".join(f"a{n}=1" for n in range(20_001)))
