"""`penstock import` and `penstock export`: packages into a server and out of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from penstock import settings as settings_module
from penstock.cli.client import Client
from penstock.cli.packages import pairs, read_package
from penstock.errors import BadRequest, PackageInvalid
from penstock.lang.document.rebind import rebind, rebind_texts
from penstock.lang.files import write_file

SERVER = Annotated[
    str | None, typer.Option(help="Address of the server (default: PENSTOCK_PUBLIC_URL, or this machine).")
]
ACCOUNT = Annotated[str | None, typer.Option(help="Account (default: PENSTOCK_ACCOUNT).")]
KEY = Annotated[
    str | None, typer.Option(help="API key (default: PENSTOCK_API_KEY, which keeps it out of the history).")
]


def import_command(
    files: Annotated[list[Path], typer.Argument(help="Package files, JSON or YAML.")],
    renamed: Annotated[list[str] | None, typer.Option("--map", help="Connection OLD=NEW, ids or names.")] = None,
    server: SERVER = None,
    account: ACCOUNT = None,
    key: KEY = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list of the new packages.")] = False,
) -> None:
    """Create packages on a server from files, and show what their validation finds there.

    Connections that are neither mapped nor known to the server are findings (PK107); the package is created all the
    same. Exit code 0 when every package may run, 2 when not.

    Example: penstock import flights.yaml --map demo=FILE_CONNECTION_3
    """
    names = pairs(renamed or [], "--map")
    packages = [(file, read_package(file)) for file in files]
    for _, package in packages:
        package.require()
    flows = [rebind(package.flow, names) for _, package in packages]
    variables = [rebind_texts(dict(package.variables), names) for _, package in packages]
    left = [unused - asked for (_, unused), (_, asked) in zip(flows, variables, strict=True)]
    unused = frozenset.intersection(*left) if left else frozenset()
    if unused:
        raise BadRequest(
            f"No package uses the connection{'s' * (len(unused) > 1)} {', '.join(sorted(unused))} of --map."
        )
    client = open_client(server, account, key)
    made = [
        _create(client, {**(package.raw if "data_flow_json" in package.raw else {}), "name": package.name,
                         "variables": texts}, flow)
        for (_, package), (flow, _), (texts, _) in zip(packages, flows, variables, strict=True)
    ]  # fmt: skip
    client.close()
    if as_json:
        sys.stdout.write(json.dumps(made, ensure_ascii=False) + "\n")
    else:
        _show(made)
    raise typer.Exit(2 if any(one["status"] == "failed" for one in made) else 0)


def _create(client: Client, body: dict[str, Any], flow: str) -> dict[str, Any]:
    package = client.call("POST", "packages", {**body, "data_flow_json": flow})
    found = client.call("POST", f"packages/{package['id']}/validate")
    return {"id": package["id"], "name": package["name"], "status": found["status"], "diagnostics": found["errors"]}


def _show(made: list[dict[str, Any]]) -> None:
    console = Console(highlight=False)
    for one in made:
        console.print(f"package {one['id']}: {one['name']}", markup=False)
        for finding in one["diagnostics"]:
            console.print(f"  {finding['code']} {finding['severity']}: {finding['message']}", markup=False)


def export_command(
    package_id: Annotated[int, typer.Argument(help="Id of the package.")],
    as_yaml: Annotated[bool, typer.Option("--yaml", help="Print the spelling for people, YAML.")] = False,
    server: SERVER = None,
    account: ACCOUNT = None,
    key: KEY = None,
) -> None:
    """Print a package of a server as JSON or YAML, to be kept in version control and imported again.

    Example: penstock export 12 --yaml > flights.yaml
    """
    client = open_client(server, account, key)
    package = client.call("GET", f"packages/{package_id}/export")
    client.close()
    if as_yaml:
        text, findings = write_file(package)
        if text is None:
            raise PackageInvalid(" ".join(one.sentence() for one in findings), findings)
        sys.stdout.write(text)
        return
    sys.stdout.write(json.dumps(package, indent=2, ensure_ascii=False) + "\n")


def open_client(server: str | None, account: str | None, key: str | None) -> Client:
    """Return a client of the server that the options name, or the settings. Raises BadRequest."""
    settings = settings_module.load()
    account, key = account or settings.account, key or settings.api_key
    if not account or not key:
        raise BadRequest("Say which account and key: --account and --key, or PENSTOCK_ACCOUNT and PENSTOCK_API_KEY.")
    return Client(server or settings.public_url or f"http://{settings.host}:{settings.port}", account, key)
