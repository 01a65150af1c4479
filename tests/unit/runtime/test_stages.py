"""Outputs staged in several runs of an engine: what is told of them is told of one job."""

from __future__ import annotations

from penstock.runtime.look import Quiet
from penstock.runtime.stages import Share


class Heard(Quiet):
    """Keeps what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.fractions: list[float] = []
        self.read: list[tuple[str, int]] = []
        self.written: list[tuple[str, int | None]] = []

    def progress(self, fraction: float) -> None:
        self.fractions.append(fraction)

    def source(self, component: str, records: int) -> None:
        self.read.append((component, records))

    def output(self, component: str, records: int | None, progress: float | None) -> None:
        self.written.append((component, records))


def test_runs_are_told_as_one_job() -> None:
    heard, before = Heard(), dict[str, int]()
    for number, counts in enumerate(((0, 6, 5), (0, 9, 7))):  # what is told on the way is an estimate
        share = Share(heard, number, 2, before)
        for count in counts:
            share.source("s", count)
        before = share.read
        for fraction in (0.0, 0.5, 1.0):
            share.progress(fraction)
        share.output("o", 3, 1.0)
        share.log("info", "a line")
    assert heard.fractions == [0.0, 0.25, 0.5, 0.5, 0.75, 1.0]
    assert [records for _, records in heard.read] == [0, 6, 5, 5, 9, 7]
    assert (heard.written, heard.lines) == ([("o", 3)] * 2, [("info", "a line")] * 2)
