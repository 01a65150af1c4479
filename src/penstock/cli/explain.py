"""`penstock explain`: the typed plan of a package file, and the SQL that an engine makes of it."""

from __future__ import annotations

import json
import sys

import typer

from penstock.cli.orders import AsJson, DynamicVar, EngineName, File, Var, order_of, show_invalid
from penstock.cli.packages import read_package
from penstock.errors import PackageInvalid
from penstock.plan.explain import explain
from penstock.runtime.execute import Order
from penstock.runtime.look import plan_of
from penstock.runtime.masking import MASKED
from penstock.wiring import engines


def command(
    file: File,
    var: Var = None,
    dynamic_var: DynamicVar = None,
    engine: EngineName = "duckdb",
    as_json: AsJson = False,
) -> None:
    """Show the typed plan of a package file and its SQL; nothing is read and nothing is written.

    Exit code 0, or 2 when the package is invalid.

    Example: penstock explain flights.yaml --var min_distance=500
    """
    package = read_package(file)
    chosen = engines.engine_named(engine)
    try:
        order = order_of(package, var, dynamic_var)
        # What is shown holds no secret, so none is asked for.
        order = Order(**{**order.to_json(), "secret_variables": dict.fromkeys(package.secrets, MASKED)})
        plan, _, _ = plan_of(order, chosen)
    except PackageInvalid as error:
        show_invalid(error, package, as_json)
        raise typer.Exit(2) from None
    text, sql = explain(plan), chosen.explain(plan)
    if as_json:
        sys.stdout.write(json.dumps({"engine": engine, "plan": text, "sql": sql}, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(f"{text}\n{sql}\n")
