"""Rules of keys: what becomes of rows that are there, and of those that are not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from penstock.runtime.certifying.bench import Bench, Broken
from penstock.runtime.certifying.rule import NEW, OLD, TWO, Rule, check_same, check_says, filled
from penstock.runtime.certifying.values import TIMES


def _keyed(operation: str) -> Callable[[Bench], None]:
    changed = [one if one["id"] != 2 else {"id": 2, "name": "new"} for one in OLD]
    added: list[Mapping[str, Any]] = [{"id": 9, "name": "nine"}, {"id": None, "name": "null"}]
    wanted: dict[str, list[Mapping[str, Any]]] = {
        "merge_delete_insert": [*changed, *added], "merge_update_insert": [*changed, *added], "update": changed,
        "insert_missing": [*OLD, *added],
    }  # fmt: skip

    def holds(bench: Bench) -> None:
        table = filled(bench)
        bench.write(table, NEW, TWO, keys=["id"], operation=operation)
        check_same(bench.read(table, TWO), wanted[operation])
        bench.write(table, [], TWO, keys=["id"], operation=operation)
        check_same(bench.read(table, TWO), wanted[operation])

    return holds


def _other_columns(bench: Bench) -> None:
    wide = {**TWO, "more": "string"}
    old = [{"id": 1, "name": "one", "more": "x"}, {"id": 2, "name": "two", "more": "x"}]
    table = filled(bench, old, wide)
    bench.write(table, [{"id": 2, "name": "new"}], TWO, keys=["id"], operation="merge_update_insert")
    check_same(bench.read(table, wide), [old[0], {"id": 2, "name": "new", "more": "x"}])
    bench.write(table, [{"id": 2, "name": "newer"}], TWO, keys=["id"], operation="merge_delete_insert")
    check_same(bench.read(table, wide), [old[0], {"id": 2, "name": "newer", "more": None}])


def _doubled(bench: Bench) -> None:
    table, twice = filled(bench), [{"id": 2, "name": "a"}, {"id": 2, "name": "b"}]
    for operation in ("merge_update_insert", "update", "insert_missing"):

        def write(chosen: str = operation) -> object:
            return bench.write(table, twice, TWO, keys=["id"], operation=chosen)

        check_says(bench.refused(write), "2 records have the key")
    check_same(bench.read(table, TWO), OLD)
    bench.write(table, twice, TWO, keys=["id"], operation="merge_delete_insert")
    check_same(bench.read(table, TWO), [*(one for one in OLD if one["id"] != 2), *twice])


def _two_columns(bench: Bench) -> None:
    wide = {"a": "int", "b": "datetime", "c": "string"}
    old = [{"a": 1, "b": TIMES[0], "c": "x"}, {"a": 1, "b": TIMES[4], "c": "y"}]
    table = filled(bench, old, wide)
    bench.write(table, [{**old[1], "c": "new"}], wide, keys=["a", "b"], operation="merge_update_insert")
    check_same(bench.read(table, wide), [old[0], {**old[1], "c": "new"}])


def _text_keys(bench: Bench) -> None:
    table = filled(bench)
    bench.write(
        table, [{"id": 7, "name": "two"}, {"id": 8, "name": "x"}], TWO, keys=["name"], operation="merge_update_insert"
    )
    kept = [one for one in OLD if one["name"] != "two"]
    check_same(bench.read(table, TWO), [*kept, {"id": 7, "name": "two"}, {"id": 8, "name": "x"}])


def _missing_rows(bench: Bench) -> None:
    table = filled(bench)
    given = {"operation": "merge_update_insert", "keys": ["id"], "missing_rows": "delete"}
    came = [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}, {"id": 3, "name": "c"}]
    check_says(bench.refused(lambda: bench.write(table, came, TWO, **given)), "2 of the 6 rows")
    check_same(bench.read(table, TWO), OLD)
    bench.write(table, came, TWO, **given, missing_rows_limit_percent=34)
    check_same(bench.read(table, TWO), [*came, OLD[5]])


def _marked_rows(bench: Bench) -> None:
    table, wide = filled(bench), {"id": "int", "gone": "datetime"}
    given = {
        "operation": "merge_update_insert", "keys": ["id"], "missing_rows": "mark", "mark_column": "gone",
        "missing_rows_limit_percent": 100, "add_missing_columns": True,
    }  # fmt: skip

    def marked() -> list[int]:
        return sorted(one["id"] for one in bench.read(table, wide) if one["gone"] is not None)

    bench.write(table, OLD[:3], TWO, **given)
    if marked() != [4, 5]:
        raise Broken(f"Rows 4 and 5 did not come in, and {marked()} are marked.")
    bench.write(table, OLD[1:4], TWO, **given)
    if marked() != [1, 5]:
        raise Broken(f"Rows 1 and 5 did not come in, and {marked()} are marked.")


KEYS: tuple[Rule, ...] = (
    Rule("keys", "merge_delete_insert replaces rows with a key that comes in", _keyed("merge_delete_insert")),
    Rule("keys", "merge_update_insert changes those, and adds the others", _keyed("merge_update_insert")),
    Rule("keys", "update changes those alone", _keyed("update")),
    Rule("keys", "insert_missing adds the others alone", _keyed("insert_missing")),
    Rule("keys", "columns that are not mapped keep their values in an update", _other_columns),
    Rule("keys", "records of one key are refused, or replace together", _doubled),
    Rule("keys", "a key may be two columns", _two_columns),
    Rule("keys", "a key may be a text", _text_keys),
    Rule("keys", "missing rows are deleted, up to a limit", _missing_rows),
    Rule("keys", "missing rows are marked, and unmarked when they come in again", _marked_rows),
)  # fmt: skip
"""In the order in which they are tried."""
