"""Expressions made up: printing and parsing are inverse, no text breaks the checker, and a value does not depend on whether
its parts are constants, fields of a record, or columns of a layer below."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.engines.duckdb.evaluate import evaluate
from penstock.engines.duckdb.expressions import render
from penstock.engines.duckdb.functions import Functions
from penstock.engines.duckdb.types import column_of, literal, to_value
from penstock.engines.layers import layered
from penstock.errors import PenstockError
from penstock.lang.check.expressions import check_expression
from penstock.lang.expression import nodes, parse, to_text
from penstock.lang.expression.nodes import Node
from penstock.lang.expression.tokens import quote
from penstock.plan import dtypes
from penstock.plan.dtypes import DType, Kind
from penstock.plan.exprs import Expr
from penstock.plan.ports import Context
from penstock.plan.schema import Field, Schema
from penstock.plan.values import Instant, Value

CONTEXT = Context(datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC))
EXAMPLES = settings(derandomize=True, deadline=None, max_examples=150)

# --- printing and parsing ----------------------------------------------------------------------------------------------

NAMES = st.sampled_from(["a", "total", "Left::id", "x_1", "int", "nullable", "ANDroid"])
TEXTS = st.text(st.characters(codec="utf-8"), max_size=6)
KEYS = st.builds(lambda text: nodes.Constant(Kind.CHARARRAY, text, 0, 0), TEXTS)
LEAVES: st.SearchStrategy[Node] = st.one_of(
    st.integers(-(2**31), 2**31 - 1).map(lambda one: nodes.Constant(Kind.INT, one, 0, 0)),
    st.integers(-(2**63), 2**63 - 1).map(lambda one: nodes.Constant(Kind.LONG, one, 0, 0)),
    st.floats(0, allow_nan=False).map(lambda one: nodes.Constant(Kind.DOUBLE, abs(one), 0, 0)),
    st.floats(0, allow_nan=False).map(lambda one: nodes.Constant(Kind.FLOAT, abs(one), 0, 0)),
    KEYS,
    st.booleans().map(lambda one: nodes.Constant(Kind.BOOLEAN, one, 0, 0)),
    st.just(nodes.Constant(None, None, 0, 0)),
    NAMES.map(lambda name: nodes.Name(name, 0, 0)),
    st.integers(0, 99).map(lambda index: nodes.Position(index, 0, 0)),
)
OPERATORS = ["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "MATCHES"]
CASTS = [kind for kind in Kind if kind not in (Kind.MAP, Kind.BAG, Kind.TUPLE)]
MEMBERS = st.one_of(st.sampled_from(["b", "x_1"]), st.integers(0, 99))


def several(part: st.SearchStrategy[Any], least: int = 1, most: int = 3) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(part, min_size=least, max_size=most).map(tuple)


def negated(operand: Node) -> Node:
    """A minus before a whole number belongs to the number."""
    positive = isinstance(operand, nodes.Constant) and operand.kind in (Kind.INT, Kind.LONG)
    return operand if positive else nodes.Unary("-", operand, 0, 0)


def grown(part: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.one_of(
        part.map(negated),
        part.map(lambda one: nodes.Unary("NOT", one, 0, 0)),
        st.builds(lambda op, a, b: nodes.Binary(op, a, b, 0, 0, 0, 0), st.sampled_from(OPERATORS), part, part),
        st.builds(lambda op, parts: nodes.Logic(op, parts, 0, 0), st.sampled_from(["AND", "OR"]), several(part, 2)),
        st.builds(lambda one, no: nodes.IsNull(one, no, 0, 0), part, st.booleans()),
        st.builds(lambda one, items: nodes.In(one, items, 0, 0), part, several(part)),
        st.builds(
            lambda subject, branches, last: nodes.Case(subject, branches, last, 0, 0),
            st.none() | part, several(st.tuples(part, part)), st.none() | part,
        ),
        st.builds(lambda c, a, b: nodes.Choice(c, a, b, 0, 0), part, part, part),
        st.builds(lambda kind, one: nodes.Convert(kind, one, 0, 0), st.sampled_from(CASTS), part),
        st.builds(
            lambda name, args: nodes.FunctionCall(name, args, 0, 0, 0), st.sampled_from(["UPPER", "os.Family", "f"]),
            several(part, 0),
        ),
        st.builds(lambda one, key: nodes.MapGet(one, key, 0, 0), part, KEYS),
        st.builds(lambda one, members: nodes.Dot(one, members, 0, 0), part, several(MEMBERS)),
        several(part, 2).map(lambda items: nodes.Build(Kind.TUPLE, items, 0, 0)),
        several(part, 0).map(lambda items: nodes.Build(Kind.BAG, items, 0, 0)),
        st.lists(st.tuples(KEYS, part), max_size=2).map(
            lambda pairs: nodes.Build(Kind.MAP, tuple(part for pair in pairs for part in pair), 0, 0)
        ),
    )  # fmt: skip


def placeless(part: Any) -> Any:
    """A tree without its spans."""
    if isinstance(part, tuple):
        return tuple(map(placeless, part))
    if not is_dataclass(part) or isinstance(part, type):
        return part
    zeros = {name: 0 for name in ("start", "end", "op_start", "op_end", "name_end") if hasattr(part, name)}
    return replace(part, **{one.name: placeless(getattr(part, one.name)) for one in fields(part)} | zeros)


@given(st.recursive(LEAVES, grown, max_leaves=25))
@EXAMPLES
def test_printing_then_parsing_gives_the_same_tree(node: Node) -> None:
    parsed = parse(to_text(node))
    assert parsed.node is not None, (to_text(node), parsed.findings)
    assert placeless(parsed.node) == node
    assert to_text(parsed.node) == to_text(node)


# --- any text ----------------------------------------------------------------------------------------------------------

WORDS = [
    "(", ")", "[", "]", "{", "}", ",", "#", ".", "::", "?", ":", "=", "==", "<", "!", "-", "+", "*", "/", "%", "$0",
    "$x", "'", "''",
    "'a'", '"', "\\", "1", "2L", ".5", "1e9", "a", "t", "m", "CASE", "WHEN", "THEN", "ELSE", "END", "IN", "is",
    "null", "NOT", "AND",
    "OR", "matches", "(int)", "UPPER", "TOMAP", "COALESCE", "ToDate", "--", "/*", "*/", " ", "\n", "\x00", "\ud800",
    "é", "😀", "\u00a0",
]  # fmt: skip
SOUP = st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join) | st.lists(st.sampled_from(WORDS), max_size=30).map(
    "".join
)
SCHEMA = Schema((Field("a", dtypes.INT), Field("t", DType(Kind.TUPLE)), Field("m", dtypes.MAP)))


@given(SOUP | st.text(max_size=40))
@settings(derandomize=True, deadline=None, max_examples=600)
def test_any_text_gives_a_tree_or_findings(text: str) -> None:
    parsed = parse(text)
    assert (parsed.node is None) is bool(parsed.findings)
    checked = check_expression(text, SCHEMA)
    assert checked.expr is not None or checked.findings
    for finding in checked.findings:
        assert finding.span is None or 0 <= finding.span.start <= finding.span.end <= len(text)


# --- values ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Leaf:
    """A value, and an expression that stands for it."""

    text: str
    value: Value | None
    kind: Kind


def number(kind: Kind, data: float, text: str) -> Leaf:
    return Leaf(text if data >= 0 else f"({text})", Value(kind, data), kind)


def constants(kind: Kind) -> list[Leaf]:
    none = Leaf(f"({kind.value})null", None, kind)
    match kind:
        case Kind.INT:
            return [none, *(number(kind, n, str(n)) for n in (0, 1, -1, 2, 7, -7, 100, 2**31 - 1, -(2**31)))]
        case Kind.LONG:
            return [none, *(number(kind, n, f"{n}L") for n in (0, 1, -1, 3, 10**10, -(10**12), 2**63 - 1, -(2**63)))]
        case Kind.FLOAT:
            singles = (0.0, 1.0, -1.5, 2.5, 16777216.0, 0.10000000149011612)
            return [none, *(number(kind, n, f"{n!r}F") for n in singles)]
        case Kind.DOUBLE:
            doubles = (0.0, 1.0, -0.5, 2.5, 0.1, 1e10, -1e20, 1e-5, 1e308, 123456.789)
            odd = [("(-0.0)", -0.0), ("(1e308*10)", math.inf), ("SQRT(-1.0)", math.nan)]
            return [
                none,
                *(number(kind, n, repr(n)) for n in doubles),
                *(Leaf(t, Value(kind, n), kind) for t, n in odd),
            ]
        case Kind.CHARARRAY:
            texts = (
                "",
                " ",
                "a",
                "Ab c",
                "12",
                " 2.5 ",
                "-7",
                "true",
                "é",
                "😀x",
                "2021-03-14",
                "a\nb",
                "x" * 30,
                "\t ß\n",
                "1e3",
            )
            return [none, *(Leaf(quote(text), Value(kind, text), kind) for text in texts)]
        case Kind.BOOLEAN:
            return [none, *(Leaf(str(one).lower(), Value(kind, one), kind) for one in (True, False))]
        case _:
            instants = (
                (0, 0),
                (-1, 0),
                (1615730966535, 60),
                (951782400000, -480),
                (253402300799999, 0),
                (-62135596800001, 330),
            )
            made = (
                f"SwitchTimeZone(ToDate({ms}L), '{'-' if o < 0 else '+'}{abs(o) // 60:02d}:{abs(o) % 60:02d}')"
                for ms, o in instants
            )
            return [none, *(Leaf(t, Value(kind, Instant(*one)), kind) for t, one in zip(made, instants, strict=True))]


I, L, F, D, S, B, T = (  # noqa: E741
    Kind.INT, Kind.LONG, Kind.FLOAT, Kind.DOUBLE, Kind.CHARARRAY, Kind.BOOLEAN, Kind.DATETIME,
)  # fmt: skip
SHAPES: dict[Kind, list[tuple[str, tuple[Kind, ...]]]] = {
    I: [
        ("{0} + {1}", (I, I)), ("{0} - {1}", (I, I)), ("{0} * {1}", (I, I)), ("{0} / {1}", (I, I)),
        ("{0} % {1}", (I, I)), ("-{0}", (I,)),
        ("(int){0}", (L,)), ("(int){0}", (D,)), ("(int){0}", (S,)), ("(int){0}", (B,)), ("(int){0}", (T,)),
        ("LENGTH({0})", (S,)),
        ("INDEXOF({0}, {1})", (S, S)), ("INDEXOF({0}, {1}, {2})", (S, S, I)), ("LAST_INDEX_OF({0}, {1})", (S, S)),
        ("ABS({0})", (I,)),
        ("ROUND({0})", (F,)), ("GetYear({0})", (T,)), ("GetWeek({0})", (T,)), ("GetHour({0})", (T,)),
        ("ParseIntOrDefault({0}, {1})", (S, I)),
    ],
    L: [
        ("{0} + {1}", (L, I)), ("{0} - {1}", (L, L)), ("{0} * {1}", (L, L)), ("{0} / {1}", (L, L)),
        ("{0} % {1}", (I, L)), ("-{0}", (L,)),
        ("(long){0}", (D,)), ("(long){0}", (F,)), ("(long){0}", (S,)), ("(long){0}", (T,)), ("SIZE({0})", (S,)),
        ("ROUND({0})", (D,)),
        ("ABS({0})", (L,)), ("ToUnixTime({0})", (T,)), ("DaysBetween({0}, {1})", (T, T)),
        ("MonthsBetween({0}, {1})", (T, T)),
        ("COUNT(TOBAG({0}, {1}))", (I, I)), ("SUM(TOBAG({0}, {1}))", (I, I)),
    ],
    F: [("{0} + {1}", (F, F)), ("{0} / {1}", (F, I)), ("{0} * {1}", (F, L)), ("(float){0}", (D,)),
    ("(float){0}", (S,)), ("-{0}", (F,))],
    D: [
        ("{0} + {1}", (D, I)), ("{0} - {1}", (D, D)), ("{0} * {1}", (D, F)), ("{0} / {1}", (D, D)),
        ("{0} / {1}", (L, D)), ("-{0}", (D,)),
        ("(double){0}", (L,)), ("(double){0}", (S,)), ("(double){0}", (F,)), ("(double){0}", (T,)),
        ("CEIL({0})", (D,)), ("FLOOR({0})", (D,)),
        ("SQRT({0})", (D,)), ("LOG({0})", (D,)), ("EXP({0})", (I,)), ("ABS({0})", (D,)), ("SIN({0})", (D,)),
        ("ACOS({0})", (D,)),
        ("AVG(TOBAG({0}, {1}))", (I, I)),
    ],
    S: [
        ("CONCAT({0}, {1})", (S, S)), ("SUBSTRING({0}, {1}, {2})", (S, I, I)), ("UPPER({0})", (S,)),
        ("LOWER({0})", (S,)), ("TRIM({0})", (S,)),
        ("LTRIM({0})", (S,)), ("RTRIM({0})", (S,)), ("UCFIRST({0})", (S,)), ("(chararray){0}", (I,)),
        ("(chararray){0}", (D,)),
        ("(chararray){0}", (F,)), ("(chararray){0}", (B,)), ("(chararray){0}", (T,)),
        ("REPLACE({0}, '[a-c]+', '<$0>')", (S,)),
        ("REGEX_EXTRACT({0}, '(\\\\d+)(x)?', 1)", (S,)), ("REGEX_EXTRACT({0}, '\\\\w+', 0)", (S,)),
        ("ToString({0}, 'yyyy-MM-dd HH:mm')", (T,)),
        ("ToString({0})", (T,)), ("STRSPLIT({0}, '-').$0", (S,)), ("['k'#{0}]#'k'", (S,)), ("({0}, {1}).$1", (I, S)),
    ],
    B: [
        *((f"{{0}} {op} {{1}}", (kind, kind)) for op in ("==", "!=", "<", "<=", ">", ">=") for kind in (I, D, S, T)),
        ("{0} == {1}", (B, B)), ("{0} < {1}", (I, D)), ("{0} >= {1}", (F, L)), ("{0} AND {1}", (B, B)),
        ("{0} OR {1}", (B, B)), ("NOT {0}", (B,)),
        ("{0} is null", (D,)), ("{0} is not null", (S,)), ("{0} IN ({1}, {2})", (I, I, L)),
        ("{0} IN ({1}, {2})", (S, S, S)),
        ("{0} matches '[A-Za-z ]*'", (S,)), ("{0} matches '(?=.*a).*'", (S,)), ("STARTSWITH({0}, {1})", (S, S)),
        ("(boolean){0}", (S,)),
        ("(boolean){0}", (D,)), ("EqualsIgnoreCase({0}, {1})", (S, S)), ("({0}, {1}) == ({0}, {2})", (I, S, S)),
    ],
    T: [
        ("ToDate({0})", (L,)), ("(datetime){0}", (I,)), ("AddDuration({0}, 'P1MT1H')", (T,)),
        ("SubtractDuration({0}, 'P1Y1D')", (T,)),
        ("SwitchTimeZone({0}, '+02:00')", (T,)), ("ParseDate({0}, 'yyyy-MM-dd')", (S,)),
        ("ToDate({0}, 'yyyy-MM-dd')", (S,)), ("(datetime){0}", (S,)), ("CurrentTime()", ()),
    ],
}  # fmt: skip
ANY: list[tuple[str, Callable[[Kind], tuple[Kind, ...]]]] = [
    ("CASE WHEN {0} THEN {1} ELSE {2} END", lambda kind: (B, kind, kind)),
    ("CASE WHEN {0} THEN {1} WHEN {2} THEN {3} END", lambda kind: (B, kind, B, kind)),
    ("CASE {0} WHEN {1} THEN {2} ELSE {3} END", lambda kind: (I, I, kind, kind)),
    ("({0} ? {1} : {2})", lambda kind: (B, kind, kind)),
    ("COALESCE({0}, {1})", lambda kind: (kind, kind)),
    ("CASE WHEN {0} is null THEN {1} ELSE {0} END", lambda kind: (kind, kind)),
]


@dataclass(frozen=True)
class Made:
    """An expression twice: over constants, and over fields; and the values of the fields."""

    constant: str
    over_fields: str
    values: tuple[Leaf, ...]


@st.composite
def made_up(draw: st.DrawFn) -> Made:
    values: list[Leaf] = []

    def grow(kind: Kind, depth: int) -> tuple[str, str]:
        if depth == 0 or draw(st.integers(0, 3)) == 0:
            leaf = draw(st.sampled_from(CONSTANTS[kind]))
            values.append(leaf)
            return leaf.text, f"f{len(values) - 1}"
        if draw(st.integers(0, 4)) == 0:
            shape, kinds_of = draw(st.sampled_from(ANY))
            kinds = kinds_of(kind)
        else:
            shape, kinds = draw(st.sampled_from(SHAPES[kind]))
        parts = [grow(one, depth - 1) for one in kinds]
        inside = [(f"({a})", f"({b})") for a, b in parts]
        return shape.format(*(a for a, _ in inside)), shape.format(*(b for _, b in inside))

    kind = draw(st.sampled_from(list(SHAPES)))
    constant, over_fields = grow(kind, draw(st.integers(1, 3)))
    return Made(constant, over_fields, tuple(values))


CONSTANTS = {kind: constants(kind) for kind in SHAPES}
FAILED = Value(Kind.BYTEARRAY, b"failed")


def same(left: Value | None, right: Value | None) -> bool:
    """Equal, NaN to itself, -0.0 not to 0.0; a double that DuckDB folded may end in another digit."""
    if FAILED in (left, right):
        return True
    if left is None or right is None:
        return left is right
    if left.kind is not right.kind:
        return False
    if isinstance(left.data, float):
        return repr(left.data) == repr(right.data) or math.isclose(left.data, right.data, rel_tol=1e-14)
    return bool(left == right)


def outcome(compute: Callable[[], Value | None]) -> Value | None:
    """The value, or that there is none because the job fails: what is known beforehand may spare it that."""
    try:
        return compute()
    except PenstockError:
        return FAILED


def typed(text: str, given_fields: Schema) -> Expr:
    checked = check_expression(text, given_fields)
    assert checked.expr is not None, (text, [one.sentence() for one in checked.findings])
    return checked.expr


@pytest.fixture(scope="module")
def database() -> tuple[duckdb.DuckDBPyConnection, Functions]:
    connection = duckdb.connect(":memory:", config={"threads": "1"})
    return connection, Functions(connection)


def in_layers(
    database: tuple[duckdb.DuckDBPyConnection, Functions],
    expr: Expr,
    given_fields: Schema,
    record: dict[str, Value | None],
) -> Value | None:
    """The value that a Select computes, over a record that comes out of a table."""
    connection, functions = database
    columns = (
        ", ".join(f"{literal(record[one.name], one.dtype)} AS {column_of(one.name)}" for one in given_fields)
        or "1 AS one"
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE given AS SELECT {columns}")
    sql = layered([expr], ["v"], lambda one: render(one, CONTEXT), column_of).over("given")
    functions.need(sql)
    try:
        (raw,) = connection.execute(sql).fetchone() or (None,)
    except duckdb.Error as error:
        raise functions.failure.take() or error from error
    return to_value(raw, expr.dtype)


@given(made=made_up())
@settings(derandomize=True, deadline=None, max_examples=300)
def test_a_value_does_not_depend_on_where_its_parts_stand(
    made: Made, database: tuple[duckdb.DuckDBPyConnection, Functions]
) -> None:
    sure = Schema(
        tuple(Field(f"f{at}", DType(one.kind), nullable=one.value is None) for at, one in enumerate(made.values))
    )
    record = {f"f{at}": one.value for at, one in enumerate(made.values)}
    constant, over_fields = typed(made.constant, Schema()), typed(made.over_fields, sure)
    assert constant.dtype == over_fields.dtype
    from_constants = outcome(lambda: evaluate((constant,), Schema(), {}, CONTEXT)[0])
    from_fields = outcome(lambda: evaluate((over_fields,), sure, record, CONTEXT)[0])
    from_layers = outcome(lambda: in_layers(database, over_fields, sure, record))
    assert same(from_constants, from_fields), (from_constants, from_fields)
    assert same(from_fields, from_layers), (from_fields, from_layers)
    for expr, value in ((constant, from_constants), (over_fields, from_fields), (over_fields, from_layers)):
        assert value is not None or expr.nullable
