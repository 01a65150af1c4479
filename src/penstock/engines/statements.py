"""A plan as statements: one CTE per component; what several components read is computed once. What engines have in common."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from penstock.engines.comparisons import Comparisons
from penstock.engines.layers import layered
from penstock.engines.windows import WindowForms
from penstock.errors import DataError
from penstock.plan.dtypes import Kind
from penstock.plan.exprs import Expr
from penstock.plan.operators import (
    Aggregate,
    Assert,
    CrossJoin,
    Cube,
    Distinct,
    Filter,
    Flatten,
    Join,
    Limit,
    Measure,
    Operator,
    Plan,
    Project,
    Sample,
    Scan,
    Sort,
    SortKey,
    Union,
    Window,
    Write,
    inputs_of,
    iter_below,
    iter_operators,
)
from penstock.plan.ports import Context
from penstock.plan.schema import Schema

ScanSql = Callable[[Scan], str]
NOT_CONVERTED = (
    "1 value became null, for a cast could not convert it",
    "{count} values became null, for a cast could not convert them",
)
NOT_READ = (
    "1 text became null, for it could not be read as JSON",
    "{count} texts became null, for they could not be read as JSON",
)
_OURS = re.compile(r"(shared|penstock_source)_\d+")


@dataclass(frozen=True, slots=True)
class Check:
    """An Assert: *sql* gives one number, how many records do not satisfy its conditions, once *table* is made (None: once
    all is computed; before that, how many of those computed so far)."""

    component: str
    message: str
    sql: str
    table: str | None

    def tell(self, count: int) -> None:
        """Raise DataError where a record does not satisfy the conditions."""
        if count:
            what = "1 record does" if count == 1 else f"{count:,} records do"
            raise DataError(f"Component '{self.component}': {self.message} ({what} not satisfy the conditions)")


@dataclass(frozen=True, slots=True)
class Tally:
    """What a sequence counts in a component: *one* says it of a single value, *many* of `{count}` values."""

    component: str
    one: str
    many: str

    def said(self, count: int) -> str:
        """Return the line for the log of the job."""
        return f"{self.component}: {self.one if count == 1 else self.many.format(count=f'{count:,}')}"


@dataclass(slots=True)
class Statements:
    """What runs: *shared* are (table, SELECT) to be made first, in order; *outputs* one SELECT per output; *parts* the
    SELECT of each component, as it stands in those; *checks* what must hold; *counters* the sequences that they count with;
    *tallies* the sequences that count values which could not be converted, or what counts in their place; *functions*, where
    functions count, each with the names of its tallies: of casts, of texts read as JSON."""

    shared: list[tuple[str, str]] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    parts: list[tuple[str, str]] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    counters: list[str] = field(default_factory=list)
    tallies: dict[str, Tally] = field(default_factory=dict)
    functions: list[tuple[str, str, str]] = field(default_factory=list)

    def shown(self, plan: Plan) -> str:
        """Return the statements for people: each table made once, and the SELECT of every output under its name."""
        parts = [f"CREATE TEMP TABLE {table} AS {select};" for table, select in self.shared]
        parts += [f"-- {write.component}\n{sql};" for write, sql in zip(plan.outputs, self.outputs, strict=True)]
        return "\n\n".join(parts)

    def callers(self, sql: str, function: str) -> list[str]:
        """Return the components that call a function in a statement."""
        call = f"{function}("
        return list(dict.fromkeys(name for name, select in self.parts if call in select and select in sql))


class Builder(ABC):
    """Walks a plan; a subclass says in its engine's SQL what the operators do in which engines differ."""

    deepest: ClassVar[int]
    """How many operators stand above one another in a statement; engines refuse, or overflow, a few hundred more."""
    comparisons: ClassVar[Comparisons]
    as_cte: ClassVar[str] = "AS"
    windows: ClassVar[WindowForms]

    def __init__(self, plan: Plan, context: Context, scan_sql: ScanSql, sizes: Mapping[str, int]) -> None:
        self.plan = plan
        self.context = context
        self.scan_sql = scan_sql
        self.sizes = sizes
        self.sizes_of: dict[int, int] = {}
        self.tables: dict[int, str] = {}
        self.names: dict[int, str] = {}
        self.taken: set[str] = set()
        self.readers: dict[int, list[Operator | Write]] = {}
        self.made = Statements()

    def build(self) -> Statements:
        """Return the statements of the plan."""
        operators = list(iter_operators(self.plan))
        for operator in operators:
            for below in inputs_of(operator):
                self.readers.setdefault(id(below), []).append(operator)
        for write in self.plan.outputs:
            self.readers.setdefault(id(write.given), []).append(write)
        depths: dict[int, int] = {}
        for operator in operators:
            self.sizes_of[id(operator)] = self.guess(operator)
            depths[id(operator)] = 1 + max((depths[id(below)] for below in inputs_of(operator)), default=0)
            if self.is_kept(operator) or depths[id(operator)] == self.deepest:
                depths[id(operator)] = 0
                table = f"shared_{len(self.tables)}"
                self.made.shared.append((table, self.statement(operator)))
                self.tables[id(operator)] = table
            if isinstance(operator, Assert):
                self.made.checks.append(self.check(operator))
        for write in self.plan.outputs:
            self.made.outputs.append(self.statement(write.given))
        return self.made

    def is_kept(self, operator: Operator) -> bool:
        """Tell whether the records of an operator are computed once and kept."""
        return len(self.readers[id(operator)]) > 1

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
            case CrossJoin():
                return below * below
        return below

    def statement(self, operator: Operator) -> str:
        """Return a whole SELECT for one operator: a CTE for each component below it that has no table of its own."""
        self.names, self.taken = {}, set()
        ctes: list[str] = []
        for one in iter_below(operator, self.tables.__contains__):
            if one is not operator and self.is_merged(one):
                continue
            select = self.select(one)
            self.made.parts.append((one.component, select))
            self.names[id(one)] = self.quote(self.free_name(one.component))
            ctes.append(f"{self.names[id(one)]} {self.as_cte} ({select})")
        above = "WITH " + ",\n".join(ctes) + "\n" if ctes else ""
        return f"{above}SELECT * FROM {self.relation(operator)}{self.order_of(operator)}"

    def is_merged(self, operator: Operator) -> bool:
        """Tell whether the only reader of an operator computes it itself."""
        return False

    def order_of(self, operator: Operator) -> str:
        """A file that Sort feeds keeps its order: the order is said where the rows leave."""
        return f" ORDER BY {self.order(operator.keys, operator.schema)}" if isinstance(operator, Sort) else ""

    def relation(self, operator: Operator) -> str:
        """Return the table or the CTE in which an operator's records are."""
        return self.tables.get(id(operator)) or self.names[id(operator)]

    def free_name(self, component: str) -> str:
        """Return a component's own name, with a number where it would be taken for another's: SQL ignores case."""
        name, number = component, 1
        while name.lower() in self.taken or _OURS.fullmatch(name.lower()):
            number += 1
            name = f"{component} {number}"
        self.taken.add(name.lower())
        return name

    def select(self, operator: Operator) -> str:
        """Return the SELECT of one operator over the relations below it."""
        match operator:
            case Scan():
                return self.scan_sql(operator)
            case Project():
                return self.project(operator)
            case Filter():
                return self.filter(operator)
            case Assert():
                return self.assertion(operator)
            case Sample():
                return self.sample(operator)
            case Flatten():
                return self.flatten(operator)
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
            case CrossJoin():
                return self.cross_join(operator)
            case Aggregate():
                return self.aggregate(operator)
            case Cube():
                return self.cube(operator)
            case Window():
                return self.window(operator)

    def project(self, operator: Project) -> str:
        """Return the expressions, what guards repeat in layers below."""
        given = self.relation(operator.given)
        return layered(operator.exprs, operator.schema.names, self.render, self.comparisons.column_of).over(given)

    def filter(self, operator: Filter) -> str:
        """Return the records for which the predicate is true."""
        return f"SELECT * FROM {self.relation(operator.given)} WHERE {self.render(operator.predicate)}"

    def order(self, keys: tuple[SortKey, ...], schema: Schema) -> str:
        """Return the terms of an ORDER BY."""
        terms = []
        for key in keys:
            found = schema.find(key.field)
            if found is not None:
                terms.append(self.comparisons.order_keys(key.field, found.dtype, key.direction.value))
        return ", ".join(terms)

    def order_before(self, operator: Limit) -> str:
        """Return the order in which a Limit counts."""
        return self.order(self.keys_before(operator), operator.schema)

    def keys_before(self, operator: Limit) -> tuple[SortKey, ...]:
        """Return the keys by which a Limit counts: its own, or those of the Sort before it."""
        if not operator.order and isinstance(operator.given, Sort):
            return operator.given.keys
        return operator.order

    def keys_of(self, schema: Schema, names: tuple[str, ...]) -> list[str]:
        """Return what equal values of the fields have in common."""
        fields = (schema.find(name) for name in names)
        column_of, group_key = self.comparisons.column_of, self.comparisons.group_key
        return [group_key(column_of(one.name), one.dtype) for one in fields if one is not None]

    def union(self, operator: Union) -> str:
        """Return all records of all inputs, name by name."""
        columns = ", ".join(self.comparisons.column_of(name) for name in operator.schema.names)
        return " UNION ALL ".join(f"(SELECT {columns} FROM {self.relation(one)})" for one in operator.inputs)

    def window(self, operator: Window) -> str:
        """Return all fields and what is computed over the records around each."""
        schema = operator.given.schema
        partition = ", ".join(self.keys_of(schema, operator.partition_by))
        order = self.order(operator.order_by, schema)
        return self.windows.select(operator, self.relation(operator.given), partition, order)

    def cube(self, operator: Cube) -> str:
        """Return a record per group of each set. The keys are computed below, so that functions see the fields as they are."""
        schema, column_of = operator.given.schema, self.comparisons.column_of
        size = len(operator.dimensions)
        keys = [f"{key} AS _k{at}" for at, key in enumerate(self.keys_of(schema, operator.dimensions))]
        columns = []
        for at, (name, made) in enumerate(zip(operator.dimensions, operator.schema.fields[:size], strict=True)):
            # A field that is no key of its own is that of any record of the group.
            own = is_own_key(schema, name)
            value = f"_k{at}" if own else f"CASE WHEN grouping(_k{at}) = 0 THEN first({column_of(name)}) END"
            columns.append(f"{value} AS {column_of(made.name)}")
        for measure, made in zip(operator.measures, operator.schema.fields[size:], strict=True):
            columns.append(f"{self.measure(measure, schema)} AS {column_of(made.name)}")
        places = {name: f"_k{at}" for at, name in enumerate(operator.dimensions)}
        sets = ", ".join(f"({', '.join(places[name] for name in one)})" for one in operator.sets)
        below = f"(SELECT *, {', '.join(keys)} FROM {self.relation(operator.given)})"
        # SQL gives a record of no records for the empty set.
        return f"SELECT {', '.join(columns)} FROM {below} GROUP BY GROUPING SETS ({sets}) HAVING count(*) > 0"

    def measure(self, measure: Measure, schema: Schema) -> str:
        """Return one aggregate over the records of a group."""
        return self.windows.measure(measure, schema, "")

    @abstractmethod
    def check(self, operator: Assert) -> Check:
        """Return what counts the records that do not satisfy the conditions."""

    @abstractmethod
    def assertion(self, operator: Assert) -> str:
        """Return the records as they come."""

    @abstractmethod
    def sample(self, operator: Sample) -> str:
        """Return some of the records."""

    @abstractmethod
    def flatten(self, operator: Flatten) -> str:
        """Return a record for each combination of tuples."""

    @abstractmethod
    def cross_join(self, operator: CrossJoin) -> str:
        """Return all pairs."""

    @abstractmethod
    def quote(self, name: str) -> str:
        """Return a name as an identifier."""

    @abstractmethod
    def render(self, expr: Expr) -> str:
        """Return an expression over the columns of the only input."""

    @abstractmethod
    def limit(self, operator: Limit) -> str:
        """Return the first records, of the whole or of each partition."""

    @abstractmethod
    def distinct(self, operator: Distinct) -> str:
        """Return each record once."""

    @abstractmethod
    def join(self, operator: Join) -> str:
        """Return the pairs whose keys are equal."""

    @abstractmethod
    def aggregate(self, operator: Aggregate) -> str:
        """Return a record per group."""


def is_own_key(schema: Schema, name: str) -> bool:
    """Tell whether equal values of a field are the same value, so that it is its own group key."""
    found = schema.find(name)
    return found is not None and found.dtype.kind in (Kind.INT, Kind.LONG, Kind.BOOLEAN, Kind.CHARARRAY)
