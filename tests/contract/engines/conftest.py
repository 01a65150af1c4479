"""Both engines, and a package that computes one field of three records."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from penstock.engines.duckdb.run import DuckEngine
from penstock.engines.spark.run import SparkEngine
from penstock.plan.ports import Engine


@pytest.fixture(params=["duckdb", "spark"])
def engine(request: pytest.FixtureRequest) -> Engine:
    return DuckEngine() if request.param == "duckdb" else SparkEngine()


@pytest.fixture
def flow_over(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Returns the flow from `in.csv`, with the fields `id` and *second*, through a Filter and a Select to `out`."""

    def flow(texts: str, second: str, field: str, where: str) -> dict[str, Any]:
        (tmp_path / "in.csv").write_text(texts)
        return {
            "components": [
                {"id": "s", "type": "cloud_storage_source_component", "name": "in", "connection": "lake",
                 "properties": {"path": "in.csv", "delimiter": ","},
                 "fields": [{"name": "id", "type": "int"}, {"name": second}]},
                {"id": "f", "type": "filter_component", "name": "some",
                 "properties": {"conditions": [{"expression": where}]}},
                {"id": "x", "type": "select_component", "name": "all",
                 "properties": {"fields": [{"expression": field, "alias": "v"}]}},
                {"id": "d", "type": "cloud_storage_destination_component", "name": "out", "connection": "lake",
                 "properties": {"path": "out", "delimiter": ",", "if_exists": "replace"}},
            ],
            "edges": [{"from": a, "to": b} for a, b in pairwise("sfxd")],
        }  # fmt: skip

    return flow


@pytest.fixture
def written(tmp_path: Path) -> Callable[[], list[str]]:
    """Returns the lines that a job has written to `out`, in order."""
    return lambda: sorted(line for file in (tmp_path / "out").iterdir() for line in file.read_text().splitlines())
