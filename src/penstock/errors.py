"""The whole error tree. The class decides what happens next; no code reads a message to decide.

PenstockError
├─ CallerError      the caller must change something         4xx, shown as it is
├─ ExternalError    a system outside refused or failed
│  ├─ TransientError   the same call may work later
│  └─ PermanentError   a person must act
├─ DataError        one record is bad
├─ CapabilityError  this engine cannot run this plan
└─ InvariantBroken  a bug of ours
JobStopped, LeaseLost   BaseException: a stop unwinds, and no broad `except` may swallow it
"""

from __future__ import annotations

from typing import Any


class PenstockError(Exception):
    """Any failure that Penstock itself names. *facts* are plain values for the log and the interface."""

    code = "error"

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts


class CallerError(PenstockError):
    """The caller must change something; the message is shown as it is."""

    code = "caller"


class BadRequest(CallerError):
    """The request cannot be read: broken JSON, an impossible shape."""

    code = "bad_request"


class NotAuthenticated(CallerError):
    """No credentials, or none that are known."""

    code = "not_authenticated"


class PaymentRequired(CallerError):
    """The account must settle its billing first."""

    code = "payment_required"


class NotAllowed(CallerError):
    """The caller is known but may not do this."""

    code = "not_allowed"


class NotFound(CallerError):
    """What the caller names does not exist, or not for this caller."""

    code = "not_found"


class NotAcceptable(CallerError):
    """The answer cannot be given in the asked media type or version."""

    code = "not_acceptable"


class UnsupportedMedia(CallerError):
    """The body is of a media type that is not read here."""

    code = "unsupported_media"


class InvalidFields(CallerError):
    """Fields of a well-formed request are invalid. *errors* maps a field to its findings."""

    code = "invalid_fields"

    def __init__(self, message: str, errors: dict[str, list[str]] | None = None, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.errors = errors or {}


class ConnectionTestFailed(CallerError):
    """A connection test did not succeed; the message says which rung broke and what to do. *rungs* are those that were
    climbed, the one that broke at the end (`penstock.domain.rung.Rung` values); empty where none was."""

    code = "connection_test_failed"

    def __init__(self, message: str, rungs: tuple[Any, ...] = (), **facts: Any) -> None:
        super().__init__(message, **facts)
        self.rungs = rungs


class OutOfCredits(CallerError):
    """The caller's credits of this hour are used up."""

    code = "out_of_credits"


class PackageInvalid(CallerError):
    """A package does not compile. Carries its diagnostics (`penstock.domain.diagnostic.Diagnostic` values)."""

    code = "package_invalid"

    def __init__(self, message: str, diagnostics: tuple[Any, ...] = (), **facts: Any) -> None:
        super().__init__(message, **facts)
        self.diagnostics = diagnostics


class ExternalError(PenstockError):
    """A system outside refused or failed."""

    code = "external"


class TransientError(ExternalError):
    """The same call may work later."""

    code = "transient"


class PermanentError(ExternalError):
    """A person must act before the same call can work."""

    code = "permanent"


class NothingFound(PermanentError):
    """There is no file where a source looks."""

    code = "nothing_found"


class DataError(PenstockError):
    """One record is bad, and the policy in force is to fail."""

    code = "data"


class CapabilityError(PenstockError):
    """This engine cannot run this plan; found at compile time, never half-way."""

    code = "capability"


class InvariantBroken(PenstockError):
    """A bug of ours: details belong into the log only."""

    code = "invariant_broken"


class JobStopped(BaseException):
    """Somebody stopped the job; unwinds everything up to the runner."""


class LeaseLost(BaseException):
    """Another worker owns this job now; nothing more may be written for it."""
