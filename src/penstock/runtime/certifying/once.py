"""Rules of loads that happen once, whole and in chunks, whatever dies."""

from __future__ import annotations

from collections.abc import Callable

from penstock.runtime.certifying.bench import Bench, Broken, Death, Records
from penstock.runtime.certifying.rule import NEW, OLD, TWO, Rule, check_same, check_says, filled


def _twice(bench: Bench) -> None:
    table = filled(bench)
    order = bench.load(table, [{"id": 9, "name": "nine"}], TWO)
    for _ in range(2):
        (made,) = bench.attempt(order).outputs
    check_same(bench.read(table, TWO), [*OLD, {"id": 9, "name": "nine"}])
    if not made.receipt["is_once"]:
        raise Broken("There is no ledger: the user may not make it, so that records may be there twice.")


def _cut(when: Death) -> Callable[[Bench], None]:
    def holds(bench: Bench) -> None:
        for given in ({}, {"keys": ["id"], "operation": "merge_update_insert"}):
            table = filled(bench)
            again = bench.cut_off(bench.load(table, [{"id": 9, "name": "nine"}], TWO, **given), when)
            check_same(bench.read(table, TWO), [*OLD, *([{"id": 9, "name": "nine"}] if when is Death.AFTER else [])])
            bench.attempt(again)
            check_same(bench.read(table, TWO), [*OLD, {"id": 9, "name": "nine"}])

    return holds


_MORE: Records = (*NEW, {"id": 3, "name": "newer"}, {"id": None, "name": "more"})


def _chunks(bench: Bench) -> None:
    for operation in filter(bench.has, ("append", "merge_update_insert", "update", "insert_missing")):
        keys = [] if operation == "append" else ["id"]
        one, other = filled(bench), filled(bench)
        bench.write(one, _MORE, TWO, keys=keys, operation=operation)
        (made,) = bench.write(other, _MORE, TWO, keys=keys, operation=operation, chunk_records=2).outputs
        check_same(bench.read(other, TWO), bench.read(one, TWO))
        if made.receipt["checks"]["chunks"] != "3":
            raise Broken(f"Of 3 chunks {made.receipt['checks']['chunks']} were written.")


def _doubled_in_chunks(bench: Bench) -> None:
    table, twice = filled(bench), [{"id": 2, "name": "a"}, {"id": 7, "name": "b"}, {"id": 2, "name": "c"}]
    given = {"operation": "merge_update_insert", "keys": ["id"], "chunk_records": 1}
    check_says(bench.refused(lambda: bench.write(table, twice, TWO, **given)), "2 records have the key")
    check_same(bench.read(table, TWO), OLD)


def _cut_between(bench: Bench) -> None:
    for given in ({}, {"keys": ["id"], "operation": "merge_update_insert"}):
        new = [{"id": number, "name": f"n{number}"} for number in range(11, 16)]
        table = filled(bench)
        again = bench.cut_off(bench.load(table, new, TWO, chunk_records=2, **given), Death.WITHIN)
        check_same(bench.read(table, TWO), [*OLD, *new[:2]])
        (made,) = bench.attempt(again).outputs
        check_same(bench.read(table, TWO), [*OLD, *new])
        if made.receipt["checks"].get("records of an earlier attempt") != "2":
            raise Broken("The chunk of the first attempt was written again.")


ONCE: tuple[Rule, ...] = (
    Rule("once", "a job that is run again writes nothing twice", _twice),
    Rule("once", "an attempt that died before it wrote is completed", _cut(Death.BEFORE)),
    Rule("once", "an attempt that died after it wrote is not repeated", _cut(Death.AFTER)),
    Rule("chunks", "chunks give what one transaction gives", _chunks),
    Rule("chunks", "records of one key in two chunks are refused before the first", _doubled_in_chunks),
    Rule("chunks", "an attempt that died between two chunks is gone on with behind the first", _cut_between),
)  # fmt: skip
"""In the order in which they are tried."""
