"""Database source: rows of a table, a view or a query (component reference 3.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from penstock.lang.check import codes_package as codes
from penstock.lang.components.databases import COLUMN, DATABASES, number
from penstock.lang.components.options import only_with
from penstock.lang.components.source_fields import listed_fields
from penstock.lang.components.spec import Component, Property, Step
from penstock.lang.document.shapes import CONNECTION, TEXT, a_list, choice, either, number_or_variable, record, when
from penstock.lang.variables.substitution import Mode
from penstock.plan.operators import ConnectionRef, FileSource, Operator, Scan
from penstock.plan.systems import DatabaseSource, Incremental

_OF_TABLES = ("schema_name", "table", "where_clause")


def build(step: Step, inputs: Mapping[str, Operator]) -> Operator | None:
    """Return the scan of a source, or None with findings; of options alone, so that what follows is checked as well."""
    return scan_of(step, _origin)


def scan_of(step: Step, origin_of: Callable[[Step], DatabaseSource | None]) -> Scan | None:
    """Return the scan of a source of rows, or None with findings. Without an origin, which *origin_of* reads where all else is
    sound, it is of its options alone, so that what follows is checked as well."""
    sound = step.check_shapes()
    connection = step.connection()
    fields = listed_fields(step, shape=COLUMN)
    if fields is None:
        return None
    schema, items = fields
    origin = origin_of(step) if sound and connection is not None else None
    source = FileSource(connection or ConnectionRef(""), "", items, record_type="parquet")
    if origin is None:
        return Scan(step.node.name, source, schema)
    source = FileSource(
        source.connection, origin.table or "query", items, record_type="parquet",
        on_bad_value=step.properties["on_bad_value"],
    )  # fmt: skip
    return Scan(step.node.name, source, schema, origin)


def wanted_of(step: Step, mode: str) -> str | None:
    """Return the table or the query, whichever the *mode* of access asks for, or None with a finding."""
    wanted = step.text(mode)
    if wanted is None or not wanted.strip():
        message = f"The {mode} is {'missing' if step.properties[mode] is None else 'empty'}."
        hint = "Name a table or view." if mode == "table" else "Write one full SELECT."
        if step.properties[mode] is None or wanted is not None:
            step.add(codes.MissingProperty, message, step.at(mode), hint=hint)
        return None
    return wanted


def _origin(step: Step) -> DatabaseSource | None:
    mode = step.properties["access_mode"]
    only_with(step, _OF_TABLES, "access_mode", "table")
    only_with(step, ("query",), "access_mode", "query")
    only_with(step, ("watermark",), "source_action", "incremental")
    wanted = wanted_of(step, mode)
    if wanted is None:
        return None
    parallel = number(step, "max_parallel", 1)
    texts = {name: step.text(name) for name in ("schema_name", "where_clause", "split_key")}
    undefined = any(value is None and step.properties[name] is not None for name, value in texts.items())
    is_incremental = step.properties["source_action"] == "incremental"
    incremental = incremental_of(step) if is_incremental else None
    if parallel is None or undefined or (is_incremental and incremental is None):
        return None
    is_table = mode == "table"
    return DatabaseSource(
        table=wanted if is_table else None,
        schema=(texts["schema_name"] or None) if is_table else None,
        where=(texts["where_clause"] or None) if is_table else None,
        query=None if is_table else wanted,
        split_key=texts["split_key"] or None,
        max_parallel=int(parallel),
        action=step.properties["source_action"],
        incremental=incremental,
    )


def incremental_of(step: Step) -> Incremental | None:
    """Return what is read incrementally, or None with a finding."""
    raw, at = step.properties["watermark"], f"{step.at('watermark')}.column"
    made = None if raw is None else step.substituted(raw["column"], at, Mode.TEXT)
    if made is None:
        return None
    if not made.text.strip() and not step.stands_in(made):
        step.add(codes.WrongShape, "The column is empty.", at, hint="Name the column whose values rise.")
        return None
    return Incremental(step.node.id, made.text, raw.get("overlap", 0))


NEEDS_WATERMARK = when(
    "'source_action' incremental needs a 'watermark'.", "source_action", "watermark", test={"const": "incremental"}
)
ACTION = (
    Property(
        "source_action", choice("none", "copy", "incremental"),
        "Nothing special; copy first, then read, which every source of a database does here; or read only what lies "
        "above the stored watermark.", "none",
    ),
    Property(
        "watermark",
        record(("column",), column={"type": "string", "minLength": 1}, overlap={"type": "number", "minimum": 0}),
        "For `incremental`: the column, and how far below the stored value is read again (`overlap`: seconds of a "
        "datetime, units of a number).", takes="T",
    ),
)  # fmt: skip

component = Component(
    type="database_source_component",
    title="Database",
    help="Reads the rows of a table, a view or a query.",
    inputs=(),
    is_source=True,
    keys={"connection": CONNECTION, "fields": a_list(COLUMN)},
    connections=DATABASES,
    build=build,
    rules=(
        either("A source of a database needs a 'table', or a 'query'.", "table", "query"),
        when("'access_mode' query needs a 'query'.", "access_mode", "query", test={"const": "query"}),
        NEEDS_WATERMARK,
    ),
    properties=(
        Property("access_mode", choice("table", "query"), "How the rows are named.", "table"),
        Property("schema_name", TEXT, "Schema of the table; empty: the connection's default.", takes="T"),
        Property("table", TEXT, "Table or view; required with `table`.", takes="T"),
        Property(
            "where_clause", TEXT, "Condition of the system's own SQL without the word WHERE; only with `table`.", takes="T"
        ),
        Property("query", TEXT, "One full SELECT; required with `query`.", takes="T"),
        Property(
            "split_key", TEXT,
            "Column by whose ranges the read is cut; nulls are one more range. Absent: a table is cut by where its rows lie.",
            takes="T",
        ),
        Property(
            "max_parallel", number_or_variable(1), "Connections open at once, where the system can read one snapshot in all of "
            "them (PostgreSQL).", 1, "T",
        ),
        *ACTION,
        Property(
            "on_bad_value", choice("set_null", "skip", "fail"),
            "What a value that does not fit its field does: becomes null, drops its record, or fails the job.", "set_null",
        ),
    ),
)  # fmt: skip
