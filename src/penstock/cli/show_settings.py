"""`penstock settings`: what is in force, and where it comes from."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import fields
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from penstock import settings as settings_module
from penstock.settings import Settings

SECRET = ("api_key", "sealing_key")


def command(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Print every setting with its value and its origin; secrets are not shown.

    Example: PENSTOCK_SLOTS=4 penstock settings
    """
    loaded = settings_module.load()
    rows = [
        (f"PENSTOCK_{one.name.upper()}", _shown(loaded, one.name), loaded.origins.get(one.name, "default"))
        for one in fields(Settings)
        if one.name != "origins"
    ]
    if as_json:
        made = {name: {"value": value, "origin": origin} for name, value, origin in rows}
        sys.stdout.write(json.dumps(made, ensure_ascii=False) + "\n")
        return
    table = Table("setting", "value", "from")
    for name, value, origin in rows:
        table.add_row(name, "" if value is None else str(value), origin)
    Console(highlight=False).print(table)


def _shown(loaded: Settings, name: str) -> Any:
    value = getattr(loaded, name)
    if value is not None and name in SECRET:
        return "***"
    if value is not None and name == "database_url":
        shown = re.sub(r"(://[^:/@]*):.*@", r"\1:***@", value)
        return re.sub(r"(?i)([?&][^=&]*pass[^=&]*=)[^&]*", r"\1***", shown)
    if isinstance(value, tuple):
        return ":".join(str(part) for part in value)
    if isinstance(value, Mapping):
        return ",".join(f"{one}={url}" for one, url in value.items()) or None
    return value if value is None or isinstance(value, int) else str(value)
