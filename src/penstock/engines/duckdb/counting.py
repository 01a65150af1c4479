"""How many records pass a place in a statement. DuckDB's own profile of the statement tells, once it has ended, at no cost: a
sequence would be counted up for each record, under a lock, which at ten million records is a fifth of the time of a job.
While a statement runs, what a source has given is an estimate."""

from __future__ import annotations

import json
import re
import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pyarrow.parquet as pq

from penstock.engines.files.opening import packing
from penstock.errors import InvariantBroken
from penstock.plan.ports import BoundSource

PROFILED = (
    "SET enable_profiling = 'no_output'; SET custom_profiling_settings = "
    '\'{"OPERATOR_TYPE": "true", "OPERATOR_CARDINALITY": "true", "EXTRA_INFO": "true"}\''
)
"""The setting that `Passed` needs."""
_MARK = secrets.token_hex(8)
"""Nobody can guess it: a profile prints names of columns as they are, and those are words of others."""
_PLACE = re.compile(rf"current_query\(\) != '{_MARK}:(\w+)'")
_SAMPLE = 1 << 16


def passing(place: str) -> str:
    """Return a condition that holds for every record, and by which a profile names a *place*. It is computed anew for each
    two thousand records, so DuckDB neither leaves it out nor moves it."""
    return f"current_query() <> '{_MARK}:{place}'"


@dataclass(slots=True)
class Passed:
    """The records that passed each place, of all statements that have ended."""

    records: Counter[str] = field(default_factory=Counter)

    def take(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Add those of the statement that has just ended on a connection."""
        for operator in _operators(json.loads(connection.get_profiling_information("json"))):
            found = operator.get("extra_info", {}).get("Expression", "")
            conditions = [found] if isinstance(found, str) else found
            for place in _PLACE.findall("\n".join(conditions)):
                if operator["operator_type"] != "FILTER":
                    raise InvariantBroken(f"'{place}' is counted by {operator['operator_type']}")
                self.records[place] += int(operator["operator_cardinality"])


def _operators(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "operator_type" in node:
        yield node
    for child in node.get("children", ()):
        yield from _operators(child)


def expected(source: BoundSource) -> int | None:
    """Return about how many records a source has, judged by the beginning of its first file; None where that does not tell.
    Raises OSError and pyarrow.ArrowInvalid where it cannot be read."""
    if not source.files:
        return 0
    first, size = source.files[0], sum(file.size_bytes for file in source.files)
    if source.spec.record_type == "parquet":
        rows: int = pq.read_metadata(first.location).num_rows
        return rows * size // max(first.size_bytes, 1)
    spec = source.spec
    is_lines = spec.record_type in ("delimited", "json", "raw") and spec.record_delimiter != "eof"
    if not is_lines or packing(spec, first) != "none":
        return None
    with open(first.location, "rb") as file:
        beginning = file.read(_SAMPLE)
    return size * beginning.count(b"\n") // max(len(beginning), 1)
