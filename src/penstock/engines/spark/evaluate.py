"""Expressions over one record, on Spark: what the console, variables and tests need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from penstock.engines.layers import layered
from penstock.engines.spark.errors import first_line, found_in
from penstock.engines.spark.expressions import render
from penstock.engines.spark.sentences import known
from penstock.engines.spark.session import Opened
from penstock.engines.spark.types import literal, quote, to_value
from penstock.errors import DataError
from penstock.plan.exprs import Expr
from penstock.plan.ports import Context
from penstock.plan.schema import Schema
from penstock.plan.values import Value


def evaluate(
    opened: Opened, exprs: Sequence[Expr], given: Schema, record: Mapping[str, Value | None], context: Context
) -> tuple[Value | None, ...]:
    """Return the values of expressions over one record of *given*; a missing field is null.

    Raises DataError with one plain sentence when an expression fails the job.
    """
    columns = [f"{literal(record.get(field.name), field.dtype)} AS {quote(field.name)}" for field in given]
    # In layers: Spark takes minutes to read a text in which guards within guards repeat what they guard.
    names = [f"v{index}" for index in range(len(exprs))]
    layers = layered(exprs, names, partial(render, context=context), quote)
    sql = layers.over(f"(SELECT {', '.join(columns) or '1 AS one'})")
    desk = opened.console
    try:
        desk.functions.need(sql, context.ask)
        row = desk.session.sql(sql).collect()[0]
    except opened.access.failures as error:
        found = found_in(str(error))
        if found is not None:
            raise found[0] from error
        raise known(error, opened.access) or DataError(
            f"The expression cannot be computed: {first_line(error)}"
        ) from error
    return tuple(to_value(raw, expr.dtype) for raw, expr in zip(row, exprs, strict=True))
