"""Spark gives what the slow evaluator says, as the embedded engine does: few batches, always the same."""

from __future__ import annotations

from random import Random

import pytest

from handing_over import batch, differences
from penstock.engines.spark.run import SparkEngine
from penstock.plan.ports import Engine

SEEDS, SIZE = range(1), 40
"""Spark takes half a minute to plan so many."""


@pytest.fixture(name="engine", scope="module")
def fixture_engine() -> Engine:
    return SparkEngine()


@pytest.mark.parametrize("seed", SEEDS)
def test_an_expression_means_on_spark_what_the_rules_say(seed: int, engine: Engine) -> None:
    assert "\n".join(differences(engine, batch(Random(seed), SIZE))) == ""
