"""Text to tokens (dataflow reference 4.1). One pattern finds every token; what it cannot read becomes a fault token."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple


class Token(NamedTuple):
    """A token: *kind* is the operator itself, or one of `name int long float double text position variable fault end`
    or a keyword in capitals; *text* as written; *start* and *end* are character offsets."""

    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a piece of text that is no token."""

    message: str
    start: int
    end: int


KEYWORDS = frozenset(
    {"AND", "OR", "NOT", "IS", "NULL", "MATCHES", "CASE", "WHEN", "THEN", "ELSE", "END", "IN", "TRUE", "FALSE"}
)

_PATTERN = re.compile(
    r"""
    \s*(?:
    (?P<name>[A-Za-z][A-Za-z0-9_]*(?:::[A-Za-z][A-Za-z0-9_]*)*)
  | (?P<skip>--[^\r\n]*|/\*.*?\*/|\Z)
  | (?P<no_token>/\*|<>)
  | (?P<number>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[lLfF]?)
  | (?P<text>'(?:[^'\\]|\\.)*')
  | (?P<op>==|!=|<=|>=|[-+*/%()<>,.\#?:=\[\]{}])
  | (?P<position>\$[0-9]+)
  | (?P<variable>\$\{?[A-Za-z_][A-Za-z0-9_]*\}?)
    )""",
    re.VERBOSE | re.DOTALL,
)
_BLANKS = re.compile(r"\s*")
_NUMBER_TAIL = re.compile(r"[A-Za-z0-9_]+")


def tokenize(text: str) -> tuple[list[Token], list[Fault]]:
    """Return the tokens of an expression, ended by an `end` token, and the faults found on the way. Never raises."""
    tokens: list[Token] = []
    faults: list[Fault] = []
    add, made = tokens.append, Token._make
    match = _PATTERN.match
    at, size = 0, len(text)
    while at < size:
        found = match(text, at)
        group = None if found is None else found.lastgroup
        if found is None or group is None or group == "no_token":
            at = _BLANKS.match(text, at).end()  # type: ignore[union-attr]  # it matches everywhere
            fault = _fault_at(text, at)
            faults.append(fault)
            add(Token("fault", text[at : fault.end], at, fault.end))
            at = fault.end
            continue
        at, end = found.span(group)
        if group == "skip":
            at = end
            continue
        word = text[at:end]
        if group == "op":
            add(made((word, word, at, end)))
        elif group == "name":
            upper = word.upper()
            add(made((upper if upper in KEYWORDS else "name", word, at, end)))
        elif group == "number":
            tail = _NUMBER_TAIL.match(text, end)
            end = end if tail is None else tail.end()
            if tail is not None or _number_kind(word) == "fault":
                faults.append(Fault(f"'{text[at:end]}' is not a number.", at, end))
                add(Token("fault", text[at:end], at, end))
            else:
                add(Token(_number_kind(word), word, at, end))
        else:
            add(Token(group, word, at, end))
        at = end
    add(Token("end", "", size, size))
    return tokens, faults


def _number_kind(word: str) -> str:
    last = word[-1]
    if last in "lL":
        return "long" if word[:-1].isdigit() else "fault"
    if last in "fF":
        return "float"
    return "int" if word.isdigit() else "double"


def _fault_at(text: str, at: int) -> Fault:
    char = text[at]
    if char == "'":
        return Fault("This text literal is not closed; end it with a single quote.", at, len(text))
    if char == '"':
        close = text.find('"', at + 1)
        end = len(text) if close < 0 else close + 1
        return Fault("Text is written in single quotes, not double ones.", at, end)
    if text.startswith("/*", at):
        return Fault("This comment is not closed; end it with */.", at, len(text))
    if text.startswith("&&", at):
        return Fault("Unknown operator '&&'; write AND.", at, at + 2)
    if text.startswith("||", at):
        return Fault("Unknown operator '||'; write OR, or CONCAT(…) to join text.", at, at + 2)
    if text.startswith("<>", at):
        return Fault("Unknown operator '<>'; write !=.", at, at + 2)
    if char == "!":
        return Fault("Unknown operator '!'; write NOT.", at, at + 1)
    if char == "_":
        return Fault("A name begins with a letter, not with an underscore.", at, at + 1)
    return Fault(f"Unexpected character {char!r}.", at, at + 1)


_ESCAPES = {"'": "'", "\\": "\\", "n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_HEX = re.compile(r"[0-9A-Fa-f]{4}")
_SURROGATES = re.compile(r"[\ud800-\udbff][\udc00-\udfff]")


def unescape(literal: str, start: int) -> tuple[str, Fault | None]:
    """Return the text that a quoted literal stands for, and the first bad escape in it.

    >>> unescape(r"'a\\\\d'", 0)[0]
    'a\\\\d'
    """
    body = literal[1:-1]
    if "\\" not in body:
        return body, None
    out: list[str] = []
    at = 0
    while at < len(body):
        char = body[at]
        if char != "\\":
            stop = body.find("\\", at)
            stop = len(body) if stop < 0 else stop
            out.append(body[at:stop])
            at = stop
            continue
        letter = body[at + 1]
        if letter in _ESCAPES:
            out.append(_ESCAPES[letter])
            at += 2
        elif letter == "u" and _HEX.match(body, at + 2):
            out.append(chr(int(body[at + 2 : at + 6], 16)))
            at += 6
        else:
            here = start + 1 + at
            fault = Fault(
                f"'\\{letter}' is not an escape; write \\\\ for a backslash "
                "(known: \\' \\\\ \\n \\t \\r \\b \\f \\uXXXX).",
                here,
                here + 2,
            )
            return body, fault
    joined = _SURROGATES.sub(lambda pair: pair.group().encode("utf-16", "surrogatepass").decode("utf-16"), "".join(out))
    if any("\ud800" <= char <= "\udfff" for char in joined):
        return joined, Fault("A \\u escape of half a surrogate pair stands alone.", start, start + len(literal))
    return joined, None


def quote(text: str) -> str:
    """Return the literal that stands for a text.

    >>> quote("it's")
    "'it\\\\'s'"
    """
    named = {"'": "\\'", "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f"}
    return "'" + "".join(named.get(char, char) for char in text) + "'"
