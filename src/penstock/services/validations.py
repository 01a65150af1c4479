"""Validations: a package's diagnostics, found in the background or at once (wire reference 3.7)."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from penstock.domain.diagnostic import Diagnostic, Severity
from penstock.errors import NotFound
from penstock.lang import Gaps, Given, Known, resolve, validate_package
from penstock.lang.presets import known as known_presets
from penstock.services import packages, secrets, variables
from penstock.services.coerce import to_json
from penstock.services.connection_types import TYPES
from penstock.services.connections import by_key
from penstock.services.paging import Page, PageRequest, list_rows, one_of
from penstock.services.principal import Principal
from penstock.store.queries import pages, people
from penstock.store.tables import Package, PackageValidation
from penstock.store.unit_of_work import UnitOfWork

RUNNING = "running"
LONGEST = timedelta(minutes=1)
_STATES = (RUNNING, "completed", "failed")


def list_page(
    uow: UnitOfWork, principal: Principal, package_id: int, asked: PageRequest, *, status: object = None
) -> Page[PackageValidation]:
    """Return validations of a package, newest first. Raises NotFound, InvalidFields."""
    package = packages.get(uow, principal, package_id)
    state = one_of(status, "status", _STATES)
    equal = {"package_id": package.id} | ({} if state is None else {"status": state})
    return list_rows(uow, PackageValidation, principal.tenant.id, asked, equal=equal)


def start(uow: UnitOfWork, principal: Principal, package_id: int, now: datetime) -> PackageValidation:
    """Create a validation in state `running`; `examine` and `end` finish it. Raises NotFound."""
    package = packages.get(uow, principal, package_id)
    row = PackageValidation(
        account_id=principal.tenant.id,
        package_id=package.id,
        owner_id=principal.user.id,
        status=RUNNING,
        created_at=now,
        updated_at=now,
    )
    uow.session.add(row)
    uow.session.flush()
    return row


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the check of a package found, and how long it took."""

    findings: tuple[Diagnostic, ...]
    took_ms: int


def examine(
    uow: UnitOfWork, validation_id: int, gaps: Gaps | None = None, presets: Mapping[str, Any] | None = None
) -> Outcome | None:
    """Return the diagnostics of the package that a validation is for, what the engine cannot do (*gaps*) included; None
    when it has ended. *presets* are those of the installation, as JSON."""
    row = uow.session.get(PackageValidation, validation_id)
    package = uow.session.get(Package, row.package_id) if row is not None else None
    if row is None or package is None or row.status != RUNNING:
        return None
    started = time.monotonic()
    found = by_key(people.connections(uow, package.account_id))
    findings = validate_package(
        package.flow,
        resolve(
            Given(
                json.loads(package.variables),
                secret=dict.fromkeys(secrets.names(uow, package.id)),
                account=variables.of_account(uow, package.account_id),
            )
        ),
        Known(found, {key for key, row in found.items() if TYPES[row.type].is_database}),
        gaps,
        known_presets(presets),
    )
    return Outcome(tuple(findings), int((time.monotonic() - started) * 1000))


def end(uow: UnitOfWork, validation_id: int, outcome: Outcome, now: datetime) -> None:
    """Write down what was found; a validation that has ended is left alone."""
    row = pages.locked_row(uow, PackageValidation, validation_id)
    if row is None or row.status != RUNNING:
        return
    errors = sum(one.severity is Severity.ERROR for one in outcome.findings)
    row.status = "failed" if errors else "completed"
    row.status_message = f"The package has {errors} error{'s' * (errors != 1)}." if errors else "Validation successful"
    row.errors = to_json([_wire(one) for one in outcome.findings])
    row.runtime = outcome.took_ms
    row.updated_at = now
    uow.session.flush()


def _wire(finding: Diagnostic) -> dict[str, object]:
    return {**finding.to_json(), "message": finding.sentence()}


def is_abandoned(row: PackageValidation, now: datetime) -> bool:
    """Tell whether the process that was to end a validation must be gone."""
    return row.status == RUNNING and now - row.created_at > LONGEST


def get(uow: UnitOfWork, principal: Principal, package_id: int, validation_id: int) -> PackageValidation:
    """Return a validation of a package. Raises NotFound."""
    row = pages.get(uow, PackageValidation, validation_id, principal.tenant.id)
    if row is None or row.package_id != package_id:
        raise NotFound("Item not found.")
    return row
