"""The JSON of connections: documented keys, and the parameters of the type that are not secret."""

from __future__ import annotations

import json
from typing import Literal, NotRequired

from typing_extensions import TypedDict

from penstock.api.dates import to_wire
from penstock.api.schemas.fields import Instant
from penstock.api.urls import segment
from penstock.api.view import View
from penstock.services.records import Connection as Row


class Connection(TypedDict):
    """A stored address of data."""

    id: int
    name: str
    type: str
    username: str | None
    unique_id: str
    created_at: Instant
    updated_at: Instant
    url: str
    path: NotRequired[str]
    host: NotRequired[str]
    port: NotRequired[int]
    database: NotRequired[str]
    tunnel_type: NotRequired[str]
    ssl: NotRequired[bool]


class ConnectionGroup(TypedDict):
    """A group of connection types."""

    group_type: str
    group_name: str


class ConnectionType(TypedDict):
    """A kind of connection."""

    type: str
    name: str
    description: str
    icon_url: str
    groups: list[ConnectionGroup]


class ConnectionFields(TypedDict, total=False):
    """A connection's name, type and the parameters of its type. The password is written and never read."""

    name: str
    type: str
    path: str
    username: str
    password: str
    database: str
    host: str
    port: int
    tunnel_type: Literal["direct"]
    ssl: bool


class ConnectionCheck(TypedDict, total=False):
    """What to look for in a connection: files to read, or with *destination* a place to write to; of a database a table,
    with *schema_name*. The other keys say how records would be read; they are taken and change nothing, because no record
    is read."""

    bucket: str
    path: str
    table: str
    schema_name: str
    destination: bool
    file_type: str
    record_type: str
    record_delimiter: str
    delimiter: str
    quote: str
    escape: str
    skip_header: bool
    lines: int


ConnectionTestResult = bool
"""A test that succeeded answers a bare true; one that failed is an error."""


def connection_json(row: Row, view: View) -> Connection:
    """Return a connection as the wire writes it."""
    parameters = json.loads(row.parameters or "{}")
    connection: Connection = {
        "id": row.id,
        "name": row.name,
        "type": row.type,
        "username": parameters.pop("username", None),
        "unique_id": row.unique_id,
        "created_at": to_wire(row.created_at),
        "updated_at": to_wire(row.updated_at),
        "url": view.url(f"connections/{segment(row.type)}/{row.id}"),
    }
    return {**connection, **parameters}
