"""How what becomes null is counted on Spark, without a Spark."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from penstock.engines.spark.counts import Counts, Totals
from penstock.engines.spark.expressions import render
from penstock.engines.spark.tallies import UNREAD, Adding, Told, of_component, tell
from penstock.engines.spark.types import quote
from penstock.lang.check.expressions import check_expression
from penstock.plan import dtypes
from penstock.plan.ports import Context
from penstock.plan.schema import Field, Schema

CONTEXT = Context(datetime(2026, 1, 2, tzinfo=UTC))
FIELDS = Schema(tuple(Field(name, dtypes.CHARARRAY) for name in "abc"))


def told_of(*texts: str, keeps: bool = False) -> Told:
    exprs = []
    for text in texts:
        expr = check_expression(text, FIELDS).expr
        assert expr is not None, text
        exprs.append(expr)
    return tell(exprs, lambda expr: render(expr, CONTEXT), CONTEXT, keeps=keeps)


def counted(*names: str) -> str:
    return " + ".join(
        f"CASE WHEN `{name}` IS NOT NULL AND `_c{at}` IS NULL THEN 1L ELSE 0L END" for at, name in enumerate(names)
    )


@pytest.mark.parametrize("text", ["a", "1 + 2", "(chararray)1", "ParseIntOrDefault(a, 1)", "ToDate(a)", "(long)1.5"])
def test_what_cannot_become_null_is_left_as_it_is(text: str) -> None:
    told = told_of(text)
    assert (told.sql, told.beforehand, told.casts, told.reads) == ("", {}, False, False)


def test_a_cast_is_computed_once_and_counted_once() -> None:
    told = told_of("(int)a + (int)a", "(int)a", "(boolean)b")
    assert told.sql == counted("a", "b")
    assert list(told.beforehand) == ["_c0", "_c1"]
    assert [render(expr, CONTEXT) for expr in told.exprs[1:]] == ["`_c0`", "`_c1`"]
    over = told.over("given", "tally", quote)
    assert over.startswith("(SELECT * FROM (SELECT *, ")
    assert over.endswith(f" FROM given) WHERE tally({told.sql}))")
    assert told.without(quote) == "* EXCEPT (`_c0`, `_c1`)"


def test_a_cast_counts_where_it_is_reached() -> None:
    inside = "`b` IS NOT NULL"
    told = told_of("CASE WHEN a == 'x' THEN (int)b ELSE 0 END")
    assert told.beforehand == {}
    assert told.sql.startswith("CASE WHEN (`a` = 'x') THEN CASE WHEN `b` IS NOT NULL AND ")
    assert inside in told.sql
    assert told_of("a == 'x' AND (int)b > 1").sql.startswith("CASE WHEN `b`")
    assert told_of("a == 'x' AND (int)b > 1", keeps=True).sql.startswith("CASE WHEN (`a` = 'x') THEN CASE WHEN `b`")
    assert told_of("a == 'x' OR (int)b > 1", keeps=True).sql.startswith(
        "CASE WHEN NOT coalesce((`a` = 'x'), false) THEN "
    )
    assert told_of("COALESCE(a, (chararray)(int)b)").sql.startswith("CASE WHEN `a` IS NULL THEN CASE WHEN `b`")


def test_chance_is_not_asked_twice() -> None:
    assert told_of("(int)CONCAT(a, (chararray)RANDOM())").sql == ""


def test_texts_that_are_no_json_count_apart() -> None:
    told = told_of("JsonStringToMap(a)")
    assert (told.casts, told.reads) == (False, True)
    assert told.sql.endswith(f"THEN {UNREAD}L ELSE 0L END")


def test_the_numbers_of_batches_add_up(tmp_path: Path) -> None:
    adding = Adding(Counts(tmp_path), "casts_7", "unread_7")
    batches = ([0, 2, UNREAD + 1], [0, 0], [3 * UNREAD])
    for numbers in batches:
        assert adding(pa.array(numbers, pa.int64())).to_pylist() == [True] * len(numbers)
    found = Totals(tmp_path).by_counter()
    assert found == {of_component("casts_7"): 3, of_component("unread_7"): 4}
    assert len((tmp_path / "0").read_text().splitlines()) == 2
