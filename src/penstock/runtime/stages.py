"""Stages every output of a plan: those first that read no rejected records, then, once they are sifted, what reads theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from penstock.errors import PermanentError
from penstock.kit.rejects import land
from penstock.plan.operators import Plan, Scan, Write, iter_operators
from penstock.plan.ports import BoundSource, Context, Engine, FileEntry, Limits, Reporter, Written
from penstock.plan.stages import stages
from penstock.plan.systems import RejectedRecords
from penstock.runtime.outputs import Outputs

FOLDER = "rejected"
"""The folder in the attempt's scratch space that holds what destinations reject."""


@dataclass(slots=True)
class Share:
    """A reporter of one of several runs of an engine: *done* of *runs* are over, in which sources gave as many records as
    *before* says: of one that is read once more no fewer are told. *read* is what they have given in this run."""

    reporter: Reporter
    done: int
    runs: int
    before: Mapping[str, int] = field(default_factory=dict)
    read: dict[str, int] = field(default_factory=dict)

    def log(self, level: str, line: str) -> None:
        """Pass it on."""
        self.reporter.log(level, line)

    def progress(self, fraction: float) -> None:
        """Tell it of all runs."""
        self.reporter.progress((self.done + fraction) / self.runs)

    def source(self, component: str, records: int) -> None:
        """Pass it on, and no fewer than were told before."""
        self.read[component] = max(records, self.before.get(component, 0))
        self.reporter.source(component, self.read[component])

    def output(self, component: str, records: int | None, progress: float | None) -> None:
        """Pass it on."""
        self.reporter.output(component, records, progress)


def stage(
    plan: Plan,
    sources: Mapping[str, BoundSource],
    outputs: Outputs,
    engine: Engine,
    context: Context,
    limits: Limits,
    reporter: Reporter,
) -> tuple[Written, ...]:
    """Return what was written for each output, in the plan's order. *sources* are all but those of rejected records, which land
    here; *outputs* are prepared. Raises as the engine and connectors do."""
    parts = stages(plan)
    bound, written, read = dict(sources), dict[str, Written](), dict[str, int]()
    for number, part in enumerate(parts):
        scans = [one for one in iter_operators(part) if isinstance(one, Scan)]
        for scan in scans:
            if isinstance(scan.origin, RejectedRecords):
                bound[scan.component] = _landed(scan, scan.origin, outputs)
        # What an engine unpacks has names that count from one in each run.
        scratch = limits.scratch if number == 0 else limits.scratch / f"stage-{number}"
        scratch.mkdir(exist_ok=True)
        share = Share(reporter, number, len(parts), read)
        ran = engine.run(
            part,
            {one.component: bound[one.component] for one in scans},
            {one.component: outputs.staged[one.component] for one in part.outputs},
            context,
            replace(limits, scratch=scratch),
            share,
        )
        read = {**read, **share.read}
        for write, one in zip(part.outputs, ran, strict=True):
            written[write.component] = _sifted(write, one, outputs, reporter)
    return tuple(written[write.component] for write in plan.outputs)


def _sifted(write: Write, written: Written, outputs: Outputs, reporter: Reporter) -> Written:
    """Return what is staged of an output when the records are gone that its target has no place for."""
    if not write.keeps_rejected or write.target.on_bad_value != "skip":
        return written
    left = outputs.sift(write, written)
    gone = written.records - left.records
    if gone:
        reporter.output(write.component, left.records, 1.0)
        reporter.log(
            "warning",
            f"{write.component}: {gone:,} record{'s' * (gone != 1)} left out, for a value does not fit its column",
        )
    return left


def _landed(scan: Scan, origin: RejectedRecords, outputs: Outputs) -> BoundSource:
    folder = outputs.staged[origin.by].rejects
    if folder is None:
        raise KeyError(origin.by)
    file = folder / "landed.parquet"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        land(folder, file)
    except OSError as error:
        raise PermanentError(f"What '{origin.by}' rejects cannot be kept: {error.strerror}. Make room.") from error
    return BoundSource(scan.source, (FileEntry(str(file), origin.by, file.stat().st_size),))
