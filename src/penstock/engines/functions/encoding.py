"""Hashes, encodings and parts of URLs (function reference 10). Texts are hashed and encoded as UTF-8."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import quote_plus

import regex

from penstock.engines.functions.casts import strict_int, wrap_int
from penstock.engines.functions.text import from_utf8

_FNV_START = 33_554_467
_FNV_PRIME = 0x01000193
_ESCAPED = re.compile("(?:%[^\U00010000-\U0010ffff]{2})+", re.DOTALL)
_HEX_LETTERS = "abcdefABCDEFａｂｃｄｅｆＡＢＣＤＥＦ"
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}\Z", re.ASCII)
_PROTOCOLS = frozenset({"http", "https", "ftp", "file", "mailto", "jar", "netdoc"})
"""What Java has a reader for; a URL of any other is malformed to it."""
_SCHEME = re.compile(r"(?:url:)?([a-z][a-z0-9+.-]*):", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,9}\Z", re.ASCII)
_GROUP = re.compile(r"0*[0-9a-fA-F]{1,4}\Z", re.ASCII)
_UP_TO_BLANK = "".join(map(chr, range(33)))
_QUERY = regex.compile(r'(?<=[&?](?:as_)?[pq]=).*?(?=\Z|[&"])')
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]+")
_BLANKS = re.compile(r"[ \t\n\x0b\f\r]+")


def md5_base64(text: str) -> str:
    """Return the MD5 as base 64."""
    return base64.b64encode(hashlib.md5(text.encode(), usedforsecurity=False).digest()).decode()


def fnv(text: str) -> int:
    """Return the absolute value of the 32-bit FNV-1 hash of the library, whose start value is its own.

    >>> fnv("penstock")
    69326842
    """
    value = _FNV_START
    for byte in text.encode():
        # Java's bytes are signed.
        value = wrap_int(value * _FNV_PRIME) ^ (byte - 256 if byte > 127 else byte)
    return abs(value)


def fnv_modulo(text: str, modulus: int) -> int:
    """Return `fnv` modulo a positive number; a modulus that is not positive changes nothing."""
    return fnv(text) % modulus if modulus > 0 else fnv(text)


def base64_encode(text: str) -> str:
    """Return a text as base 64."""
    return base64.b64encode(text.encode()).decode()


def base64_decode(text: str) -> str | None:
    """Return the text that base 64 stands for, padding optional; None where it is none, or no UTF-8."""
    bare = text.rstrip("=")
    if not _BASE64.match(text) or len(bare) % 4 == 1 or (bare != text and len(text) % 4):
        return None
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


def url_encode(text: str) -> str:
    """Return a text as a value in a form: letters, digits and `.-*_` stay, blanks are `+`."""
    return quote_plus(text, safe="*").replace("~", "%7E")


def url_decode(text: str) -> str | None:
    """Return the text that a value in a form stands for; None for a `%` that is no escape. Java reads the two digits as any
    number, so they may be those of another script, or one behind a `+`.

    >>> url_decode("%41%+1%４1"), url_decode("%-1")
    ('A\\x01A', None)
    """
    made: list[str] = []
    at = 0
    try:
        for found in _ESCAPED.finditer(text):
            made += text[at : found.start()], from_utf8(bytes(_escaped_bytes(found[0])))
            at = found.end()
    except ValueError:
        return None
    plain = [*made[::2], text[at:]]
    if "%" in "".join(plain):
        return None
    made[::2] = [one.replace("+", " ") for one in plain[:-1]]
    return "".join([*made, plain[-1].replace("+", " ")])


def _escaped_bytes(run: str) -> Iterator[int]:
    """Yield the bytes of escapes. Raises ValueError for what is no number of two digits."""
    for at in range(0, len(run), 3):
        first, second = run[at + 1], run[at + 2]
        digit = _hex_digit(second)
        if first == "-" and digit:
            raise ValueError(run)
        yield (0 if first in "+-" else 16 * _hex_digit(first)) + digit


def _hex_digit(char: str) -> int:
    number = unicodedata.decimal(char, -1)
    return number if number >= 0 else _HEX_LETTERS.index(char) % 6 + 10


def host(url: str) -> str | None:
    """Return the host of a URL in small letters, empty where it has none; None where Java finds the URL malformed.

    >>> host("HTTP://me@Docs.Example.org:80/x?y"), host("docs.example.org/x")
    ('docs.example.org', None)
    """
    body = url.strip(_UP_TO_BLANK)
    found = _SCHEME.match(body)
    if found is None or found[1].lower() not in _PROTOCOLS:
        return None
    rest = body[found.end() :].partition("#")[0].partition("?")[0]
    if found[1].lower() == "mailto":
        # All of it is an address, of which there must be something.
        address = body[found.end() :].partition("#")[0]
        return "" if address and not address.isspace() else None
    if found[1].lower() == "jar":
        return "" if "!/" in rest else None
    if not rest.startswith("//") or rest.startswith("////"):
        return ""
    authority = rest[2:].partition("/")[0]
    before, at, name = authority.partition("@")
    if not at:
        name = before
    elif "@" in name:
        return ""
    return _without_port(name)


def _without_port(name: str) -> str | None:
    if name.startswith("["):
        address, closed, port = name.partition("]")
        if not closed or (port and not port.startswith(":")) or not _is_ipv6(address[1:]):
            return None
        bare, port = f"{address}]", port[1:]
    else:
        bare, _, port = name.partition(":")
    if port:
        number = strict_int(port)
        if number is None or number < -1:
            return None
    return bare.lower()


def _is_ipv6(text: str) -> bool:
    """Tell whether Java takes a text for an address of IPv6; a zone may follow it, groups may have zeros before them."""
    body, percent, zone = text.partition("%")
    if percent and not zone:
        return False
    head, _, last = body.rpartition(":")
    if "." in last:
        numbers = last.split(".")
        if len(numbers) != 4 or not all(_NUMBER.match(one) and int(one) < 256 for one in numbers):
            return False
        body = f"{head}:0:0"
    before, double, after = body.partition("::")
    parts = [part for part in (before, after) if part] if double else [before]
    groups = [group for part in parts for group in part.split(":")]
    return all(map(_GROUP.match, groups)) and (len(groups) < 8 if double else len(groups) == 8)


def search_query(url: str) -> str | None:
    """Return the words of a `q` or `p` parameter, in small letters, without punctuation, at most 80 characters."""
    if not url:
        return url
    found = _QUERY.search(url.lower().strip(_UP_TO_BLANK))
    words = None if found is None else url_decode(found.group())
    if words is None:
        return None
    return _BLANKS.sub(" ", _PUNCTUATION.sub("", words).strip(_UP_TO_BLANK))[:80]
