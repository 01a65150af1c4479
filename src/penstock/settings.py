"""The only reader of the environment: `PENSTOCK_*` variables and one optional TOML file."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from penstock.errors import BadRequest


@dataclass(frozen=True, slots=True)
class Settings:
    """What an installation is told. Each field is the variable `PENSTOCK_<NAME>`; an empty variable counts as unset."""

    account: str | None = None
    """First account on an empty store: its text identifier in every path."""
    api_key: str | None = None
    """First owner's API key on an empty store, any text of 16 or more characters."""
    database_url: str | None = None
    """SQLAlchemy URL of the store; default a SQLite file in the data directory."""
    data_dir: Path = Path("penstock-data")
    """Folder for the store, files and scratch space."""
    public_url: str | None = None
    """Base of every address in answers; default the host that the client used."""
    file_roots: tuple[Path, ...] | None = None
    """Folders, separated by a colon, under which `file` connections must lie; default `files/` in the data directory."""
    credits_per_hour: int = 5000
    """Calls that a user may make in an hour; 0 is unlimited."""
    host: str = "127.0.0.1"
    """Address that the server listens on."""
    port: int = 8080
    """Port that the server listens on; 0 picks a free one."""
    slots: int = 2
    """Jobs that this worker runs at once."""
    memory_bytes: int | None = None
    """Memory that this worker gives to its jobs, in bytes, divided by its slots; default half of the machine's."""
    config: Path | None = None
    """TOML file with any of these settings, in small letters."""
    origins: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Where each setting comes from: `default`, `environment`, or the file."""


def load(environ: Mapping[str, str] | None = None, **given: Any) -> Settings:
    """Return the settings: *given* ones win over the environment, that over the file, that over defaults.

    Raises BadRequest with the setting's name when a value cannot be read.
    """
    environ = os.environ if environ is None else environ
    config = environ.get("PENSTOCK_CONFIG") or None
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for name, raw in (_file(Path(config)) if config else {}).items():
        values[name], origins[name] = raw, str(config)
    for one in fields(Settings):
        raw = environ.get(f"PENSTOCK_{one.name.upper()}", "")
        if raw and one.name != "origins":
            values[one.name], origins[one.name] = raw, "environment"
    for name, raw in given.items():
        if raw is not None:
            values[name], origins[name] = raw, "command line"
    made = {name: _read(name, raw) for name, raw in values.items()}
    return Settings(**made, origins=origins)


def _file(path: Path) -> dict[str, Any]:
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadRequest(f"The settings file '{path}' (PENSTOCK_CONFIG) cannot be read: {error}.") from error
    known = {one.name for one in fields(Settings)} - {"origins", "config"}
    unknown = sorted(set(raw) - known)
    if unknown:
        raise BadRequest(f"The settings file '{path}' has unknown settings: {', '.join(unknown)}.")
    return raw


def _read(name: str, raw: Any) -> Any:
    try:
        if name in ("credits_per_hour", "port", "slots"):
            number = int(raw)
            if number < (1 if name == "slots" else 0):
                raise ValueError(raw)
            return number
        if name == "memory_bytes":
            return parse_size(str(raw))
        if name in ("data_dir", "config"):
            return Path(raw)
        if name == "file_roots":
            parts = raw.split(":") if isinstance(raw, str) else raw
            return tuple(Path(part) for part in parts if str(part))
        return str(raw)
    except ValueError:
        raise BadRequest(f"The setting PENSTOCK_{name.upper()} has the value {raw!r}, which cannot be read.") from None


_UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


def parse_size(text: str) -> int:
    """Return the bytes of a size such as `512M` or `2GiB`. Raises ValueError.

    >>> parse_size("2GiB")
    2147483648
    """
    body = text.strip().lower().removesuffix("ib")
    body = body if body.isdigit() else body.removesuffix("b")
    unit = body[-1:] if body[-1:].isalpha() else ""
    number = float(body.removesuffix(unit))
    size = int(number * _UNITS[unit]) if unit in _UNITS else -1
    if size < 1:
        raise ValueError(text)
    return size
