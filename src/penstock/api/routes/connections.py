"""Connections: types, list, create, get, update, delete, and the tests of stored and of new ones,
and of paths and tables in them. Nothing is reached for inside a unit of work."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from penstock.api.call import Call, Current, Id
from penstock.api.openapi import many, one, operation, paged, parameter, text
from penstock.api.paging import read_page
from penstock.api.route import Route
from penstock.api.schemas.connections import (
    connection_json,
    fields_json,
    objects_json,
    report_json,
    schema_json,
    table_json,
)
from penstock.domain.rung import Rungs
from penstock.services import connections

router = APIRouter(tags=["Connections"], route_class=Route)
_ALL = "/{account_id}/api/connections"
_TYPE = _ALL + "/{connection_type}"
_ONE = _TYPE + "/{connection_id}"
_CHECK = "ConnectionCheck"
_INCLUDE = (parameter("include", text(one_of=("rungs",)), "Answer the rungs of the test instead of a bare true."),)
_WHOLE = {"type": "integer", "default": 20}
_FLAG = {"type": "boolean", "default": False}
_SCHEMA_QUERY = (
    parameter(
        "access_mode", text("object", one_of=("table", "object", "query")), "How rows are named; `object` is a table."
    ),
    parameter("table", text(), "A table or view."),
    parameter("schema_name", text(), "The schema of the table."),
    parameter("where_clause", text(), "A condition in the database's SQL."),
    parameter("query", text(), "A SELECT."),
    parameter("lines", _WHOLE, "Records to look at, 1-1000."),
    parameter("bucket", text(), "Bucket or container of the files."),
    parameter("path", text(), "A file, a folder or a pattern."),
    parameter("file_type", text("file", one_of=("file", "service")), "Taken, and changes nothing."),
    parameter("record_delimiter", text("new_line", one_of=("new_line", "eof")), "What ends a record."),
    parameter("record_type", text("delimited", one_of=("delimited", "json", "raw")), "What a record is."),
    parameter("skip_header", _FLAG, "Whether the first line holds names."),
    parameter("escape", text(), "The character before one that is data."),
    parameter("quote", text("none", one_of=("none", '"', "quoted_multi_line")), "The qualifier."),
    parameter("delimiter", text("\t"), "Between fields."),
    parameter("encoding", text("utf-8"), "The character set of text."),
)
_FORCE = parameter("force_fetch", _FLAG, "Taken, and changes nothing: nothing is remembered.")
_FIELDS_QUERY = (parameter("object_name", text(), "The object.", required=True), _FORCE)
_TABLES_QUERY = (parameter("schema_name", text(), "Only tables of this schema."),)
_LIST_QUERY = (
    parameter("type", text("all"), "Only these types, several joined with commas."),
    *paged(sort=("name", "id", "type", "updated", "created")),
)


@router.get(_ALL + "/types", **operation("listConnectionTypes", "List connection types", many("ConnectionType")))
def list_connection_types(call: Current) -> Response:
    with call.reading():
        return call.answer(connections.types())


@router.get(_ALL, **operation("listConnections", "List connections", many("Connection"), query=_LIST_QUERY))
def list_connections(call: Current) -> Response:
    with call.reading() as (uow, principal, fields):
        asked = read_page(fields)
        page = connections.list_page(uow, principal, asked, type=fields.get("type"))
        return call.answer_page([connection_json(row, call.view) for row in page.items], asked, page)


_SALESFORCE = _ALL + "/metadata/salesforce/{connection_id}"


@router.get(
    _SALESFORCE + "/objects",
    **operation("listSalesforceObjects", "List the objects of Salesforce", one("SalesforceObjects"), query=(_FORCE,)),
)
def list_salesforce_objects(call: Current, connection_id: Id) -> Response:
    with call.reading("connection") as (uow, principal, _):
        found = connections.bound(uow, principal, "salesforce", connection_id, call.deps.seal)
    return call.answer(objects_json(connections.objects(found, call.deps.connectors)))


@router.get(
    _SALESFORCE + "/fields",
    **operation(
        "listSalesforceFields",
        "List the fields of an object of Salesforce",
        one("SalesforceFields"),
        query=_FIELDS_QUERY,
    ),
)
def list_salesforce_fields(call: Current, connection_id: Id) -> Response:
    with call.reading("connection") as (uow, principal, fields):
        found, given = connections.bound(uow, principal, "salesforce", connection_id, call.deps.seal), fields
    return call.answer(fields_json(connections.object_fields(found, given, call.deps.connectors)))


@router.post(
    _ALL + "/test",
    **operation(
        "testNewConnectionGeneric",
        "Test a new connection",
        one("ConnectionTestResult"),
        body=one("ConnectionFields"),
        query=_INCLUDE,
    ),
)
def test_new_connection_of_any_type(call: Current) -> Response:
    with call.reading("connection") as (_, _, fields):
        given = fields
    return _test_new(call, str(given.get("type") or ""), given)


@router.post(
    _TYPE,
    **operation("createConnection", "Create a connection", one("Connection"), status=201, body=one("ConnectionFields")),
)
def create_connection(call: Current, connection_type: str) -> Response:
    with call.writing("connection") as (uow, principal, fields):
        row = connections.create(uow, principal, connection_type, fields, call.deps.clock(), call.deps.seal)
    return call.answer(connection_json(row, call.view), 201)


@router.post(
    _TYPE + "/test",
    **operation(
        "testNewConnection",
        "Test a new connection",
        one("ConnectionTestResult"),
        body=one("ConnectionFields"),
        query=_INCLUDE,
    ),
)
def test_new_connection(call: Current, connection_type: str) -> Response:
    with call.reading("connection") as (_, _, fields):
        given = fields
    return _test_new(call, connection_type, given)


@router.get(_ONE, **operation("getConnection", "Get a connection", one("Connection")))
def get_connection(call: Current, connection_type: str, connection_id: Id) -> Response:
    with call.reading() as (uow, principal, _):
        return call.answer(connection_json(connections.get(uow, principal, connection_type, connection_id), call.view))


@router.put(
    _ONE, **operation("updateConnection", "Change a connection", one("Connection"), body=one("ConnectionFields"))
)
def update_connection(call: Current, connection_type: str, connection_id: Id) -> Response:
    with call.writing("connection") as (uow, principal, fields):
        now, seal = call.deps.clock(), call.deps.seal
        row = connections.update(uow, principal, connection_type, connection_id, fields, now, seal)
    return call.answer(connection_json(row, call.view))


@router.delete(_ONE, **operation("deleteConnection", "Delete a connection", one("Connection")))
def delete_connection(call: Current, connection_type: str, connection_id: Id) -> Response:
    with call.writing() as (uow, principal, _):
        row = connections.delete(uow, principal, connection_type, connection_id)
    return call.answer(connection_json(row, call.view))


@router.post(
    _ONE + "/test",
    **operation("testConnection", "Test a stored connection", one("ConnectionTestResult"), query=_INCLUDE),
)
def test_connection(call: Current, connection_type: str, connection_id: Id) -> Response:
    with call.reading("connection") as (uow, principal, fields):
        found, given = connections.bound(uow, principal, connection_type, connection_id, call.deps.seal), fields
    return _tested(call, connections.test(found, call.deps.connectors, call.deps.databases), given)


@router.post(
    _ONE + "/validate",
    **operation(
        "validateConnection",
        "Check a path or a table of a connection",
        one("ConnectionTestResult"),
        body=one(_CHECK),
        query=_INCLUDE,
    ),
)
def validate_connection(call: Current, connection_type: str, connection_id: Id) -> Response:
    return _check(call, connection_type, connection_id)


@router.post(
    _ALL + "/{connection_id}/validate",
    **operation(
        "validateConnectionById",
        "Check a path or a table of a connection",
        one("ConnectionTestResult"),
        body=one(_CHECK),
        query=_INCLUDE,
    ),
)
def validate_connection_of_any_type(call: Current, connection_id: Id) -> Response:
    return _check(call, None, connection_id)


@router.get(
    _ONE + "/schema",
    **operation(
        "importConnectionSchema", "Look at a table, a query or files", one("ConnectionSchema"), query=_SCHEMA_QUERY
    ),
)
def import_connection_schema(call: Current, connection_type: str, connection_id: Id) -> Response:
    with call.reading("connection") as (uow, principal, fields):
        found, given = connections.bound(uow, principal, connection_type, connection_id, call.deps.seal), fields
    return call.answer(schema_json(connections.schema(found, given, call.deps.connectors, call.deps.databases)))


@router.get(
    _ONE + "/tables",
    **operation("listConnectionTables", "List the tables of a database", many("ConnectionTable"), query=_TABLES_QUERY),
)
def list_connection_tables(call: Current, connection_type: str, connection_id: Id) -> Response:
    with call.reading("connection") as (uow, principal, fields):
        found, given = connections.bound(uow, principal, connection_type, connection_id, call.deps.seal), fields
    return call.answer([table_json(one) for one in connections.tables(found, given, call.deps.databases)])


def _check(call: Call, connection_type: str | None, connection_id: int) -> Response:
    with call.reading("connection") as (uow, principal, fields):
        found, given = connections.bound(uow, principal, connection_type, connection_id, call.deps.seal), fields
    return _tested(call, connections.check(found, given, call.deps.connectors, call.deps.databases), given)


def _test_new(call: Call, connection_type: str, fields: dict[str, Any]) -> Response:
    rungs = connections.test(connections.new(connection_type, fields), call.deps.connectors, call.deps.databases)
    return _tested(call, rungs, fields)


def _tested(call: Call, rungs: Rungs | None, fields: dict[str, Any]) -> Response:
    asked = str(fields.get("include") or "").replace(" ", "").split(",")
    return call.answer(report_json(rungs) if "rungs" in asked else True)
