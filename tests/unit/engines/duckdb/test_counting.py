"""What a profile says of the places that records pass."""

from __future__ import annotations

import duckdb

from penstock.engines.duckdb.counting import PROFILED, Passed, passing


def test_names_and_values_of_others_are_no_marks() -> None:
    guessed = "current_query() != 'source_0'"
    with duckdb.connect() as connection:
        connection.execute(f"{PROFILED}; SET disabled_optimizers = 'filter_pushdown,filter_pullup'")
        connection.execute(f'CREATE TABLE t AS SELECT CAST(range AS VARCHAR) AS "{guessed}" FROM range(10)')
        sql = f"SELECT * FROM t WHERE {passing('source_0')}"
        sql = f"SELECT * FROM ({sql}) WHERE \"{guessed}\" > '3' AND \"{guessed}\" <> '{guessed.replace(chr(39), chr(39) * 2)}'"
        assert len(connection.execute(f"SELECT * FROM ({sql}) WHERE {passing('output_0')}").fetchall()) == 6
        passed = Passed()
        passed.take(connection)
    assert passed.records == {"source_0": 10, "output_0": 6}
