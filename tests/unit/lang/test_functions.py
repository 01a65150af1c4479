"""The function table: signatures from words, and rows that agree with the engine and with one another."""

from __future__ import annotations

import pytest

from penstock.engines.duckdb.dialect import TEMPLATES
from penstock.engines.strict import FAILS
from penstock.lang.check.expressions import check_expression
from penstock.lang.functions import FUNCTIONS, NOT_YET, REFUSED
from penstock.lang.functions.signature import ACCEPTS, Nulls, function, signature
from penstock.plan import dtypes
from penstock.plan.exprs import OPERATORS, Call, Expr
from penstock.plan.schema import Schema


def test_a_signature_from_words() -> None:
    made = signature("text int? any*", "boolean")
    assert (made.least, made.most, made.result) == (1, None, dtypes.BOOLEAN)
    assert [made.parameter(at).accepts for at in range(5)] == ["text", "int", "any", "any", "any"]
    assert str(made) == "text, [int], [any…]"
    assert (signature("", "text").least, signature("", "text").most) == (0, 0)


def test_a_row_from_words() -> None:
    row = function("F", "text", "int -> int | text text? -> text", "Does.", "F(1)", "1", Nulls.MAYBE)
    assert [(str(one), one.least, one.most) for one in row.signatures] == [("int", 1, 1), ("text, [text]", 1, 2)]


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_row_is_whole(name: str) -> None:
    row = FUNCTIONS[name]
    assert row.name == name
    assert row.help.endswith(".")
    assert row.signatures
    for one in row.signatures:
        assert all(parameter.accepts in ACCEPTS for parameter in one.parameters)
        assert not any(parameter.repeated for parameter in one.parameters[:-1])
        optional = [parameter.optional for parameter in one.parameters]
        assert optional == sorted(optional)
    example = check_expression(row.example, Schema()).expr
    assert example is not None
    assert name in called(example)
    assert check_expression(row.gives, Schema()).expr is not None


def called(expr: Expr) -> set[str]:
    inside: set[str] = set()
    for part in getattr(expr, "args", ()) or ((expr.arg,) if hasattr(expr, "arg") else ()):
        inside |= called(part)
    return inside | ({expr.function} if isinstance(expr, Call) else set())


def test_the_engine_has_every_function_and_operator_and_no_other() -> None:
    compared = {"eq", "ne", "lt", "le", "gt", "ge"}
    assert set(TEMPLATES) == set(FUNCTIONS) | (set(OPERATORS) - compared)


def test_what_is_not_there_yet_is_not_there() -> None:
    assert not set(NOT_YET) & set(FUNCTIONS)
    assert not set(REFUSED) & (set(FUNCTIONS) | set(NOT_YET))


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_is_not_offered_says_what_to_use(name: str) -> None:
    (finding,) = check_expression(f"{name}('a')", Schema()).findings
    assert finding.code == "PK610"
    assert name in finding.message
    assert ". " in finding.message


def test_a_group_of_parameters() -> None:
    made = signature("any (any text)* text", "text")
    assert [made.takes(count) for count in range(7)] == [False, False, False, False, True, False, True]
    assert [made.parameter(at, 6).accepts for at in range(6)] == ["any", "any", "text", "any", "text", "text"]


def test_strict_errors_are_of_functions_that_exist() -> None:
    assert set(FAILS) <= set(FUNCTIONS)
