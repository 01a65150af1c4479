"""Exact record counts out of Spark's tasks.

A task may run again, or twice at once. So each chunk of a source and each part of an output has a key of its own, and of
two counts for one key the greater one counts: adding them up would count records twice.
"""

from __future__ import annotations

from collections import defaultdict

from pyspark import Accumulator, AccumulatorParam, SparkContext

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


class _Greatest(AccumulatorParam[dict[Key, int]]):
    def zero(self, value: dict[Key, int]) -> dict[Key, int]:
        """Return an empty count."""
        return {}

    def addInPlace(self, value1: dict[Key, int], value2: dict[Key, int]) -> dict[Key, int]:  # noqa: N802 -- Spark's name
        """Return for each key the greater count."""
        for key, records in value2.items():
            value1[key] = max(value1.get(key, 0), records)
        return value1


class Counts:
    """Records by counter; `add` is called in tasks, `totals` in the driver."""

    def __init__(self, context: SparkContext) -> None:
        self._known: Accumulator[dict[Key, int]] = context.accumulator({}, _Greatest())

    def add(self, counter: Counter, chunk: int, records: int) -> None:
        """Say how many records a task has read of, or written to, a chunk."""
        self._known.add({(counter, chunk): records})

    def totals(self) -> dict[Counter, int]:
        """Return the records by counter, of the tasks that have ended."""
        found: dict[Counter, int] = defaultdict(int)
        for (counter, _), records in dict(self._known.value).items():
            found[counter] += records
        return found
