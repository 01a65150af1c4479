"""The JSON of connections: documented keys, and the parameters of the type that are not secret."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Literal, NotRequired

from typing_extensions import TypedDict

from penstock.api.dates import to_wire
from penstock.api.schemas.fields import Instant
from penstock.api.urls import segment
from penstock.api.view import View
from penstock.domain.rung import Rung, Rungs
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


class ConnectionRung(TypedDict):
    """One rung of a test: its name, `passed`, `warned` or `failed`, what there is to say, and how long it took."""

    rung: str
    status: Literal["passed", "warned", "failed"]
    message: str | None
    took_ms: int


class ConnectionTestReport(TypedDict):
    """What `include=rungs` answers for a test that succeeded."""

    status: Literal["success"]
    message: str | None
    rungs: list[ConnectionRung]


ConnectionTestResult = bool | ConnectionTestReport
"""A test that succeeded answers a bare true, or with `include=rungs` its rungs; one that failed is an error."""


def rungs_json(rungs: Iterable[Rung]) -> list[ConnectionRung]:
    """Return the rungs of a test as the wire writes them."""
    return [
        {"rung": one.name, "status": one.state.value, "message": one.says or None, "took_ms": one.took_ms}
        for one in rungs
    ]


def report_json(rungs: Rungs | None) -> ConnectionTestReport:
    """Return the report of a test that succeeded; its message is what the rungs have to say."""
    said = " ".join(one.says for one in rungs or () if one.says)
    return {"status": "success", "message": said or None, "rungs": rungs_json(rungs or ())}


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
