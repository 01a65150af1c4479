"""The records of operators, for people and for tests: read from files or given, a few or all, written nowhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from penstock.engines.duckdb.functions import Functions
from penstock.engines.duckdb.readings import Readings
from penstock.engines.duckdb.scan import Scanner
from penstock.engines.duckdb.sentences import sentence
from penstock.engines.duckdb.statements import build
from penstock.engines.duckdb.types import SQL_TYPES, column_of, literal, to_value
from penstock.plan.operators import ConnectionRef, FileTarget, Operator, Plan, Scan, Write
from penstock.plan.ports import BoundSource, Context, Records
from penstock.plan.values import Value

_NOWHERE = FileTarget(ConnectionRef(""), "", ())
_INSERTED = 200
"""Rows of one INSERT."""


def plan_of(wanted: Sequence[Operator]) -> Plan:
    """Return the plan whose outputs are some operators."""
    return Plan(tuple(Write("", "", "", operator, _NOWHERE) for operator in wanted))


@dataclass(frozen=True, slots=True)
class Selection:
    """Finds records over one connection. *scratch* is a folder for files that must be rewritten to be read."""

    connection: duckdb.DuckDBPyConnection
    functions: Functions
    readings: Readings
    scratch: Path
    context: Context

    def rows(
        self, plan: Plan, sources: Mapping[str, BoundSource | Records], size: int | None
    ) -> tuple[tuple[tuple[Value | None, ...], ...], ...]:
        """Return the records of each output of a plan, the first *size* of each."""
        given = {name: f"given_{index}" for index, name in enumerate(self.readings.scans)}
        bound = [name for name, one in sources.items() if isinstance(one, BoundSource)]
        for name, scan in self.readings.scans.items():
            source = sources[name]
            if isinstance(source, Records):
                _fill(self.connection, given[name], scan, source)
        self.connection.execute("SET lock_configuration = true")
        scanner = Scanner(self.readings, self.context, self.scratch, self._describe)

        def select(scan: Scan) -> str:
            if isinstance(sources[scan.component], Records):
                return f"SELECT * FROM {given[scan.component]}"
            counter = f"source_{given[scan.component]}"
            found = scanner.scan(scan, counter)
            for sequence in found.tallies:
                self.connection.execute(f"CREATE SEQUENCE {sequence}")
            return found.sql

        try:
            made = build(plan, self.context, select, whole=frozenset(given) - frozenset(bound))
        except duckdb.Error as error:
            raise sentence(error, self.functions.failure, self.readings, "") from error

        for sequence in made.counters:
            self.connection.execute(f"CREATE SEQUENCE {sequence}")

        def run(sql: str, statement: str) -> list[tuple[Any, ...]]:
            self.functions.need(sql)
            try:
                found = self.connection.execute(statement).fetchall()
            except duckdb.InterruptException:
                raise
            except duckdb.Error as error:
                callers = made.callers(sql, self.functions.failure.function)
                raise sentence(error, self.functions.failure, self.readings, "", callers) from error
            for check in made.checks:
                check.tell(self.connection.execute(check.sql).fetchall()[0][0])
            return found

        for table, sql in made.shared:
            run(sql, f"CREATE TEMP TABLE {table} AS {sql}")
        found = []
        for write, sql in zip(plan.outputs, made.outputs, strict=True):
            raw = run(sql, sql if size is None else f"{sql} LIMIT {size}")
            kinds = [field.dtype for field in write.given.schema]
            found.append(tuple(tuple(to_value(one, kind) for one, kind in zip(row, kinds, strict=True)) for row in raw))
        return tuple(found)

    def _describe(self, relation: str) -> dict[str, str]:
        return {row[0]: row[1] for row in self.connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()}


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
