"""The system's own facts: rate limit, regions, stacks, time zones and variables."""

from __future__ import annotations

from enum import Enum

from fastapi import APIRouter
from starlette.responses import Response

from penstock.api.call import Current
from penstock.api.openapi import many, one, operation
from penstock.api.route import Route
from penstock.api.schemas.system import rate_limit_json
from penstock.errors import NotFound
from penstock.services import system
from penstock.services.paging import one_of

router = APIRouter(route_class=Route)
_TAGS: list[str | Enum] = ["System"]


@router.get(
    "/rate_limit_status",
    tags=_TAGS,
    **operation("getRateLimitStatus", "Get the rate limit", one("RateLimitStatus"), account=False),
)
def get_rate_limit_status(call: Current) -> Response:
    with call.reading(free=True) as (_, principal, _):
        return call.answer(rate_limit_json(call.peek(principal.user.id)))


@router.get(
    "/{account_id}/api/rate_limit_status",
    tags=_TAGS,
    **operation("getAccountRateLimitStatus", "Get the rate limit", one("RateLimitStatus")),
)
def get_account_rate_limit_status(call: Current) -> Response:
    return get_rate_limit_status(call)


@router.get("/regions", tags=_TAGS, **operation("listRegions", "List regions", many("Region"), account=False))
def list_regions(call: Current) -> Response:
    with call.reading() as (_, _, fields):
        kind = one_of(fields.get("brand_id"), "brand_id", system.KINDS)  # how an old client asks for those of a kind
        return call.answer(system.regions(call.deps.installed) if kind is None else [])


@router.get(
    "/regions/{type}",
    tags=_TAGS,
    **operation("listRegionsByType", "List regions of a kind", many("Region"), account=False),
)
def list_regions_by_type(call: Current, type: str) -> Response:
    with call.reading():
        if type not in system.KINDS:
            raise NotFound("Item not found.")
        return call.answer([])


@router.get(
    "/{account_id}/api/regions",
    tags=["Accounts"],
    **operation("listAccountRegions", "List the account's regions", many("Region")),
)
def list_account_regions(call: Current) -> Response:
    return list_regions(call)


@router.get("/{account_id}/api/stacks", tags=_TAGS, **operation("listStacks", "List stacks", many("Stack")))
def list_stacks(call: Current) -> Response:
    with call.reading():
        return call.answer(list(call.deps.stacks))


@router.get("/timezones", tags=_TAGS, **operation("listTimeZones", "List time zones", many("TimeZone"), account=False))
def list_time_zones(call: Current) -> Response:
    with call.reading():
        return call.answer(system.time_zones())


@router.get(
    "/variables",
    tags=_TAGS,
    **operation("listSystemVariables", "List system variables", one("SystemVariables"), account=False),
)
def list_system_variables(call: Current) -> Response:
    with call.reading():
        return call.answer(system.variables())
