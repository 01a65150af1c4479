"""Calls of web APIs that nothing is stored of: what they answer, as a test, a validation, or fields and records."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from penstock.api.call import Call, Current
from penstock.api.openapi import one, operation, parameter, text
from penstock.api.route import Route
from penstock.api.schemas.connections import schema_json
from penstock.services import connections, curl
from penstock.services.curl import Asked

router = APIRouter(tags=["Connections"], route_class=Route)
_CURL = "/{account_id}/api/connections/curl"
_BODY = "CurlCall"
_QUERY = (
    parameter("url", text(), "The address.", required=True),
    parameter("method", text("GET", one_of=curl.METHODS), "The method of HTTP."),
    parameter("response_type", text("json", one_of=curl.RESPONSE_TYPES), "The shape of the answer."),
    parameter("lines", {"type": "integer", "default": 20}, "Records to look at, 1-1000."),
    parameter("username", text(), "User for Basic authentication."),
    parameter("password", text(), "Password for Basic authentication."),
    parameter("connection_type", text(), "Type of the stored connection whose login is borrowed."),
    parameter("connection_id", {"type": "integer"}, "Id of that connection."),
    parameter("headers", {"type": "object"}, "Names and values of headers."),
    parameter("body", text(), "The body of the request."),
)


@router.post(
    _CURL + "/test",
    **operation("testCurlConnection", "Call a web API", one("ConnectionTestResult"), body=one(_BODY)),
)
def test_curl(call: Current) -> Response:
    curl.test(_asked(call), call.deps.outbound)
    return call.answer(True)


@router.post(
    _CURL + "/validate",
    **operation(
        "validateCurlConnection", "Call a web API and read its answer", one("ConnectionTestResult"), body=one(_BODY)
    ),
)
def validate_curl(call: Current) -> Response:
    curl.schema(_asked(call), call.deps.outbound)
    return call.answer(True)


@router.get(
    _CURL + "/schema",
    **operation("importCurlSchema", "Look at the answer of a web API", one("ConnectionSchema"), query=_QUERY),
)
def import_curl_schema(call: Current) -> Response:
    return call.answer(schema_json(curl.schema(_asked(call), call.deps.outbound)))


def _asked(call: Call) -> Asked:
    with call.reading("connection") as (uow, principal, fields):
        wanted, given, lender = curl.borrowed(fields), fields, None
        if wanted is not None:
            kind, identity = wanted
            lender = connections.bound(uow, principal, kind, identity, call.deps.seal)
    return curl.read(given, lender)
