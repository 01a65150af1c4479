"""Google BigQuery: tables of its data sets as sources and destinations (component reference 3.4, 5.5)."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.lang.check import codes_package as codes
from penstock.lang.components.database_destination import (
    ADDING,
    MISSING,
    NEEDS_MARK,
    ON_BAD_VALUE,
    TABLE,
    chunk_of,
    keys_of,
    missing_of,
)
from penstock.lang.components.database_source import ACTION, NEEDS_WATERMARK, incremental_of, scan_of, wanted_of
from penstock.lang.components.databases import COLUMN
from penstock.lang.components.file_destination import mapping_of
from penstock.lang.components.options import only_with, place_of
from penstock.lang.components.spec import Component, Property, Step
from penstock.lang.document.shapes import (
    CONNECTION,
    MAPPING,
    PLACE,
    TEXT,
    a_list,
    choice,
    either,
    number_or_variable,
    when,
)
from penstock.plan.operators import FileTarget, Operator, Write
from penstock.plan.systems import DatabaseSource, DatabaseTarget

_OF_TABLES = ("dataset", "table", "where_clause")
KEYED = ("merge",)
IN_CHUNKS = ("append", "merge")
_TEXTS = ("dataset", "pre_action_sql", "post_action_sql")


def read(step: Step, inputs: Mapping[str, Operator]) -> Operator | None:
    """Return the scan of a source, or None with findings; of options alone, so that what follows is checked as well."""
    return scan_of(step, _origin)


def _origin(step: Step) -> DatabaseSource | None:
    mode = step.properties["access_mode"]
    only_with(step, _OF_TABLES, "access_mode", "table")
    only_with(step, ("query",), "access_mode", "query")
    only_with(step, ("watermark",), "source_action", "incremental")
    wanted = wanted_of(step, mode)
    action = step.properties["source_action"]
    incremental = incremental_of(step) if action == "incremental" else None
    if wanted is None or (action == "incremental" and incremental is None):
        return None
    if mode == "query":
        return DatabaseSource(query=wanted, action=action, incremental=incremental)
    texts = {name: step.text(name) for name in ("dataset", "where_clause")}
    if any(value is None and step.properties[name] is not None for name, value in texts.items()):
        return None
    return DatabaseSource(
        table=wanted, schema=texts["dataset"] or None, where=texts["where_clause"] or None, action=action,
        incremental=incremental,
    )  # fmt: skip


def write(step: Step, inputs: Mapping[str, Operator]) -> Write | None:
    """Return the output of a destination, or None with findings."""
    sound = step.check_shapes()
    connection = step.connection()
    given = inputs[""]
    columns = mapping_of(step, given.schema)
    table = step.place("table")
    if not sound or connection is None or columns is None or table is None:
        return None
    if not table.partition("$")[0].strip():
        step.add(codes.WrongShape, "The table is empty.", step.at("table"), hint="Name the table that is written.")
        return None
    keys, missing = keys_of(step, columns, given, KEYED), missing_of(step, columns, KEYED)
    chunk, is_sound = chunk_of(step, IN_CHUNKS, KEYED)
    if missing is None or not is_sound:
        return None
    texts = {"dataset": step.place("dataset"), **{name: step.text(name) for name in _TEXTS[1:]}}
    if keys is None or any(texts[name] is None and step.properties[name] is not None for name in _TEXTS):
        return None
    staging, is_sound = place_of(step, "staging")
    if not is_sound:
        return None
    if staging is not None:
        message = (
            "'staging' has no effect: records are handed to BigQuery itself, which keeps them until they are written."
        )
        step.add(codes.UselessOption, message, step.at("staging"), hint="Leave it out.")
    chosen = step.properties
    target = DatabaseTarget(
        table=table, schema=texts["dataset"] or None, operation=chosen["operation"], keys=keys,
        auto_create_table=chosen["auto_create_table"], add_missing_columns=chosen["add_missing_columns"],
        missing_rows=missing.what, mark_column=missing.mark, missing_rows_limit_percent=missing.limit_percent,
        chunk_records=chunk, pre_action_sql=texts["pre_action_sql"] or None, post_action_sql=texts["post_action_sql"] or None,
    )  # fmt: skip
    shown = f"{target.schema}.{table}" if target.schema else table
    files = FileTarget(connection, shown, columns, format="parquet", on_bad_value=chosen["on_bad_value"])
    return Write(step.node.name, step.node.id, step.kind.type, given, files, target)


SOURCE = Component(
    type="bigquery_source_component",
    title="Google BigQuery",
    help="Reads the rows of a table, a view or a query of Google BigQuery.",
    inputs=(),
    is_source=True,
    keys={"connection": CONNECTION, "fields": a_list(COLUMN)},
    connections=("bigquery",),
    build=read,
    rules=(
        either("A source of BigQuery needs a 'table', or a 'query'.", "table", "query"),
        when("'access_mode' query needs a 'query'.", "access_mode", "query", test={"const": "query"}),
        NEEDS_WATERMARK,
    ),
    properties=(
        Property("access_mode", choice("table", "query"), "How the rows are named.", "table"),
        Property("table", TEXT, "Table or view; required with `table`.", takes="T"),
        Property("where_clause", TEXT, "Condition in GoogleSQL without the word WHERE; only with `table`.", takes="T"),
        Property("query", TEXT, "One full SELECT; required with `query`.", takes="T"),
        Property("dataset", TEXT, "Data set of the table; empty: the connection's default.", takes="T"),
        *ACTION,
        Property(
            "on_bad_value", choice("set_null", "skip", "fail"),
            "What a value that does not fit its field does: becomes null, drops its record, or fails the job.", "set_null",
        ),
    ),
)  # fmt: skip
DESTINATION = Component(
    type="bigquery_destination_component",
    title="Google BigQuery",
    help="Writes records into a table of Google BigQuery.",
    is_destination=True,
    keys={"connection": CONNECTION, "mapping": MAPPING},
    connections=("bigquery",),
    build=write,
    rules=(NEEDS_MARK,),
    properties=(
        Property("dataset", TEXT, "Target data set; empty: the connection's default.", takes="T"),
        Property(TABLE.name, TEXT, "Target table, perhaps with a partition (`hits\\$20240131`).", TABLE.default, "T"),
        Property(
            "operation", choice("append", "overwrite", "merge"),
            "Adds rows; makes the table again (`overwrite`); changes rows with the same key, whose old values stay where the "
            "new ones are null, and adds the others (`merge`, which needs a mapping item with `key`).", "append",
        ),
        *ADDING,
        *MISSING,
        Property("pre_action_sql", TEXT, "Statement run just before the write.", takes="T"),
        Property("post_action_sql", TEXT, "Statement run just after the write.", takes="T"),
        Property(
            "staging", PLACE, "Has no effect: records are handed to BigQuery itself, which keeps them until they are written.",
            takes="T",
        ),
        Property(
            "chunk_records", number_or_variable(1),
            "Write so many records in each transaction, so that a load that is cut off goes on behind the last one; absent: "
            "all in one. For `append` and `merge`. Readers see a part of the load while it goes on.",
            takes="T",
        ),
        ON_BAD_VALUE,
    ),
)  # fmt: skip
