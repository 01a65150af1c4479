"""Textual replacement of `$name` before anything is parsed, with positions mapped back (dataflow reference 7.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

from penstock.domain.diagnostic import Diagnostic, Span
from penstock.lang.check import codes
from penstock.lang.check.report import did_you_mean
from penstock.lang.expression.tokens import quote
from penstock.plan.dtypes import Kind
from penstock.plan.values import Value

_REFERENCE = r"\\(?P<escaped>.)|\$(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*)|\{(?P<braced>[A-Za-z_][A-Za-z0-9_]*)\})"
_IN_TEXT = re.compile(_REFERENCE, re.DOTALL)
_IN_LITERAL = re.compile(rf"{_REFERENCE}|(?P<quote>')", re.DOTALL)
_IN_EXPRESSION = re.compile(rf"{_REFERENCE}|(?P<quote>')|(?P<comment>--[^\r\n]*|/\*.*?\*/)", re.DOTALL)


class Mode(Enum):
    """Where a text stands: predefined variables are literals in expressions, bare text in options."""

    EXPRESSION = "expression"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class VariableValue:
    """The value of a variable: the *text* that replaces its references, and the typed *value* (None: null).

    *predefined* ones stand in expressions as literals; a *placeholder* only has the right type, for validation. A *secret*
    one is a secret variable, or computed from one.
    """

    text: str
    value: Value | None = None
    predefined: bool = False
    placeholder: bool = False
    secret: bool = False

    def in_expression(self, quoted: bool = False) -> str:
        """Return what replaces a reference inside an expression, or inside the quotes of a text literal."""
        if not self.predefined:
            return self.text
        if quoted:
            return quote(self.text)[1:-1]
        if self.value is None:
            return "null"
        return quote(self.text) if self.value.kind is Kind.CHARARRAY else self.text


@dataclass(frozen=True, slots=True)
class Substituted:
    """A text after replacement. *pieces* are (start in it, end in it, start, end in the author's text); *bare* are the
    references to texts that stand outside quotes in an expression, each with its place in the author's text; *hidden* are
    the ranges of this text in which a secret stands, each with the name of its variable."""

    text: str
    pieces: tuple[tuple[int, int, int, int], ...] = ()
    findings: tuple[Diagnostic, ...] = ()
    uses: frozenset[str] = frozenset()
    bare: tuple[tuple[str, Span], ...] = ()
    hidden: tuple[tuple[str, int, int], ...] = ()

    def map_back(self, span: Span | None) -> Span | None:
        """Return where a range of this text stands in the text that the author wrote."""
        if span is None or not self.pieces:
            return span
        return Span(
            self._back(span.start, end=False), max(self._back(span.end, end=True), self._back(span.start, end=False))
        )

    def veiled(self, finding: Diagnostic) -> Diagnostic:
        """Return a finding about this text; one about a part that holds a secret quotes nothing of it."""
        for name, start, end in self.hidden:
            if finding.span is None or (finding.span.start <= end and finding.span.end >= start):
                message = f"With the value of the secret variable '{name}' in it, this cannot be understood."
                return replace(finding, message=message, hint=f"Where text is meant, write '${name}'.")
        return finding

    def _back(self, position: int, end: bool) -> int:
        shift = 0
        for begin, stop, source_begin, source_stop in self.pieces:
            if position < begin or (end and position == begin):
                break
            if position < stop or (end and position == stop):
                return source_stop if end else source_begin
            shift = source_stop - stop
        return position + shift


def substitute(text: str, values: Mapping[str, VariableValue], mode: Mode) -> Substituted:
    """Return *text* with every `$name` and `${name}` replaced and every `\\$` turned into a dollar; other backslash pairs
    stay, and so do comments of an expression.

    `$0`, `$.a` and `$` before a digit are no references. An undefined name is a finding and stays as it is; in braces it
    is none inside an expression, where it may be a named group of a replacement.
    """
    if "$" not in text:
        return Substituted(text)
    return _Substitution(text, values, mode).run()


_SAFE = re.compile(r"\s*[+-]?(?:\d+[lL]?|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?[fF]?|\.\d+)\s*|.*['\"(].*|\s*", re.DOTALL)
_WORDS = frozenset({"true", "false", "null"})


def _is_bare_text(value: VariableValue) -> bool:
    """Tell whether the text of a variable is read as something else where no quotes stand round its reference. A number,
    a word such as `true`, and what carries quotes or calls of its own are meant to be read so."""
    if value.predefined or value.value is None or value.value.kind is not Kind.CHARARRAY:
        return False
    return _SAFE.fullmatch(value.text) is None and value.text.strip().lower() not in _WORDS


class _Substitution:
    """One walk over a text. *quoted* says whether the place is inside a text literal of an expression."""

    def __init__(self, text: str, values: Mapping[str, VariableValue], mode: Mode) -> None:
        self.source = text
        self.values = values
        self.mode = mode
        self.quoted = False
        self.out: list[str] = []
        self.size = 0
        self.pieces: list[tuple[int, int, int, int]] = []
        self.findings: list[Diagnostic] = []
        self.uses: set[str] = set()
        self.bare: list[tuple[str, Span]] = []
        self.hidden: list[tuple[str, int, int]] = []

    def run(self) -> Substituted:
        at = 0
        while (found := self.pattern().search(self.source, at)) is not None:
            self.copy(self.source[at : found.start()])
            at = found.end()
            piece = self.piece(found)
            name = found["name"] or found["braced"]
            if name in self.values and self.values[name].secret:
                self.hidden.append((name, self.size, self.size + len(piece)))
            if piece != found.group():
                self.pieces.append((self.size, self.size + len(piece), found.start(), found.end()))
            self.copy(piece)
        self.copy(self.source[at:])
        return Substituted(
            "".join(self.out),
            tuple(self.pieces),
            tuple(self.findings),
            frozenset(self.uses),
            tuple(self.bare),
            tuple(self.hidden),
        )

    def pattern(self) -> re.Pattern[str]:
        if self.mode is Mode.TEXT:
            return _IN_TEXT
        return _IN_LITERAL if self.quoted else _IN_EXPRESSION

    def copy(self, piece: str) -> None:
        self.out.append(piece)
        self.size += len(piece)

    def piece(self, found: re.Match[str]) -> str:
        """Return what stands in place of a match."""
        if found["escaped"] is not None:
            return "$" if found["escaped"] == "$" else found.group()
        name = found["name"] or found["braced"]
        if name is None:
            self.quoted ^= found.group() == "'"
            return found.group()
        if name in self.values:
            self.uses.add(name)
            if self.mode is Mode.EXPRESSION and not self.quoted and _is_bare_text(self.values[name]):
                self.bare.append((name, Span(found.start(), found.end())))
            return self.replacement(self.values[name])
        if found["name"] is not None or self.mode is Mode.TEXT:
            span = Span(found.start(), found.end())
            hint = did_you_mean(name, self.values) if len(self.values) < 200 else None
            self.findings.append(
                codes.UndefinedVariable.at(f"The variable '{found.group()}' is not defined.", span, hint)
            )
        return found.group()

    def replacement(self, value: VariableValue) -> str:
        if self.mode is Mode.TEXT:
            return value.text
        piece = value.in_expression(self.quoted)
        if not value.predefined:
            self.quoted ^= len(re.findall(r"(?:\\.|[^'\\])*'", piece, re.DOTALL)) % 2 == 1
        return piece
