"""A plan as DuckDB statements (`penstock.engines.statements`): what DuckDB says in its own way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from penstock.engines.duckdb import comparisons
from penstock.engines.duckdb.aggregates import measure_sql
from penstock.engines.duckdb.casts import Counting
from penstock.engines.duckdb.expressions import by_side, render
from penstock.engines.duckdb.pairs import Tests, tests_of
from penstock.engines.duckdb.types import SQL_TYPES, column_of, literal, quote, text_literal
from penstock.engines.layers import layered
from penstock.engines.members import taken_from_text
from penstock.engines.statements import NOT_CONVERTED, NOT_READ, Builder, Check, ScanSql, Statements, Tally, is_own_key
from penstock.engines.windows import WindowForms
from penstock.plan.exprs import Expr
from penstock.plan.operators import (
    Aggregate,
    Assert,
    CrossJoin,
    Cube,
    Distinct,
    Filter,
    Flatten,
    Flattened,
    Join,
    JoinField,
    Limit,
    Operator,
    Plan,
    Project,
    Sample,
    Sort,
    Union,
    Window,
    Write,
)
from penstock.plan.ports import Context

LARGEST = 2**63 - 1
"""The largest LIMIT; no input has so many records."""
DEEPEST = 200
"""How many operators stand above one another in a statement; DuckDB refuses a few hundred more."""
_MIRRORED = {"left": "right", "right": "left"}
_TAKES_ALL = (Project, Sort, Assert, Union, Aggregate, Cube, Window)
"""What needs every record of its input, whatever DuckDB knows about the values."""
_HASHED = 2**53
"""How many chances a hash tells apart."""


def build(
    plan: Plan,
    context: Context,
    scan_sql: ScanSql,
    sizes: Mapping[str, int] | None = None,
    *,
    tells: bool = False,
    whole: frozenset[str] = frozenset(),
) -> Statements:
    """Return the statements of a plan; *scan_sql* gives the SELECT of a source, *sizes* the bytes of each source. One that
    *tells* counts the values that its casts cannot convert. The sources named in *whole* give every map and bag as it is."""
    return _Builder(taken_from_text(plan, whole), context, scan_sql, sizes or {}, tells).build()


class _Builder(Builder):
    deepest = DEEPEST
    comparisons: ClassVar = comparisons.COMPARISONS
    as_cte = "AS NOT MATERIALIZED"
    windows: ClassVar = WindowForms(
        column_of=column_of,
        measure=measure_sql,
        literal=lambda constant: literal(constant.value, constant.dtype),
        divide=lambda one, other: f"({one}) // {other}",
        sql_types=SQL_TYPES,
    )

    def __init__(self, plan: Plan, context: Context, scan_sql: ScanSql, sizes: Mapping[str, int], tells: bool) -> None:
        super().__init__(plan, context, scan_sql, sizes)
        self.tells = tells
        self.counters: dict[int, str] = {}

    def is_kept(self, operator: Operator) -> bool:
        """An Assert sees all its records only if what reads it wants them all; else they are kept, to be counted first."""
        return super().is_kept(operator) or (isinstance(operator, Assert) and not self.is_taken(operator))

    def is_taken(self, operator: Operator) -> bool:
        """Tell whether all records of an operator are computed, in whatever statement."""
        reader: Operator | Write = self.readers[id(operator)][0]
        while not isinstance(reader, Write):
            if not isinstance(reader, _TAKES_ALL):
                return False
            if len(self.readers[id(reader)]) > 1:
                return True
            reader = self.readers[id(reader)][0]
        return True

    def quote(self, name: str) -> str:
        return quote(name)

    def render(self, expr: Expr) -> str:
        return render(expr, self.context)

    def select(self, operator: Operator) -> str:
        if not self.tells or not isinstance(operator, Project | Filter | Assert):
            return super().select(operator)
        plain, number = self.context, len(self.made.tallies)
        tally, unread = f"casts_{number}", f"unread_{number}"
        self.context = Counting(plain.now, plain.zone_minutes, plain.strict, plain.outbound, plain.ask, tally, unread)
        sql = super().select(operator)
        self.context = plain
        for sequence, said in ((tally, NOT_CONVERTED), (unread, NOT_READ)):
            if f"nextval('{sequence}')" in sql:
                self.made.tallies[sequence] = Tally(operator.component, *said)
        return sql

    def project(self, operator: Project) -> str:
        # DuckDB computes what is written twice once, but not what counts.
        once = "nextval('" if isinstance(self.context, Counting) else None
        given = self.relation(operator.given)
        return layered(operator.exprs, operator.schema.names, self.render, column_of, once).over(given)

    def filter(self, operator: Filter) -> str:
        merged = self.merged(operator)
        return super().filter(operator) if merged is None else self.merged_join(operator, *merged)

    def merged(self, operator: Operator) -> tuple[CrossJoin, Tests] | None:
        """Return the cross join that a Filter alone reads, and its conditions, where they say which pairs to look for."""
        if not isinstance(operator, Filter) or not isinstance(operator.given, CrossJoin):
            return None
        pairs = operator.given
        if id(pairs) in self.tables or len(self.readers[id(pairs)]) > 1:
            return None
        tests = tests_of(operator.predicate, pairs, self.context)
        return None if tests is None else (pairs, tests)

    def is_merged(self, operator: Operator) -> bool:
        reader = self.readers[id(operator)][0]
        return isinstance(operator, CrossJoin) and not isinstance(reader, Write) and self.merged(reader) is not None

    def merged_join(self, operator: Filter, pairs: CrossJoin, tests: Tests) -> str:
        """A left join, as in `join`: an inner one would begin as a cross product."""
        read, held = self.sides(pairs)
        held_sql = f"(SELECT *, true AS _found FROM {held[0]}) AS {held[1]}"
        where = " AND ".join(["_found", *(f"({test})" for test in tests.where)])
        names = self.columns(pairs.fields, operator.schema.names)
        return (
            f"SELECT {names} FROM {read[0]} AS {read[1]} LEFT JOIN {held_sql} ON {' AND '.join(tests.on)} WHERE {where}"
        )

    def cross_join(self, operator: CrossJoin) -> str:
        read, held = self.sides(operator)
        names = self.columns(operator.fields, operator.schema.names)
        return f"SELECT {names} FROM {read[0]} AS {read[1]} CROSS JOIN {held[0]} AS {held[1]}"

    def sides(self, operator: CrossJoin) -> tuple[tuple[str, str], tuple[str, str]]:
        """Return the side that is read, then the one that is held in memory: the smaller one."""
        left, right = (self.relation(operator.left), "l"), (self.relation(operator.right), "r")
        is_small = self.sizes_of[id(operator.left)] < self.sizes_of[id(operator.right)]
        return (right, left) if is_small else (left, right)

    def columns(self, fields: tuple[JoinField, ...], names: tuple[str, ...]) -> str:
        """Return the SELECT list of a join of `l` and `r`."""
        return ", ".join(
            f"{'l' if item.side == 'left' else 'r'}.{column_of(item.field)} AS {column_of(name)}"
            for item, name in zip(fields, names, strict=True)
        )

    def check(self, operator: Assert) -> Check:
        counter = self.counter_of(operator)
        sql = f"SELECT coalesce(last_value, 0) FROM duckdb_sequences() WHERE sequence_name = {text_literal(counter)}"
        return Check(operator.component, operator.message, sql, self.tables.get(id(operator)))

    def counter_of(self, operator: Assert) -> str:
        """Return the sequence that counts records that do not satisfy the conditions."""
        if id(operator) not in self.counters:
            self.counters[id(operator)] = f"assert_{len(self.counters)}"
            self.made.counters.append(self.counters[id(operator)])
        return self.counters[id(operator)]

    def assertion(self, operator: Assert) -> str:
        counted = f"nextval('{self.counter_of(operator)}') > 0"
        test = f"CASE WHEN {self.render(operator.predicate)} THEN true ELSE {counted} END"
        return f"SELECT * FROM {self.relation(operator.given)} WHERE {test}"

    def sample(self, operator: Sample) -> str:
        given, share = self.relation(operator.given), operator.percentage / 100
        if operator.seed is None:
            return f"SELECT * FROM {given} WHERE random() < {share!r}::DOUBLE"
        # No alias begins with an underscore.
        numbered = f"SELECT *, row_number() OVER () AS _n FROM {given}"
        names = ", ".join(column_of(name) for name in operator.schema.names)
        chance = f"CAST(hash(_n, '{operator.seed}') >> 11 AS DOUBLE)"
        return f"SELECT {names} FROM ({numbered}) WHERE {chance} < {share * _HASHED!r}::DOUBLE"

    def flatten(self, operator: Flatten) -> str:
        """A layer for each bag, which multiplies the records of those below it."""
        relation = self.relation(operator.given)
        columns = [column_of(name) for name in operator.given.schema.names]
        for at, item in enumerate(operator.items):
            relation = f"(SELECT *, unnest({_rows_of(item)}) AS _row{at} FROM {relation})"
            columns += (
                f"nullif(CAST(json_extract(_row{at}, '$[{place}]') AS VARCHAR), 'null') AS {column_of(name)}"
                for place, name in enumerate(item.columns)
            )
        return f"SELECT {', '.join(columns)} FROM {relation}"

    def limit(self, operator: Limit) -> str:
        given = self.relation(operator.given)
        if operator.per:
            return self.first_of_each(operator, given)
        order = self.order_before(operator)
        return f"SELECT * FROM {given}{f' ORDER BY {order}' if order else ''} LIMIT {min(operator.size, LARGEST)}"

    def first_of_each(self, operator: Limit, given: str) -> str:
        """Return the first records of each partition. Keys that are not the columns themselves would be sorted and carried
        beside these; the sign of a zero, which those lose, is a column of its own."""
        signs: dict[str, str] = {}
        order = []
        for key in self.keys_before(operator):
            found = operator.schema.find(key.field)
            if found is not None:
                sign = signs.setdefault(key.field, f"_sign{len(signs)}") if comparisons.is_real(found.dtype) else ""
                order.append(comparisons.own_keys(key.field, found.dtype, key.direction.value, sign))
        parts = ", ".join(self.keys_of(operator.schema, operator.per))
        ordered = f" ORDER BY {', '.join(order)}" if order else ""
        window = f"PARTITION BY {parts}{ordered}"
        signed = [f"{comparisons.negative_zero(column_of(name))} AS {sign}" for name, sign in signs.items()]
        below = f"(SELECT *, {', '.join(signed)} FROM {given})" if signs else given
        first = f"SELECT * FROM {below} QUALIFY row_number() OVER ({window}) <= {operator.size}"
        if not signs:
            return first
        names = ", ".join(
            f"CASE WHEN {signs[one.name]} THEN '-0.0'::{SQL_TYPES[one.dtype.kind]} ELSE {column_of(one.name)} END AS "
            f"{column_of(one.name)}" if one.name in signs else column_of(one.name)
            for one in operator.schema
        )  # fmt: skip
        return f"SELECT {names} FROM ({first})"

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
        # DuckDB holds the second relation in memory. It cannot know which is small: files have no row counts.
        word, read, held = operator.join_type.value, (left, "l"), (right, "r")
        if self.sizes_of[id(operator.left)] < self.sizes_of[id(operator.right)]:
            word, read, held = _MIRRORED.get(word, word), held, read
        table, found = held[0], ""
        if word == "inner":
            # An inner join would begin as a cross product, whose filters DuckDB moves, the counters of sources with them.
            word, table, found = "left", f"(SELECT *, true AS _found FROM {table})", " WHERE _found"
        joined = f"{read[0]} AS {read[1]} {word.upper()} JOIN {table} AS {held[1]}"
        names = self.columns(operator.fields, operator.schema.names)
        return f"SELECT {names} FROM {joined} ON {' AND '.join(tests)}{found}"

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


def _rows_of(item: Flattened) -> str:
    """Return the tuples of a bag as a list of JSON arrays; what is no bag is one tuple."""
    column = column_of(item.field)
    whole = f"'[' || {column} || ']'"
    rows = (
        f"CASE WHEN starts_with({column}, '{{\"g\":') THEN CAST(json_extract({column}, '$.g[*]') AS VARCHAR[]) "
        f"WHEN starts_with({column}, '{{\"u\":') THEN [CAST(json_extract({column}, '$.u') AS VARCHAR)] "
        f"WHEN {column} IS NOT NULL THEN [{whole}] END"
    )
    return f"CASE WHEN len({rows}) > 0 THEN {rows} ELSE [NULL] END" if item.keep_empty else rows
