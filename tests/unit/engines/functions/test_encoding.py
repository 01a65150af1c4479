"""Hosts as `java.net.URL` finds them, and bytes as Java's UTF-8 reads them; every row was computed by Java."""

from __future__ import annotations

import pytest

from penstock.engines.functions import encoding
from penstock.engines.functions.text import from_utf8


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("mailto:a@b.c", ""),
        ("mailto://h/", ""),
        ("mailto:", None),
        ("mailto:#x", None),
        ("http://[::1]:80/", "[::1]"),
        ("http://[::G]/", None),
        ("http://[]/", None),
        ("http://[1:2:3:4:5:6:1.2.3.4]", "[1:2:3:4:5:6:1.2.3.4]"),
        ("http://[1:2:3:4:5:6:7]", None),
        ("http://[00001::1%eth0]", "[00001::1%eth0]"),
        ("http://[1::2::3]", None),
        ("http://[::1.2.3.256]", None),
        ("http://h:2147483648/", None),
        ("http://h:-1/", "h"),
        ("http://h:\u0663/", "h"),
        ("http://u@v@w/x", ""),
    ],
)
def test_a_host(url: str, host: str | None) -> None:
    assert encoding.host(url) == host


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (b"a\xc3\xbc\xf0\x9f\x98\x80", "aü😀"),
        (b"\xed\xa0\x80x", "\ufffdx"),
        (b"\xed\xa0x", "\ufffdx"),
        (b"\xe2\x82x", "\ufffdx"),
        (b"\xc0\xaf", "\ufffd\ufffd"),
        (b"\xf4\x90\x80\x80", "\ufffd\ufffd\ufffd\ufffd"),
        (b"\xef\xed\xac\xef", "\ufffd\ufffd\ufffd"),
    ],
)
def test_bytes_that_are_no_text(given: bytes, text: str) -> None:
    assert from_utf8(given) == text
    assert encoding.url_decode("".join(f"%{byte:02x}" for byte in given)) == text
