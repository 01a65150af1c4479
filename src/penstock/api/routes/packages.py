"""Packages: list, search, create, get, update, archive, export, and the templates to start from."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from penstock.api.call import Current, Id
from penstock.api.openapi import WINDOW, many, one, operation, paged, parameter, searched, text
from penstock.api.paging import read_page
from penstock.api.route import Route
from penstock.api.schemas.packages import package_json, template_json
from penstock.services import packages, secrets

router = APIRouter(tags=["Packages"], route_class=Route)
_ALL = "/{account_id}/api/packages"
_ONE = _ALL + "/{package_id}"

_INCLUDE = parameter("include", text(one_of=("flow",)), "Add data_flow_json to the answer.")
_LIST_QUERY = (
    parameter("flow_type", text("all", one_of=("workflow", "dataflow", "all")), "Only this kind."),
    parameter("status", text("active", one_of=("active", "archived")), "Only this state."),
    _INCLUDE,
    *paged(sort=("created", "updated", "name")),
)
_SEARCH_QUERY = searched(sort=("relevance", "id", "updated", "created", "name"), direction="asc")


@router.get(_ALL, **operation("listPackages", "List packages", many("Package"), query=_LIST_QUERY))
def list_packages(call: Current) -> Response:
    with call.reading() as (uow, principal, fields):
        asked = read_page(fields)
        page = packages.list_page(
            uow, principal, asked, flow_type=fields.get("flow_type"), status=fields.get("status") or "active"
        )
        flow = _with_flow(fields)
        return call.answer_page([package_json(row, call.view, flow=flow) for row in page.items], asked, page)


@router.get(_ALL + "/search", **operation("searchPackages", "Search packages", many("Package"), query=_SEARCH_QUERY))
def search_packages(call: Current) -> Response:
    with call.reading() as (uow, principal, fields):
        asked = read_page(fields)
        page = packages.search(uow, principal, fields.get("q"), asked)
        return call.answer_page([package_json(row, call.view) for row in page.items], asked, page)


@router.get(
    _ALL + "/templates", **operation("listPackageTemplates", "List templates", many("PackageTemplate"), query=WINDOW)
)
def list_package_templates(call: Current) -> Response:
    with call.reading() as (_, _, fields):
        asked = read_page(fields)
        page = packages.list_templates(asked)
        return call.answer_page([template_json(template) for template in page.items], asked, page)


@router.post(
    _ALL, **operation("createPackage", "Create a package", one("Package"), status=201, body=one("PackageCreate"))
)
def create_package(call: Current) -> Response:
    with call.writing("package") as (uow, principal, fields):
        row = packages.create(uow, principal, fields, call.deps.clock(), call.deps.seal)
        hidden = secrets.names(uow, row.id)
    return call.answer(package_json(row, call.view, secrets=hidden), 201)


@router.get(_ONE, **operation("getPackage", "Get a package", one("Package"), query=(_INCLUDE,)))
def get_package(call: Current, package_id: Id) -> Response:
    with call.reading() as (uow, principal, fields):
        row = packages.get(uow, principal, package_id)
        return call.answer(package_json(row, call.view, secrets=secrets.names(uow, row.id), flow=_with_flow(fields)))


@router.put(_ONE, **operation("updatePackage", "Change a package", one("Package"), body=one("PackageUpdate")))
def update_package(call: Current, package_id: Id) -> Response:
    with call.writing("package") as (uow, principal, fields):
        row = packages.update(uow, principal, package_id, fields, call.deps.clock(), call.deps.seal)
        hidden = secrets.names(uow, row.id)
    return call.answer(package_json(row, call.view, secrets=hidden))


@router.delete(_ONE, **operation("deletePackage", "Archive a package", one("Package")))
def delete_package(call: Current, package_id: Id) -> Response:
    with call.writing() as (uow, principal, _):
        row = packages.archive(uow, principal, package_id, call.deps.clock())
        hidden = secrets.names(uow, row.id)
    return call.answer(package_json(row, call.view, secrets=hidden))


@router.get(
    _ONE + "/export",
    **operation("exportPackage", "Export a package", one("PackageExport"), media_type="application/json"),
)
def export_package(call: Current, package_id: Id) -> Response:
    with call.reading() as (uow, principal, _):
        return call.answer(packages.export(uow, principal, package_id), media_type="application/json")


def _with_flow(fields: dict[str, Any]) -> bool:
    return "flow" in str(fields.get("include") or "").replace(" ", "").split(",")
