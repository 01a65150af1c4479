"""Path patterns (dataflow reference 5.1): `?`, `*` within a segment, `[abc]`, `[^a]`, `\\c`, `{x,y}`."""

from __future__ import annotations

import re

MAX_ALTERNATIVES = 1000


class BadPattern(ValueError):
    """A pattern whose brackets or braces do not close."""


def is_pattern(path: str) -> bool:
    """Tell whether a path has a character with a meaning of its own."""
    return any(char in path for char in "?*[{\\")


def expand(pattern: str) -> list[str]:
    """Return the patterns that alternatives in braces stand for.

    >>> expand("us{1,2{a,b}}")
    ['us1', 'us2a', 'us2b']
    """
    depth = 0
    start = -1
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            at += 2
            continue
        if char == "{":
            start = at if depth == 0 else start
            depth += 1
        elif char == "}" and depth:
            depth -= 1
            if depth == 0:
                return _expanded(pattern, start, at)
        at += 1
    if depth:
        raise BadPattern("a '{' is not closed")
    return [pattern]


def _expanded(pattern: str, start: int, end: int) -> list[str]:
    head, tail = pattern[:start], pattern[end + 1 :]
    made = [
        head + inner + rest
        for part in _split(pattern[start + 1 : end])
        for inner in expand(part)
        for rest in expand(tail)
    ]
    if len(made) > MAX_ALTERNATIVES:
        raise BadPattern(f"it stands for more than {MAX_ALTERNATIVES} alternatives")
    return made


def _split(body: str) -> list[str]:
    parts = [""]
    depth = 0
    at = 0
    while at < len(body):
        char = body[at]
        if char == "\\":
            parts[-1] += body[at : at + 2]
            at += 2
            continue
        depth += (char == "{") - (char == "}")
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
        at += 1
    return parts


def segments(pattern: str) -> list[str]:
    """Return the parts of a pattern between slashes that are not escaped or inside brackets."""
    return [part for part in pattern.split("/") if part not in ("", ".")]


def segment_regex(segment: str) -> re.Pattern[str]:
    """Return the regular expression of one segment. Raises BadPattern.

    >>> bool(segment_regex("0[1-3]*").fullmatch("02.csv"))
    True
    """
    out = ""
    at = 0
    while at < len(segment):
        char = segment[at]
        at += 1
        if char == "?":
            out += "[^/]"
        elif char == "*":
            out += "[^/]*"
        elif char == "\\":
            out += re.escape(segment[at : at + 1])
            at += 1
        elif char == "[":
            end = segment.find("]", at + 1 if segment[at : at + 1] != "^" else at + 2)
            if end < 0:
                raise BadPattern("a '[' is not closed")
            body = segment[at:end]
            negated = body.startswith("^")
            members = body[1:] if negated else body
            out += f"[{'^' if negated else ''}{_members(members)}]"
            at = end + 1
        else:
            out += re.escape(char)
    try:
        return re.compile(out, re.DOTALL)
    except re.error as error:
        raise BadPattern(str(error)) from error


def _members(body: str) -> str:
    """Escape what means more to a regular expression's class than to a pattern's."""
    return re.sub(r"([\\^\]\[&~|])", r"\\\1", body)


def unescape(segment: str) -> str:
    """Return the name that a segment without wildcards stands for."""
    return re.sub(r"\\(.)", r"\1", segment)
