"""A plan as DuckDB statements: one CTE per component; what several components read is computed once, into a table."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from penstock.engines.duckdb import comparisons
from penstock.engines.duckdb.aggregates import measure_sql
from penstock.engines.duckdb.comparisons import group_key, order_keys
from penstock.engines.duckdb.expressions import by_side, render
from penstock.engines.duckdb.layers import layered
from penstock.engines.duckdb.types import column_of, quote
from penstock.plan.dtypes import Kind
from penstock.plan.operators import (
    Aggregate,
    Distinct,
    Filter,
    Join,
    Limit,
    Operator,
    Plan,
    Project,
    Scan,
    Sort,
    SortKey,
    Union,
    inputs_of,
    iter_below,
    iter_operators,
)
from penstock.plan.ports import Context
from penstock.plan.schema import Schema

ScanSql = Callable[[Scan], str]
_SHARED = re.compile(r"shared_\d+")
LARGEST = 2**63 - 1
"""The largest LIMIT; no input has so many records."""
DEEPEST = 200
"""How many operators stand above one another in a statement; DuckDB refuses a few hundred more."""
_MIRRORED = {"left": "right", "right": "left"}


@dataclass(slots=True)
class Statements:
    """What runs: *shared* are (table, SELECT) to be made first, in order; *outputs* one SELECT per output; *parts* the
    SELECT of each component, as it stands in those."""

    shared: list[tuple[str, str]] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    parts: list[tuple[str, str]] = field(default_factory=list)

    def callers(self, sql: str, function: str) -> list[str]:
        """Return the components that call a function in a statement."""
        call = f"{function}("
        return list(dict.fromkeys(name for name, select in self.parts if call in select and select in sql))


def build(plan: Plan, context: Context, scan_sql: ScanSql, sizes: Mapping[str, int] | None = None) -> Statements:
    """Return the statements of a plan; *scan_sql* gives the SELECT of a source, *sizes* the bytes of each source."""
    return _Builder(plan, context, scan_sql, sizes or {}).build()


class _Builder:
    def __init__(self, plan: Plan, context: Context, scan_sql: ScanSql, sizes: Mapping[str, int]) -> None:
        self.plan = plan
        self.sizes = sizes
        self.sizes_of: dict[int, int] = {}
        self.context = context
        self.scan_sql = scan_sql
        self.tables: dict[int, str] = {}
        self.names: dict[int, str] = {}
        self.taken: set[str] = set()
        self.made = Statements()

    def build(self) -> Statements:
        uses: Counter[int] = Counter(id(write.given) for write in self.plan.outputs)
        operators = list(iter_operators(self.plan))
        for operator in operators:
            uses.update(id(below) for below in inputs_of(operator))
        depths: dict[int, int] = {}
        for operator in operators:
            self.sizes_of[id(operator)] = self.guess(operator)
            depths[id(operator)] = 1 + max((depths[id(below)] for below in inputs_of(operator)), default=0)
            if uses[id(operator)] > 1 or depths[id(operator)] == DEEPEST:
                depths[id(operator)] = 0
                table = f"shared_{len(self.tables)}"
                self.made.shared.append((table, self.statement(operator)))
                self.tables[id(operator)] = table
        for write in self.plan.outputs:
            self.made.outputs.append(self.statement(write.given))
        return self.made

    def statement(self, operator: Operator) -> str:
        """Return a whole SELECT for one operator: a CTE for each component below it that has no table of its own."""
        self.names, self.taken = {}, set()
        ctes: list[str] = []
        for one in iter_below(operator, self.tables.__contains__):
            select = self.select(one)
            self.made.parts.append((one.component, select))
            self.names[id(one)] = quote(self.free_name(one.component))
            ctes.append(f"{self.names[id(one)]} AS NOT MATERIALIZED ({select})")
        above = "WITH " + ",\n".join(ctes) + "\n" if ctes else ""
        return f"{above}SELECT * FROM {self.relation(operator)}{self.order_of(operator)}"

    def order_of(self, operator: Operator) -> str:
        """A file that Sort feeds keeps its order: the order is said where the rows leave."""
        return f" ORDER BY {self.order(operator.keys, operator.schema)}" if isinstance(operator, Sort) else ""

    def relation(self, operator: Operator) -> str:
        """Return the table or the CTE in which an operator's records are."""
        return self.tables.get(id(operator)) or self.names[id(operator)]

    def free_name(self, component: str) -> str:
        """Return a component's own name, with a number where it would be taken for another's: DuckDB ignores case."""
        name, number = component, 1
        while name.lower() in self.taken or _SHARED.fullmatch(name.lower()):
            number += 1
            name = f"{component} {number}"
        self.taken.add(name.lower())
        return name

    def select(self, operator: Operator) -> str:
        match operator:
            case Scan():
                return self.scan_sql(operator)
            case Project():
                return self.project(operator)
            case Filter():
                given = self.relation(operator.given)
                return f"SELECT * FROM {given} WHERE {render(operator.predicate, self.context)}"
            case Sort():
                # The order itself stands where it counts: at the destination, or in the Limit behind.
                return f"SELECT * FROM {self.relation(operator.given)}"
            case Limit():
                return self.limit(operator)
            case Distinct():
                return self.distinct(operator)
            case Union():
                return self.union(operator)
            case Join():
                return self.join(operator)
            case Aggregate():
                return self.aggregate(operator)

    def project(self, operator: Project) -> str:
        given = self.relation(operator.given)
        return layered(operator.exprs, operator.schema.names, self.context).over(given)

    def order(self, keys: tuple[SortKey, ...], schema: Schema) -> str:
        terms = []
        for key in keys:
            found = schema.find(key.field)
            if found is not None:
                terms.append(order_keys(key.field, found.dtype, key.direction.value))
        return ", ".join(terms)

    def limit(self, operator: Limit) -> str:
        given = self.relation(operator.given)
        keys = operator.order
        if not keys and isinstance(operator.given, Sort):
            keys = operator.given.keys
        order = self.order(keys, operator.schema)
        if not operator.per:
            return f"SELECT * FROM {given}{f' ORDER BY {order}' if order else ''} LIMIT {min(operator.size, LARGEST)}"
        parts = ", ".join(self.keys_of(operator.schema, operator.per))
        window = f"PARTITION BY {parts}{f' ORDER BY {order}' if order else ''}"
        return f"SELECT * FROM {given} QUALIFY row_number() OVER ({window}) <= {operator.size}"

    def keys_of(self, schema: Schema, names: tuple[str, ...]) -> list[str]:
        fields = (schema.find(name) for name in names)
        return [group_key(column_of(one.name), one.dtype) for one in fields if one is not None]

    def distinct(self, operator: Distinct) -> str:
        given = self.relation(operator.given)
        names = operator.keys or operator.schema.names
        plain = all(_is_own_key(operator.schema, name) for name in names)
        if not operator.keys and plain:
            return f"SELECT DISTINCT * FROM {given}"
        return f"SELECT DISTINCT ON ({', '.join(self.keys_of(operator.schema, names))}) * FROM {given}"

    def union(self, operator: Union) -> str:
        columns = ", ".join(column_of(name) for name in operator.schema.names)
        return " UNION ALL ".join(f"(SELECT {columns} FROM {self.relation(one)})" for one in operator.inputs)

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
            if _is_own_key(schema, name):
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


def _is_own_key(schema: Schema, name: str) -> bool:
    found = schema.find(name)
    return found is not None and found.dtype.kind in (Kind.INT, Kind.LONG, Kind.BOOLEAN, Kind.CHARARRAY)
