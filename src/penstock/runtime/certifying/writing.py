"""Rules of writing: which rows are there afterwards, and what is refused before."""

from __future__ import annotations

from collections.abc import Callable

from penstock.errors import PermanentError
from penstock.runtime.certifying.bench import Bench
from penstock.runtime.certifying.rule import OLD, TWO, Rule, check_same, check_says, filled


def _adds(operation: str) -> Callable[[Bench], None]:
    def holds(bench: Bench) -> None:
        table, new = filled(bench), [{"id": 9, "name": "nine"}]
        bench.write(table, new, TWO, operation=operation)
        check_same(bench.read(table, TWO), [*(OLD if operation == "append" else ()), *new])
        bench.write(table, [], TWO, operation=operation)
        check_same(bench.read(table, TWO), [*OLD, *new] if operation == "append" else [])

    return holds


def _missing_table(bench: Bench) -> None:
    name = bench.table()
    check_says(bench.refused(lambda: bench.write(name, OLD, TWO, auto_create_table=False)), "there is no table")


def _missing_column(bench: Bench) -> None:
    table, wide = filled(bench), {**TWO, "more": "double"}
    new = [{"id": 9, "name": "nine", "more": 0.5}]
    check_says(bench.refused(lambda: bench.write(table, new, wide)), "no column 'more'")
    bench.write(table, new, wide, add_missing_columns=True)
    check_same(bench.read(table, wide), [*({**one, "more": None} for one in OLD), *new])


def _misfit(bench: Bench) -> None:
    table = filled(bench)
    texts = {"id": "string", "name": "string"}
    bench.refused(lambda: bench.write(table, [{"id": "8", "name": "good"}, {"id": "x", "name": "bad"}], texts))
    check_same(bench.read(table, TWO), OLD)


def _types_first(bench: Bench) -> None:
    table = filled(bench)
    message = bench.refused(lambda: bench.write(table, [{"id": 0.5, "name": "x"}], {"id": "double", "name": "string"}))
    check_says(message, "takes no double")


def _actions(bench: Bench) -> None:
    table, q = filled(bench), bench.scratch.quoted
    name = bench.name_of(table)
    after = f"UPDATE {name} SET {q('name')} = 'post' WHERE {q('id')} = 9"
    before = f"DELETE FROM {name} WHERE 1 = 1"
    bench.write(table, [{"id": 9, "name": "nine"}], TWO, pre_action_sql=before, post_action_sql=after)
    check_same(bench.read(table, TWO), [{"id": 9, "name": "post"}])


def _failed_action(bench: Bench) -> None:
    table, nowhere = filled(bench), bench.table()
    given = {
        "pre_action_sql": f"DELETE FROM {bench.name_of(table)} WHERE 1 = 1",
        "post_action_sql": f"DELETE FROM {bench.name_of(nowhere)} WHERE 1 = 1",
    }
    check_says(
        bench.refused(lambda: bench.write(table, [{"id": 9, "name": "nine"}], TWO, **given)), "'post_action_sql' failed"
    )
    check_same(bench.read(table, TWO), OLD)


def _left_out(policy: str) -> Callable[[Bench], None]:
    """Rows that do not fit are left out or null, or the policy is refused by name: never is a value guessed."""

    def holds(bench: Bench) -> None:
        table, texts = filled(bench), {"id": "string", "name": "string"}
        given = [{"id": "8", "name": "good"}, {"id": "x", "name": "bad"}]
        try:
            bench.write(table, given, texts, on_bad_value=policy)
        except PermanentError as error:
            check_says(error.message, "'on_bad_value'")
            check_same(bench.read(table, TWO), OLD)
            return
        bad = [{"id": None, "name": "bad"}] if policy == "set_null" else []
        check_same(bench.read(table, TWO), [*OLD, {"id": 8, "name": "good"}, *bad])

    return holds


WRITING: tuple[Rule, ...] = (
    Rule("writing", "append adds rows", _adds("append")),
    Rule("writing", "truncate_insert replaces all rows", _adds("truncate_insert")),
    Rule("writing", "delete_insert replaces all rows", _adds("delete_insert")),
    Rule("writing", "a missing table is refused, unless it is to be made", _missing_table),
    Rule("writing", "a missing column is refused, unless it is to be added", _missing_column),
    Rule("writing", "what does not fit fails the load, and the table is as it was", _misfit),
    Rule("writing", "a type that a column does not take is refused first", _types_first),
    Rule("writing", "actions stand before and after the rows", _actions),
    Rule("writing", "an action that fails takes the rows with it", _failed_action),
    Rule("writing", "what does not fit is left out with skip, or that is refused", _left_out("skip")),
    Rule("writing", "what does not fit is null with set_null, or that is refused", _left_out("set_null")),
)  # fmt: skip
"""In the order in which they are tried."""
