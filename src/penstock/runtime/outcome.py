"""How an attempt ended, written once: completed, failed, stopped, or left to the next attempt."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from penstock.runtime.attempt import Attempt
from penstock.services import attempts
from penstock.services.session import UnitOfWork

_RECEIPT = ("component", "records", "files", "preview", "preview_type", "receipt")


def write(uow: UnitOfWork, attempt: Attempt, told: attempts.Report, now: datetime) -> bool:
    """Write the end of an attempt; False when it is too early: a job that somebody wants to stop is `stopped` only when
    its process is gone."""
    job, epoch = attempt.job_id, attempt.epoch
    if attempt.exit_code is None and not attempts.is_running(uow, job, epoch):
        return False
    said = attempt.outcome or {"kind": "gone"}
    if said["kind"] == "done":
        attempts.completed(uow, job, epoch, told, _receipts(said), now)
    elif said["kind"] == "failed":
        attempts.failed(uow, job, epoch, told, str(said["sentence"]), now)
    elif said["kind"] == "stopped" or _may_go_on(attempt):
        is_death = said["kind"] == "gone" and not attempt.is_given_back
        attempts.unpublished(uow, job, epoch, told, now, counts=is_death)
    else:
        attempts.failed(uow, job, epoch, told, _epitaph(attempt), now)
    return True


def _may_go_on(attempt: Attempt) -> bool:
    """Tell whether a process that ended without a word leaves its job to another attempt."""
    return attempt.is_granted or attempt.is_stopping or attempt.is_given_back or attempt.is_blameless


def _receipts(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{name: one[name] for name in _RECEIPT} for one in said["outputs"]]


def _epitaph(attempt: Attempt) -> str:
    """Why a process ended without a word."""
    if attempt.is_too_large:
        return (
            "The job was ended because its process held more memory than its slot has. Give the worker fewer slots or "
            "more memory (PENSTOCK_SLOTS, PENSTOCK_MEMORY_BYTES), or make the package smaller."
        )
    if attempt.exit_code == -9:
        return "The process of the job was killed from outside, perhaps because the machine ran out of memory. Run it again."
    code = attempt.exit_code or 0
    how = f"with signal {-code}" if code < 0 else f"with code {code}"
    return f"The process of the job ended unexpectedly {how}. Run it again; the log of its worker may say more."
