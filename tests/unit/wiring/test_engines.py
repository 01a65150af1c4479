"""Which engine the order of a job gets, and which stacks there are."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from penstock.engines.duckdb.run import DuckEngine
from penstock.engines.spark.run import SparkEngine
from penstock.errors import PermanentError
from penstock.runtime.execute import Order
from penstock.wiring.engines import engine_of, stacks

MASTERS = {"big": "spark://host:7077"}
WITHOUT_SPARK = """
import sys
sys.modules["pyspark"] = None
from penstock.wiring.engines import stacks
print(*dict(stacks()))
"""


def order(**given: Any) -> Order:
    return Order(token="job-7-2", flow="{}", now="", memory_bytes=1 << 30, threads=3, **given)


@pytest.mark.parametrize("stack", ["", "duckdb-1.5", "white-everest"])
def test_the_warm_engine_serves_all_but_spark(stack: str) -> None:
    warm = DuckEngine()
    assert engine_of(order(stack=stack), warm, MASTERS) is warm


@pytest.mark.parametrize(
    ("region", "master"), [("self-hosted::local", "local[3]"), ("", "local[3]"), ("spark::big", "spark://host:7077")]
)
def test_a_job_of_a_spark_stack_has_its_attempt_in_the_name(region: str, master: str) -> None:
    found = engine_of(order(stack="spark-4.3", region=region, nodes=5), DuckEngine(), MASTERS)
    assert isinstance(found, SparkEngine)
    options = found.options
    assert (options.master, options.name, options.executors) == (master, "penstock job-7-2", 5)
    assert options.memory_bytes == 1 << 30


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"stack": "spark-3.5"}, "The stack 'spark-3.5' is not installed on this worker."),
        ({"stack": "spark-4.3", "region": "spark::small"}, "does not know the Spark master 'small'"),
    ],
)
def test_what_a_worker_does_not_have(given: dict[str, str], said: str) -> None:
    with pytest.raises(PermanentError, match=said):
        engine_of(order(**given), DuckEngine(), MASTERS)


def test_spark_is_a_stack_where_it_is_installed() -> None:
    assert [stack for stack, _ in stacks()] == [DuckEngine.stack, SparkEngine.stack]
    done = subprocess.run([sys.executable, "-c", WITHOUT_SPARK], capture_output=True, text=True, check=True)
    assert done.stdout == "duckdb-1.5\n"
