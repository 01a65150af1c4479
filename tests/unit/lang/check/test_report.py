"""Findings get their place, and names that were likely meant are found."""

from __future__ import annotations

import pytest

from penstock.domain.diagnostic import Diagnostic, Severity, Span
from penstock.lang.check.report import Report, did_you_mean, similar

FINDING = Diagnostic("PK999", "A fault.", Severity.ERROR, span=Span(1, 2))


def test_a_place_is_added_unless_there_is_one() -> None:
    report = Report()
    report.add(FINDING, "orders", "c1", "properties.path")
    report.add(report.findings[0], "other", "c2", "properties.limit")
    assert [(one.component, one.component_id, one.field) for one in report.findings] == [
        ("orders", "c1", "properties.path")
    ] * 2


def test_warnings_stop_nothing() -> None:
    report = Report()
    report.add(Diagnostic("PK901", "Advice.", Severity.WARNING))
    assert not report.has_errors
    report.extend([FINDING])
    assert report.has_errors


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("totl", ("total", "customer"), "total"),
        ("Total", ("total", "totals"), "total"),
        ("substring", ("SUBSTRING", "STRSPLIT"), "SUBSTRING"),
        ("xyz", ("total",), None),
        ("a", (), None),
    ],
)
def test_similar_names(name: str, known: tuple[str, ...], meant: str | None) -> None:
    assert similar(name, known) == meant


def test_a_hint_names_what_was_meant_or_what_there_is() -> None:
    assert did_you_mean("totl", ("total", "x")) == "Did you mean 'total'?"
    assert did_you_mean("zzz", ("total", "x")) == "Known: total, x."
    assert did_you_mean("zzz", [f"name_{at}" for at in range(13)]) is None
    assert did_you_mean("zzz", ()) is None
