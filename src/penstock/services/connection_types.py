"""The types of connections and their parameters (wire reference 3.10.2): one declaration for the API, jobs and commands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from penstock.services.coerce import Fields

LONGEST = 255
LONGEST_SECRET = 64 * 1024
_HOST = re.compile(r"[^\s/\\,@?#\x00-\x20]+")
_TUNNELS = ("direct", "reverse")
_UNKNOWN_BUT_MEANT = ("ssh_", "tunnel_", "ssl_", "sslmode", "sslrootcert")
"""Beginnings of parameters that no type has here and that must not be left out in silence: what is asked for by them is a way
that is safer."""

Scalar = str | int | bool


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a type. *kind* is `text`, `folder`, `host`, `whole`, `boolean` or `tunnel`; *missing* says what to
    give where it has to be given; a *secret* one is written and never read."""

    name: str
    kind: str
    missing: str | None = None
    default: Scalar | None = None
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Type:
    """A type of connections, as the wire lists it, with its parameters. *is_database* ones can be asked with SQL."""

    type: str
    name: str
    description: str
    group: tuple[str, str]
    parameters: tuple[Parameter, ...]
    is_database: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return it as the wire writes it."""
        kind, name = self.group
        groups = [{"group_type": kind, "group_name": name}]
        return {
            "type": self.type, "name": self.name, "description": self.description, "icon_url": "", "groups": groups,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Given:
    """What a call gives of a connection's parameters."""

    parameters: Mapping[str, Scalar]
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


def _database(kind: str, name: str, port: int, ssl: bool, what: str) -> Type:
    parameters = (
        Parameter("username", "text", "Give the user who reads."),
        Parameter("password", "text", "Give the password of the user.", secret=True),
        Parameter("database", "text", default=""),
        Parameter("host", "host", "Give the name or address of the server."),
        Parameter("port", "whole", default=port),
        Parameter("tunnel_type", "tunnel", default="direct"),
        Parameter("ssl", "boolean", default=ssl),
    )
    return Type(kind, name, what, ("databases", "Databases"), parameters, is_database=True)


TYPES: dict[str, Type] = {
    one.type: one
    for one in (
        Type(
            "file", "Files", "A folder of this installation's machines.", ("storage", "File Storage"),
            (Parameter("path", "folder", "Give the folder, such as /data/lake."),),
        ),
        _database("mysql", "MySQL", 3306, False, "A MySQL or MariaDB database, for values that packages ask for."),
        _database("postgres", "PostgreSQL", 5432, True, "A PostgreSQL database, for values that packages ask for."),
    )
}  # fmt: skip
"""Every type of connection."""


def read(kind: str, fields: Fields, *, whole: bool) -> Given:
    """Return the parameters of a type that a call gives; what is wrong is noted. *whole* ones have defaults, and what has to
    be given is missed."""
    parameters: dict[str, Scalar] = {}
    secrets: dict[str, str] = {}
    for one in TYPES[kind].parameters:
        value = _read(fields, one)
        if value is None and whole:
            value = one.default
            if one.missing is not None and one.name not in fields.errors:
                fields.refuse(one.name, f"is missing. {one.missing}")
        if value is not None and one.secret:
            secrets[one.name] = str(value)
        elif value is not None:
            parameters[one.name] = value
    known = {one.name for one in TYPES[kind].parameters}
    for name, value in fields.raw.items():
        if name not in known and name.startswith(_UNKNOWN_BUT_MEANT) and value not in (None, ""):
            fields.refuse(name, f"is not supported by connections of type '{kind}'. Leave it out.")
    return Given(parameters, secrets)


def _read(fields: Fields, one: Parameter) -> Scalar | None:
    match one.kind:
        case "whole":
            return fields.integer(one.name, 1, 65_535)
        case "boolean":
            return fields.boolean(one.name)
        case "tunnel":
            word = fields.choice(one.name, _TUNNELS)
            if word == "reverse":
                fields.refuse(one.name, "'reverse' is not supported. Only what can be reached directly is: 'direct'.")
            return word
        case "folder":
            return _folder(fields, one.name)
    text = fields.text(one.name, longest=LONGEST_SECRET if one.secret else LONGEST)
    if text is None or (text == "" and one.missing is not None):
        return None  # An empty text is one that is not given.
    if one.kind == "host" and _HOST.fullmatch(text) is None:
        fields.refuse(one.name, "must be the name or address of a server, such as db.example.com.")
        return None
    return text


def _folder(fields: Fields, name: str) -> str | None:
    path = fields.text(name)
    if path is not None and not path.startswith("/"):
        fields.refuse(name, "must be an absolute folder, such as /data/lake.")
        return None
    return path
