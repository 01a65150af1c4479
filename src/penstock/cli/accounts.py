"""`penstock account`: what an operator says about an account of the store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from penstock import settings as settings_module
from penstock.kit.clock import system_clock
from penstock.services import accounts
from penstock.services.session import open_store
from penstock.wiring import places


def command(
    account: Annotated[str, typer.Argument(help="Text identifier of the account.")],
    payment_required: Annotated[
        bool, typer.Option("--payment-required/--paid", help="Whether the account must settle its billing first.")
    ],
    data_dir: Annotated[Path | None, typer.Option(help="Data directory of the server, for a SQLite store.")] = None,
) -> None:
    """Mark an account: with --payment-required new jobs and clusters are answered with 402, until --paid.

    Example: penstock account acme --payment-required
    """
    sessions = open_store(places.database_url(settings_module.load(data_dir=data_dir)))
    with sessions.write() as uow:
        accounts.set_payment_required(uow, account, payment_required, system_clock())
    sessions.close()
    typer.echo(f"The account '{account}' is marked as {'payment required' if payment_required else 'paid'}.")
