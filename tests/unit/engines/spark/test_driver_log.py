"""What of a driver's log reaches the log of a job."""

from __future__ import annotations

from pathlib import Path

from penstock.engines.spark.driver_log import FILE, LONGEST, MOST_LINES, DriverLog
from penstock.engines.spark.errors import marked
from penstock.errors import DataError


def say(folder: Path, text: str) -> None:
    with (folder / FILE).open("a") as stream:
        stream.write(text)


def test_lines_since_the_job_began(tmp_path: Path) -> None:
    say(tmp_path, "WARN TaskSetManager: of a job before\n")
    log = DriverLog(tmp_path)
    say(tmp_path, "WARN TaskSetManager: Lost task 0.0 in stage 1.0: slave\n\tat java.lang.Thread.run\nERROR Task")
    assert list(log.lines()) == ["Spark TaskSetManager: Lost task 0.0 in stage 1.0: slave"]
    say(tmp_path, "SchedulerImpl: Lost executor 1\n")
    assert list(log.lines()) == ["Spark TaskSchedulerImpl: Lost executor 1"]
    assert list(log.lines()) == []


def test_no_log_yet(tmp_path: Path) -> None:
    assert list(DriverLog(tmp_path).lines()) == []


def test_what_ends_the_job_is_said_once_elsewhere(tmp_path: Path) -> None:
    log = DriverLog(tmp_path)
    say(tmp_path, f"WARN TaskSetManager: Lost task: {marked(DataError('no date'))}\n")
    assert list(log.lines()) == []


def test_neither_many_nor_long_lines(tmp_path: Path) -> None:
    log = DriverLog(tmp_path)
    say(tmp_path, f"WARN TaskSetManager: {'x' * 10_000}\n" * (MOST_LINES + 50))
    found = list(log.lines())
    assert len(found) == MOST_LINES
    assert all(len(line) == LONGEST + 1 for line in found)
