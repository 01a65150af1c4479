"""`penstock run`: a package file, with no server and no database."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from penstock import settings as settings_module
from penstock.cli import state as states
from penstock.cli.findings import json_of, lines_of
from penstock.cli.orders import EngineName, Master, Secrets
from penstock.cli.packages import PackageFile, pairs, read_connections, read_package, read_secrets
from penstock.cli.state import State
from penstock.domain.diagnostic import Diagnostic
from penstock.errors import BadRequest, JobStopped, PackageInvalid, PenstockError
from penstock.kit.lines import one_line
from penstock.plan.ports import Engine
from penstock.runtime.execute import OpenGate, Order, execute
from penstock.runtime.limits import memory_for_jobs
from penstock.runtime.outputs import Published
from penstock.wiring import engines, jobs, places

COMPLETED, FAILED, INVALID, STOPPED = 0, 1, 2, 130


class Screen:
    """Shows progress on a terminal, and keeps what `--json` prints."""

    def __init__(self, console: Console, quiet: bool) -> None:
        self.console = console
        self.quiet = quiet
        self.values: dict[str, Any] = {}
        self.sources: dict[str, int] = {}
        self.lines: list[tuple[str, str]] = []
        self.bars = Progress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[records]:>14}"), TimeElapsedColumn(),
            console=console, transient=True, disable=quiet or not console.is_terminal,
        )  # fmt: skip
        self.tasks: dict[str, TaskID] = {}

    def log(self, level: str, line: str) -> None:
        """Print a line as it comes."""
        self.lines.append((level, line))
        if not self.quiet:
            self.console.print(f"{level:>7}  {line}", markup=False, highlight=False)

    def progress(self, fraction: float) -> None:
        """Move the bar of the whole job."""
        self._bar("job", fraction, "")

    def source(self, component: str, records: int) -> None:
        """Show how many records a source has given."""
        self.sources[component] = records
        self._bar(component, None, f"{records:,} read")

    def output(self, component: str, records: int | None, progress: float | None) -> None:
        """Show how many records an output has taken."""
        self._bar(component, progress, "" if records is None else f"{records:,} written")

    def variables(self, values: Mapping[str, Any]) -> None:
        """Keep the values of the variables."""
        self.values = dict(values)

    def outputs(self, outputs: Sequence[Mapping[str, Any]]) -> None:
        """Draw a bar for each output."""
        for one in outputs:
            self._bar(str(one["component"]), 0.0, "")

    def staged(self, folders: Sequence[str]) -> None:
        """Nothing to show: the folders are removed by this process."""

    def stands(self, component: str, sentence: str) -> None:
        """Nothing to show: nobody goes on with it, and what fails says it."""

    def watermarks(self, moves: Sequence[Mapping[str, Any]]) -> None:
        """Nothing to show: they are kept once the job is done."""

    def _bar(self, name: str, fraction: float | None, records: str) -> None:
        if name not in self.tasks:
            shown = escape(one_line(name))
            self.tasks[name] = self.bars.add_task(shown, total=1.0 if fraction is not None else None, records=records)
        if fraction is None:
            self.bars.update(self.tasks[name], records=records)
        else:
            self.bars.update(self.tasks[name], completed=fraction, total=1.0, records=records)


def command(
    file: Annotated[Path, typer.Argument(help="Package file, JSON or YAML.")],
    var: Annotated[list[str] | None, typer.Option("--var", help="Static variable, NAME=VALUE.")] = None,
    dynamic_var: Annotated[list[str] | None, typer.Option("--dynamic-var", help="Variable, NAME=EXPRESSION.")] = None,
    connections: Annotated[Path | None, typer.Option(help="JSON or TOML: unique ids or names to connections.")] = None,
    secrets: Secrets = None,
    engine: EngineName = "duckdb",
    master: Master = None,
    memory: Annotated[str | None, typer.Option(help="Memory for the engine, such as 2G.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads for the engine.")] = None,
    state: Annotated[Path | None, typer.Option(help="File that keeps the watermarks of incremental sources.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Run a package file without a server.

    Exit code 0 completed, 1 failed, 2 invalid, 130 stopped.

    Example: penstock run flights.yaml --connections connections.toml --var min_delay=15
    """
    package = read_package(file)
    try:
        size = settings_module.parse_size(memory) if memory else memory_for_jobs()
    except ValueError:
        raise BadRequest(f"--memory takes a size such as 2G, not '{memory}'.") from None
    loaded = settings_module.load()
    token = f"run-{os.getpid()}-{time.time_ns()}"
    runner = engines.engine_named(engine, master=master, application=f"penstock {token}", memory_bytes=size)
    order = Order(
        token=token,
        flow=package.flow,
        now=datetime.now(UTC).isoformat(),
        package_variables=package.variables,
        variables=pairs(var or [], "--var"),
        dynamic_variables=pairs(dynamic_var or [], "--dynamic-var"),
        predefined={"_PACKAGE_NAME": package.name},
        secret_variables=read_secrets(secrets, package),
        connections=read_connections(connections),
        memory_bytes=size,
        threads=threads or os.cpu_count() or 1,
        outbound=loaded.outbound_allow or "",
        presets=places.presets(loaded),
    )
    if state is None:
        raise typer.Exit(_run(order, package, runner, as_json))
    with states.opened(state, package.name) as kept:
        order = Order(**{**order.to_json(), "watermarks": kept.watermarks})
        raise typer.Exit(_run(order, package, runner, as_json, kept))


def _run(order: Order, package: PackageFile, engine: Engine, as_json: bool, kept: State | None = None) -> int:
    console = Console(stderr=as_json, highlight=False)
    screen = Screen(console, quiet=as_json)
    started = time.monotonic()
    status, errors = "completed", ""
    diagnostics: tuple[Diagnostic, ...] = ()
    made: tuple[Published, ...] = ()
    loaded = settings_module.load()
    # The connections are those of whoever runs this, so nobody needs to be kept from a place unless it is said.
    roots, allow = loaded.file_roots, loaded.outbound_allow
    signal.signal(signal.SIGINT, lambda _number, _frame: engine.interrupt())
    signal.signal(signal.SIGTERM, lambda _number, _frame: engine.interrupt())
    code = COMPLETED
    with tempfile.TemporaryDirectory(prefix="penstock-") as scratch, screen.bars:
        order = Order(**{**order.to_json(), "scratch": scratch})
        try:
            package.require()
            result = execute(
                order,
                engine,
                jobs.connectors(roots, allow=allow, taps=loaded.singer_taps),
                screen,
                OpenGate(),
                jobs.databases(allow),
            )
            if kept is not None:
                kept.move(result.watermarks)
            made = result.outputs
        except PackageInvalid as error:
            status, errors, code = "invalid", error.message, INVALID
            diagnostics = error.diagnostics
        except PenstockError as error:
            status, errors, code = "failed", error.message, FAILED
        except JobStopped:
            status, errors, code = "stopped", "The job was stopped.", STOPPED
    took = time.monotonic() - started
    if as_json:
        answer = {
            "status": status, "errors": errors, "outputs": [_receipt(one) for one in made],
            "sources": screen.sources, "variables": screen.values,
            "diagnostics": [json_of(one, package) for one in diagnostics], "runtime_in_seconds": round(took, 3),
        }  # fmt: skip
        sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
    else:
        found = [line for one in diagnostics for line in lines_of(one, package)]
        _show(console, status, errors, found, made, took)
    return code


def _receipt(one: Published) -> dict[str, Any]:
    return {
        "component": {"name": one.component, "type": one.component_type, "fields": list(one.fields)},
        "name": one.name,
        "records_count": one.records,
        "files": list(one.files),
        "receipt": dict(one.receipt),
    }


def _show(
    console: Console,
    status: str,
    errors: str,
    found: list[str],
    made: tuple[Published, ...],
    took: float,
) -> None:
    if made:
        table = Table("output", "records", "files", title=f"{status} in {took:.2f} s", title_justify="left")
        for one in made:
            table.add_row(Text(one_line(one.component)), f"{one.records:,}", Text("\n".join(map(one_line, one.files))))
        console.print(table)
        return
    console.print(f"[bold red]{status}[/] after {took:.2f} s")
    console.print("\n".join(found) or one_line(errors), markup=False, soft_wrap=True)
