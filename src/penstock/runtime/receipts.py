"""Receipts of outputs: what was read for each, what was left out on the way, what was written, and what the target says of it.

Nothing is guessed: what cannot be known stays out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from penstock.errors import PermanentError
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

    def output(self, component: str, records: int | None, progress: float | None) -> None:
        """Pass it on."""
        self.listener.output(component, records, progress)


def with_receipts(
    plan: Plan,
    read: Mapping[str, int],
    written: Sequence[Written],
    staged: Mapping[str, Staged],
    watermarks: Mapping[str, str],
) -> tuple[Written, ...]:
    """Return what was written, with receipts: `read`, records by source; `left_out`, how many of them were kept from being
    written, where the output is nothing else than what one source gave, and `filtered`, those of them that a Filter left out;
    `rejected`, those that a value left out that does not fit; `bytes`, the size of the staged files; `hash` and `key`, what
    the engine says of the records (decision 0051); `watermarks`, what of incremental sources was read."""
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
            rejected = (one.receipt or {}).get("rejected")
            if rejected is not None and rejected <= receipt["left_out"]:
                receipt["filtered"] = receipt["left_out"] - rejected
        made.append(replace(one, receipt={**receipt, **(one.receipt or {})}))
    return tuple(made)


def check(written: Written, staged: Staged) -> None:
    """Raise PermanentError where the files of an output are not as large as they were staged. Some may be published already."""
    places = [staged.folder / name for name in written.files]
    size = (written.receipt or {}).get("bytes")
    if size is None or not all(place.is_file() for place in places):
        return
    found = sum(place.stat().st_size for place in places)
    if found != size:
        raise PermanentError(
            f"{size:,} bytes were staged, and there are {found:,}. Nothing of it was published; run the job again."
        )


def published(written: Written, publication: Publication) -> dict[str, Any]:
    """Return the receipt of a published output: `written` records and `is_once` beside what was known before, and `checks`,
    what was compared with the target; what was left out there is `rejected`."""
    receipt = {**(written.receipt or {}), "is_once": publication.is_once}
    for name in ("rejected", "left_out", "filtered"):
        if publication.left_out is None:
            receipt.pop(name, None)
        elif name in receipt and name != "filtered":
            receipt[name] += publication.left_out
    if publication.left_out is not None:
        receipt["written"] = written.records - publication.left_out
    return {**receipt, "checks": dict(publication.checks)} if publication.checks else receipt


def sentence(receipt: Mapping[str, Any]) -> str:
    """Return what a receipt holds beside the records written, such as `12 read from orders, 2 filtered`; empty if nothing."""
    read = [f"{count:,} read from {name}" for name, count in receipt.get("read", {}).items()]
    names = ("filtered", "rejected") if "filtered" in receipt else ("left_out", "rejected")
    left = [f"{receipt[name]:,} {name.replace('_', ' ')}" for name in names if receipt.get(name)]
    checks = [f"{name} {said}" for name, said in receipt.get("checks", {}).items()]
    return ", ".join([*read, *left, *checks])


def sums(receipt: Mapping[str, Any]) -> str:
    """Return the key and the hash of a receipt, such as `id 1 to 9, hash 0f…`; empty if it has none."""
    made = [_range(receipt["key"])] if "key" in receipt else []
    return ", ".join([*made, *([f"hash {receipt['hash']}"] if "hash" in receipt else [])])


def _range(key: Mapping[str, Any]) -> str:
    first, last = ("/".join(key[name]) for name in ("minimum", "maximum"))
    return f"{'/'.join(key['fields'])} {first} to {last}"


def _scans(operator: Operator) -> list[Scan]:
    return [one for one in iter_below(operator, lambda _: False) if isinstance(one, Scan)]


def _only_source(operator: Operator) -> str | None:
    """Return the source of which an output is a part, if nothing else is done than to choose records and fields."""
    while isinstance(operator, Project | Filter | Sort):
        operator = operator.given
    return operator.component if isinstance(operator, Scan) else None
