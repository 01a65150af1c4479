"""Diagnostics for people: where, the text itself with the place marked, what is wrong, what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from penstock.cli.packages import PackageFile
from penstock.domain.diagnostic import Diagnostic, Span
from penstock.lang.document import read
from penstock.lang.document.file.nodes import Mark

_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")
WIDTH = 100
"""How much of a long line is shown around the marked place."""


def lines_of(finding: Diagnostic, package: PackageFile) -> list[str]:
    """Return a finding as lines: its head, the marked text where it has a range, the message, the remedy.

    >>> found = Diagnostic("PK506", "The package has no components.", hint="Add a source and a destination.")
    >>> lines_of(found, PackageFile("p", "{}"))
    ['PK506 error', '    The package has no components. Add a source and a destination.']
    """
    place = ", ".join(part for part in (finding.component, finding.field) if part)
    mark = mark_of(finding, package)
    stands = f" (line {mark.line}, column {mark.column})" if mark is not None else ""
    head = f"{finding.code} {finding.severity.value}{f': {place}' if place else ''}{stands}"
    text = _text_at(finding, package) if finding.span is not None else None
    marked = [] if text is None or finding.span is None else _marked(text, finding.span)
    message = f"{finding.message} {finding.hint}" if finding.hint else finding.message
    return [_visible(line) for line in (head, *(f"    {line}" for line in (*marked, message)))]


def mark_of(finding: Diagnostic, package: PackageFile) -> Mark | None:
    """Return where the part of a YAML file stands that a finding is about, or what it is a part of."""
    owner, path = finding.component_id or "", finding.field or ""
    while path or owner:
        if (owner, path) in package.places:
            return package.places[owner, path]
        owner, path = (owner, path[: max(path.rfind("."), path.rfind("["), 0)]) if path else ("", "")
    return None


def json_of(finding: Diagnostic, package: PackageFile) -> dict[str, Any]:
    """Return a finding as JSON values; of a YAML file with line and column."""
    mark = mark_of(finding, package)
    return finding.to_json() | ({"line": mark.line, "column": mark.column} if mark is not None else {})


def _visible(line: str) -> str:
    """Names may hold anything; what would steer a terminal is shown as a dot, so that places stay where they are."""
    return "".join(char if char.isprintable() else " " if char.isspace() else "·" for char in line)


def _text_at(finding: Diagnostic, package: PackageFile) -> str | None:
    """Return the text that the author wrote at the place of a finding."""
    kind, _, name = (finding.field or "").partition(".")
    if finding.component_id is None:
        value = package.variables.get(name) if kind == "variables" else None
        return value if isinstance(value, str) else None
    document, _ = read(package.flow)
    for node in document.components if document is not None else ():
        if node.id == finding.component_id:
            value = _walk({"properties": node.properties, **node.keys}, finding.field or "")
            return value if isinstance(value, str) else None
    return None


def _walk(value: Any, path: str) -> Any:
    for found in _STEP.finditer(path):
        if found[2] is not None and isinstance(value, list) and int(found[2]) < len(value):
            value = value[int(found[2])]
        elif found[1] is not None and isinstance(value, Mapping):
            value = value.get(found[1])
        else:
            return None
    return value


def _marked(text: str, span: Span) -> list[str]:
    """Return the line in which a range begins, and a line that marks it."""
    begin = text.rfind("\n", 0, span.start) + 1
    end = text.find("\n", span.start)
    line = text[begin : len(text) if end == -1 else end]
    start = span.start - begin
    size = max(min(span.end - begin, len(line)) - start, 1)
    cut = max(start - WIDTH // 2, 0) if len(line) > WIDTH else 0
    shown = line[cut : cut + WIDTH]
    before, after = "…" if cut else "", "…" if cut + WIDTH < len(line) else ""
    size = min(size, len(shown) - (start - cut) + 1) if shown else 1
    return [f"{before}{shown}{after}", " " * (start - cut + len(before)) + "^" * size]
