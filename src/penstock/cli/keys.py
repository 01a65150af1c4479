"""`penstock keys`: the keys that secrets are sealed with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from penstock import settings as settings_module
from penstock.errors import BadRequest
from penstock.kit.sealing import Seal, make_key
from penstock.services import sealed
from penstock.services.session import Sessions, open_store
from penstock.settings import Settings
from penstock.wiring import places

DATA_DIR = Annotated[Path | None, typer.Option(help="Data directory of the server.")]


def group() -> typer.Typer:
    """Keys that secrets are sealed with in the store: which there are, and how they are changed.

    Example: penstock keys rotate --data-dir /var/lib/penstock
    """
    made = typer.Typer(
        no_args_is_help=True, rich_markup_mode="rich", pretty_exceptions_enable=False, add_completion=False
    )
    for command in (show, rotate, reseal, new):
        made.command()(command)
    return made


def show(data_dir: DATA_DIR = None) -> None:
    """List the keys by name, the one that seals first, and how many secrets each has sealed.

    Example: penstock keys show
    """
    settings, seal = _opened(data_dir)
    sessions = _store(settings)
    used = sealed.used(sessions)
    sessions.close()
    for name in seal.keys:
        typer.echo(f"{name}  {'seals' if name == seal.keys[0] else 'opens'}    {used.pop(name, 0)} secrets")
    for name, count in sorted(used.items()):
        typer.echo(f"{name}  is lost  {count} secrets")


def rotate(data_dir: DATA_DIR = None) -> None:
    """Make a new key in the data directory, and seal every secret anew with it. Processes that run need not end: they read
    the new key when they need it. Old keys stay in the file, for backups of the store.

    Exit code 1 where a secret cannot be opened.

    Example: penstock keys rotate --data-dir /var/lib/penstock
    """
    settings, _ = _opened(data_dir)
    places.add_sealing_key(settings)
    _reseal(settings)


def reseal(data_dir: DATA_DIR = None) -> None:
    """Seal every secret anew with the first key, batch by batch; what has it already is left alone.

    Exit code 1 where a secret cannot be opened.

    Example: PENSTOCK_SEALING_KEY=$NEW,$OLD penstock keys reseal
    """
    settings, _ = _opened(data_dir)
    _reseal(settings)


def new() -> None:
    """Print a new key, for PENSTOCK_SEALING_KEY.

    Example: penstock keys new
    """
    typer.echo(make_key())


def _opened(data_dir: Path | None) -> tuple[Settings, Seal]:
    settings = settings_module.load(data_dir=data_dir)
    seal = places.seal(settings)
    if not seal.has_key:
        raise BadRequest("There is no key here. Name the data directory of the server, or set PENSTOCK_SEALING_KEY.")
    return settings, seal


def _store(settings: Settings) -> Sessions:
    return open_store(places.database_url(settings))


def _reseal(settings: Settings) -> None:
    seal = places.seal(settings)
    sessions = _store(settings)
    done = sealed.reseal(sessions, seal)
    sessions.close()
    typer.echo(f"{done.anew} secrets were sealed anew with the key {seal.keys[0]}, {done.kept} had it already.")
    for name in done.closed:
        typer.echo(f"Cannot be opened, and has to be set anew: {name}.", err=True)
    raise typer.Exit(1 if done.closed else 0)
