"""Packages: stored definitions of data flows (wire reference 3.5, 3.6). Any flow is kept as it was given."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any

from penstock.errors import NotFound, PermanentError
from penstock.kit.sealing import Seal
from penstock.lang.document import to_wire
from penstock.lang.files import read_file
from penstock.services import secrets
from penstock.services.coerce import LONGEST_NAME, LONGEST_WORD, Fields, to_json
from penstock.services.paging import Page, PageRequest, list_rows, one_of
from penstock.services.principal import Principal
from penstock.services.search import search as search_page
from penstock.services.secrets import KEYLESS
from penstock.store.queries import pages
from penstock.store.queries.search import PACKAGES
from penstock.store.tables import Package
from penstock.store.unit_of_work import UnitOfWork

UNTITLED = "Untitled package"
_KINDS = ("dataflow", "workflow")


@dataclass(frozen=True, slots=True)
class Template:
    """An example package to start from: *content* has the keys of an exported one."""

    id: int
    name: str
    description: str | None
    position: int
    content: Mapping[str, Any]


@cache
def templates() -> tuple[Template, ...]:
    """Return the templates that come with Penstock, its own examples, in their order."""
    folder = resources.files("penstock.services").joinpath("templates")
    files = [one for one in folder.iterdir() if one.name.endswith(".yaml")]
    found = [package for one in files if (package := read_file(one.read_text("utf-8")).package) is not None]
    found.sort(key=lambda one: (one.get("position", len(found)), one["name"]))
    return tuple(
        Template(index + 1, one["name"], one.get("description"), index, one) for index, one in enumerate(found)
    )


def list_templates(asked: PageRequest) -> Page[Template]:
    """Return a page of the templates."""
    every = templates()
    return Page(every[asked.offset : asked.offset + asked.limit], asked.offset + asked.limit < len(every))


def list_page(
    uow: UnitOfWork, principal: Principal, asked: PageRequest, *, flow_type: object = None, status: object = "active"
) -> Page[Package]:
    """Return packages of the account, newest first: active ones, or archived ones. Raises InvalidFields."""
    kind = one_of(flow_type, "flow_type", _KINDS)
    state = one_of(status, "status", ("active", "archived")) or "active"
    equal = {"status": state} | ({} if kind is None else {"flow_type": kind})
    return list_rows(uow, Package, principal.tenant.id, asked, sort=("name",), equal=equal)


def search(uow: UnitOfWork, principal: Principal, q: object, asked: PageRequest) -> Page[Package]:
    """Return the packages that match a search expression."""
    return search_page(uow, principal, PACKAGES, q, asked, "asc")


def create(
    uow: UnitOfWork, principal: Principal, raw: Mapping[str, Any], now: datetime, seal: Seal = KEYLESS
) -> Package:
    """Create a package from its fields, another package or a template; given fields win. A copy has the secret variables
    of the package that it copies. Raises InvalidFields."""
    fields = Fields(raw)
    start = _start(uow, principal, fields)
    flow, variables = _flow(fields), fields.scalars("variables")
    hidden = _secrets_at_start(uow, fields, start, seal)
    secrets.refuse_both(fields, hidden, variables if variables is not None else start.get("variables") or {})
    row = Package(
        account_id=principal.tenant.id,
        owner_id=principal.user.id,
        name=fields.text("name", longest=LONGEST_NAME) or start.get("name") or UNTITLED,
        description=fields.text("description") if fields.has("description") else start.get("description"),
        flow_type=fields.choice("flow_type", _KINDS) or start.get("flow_type") or "dataflow",
        flow_version=fields.text("flow_version", longest=LONGEST_WORD) or start.get("flow_version") or "2.0.0",
        flow=flow if flow is not None else to_wire(start.get("data_flow_json")),
        variables=to_json(variables if variables is not None else start.get("variables") or {}),
        created_at=now,
        updated_at=now,
    )
    fields.check()
    uow.session.add(row)
    uow.session.flush()
    secrets.write(uow, row.id, hidden, seal, now)
    return row


def _secrets_at_start(uow: UnitOfWork, fields: Fields, start: Mapping[str, Any], seal: Seal) -> secrets.Given:
    given = secrets.read(fields, seal)
    if "id" not in start:
        return given or {}
    try:
        of_source = secrets.opened(uow, start["id"], seal)
    except PermanentError as error:
        fields.refuse("source_package_id", f"names a package that cannot be copied. {error.message}")
        return {}
    if given is None:
        return of_source
    return {name: of_source.get(name) if text is None else text for name, text in given.items()}


def _start(uow: UnitOfWork, principal: Principal, fields: Fields) -> Mapping[str, Any]:
    source, template = fields.integer("source_package_id"), fields.integer("package_template_id")
    if source is not None:
        row = pages.get(uow, Package, source, principal.tenant.id)
        if row is None:
            fields.refuse("source_package_id", f"{source} does not exist.")
            return {}
        return {**exported(row), "id": row.id}
    if template is not None:
        for one in templates():
            if one.id == template:
                return one.content
        fields.refuse("package_template_id", f"{template} does not exist.")
    return {}


def _flow(fields: Fields) -> str | None:
    """Return the flow in the wire's spelling, None when none is given; text that is no JSON is kept, and validation says
    what is wrong."""
    for name in ("data_flow_json", "raw_data"):
        value = fields.raw.get(name)
        if value is None or value == "":
            continue
        if value == []:
            value = {}
        if not isinstance(value, str | Mapping):
            fields.refuse(name, "must be the flow: an object, or JSON text of one.")
            return None
        if isinstance(value, str) and "\x00" in value:
            fields.refuse(name, "holds a zero character.")
            return None
        try:
            return to_wire(value)
        except RecursionError:
            fields.refuse(name, "is nested too deeply.")
            return None
    return None


def get(uow: UnitOfWork, principal: Principal, package_id: int) -> Package:
    """Return a package, an archived one too. Raises NotFound."""
    row = pages.get(uow, Package, package_id, principal.tenant.id)
    if row is None:
        raise NotFound("Item not found.")
    return row


def _get_locked(uow: UnitOfWork, principal: Principal, package_id: int) -> Package:
    row = pages.get(uow, Package, package_id, principal.tenant.id, locked=True)
    if row is None:
        raise NotFound("Item not found.")
    return row


def update(
    uow: UnitOfWork,
    principal: Principal,
    package_id: int,
    raw: Mapping[str, Any],
    now: datetime,
    seal: Seal = KEYLESS,
) -> Package:
    """Change a package; absent fields stay, and every key that an answer has is taken back. Secret variables are replaced
    as a whole, but a name without a value keeps its own. Raises NotFound, InvalidFields."""
    row = _get_locked(uow, principal, package_id)
    fields = Fields(raw)
    name, flow = fields.text("name", longest=LONGEST_NAME), _flow(fields)
    variables, version = fields.scalars("variables"), fields.text("flow_version", longest=LONGEST_WORD)
    description, hidden = fields.text("description"), secrets.read(fields, seal)
    after = hidden if hidden is not None else secrets.names(uow, package_id)
    secrets.refuse_both(fields, after, variables if variables is not None else json.loads(row.variables))
    fields.check()
    if hidden is not None:
        secrets.write(uow, package_id, hidden, seal, now)
    row.name = name or row.name
    if "description" in raw:
        row.description = description
    row.flow = flow if flow is not None else row.flow
    row.variables = to_json(variables) if variables is not None else row.variables
    row.flow_version = version or row.flow_version
    row.version += 1
    row.updated_at = now
    uow.session.flush()
    return row


def archive(uow: UnitOfWork, principal: Principal, package_id: int, now: datetime) -> Package:
    """Archive a package; it stays readable. Raises NotFound."""
    row = _get_locked(uow, principal, package_id)
    row.status = "archived"
    row.updated_at = now
    uow.session.flush()
    return row


def export(uow: UnitOfWork, principal: Principal, package_id: int) -> dict[str, Any]:
    """Return a package as a file that create and update read back; of its secret variables it has the names only. Raises
    NotFound."""
    row = get(uow, principal, package_id)
    hidden = secrets.names(uow, row.id)
    return exported(row) | ({secrets.FIELD: hidden} if hidden else {})


def exported(row: Package) -> dict[str, Any]:
    """Return what an exported file holds."""
    return {
        "name": row.name,
        "description": row.description,
        "data_flow_json": row.flow,
        "variables": json.loads(row.variables),
        "flow_type": row.flow_type,
        "flow_version": row.flow_version,
    }
