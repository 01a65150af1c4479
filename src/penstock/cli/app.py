"""The `penstock` command and its groups."""

from __future__ import annotations

import sys

import typer

from penstock.cli import accounts, check, document, evaluate, exchange, run, serve, show_settings, work
from penstock.errors import PenstockError

app = typer.Typer(
    name="penstock",
    help="An ETL service that teams run themselves.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command("serve")(serve.command)
app.command("worker")(work.command)
app.command("run")(run.command)
app.command("validate")(check.command)
app.command("eval")(evaluate.command)
app.command("import")(exchange.import_command)
app.command("export")(exchange.export_command)
app.command("openapi")(document.command)
app.command("settings")(show_settings.command)
app.command("account")(accounts.command)


def main() -> None:
    """Run the command line; an expected error is one line on standard error and exit code 2."""
    try:
        app()
    except PenstockError as error:
        sys.stderr.write(f"penstock: {error.message}\n")
        raise SystemExit(2) from error
