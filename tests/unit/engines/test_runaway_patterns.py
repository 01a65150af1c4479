"""Regular expressions that run away end with a sentence, after one attempt."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from penstock.engines.functions import java_regex
from penstock.errors import DataError
from penstock.kit import json_paths


@pytest.mark.parametrize(
    "text",
    [
        "s matches '(a|aa)+\\\\1?c'", "REGEX_EXTRACT(s,'(?=(a|aa)+\\\\1?c)',0)", "RegexMatch(s,'(a|aa)+\\\\1?c')",
        "REPLACE(s,'(?:(a|aa)+\\\\1?)+c','')", "STRSPLIT(s,'(?:(a|aa)+\\\\1?)+c')",
    ],
)  # fmt: skip
def test_a_pattern_that_runs_away_is_tried_once(
    text: str, plain: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(java_regex, "TIMEOUT_S", 0.2)
    given = "'" + "a" * 60 + "!'"
    begun = time.monotonic()
    with pytest.raises(DataError, match="ran longer"):
        plain(text.replace("s", given, 1) if text.startswith("s ") else text.replace("(s,", f"({given},"))
    assert time.monotonic() - begun < 3


def test_what_is_linear_elsewhere_is_linear_here(plain: Callable[..., object]) -> None:
    assert plain("'" + "a" * 5000 + "!' matches '(a+)+'") is False


@pytest.mark.parametrize("test", ['match(@, "(a|aa)+c")', 'search(@, "(a|aa)+c")', "@ =~ /(a|aa)+c/"])
def test_a_pattern_inside_a_path_has_a_limit_too(
    test: str, plain: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_paths, "TIMEOUT_S", 0.2)
    with pytest.raises(DataError, match="ran longer"):
        plain(f"JsonExtract('[\"{'a' * 60}!\"]','$[?{test}]')")


@pytest.mark.parametrize(
    ("test", "wanted"),
    [('match(@, "a.c")', "abc"), ('search(@, "^x")', "xabc"), ("@ =~ /ABC/i", "abc"), ('match(@, "(")', None)],
)
def test_a_pattern_inside_a_path(test: str, wanted: str | None, plain: Callable[..., object]) -> None:
    assert plain(f"JsonExtract('[\"abc\",\"xabc\",1]','$[?{test}]')") == wanted
