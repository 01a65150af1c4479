"""The JSON of connections: documented keys, and the parameters of the type that are not secret."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Literal, Required, cast

from pydantic import TypeAdapter
from typing_extensions import TypedDict

from penstock.api.dates import to_wire
from penstock.api.schemas.fields import Instant
from penstock.api.urls import segment
from penstock.api.view import View
from penstock.domain.rung import Rung, Rungs
from penstock.services.connection_types import TYPES, Parameter
from penstock.services.records import Connection as Row
from penstock.services.records import FieldFacts, Sampled, TableFacts


class Connection(TypedDict):
    """A stored address of data: the keys of every type; those of its own type stand beside them."""

    id: int
    name: str
    type: str
    username: str | None
    unique_id: str
    created_at: Instant
    updated_at: Instant
    url: str


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


def type_schemas() -> dict[str, Any]:
    """Return the JSON Schemas that depend on the types of connections: what any of them takes and shows, and what each
    takes."""
    taken: dict[str, Any] = {"name": _TEXT, "type": {**_TEXT, "enum": list(TYPES)}}
    shown = dict(TypeAdapter(Connection).json_schema()["properties"])
    made: dict[str, Any] = {}
    for kind in TYPES.values():
        own = {one.name: _schema_of(one) for one in kind.parameters}
        needed = ["name", *(one.name for one in kind.parameters if one.needed and not one.where and not one.unless)]
        made[f"ConnectionFields_{kind.type}"] = {
            "type": "object", "description": kind.description, "properties": {"name": _TEXT, **own}, "required": needed,
        }  # fmt: skip
        for name, schema in own.items():
            plain = {key: value for key, value in schema.items() if key not in ("default", "description")}
            taken.setdefault(name, plain)
            if not schema.get("writeOnly"):
                shown.setdefault(name, plain)
    about = "A connection's name, type and the parameters of its type. Secret ones are written and never read."
    return {
        **made,
        "ConnectionFields": {"type": "object", "description": about, "properties": taken},
        "Connection": {
            "type": "object", "description": "A stored address of data, with the parameters of its type that are not secret.",
            "properties": shown, "required": sorted(Connection.__required_keys__),
        },
    }  # fmt: skip


_TEXT = {"type": "string"}
_KINDS = {"port": {"type": "integer"}, "boolean": {"type": "boolean"}}


def _schema_of(one: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = {**_KINDS.get(one.kind, _TEXT), "description": one.about}
    if one.allowed:
        schema["enum"] = list(one.allowed)
    if one.default is not None:
        schema["default"] = one.default
    if one.secret:
        schema["writeOnly"] = True
    return schema


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


class CurlCall(TypedDict, total=False):
    """A call of a web API; its login is given, or borrowed from a stored connection."""

    url: Required[str]
    method: Literal["GET", "POST"]
    response_type: Literal["raw", "json", "array", "line_delimited_json", "line_delimited_data"]
    lines: int
    username: str
    password: str
    connection_type: str
    connection_id: int
    headers: dict[str, str]
    body: str


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


class ConnectionSchema(TypedDict):
    """What a table, a query or files hold: names and types of the fields, and first records as arrays of values."""

    data: list[Any]
    raw: list[str] | None
    fields: list[dict[str, str]]


class ConnectionColumn(TypedDict):
    """A column of a table: its type as a field of a package, and as the database says it."""

    name: str
    type: str
    native_type: str
    nullable: bool


class ConnectionTable(TypedDict):
    """A table or view that the user of a connection may read."""

    schema_name: str
    name: str
    is_view: bool
    columns: list[ConnectionColumn]


class SalesforceObjects(TypedDict):
    """What can be queried in an organisation of Salesforce."""

    entities: list[str]


class SalesforceField(TypedDict):
    """A field of an object of Salesforce: *type* is Salesforce's word."""

    name: str
    length: int | None
    type: str


class SalesforceFields(TypedDict):
    """The fields of an object of Salesforce."""

    fields: list[SalesforceField]


def objects_json(found: Iterable[str]) -> SalesforceObjects:
    """Return names of objects as the wire writes them."""
    return {"entities": list(found)}


def fields_json(found: Iterable[FieldFacts]) -> SalesforceFields:
    """Return fields of an object as the wire writes them."""
    return {"fields": [{"name": one.name, "length": one.length, "type": one.type} for one in found]}


def schema_json(found: Sampled) -> ConnectionSchema:
    """Return what was found as the wire writes it."""
    return {
        "data": [list(row) for row in found.rows],
        "raw": None,
        "fields": [{name: kind} for name, kind in found.fields],
    }


def table_json(found: TableFacts) -> ConnectionTable:
    """Return a table as JSON."""
    return {
        "schema_name": found.schema,
        "name": found.name,
        "is_view": found.is_view,
        "columns": [
            {"name": one.name, "type": one.type, "native_type": one.native, "nullable": one.is_nullable}
            for one in found.columns
        ],
    }


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
    return cast(Connection, {**connection, **parameters})
