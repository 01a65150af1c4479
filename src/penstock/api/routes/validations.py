"""Validations of packages: started and polled, or run while the caller waits."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.background import BackgroundTask
from starlette.responses import Response

from penstock.api.call import Call, Current, Id
from penstock.api.openapi import many, one, operation, paged, parameter, text
from penstock.api.paging import read_page
from penstock.api.route import Route
from penstock.api.schemas.validations import validation_json
from penstock.services import validations

router = APIRouter(tags=["Package Validations"], route_class=Route)
_PACKAGE = "/{account_id}/api/packages/{package_id}"
_ALL = _PACKAGE + "/validations"
_LIST_QUERY = (
    parameter("status", text("all", one_of=("running", "completed", "failed", "all")), "Only this state."),
    *paged(sort=("created", "updated")),
)


@router.get(
    _ALL, **operation("listPackageValidations", "List validations", many("PackageValidation"), query=_LIST_QUERY)
)
def list_package_validations(call: Current, package_id: Id) -> Response:
    with call.reading() as (uow, principal, fields):
        asked = read_page(fields)
        page = validations.list_page(uow, principal, package_id, asked, status=fields.get("status"))
        return call.answer_page([validation_json(row, call.view) for row in page.items], asked, page)


@router.post(_ALL, **operation("runPackageValidation", "Start a validation", one("PackageValidation"), status=201))
def start_package_validation(call: Current, package_id: Id) -> Response:
    with call.writing() as (uow, principal, _):
        row = validations.start(uow, principal, package_id, call.deps.clock())
    answer = call.answer(validation_json(row, call.view), 201)
    answer.background = BackgroundTask(_run, call, row.id)
    return answer


def _run(call: Call, validation_id: int) -> None:
    # checking takes a while, and whoever writes holds the one write lock of SQLite
    with call.deps.sessions.read() as uow:
        outcome = validations.examine(uow, validation_id, call.deps.gaps, call.deps.presets)
    if outcome is not None:
        with call.deps.sessions.write() as uow:
            validations.end(uow, validation_id, outcome, call.deps.clock())


@router.post(
    _PACKAGE + "/validate",
    **operation("runPackageValidationSync", "Validate and wait", one("PackageValidation")),
)
def validate_package(call: Current, package_id: Id) -> Response:
    with call.writing() as (uow, principal, _):
        row = validations.start(uow, principal, package_id, call.deps.clock())
    _run(call, row.id)
    with call.deps.sessions.read() as uow:
        return call.answer(validation_json(validations.get(uow, principal, package_id, row.id), call.view))


@router.get(
    _ALL + "/{validation_id}", **operation("getPackageValidation", "Get a validation", one("PackageValidation"))
)
def get_package_validation(call: Current, package_id: Id, validation_id: Id) -> Response:
    with call.reading() as (uow, principal, _):
        row = validations.get(uow, principal, package_id, validation_id)
    if validations.is_abandoned(row, call.deps.clock()):
        _run(call, row.id)
        with call.deps.sessions.read() as uow:
            row = validations.get(uow, principal, package_id, validation_id)
    return call.answer(validation_json(row, call.view))
