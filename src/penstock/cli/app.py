"""The `penstock` command and its groups. A command's module is loaded when the command is called: each brings its own
libraries, and an expression should not wait for a web server's."""

from __future__ import annotations

import inspect
import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from penstock.errors import PenstockError

COMMANDS = {
    "serve": ("serve", "command"),
    "worker": ("work", "command"),
    "run": ("run", "command"),
    "validate": ("check", "command"),
    "explain": ("explain", "command"),
    "preview": ("preview", "command"),
    "test": ("testing", "command"),
    "fmt": ("formatting", "command"),
    "eval": ("evaluate", "command"),
    "functions": ("functions", "command"),
    "presets": ("presets", "command"),
    "import": ("exchange", "import_command"),
    "export": ("exchange", "export_command"),
    "openapi": ("document", "command"),
    "settings": ("show_settings", "command"),
    "account": ("accounts", "command"),
    "watermarks": ("watermarks", "command"),
    "connections": ("connections", "group"),
    "connectors": ("connectors", "group"),
    "keys": ("keys", "group"),
}
"""Command to module in this room and function; a `group` gives commands of its own."""


class _Lazy(TyperGroup):
    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 -- the base class names it
        """Return the names of the commands, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 -- the base class names it
        """Return a command, its module loaded; None for a name that is none."""
        if cmd_name not in COMMANDS:
            return None
        module, function = COMMANDS[cmd_name]
        made = getattr(import_module(f"penstock.cli.{module}"), function)
        if function == "group":
            group = typer.main.get_command(made())
            group.name, group.help = cmd_name, inspect.getdoc(made)
            return group
        alone = typer.Typer(rich_markup_mode="rich", pretty_exceptions_enable=False)
        alone.command(cmd_name)(made)
        return typer.main.get_command(alone)


app = typer.Typer(
    name="penstock", cls=_Lazy, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="rich"
)


@app.callback()
def penstock() -> None:
    """An ETL service that teams run themselves."""


def main() -> None:
    """Run the command line; an expected error is one line on standard error and exit code 2."""
    try:
        app()
    except PenstockError as error:
        sys.stderr.write(f"penstock: {error.message}\n")
        raise SystemExit(2) from error
