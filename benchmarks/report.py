"""The table in `docs/benchmarks.md`: what stands between its marks is replaced, the rest is written by people."""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

from benchmarks.measure import Line

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
BEGIN, END = "<!-- table: written by make bench -->", "<!-- end of table -->"
FORMS = PAGE.with_name("shared-forms.md")
FORMS_HEAD = ("Form", "In", "Embedded engine", "Spark local[2]")
HEAD = ("Measured", "Penstock", "Beside it", "Ratio", "Aim", "Met")


def rows(lines: Sequence[Line]) -> list[tuple[str, ...]]:
    """Return the cells of the table."""
    return [(one.name, one.ours, one.theirs, _ratio(one), one.aim, _met(one)) for one in lines]


def _ratio(line: Line) -> str:
    return "–" if line.ratio is None else f"{line.ratio:.2f}×"


def _met(line: Line) -> str:
    return "–" if line.met is None else "yes" if line.met else "**no**"


def write(lines: Sequence[Line], command: str) -> None:
    """Put the lines into the page, in the place of those of the same parts; those of other parts stay."""
    text = PAGE.read_text("utf-8") if PAGE.exists() else f"# Benchmarks\n\n{BEGIN}\n{END}\n"
    before, _, rest = text.partition(BEGIN)
    old, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{_section(lines, old, command)}{END}{after}", "utf-8")


def write_forms(rows: Sequence[tuple[str, str, str, str]], command: str) -> None:
    """Put what shared forms cost, as `FORMS_HEAD` says, into the page of their own."""
    # A bar would end the cell of the table.
    cells = [(f"`{form}`", f"`{example}`".replace("|", "\\|"), *costs) for form, example, *costs in rows]
    lines = ["| " + " | ".join(row) + " |" for row in (FORMS_HEAD, ("---",) * len(FORMS_HEAD), *cells)]
    before, _, rest = FORMS.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    table = "\n".join(lines)
    FORMS.write_text(f"{before}{BEGIN}\n\n{table}\n\n{_machine()}\n\nCommand: `{command}`.\n\n{END}{after}", "utf-8")


def _section(lines: Sequence[Line], old: str, command: str) -> str:
    run = {_part(one.name) for one in lines}
    kept = [line for line in old.splitlines() if line.startswith("| (") and _part(line[2:]) not in run]
    made = ["| " + " | ".join(row) + " |" for row in rows(lines)]
    head = ["| " + " | ".join(row) + " |" for row in (HEAD, ("---",) * len(HEAD))]
    cells = "\n".join([*head, *sorted([*kept, *made], key=lambda line: _part(line[2:]))])
    said = f"Command: `{command}`" + ("; what it does not measure stands as it was measured before" if kept else "")
    return f"\n{cells}\n\n{_machine()}\n\n{said}.\n\n"


def _part(name: str) -> str:
    """Return the letter of a line, such as `b`."""
    return name[1]


def _machine() -> str:
    memory = psutil.virtual_memory().total / (1 << 30)
    names = ("penstock", "duckdb", "pyarrow", "fastapi", "uvicorn", "sqlalchemy")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    machine = f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB of memory, {platform.system()}"
    python = f"Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}"
    return f"Machine: {machine}. {python}, {versions}. Measured on {datetime.now(UTC):%Y-%m-%d}."
