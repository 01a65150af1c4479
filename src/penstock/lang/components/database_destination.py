"""Database destination: records as rows of a table (component reference 5.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from penstock.lang.check import codes_package as codes
from penstock.lang.components.databases import DATABASES, number, number_between
from penstock.lang.components.file_destination import mapping_of
from penstock.lang.components.options import only_with
from penstock.lang.components.spec import REQUIRED, Component, Property, Step
from penstock.lang.document.shapes import BOOLEAN, CONNECTION, MAPPING, TEXT, choice, number_or_variable, show, when
from penstock.plan.dtypes import Kind
from penstock.plan.operators import FileTarget, Operator, Sort, SortKey, Write
from penstock.plan.systems import DatabaseTarget

KEYED = ("merge_delete_insert", "merge_update_insert", "update", "insert_missing")
"""Operations that find rows by a key."""
IN_CHUNKS = ("append", "merge_update_insert", "update", "insert_missing")
"""Operations that leave every row as it was or as it is to be, wherever a load ends."""
_MISSING = ("missing_rows",)
_TEXTS = ("schema", "pre_action_sql", "post_action_sql")


def build(step: Step, inputs: Mapping[str, Operator]) -> Write | None:
    """Return the output of a destination, or None with findings."""
    sound = step.check_shapes()
    connection = step.connection()
    given = inputs[""]
    columns = mapping_of(step, given.schema)
    table = step.place("table")
    if not sound or connection is None or columns is None or table is None:
        return None
    if not table.strip():
        step.add(codes.WrongShape, "The table is empty.", step.at("table"), hint="Name the table that is written.")
        return None
    keys = keys_of(step, columns, given, KEYED)
    target = None if keys is None else _target(step, table, keys, columns)
    if target is None:
        return None
    shown = f"{target.schema}.{table}" if target.schema else table
    files = FileTarget(connection, shown, columns, format="parquet", on_bad_value=step.properties["on_bad_value"])
    arranged = _in_order(step.node.name, given, columns, target)
    return Write(step.node.name, step.node.id, step.kind.type, arranged, files, target)


def _in_order(name: str, given: Operator, columns: tuple[tuple[str, str], ...], target: DatabaseTarget) -> Operator:
    """Return what arrives, for a load in chunks by one whole number in its order: then each chunk is a range of the table, and
    nothing else of it needs to be looked at. What a Sort gives stays as it is."""
    if target.chunk_records is None or len(target.keys) != 1 or isinstance(given, Sort):
        return given
    (key,) = [field for field, column in columns if column == target.keys[0]]
    found = given.schema.find(key)
    if found is None or found.dtype.kind not in (Kind.INT, Kind.LONG):
        return given
    return Sort(name, given, (SortKey(key),), given.schema)


def _target(
    step: Step, table: str, keys: tuple[str, ...], columns: tuple[tuple[str, str], ...]
) -> DatabaseTarget | None:
    chosen = step.properties
    # Destinations of a warehouse know nothing of missing rows.
    missing = missing_of(step, columns, KEYED) if "missing_rows" in chosen else Missing()
    batch, parallel = number(step, "batch_size", 1), number(step, "max_parallel", 1)
    texts = {"schema": step.place("schema"), **{name: step.text(name) for name in _TEXTS[1:]}}
    if any(texts[name] is None and chosen[name] is not None for name in _TEXTS):
        return None
    chunk, is_sound = chunk_of(step, IN_CHUNKS, KEYED)
    if missing is None or batch is None or parallel is None or not is_sound:
        return None
    return DatabaseTarget(
        table=table,
        schema=texts["schema"] or None,
        operation=chosen["operation"],
        keys=keys,
        auto_create_table=chosen["auto_create_table"],
        add_missing_columns=chosen["add_missing_columns"],
        missing_rows=missing.what,
        mark_column=missing.mark,
        missing_rows_limit_percent=missing.limit_percent,
        pre_action_sql=texts["pre_action_sql"] or None,
        post_action_sql=texts["post_action_sql"] or None,
        actions_in_transaction=chosen["actions_in_transaction"],
        batch_size=int(batch),
        max_parallel=int(parallel),
        chunk_records=chunk,
    )


def chunk_of(step: Step, allowed: tuple[str, ...], keyed: tuple[str, ...]) -> tuple[int | None, bool]:
    """Return how many records a chunk has, None where all are one, and whether that is sound; *allowed* are the operations that
    take chunks, *keyed* those that find rows by a key."""
    chosen = step.properties
    if chosen.get("chunk_records") is None:
        return None, True
    size = number(step, "chunk_records", 1)
    if chosen["operation"] not in allowed:
        message = f"The operation {chosen['operation']} takes old rows away, and is one transaction: no chunks."
        hint = f"Leave 'chunk_records' out, or choose {', '.join(allowed[:-1])} or {allowed[-1]}."
        step.add(codes.NotInChunks, message, step.at("chunk_records"), hint=hint)
        return None, False
    if chosen["operation"] in keyed and chosen["missing_rows"] != "keep":
        missing = chosen["missing_rows"]
        message = f"Which rows are missing is known of all records at once: 'missing_rows' {missing} takes no chunks."
        step.add(codes.NotInChunks, message, step.at("chunk_records"), hint="Leave one of the two out.")
        return None, False
    return (None, False) if size is None else (int(size), True)


@dataclass(frozen=True, slots=True)
class Missing:
    """What becomes of rows whose key did not come in."""

    what: str = "keep"
    mark: str | None = None
    limit_percent: float = 20.0


def missing_of(step: Step, columns: tuple[tuple[str, str], ...], keyed: tuple[str, ...]) -> Missing | None:
    """Return what becomes of rows whose key did not come in, or None with findings; *keyed* are the operations that know."""
    chosen = step.properties
    limit, mark = number(step, "missing_rows_limit_percent", 0, 100, whole=False), step.place("mark_column")
    if limit is None or (mark is None and chosen["mark_column"] is not None):
        return None
    only_with(step, _MISSING, "operation", *keyed)
    only_with(step, ("mark_column",), "missing_rows", "mark")
    only_with(step, ("missing_rows_limit_percent",), "missing_rows", "delete", "mark")
    if mark and mark in {column for _, column in columns}:
        message = f"The column {show(mark)} marks rows, and is written from a field as well."
        step.add(codes.WrongShape, message, step.at("mark_column"), hint="Leave it out of the mapping.")
        return None
    return Missing(chosen["missing_rows"] if chosen["operation"] in keyed else "keep", mark or None, limit)


def keys_of(
    step: Step, columns: tuple[tuple[str, str], ...], given: Operator, keyed: tuple[str, ...]
) -> tuple[str, ...] | None:
    """Return the columns of the key, or None with findings; *keyed* are the operations that need one."""
    raw = step.node.keys.get("mapping")
    marked = [
        (index, field, column)
        for index, (item, (field, column)) in enumerate(
            zip(raw if isinstance(raw, list) else (), columns, strict=False)
        )
        if item.get("key")
    ]
    operation = step.properties["operation"]
    if operation not in keyed:
        if marked:
            message = f"A key has no effect with operation {operation}."
            step.add(
                codes.UselessOption, message, f"mapping[{marked[0][0]}].key", hint=f"It is for {' and '.join(keyed)}."
            )
        return ()
    if not marked:
        message = f"The operation {operation} needs a key: a mapping item with 'key' true."
        hint = 'Such as "mapping": [{"alias": "id", "key": true}].'
        step.add(codes.MissingProperty, message, "mapping", hint=hint)
        return None
    for index, field, _ in marked:
        found = given.schema.find(field)
        if found is not None and found.dtype.is_complex:
            message = f"The field '{field}' is a {found.dtype}, which no key can hold."
            step.add(codes.WrongShape, message, f"mapping[{index}].key", hint="Choose another field.")
            return None
    if operation == "update" and len(marked) == len(columns):
        message = "Every column is a key, so an update changes nothing."
        step.add(codes.WrongShape, message, "mapping", hint="Map a field that is no key.")
        return None
    return tuple(column for _, _, column in marked)


SCHEMA = Property("schema", TEXT, "Target schema; empty: the connection's default.", takes="T")
TABLE = Property("table", TEXT, "Target table.", REQUIRED, "T")
ADDING = (
    Property("auto_create_table", BOOLEAN, "Create a missing table; otherwise it fails the job.", False),
    Property("add_missing_columns", BOOLEAN, "Add columns that the table lacks, never keys.", False),
)
ACTIONS = (
    Property("pre_action_sql", TEXT, "Statement run just before the write.", takes="T"),
    Property("post_action_sql", TEXT, "Statement run just after the write.", takes="T"),
    Property("actions_in_transaction", BOOLEAN, "Run both in the transaction of the write where the system can.", True),
)
AMOUNTS = (
    Property(
        "batch_size", number_or_variable(1), "Records per statement, where a system has no way in bulk.", 1000, "T"
    ),
    Property("max_parallel", number_or_variable(1), "Connections open at once; a write in bulk takes one.", 1, "T"),
)
ON_BAD_VALUE = Property(
    "on_bad_value", choice("set_null", "skip", "fail"),
    "What a value that does not fit its column does: becomes null, drops its record, or fails the job.", "fail",
)  # fmt: skip

MISSING = (
    Property(
        "missing_rows", choice("keep", "delete", "mark"),
        "What becomes of rows of the table whose key did not come in (operations with a key).", "keep",
    ),
    Property("mark_column", TEXT, "Datetime column that `mark` sets.", takes="T"),
    Property(
        "missing_rows_limit_percent", number_between(0, 100),
        "Stop before anything is written if more of the table's rows would go.", 20, "T",
    ),
)  # fmt: skip
NEEDS_MARK = when("'missing_rows' mark needs a 'mark_column'.", "missing_rows", "mark_column", test={"const": "mark"})
CHUNKS = Property(
    "chunk_records", number_or_variable(1),
    "Write so many records in each transaction, so that a load that is cut off goes on behind the last one; absent: "
    "all in one. For `append`, `merge_update_insert`, `update` and `insert_missing`. Readers see a part of the load "
    "while it goes on.",
    takes="T",
)  # fmt: skip

component = Component(
    type="database_destination_component",
    title="Database",
    help="Writes records into a table.",
    is_destination=True,
    keys={"connection": CONNECTION, "mapping": MAPPING},
    connections=DATABASES,
    build=build,
    rules=(NEEDS_MARK,),
    properties=(
        SCHEMA,
        TABLE,
        Property(
            "operation", choice("append", "truncate_insert", "delete_insert", *KEYED),
            "Adds rows; replaces all rows (`truncate_insert`, `delete_insert`); replaces, or changes and adds, those with "
            "the same key; changes only; adds only what is not there. The last four need a mapping item with `key`.",
            "append",
        ),
        *ADDING,
        *MISSING,
        *ACTIONS,
        *AMOUNTS,
        CHUNKS,
        ON_BAD_VALUE,
    ),
)  # fmt: skip
