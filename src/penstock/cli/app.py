"""The `penstock` command and its groups."""

from __future__ import annotations

import sys

import typer

from penstock.cli import check, evaluate, run
from penstock.errors import PenstockError

app = typer.Typer(
    name="penstock",
    help="An ETL service that teams run themselves.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command("run")(run.command)
app.command("validate")(check.command)
app.command("eval")(evaluate.command)


def main() -> None:
    """Run the command line; an expected error is one line on standard error and exit code 2."""
    try:
        app()
    except PenstockError as error:
        sys.stderr.write(f"penstock: {error.message}\n")
        raise SystemExit(2) from error
