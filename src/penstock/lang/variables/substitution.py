"""Textual replacement of `$name` before anything is parsed, with positions mapped back (dataflow reference 7.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from penstock.domain.diagnostic import Diagnostic, Span
from penstock.lang.check import codes
from penstock.lang.check.report import did_you_mean
from penstock.lang.expression.tokens import quote
from penstock.plan.dtypes import Kind
from penstock.plan.values import Value

_REFERENCE = re.compile(r"\\(.)|\$([A-Za-z_][A-Za-z0-9_]*)", re.DOTALL)


class Mode(Enum):
    """Where a text stands: predefined variables are literals in expressions, bare text in options."""

    EXPRESSION = "expression"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class VariableValue:
    """The value of a variable: the *text* that replaces its references, and the typed *value* (None: null).

    *predefined* ones stand in expressions as literals; a *placeholder* only has the right type, for validation.
    """

    text: str
    value: Value | None = None
    predefined: bool = False
    placeholder: bool = False

    def in_expression(self) -> str:
        """Return what replaces a reference inside an expression."""
        if not self.predefined:
            return self.text
        if self.value is None:
            return "null"
        return quote(self.text) if self.value.kind is Kind.CHARARRAY else self.text


@dataclass(frozen=True, slots=True)
class Substituted:
    """A text after replacement. *pieces* are (start in it, end in it, start, end in the author's text)."""

    text: str
    pieces: tuple[tuple[int, int, int, int], ...] = ()
    findings: tuple[Diagnostic, ...] = ()
    uses: frozenset[str] = frozenset()

    def map_back(self, span: Span | None) -> Span | None:
        """Return where a range of this text stands in the text that the author wrote."""
        if span is None or not self.pieces:
            return span
        return Span(
            self._back(span.start, end=False), max(self._back(span.end, end=True), self._back(span.start, end=False))
        )

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
    """Return *text* with every `$name` replaced and every `\\$` turned into a dollar; other backslash pairs stay.

    `$0`, `$.a` and `$` before a digit are no references. An undefined name is a finding and stays as it is.
    """
    if "$" not in text:
        return Substituted(text)
    out: list[str] = []
    pieces: list[tuple[int, int, int, int]] = []
    findings: list[Diagnostic] = []
    uses: set[str] = set()
    size = at = 0

    def copy(piece: str) -> None:
        nonlocal size
        out.append(piece)
        size += len(piece)

    for found in _REFERENCE.finditer(text):
        copy(text[at : found.start()])
        at = found.end()
        name = found[2]
        if name is None:
            piece = "$" if found[1] == "$" else found.group()
        elif name in values:
            uses.add(name)
            piece = values[name].in_expression() if mode is Mode.EXPRESSION else values[name].text
        else:
            piece = found.group()
            span = Span(found.start(), found.end())
            hint = did_you_mean(name, values) if len(values) < 200 else None
            findings.append(codes.UndefinedVariable.at(f"The variable '${name}' is not defined.", span, hint))
        if piece != found.group():
            pieces.append((size, size + len(piece), found.start(), found.end()))
        copy(piece)
    copy(text[at:])
    return Substituted("".join(out), tuple(pieces), tuple(findings), frozenset(uses))
