"""Watermarks: given to a job when it is claimed, moved when it is completed, looked at and taken away by people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from penstock.domain.watermark import Watermark, successor
from penstock.errors import NotFound
from penstock.lang.check.report import did_you_mean
from penstock.services.coerce import to_json
from penstock.store.queries import claims
from penstock.store.queries import watermarks as rows
from penstock.store.tables import Job, Package
from penstock.store.tables import Watermark as Row
from penstock.store.unit_of_work import UnitOfWork


def of_package(uow: UnitOfWork, package_id: int) -> list[dict[str, Any]]:
    """Return the watermarks of a package as an order holds them (`runtime.watermarks`)."""
    return [
        {
            "component_id": one.component_id,
            "component": one.component,
            "key": one.source_key,
            "mark": json.loads(one.mark),
        }
        for one in rows.of_package(uow, package_id)
    ]


def move(uow: UnitOfWork, job: Job, now: datetime) -> None:
    """Move the watermarks of a package to where a job has come, which is held and ends well. None ever falls."""
    moves: list[Mapping[str, Any]] = json.loads(job.watermarks or "[]")
    known = rows.locked(uow, job.package_id) if moves else {}
    for one in moves:
        row = known.get((one["component_id"], one["key"]))
        stored = None if row is None else Watermark.of_json(json.loads(row.mark))
        began = None if one["began"] is None else Watermark.of_json(one["began"])
        made = successor(stored, began, Watermark.of_json(one["reached"]))
        if made is None:
            line = f"{one['component']}: its watermark was taken away while this job ran, and stays away"
            claims.add_lines(uow, job.id, job.epoch, [(now, "warning", line)])
        elif row is None:
            uow.session.add(_row(job, one, made, now))
        elif made != stored:
            row.mark, row.component, row.job_id, row.updated_at = to_json(made.to_json()), one["component"], job.id, now
    uow.session.flush()


def _row(job: Job, one: Mapping[str, Any], made: Watermark, now: datetime) -> Row:
    return Row(
        account_id=job.account_id,
        package_id=job.package_id,
        component_id=one["component_id"],
        component=one["component"],
        connection=one["connection"],
        source_key=one["key"],
        reads=one["reads"],
        mark=to_json(made.to_json()),
        job_id=job.id,
        updated_at=now,
    )


def shown(uow: UnitOfWork, package_id: int) -> list[dict[str, Any]]:
    """Return the watermarks of a package as people see them. Raises NotFound for a package that is not there."""
    if uow.session.get(Package, package_id) is None:
        raise NotFound(f"There is no package {package_id}.")
    return [
        {
            "component": one.component, "connection": one.connection, "reads": one.reads, **_mark(json.loads(one.mark)),
            "job_id": one.job_id, "updated_at": one.updated_at.isoformat(),
        }
        for one in rows.of_package(uow, package_id)
    ]  # fmt: skip


def _mark(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {"column": raw["column"], "value": raw["value"]}


def reset(uow: UnitOfWork, package_id: int, component: str) -> int:
    """Take the watermarks of a component away, so that its next job reads everything, and return how many there were. Raises
    NotFound for a component without one."""
    found: Sequence[Row] = rows.of_package(uow, package_id)
    ids = [one.id for one in found if one.component == component]
    if not ids:
        known = sorted({one.component for one in found})
        has = f"The package has them for: {', '.join(known)}." if known else "The package has none."
        hint = did_you_mean(component, known)
        raise NotFound(f"There is no watermark of '{component}'. {has}{f' {hint}' if hint else ''}")
    rows.remove(uow, ids)
    return len(ids)
