"""Validations: a package's diagnostics, found in the background or at once (wire reference 3.7)."""

from __future__ import annotations

import json
import time
from datetime import datetime

from penstock.domain.diagnostic import Diagnostic, Severity
from penstock.errors import NotFound
from penstock.lang import Given, resolve, validate_package
from penstock.services import packages
from penstock.services.coerce import to_json
from penstock.services.paging import Page, PageRequest, list_rows, one_of
from penstock.services.principal import Principal
from penstock.store.queries import pages, people
from penstock.store.tables import Package, PackageValidation
from penstock.store.unit_of_work import UnitOfWork

_STATES = ("running", "completed", "failed")


def list_page(
    uow: UnitOfWork, principal: Principal, package_id: int, asked: PageRequest, *, status: object = None
) -> Page[PackageValidation]:
    """Return validations of a package, newest first. Raises NotFound, InvalidFields."""
    package = packages.get(uow, principal, package_id)
    state = one_of(status, "status", _STATES)
    equal = {"package_id": package.id} | ({} if state is None else {"status": state})
    return list_rows(uow, PackageValidation, principal.tenant.id, asked, equal=equal)


def start(uow: UnitOfWork, principal: Principal, package_id: int, now: datetime) -> PackageValidation:
    """Create a validation in state `running`; `run` ends it. Raises NotFound."""
    package = packages.get(uow, principal, package_id)
    row = PackageValidation(
        account_id=principal.tenant.id,
        package_id=package.id,
        owner_id=principal.user.id,
        status="running",
        created_at=now,
        updated_at=now,
    )
    uow.session.add(row)
    uow.session.flush()
    return row


def run(uow: UnitOfWork, validation_id: int, now: datetime) -> None:
    """Find the package's diagnostics and end the validation; a validation that has ended is left alone."""
    row = uow.session.get(PackageValidation, validation_id)
    package = uow.session.get(Package, row.package_id) if row is not None else None
    if row is None or package is None or row.status != "running":
        return
    started = time.monotonic()
    known = people.connections(uow, package.account_id)
    findings = validate_package(
        package.flow,
        resolve(Given(json.loads(package.variables), {}, {}, {})),
        {*(one.unique_id for one in known), *(one.name for one in known)},
    )
    errors = sum(one.severity is Severity.ERROR for one in findings)
    row.status = "failed" if errors else "completed"
    row.status_message = f"The package has {errors} error{'s' * (errors != 1)}." if errors else "Validation successful"
    row.errors = to_json([_wire(one) for one in findings])
    row.runtime = int((time.monotonic() - started) * 1000)
    row.updated_at = now
    uow.session.flush()


def _wire(finding: Diagnostic) -> dict[str, object]:
    return {**finding.to_json(), "message": finding.sentence()}


def validate_now(uow: UnitOfWork, principal: Principal, package_id: int, now: datetime) -> PackageValidation:
    """Validate a package and return the ended validation. Raises NotFound."""
    row = start(uow, principal, package_id, now)
    run(uow, row.id, now)
    return row


def get(uow: UnitOfWork, principal: Principal, package_id: int, validation_id: int) -> PackageValidation:
    """Return a validation of a package. Raises NotFound."""
    row = pages.get(uow, PackageValidation, validation_id, principal.tenant.id)
    if row is None or row.package_id != package_id:
        raise NotFound("Item not found.")
    return row
