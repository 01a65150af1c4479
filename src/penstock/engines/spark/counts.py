"""Exact record counts out of Spark's tasks.

A task may run again, or twice at once. So each chunk of a source and each part of an output has a key of its own, and of
two counts for one key the greater one counts: adding them up would count records twice.
"""

from __future__ import annotations

from collections import defaultdict

from pyspark import Accumulator, AccumulatorParam, SparkContext

Key = tuple[str, int]
"""The name of a counter, and the chunk."""


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

    def add(self, name: str, chunk: int, records: int) -> None:
        """Say how many records a task has read of, or written to, a chunk."""
        self._known.add({(name, chunk): records})

    def totals(self) -> dict[str, int]:
        """Return the records by counter, of the tasks that have ended."""
        found: dict[str, int] = defaultdict(int)
        for (name, _), records in dict(self._known.value).items():
            found[name] += records
        return found
