"""What is found out about JSON lines without parsing them, against the same said by regular expressions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from penstock.engines.files import json_survey
from penstock.engines.files.json_survey import Lined, survey_lines

DEEP = json_survey._MANY
PARTS = (
    b"nan", b"NaN", b"inf", b"Inf", b"i", b"n", b"a", b"f", b" ", b"\t", b"\n", b"\r\n", b":", b",", b"[", b"-", b'"x"', b"{",
    b"0", b"\r", b"\v", b"\f", b"x" * 150, b"x" * 3_900, b"[" * 60, b'{"' * 60,
)  # fmt: skip
SOUP = st.lists(st.sampled_from(PARTS), max_size=40).map(b"".join)
WORDS = re.compile(rb"(?i)[:,\[-][ \t\r\n]*(?:nan|inf)")
ODD = re.compile(rb"\r(?!\n)|[\v\f]")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SOUP, st.sampled_from((3, 16, 64)), st.sampled_from((1, 2)))
@example(b"a\r", 3, 1)
@example(b"ab\r\ncd\r\n", 3, 2)
@example(b"[1,\n NaN]", 3, 1)
def test_nothing_is_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: bytes, piece: int, threads: int
) -> None:
    monkeypatch.setattr(json_survey, "_PIECE", piece)
    file = tmp_path / "lines.json"
    file.write_bytes(body)
    found = survey_lines(str(file), threads)
    if ODD.search(body):
        assert not found.is_plain
    if WORDS.search(body):
        assert found.has_words
    lines = body.split(b"\n")
    longest = max(map(len, lines))
    if any(len(line) > 4_000 or line.count(b"[") + line.count(b"{") >= DEEP for line in lines):
        assert not found.is_shallow
    elif longest < 400 and found.is_plain:
        assert found.is_shallow
    if longest < piece and not ODD.search(body):
        assert found.is_plain


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", Lined(True, False, True)),
        (b'{"a": "Nancy and Infinity", "nan": 1}\n', Lined(True, False, True)),
        (b'{"name": "some information, inferred"}\n', Lined(True, True, True)),
        (b'{"a": "some information"}\n', Lined(True, False, True)),
        (b'{"a":\tInfinity}\r\n', Lined(True, True, True)),
        (b'{"a": [1,-inf]}', Lined(True, True, True)),
        (b'{"a": 1}\r{"a": 2}\n', Lined(False, True, False)),
        (b'{"a":\v1}\n', Lined(False, True, False)),
        (b'{"a": 1}\n' * 100_000, Lined(True, False, True)),
        (b'{"a": "' + b"x" * (3 << 18) + b'"}\n', Lined(False, True, False)),
        (b'{"a": "a nan"}\n' * 300, Lined(True, True, True)),
        (b'{"a": 1}\n' * 50_000 + b"[" * 200 + b"]" * 200 + b"\n", Lined(True, False, False)),
        (b'{"a": 1}\n' * 50_000 + b"[" * 150 + b"]" * 150 + b" " * 150, Lined(True, False, True)),
        ((b'{"a": 1}' + b" " * 600 + b"\n") * 2_000, Lined(True, False, True)),
        ((b'{"a": 1}' + b" " * 600 + b"\n") * 2_000 + b" " * 4_000 + b"\n", Lined(True, False, False)),
        (b'{"a": 1}\n' * 500_000 + b'{"a": ' + b"1" * 4_400 + b"}", Lined(True, False, False)),
    ],
)
def test_what_a_file_holds(tmp_path: Path, body: bytes, expected: Lined) -> None:
    file = tmp_path / "lines.json"
    file.write_bytes(body)
    assert [survey_lines(str(file), threads) for threads in (1, 2)] == [expected] * 2
