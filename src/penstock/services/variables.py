"""Variables of an account, which all its packages see: names and expressions, in the order of their evaluation."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from penstock.errors import InvariantBroken
from penstock.lang.variables.resolution import PREDEFINED
from penstock.services.coerce import LONGEST_NAME, Fields, to_json
from penstock.services.principal import Principal
from penstock.store.queries import pages
from penstock.store.queries import variables as rows
from penstock.store.tables import Account
from penstock.store.unit_of_work import UnitOfWork

FIELD = "variables"
MOST = 1000
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def of_account(uow: UnitOfWork, account_id: int) -> dict[str, Any]:
    """Return the variables of an account by its number, in their order."""
    found: dict[str, Any] = json.loads(rows.of_account(uow, account_id))
    return found


def get(uow: UnitOfWork, principal: Principal) -> dict[str, Any]:
    """Return the variables of the caller's account."""
    return of_account(uow, principal.tenant.id)


def replace(uow: UnitOfWork, principal: Principal, raw: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Make the account's variables those that are given, in their order, and return them. Raises InvalidFields."""
    fields = Fields({FIELD: dict(raw)})
    found = fields.scalars(FIELD) or {}
    check_names(fields, FIELD, found)
    fields.check()
    row = pages.locked_row(uow, Account, principal.tenant.id)
    if row is None:
        raise InvariantBroken("the account of a caller is gone")
    row.variables, row.updated_at = to_json(found), now
    uow.session.flush()
    return found


def check_names(fields: Fields, field: str, names: Collection[str]) -> None:
    """Note what is wrong with the names of variables in a field of a call: their number, their spelling, a predefined one."""
    if len(names) > MOST:
        fields.refuse(field, f"are more than {MOST}.")
    for name in names:
        if _NAME.fullmatch(name) is None or len(name) > LONGEST_NAME:
            fields.refuse(
                field, f"has the name '{name[:80]}'. A name is letters, digits and underscores, no digit first."
            )
        elif name in PREDEFINED:
            fields.refuse(field, f"has the name '{name}', which is predefined and cannot be set.")
