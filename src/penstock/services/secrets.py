"""Secret variables of packages: taken, sealed, opened for a job, and never given back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from penstock.errors import PermanentError
from penstock.kit.sealing import Seal
from penstock.services import variables
from penstock.services.coerce import Fields
from penstock.store.queries import variables as rows
from penstock.store.tables import SecretVariable
from penstock.store.unit_of_work import UnitOfWork

FIELD = "secret_variables"
LONGEST = 64 * 1024
"""Characters of a value: a private key has some thousands."""
KEYLESS = Seal()

Given = Mapping[str, str | None]
"""The secrets that a call gives: None keeps the value that there is."""


def read(fields: Fields, seal: Seal) -> Given | None:
    """Return the secret variables of a call: an object of names and texts, or a list of names without values, as exports
    have it. None when the call has none; what is wrong is noted, without any value."""
    raw = fields.raw.get(FIELD)
    if raw is None:
        return None
    found = dict.fromkeys(raw) if isinstance(raw, list) and all(isinstance(one, str) for one in raw) else None
    if found is None:
        found = fields.scalars(FIELD)
    if found is None:
        return None
    _check(fields, found)
    if not seal.has_key and any(value is not None for value in found.values()):
        fields.refuse(FIELD, "cannot be sealed: this installation has no key. Set PENSTOCK_SEALING_KEY.")
    return {name: _text(value) for name, value in found.items()}


def _check(fields: Fields, found: Mapping[str, Any]) -> None:
    variables.check_names(fields, FIELD, found)
    for name, value in found.items():
        if len(_text(value) or "") > LONGEST:
            fields.refuse(FIELD, f"has under '{name[:80]}' more than {LONGEST} characters.")
        elif "\0" in (_text(value) or ""):
            fields.refuse(FIELD, "holds a zero character.")


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def refuse_both(fields: Fields, secret: Iterable[str], plain: Mapping[str, Any]) -> None:
    """Note the names that are secret variables and plain ones at once."""
    for name in secret:
        if name in plain:
            fields.refuse(
                "variables", f"has '{name}', which is a secret variable of the package. Name one of them anew."
            )


def write(uow: UnitOfWork, package_id: int, given: Given, seal: Seal, now: datetime) -> None:
    """Make the secret variables of a package those that are *given*; a name without a value keeps the one it has."""
    stored = {row.name: row for row in rows.secrets(uow, package_id)}
    for name, row in stored.items():
        if name not in given:
            uow.session.delete(row)
    for name, text in given.items():
        row = stored.get(name) or SecretVariable(package_id=package_id, name=name, sealed=None, updated_at=now)
        if text is not None:
            row.sealed, row.updated_at = seal.seal(text, bound_to(package_id, name)), now
        uow.session.add(row)
        uow.session.flush()  # one by one: their order is that of their ids


def opened(uow: UnitOfWork, package_id: int, seal: Seal) -> dict[str, str | None]:
    """Return the secrets of a package in clear, None for one without a value. Raises PermanentError with the name of one
    that cannot be opened."""
    found: dict[str, str | None] = {}
    for row in rows.secrets(uow, package_id):
        try:
            found[row.name] = None if row.sealed is None else seal.open(row.sealed, bound_to(package_id, row.name))
        except PermanentError as error:
            raise PermanentError(f"The secret variable '{row.name}' cannot be opened: {error.message}") from None
    return found


def names(uow: UnitOfWork, package_id: int) -> list[str]:
    """Return the names of the secret variables of a package."""
    return rows.secret_names(uow, package_id)


def bound_to(package_id: int, name: str) -> str:
    """Return the place that a secret variable is sealed for."""
    return f"package:{package_id}:{name}"
