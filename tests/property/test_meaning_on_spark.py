"""Spark gives what the slow evaluator says, as the embedded engine does: few batches, always the same."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from constants import of_constants, of_zeros
from handing_over import batch, differences
from penstock.engines.spark.run import SparkEngine
from penstock.plan.ports import Engine, Limits

SEEDS, SIZE = range(1), 40
"""Spark takes half a minute to plan so many."""


@pytest.fixture(name="engine", scope="module")
def fixture_engine() -> Engine:
    return SparkEngine()


@pytest.mark.parametrize("seed", SEEDS)
def test_an_expression_means_on_spark_what_the_rules_say(seed: int, engine: Engine) -> None:
    assert "\n".join(differences(engine, batch(Random(seed), SIZE))) == ""


@pytest.mark.parametrize("seed", SEEDS)
def test_an_expression_over_constants_means_on_spark_what_the_rules_say(seed: int, engine: Engine) -> None:
    assert "\n".join(differences(engine, of_constants(batch(Random(seed), SIZE // 2)))) == ""


def test_constant_zeros_keep_their_signs_on_spark(engine: Engine, tmp_path: Path) -> None:
    assert of_zeros(engine, Limits(1 << 30, 1, tmp_path)) == []
