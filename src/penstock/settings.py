"""The only reader of the environment: `PENSTOCK_*` variables and one optional TOML file."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from penstock.errors import BadRequest
from penstock.kit.sealing import read_keys


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
    sealing_key: str | None = field(default=None, repr=False)
    """Keys that secrets are sealed with in the store, 32 bytes each as base64 or hexadecimal digits, separated by commas:
    the first seals, all open. All processes of an installation need the same; default `sealing.key` in the data
    directory, made at first start."""
    outbound_allow: str | None = None
    """Internal addresses that `Curl` and connections to databases may reach all the same: networks such as 10.1.0.0/16,
    separated by commas."""
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
    spark_masters: Mapping[str, str] = field(default_factory=dict)
    """Spark masters for clusters with a Spark stack, `name=url,…`; each is the region `spark::name`."""
    singer_taps: Mapping[str, str] = field(default_factory=dict)
    """Singer taps that jobs may run, `name=/path/to/command,…`; each is installed by the operator in an environment of its
    own."""
    presets: Path | None = None
    """Folder with presets of the REST source, a JSON file for each service, beside those that come with Penstock."""
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
        if raw != "":
            values[name], origins[name] = raw, str(config)
    for one in fields(Settings):
        raw = environ.get(f"PENSTOCK_{one.name.upper()}", "")
        if raw and one.name != "origins":
            values[one.name], origins[one.name] = raw, "environment"
    for name, raw in given.items():
        if raw is not None:
            values[name], origins[name] = raw, "command line"
    made = {name: _read(name, raw, origins[name]) for name, raw in values.items()}
    return Settings(**made, origins=origins)


def _file(path: Path) -> dict[str, Any]:
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise BadRequest(f"The settings file '{path}' (PENSTOCK_CONFIG) cannot be read: {error}.") from error
    known = {one.name for one in fields(Settings)} - {"origins", "config"}
    unknown = sorted(set(raw) - known)
    if unknown:
        raise BadRequest(
            f"The settings file '{path}' has unknown settings: {', '.join(unknown)}. Known: {', '.join(sorted(known))}."
        )
    return raw


def _whole(least: int, most: int) -> Callable[[Any], int]:
    def read(raw: Any) -> int:
        if isinstance(raw, bool) or not isinstance(raw, int | str) or not least <= int(raw) <= most:
            raise ValueError(raw)
        return int(raw)

    return read


def _text(raw: Any) -> str:
    if not isinstance(raw, str) or "\0" in raw:
        raise ValueError(raw)
    return raw


def _path(raw: Any) -> Path:
    return raw if isinstance(raw, Path) else Path(_text(raw))


def _paths(raw: Any) -> tuple[Path, ...]:
    parts = raw.split(":") if isinstance(raw, str) else raw
    if not isinstance(parts, list | tuple):
        raise ValueError(raw)
    found = tuple(_path(part) for part in parts if part != "")
    if not found:
        raise ValueError(raw)
    return found


def _url(raw: Any) -> str:
    parts = urlsplit(_text(raw))
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(raw)
    return _text(raw)


_MASTER = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9_.-]*)=(spark://[^\s,]+|sc://(?!\S*;token=)[^\s,]+|local(?:\[[^\]\s]*\])?|yarn|k8s://[^\s,]+)"
)
"""A name and a master; no token, since masters are shown."""


def _masters(raw: Any) -> Mapping[str, str]:
    if isinstance(raw, Mapping):
        parts = [f"{name}={url}" for name, url in raw.items()]
    else:
        parts = [part.strip() for part in _text(raw).split(",")]
    found = [_MASTER.fullmatch(part) for part in parts if part]
    if not found or None in found:
        raise ValueError(raw)
    return {one[1]: one[2] for one in found if one is not None}


_TAP = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]*)=(/[^,\0]+)")
"""A name and a command by its full path."""


def _taps(raw: Any) -> Mapping[str, str]:
    if isinstance(raw, Mapping):
        parts = [f"{name}={command}" for name, command in raw.items()]
    else:
        parts = [part.strip() for part in _text(raw).split(",")]
    found = [_TAP.fullmatch(part) for part in parts if part]
    if not found or None in found:
        raise ValueError(raw)
    return {one[1]: one[2] for one in found if one is not None}


def _size(raw: Any) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int | str):
        raise ValueError(raw)
    return parse_size(str(raw))


def _keys(raw: Any) -> str:
    read_keys(_text(raw))
    return _text(raw)


def _networks(raw: Any) -> str:
    parts = [_text(part).strip() for part in (raw if isinstance(raw, list) else _text(raw).split(","))]
    for part in parts:
        ip_network(part)
    return ",".join(parts)


LARGEST = 2**31 - 1
_READERS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "credits_per_hour": (_whole(0, LARGEST), "a whole number, 0 for no limit"),
    "port": (_whole(0, 65535), "a whole number from 0 to 65535"),
    "slots": (_whole(1, 1000), "a whole number from 1 to 1000"),
    "memory_bytes": (_size, "a size such as 8589934592 or 8GiB"),
    "data_dir": (_path, "a folder"),
    "config": (_path, "a file"),
    "singer_taps": (_taps, "names and full paths such as jsonl=/opt/taps/jsonl/bin/tap-jsonl"),
    "presets": (_path, "a folder"),
    "file_roots": (_paths, "folders, separated by a colon"),
    "sealing_key": (_keys, "keys of 32 bytes as base64 or hexadecimal digits, separated by commas"),
    "outbound_allow": (_networks, "networks such as 10.1.0.0/16, separated by commas"),
    "spark_masters": (_masters, "names and addresses such as big=spark://host:7077 or small=sc://host:15002"),
    "public_url": (_url, "an address such as https://etl.example.com"),
}
"""How a setting is read, and what it takes; all others are text."""
SECRET = frozenset({"api_key", "database_url", "sealing_key", "spark_masters"})
"""Settings whose value stands in no message."""


def _read(name: str, raw: Any, origin: str) -> Any:
    read, takes = _READERS.get(name, (_text, "a text"))
    try:
        return read(raw)
    except ValueError:
        value = "a value" if name in SECRET else f"the value {raw!r}"
        raise BadRequest(
            f"The setting PENSTOCK_{name.upper()} has {value} that cannot be read ({origin}). It takes {takes}."
        ) from None


MOST_BYTES = 1 << 60
_UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


def parse_size(text: str) -> int:
    """Return the bytes of a size such as `512M` or `2GiB`, 1 or more. Raises ValueError.

    >>> parse_size("2GiB")
    2147483648
    """
    body = text.strip().lower().removesuffix("ib")
    body = body if body.isdigit() else body.removesuffix("b")
    unit = body[-1:] if body[-1:].isalpha() else ""
    number = float(body.removesuffix(unit))
    if unit not in _UNITS or not 1 <= number * _UNITS[unit] <= MOST_BYTES:
        raise ValueError(text)
    return int(number * _UNITS[unit])
