"""Receipts of outputs: what was read for each, what was left out on the way, what was written, and what the target says of it.

Nothing is guessed: what cannot be known stays out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from penstock.plan.operators import Filter, Operator, Plan, Project, Scan, Sort, iter_below
from penstock.plan.ports import Publication, Staged, Written
from penstock.runtime.listener import Listener


@dataclass(slots=True)
class Read:
    """A listener that passes everything on, and remembers how many records each source gave."""

    listener: Listener
    records: dict[str, int] = field(default_factory=dict)

    def source(self, component: str, records: int) -> None:
        """Remember it, and pass it on."""
        self.records[component] = records
        self.listener.source(component, records)

    def log(self, level: str, line: str) -> None:
        """Pass it on."""
        self.listener.log(level, line)

    def progress(self, fraction: float) -> None:
        """Pass it on."""
        self.listener.progress(fraction)

    def output(self, component: str, records: int, progress: float | None) -> None:
        """Pass it on."""
        self.listener.output(component, records, progress)


def with_receipts(
    plan: Plan,
    read: Mapping[str, int],
    written: Sequence[Written],
    staged: Mapping[str, Staged],
    watermarks: Mapping[str, str],
) -> tuple[Written, ...]:
    """Return what was written, with receipts: `read`, records by source; `left_out`, how many of them a Filter or a value that
    does not fit kept from being written, where the output is nothing else than what one source gave; `bytes`, the size of
    the staged files; `watermarks`, what of incremental sources was read."""
    made = []
    for write, one in zip(plan.outputs, written, strict=True):
        counted = {scan.component: read[scan.component] for scan in _scans(write.given) if scan.component in read}
        receipt: dict[str, Any] = {
            "read": counted,
            "bytes": sum((staged[one.component].folder / name).stat().st_size for name in one.files),
        }
        said = {
            scan.component: watermarks[scan.component] for scan in _scans(write.given) if scan.component in watermarks
        }
        if said:
            receipt["watermarks"] = said
        source = _only_source(write.given)
        if source in counted:
            receipt["left_out"] = counted[source] - one.records
        made.append(replace(one, receipt=receipt))
    return tuple(made)


def published(written: Written, publication: Publication) -> dict[str, Any]:
    """Return the receipt of a published output: `written` records and `is_once` beside what was known before, and `checks`,
    what was compared with the target."""
    receipt = {**(written.receipt or {}), "written": written.records, "is_once": publication.is_once}
    return {**receipt, "checks": dict(publication.checks)} if publication.checks else receipt


def sentence(receipt: Mapping[str, Any]) -> str:
    """Return what a receipt holds beside the records written, such as `12 read from orders, 2 left out`; empty if nothing."""
    read = [f"{count:,} read from {name}" for name, count in receipt.get("read", {}).items()]
    left = [f"{receipt['left_out']:,} left out"] if receipt.get("left_out") else []
    checks = [f"{name} {said}" for name, said in receipt.get("checks", {}).items()]
    return ", ".join([*read, *left, *checks])


def _scans(operator: Operator) -> list[Scan]:
    return [one for one in iter_below(operator, lambda _: False) if isinstance(one, Scan)]


def _only_source(operator: Operator) -> str | None:
    """Return the source of which an output is a part, if nothing else is done than to choose records and fields."""
    while isinstance(operator, Project | Filter | Sort):
        operator = operator.given
    return operator.component if isinstance(operator, Scan) else None
