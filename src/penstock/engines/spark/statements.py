"""A plan as Spark statements (`penstock.engines.statements`): what Spark says in its own way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from penstock.engines.layers import layered
from penstock.engines.spark.aggregates import measure_sql
from penstock.engines.spark.comparisons import COMPARISONS
from penstock.engines.spark.expressions import render
from penstock.engines.spark.options import HELD_BYTES
from penstock.engines.spark.shared import shared
from penstock.engines.spark.tallies import tell
from penstock.engines.spark.types import SQL_TYPES, literal, quote
from penstock.engines.statements import NOT_CONVERTED, NOT_READ, Builder, Check, ScanSql, Statements, Tally, is_own_key
from penstock.engines.windows import WindowForms
from penstock.plan.dtypes import Kind
from penstock.plan.exprs import Expr
from penstock.plan.operators import (
    Aggregate,
    Assert,
    CrossJoin,
    Distinct,
    Filter,
    Flatten,
    Join,
    JoinField,
    JoinType,
    Limit,
    Operator,
    Plan,
    Project,
    Sample,
)
from penstock.plan.ports import Context
from penstock.plan.schema import Schema

GREATEST_LIMIT = 2**31 - 1
DEEPEST = 40
"""How many operators stand above one another in a statement; Spark plans a much deeper one for minutes."""


_HINTS = {"replicated": "/*+ BROADCAST(r) */ ", "skewed": "/*+ MERGE(r) */ "}
"""The hints of joins: Spark splits what is skewed in a join of sorted sides only."""
_HELD = {JoinType.INNER: "lr", JoinType.LEFT: "r", JoinType.RIGHT: "l", JoinType.FULL: ""}
"""Which sides of a join each task may hold whole."""


def build(
    plan: Plan, context: Context, scan_sql: ScanSql, sizes: Mapping[str, int] | None = None, *, tells: bool = False
) -> Statements:
    """Return the statements of a plan; *scan_sql* gives the SELECT of a source, *sizes* the bytes of each source. One that
    *tells* counts the values that its casts cannot convert (`tallies`)."""
    return SparkBuilder(plan, context, scan_sql, sizes or {}, tells).build()


def function_of(number: int) -> str:
    """Return the name of the function that counts for a component."""
    return f"penstock_tally_{number}"


class SparkBuilder(Builder):
    """Writes Spark SQL."""

    deepest = DEEPEST
    comparisons: ClassVar = COMPARISONS
    windows: ClassVar = WindowForms(
        column_of=quote,
        measure=measure_sql,
        literal=lambda constant: literal(constant.value, constant.dtype),
        divide=lambda one, other: f"({one}) div {other}",
        sql_types=SQL_TYPES,
        needs_order=True,
    )

    def __init__(self, plan: Plan, context: Context, scan_sql: ScanSql, sizes: Mapping[str, int], tells: bool) -> None:
        super().__init__(plan, context, scan_sql, sizes)
        self.tells = tells

    def quote(self, name: str) -> str:
        """Return a name in backquotes."""
        return quote(name)

    def render(self, expr: Expr) -> str:
        """Return an expression as Spark SQL."""
        return render(expr, self.context)

    def is_kept(self, operator: Operator) -> bool:
        """The records of an Assert are kept, to be counted before anything else is made of them."""
        return super().is_kept(operator) or isinstance(operator, Assert)

    def told(self, operator: Project | Filter | Assert, relation: str) -> tuple[tuple[Expr, ...], str, str]:
        """Return the expressions of a component, the relation that they are over, and its columns that were there before.
        What becomes null there is counted."""
        exprs = operator.exprs if isinstance(operator, Project) else (operator.predicate,)
        if not self.tells:
            return exprs, relation, "*"
        told = tell(exprs, self.render, self.context, keeps=not isinstance(operator, Project))
        if not told.sql:
            return exprs, relation, "*"
        number = len(self.made.functions)
        casts, unread = f"casts_{number}", f"unread_{number}"
        self.made.functions.append((function_of(number), casts, unread))
        if told.casts:
            self.made.tallies[casts] = Tally(operator.component, *NOT_CONVERTED)
        if told.reads:
            self.made.tallies[unread] = Tally(operator.component, *NOT_READ)
        return told.exprs, told.over(relation, function_of(number), quote), told.without(quote)

    def project(self, operator: Project) -> str:
        """Return the expressions, what guards repeat in layers below."""
        exprs, relation, _ = self.told(operator, self.relation(operator.given))
        return layered(exprs, operator.schema.names, self.render, quote).over(relation)

    def filter(self, operator: Filter) -> str:
        """Return the records for which the predicate is true."""
        (predicate,), relation, columns = self.told(operator, self.relation(operator.given))
        return f"SELECT {columns} FROM {relation} WHERE {self.render(predicate)}"

    def check(self, operator: Assert) -> Check:
        """Tasks may run again, so nothing is counted on the way: the records kept are counted by a query."""
        table = self.tables[id(operator)]
        (predicate,), relation, _ = self.told(operator, table)
        test = f"CASE WHEN {self.render(predicate)} THEN false ELSE true END"
        return Check(operator.component, operator.message, f"SELECT count(*) FROM {relation} WHERE {test}", table)

    def assertion(self, operator: Assert) -> str:
        """What arrives; `check` looks at it."""
        return f"SELECT * FROM {self.relation(operator.given)}"

    def sample(self, operator: Sample) -> str:
        """Spark numbers its random values by partition, so that a seed gives the same ones each time."""
        seed = "" if operator.seed is None else str(operator.seed % 2**63)
        return f"SELECT * FROM {self.relation(operator.given)} WHERE rand({seed}) < {operator.percentage / 100!r}D"

    def flatten(self, operator: Flatten) -> str:
        """A layer for each bag, which multiplies the records of those below it."""
        relation = self.relation(operator.given)
        columns = [quote(name) for name in operator.given.schema.names]
        for at, item in enumerate(operator.items):
            word = "explode_outer" if item.keep_empty else "explode"
            relation = f"(SELECT *, {word}({shared('bag_rows', quote(item.field))}) AS _row{at} FROM {relation})"
            columns += (
                f"{shared('tuple_get', f'_row{at}', str(place))} AS {quote(name)}"
                for place, name in enumerate(item.columns)
            )
        return f"SELECT {', '.join(columns)} FROM {relation}"

    def cross_join(self, operator: CrossJoin) -> str:
        """Spark itself makes one join of this and a Filter above it."""
        sides = f"{self.relation(operator.left)} AS l CROSS JOIN {self.relation(operator.right)} AS r"
        return f"SELECT {self.held(operator, 'lr')}{_sides(operator.fields, operator.schema)} FROM {sides}"

    def held(self, operator: Join | CrossJoin, sides: str) -> str:
        """Return the hint that has each task hold the smaller of some sides, where that is small. What Spark itself takes for
        the size of a source is the number of its files."""
        below = {"l": operator.left, "r": operator.right}
        sizes = {side: self.sizes_of[id(below[side])] for side in sides} if self.sizes else {}
        side = min(sizes, key=lambda one: sizes[one], default="")
        return f"/*+ BROADCAST({side}) */ " if side and sizes[side] <= HELD_BYTES else ""

    def limit(self, operator: Limit) -> str:
        """LIMIT for the whole, a running number for partitions and for what is larger than Spark's LIMIT."""
        given = self.relation(operator.given)
        order = self.order_before(operator)
        if not operator.per and operator.size <= GREATEST_LIMIT:
            return f"SELECT * FROM {given}{f' ORDER BY {order}' if order else ''} LIMIT {operator.size}"
        parts = ", ".join(self.keys_of(operator.schema, operator.per))
        by = f"PARTITION BY {parts} " if parts else ""
        # No alias begins with an underscore.
        numbered = f"SELECT *, row_number() OVER ({by}ORDER BY {order or '1'}) AS _n FROM {given}"
        return f"SELECT {_columns(operator.schema)} FROM ({numbered}) WHERE _n <= {operator.size}"

    def distinct(self, operator: Distinct) -> str:
        """DISTINCT where equal values are the same value, else any one record of each key."""
        given = self.relation(operator.given)
        names = operator.keys or operator.schema.names
        if not operator.keys and all(is_own_key(operator.schema, name) for name in names):
            return f"SELECT DISTINCT * FROM {given}"
        keys = [f"{key} AS _k{index}" for index, key in enumerate(self.keys_of(operator.schema, names))]
        keyed = f"SELECT struct(*) AS _r, {', '.join(keys)} FROM {given}"
        groups = ", ".join(f"_k{index}" for index in range(len(keys)))
        return f"SELECT _r.* FROM (SELECT first(_r) AS _r FROM ({keyed}) GROUP BY {groups})"

    def join(self, operator: Join) -> str:
        """The keys are computed below the join, where Spark can call Python for them."""
        sides = []
        for side, given, at in (("left", operator.left, 0), ("right", operator.right, 1)):
            keys = [self.key_of(pair[at]) for pair in operator.keys]
            added = ", ".join(f"{key} AS _{side}{index}" for index, key in enumerate(keys))
            sides.append(f"(SELECT *, {added} FROM {self.relation(given)}) AS {side[0]}")
        tests = " AND ".join(f"l._left{index} = r._right{index}" for index in range(len(operator.keys)))
        word = "INNER" if operator.join_type is JoinType.INNER else f"{operator.join_type.value.upper()} OUTER"
        hint = _HINTS.get(operator.optimization) or self.held(operator, _HELD[operator.join_type])
        columns = f"{hint}{_sides(operator.fields, operator.schema)}"
        return f"SELECT {columns} FROM {sides[0]} {word} JOIN {sides[1]} ON {tests}"

    def key_of(self, expr: Expr) -> str:
        """Return a join key so that `=` finds what the language calls equal; null stays null."""
        sql = self.render(expr)
        return sql if expr.dtype.kind is Kind.BYTEARRAY else self.comparisons.group_key(sql, expr.dtype)

    def aggregate(self, operator: Aggregate) -> str:
        """The group keys are computed below; a field that is no key of its own is that of any record of the group."""
        schema = operator.given.schema
        given = self.relation(operator.given)
        columns, groups, keys = [], [], []
        for index, name in enumerate(operator.group_by):
            column = quote(name)
            if is_own_key(schema, name):
                columns.append(column)
                groups.append(column)
            else:
                keys.append(f"{self.keys_of(schema, (name,))[0]} AS _k{index}")
                columns.append(f"first({column}) AS {column}")
                groups.append(f"_k{index}")
        names = operator.schema.names[len(operator.group_by) :]
        for measure, name in zip(operator.measures, names, strict=True):
            columns.append(f"{measure_sql(measure, schema)} AS {quote(name)}")
        if keys:
            given = f"(SELECT *, {', '.join(keys)} FROM {given})"
        grouped = f" GROUP BY {', '.join(groups)}" if groups else ""
        return f"SELECT {', '.join(columns)} FROM {given}{grouped}"


def _sides(fields: tuple[JoinField, ...], schema: Schema) -> str:
    """Return the SELECT list of a join of `l` and `r`."""
    return ", ".join(
        f"{'l' if item.side == 'left' else 'r'}.{quote(item.field)} AS {quote(name)}"
        for item, name in zip(fields, schema.names, strict=True)
    )


def _columns(schema: Schema) -> str:
    return ", ".join(quote(name) for name in schema.names)
