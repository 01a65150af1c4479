"""Expressions made up mean what the rules of the language say: the engine against the slow evaluator in `reference`."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from constants import of_constants, of_zeros
from handing_over import batch, differences, of_records
from penstock.engines.duckdb.run import DuckEngine
from penstock.plan.ports import Engine, Limits

SIZE = 40
"""Expressions in one statement."""


@pytest.fixture(name="engine", scope="module")
def fixture_engine() -> Engine:
    return DuckEngine()


@given(seed=st.integers(0, 2**64))
@settings(derandomize=True, deadline=None, max_examples=20, phases=(Phase.generate,))
def test_an_expression_means_what_the_rules_say(seed: int, engine: Engine) -> None:
    """What is found is one expression of a batch, so making the seed smaller would show nothing more."""
    assert "\n".join(differences(engine, batch(Random(seed), SIZE))) == ""


@given(seed=st.integers(0, 2**64))
@settings(derandomize=True, deadline=None, max_examples=10, phases=(Phase.generate,))
def test_a_select_over_many_records_means_what_the_rules_say(
    seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    limits = Limits(1 << 30, 1, tmp_path_factory.mktemp("scratch"))
    assert "\n".join(of_records(DuckEngine(), Random(seed), 25, 60, limits)) == ""


@given(seed=st.integers(0, 2**64))
@settings(derandomize=True, deadline=None, max_examples=10, phases=(Phase.generate,))
def test_an_expression_over_constants_means_what_the_rules_say(seed: int, engine: Engine) -> None:
    """What the engine computes in advance, or once for two that it takes for the same."""
    assert "\n".join(differences(engine, of_constants(batch(Random(seed), SIZE)))) == ""


def test_constant_zeros_keep_their_signs(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert of_zeros(engine, Limits(1 << 30, 1, tmp_path_factory.mktemp("scratch"))) == []
