"""Outcomes of test cases as JUnit XML, which servers that build and test read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol
from xml.etree import ElementTree


class Tested(Protocol):
    """What is told about a case."""

    file: Path
    case: Any
    took_s: float
    differences: Any
    error: str | None


def junit(outcomes: Sequence[Tested]) -> str:
    """Return the XML text: a suite per file, a failure per difference, an error where a case ended before."""
    by_file: dict[Path, list[Tested]] = defaultdict(list)
    for one in outcomes:
        by_file[one.file].append(one)
    root = ElementTree.Element("testsuites")
    for file, cases in by_file.items():
        suite = ElementTree.SubElement(root, "testsuite", {
            "name": _clean(str(file)), "tests": str(len(cases)), "time": f"{sum(one.took_s for one in cases):.3f}",
            "failures": str(sum(bool(one.differences) for one in cases)),
            "errors": str(sum(one.error is not None for one in cases)),
        })  # fmt: skip
        for one in cases:
            _case(suite, file, one)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, "unicode") + "\n"


def _case(suite: ElementTree.Element, file: Path, one: Tested) -> None:
    attributes = {"classname": _clean(file.name), "name": _clean(one.case.name), "time": f"{one.took_s:.3f}"}
    made = ElementTree.SubElement(suite, "testcase", attributes)
    if one.error is not None:
        ElementTree.SubElement(made, "error", {"message": _clean(one.error)})
    if one.differences:
        head = "; ".join(f"{apart.component}: {apart.message}" for apart in one.differences)
        body = ElementTree.SubElement(made, "failure", {"message": _clean(head)})
        body.text = _clean("\n".join(f"{apart.component}:\n" + "\n".join(apart.lines) for apart in one.differences))


def _clean(text: str) -> str:
    """Return a text without the characters that XML does not have."""
    return "".join(char if char.isprintable() or char in "\n\t" else "�" for char in text)
