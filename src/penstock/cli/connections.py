"""`penstock connections`: connections of a server, their tests and their secrets."""

from __future__ import annotations

import json
import sys
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from penstock.cli.client import Client
from penstock.cli.exchange import ACCOUNT, KEY, SERVER, open_client
from penstock.errors import BadRequest, CallerError
from penstock.services.connection_types import TYPES

PAGE = 100


def group() -> typer.Typer:
    """Connections of a server: test them, and set the secrets of many at once.

    Example: penstock connections test shop POSTGRES_CONNECTION_3
    """
    made = typer.Typer(
        no_args_is_help=True, rich_markup_mode="rich", pretty_exceptions_enable=False, add_completion=False
    )
    made.command("test")(run_tests)
    made.command("fill")(fill)
    return made


@dataclass(frozen=True, slots=True)
class _Tested:
    """What a test gave: *rungs* as the wire writes them; *says* what broke, or what there is to say."""

    is_good: bool
    says: str
    rungs: tuple[Mapping[str, Any], ...]


def run_tests(
    names: Annotated[list[str] | None, typer.Argument(help="Unique ids or names; left out: all connections.")] = None,
    server: SERVER = None,
    account: ACCOUNT = None,
    key: KEY = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """Test connections of a server, and show the rungs of each.

    Exit code 0 when all can be used, 1 when not.

    Example: penstock connections test shop POSTGRES_CONNECTION_3
    """
    client = open_client(server, account, key)
    listed = _listed(client)
    chosen = [_find(listed, name) for name in names] if names else listed
    found = [(one, _test(client, one)) for one in chosen]
    client.close()
    if as_json:
        _print_json([{**_named(one), **_tested_json(tested)} for one, tested in found])
    else:
        for one, tested in found:
            typer.echo(f"{one['unique_id']}  {one['name']}  {'can be used' if tested.is_good else 'FAILED'}")
            for rung in tested.rungs:
                typer.echo(f"  {rung['rung']:<10} {rung['status']:<7} {rung['message'] or ''}".rstrip())
            if tested.says and not tested.rungs:
                typer.echo(f"  {tested.says}")
    raise typer.Exit(0 if all(tested.is_good for _, tested in found) else 1)


def fill(
    file: Annotated[Path, typer.Argument(help="YAML, JSON or TOML: unique ids or names, then secrets by parameter.")],
    only_set: Annotated[bool, typer.Option("--no-test", help="Set the secrets, and test nothing.")] = False,
    server: SERVER = None,
    account: ACCOUNT = None,
    key: KEY = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """Set the secrets of many connections of a server at once, and test each. Nothing is set where the file names a
    connection or a secret that there is not; an empty value leaves a secret as it is.

    Exit code 0 when all can be used, 1 when not.

    Example: penstock connections fill secrets.yaml
    """
    given = read_secrets_file(file)
    client = open_client(server, account, key)
    listed = _listed(client)
    plan = [(_find(listed, name), values) for name, values in given.items()]
    for one, values in plan:
        _check(one, values)
    if len({one["unique_id"] for one, _ in plan}) < len(plan):
        raise BadRequest(f"'{file}' names a connection twice, by its name and its unique id.")
    found = [_fill(client, one, values, only_set=only_set) for one, values in plan]
    client.close()
    if as_json:
        _print_json(found)
    else:
        for made in found:
            said = f": {made['message']}" if made["message"] else ""
            typer.echo(f"{made['unique_id']}  {made['name']}  {len(made['secrets'])} set, {made['status']}{said}")
    raise typer.Exit(1 if any(made["status"] == "failure" for made in found) else 0)


def read_secrets_file(file: Path) -> dict[str, dict[str, str]]:
    """Return secrets by connection and parameter; empty ones are left out. Raises BadRequest without any of what the file
    holds."""
    try:
        text = file.read_text("utf-8-sig")
        raw = _parsed(file, text)
    except OSError as error:
        raise BadRequest(f"The secrets file '{file}' cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark is not None else ""
        raise BadRequest(f"The secrets file '{file}' is not written well{line}.") from None
    if not isinstance(raw, dict) or not all(isinstance(values, dict) for values in raw.values()):
        raise BadRequest(f"The secrets file '{file}' must map connections to secrets, such as shop: {{password: …}}.")
    made: dict[str, dict[str, str]] = {}
    for name, values in raw.items():
        if not all(isinstance(value, str | int | float | None) for value in values.values()):
            raise BadRequest(f"A secret of '{name}' in '{file}' is no text.")
        made[str(name)] = {str(one): str(value) for one, value in values.items() if value not in (None, "")}
    return made


def _parsed(file: Path, text: str) -> Any:
    if file.suffix == ".toml":
        return tomllib.loads(text)
    if file.suffix == ".json":
        return json.loads(text)
    # Every value is the text that stands there: a password such as 0123 or 1e5 is no number.
    return yaml.load(text, Loader=yaml.BaseLoader)


def _listed(client: Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        page = client.call("GET", f"connections?sort=id&direction=asc&limit={PAGE}&offset={len(found)}")
        found += page
        if len(page) < PAGE:
            return found


def _find(listed: list[dict[str, Any]], name: str) -> dict[str, Any]:
    by_id = {one["unique_id"]: one for one in listed}
    if name in by_id:
        return by_id[name]
    counts = Counter(one["name"] for one in listed)
    if counts[name] > 1:
        ids = ", ".join(one["unique_id"] for one in listed if one["name"] == name)
        raise BadRequest(f"{counts[name]} connections are called '{name}'. Write one of {ids}.")
    found = next((one for one in listed if one["name"] == name), None)
    if found is None:
        raise BadRequest(f"There is no connection '{name}' on the server.")
    return found


def _check(one: Mapping[str, Any], values: Mapping[str, str]) -> None:
    """Return when a connection has all of some secrets. Raises BadRequest."""
    kind = TYPES.get(one["type"])
    known = [parameter.name for parameter in kind.parameters if parameter.secret] if kind is not None else []
    for name in values:
        if name not in known:
            words = f"Known: {', '.join(known)}." if known else "It has none."
            raise BadRequest(f"The connection '{one['unique_id']}' has no secret '{name}'. {words}")


def _fill(client: Client, one: Mapping[str, Any], values: Mapping[str, str], *, only_set: bool) -> dict[str, Any]:
    made = {**_named(one), "secrets": sorted(values)}
    if values:
        try:
            client.call("PUT", _path(one), values)
        except CallerError as error:
            return {**made, "secrets": [], "status": "failure", "message": error.message, "rungs": []}
    if only_set:
        return {**made, "status": "untested", "message": None, "rungs": []}
    return {**made, **_tested_json(_test(client, one))}


def _path(one: Mapping[str, Any]) -> str:
    return f"connections/{one['type']}/{one['id']}"


def _test(client: Client, one: Mapping[str, Any]) -> _Tested:
    try:
        answer = client.call("POST", f"{_path(one)}/test?include=rungs")
    except CallerError as error:
        told = error.facts.get("answer") or {}
        return _Tested(False, told.get("error_message") or error.message, tuple(told.get("rungs") or ()))
    return _Tested(True, answer.get("message") or "", tuple(answer.get("rungs") or ()))


def _named(one: Mapping[str, Any]) -> dict[str, Any]:
    return {"unique_id": one["unique_id"], "name": one["name"]}


def _tested_json(tested: _Tested) -> dict[str, Any]:
    status = "success" if tested.is_good else "failure"
    return {"status": status, "message": tested.says or None, "rungs": list(tested.rungs)}


def _print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
