"""A plan as DuckDB statements (`penstock.engines.statements`): what DuckDB says in its own way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from penstock.engines.duckdb import comparisons
from penstock.engines.duckdb.aggregates import measure_sql
from penstock.engines.duckdb.expressions import by_side, render
from penstock.engines.duckdb.types import column_of, quote
from penstock.engines.statements import Builder, ScanSql, Statements, is_own_key
from penstock.plan.exprs import Expr
from penstock.plan.operators import Aggregate, Distinct, Join, Limit, Operator, Plan, Scan, inputs_of
from penstock.plan.ports import Context

LARGEST = 2**63 - 1
"""The largest LIMIT; no input has so many records."""
DEEPEST = 200
"""How many operators stand above one another in a statement; DuckDB refuses a few hundred more."""
_MIRRORED = {"left": "right", "right": "left"}


def build(plan: Plan, context: Context, scan_sql: ScanSql, sizes: Mapping[str, int] | None = None) -> Statements:
    """Return the statements of a plan; *scan_sql* gives the SELECT of a source, *sizes* the bytes of each source."""
    return _Builder(plan, context, scan_sql, sizes or {}).build()


class _Builder(Builder):
    deepest = DEEPEST
    comparisons: ClassVar = comparisons.COMPARISONS
    as_cte = "AS NOT MATERIALIZED"

    def __init__(self, plan: Plan, context: Context, scan_sql: ScanSql, sizes: Mapping[str, int]) -> None:
        super().__init__(plan, context, scan_sql)
        self.sizes = sizes
        self.sizes_of: dict[int, int] = {}

    def meet(self, operator: Operator) -> None:
        self.sizes_of[id(operator)] = self.guess(operator)

    def quote(self, name: str) -> str:
        return quote(name)

    def render(self, expr: Expr) -> str:
        return render(expr, self.context)

    def limit(self, operator: Limit) -> str:
        given = self.relation(operator.given)
        order = self.order_before(operator)
        if not operator.per:
            return f"SELECT * FROM {given}{f' ORDER BY {order}' if order else ''} LIMIT {min(operator.size, LARGEST)}"
        parts = ", ".join(self.keys_of(operator.schema, operator.per))
        window = f"PARTITION BY {parts}{f' ORDER BY {order}' if order else ''}"
        return f"SELECT * FROM {given} QUALIFY row_number() OVER ({window}) <= {operator.size}"

    def distinct(self, operator: Distinct) -> str:
        given = self.relation(operator.given)
        names = operator.keys or operator.schema.names
        plain = all(is_own_key(operator.schema, name) for name in names)
        if not operator.keys and plain:
            return f"SELECT DISTINCT * FROM {given}"
        return f"SELECT DISTINCT ON ({', '.join(self.keys_of(operator.schema, names))}) * FROM {given}"

    def join(self, operator: Join) -> str:
        left, right = self.relation(operator.left), self.relation(operator.right)
        tests = []
        for one, other in operator.keys:
            sides = render(one, self.context, by_side), render(other, self.context, by_side)
            tests.append(comparisons.compare("eq", *sides, one, other))
        columns = (
            f"{'l' if item.side == 'left' else 'r'}.{column_of(item.field)} AS {column_of(name)}"
            for item, name in zip(operator.fields, operator.schema.names, strict=True)
        )
        # DuckDB holds the second relation in memory. It cannot know which is small: files have no row counts.
        word, read, held = operator.join_type.value, (left, "l"), (right, "r")
        if self.sizes_of[id(operator.left)] < self.sizes_of[id(operator.right)]:
            word, read, held = _MIRRORED.get(word, word), held, read
        table, found = held[0], ""
        if word == "inner":
            # An inner join would begin as a cross product, whose filters DuckDB moves, the counters of sources with them.
            word, table, found = "left", f"(SELECT *, true AS _found FROM {table})", " WHERE _found"
        joined = f"{read[0]} AS {read[1]} {word.upper()} JOIN {table} AS {held[1]}"
        return f"SELECT {', '.join(columns)} FROM {joined} ON {' AND '.join(tests)}{found}"

    def guess(self, operator: Operator) -> int:
        """Return a guess at the bytes that an operator gives, for comparing two of them."""
        below = sum(self.sizes_of[id(one)] for one in inputs_of(operator))
        match operator:
            case Scan():
                return self.sizes.get(operator.component, 0)
            case Limit() if not operator.per:
                return min(operator.size * 100, below)
            case Aggregate():
                return below // 10 if operator.group_by else 100
        return below

    def aggregate(self, operator: Aggregate) -> str:
        given = self.relation(operator.given)
        schema = operator.given.schema
        columns, groups = [], []
        for name in operator.group_by:
            column = column_of(name)
            if is_own_key(schema, name):
                columns.append(column)
                groups.append(column)
            else:
                columns.append(f"first({column}) AS {column}")
                groups.extend(self.keys_of(schema, (name,)))
        names = operator.schema.names[len(operator.group_by) :]
        for measure, name in zip(operator.measures, names, strict=True):
            columns.append(f"{measure_sql(measure, schema)} AS {column_of(name)}")
        grouped = f" GROUP BY {', '.join(groups)}" if groups else ""
        return f"SELECT {', '.join(columns)} FROM {given}{grouped}"
