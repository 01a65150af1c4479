"""The JSON of packages, their templates and their exported form."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NotRequired

from typing_extensions import TypedDict

from penstock.api.dates import to_wire
from penstock.api.schemas.fields import Instant
from penstock.api.view import View
from penstock.services.packages import Template
from penstock.services.records import Package as Row


class Package(TypedDict):
    """A stored definition of a data flow. *secret_variable_names* is an addition to the public API."""

    id: int
    name: str
    description: str | None
    variables: dict[str, Any]
    owner_id: int
    created_at: Instant
    updated_at: Instant
    url: str
    html_url: str
    status: str
    flow_type: str
    flow_version: str
    version: NotRequired[int]
    package_version: NotRequired[str]
    item_id: NotRequired[int]
    secret_variable_names: NotRequired[list[str]]
    data_flow_json: NotRequired[str | None]


class PackageExport(TypedDict):
    """A package as a file that create and update read back."""

    name: str
    description: str | None
    data_flow_json: str
    variables: dict[str, Any]
    flow_type: str
    flow_version: str
    secret_variables: NotRequired[list[str]]


class PackageCreate(TypedDict, total=False):
    """What creates a package: a copy, a template, or the package itself, which may be an exported file. Secret variables
    are texts, and are never given back."""

    source_package_id: int
    package_template_id: int
    name: str
    description: str
    data_flow_json: str | dict[str, Any]
    variables: dict[str, Any]
    secret_variables: dict[str, str | None]
    flow_type: str
    flow_version: str
    raw_data: dict[str, Any]


class PackageUpdate(TypedDict, total=False):
    """What changes a package; absent keys stay. A secret variable without a value keeps its own; one that is not named goes."""

    name: str
    description: str
    data_flow_json: str | dict[str, Any]
    variables: dict[str, Any]
    secret_variables: dict[str, str | None]
    flow_version: str
    raw_data: dict[str, Any]


class PackageTemplateAuthor(TypedDict):
    """Who made a template."""

    id: int
    name: str
    avatar_url: str | None


class PackageTemplate(TypedDict):
    """An example package to start from."""

    id: int
    name: str
    description: str | None
    position: int
    author: PackageTemplateAuthor


def package_json(row: Row, view: View, *, secrets: Sequence[str] | None = None, flow: bool = False) -> Package:
    """Return a package as the wire writes it: *secrets*, the names of its secret variables, add what only a single answer
    has, *flow* the flow as text."""
    path = f"packages/{row.id}"
    package: Package = {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "variables": json.loads(row.variables or "{}"),
        "owner_id": row.owner_id,
        "created_at": to_wire(row.created_at),
        "updated_at": to_wire(row.updated_at),
        "url": view.url(path),
        "html_url": view.html_url(path),
        "status": row.status,
        "flow_type": row.flow_type,
        "flow_version": row.flow_version,
    }
    if secrets is not None:
        package["version"] = row.version
        package["package_version"] = row.package_version
        package["item_id"] = row.id
        package["secret_variable_names"] = list(secrets)
    if flow:
        package["data_flow_json"] = row.flow
    return package


def template_json(template: Template) -> PackageTemplate:
    """Return a template as the wire writes it."""
    return {
        "id": template.id,
        "name": template.name,
        "description": template.description,
        "position": template.position,
        "author": {"id": 0, "name": "Penstock", "avatar_url": None},
    }
