"""`penstock validate`: every finding about a package file, without starting an engine."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from penstock import settings
from penstock.cli.findings import json_of, lines_of
from penstock.cli.packages import pairs, read_package
from penstock.domain.diagnostic import Severity
from penstock.lang import Given, resolve, validate_package
from penstock.lang.presets import known as known_presets
from penstock.wiring import engines, places


def command(
    file: Annotated[Path, typer.Argument(help="Package file, JSON or YAML.")],
    var: Annotated[list[str] | None, typer.Option("--var", help="Static variable, NAME=VALUE.")] = None,
    dynamic_var: Annotated[list[str] | None, typer.Option("--dynamic-var", help="Variable, NAME=EXPRESSION.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list of diagnostics.")] = False,
) -> None:
    """Check a package file and show every finding. Exit code 0 when it may run, 2 when not.

    Example: penstock validate flights.yaml --json
    """
    package = read_package(file)
    given = Given(
        package.variables, pairs(var or [], "--var"), pairs(dynamic_var or [], "--dynamic-var"), {},
        dict.fromkeys(package.secrets),
    )  # fmt: skip
    found = package.findings
    if package.raw or not package.findings:
        said = {(one.code, one.component_id, one.field) for one in found}
        known = known_presets(places.presets(settings.load()))
        rest = validate_package(package.flow, resolve(given), gaps=engines.engine().gaps, presets=known)
        found += tuple(one for one in rest if (one.code, one.component_id, one.field) not in said)
    if as_json:
        sys.stdout.write(json.dumps([json_of(one, package) for one in found], ensure_ascii=False) + "\n")
    else:
        console = Console(highlight=False, soft_wrap=True)
        for one in found:
            console.print("\n".join(lines_of(one, package)), markup=False)
        errors = sum(one.severity is Severity.ERROR for one in found)
        counted = (
            f"{errors} error{'s' * (errors != 1)}" if errors else "nothing to report" if not found else "no errors"
        )
        console.print(f"{file}: {counted}.", markup=False)
    raise typer.Exit(2 if any(one.severity is Severity.ERROR for one in found) else 0)
