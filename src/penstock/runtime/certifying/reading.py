"""Rules of reading: tables, queries, ranges, and what is named when it is not there."""

from __future__ import annotations

from penstock.runtime.certifying.bench import Bench, Broken, in_order
from penstock.runtime.certifying.rule import OLD, TWO, Rule, check_same, check_says, filled


def _where(bench: Bench) -> None:
    table, key = filled(bench), bench.scratch.quoted("id")
    found = bench.read(table, TWO, where_clause=f"{key} > 3 OR {key} IS NULL")
    check_same(found, [one for one in OLD if one["id"] is None or one["id"] > 3])


def _query(bench: Bench) -> None:
    table, q = filled(bench), bench.scratch.quoted
    found = bench.query(
        f"SELECT max({q('id')}) AS {q('m')}, count(*) AS {q('n')} FROM {bench.name_of(table)} ;",
        {"m": "int", "n": "long"},
    )
    check_same(found, [{"m": 5, "n": 6}])


def _no_rows(bench: Bench) -> None:
    table = filled(bench)
    check_same(bench.read(table, TWO, where_clause="1 = 0"), [])


def _preview(bench: Bench) -> None:
    found = bench.first(filled(bench), TWO, 2)
    if found != 2:
        raise Broken(f"Of 2 records that were asked for {found} came.")


def _ranges(bench: Bench) -> None:
    records = [{"id": number, "name": f"n{number}"} for number in range(-20, 21)] + [{"id": None, "name": "none"}]
    table = filled(bench, records)
    check_same(bench.read(table, TWO, split_key="id", max_parallel=3), records)


def _many(bench: Bench) -> None:
    records = [{"id": number, "name": "x" * (number % 40)} for number in range(1, 20_001) if number % 40]
    table = filled(bench, records)
    found = bench.read(table, TWO)
    if found != in_order(records):
        raise Broken(f"Of {len(records):,} records {len(found):,} came back, or others.")


def _unknown_column(bench: Bench) -> None:
    table = filled(bench)
    check_says(bench.refused(lambda: bench.read(table, {"nobody": "int"})), "nobody")


def _unknown_table(bench: Bench) -> None:
    name = bench.table()
    check_says(bench.refused(lambda: bench.read(name, TWO)), name)


def _query_cannot_write(bench: Bench) -> None:
    table = filled(bench)
    bench.refused(lambda: bench.query(f"DELETE FROM {bench.name_of(table)}", TWO))
    check_same(bench.read(table, TWO), OLD)


READING: tuple[Rule, ...] = (
    Rule("reading", "a condition is the database's own SQL", _where),
    Rule("reading", "a query is read as a table", _query),
    Rule("reading", "no rows are no records", _no_rows),
    Rule("reading", "a preview asks for few rows", _preview),
    Rule("reading", "ranges of a key give every row once", _ranges),
    Rule("reading", "many rows come back, each once", _many),
    Rule("reading", "a column that is not there is named", _unknown_column),
    Rule("reading", "a table that is not there is named", _unknown_table),
    Rule("reading", "a query cannot write", _query_cannot_write),
)  # fmt: skip
"""In the order in which they are tried."""
