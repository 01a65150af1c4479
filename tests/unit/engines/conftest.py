"""Expressions by text, through checker and engine, for the tests of what functions mean."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from penstock.engines.duckdb.evaluate import evaluate
from penstock.lang.check.expressions import check_expression
from penstock.plan import dtypes
from penstock.plan.dtypes import DType
from penstock.plan.ports import Context
from penstock.plan.schema import Field, Schema
from penstock.plan.values import Value

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ValueOf = Callable[..., Value | None]


@pytest.fixture(name="value_of")
def fixture_value_of() -> ValueOf:
    """Evaluate a text over fields given by name; *zone_minutes* and *strict* are those of the context."""

    def value_of(text: str, zone_minutes: int = 0, strict: bool = False, **fields: Value | None) -> Value | None:
        given = Schema(
            tuple(
                Field(name, dtypes.BYTEARRAY if value is None else DType(value.kind)) for name, value in fields.items()
            )
        )
        checked = check_expression(text, given)
        assert checked.expr is not None, [one.sentence() for one in checked.findings]
        return evaluate((checked.expr,), given, fields, Context(NOW, zone_minutes, strict))[0]

    return value_of


@pytest.fixture(name="plain")
def fixture_plain(value_of: ValueOf) -> Callable[..., object]:
    """As `value_of`, but only what is inside the value; null is None."""

    def plain(text: str, **given: object) -> object:
        value = value_of(text, **given)
        return None if value is None else value.data

    return plain
