"""One finding about a package: what is wrong, where, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """How bad a finding is: an error stops a package from running, a warning or advice does not."""

    ERROR = "error"
    WARNING = "warning"
    ADVICE = "advice"


@dataclass(frozen=True, slots=True)
class Span:
    """A character range in the text that the author wrote (before substitution): *start* inclusive, *end* exclusive."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. *code* is permanent (PK1xx document, PK2xx syntax, PK3xx names, PK4xx types, PK5xx graph,
    PK6xx engine limits, PK9xx advice); *component* is the component's name, *component_id* its id;
    *field* is a path inside it such as `properties.conditions[0].expression`, or `variables.day`."""

    code: str
    message: str
    severity: Severity = Severity.ERROR
    component: str | None = None
    component_id: str | None = None
    field: str | None = None
    span: Span | None = None
    hint: str | None = None

    def sentence(self) -> str:
        """Return one plain line that names component, place, fault and remedy, for job errors and terminals."""
        place = ""
        if self.component:
            place = f"Component '{self.component}'"
            if self.field:
                place += f", {self.field}"
            if self.span is not None:
                place += f", characters {self.span.start + 1}-{max(self.span.end, self.span.start + 1)}"
        elif self.field:
            place = self.field
        text = f"{place}: {self.message}" if place else self.message
        return f"{text} {self.hint}" if self.hint else text

    def to_json(self) -> dict[str, Any]:
        """Return the finding as plain JSON values, the same shape on the wire and on the command line."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "message": self.message,
            "component": self.component,
            "component_id": self.component_id,
            "field": self.field,
            "range": None if self.span is None else [self.span.start, self.span.end],
            "hint": self.hint,
        }
