"""The report of a certification, dated: as JSON values, and as a page of Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from penstock.runtime.certifying.run import Outcome, State


@dataclass(frozen=True, slots=True)
class Report:
    """What was certified, when (an aware instant), by which version of Penstock, and what became of each rule. *server* is
    what the database says of itself; *place* is where tables were made."""

    kind: str
    connection: str
    server: str
    place: str
    at: datetime
    version: str
    outcomes: tuple[Outcome, ...]

    @property
    def passed(self) -> bool:
        """Whether no rule was broken."""
        return self.count(State.BROKEN) == 0

    def count(self, state: State) -> int:
        """Return how many rules ended so."""
        return sum(one.state is state for one in self.outcomes)

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            "type": self.kind, "connection": self.connection, "server": self.server, "place": self.place,
            "at": self.at.isoformat(timespec="seconds"), "penstock": self.version,
            "status": "passed" if self.passed else "failed",
            **{str(state): self.count(state) for state in State},
            "rules": [
                {"group": one.group, "rule": one.says, "status": str(one.state), "message": one.message or None,
                 "time_s": round(one.took_s, 3)}
                for one in self.outcomes
            ],
        }  # fmt: skip


def markdown(report: Report) -> str:
    """Return the report as a page."""
    counts = ", ".join(f"{report.count(state)} {state}" for state in State)
    lines = [
        f"# Certification of `{report.kind}`",
        "",
        f"{'Passed' if report.passed else 'FAILED'}: {counts}.",
        "",
        f"- Date: {report.at.isoformat(timespec='seconds')}",
        f"- Penstock: {report.version}",
        f"- Connection: {_cell(report.connection)}",
        f"- The database says of itself: {_cell(report.server)}",
        f"- Tables were made in: {_cell(report.place)}, and removed",
        "",
        "| | Rule | | Time |",
        "|---|---|---|---|",
    ]
    for one in report.outcomes:
        lines.append(f"| {one.group} | {one.says} | {one.state} | {one.took_s:.2f} s |")
    told = [one for one in report.outcomes if one.message]
    if told:
        lines += ["", "## What did not hold", ""]
        lines += [f"- **{one.says}** ({one.state}): {_cell(one.message)}" for one in told]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
