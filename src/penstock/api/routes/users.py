"""The caller."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from penstock.api.call import Current
from penstock.api.openapi import one, operation, parameter, text
from penstock.api.route import Route
from penstock.api.schemas.users import user_json

router = APIRouter(tags=["Users"], route_class=Route)
_QUERY = (parameter("current_password", text(), "Reveals the API key where users have passwords."),)


@router.get("/user", **operation("getAuthenticatedUser", "Get the caller", one("User"), query=_QUERY, account=False))
def get_user(call: Current) -> Response:
    with call.reading() as (_, principal, _):
        return call.answer(user_json(principal.user, call.view))
