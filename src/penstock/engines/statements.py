"""A plan as statements: one CTE per component; what several components read is computed once. What engines have in common."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

from penstock.engines.comparisons import Comparisons
from penstock.engines.layers import layered
from penstock.plan.dtypes import Kind
from penstock.plan.exprs import Expr
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


class Builder(ABC):
    """Walks a plan; a subclass says in its engine's SQL what the operators do in which engines differ."""

    deepest: ClassVar[int]
    """How many operators stand above one another in a statement; engines refuse, or overflow, a few hundred more."""
    comparisons: ClassVar[Comparisons]
    as_cte: ClassVar[str] = "AS"

    def __init__(self, plan: Plan, context: Context, scan_sql: ScanSql) -> None:
        self.plan = plan
        self.context = context
        self.scan_sql = scan_sql
        self.tables: dict[int, str] = {}
        self.names: dict[int, str] = {}
        self.taken: set[str] = set()
        self.made = Statements()

    def build(self) -> Statements:
        """Return the statements of the plan."""
        uses: Counter[int] = Counter(id(write.given) for write in self.plan.outputs)
        operators = list(iter_operators(self.plan))
        for operator in operators:
            uses.update(id(below) for below in inputs_of(operator))
        depths: dict[int, int] = {}
        for operator in operators:
            self.meet(operator)
            depths[id(operator)] = 1 + max((depths[id(below)] for below in inputs_of(operator)), default=0)
            if uses[id(operator)] > 1 or depths[id(operator)] == self.deepest:
                depths[id(operator)] = 0
                table = f"shared_{len(self.tables)}"
                self.made.shared.append((table, self.statement(operator)))
                self.tables[id(operator)] = table
        for write in self.plan.outputs:
            self.made.outputs.append(self.statement(write.given))
        return self.made

    def meet(self, operator: Operator) -> None:  # noqa: B027 -- an engine that plans nothing ahead needs none
        """Hear of an operator, those below it before it."""

    def statement(self, operator: Operator) -> str:
        """Return a whole SELECT for one operator: a CTE for each component below it that has no table of its own."""
        self.names, self.taken = {}, set()
        ctes: list[str] = []
        for one in iter_below(operator, self.tables.__contains__):
            select = self.select(one)
            self.made.parts.append((one.component, select))
            self.names[id(one)] = self.quote(self.free_name(one.component))
            ctes.append(f"{self.names[id(one)]} {self.as_cte} ({select})")
        above = "WITH " + ",\n".join(ctes) + "\n" if ctes else ""
        return f"{above}SELECT * FROM {self.relation(operator)}{self.order_of(operator)}"

    def order_of(self, operator: Operator) -> str:
        """A file that Sort feeds keeps its order: the order is said where the rows leave."""
        return f" ORDER BY {self.order(operator.keys, operator.schema)}" if isinstance(operator, Sort) else ""

    def relation(self, operator: Operator) -> str:
        """Return the table or the CTE in which an operator's records are."""
        return self.tables.get(id(operator)) or self.names[id(operator)]

    def free_name(self, component: str) -> str:
        """Return a component's own name, with a number where it would be taken for another's: SQL ignores case."""
        name, number = component, 1
        while name.lower() in self.taken or _SHARED.fullmatch(name.lower()):
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
        """Return the order in which a Limit counts: its own, or that of the Sort before it."""
        keys = operator.order
        if not keys and isinstance(operator.given, Sort):
            keys = operator.given.keys
        return self.order(keys, operator.schema)

    def keys_of(self, schema: Schema, names: tuple[str, ...]) -> list[str]:
        """Return what equal values of the fields have in common."""
        fields = (schema.find(name) for name in names)
        column_of, group_key = self.comparisons.column_of, self.comparisons.group_key
        return [group_key(column_of(one.name), one.dtype) for one in fields if one is not None]

    def union(self, operator: Union) -> str:
        """Return all records of all inputs, name by name."""
        columns = ", ".join(self.comparisons.column_of(name) for name in operator.schema.names)
        return " UNION ALL ".join(f"(SELECT {columns} FROM {self.relation(one)})" for one in operator.inputs)

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
