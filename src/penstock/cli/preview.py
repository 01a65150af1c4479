"""`penstock preview`: records at any component of a package file."""

from __future__ import annotations

import json
import signal
import sys
import tempfile
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from penstock import settings as settings_module
from penstock.cli.orders import (
    AsJson,
    Connections,
    DynamicVar,
    EngineName,
    File,
    Master,
    Secrets,
    Var,
    order_of,
    show_invalid,
)
from penstock.cli.packages import read_package
from penstock.cli.values import show_value
from penstock.errors import PackageInvalid
from penstock.lang.document import read
from penstock.plan.dtypes import Kind
from penstock.plan.values import Value
from penstock.runtime.look import Preview, preview
from penstock.wiring import engines, jobs

MOST = 100
"""How many records a preview shows at most."""


def command(
    file: File,
    component: Annotated[str, typer.Argument(help="Name of a component.")],
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="How many records.")] = 10,
    var: Var = None,
    dynamic_var: DynamicVar = None,
    connections: Connections = None,
    secrets: Secrets = None,
    engine: EngineName = "duckdb",
    master: Master = None,
    as_json: AsJson = False,
) -> None:
    """Show records as they leave a component, or arrive at a destination. Sources are read, nothing is written.

    What does not lead to the component may be unfinished. Exit code 0, or 2 when the package is invalid.

    Example: penstock preview flights.yaml described --connections connections.toml --limit 3
    """
    package = read_package(file)
    chosen = engines.engine_named(engine, master=master)
    signal.signal(signal.SIGINT, lambda _number, _frame: chosen.interrupt())
    loaded = settings_module.load()
    connectors = jobs.connectors(loaded.file_roots, allow=loaded.outbound_allow, taps=loaded.singer_taps)
    with tempfile.TemporaryDirectory(prefix="penstock-") as scratch:
        try:
            order = order_of(package, var, dynamic_var, connections, scratch, secrets=secrets)
            document, _ = read(package.flow)
            known = [node.name for node in document.components] if document is not None else []
            found = preview(order, component, limit, chosen, connectors, known)
        except PackageInvalid as error:
            show_invalid(error, package, as_json)
            raise typer.Exit(2) from None
    if as_json:
        sys.stdout.write(json.dumps(_json(found), ensure_ascii=False) + "\n")
    else:
        _show(found)


def _json(found: Preview) -> dict[str, Any]:
    names = found.schema.names
    return {
        "fields": [
            {"name": field.name, "type": str(field.dtype), "nullable": field.nullable} for field in found.schema
        ],
        "rows": [{name: show_value(one) for name, one in zip(names, row, strict=True)} for row in found.rows],
    }


def _show(found: Preview) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=10_000)
    table = Table(*(f"{field.name}\n[dim]{field.dtype}[/]" for field in found.schema), box=None, title_justify="left")
    for row in found.rows:
        table.add_row(*(_cell(one) for one in row))
    console.print(table)


def _cell(value: Value | None) -> str:
    if value is None:
        return "[dim]null[/]"
    raw = show_value(value)
    if value.kind is Kind.DATETIME:
        raw = raw["$datetime"]
    text = raw if isinstance(raw, str) else json.dumps(raw, ensure_ascii=False)
    return "".join(char if char.isprintable() else "·" for char in text).replace("[", "\\[")
