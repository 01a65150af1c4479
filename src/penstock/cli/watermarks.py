"""`penstock watermarks`: how far incremental sources have come."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from penstock import settings as settings_module
from penstock.cli import state as states
from penstock.errors import BadRequest
from penstock.services import watermarks
from penstock.services.session import open_store
from penstock.wiring import places

_SHOWN = ("component", "column", "value", "connection", "reads", "updated_at")


def command(
    package_id: Annotated[int | None, typer.Argument(help="Id of a package of the server.")] = None,
    state: Annotated[
        Path | None, typer.Option(help="File that penstock run keeps them in, in place of a server.")
    ] = None,
    reset: Annotated[str | None, typer.Option(help="Component whose watermarks are taken away.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Data directory of the server, for a SQLite store.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """Show how far the incremental sources of a package have come, or take a watermark away with --reset: the next job then
    reads everything. A job that runs meanwhile does not bring it back.

    Example: penstock watermarks 12 --reset orders
    """
    if (package_id is None) is (state is None):
        raise BadRequest("Say whose watermarks: the id of a package, or --state FILE.")
    found = _of_store(package_id, reset, data_dir) if package_id is not None else _of_file(state or Path(), reset)
    if isinstance(found, int):
        typer.echo(f"{found} watermark{'s' * (found != 1)} of '{reset}' taken away: its next job reads everything.")
    elif as_json:
        sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
    else:
        _show(found)


def _of_store(package_id: int, reset: str | None, data_dir: Path | None) -> list[dict[str, Any]] | int:
    sessions = open_store(places.database_url(settings_module.load(data_dir=data_dir)))
    try:
        with sessions.write() as uow:
            found = watermarks.shown(uow, package_id)
            return found if reset is None else watermarks.reset(uow, package_id, reset)
    finally:
        sessions.close()


def _of_file(path: Path, reset: str | None) -> list[dict[str, Any]] | int:
    if not path.is_file():
        raise BadRequest(f"There is no file '{path}'.")
    with states.opened(path) as kept:
        if reset is not None:
            return kept.reset(reset)
        return [
            {
                **{name: one[name] for name in _SHOWN if name in one},
                "column": one["mark"]["column"],
                "value": one["mark"]["value"],
            }
            for one in kept.watermarks
        ]


def _show(found: Sequence[Mapping[str, Any]]) -> None:
    if not found:
        typer.echo("There are no watermarks.")
        return
    table = Table(*(name.replace("_", " ") for name in _SHOWN))
    for one in found:
        table.add_row(*(str(one[name]) for name in _SHOWN))
    Console(highlight=False).print(table, markup=False)
