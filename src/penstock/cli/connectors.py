"""`penstock connectors`: what speaks to other systems, tried on systems of whoever asks."""

from __future__ import annotations

import json
import secrets
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from penstock import __version__
from penstock import settings as settings_module
from penstock.cli.orders import Connections
from penstock.cli.packages import read_connections
from penstock.errors import BadRequest, JobStopped
from penstock.plan.ports import Connection
from penstock.runtime.certifying import RULES, Bench, Outcome, Report, State, certify, markdown
from penstock.runtime.execute import Order, connections_of
from penstock.wiring import engines, jobs

STOPPED = 130


def group() -> typer.Typer:
    """Connectors: certify one on a database of your own.

    Example: penstock connectors certify postgres --connection shop --connections connections.toml
    """
    made = typer.Typer(
        no_args_is_help=True, rich_markup_mode="rich", pretty_exceptions_enable=False, add_completion=False
    )
    made.callback()(_nothing)
    made.command("certify")(run_rules)
    return made


def _nothing() -> None:
    """A group of one command stays a group."""


def run_rules(
    kind: Annotated[str, typer.Argument(metavar="TYPE", help="Type of the connection, such as postgres.")],
    name: Annotated[str, typer.Option("--connection", help="Unique id or name of the connection in the file.")],
    connections: Connections = None,
    schema: Annotated[str | None, typer.Option(help="Schema for the tables; left out: the connection's own.")] = None,
    report: Annotated[
        Path | None, typer.Option(help="File for the report; left out: certification-TYPE-DATE.md.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Try on a database of your own what every database does here, and write a dated report.

    Tables named penstock_c… are made in one schema and removed again, and so is what is written into its ledger; other tables
    are not touched.

    Exit code 0 when every rule holds or is known not to, 1 when one is broken, 2 when it cannot be tried, 130 stopped.

    Example: penstock connectors certify postgres --connection shop --connections connections.toml --schema scratch
    """
    raw, connection = _chosen(kind, name, connections)
    loaded = settings_module.load()
    scratch, server, differences = jobs.certifying(connection, loaded.file_roots, loaded.outbound_allow)
    at = datetime.now(UTC)
    place = schema or "the schema of the connection"
    with tempfile.TemporaryDirectory(prefix="penstock-") as folder:
        bench = Bench(
            raw, jobs.connectors(loaded.file_roots, allow=loaded.outbound_allow), engines.engine, scratch, Path(folder),
            f"penstock_c{secrets.token_hex(3)}", schema,
            str(connection.parameters.get("ledger_schema") or "") or schema, loaded.outbound_allow or "",
        )  # fmt: skip
        try:
            outcomes = certify(bench, differences, _quiet if as_json else _tell, RULES)
        except (JobStopped, KeyboardInterrupt):
            sys.stderr.write("penstock: Stopped; what was made is removed.\n")
            raise typer.Exit(STOPPED) from None
    made = Report(kind, name, server, place, at, __version__, outcomes)
    file = report or Path(f"certification-{kind}-{at:%Y-%m-%d}.md")
    _write(file, markdown(made))
    if as_json:
        sys.stdout.write(json.dumps({**made.to_json(), "report": str(file)}, ensure_ascii=False) + "\n")
    else:
        held, differs, broken = (made.count(one) for one in State)
        typer.echo(f"{held} held, {differs} known to differ, {broken} broken. The report is in {file}.")
    raise typer.Exit(0 if made.passed else 1)


def _chosen(kind: str, name: str, connections: Path | None) -> tuple[dict[str, object], Connection]:
    """Return a connection of the file, as an order holds it and as a connector takes it. Raises BadRequest."""
    if connections is None:
        raise BadRequest("Name the file of connections with --connections: secrets of a server never leave it.")
    given = read_connections(connections)
    if name not in given:
        raise BadRequest(f"There is no connection '{name}' in '{connections}'. It has: {', '.join(given) or 'none'}.")
    if given[name]["type"] != kind:
        raise BadRequest(f"The connection '{name}' is of type '{given[name]['type']}', not '{kind}'.")
    made = connections_of(Order("", "", "", connections={name: given[name]}))
    return given[name], made[name]


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        raise BadRequest(f"The report '{file}' cannot be written: {error.strerror}.") from error


def _quiet(outcome: Outcome) -> None:
    """Say nothing until the end."""


_WORDS = {State.HELD: "held", State.DIFFERS: "differs", State.BROKEN: "BROKEN"}


def _tell(outcome: Outcome) -> None:
    typer.echo(f"{_WORDS[outcome.state]:<8} {outcome.group:<8} {outcome.says}  ({outcome.took_s:.2f} s)")
    if outcome.message:
        typer.echo(f"         {outcome.message}")
