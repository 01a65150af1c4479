"""What commands that work on one package file have in common: the order they give, and how they show that it is invalid."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from penstock import settings as settings_module
from penstock.cli.findings import json_of, lines_of
from penstock.cli.packages import PackageFile, pairs, read_connections, read_secrets
from penstock.errors import PackageInvalid
from penstock.runtime.execute import Order
from penstock.runtime.limits import memory_for_jobs
from penstock.wiring import places

File = Annotated[Path, typer.Argument(help="Package file, JSON or YAML.")]
Var = Annotated[list[str] | None, typer.Option("--var", help="Static variable, NAME=VALUE.")]
DynamicVar = Annotated[list[str] | None, typer.Option("--dynamic-var", help="Variable, NAME=EXPRESSION.")]
Connections = Annotated[Path | None, typer.Option(help="JSON or TOML: unique ids or names to connections.")]
EngineName = Annotated[str, typer.Option("--engine", help="duckdb, or spark where it is installed.")]
Master = Annotated[str | None, typer.Option(help="Spark's master: local[2], spark://host:7077, sc://host:15002.")]
Secrets = Annotated[Path | None, typer.Option(help="JSON or TOML: names of secret variables to texts.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def order_of(
    package: PackageFile,
    var: list[str] | None,
    dynamic_var: list[str] | None,
    connections: Path | None = None,
    scratch: str = "",
    now: datetime | None = None,
    secrets: Path | None = None,
) -> Order:
    """Return the order for a package file. Raises PackageInvalid for one that could not be read, BadRequest."""
    package.require()
    return Order(
        token=f"look-{os.getpid()}",
        flow=package.flow,
        now=(now or datetime.now(UTC)).isoformat(),
        package_variables=package.variables,
        variables=pairs(var or [], "--var"),
        dynamic_variables=pairs(dynamic_var or [], "--dynamic-var"),
        predefined={"_PACKAGE_NAME": package.name},
        secret_variables=read_secrets(secrets, package),
        connections=read_connections(connections),
        memory_bytes=memory_for_jobs(),
        threads=os.cpu_count() or 1,
        scratch=scratch,
        presets=places.presets(settings_module.load()),
    )


def show_invalid(error: PackageInvalid, package: PackageFile, as_json: bool) -> None:
    """Print what is wrong with a package."""
    if as_json:
        found: list[Mapping[str, Any]] = [json_of(one, package) for one in error.diagnostics]
        sys.stdout.write(json.dumps({"errors": error.message, "diagnostics": found}, ensure_ascii=False) + "\n")
        return
    lines = [line for one in error.diagnostics for line in lines_of(one, package)]
    sys.stderr.write("\n".join(lines or [error.message]) + "\n")
