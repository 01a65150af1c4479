"""Exact record counts out of Spark's tasks, through files beside what they write.

Tasks append to a file of their own in a folder of the attempt, and the driver adds up: it needs nothing but the file system
that the outputs need as well, wherever the driver is. A task may run again, or twice at once, and a branch may be read
twice. So each chunk of a source and each part of an output has a key of its own, and of two counts for one key the greater
one counts: adding them up would count records twice. A chunk that was read to its end has as many records each time.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pyspark import TaskContext

from penstock.engines.spark.errors import TaskFailed, marked
from penstock.errors import PermanentError

FOLDER = ".counts"
"""In the staging folder of the first output; gone before anything is published."""
Counter = tuple[str, ...]
"""What is counted: a word for it and names."""
Key = tuple[Counter, int]
"""A counter, and the chunk."""


def of_source(component: str) -> Counter:
    """Return the counter of the records of a source."""
    return ("source", component)


def of_output(component: str) -> Counter:
    """Return the counter of the records of an output."""
    return ("output", component)


def of_dropped(component: str) -> Counter:
    """Return the counter of the lines of a source that are too long."""
    return ("dropped", component)


def of_tally(component: str, position: int, said: str) -> Counter:
    """Return the counter of what a source says at the end with the sentence *said*; *position* is its place among such."""
    return ("tally", component, f"{position:06d}", said)


REREAD: Counter = ("reread",)
"""Counts the files that were read again, record by record."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What tasks count, each into its own file of *folder*; nothing where that is None: nobody asks."""

    folder: Path | None

    def add(self, chunk: int, records: Mapping[Counter, int]) -> None:
        """Say how many records a task has read of, or written to, a chunk. Raises TaskFailed."""
        if self.folder is None:
            return
        running = TaskContext.get()
        name = "0" if running is None else str(running.taskAttemptId())
        line = json.dumps([chunk, *([*counter, count] for counter, count in records.items())])
        try:
            with (self.folder / name).open("ab") as stream:
                stream.write(f"{line}\n".encode())
        except OSError as error:
            raise TaskFailed(
                marked(
                    PermanentError(
                        f"An executor of Spark cannot write to '{self.folder.parent}': {error.strerror}. It must see the "
                        "files of the job under the same paths, and its user must be allowed to write there."
                    )
                )
            ) from error


class Totals:
    """What the tasks of an attempt have counted so far."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, int] = {}
        self._known: dict[Key, int] = {}

    def by_counter(self) -> dict[Counter, int]:
        """Return the records by counter, of the chunks that have ended."""
        with suppress(FileNotFoundError):  # a later attempt sweeps what this one has staged; then this one fails anyway
            for name in os.listdir(self._folder):
                self._go_on(name)
        found: dict[Counter, int] = defaultdict(int)
        for (counter, _), records in self._known.items():
            found[counter] += records
        return found

    def _go_on(self, name: str) -> None:
        with (self._folder / name).open("rb") as stream:
            stream.seek(self._read.get(name, 0))
            whole, end, _ = stream.read().rpartition(b"\n")
        self._read[name] = self._read.get(name, 0) + len(whole + end)
        for line in whole.splitlines():
            chunk, *counted = json.loads(line)
            for *counter, records in counted:
                key = tuple(counter), chunk
                self._known[key] = max(self._known.get(key, 0), records)

    def refresh(self) -> None:
        """Look at the folder anew: a network file system may list it as it was a minute ago, until it is written to."""
        with suppress(FileNotFoundError):
            (self._folder / "driver").touch()

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self._folder)
