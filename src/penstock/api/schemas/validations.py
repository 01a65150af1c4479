"""The JSON of package validations."""

from __future__ import annotations

import json
from typing import NotRequired

from typing_extensions import TypedDict

from penstock.api.dates import to_wire
from penstock.api.schemas.fields import Instant
from penstock.api.view import View
from penstock.services.records import PackageValidation as Row


class PackageValidationError(TypedDict):
    """One problem: *message* and *component_id* as in the public API, the rest says where exactly and what to do."""

    message: str
    component_id: str | None
    code: NotRequired[str]
    severity: NotRequired[str]
    component: NotRequired[str | None]
    field: NotRequired[str | None]
    range: NotRequired[list[int] | None]
    hint: NotRequired[str | None]


class PackageValidation(TypedDict):
    """A check of a package."""

    id: int
    status: str
    status_message: str | None
    runtime: int | None
    package_id: int
    owner_id: int
    account_id: int
    errors: list[PackageValidationError]
    created_at: Instant
    updated_at: Instant
    url: str


def validation_json(row: Row, view: View) -> PackageValidation:
    """Return a validation as the wire writes it."""
    return {
        "id": row.id,
        "status": row.status,
        "status_message": row.status_message,
        "runtime": row.runtime,
        "package_id": row.package_id,
        "owner_id": row.owner_id,
        "account_id": row.account_id,
        "errors": json.loads(row.errors or "[]"),
        "created_at": to_wire(row.created_at),
        "updated_at": to_wire(row.updated_at),
        "url": view.url(f"packages/{row.package_id}/validations/{row.id}"),
    }
