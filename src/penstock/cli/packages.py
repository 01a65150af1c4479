"""Reads package files and connection files for commands."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from penstock.domain.diagnostic import Diagnostic, Severity
from penstock.errors import BadRequest, PackageInvalid
from penstock.lang.check.report import did_you_mean
from penstock.lang.document.file.reader import Places
from penstock.lang.files import read_bytes
from penstock.lang.variables.resolution import as_text
from penstock.services import connection_types
from penstock.services.coerce import Fields
from penstock.services.connection_types import TYPES

TEST_ENDINGS = (".test.yaml", ".test.yml")
"""How the names of test files end."""


@dataclass(frozen=True, slots=True)
class PackageFile:
    """A package as a file: an export, a bare document, or the spelling in YAML; *findings* are about the spelling, *places*
    tells where its parts stand."""

    name: str
    flow: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    findings: tuple[Diagnostic, ...] = ()
    places: Places = field(default_factory=dict)

    def require(self) -> None:
        """Return when the file could be read as a package. Raises PackageInvalid with what is wrong with its spelling."""
        errors = [one for one in self.findings if one.severity is Severity.ERROR]
        if errors:
            raise PackageInvalid(" ".join(one.sentence() for one in errors[:3]), self.findings)


def read_package(path: Path) -> PackageFile:
    """Return the package of a JSON or YAML file. Raises BadRequest with one plain sentence."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadRequest(f"The package file '{path}' cannot be read: {error.strerror}.") from error
    if is_yaml(path, data):
        return _from_yaml(path, data)
    try:
        raw = json.loads(data.decode("utf-8-sig"))
    except RecursionError as error:
        raise BadRequest(f"The package file '{path}' is not JSON: it is nested too deeply.") from error
    except ValueError as error:
        raise BadRequest(f"The package file '{path}' is not JSON: {error}.") from error
    if not isinstance(raw, dict):
        raise BadRequest(f"The package file '{path}' must hold a JSON object.")
    if "data_flow_json" not in raw and "raw_data" not in raw:
        return PackageFile(path.stem, json.dumps(raw), {}, raw)
    flow = raw.get("data_flow_json", raw.get("raw_data"))
    variables = raw.get("variables") or {}
    if not isinstance(variables, dict):
        raise BadRequest(f"'variables' in '{path}' must be an object of names and expressions.")
    for name, value in variables.items():
        if isinstance(value, list | dict):
            raise BadRequest(f"The variable '{name}' in '{path}' must be the text of an expression, such as \"'x'\".")
    return PackageFile(
        str(raw.get("name") or path.stem), flow if isinstance(flow, str) else json.dumps(flow), variables, raw,
        _secrets_of(path, raw.get("secret_variables"), variables),
    )  # fmt: skip


def is_yaml(path: Path, data: bytes) -> bool:
    """Tell whether a file is YAML: by its ending, else by not beginning as JSON does."""
    if path.suffix in (".yaml", ".yml", ".json"):
        return path.suffix != ".json"
    return not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"["))


def _from_yaml(path: Path, data: bytes) -> PackageFile:
    found = read_bytes(data)
    package = found.package or {}
    flow = json.dumps(package.get("data_flow_json", {}), ensure_ascii=False)
    name = str(package.get("name") or path.stem)
    variables = package.get("variables", {})
    hidden = _secrets_of(path, package.get("secret_variables"), variables)
    return PackageFile(name, flow, variables, package, hidden, found.findings, found.places)


def _secrets_of(path: Path, raw: Any, variables: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the secret variables that a package declares: a list of names, or an object as it is sent to a server."""
    listed = dict.fromkeys(raw) if isinstance(raw, list) and all(isinstance(one, str) for one in raw) else raw or {}
    if not isinstance(listed, dict) or any(isinstance(value, list | dict) for value in listed.values()):
        raise BadRequest(f"'secret_variables' in '{path}' must be a list of names.")
    for name in listed:
        if name in variables:
            raise BadRequest(f"'{name}' in '{path}' is a variable and a secret variable. Name one of them anew.")
    return {name: None if value is None else as_text(value) for name, value in listed.items()}


def read_secrets(file: Path | None, package: PackageFile) -> dict[str, str | None]:
    """Return the secret variables of a package with the values that a JSON or TOML file of names and texts gives. Raises
    BadRequest for a name that the package does not have; no message holds a value."""
    if file is None:
        return dict(package.secrets)
    try:
        text = file.read_text("utf-8-sig")
        raw = tomllib.loads(text) if file.suffix == ".toml" else json.loads(text)
    except OSError as error:
        raise BadRequest(f"The secrets file '{file}' cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError):
        kind = "TOML" if file.suffix == ".toml" else "JSON"
        raise BadRequest(f"The secrets file '{file}' is not {kind}.") from None
    if not isinstance(raw, dict) or not all(isinstance(value, str | int | float) for value in raw.values()):
        raise BadRequest(f"The secrets file '{file}' must map names to texts.")
    for name in raw:
        if name not in package.secrets:
            raise BadRequest(f"The package has no secret variable '{name}'. List it under 'secret_variables'.")
    return {**package.secrets, **{name: as_text(value) for name, value in raw.items()}}


def read_connections(path: Path | None) -> dict[str, dict[str, Any]]:
    """Return connections by unique id or name from JSON or TOML; relative paths count from the file."""
    if path is None:
        return {}
    try:
        text = path.read_text("utf-8-sig")
        raw = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except OSError as error:
        raise BadRequest(f"The connections file '{path}' cannot be read: {error.strerror}.") from error
    except RecursionError as error:
        raise BadRequest(f"The connections file '{path}' cannot be read: it is nested too deeply.") from error
    except ValueError as error:
        raise BadRequest(f"The connections file '{path}' cannot be read: {error}.") from error
    if not isinstance(raw, dict):
        raise BadRequest(f"The connections file '{path}' must map names to connections.")
    made: dict[str, dict[str, Any]] = {}
    for key, value in raw.items():
        if not isinstance(value, dict) or not isinstance(value.get("type"), str):
            raise BadRequest(f"The connection '{key}' in '{path}' needs a 'type', such as \"file\".")
        made[key] = dict(value)
        kind = TYPES.get(value["type"])
        for name in (one.name for one in kind.parameters if one.kind == "path") if kind else ():
            place = value.get(name)
            if isinstance(place, str) and place and "\0" not in place:
                made[key][name] = str((path.parent / place).resolve())
        if kind is not None and kind.type != "file":
            made[key] = _checked(key, made[key], path)
    return made


_OF_THE_WIRE = frozenset({"type", "id", "name", "unique_id", "created_at", "updated_at", "url", "html_url"})
"""What a connection of the API has beside its parameters; a file may hold one as it came."""


def _checked(key: str, value: Mapping[str, Any], path: Path) -> dict[str, Any]:
    kind, fields = TYPES[value["type"]], Fields(value)
    given = connection_types.read(kind.type, fields)
    known = [*(one.name for one in kind.parameters), *kind.read_only]
    for name in value:
        if name not in (*known, *_OF_THE_WIRE, *fields.errors) and not name.startswith("x-"):
            meant = did_you_mean(name, known) or "See 'Types of connections' in the reference."
            fields.refuse(name, f"is no parameter of connections of type '{kind.type}'. {meant}")
    if fields.errors:
        wrong = " ".join(text for found in fields.errors.values() for text in found)
        raise BadRequest(f"The connection '{key}' in '{path}' cannot be used: {wrong}")
    return {**given.parameters, "type": value["type"], "secrets": dict(given.secrets)}


def pairs(given: list[str], option: str) -> dict[str, str]:
    """Return `K=V` texts as a map, in order. Raises BadRequest."""
    made = {}
    for one in given:
        name, mark, value = one.partition("=")
        if not mark or not name:
            raise BadRequest(f"{option} takes NAME=VALUE, not '{one}'.")
        made[name] = value
    return made
