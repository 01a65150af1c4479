"""A plan as DuckDB statements: one CTE per component; what several components read is computed once, into a table."""

from __future__ import annotations

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
    iter_operators,
)
from penstock.plan.ports import Context
from penstock.plan.schema import Schema

ScanSql = Callable[[Scan], str]
_MIRRORED = {"left": "right", "right": "left"}


@dataclass(slots=True)
class Statements:
    """What runs: *shared* are (table, SELECT) to be made first, in order; *outputs* one SELECT per output."""

    shared: list[tuple[str, str]] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)


def build(plan: Plan, context: Context, scan_sql: ScanSql, sizes: Mapping[str, int] | None = None) -> Statements:
    """Return the statements of a plan; *scan_sql* gives the SELECT of a source, *sizes* the bytes of each source."""
    return _Builder(plan, context, scan_sql, sizes or {}).build()


class _Builder:
    def __init__(self, plan: Plan, context: Context, scan_sql: ScanSql, sizes: Mapping[str, int]) -> None:
        self.plan = plan
        self.sizes = sizes
        self.guesses: dict[int, int] = {}
        self.context = context
        self.scan_sql = scan_sql
        self.tables: dict[int, str] = {}
        self.names: dict[int, str] = {}
        self.made = Statements()

    def build(self) -> Statements:
        uses: Counter[int] = Counter(id(write.given) for write in self.plan.outputs)
        operators = list(iter_operators(self.plan))
        for operator in operators:
            uses.update(id(below) for below in inputs_of(operator))
        for operator in operators:
            if uses[id(operator)] > 1:
                table = f"shared_{len(self.tables)}"
                self.made.shared.append((table, self.statement(operator)))
                self.tables[id(operator)] = table
        for write in self.plan.outputs:
            self.made.outputs.append(self.statement(write.given))
        return self.made

    def statement(self, operator: Operator) -> str:
        """Return a whole SELECT for one operator: a CTE for each component below it that has no table of its own."""
        self.names = {}
        ctes: list[str] = []
        last = self.relation(operator, ctes)
        if not ctes:
            return f"SELECT * FROM {last}{self.order_of(operator)}"
        return f"WITH {', '.join(ctes)} SELECT * FROM {last}{self.order_of(operator)}"

    def order_of(self, operator: Operator) -> str:
        """A file that Sort feeds keeps its order: the order is said where the rows leave."""
        return f" ORDER BY {self.order(operator.keys, operator.schema)}" if isinstance(operator, Sort) else ""

    def relation(self, operator: Operator, ctes: list[str]) -> str:
        if id(operator) in self.tables:
            return self.tables[id(operator)]
        if id(operator) in self.names:
            return self.names[id(operator)]
        select = self.select(operator, ctes)
        name = quote(f"{operator.component} {len(ctes)}" if self.is_taken(operator.component) else operator.component)
        self.names[id(operator)] = name
        ctes.append(f"{name} AS NOT MATERIALIZED ({select})")
        return name

    def is_taken(self, component: str) -> bool:
        wanted = quote(component).lower()
        return any(name.lower() == wanted for name in self.names.values()) or component.lower().startswith("shared_")

    def select(self, operator: Operator, ctes: list[str]) -> str:
        match operator:
            case Scan():
                return self.scan_sql(operator)
            case Project():
                return self.project(operator, ctes)
            case Filter():
                given = self.relation(operator.given, ctes)
                return f"SELECT * FROM {given} WHERE {render(operator.predicate, self.context)}"
            case Sort():
                # The order itself stands where it counts: at the destination, or in the Limit behind.
                return f"SELECT * FROM {self.relation(operator.given, ctes)}"
            case Limit():
                return self.limit(operator, ctes)
            case Distinct():
                return self.distinct(operator, ctes)
            case Union():
                return self.union(operator, ctes)
            case Join():
                return self.join(operator, ctes)
            case Aggregate():
                return self.aggregate(operator, ctes)

    def project(self, operator: Project, ctes: list[str]) -> str:
        given = self.relation(operator.given, ctes)
        return layered(operator.exprs, operator.schema.names, self.context).over(given)

    def order(self, keys: tuple[SortKey, ...], schema: Schema) -> str:
        terms = []
        for key in keys:
            found = schema.find(key.field)
            if found is not None:
                terms.append(order_keys(key.field, found.dtype, key.direction.value))
        return ", ".join(terms)

    def limit(self, operator: Limit, ctes: list[str]) -> str:
        given = self.relation(operator.given, ctes)
        keys = operator.order
        if not keys and isinstance(operator.given, Sort):
            keys = operator.given.keys
        order = self.order(keys, operator.schema)
        if not operator.per:
            return f"SELECT * FROM {given}{f' ORDER BY {order}' if order else ''} LIMIT {operator.size}"
        parts = ", ".join(self.keys_of(operator.schema, operator.per))
        window = f"PARTITION BY {parts}{f' ORDER BY {order}' if order else ''}"
        return f"SELECT * FROM {given} QUALIFY row_number() OVER ({window}) <= {operator.size}"

    def keys_of(self, schema: Schema, names: tuple[str, ...]) -> list[str]:
        fields = (schema.find(name) for name in names)
        return [group_key(column_of(one.name), one.dtype) for one in fields if one is not None]

    def distinct(self, operator: Distinct, ctes: list[str]) -> str:
        given = self.relation(operator.given, ctes)
        names = operator.keys or operator.schema.names
        plain = all(_is_own_key(operator.schema, name) for name in names)
        if not operator.keys and plain:
            return f"SELECT DISTINCT * FROM {given}"
        return f"SELECT DISTINCT ON ({', '.join(self.keys_of(operator.schema, names))}) * FROM {given}"

    def union(self, operator: Union, ctes: list[str]) -> str:
        columns = ", ".join(column_of(name) for name in operator.schema.names)
        return " UNION ALL ".join(f"(SELECT {columns} FROM {self.relation(one, ctes)})" for one in operator.inputs)

    def join(self, operator: Join, ctes: list[str]) -> str:
        left, right = self.relation(operator.left, ctes), self.relation(operator.right, ctes)
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
        if self.size(operator.left) < self.size(operator.right):
            word, read, held = _MIRRORED.get(word, word), held, read
        table, found = held[0], ""
        if word == "inner":
            # An inner join would begin as a cross product, whose filters DuckDB moves, the counters of sources with them.
            word, table, found = "left", f"(SELECT *, true AS _found FROM {table})", " WHERE _found"
        joined = f"{read[0]} AS {read[1]} {word.upper()} JOIN {table} AS {held[1]}"
        return f"SELECT {', '.join(columns)} FROM {joined} ON {' AND '.join(tests)}{found}"

    def size(self, operator: Operator) -> int:
        """Return a guess at the bytes that an operator gives, for comparing two of them."""
        if id(operator) not in self.guesses:
            self.guesses[id(operator)] = self.guess(operator)
        return self.guesses[id(operator)]

    def guess(self, operator: Operator) -> int:
        match operator:
            case Scan():
                return self.sizes.get(operator.component, 0)
            case Limit() if not operator.per:
                return min(operator.size * 100, self.size(operator.given))
            case Aggregate():
                return self.size(operator.given) // 10 if operator.group_by else 100
        return sum(self.size(below) for below in inputs_of(operator))

    def aggregate(self, operator: Aggregate, ctes: list[str]) -> str:
        given = self.relation(operator.given, ctes)
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
