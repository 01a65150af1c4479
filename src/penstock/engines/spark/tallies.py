"""What casts cannot convert, and what cannot be read as JSON, counted where a component computes it.

Nothing in Spark's SQL counts as it goes, and Python is called for every row. So SQL computes per record how many of its
values do not convert, only where they are reached, and a function that keeps every record adds them up.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa
import pyarrow.compute as pc
from pyspark import TaskContext
from pyspark.sql import SparkSession
from pyspark.sql.pandas.functions import arrow_udf
from pyspark.sql.types import BooleanType
from pyspark.util import PythonEvalType

from penstock.engines.fallible import may_fail
from penstock.engines.spark.counts import Counter, Counts
from penstock.engines.templates import calls_others
from penstock.plan.dtypes import Kind
from penstock.plan.exprs import Call, Cast, Conditional, Expr, FieldRef, parts_of
from penstock.plan.ports import Context

UNREAD = 1 << 32
"""What a text counts that is no JSON, beside the 1 of a cast that fails: one number per record tells both."""
MOST_SQL = 200_000
"""Longest text that tells them; a component with more of it does not count."""
_FROM = (Kind.CHARARRAY, Kind.BYTEARRAY)
_TO = (Kind.INT, Kind.LONG, Kind.FLOAT, Kind.DOUBLE, Kind.BOOLEAN)
_READS = frozenset({"JsonStringToMap", "JsonStringToBag"})
_MAY_SKIP = frozenset({"and", "or", "COALESCE"})
_BY_CHANCE = ("rand()",)


def of_component(tally: str) -> Counter:
    """Return the counter of a component's values that were not converted, or not read."""
    return ("component", tally)


def weight_of(expr: Expr) -> int:
    """Return what a null counts that an expression makes of a value."""
    match expr:
        case Cast() if (
            expr.arg.dtype.kind in _FROM and expr.dtype.kind in _TO and expr.arg.dtype.kind is not expr.dtype.kind
        ):
            return 1
        case Call() if expr.function in _READS:
            return UNREAD
    return 0


@dataclass(slots=True)
class Told:
    """The expressions of one component: *exprs* with what is computed beforehand by name, *beforehand* its SQL by that
    name, and *sql*, which counts what becomes null; empty where nothing can."""

    exprs: tuple[Expr, ...]
    beforehand: dict[str, str] = field(default_factory=dict)
    sql: str = ""

    @property
    def casts(self) -> bool:
        """True where a cast may fail."""
        return "THEN 1L" in self.sql

    @property
    def reads(self) -> bool:
        """True where a text may be no JSON."""
        return f"THEN {UNREAD}L" in self.sql

    def over(self, relation: str, function: str, quote: Callable[[str], str]) -> str:
        """Return the relation with what is computed beforehand, each record counted by a function."""
        added = "".join(f", {sql} AS {quote(name)}" for name, sql in self.beforehand.items())
        return f"(SELECT * FROM (SELECT *{added} FROM {relation}) WHERE {function}({self.sql}))"

    def without(self, quote: Callable[[str], str]) -> str:
        """Return the columns of `over` that were there before."""
        return f"* EXCEPT ({', '.join(map(quote, self.beforehand))})" if self.beforehand else "*"


def tell(exprs: Sequence[Expr], render: Callable[[Expr], str], context: Context, *, keeps: bool) -> Told:
    """Return what counts in the expressions of a component; one that *keeps* records by them computes no more than it needs
    to decide."""
    return _Teller(render, context).tell(exprs, keeps)


class _Teller:
    def __init__(self, render: Callable[[Expr], str], context: Context) -> None:
        self.render = render
        self.context = context
        self.names: dict[Expr, FieldRef] = {}
        self.once: set[Expr] = set()

    def tell(self, exprs: Sequence[Expr], keeps: bool) -> Told:
        for expr in exprs:
            for one in _always(expr):
                if weight_of(one) and all(isinstance(part, FieldRef) for part in parts_of(one)):
                    self.names.setdefault(one, FieldRef(f"_c{len(self.names)}", one.dtype, True))
        terms = [term for expr in exprs for term in self.terms(expr, keeps, True)]
        sql = " + ".join(terms)
        if not terms or len(sql) > MOST_SQL:
            return Told(tuple(exprs))
        beforehand = {ref.name: self.render(one) for one, ref in self.names.items()}
        return Told(tuple(self.placed(expr) for expr in exprs), beforehand, sql)

    def _may_fail(self, expr: Expr) -> bool:
        return may_fail(expr, self.context)

    def placed(self, expr: Expr) -> Expr:
        """Return an expression over what was computed beforehand."""
        if expr in self.names:
            return self.names[expr]
        match expr:
            case Cast():
                return replace(expr, arg=self.placed(expr.arg))
            case Call():
                return replace(expr, args=tuple(map(self.placed, expr.args)))
            case Conditional():
                branches = tuple((self.placed(test), self.placed(value)) for test, value in expr.branches)
                return replace(expr, branches=branches, otherwise=self.placed(expr.otherwise))
        return expr

    def terms(self, expr: Expr, decides: bool, shared: bool) -> Iterator[str]:
        """Yield the SQL of what counts in an expression. One that *decides* is computed no further than it has to be; one
        that is *shared* stands for others that are written alike, and counts once."""
        match expr:
            case Conditional():
                yield from self._conditional(expr, shared)
            case Call("and" | "or") if decides or any(map(self._may_fail, expr.args[1:])):
                yield from self._decided(expr, decides)
            case Call("COALESCE"):
                yield from self._skipping(expr.args, lambda arg: f"{self.render(self.placed(arg))} IS NULL")
            case _:
                for part in parts_of(expr):
                    yield from self.terms(part, False, shared and not _skips(expr))
        if weight_of(expr) and not (shared and expr in self.names and expr in self.once):
            if shared:
                self.once.add(expr)
            yield from self._own(expr)

    def _own(self, expr: Expr) -> Iterator[str]:
        given = self.render(self.placed(parts_of(expr)[0]))
        made = self.render(self.placed(expr))
        # What another system answers is asked for once, and chance gives another value each time.
        if not calls_others(given) and not any(word in given for word in _BY_CHANCE):
            yield f"CASE WHEN {given} IS NOT NULL AND {made} IS NULL THEN {weight_of(expr)}L ELSE 0L END"

    def _conditional(self, expr: Conditional, shared: bool) -> Iterator[str]:
        (test, value), *rest = expr.branches
        yield from self.terms(test, True, shared)
        inside = list(self.terms(value, False, False))
        behind = replace(expr, branches=tuple(rest)) if rest else expr.otherwise
        outside = list(
            self._conditional(behind, False)
            if isinstance(behind, Conditional) and rest
            else self.terms(behind, False, False)
        )
        if inside or outside:
            condition = self.render(self.placed(test))
            if not calls_others(condition):
                yield (
                    f"CASE WHEN {condition} THEN {' + '.join(inside) or '0L'} "
                    f"WHEN NOT ({condition}) THEN {' + '.join(outside) or '0L'} ELSE 0L END"
                )

    def _decided(self, expr: Call, decides: bool) -> Iterator[str]:
        def goes_on(arg: Expr) -> str:
            test = self.render(self.placed(arg))
            if expr.function == "or":
                return f"NOT coalesce({test}, false)"
            return test if decides else f"coalesce({test}, true)"

        yield from self._skipping(expr.args, goes_on, decides=decides)

    def _skipping(
        self, args: Sequence[Expr], goes_on: Callable[[Expr], str], *, decides: bool = False
    ) -> Iterator[str]:
        """Yield what counts in arguments of which each is computed only where those before it do not decide."""
        first, *rest = args
        yield from self.terms(first, decides, False)
        if rest:
            behind = list(self._skipping(rest, goes_on, decides=decides))
            condition = goes_on(first) if behind else ""
            if behind and not calls_others(condition):
                yield f"CASE WHEN {condition} THEN {' + '.join(behind)} ELSE 0L END"


def _skips(expr: Expr) -> bool:
    return isinstance(expr, Call) and expr.function in _MAY_SKIP


def _always(expr: Expr) -> Iterator[Expr]:
    """Yield what an expression computes for every record."""
    yield expr
    match expr:
        case Conditional():
            yield from _always(expr.branches[0][0])
        case Call() if expr.function in _MAY_SKIP:
            yield from _always(expr.args[0])
        case _:
            for part in parts_of(expr):
                yield from _always(part)


def register(session: SparkSession, function: str, counts: Counts, casts: str, unread: str) -> None:
    """Register the function that keeps every record, and adds up the numbers that it is given: those of two tallies."""
    with warnings.catch_warnings():
        # It would rather have type hints of one array and another.
        warnings.simplefilter("ignore", UserWarning)
        made = arrow_udf(Adding(counts, casts, unread), BooleanType(), PythonEvalType.SQL_SCALAR_ARROW_UDF)
    session.udf.register(function, made.asNondeterministic())


class Adding:
    """Adds up the numbers of one partition for two tallies, and says what it has so far."""

    def __init__(self, counts: Counts, casts: str, unread: str) -> None:
        self.counts = counts
        self.casts = casts
        self.unread = unread
        self.__name__ = f"{casts}_{unread}"

    def __call__(self, numbers: pa.Array) -> pa.Array:
        """Return true for each."""
        found = pc.sum(numbers).as_py()
        if found:
            running = TaskContext.get()
            part, attempt = (0, 0) if running is None else (running.partitionId(), running.taskAttemptId())
            for old in [one for one in _SO_FAR if one[0] != attempt]:  # a worker runs one task after another
                del _SO_FAR[old]
            now = _SO_FAR.setdefault((attempt, self.casts), {})
            for tally, more in ((self.casts, found % UNREAD), (self.unread, found // UNREAD)):
                now[of_component(tally)] = now.get(of_component(tally), 0) + more
            self.counts.add(part, now)
        return pa.array([True] * len(numbers), pa.bool_())


_SO_FAR: dict[tuple[int, str], dict[Counter, int]] = {}
"""What the task of this process has counted."""
