"""What Spark's texts, names and errors keep, without a Spark."""

from __future__ import annotations

import pytest

from penstock.engines.spark.errors import found_in, marked
from penstock.engines.spark.shared import opened, unless
from penstock.engines.spark.types import literal, quote, text_literal
from penstock.errors import CapabilityError, DataError, PermanentError
from penstock.plan.dtypes import DOUBLE
from penstock.plan.values import Kind, Value


def test_texts_are_escaped() -> None:
    assert text_literal("it's \\d\0") == "'it\\'s \\\\d\\u0000'"
    assert quote("a`b") == "`a``b`"


def test_half_a_pair_is_refused() -> None:
    with pytest.raises(CapabilityError):
        text_literal("\ud83d")


def test_a_negative_zero_is_no_constant() -> None:
    """Spark takes two constants for one where Java's `==` says that they are equal."""
    assert literal(Value(Kind.DOUBLE, -0.0), DOUBLE) != literal(Value(Kind.DOUBLE, 0.0), DOUBLE)
    assert "transform" in literal(Value(Kind.DOUBLE, -0.0), DOUBLE)


@pytest.mark.parametrize("error", [DataError("'Ä' is no date: \"x\"\n."), PermanentError("The file\tis gone.")])
def test_an_error_comes_back_out_of_what_spark_says(error: DataError | PermanentError) -> None:
    text = f"[USER_RAISED_EXCEPTION] {marked(error, 'ps_parse_date')} SQLSTATE: P0001\n\tat org.apache.spark"
    found = found_in(text)
    assert found is not None
    assert (type(found[0]), found[0].message, found[1]) == (type(error), error.message, "ps_parse_date")
    assert found_in("something else") is None


def test_a_call_is_written_once() -> None:
    assert opened("ps_upper(x)").count("ps_upper(x)") == 1
    assert unless("x = 'a'", "upper", "x").count("ps_upper(CASE WHEN x = 'a' THEN NULL ELSE x END)") == 1
