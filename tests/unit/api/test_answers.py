"""Answers: ASCII, compressed only when accepted."""

import gzip

import pytest

from penstock.api.answers import accepts_gzip, encode, json_answer


def test_text_is_escaped() -> None:
    assert encode({"a": "é—😀"}) == b'{"a":"\\u00e9\\u2014\\ud83d\\ude00"}'


def test_numbers_that_json_lacks_become_text() -> None:
    value = {"a": [float("nan"), float("inf")], "b": (float("-inf"), 1.5)}
    assert encode(value) == b'{"a":["NaN","Infinity"],"b":["-Infinity",1.5]}'


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("gzip", True),
        ("deflate, gzip;q=1.0, *;q=0.5", True),
        ("GZIP;q=0.1", True),
        ("*", True),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("x-gzip", False),
        ("gzip;q=1.2.3", False),
        ("", False),
    ],
)
def test_gzip_is_asked_for(header: str, accepted: bool) -> None:
    assert accepts_gzip(header) is accepted


def test_only_what_is_worth_it_is_compressed() -> None:
    small = json_answer({"a": 1}, compress=True)
    assert "content-encoding" not in small.headers
    large = json_answer(["x" * 5000], compress=True)
    assert large.headers["content-encoding"] == "gzip"
    assert large.headers["content-length"] == str(len(large.body))
    assert gzip.decompress(bytes(large.body)) == encode(["x" * 5000])


def test_jsonp_is_a_call() -> None:
    answer = json_answer([1], 404, callback="a.b[0]")
    assert (answer.status_code, answer.body) == (404, b"a.b[0]([1])")
    assert answer.headers["content-type"].startswith("application/javascript")
    assert answer.headers["x-content-type-options"] == "nosniff"
