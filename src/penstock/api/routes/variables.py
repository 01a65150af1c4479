"""Variables of an account, which all its packages see."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from penstock.api.call import Call, Current
from penstock.api.openapi import one, operation
from penstock.api.route import Route
from penstock.errors import BadRequest
from penstock.services import variables

router = APIRouter(tags=["Accounts"], route_class=Route)
_ALL = "/{account_id}/api/variables"
_NOT_VARIABLES = ("callback",)
"""Query parameters that go with any call."""


@router.get(_ALL, **operation("listAccountVariables", "List the account's variables", one("AccountVariables")))
def list_account_variables(call: Current) -> Response:
    with call.reading() as (uow, principal, _):
        return call.answer(variables.get(uow, principal))


@router.put(
    _ALL,
    **operation(
        "updateAccountVariables",
        "Replace the account's variables",
        one("AccountVariables"),
        body=one("AccountVariables"),
    ),
)
def update_account_variables(call: Current) -> Response:
    with call.writing("variables") as (uow, principal, fields):
        found = variables.replace(uow, principal, _given(call, fields), call.deps.clock())
    return call.answer(found)


def _given(call: Call, fields: dict[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in fields.items() if name not in _NOT_VARIABLES}
    if not given and not call.body.strip():
        raise BadRequest("The variables are missing. Send an object of names and expressions; {} removes them all.")
    return {} if given == {variables.FIELD: []} else given
