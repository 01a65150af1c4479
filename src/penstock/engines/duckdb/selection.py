"""The records of operators, for people and for tests: read from files or given, a few or all, written nowhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import duckdb

from penstock.engines.duckdb.functions import Failure, Functions
from penstock.engines.duckdb.scan import scan_sql
from penstock.engines.duckdb.statements import build
from penstock.engines.duckdb.types import SQL_TYPES, column_of, literal, to_value
from penstock.errors import PenstockError
from penstock.plan.operators import ConnectionRef, FileTarget, Operator, Plan, Scan, Write, iter_operators
from penstock.plan.ports import BoundSource, Context, Records
from penstock.plan.values import Value

_NOWHERE = FileTarget(ConnectionRef(""), "", ())
Said = Callable[[duckdb.Error, Failure, Sequence[str]], PenstockError]
_INSERTED = 200
"""Rows of one INSERT."""


def rows(
    connection: duckdb.DuckDBPyConnection,
    functions: Functions,
    wanted: Sequence[Operator],
    sources: Mapping[str, BoundSource | Records],
    context: Context,
    size: int | None,
    said: Said,
) -> tuple[tuple[tuple[Value | None, ...], ...], ...]:
    """Return the records of operators, the first *size* of each; *said* gives the error for what a statement raised."""
    plan = Plan(tuple(Write("", "", "", operator, _NOWHERE) for operator in wanted))
    scans = [one for one in iter_operators(plan) if isinstance(one, Scan)]
    counters = {scan.component: f"source_{index}" for index, scan in enumerate(scans)}
    given: dict[str, str] = {}
    for scan in scans:
        source = sources[scan.component]
        if isinstance(source, Records):
            given[scan.component] = f"given_{len(given)}"
            _fill(connection, given[scan.component], scan, source)
        else:
            connection.execute(f"CREATE SEQUENCE {counters[scan.component]}")
    connection.execute("SET lock_configuration = true")

    def describe(relation: str) -> dict[str, str]:
        return {row[0]: row[1] for row in connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()}

    def select(scan: Scan) -> str:
        source = sources[scan.component]
        if isinstance(source, Records):
            return f"SELECT * FROM {given[scan.component]}"
        return scan_sql(scan, source, context, counters[scan.component], describe)

    made = build(plan, context, select)

    def run(sql: str, statement: str) -> list[tuple[Any, ...]]:
        functions.need(sql)
        try:
            return connection.execute(statement).fetchall()
        except duckdb.InterruptException:
            raise
        except duckdb.Error as error:
            raise said(error, functions.failure, made.callers(sql, functions.failure.function)) from error

    for table, sql in made.shared:
        run(sql, f"CREATE TEMP TABLE {table} AS {sql}")
    found = []
    for operator, sql in zip(wanted, made.outputs, strict=True):
        raw = run(sql, sql if size is None else f"{sql} LIMIT {size}")
        kinds = [field.dtype for field in operator.schema]
        found.append(tuple(tuple(to_value(one, kind) for one, kind in zip(row, kinds, strict=True)) for row in raw))
    return tuple(found)


def _fill(connection: duckdb.DuckDBPyConnection, table: str, scan: Scan, records: Records) -> None:
    """Make a table of given records. A table, so that DuckDB computes nothing from their values while it plans."""
    columns = ", ".join(f"{column_of(field.name)} {SQL_TYPES[field.dtype.kind]}" for field in scan.schema)
    connection.execute(f"CREATE TEMP TABLE {table} ({columns})")
    for start in range(0, len(records.rows), _INSERTED):
        values = (
            f"({', '.join(literal(one, field.dtype) for one, field in zip(row, scan.schema, strict=True))})"
            for row in records.rows[start : start + _INSERTED]
        )
        connection.execute(f"INSERT INTO {table} VALUES {', '.join(values)}")
