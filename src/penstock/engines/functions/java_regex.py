"""What `java.util.regex` finds: whole matches, groups, replacements, parts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import regex

from penstock.engines.functions.regex_classes import BadPattern, PatternNotAvailable
from penstock.engines.functions.regex_translation import translate
from penstock.errors import DataError
from penstock.kit.patterns import TIMEOUT_S, runaway

_GOES_ON = regex.compile(r"(?<!\\)(?:\\\\)*+\\G")

BROKEN = "\ufffd"
"""What stands for half of a character that is two UTF-16 units."""

__all__ = [
    "BadPattern", "PatternNotAvailable", "compile_pattern", "extract", "extract_all", "full_match", "replace_all", "split",
    "translate",
]  # fmt: skip


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> regex.Pattern[str]:
    """Return a Java pattern ready to match. Raises BadPattern or PatternNotAvailable."""
    translated = translate(pattern)
    try:
        return regex.compile(translated.pattern, regex.V1)
    except (regex.error, OverflowError) as error:
        raise BadPattern(f"The regular expression {pattern!r} is malformed: {error}.") from error


def full_match(text: str, pattern: str) -> bool:
    """Tell whether the whole text matches (`matches`)."""
    try:
        return compile_pattern(pattern).fullmatch(text, timeout=TIMEOUT_S) is not None
    except TimeoutError:
        raise runaway(pattern) from None


def extract(text: str, pattern: str, group: int) -> str | None:
    """Return a group of the first match anywhere (`REGEX_EXTRACT`). Raises DataError for a negative group."""
    compiled = compile_pattern(pattern)
    if group < 0:
        raise DataError(f"REGEX_EXTRACT has no group {group}; groups count from 0.")
    try:
        found = compiled.search(text, timeout=TIMEOUT_S)
    except TimeoutError:
        raise runaway(pattern) from None
    if found is None or group > compiled.groups:
        return None
    value: str | None = found.group(group)
    return value


def extract_all(text: str, pattern: str) -> tuple[str | None, ...] | None:
    """Return all groups where the whole text matches (`REGEX_EXTRACT_ALL`), else None."""
    try:
        found = compile_pattern(pattern).fullmatch(text, timeout=TIMEOUT_S)
    except TimeoutError:
        raise runaway(pattern) from None
    return None if found is None else tuple(found.groups())


def _iter_matches(compiled: regex.Pattern[str], text: str) -> Iterator[tuple[regex.Match[str], bool]]:
    """Yield matches as Java's `find` does: after an empty one the search goes on one UTF-16 unit further. That may be in the
    middle of a character of two; such a match, an empty one, comes with true, and ends where the character does."""
    at = 0
    while at <= len(text):
        found = compiled.search(text, at, timeout=TIMEOUT_S)
        if found is None:
            return
        yield found, False
        at = found.end()
        if at == found.start():
            if _GOES_ON.search(compiled.pattern):
                raise PatternNotAvailable(
                    "A regular expression with \\G finds nothing between two characters, and where it goes on from there "
                    "is not available. Write it so that it finds something."
                )
            if text[at : at + 1] > "\uffff":
                halves = chr(0xD7C0 + (ord(text[at]) >> 10)) + chr(0xDC00 | ord(text[at]) & 0x3FF)
                inside = compiled.match(f"{text[:at]}{halves}{text[at + 1 :]}", at + 1, timeout=TIMEOUT_S)
                if inside is not None and inside.end() == at + 1:
                    yield inside, True
            at += 1


def replace_all(text: str, pattern: str, replacement: str) -> str | None:
    """Java's `replaceAll` (`REPLACE`); None for a malformed pattern or replacement. Each half of a character that is torn
    apart becomes a broken one."""
    try:
        compiled = compile_pattern(pattern)
    except BadPattern:
        return None
    out: list[str] = []
    at = 0
    pieces: list[str | tuple[int | str]] | None = None
    try:
        for found, inside in _iter_matches(compiled, text):
            if pieces is None:
                pieces = _replacement(replacement, compiled)
                if pieces is None:
                    return None
            put = "".join(piece if isinstance(piece, str) else found.group(piece[0]) or "" for piece in pieces)
            if not inside:
                out += text[at : found.start()], put
                at = found.end()
            elif put:
                out += text[at : found.start() - 1], BROKEN, put, BROKEN
                at = found.end()
    except TimeoutError:
        raise runaway(pattern) from None
    return "".join([*out, text[at:]])


def _replacement(text: str, compiled: regex.Pattern[str]) -> list[str | tuple[int | str]] | None:
    pieces: list[str | tuple[int | str]] = []
    at = 0
    while at < len(text):
        char = text[at]
        if char == "\\":
            if at + 1 >= len(text):
                return None
            pieces.append(text[at + 1])
            at += 2
        elif char == "$" and text[at + 1 : at + 2] == "{":
            end = text.find("}", at)
            name = text[at + 2 : end] if end > 0 else ""
            if name not in compiled.groupindex:
                return None
            pieces.append((name,))
            at = end + 1
        elif char == "$":
            end = at + 1
            if not (text[end : end + 1].isascii() and text[end : end + 1].isdigit()):
                return None
            end += 1
            while (
                end < len(text)
                and text[end].isascii()
                and text[end].isdigit()
                and int(text[at + 1 : end + 1]) <= compiled.groups
            ):
                end += 1
            number = int(text[at + 1 : end])
            if number > compiled.groups:
                return None
            pieces.append((number,))
            at = end
        else:
            pieces.append(char)
            at += 1
    return pieces


def split(text: str, pattern: str, limit: int) -> tuple[str, ...] | None:
    """Java's `String.split`; None for a malformed pattern.

    >>> split("a-b--", "-", 0), split("a-b--", "-", -1)
    (('a', 'b'), ('a', 'b', '', ''))
    """
    try:
        compiled = compile_pattern(pattern)
    except BadPattern:
        return None
    parts: list[str] = []
    at, begun = 0, ""
    try:
        for found, inside in _iter_matches(compiled, text):
            if limit > 0 and len(parts) == limit - 1:
                break
            # Java 8 and later: an empty match at the very start gives no empty part.
            if found.end() == 0:
                continue
            half = BROKEN if inside else ""
            parts.append(f"{begun}{text[at : found.start() - inside]}{half}")
            at, begun = found.end(), half
    except TimeoutError:
        raise runaway(pattern) from None
    if not parts and at == 0:
        return (text,)
    parts.append(begun + text[at:])
    if limit == 0:
        while parts and parts[-1] == "":
            parts.pop()
    return tuple(parts)
