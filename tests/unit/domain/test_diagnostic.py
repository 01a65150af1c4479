"""A finding as one plain line, and as JSON."""

from __future__ import annotations

import pytest

from penstock.domain.diagnostic import Diagnostic, Severity, Span


@pytest.mark.parametrize(
    ("finding", "line"),
    [
        (Diagnostic("PK101", "It is no object."), "It is no object."),
        (Diagnostic("PK101", "It is empty.", hint="Add a component."), "It is empty. Add a component."),
        (Diagnostic("PK101", "It is odd.", component="big"), "Component 'big': It is odd."),
        (Diagnostic("PK101", "It is odd.", component="big", field="path"), "Component 'big', path: It is odd."),
        (Diagnostic("PK101", "It is odd.", field="variables.day"), "variables.day: It is odd."),
        (
            Diagnostic("PK101", "It is odd.", component="big", field="path", span=Span(0, 4)),
            "Component 'big', path, characters 1-4: It is odd.",
        ),
        (
            Diagnostic("PK101", "It ends here.", component="big", field="path", span=Span(4, 4)),
            "Component 'big', path, characters 5-5: It ends here.",
        ),
    ],
)
def test_the_sentence_names_component_place_and_remedy(finding: Diagnostic, line: str) -> None:
    assert finding.sentence() == line


def test_json_has_every_key() -> None:
    finding = Diagnostic("PK301", "x", Severity.WARNING, "big", "2", "path", Span(1, 3), "y")
    assert finding.to_json() == {
        "code": "PK301", "severity": "warning", "message": "x", "component": "big", "component_id": "2",
        "field": "path", "range": [1, 3], "hint": "y",
    }  # fmt: skip
    assert Diagnostic("PK301", "x").to_json()["range"] is None
