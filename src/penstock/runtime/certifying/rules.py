"""The rules, written out: what every database does here, each a function that raises Broken where it does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from penstock.errors import PermanentError
from penstock.runtime.certifying.bench import Bench, Broken, Death, Fields, Records, in_order

TWO: Fields = {"id": "int", "name": "string"}
OLD: Records = (
    {"id": 1, "name": "one"}, {"id": 2, "name": "two"}, {"id": 3, "name": "three"}, {"id": 4, "name": "four"},
    {"id": 5, "name": "five"}, {"id": None, "name": "none"},
)  # fmt: skip
LEAST, MOST = -(2**63), 2**63 - 1


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its group and its sentence, and what tries it."""

    group: str
    says: str
    holds: Callable[[Bench], None]


def _same(found: Records, wanted: Records) -> None:
    if in_order(found) != in_order(wanted):
        raise Broken(f"Wanted {_shown(wanted)}, found {_shown(found)}.")


def _shown(records: Records) -> str:
    made = ", ".join(map(str, in_order(records)[:6])) or "no records"
    return made if len(made) <= 400 else f"{made[:400]}…"


def _says(message: str, *words: str) -> None:
    if not any(word.lower() in message.lower() for word in words):
        raise Broken(f"It was refused without saying why: {message}")


# --- values


def _round_trip(kind: str, values: Sequence[Any], back: Mapping[Any, Any] | None = None) -> Callable[[Bench], None]:
    """Values are written and come back, null among them."""

    def holds(bench: Bench) -> None:
        table, fields = bench.table(), {"id": "int", "v": kind}
        records: list[dict[str, Any]] = [{"id": index, "v": value} for index, value in enumerate([*values, None])]
        bench.write(table, records, fields)
        wanted = [{**one, "v": back[one["v"]] if back and one["v"] in back else one["v"]} for one in records]
        _same(bench.read(table, fields), wanted)

    return holds


_TEXTS = (
    " ", "'", '"', "\\", "\\N", "a\tb", "a\nb", "NULL", "null", "\\.", "%s ? :1 {x} $1", "äöü ß", "😀𝄞", "a\\tb", "x" * 3000,
)  # fmt: skip
_TIMES = (
    "2024-05-06T07:08:09.123Z", "1969-12-31T23:59:59.999Z", "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z",
    "2024-02-29T00:00:00.000Z",
)  # fmt: skip


_AHEAD = "2024-05-06T07:08:09.000+02:00"


def _empty_text(bench: Bench) -> None:
    table = bench.table()
    records: Records = [{"id": 1, "name": ""}, {"id": 2, "name": None}]
    bench.write(table, records, TWO)
    _same(bench.read(table, TWO), records)


def _column_names(bench: Bench) -> None:
    table = bench.table()
    fields = {"id": "int", "order": "string", "Mixed_Case": "string", "select": "int"}
    records = [{"id": 1, "order": "a", "Mixed_Case": "b", "select": 2}]
    bench.write(table, records, fields)
    _same(bench.read(table, fields), records)


# --- reading


def _filled(bench: Bench, records: Records = OLD, fields: Fields = TWO) -> str:
    table = bench.table()
    bench.write(table, records, fields)
    return table


def _where(bench: Bench) -> None:
    table, key = _filled(bench), bench.scratch.quoted("id")
    found = bench.read(table, TWO, where_clause=f"{key} > 3 OR {key} IS NULL")
    _same(found, [one for one in OLD if one["id"] is None or one["id"] > 3])


def _query(bench: Bench) -> None:
    table, q = _filled(bench), bench.scratch.quoted
    found = bench.query(
        f"SELECT max({q('id')}) AS {q('m')}, count(*) AS {q('n')} FROM {bench.name_of(table)} ;",
        {"m": "int", "n": "long"},
    )
    _same(found, [{"m": 5, "n": 6}])


def _no_rows(bench: Bench) -> None:
    table = _filled(bench)
    _same(bench.read(table, TWO, where_clause="1 = 0"), [])


def _preview(bench: Bench) -> None:
    found = bench.first(_filled(bench), TWO, 2)
    if found != 2:
        raise Broken(f"Of 2 records that were asked for {found} came.")


def _ranges(bench: Bench) -> None:
    records = [{"id": number, "name": f"n{number}"} for number in range(-20, 21)] + [{"id": None, "name": "none"}]
    table = _filled(bench, records)
    _same(bench.read(table, TWO, split_key="id", max_parallel=3), records)


def _many(bench: Bench) -> None:
    records = [{"id": number, "name": "x" * (number % 40)} for number in range(1, 20_001) if number % 40]
    table = _filled(bench, records)
    found = bench.read(table, TWO)
    if found != in_order(records):
        raise Broken(f"Of {len(records):,} records {len(found):,} came back, or others.")


def _unknown_column(bench: Bench) -> None:
    table = _filled(bench)
    _says(bench.refused(lambda: bench.read(table, {"nobody": "int"})), "nobody")


def _unknown_table(bench: Bench) -> None:
    name = bench.table()
    _says(bench.refused(lambda: bench.read(name, TWO)), name)


def _query_cannot_write(bench: Bench) -> None:
    table = _filled(bench)
    bench.refused(lambda: bench.query(f"DELETE FROM {bench.name_of(table)}", TWO))
    _same(bench.read(table, TWO), OLD)


# --- writing


def _adds(operation: str) -> Callable[[Bench], None]:
    def holds(bench: Bench) -> None:
        table, new = _filled(bench), [{"id": 9, "name": "nine"}]
        bench.write(table, new, TWO, operation=operation)
        _same(bench.read(table, TWO), [*(OLD if operation == "append" else ()), *new])
        bench.write(table, [], TWO, operation=operation)
        _same(bench.read(table, TWO), [*OLD, *new] if operation == "append" else [])

    return holds


def _missing_table(bench: Bench) -> None:
    name = bench.table()
    _says(bench.refused(lambda: bench.write(name, OLD, TWO, auto_create_table=False)), "there is no table")


def _missing_column(bench: Bench) -> None:
    table, wide = _filled(bench), {**TWO, "more": "double"}
    new = [{"id": 9, "name": "nine", "more": 0.5}]
    _says(bench.refused(lambda: bench.write(table, new, wide)), "no column 'more'")
    bench.write(table, new, wide, add_missing_columns=True)
    _same(bench.read(table, wide), [*({**one, "more": None} for one in OLD), *new])


def _misfit(bench: Bench) -> None:
    table = _filled(bench)
    texts = {"id": "string", "name": "string"}
    bench.refused(lambda: bench.write(table, [{"id": "8", "name": "good"}, {"id": "x", "name": "bad"}], texts))
    _same(bench.read(table, TWO), OLD)


def _types_first(bench: Bench) -> None:
    table = _filled(bench)
    message = bench.refused(lambda: bench.write(table, [{"id": 0.5, "name": "x"}], {"id": "double", "name": "string"}))
    _says(message, "takes no double")


def _actions(bench: Bench) -> None:
    table, q = _filled(bench), bench.scratch.quoted
    name = bench.name_of(table)
    after = f"UPDATE {name} SET {q('name')} = 'post' WHERE {q('id')} = 9"
    bench.write(table, [{"id": 9, "name": "nine"}], TWO, pre_action_sql=f"DELETE FROM {name}", post_action_sql=after)
    _same(bench.read(table, TWO), [{"id": 9, "name": "post"}])


def _failed_action(bench: Bench) -> None:
    table, nowhere = _filled(bench), bench.table()
    given = {
        "pre_action_sql": f"DELETE FROM {bench.name_of(table)}",
        "post_action_sql": f"DELETE FROM {bench.name_of(nowhere)}",
    }
    _says(
        bench.refused(lambda: bench.write(table, [{"id": 9, "name": "nine"}], TWO, **given)), "'post_action_sql' failed"
    )
    _same(bench.read(table, TWO), OLD)


def _left_out(policy: str) -> Callable[[Bench], None]:
    """Rows that do not fit are left out or null, or the policy is refused by name: never is a value guessed."""

    def holds(bench: Bench) -> None:
        table, texts = _filled(bench), {"id": "string", "name": "string"}
        given = [{"id": "8", "name": "good"}, {"id": "x", "name": "bad"}]
        try:
            bench.write(table, given, texts, on_bad_value=policy)
        except PermanentError as error:
            _says(error.message, "'on_bad_value'")
            _same(bench.read(table, TWO), OLD)
            return
        bad = [{"id": None, "name": "bad"}] if policy == "set_null" else []
        _same(bench.read(table, TWO), [*OLD, {"id": 8, "name": "good"}, *bad])

    return holds


# --- keys

_NEW: Records = ({"id": 2, "name": "new"}, {"id": 9, "name": "nine"}, {"id": None, "name": "null"})


def _keyed(operation: str) -> Callable[[Bench], None]:
    changed = [one if one["id"] != 2 else {"id": 2, "name": "new"} for one in OLD]
    added: list[Mapping[str, Any]] = [{"id": 9, "name": "nine"}, {"id": None, "name": "null"}]
    wanted: dict[str, list[Mapping[str, Any]]] = {
        "merge_delete_insert": [*changed, *added], "merge_update_insert": [*changed, *added], "update": changed,
        "insert_missing": [*OLD, *added],
    }  # fmt: skip

    def holds(bench: Bench) -> None:
        table = _filled(bench)
        bench.write(table, _NEW, TWO, keys=["id"], operation=operation)
        _same(bench.read(table, TWO), wanted[operation])
        bench.write(table, [], TWO, keys=["id"], operation=operation)
        _same(bench.read(table, TWO), wanted[operation])

    return holds


def _other_columns(bench: Bench) -> None:
    wide = {**TWO, "more": "string"}
    old = [{"id": 1, "name": "one", "more": "x"}, {"id": 2, "name": "two", "more": "x"}]
    table = _filled(bench, old, wide)
    bench.write(table, [{"id": 2, "name": "new"}], TWO, keys=["id"], operation="merge_update_insert")
    _same(bench.read(table, wide), [old[0], {"id": 2, "name": "new", "more": "x"}])
    bench.write(table, [{"id": 2, "name": "newer"}], TWO, keys=["id"], operation="merge_delete_insert")
    _same(bench.read(table, wide), [old[0], {"id": 2, "name": "newer", "more": None}])


def _doubled(bench: Bench) -> None:
    table, twice = _filled(bench), [{"id": 2, "name": "a"}, {"id": 2, "name": "b"}]
    for operation in ("merge_update_insert", "update", "insert_missing"):

        def write(chosen: str = operation) -> object:
            return bench.write(table, twice, TWO, keys=["id"], operation=chosen)

        _says(bench.refused(write), "2 records have the key")
    _same(bench.read(table, TWO), OLD)
    bench.write(table, twice, TWO, keys=["id"], operation="merge_delete_insert")
    _same(bench.read(table, TWO), [*(one for one in OLD if one["id"] != 2), *twice])


def _two_columns(bench: Bench) -> None:
    wide = {"a": "int", "b": "datetime", "c": "string"}
    old = [{"a": 1, "b": _TIMES[0], "c": "x"}, {"a": 1, "b": _TIMES[4], "c": "y"}]
    table = _filled(bench, old, wide)
    bench.write(table, [{**old[1], "c": "new"}], wide, keys=["a", "b"], operation="merge_update_insert")
    _same(bench.read(table, wide), [old[0], {**old[1], "c": "new"}])


def _text_keys(bench: Bench) -> None:
    table = _filled(bench)
    bench.write(
        table, [{"id": 7, "name": "two"}, {"id": 8, "name": "x"}], TWO, keys=["name"], operation="merge_update_insert"
    )
    kept = [one for one in OLD if one["name"] != "two"]
    _same(bench.read(table, TWO), [*kept, {"id": 7, "name": "two"}, {"id": 8, "name": "x"}])


def _missing_rows(bench: Bench) -> None:
    table = _filled(bench)
    given = {"operation": "merge_update_insert", "keys": ["id"], "missing_rows": "delete"}
    came = [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}, {"id": 3, "name": "c"}]
    _says(bench.refused(lambda: bench.write(table, came, TWO, **given)), "2 of the 6 rows")
    _same(bench.read(table, TWO), OLD)
    bench.write(table, came, TWO, **given, missing_rows_limit_percent=34)
    _same(bench.read(table, TWO), [*came, OLD[5]])


def _marked_rows(bench: Bench) -> None:
    table, wide = _filled(bench), {"id": "int", "gone": "datetime"}
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


# --- once


def _twice(bench: Bench) -> None:
    table = _filled(bench)
    order = bench.load(table, [{"id": 9, "name": "nine"}], TWO)
    for _ in range(2):
        (made,) = bench.attempt(order).outputs
    _same(bench.read(table, TWO), [*OLD, {"id": 9, "name": "nine"}])
    if not made.receipt["is_once"]:
        raise Broken("There is no ledger: the user may not make it, so that records may be there twice.")


def _cut(when: Death) -> Callable[[Bench], None]:
    def holds(bench: Bench) -> None:
        for given in ({}, {"keys": ["id"], "operation": "merge_update_insert"}):
            table = _filled(bench)
            again = bench.cut_off(bench.load(table, [{"id": 9, "name": "nine"}], TWO, **given), when)
            _same(bench.read(table, TWO), [*OLD, *([{"id": 9, "name": "nine"}] if when is Death.AFTER else [])])
            bench.attempt(again)
            _same(bench.read(table, TWO), [*OLD, {"id": 9, "name": "nine"}])

    return holds


_MORE: Records = (*_NEW, {"id": 3, "name": "newer"}, {"id": None, "name": "more"})


def _chunks(bench: Bench) -> None:
    for operation in ("append", "merge_update_insert", "update", "insert_missing"):
        keys = [] if operation == "append" else ["id"]
        one, other = _filled(bench), _filled(bench)
        bench.write(one, _MORE, TWO, keys=keys, operation=operation)
        (made,) = bench.write(other, _MORE, TWO, keys=keys, operation=operation, chunk_records=2).outputs
        _same(bench.read(other, TWO), bench.read(one, TWO))
        if made.receipt["checks"]["chunks"] != "3":
            raise Broken(f"Of 3 chunks {made.receipt['checks']['chunks']} were written.")


def _doubled_in_chunks(bench: Bench) -> None:
    table, twice = _filled(bench), [{"id": 2, "name": "a"}, {"id": 7, "name": "b"}, {"id": 2, "name": "c"}]
    given = {"operation": "merge_update_insert", "keys": ["id"], "chunk_records": 1}
    _says(bench.refused(lambda: bench.write(table, twice, TWO, **given)), "2 records have the key")
    _same(bench.read(table, TWO), OLD)


def _cut_between(bench: Bench) -> None:
    for given in ({}, {"keys": ["id"], "operation": "merge_update_insert"}):
        new = [{"id": number, "name": f"n{number}"} for number in range(11, 16)]
        table = _filled(bench)
        again = bench.cut_off(bench.load(table, new, TWO, chunk_records=2, **given), Death.WITHIN)
        _same(bench.read(table, TWO), [*OLD, *new[:2]])
        (made,) = bench.attempt(again).outputs
        _same(bench.read(table, TWO), [*OLD, *new])
        if made.receipt["checks"].get("records of an earlier attempt") != "2":
            raise Broken("The chunk of the first attempt was written again.")


RULES: tuple[Rule, ...] = (
    Rule("values", "whole numbers of 32 bits come back", _round_trip("int", [0, -1, 2**31 - 1, -(2**31)])),
    Rule("values", "whole numbers of 64 bits come back", _round_trip("long", [0, LEAST, MOST, 2**53 + 1])),
    Rule("values", "real numbers come back", _round_trip("double", [0.0, 0.1, -2.5, 1e300, -1e-300, 123456789.123456789])),
    Rule("values", "texts come back, whatever they hold", _round_trip("string", _TEXTS)),
    Rule("values", "an empty text is no null", _empty_text),
    Rule("values", "booleans come back", _round_trip("boolean", [True, False])),
    Rule("values", "date-times come back, from year 1 to 9999", _round_trip("datetime", _TIMES)),
    Rule(
        "values", "a date-time with an offset is the same instant",
        _round_trip("datetime", [_AHEAD], {_AHEAD: "2024-05-06T05:08:09.000Z"}),
    ),
    Rule("values", "columns have the names of their fields", _column_names),
    Rule("reading", "a condition is the database's own SQL", _where),
    Rule("reading", "a query is read as a table", _query),
    Rule("reading", "no rows are no records", _no_rows),
    Rule("reading", "a preview asks for few rows", _preview),
    Rule("reading", "ranges of a key give every row once", _ranges),
    Rule("reading", "many rows come back, each once", _many),
    Rule("reading", "a column that is not there is named", _unknown_column),
    Rule("reading", "a table that is not there is named", _unknown_table),
    Rule("reading", "a query cannot write", _query_cannot_write),
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
    Rule("once", "a job that is run again writes nothing twice", _twice),
    Rule("once", "an attempt that died before it wrote is completed", _cut(Death.BEFORE)),
    Rule("once", "an attempt that died after it wrote is not repeated", _cut(Death.AFTER)),
    Rule("chunks", "chunks give what one transaction gives", _chunks),
    Rule("chunks", "records of one key in two chunks are refused before the first", _doubled_in_chunks),
    Rule("chunks", "an attempt that died between two chunks is gone on with behind the first", _cut_between),
)  # fmt: skip
"""In the order in which they are tried."""
