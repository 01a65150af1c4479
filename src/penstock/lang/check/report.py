"""Gathers diagnostics and gives each its place in a package."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import lru_cache
from itertools import islice

from penstock.domain.diagnostic import Diagnostic, Severity


@dataclass(slots=True)
class Report:
    """Findings of one check, in the order in which they were made."""

    findings: list[Diagnostic] = field(default_factory=list)

    def add(
        self,
        finding: Diagnostic,
        component: str | None = None,
        component_id: str | None = None,
        path: str | None = None,
    ) -> None:
        """Keep a finding; a place is given to it unless it has one."""
        self.findings.append(
            replace(
                finding,
                component=finding.component or component,
                component_id=finding.component_id or component_id,
                field=finding.field or path,
            )
        )

    def extend(self, findings: Iterable[Diagnostic]) -> None:
        """Keep findings as they are."""
        self.findings.extend(findings)

    @property
    def has_errors(self) -> bool:
        """True when something was found that stops the package from running."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)


MOST_NAMES = 300
"""Among more names nothing is looked for: it would take longer than reading the package."""


def similar(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that was most likely meant, or None.

    >>> similar("totl", ("total", "customer"))
    'total'
    """
    names = tuple(islice(known, MOST_NAMES + 1))
    return None if len(names) > MOST_NAMES or len(name) > MOST_NAMES else _closest(name, names)


@lru_cache(maxsize=1024)
def _closest(name: str, names: tuple[str, ...]) -> str | None:
    folded = {other.lower(): other for other in reversed(names)}
    if name.lower() in folded:
        return folded[name.lower()]
    close = get_close_matches(name.lower(), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """Return a hint that names the likely meaning, or the names there are when these are few."""
    names = list(islice(known, MOST_NAMES + 1))
    meant = similar(name, names)
    if meant is not None:
        return f"Did you mean '{meant}'?"
    if 0 < len(names) <= 12:
        return f"Known: {', '.join(names)}."
    return None
