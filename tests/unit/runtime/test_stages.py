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
    heard, read = Heard(), dict[str, int]()
    for number, records in enumerate((5, 7)):
        share = Share(heard, number, 2, read)
        for count in (0, 5, records):
            share.source("s", count)
        share.source("t rejected", 0)
        for fraction in (0.0, 0.5, 1.0):
            share.progress(fraction)
        share.output("o", 3, 1.0)
        share.log("info", "a line")
    assert heard.fractions == [0.0, 0.25, 0.5, 0.5, 0.75, 1.0]
    assert heard.read == [("s", 0), ("s", 5), ("t rejected", 0), ("s", 7)]
    assert (heard.written, heard.lines) == ([("o", 3)] * 2, [("info", "a line")] * 2)
