"""Health: whether the process lives, and whether it can serve. Free, and open to all."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from penstock.api.call import Current
from penstock.api.openapi import operation
from penstock.api.route import SideRoute
from penstock.services import accounts

router = APIRouter(tags=["Health"], route_class=SideRoute)
_STATE = {"type": "object", "properties": {"status": {"type": "string"}}, "required": ["status"]}


@router.get("/livez", **operation("isAlive", "Is the process alive?", _STATE, account=False, open_to_all=True))
def is_alive(call: Current) -> Response:
    return call.answer({"status": "ok"})


@router.get("/readyz", **operation("isReady", "Can the server serve?", _STATE, account=False, open_to_all=True))
def is_ready(call: Current) -> Response:
    with call.deps.sessions.read() as uow:  # 503 while the store cannot be reached
        accounts.is_empty(uow)
    return call.answer({"status": "ok"})
