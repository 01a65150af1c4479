"""What an organisation of Salesforce has: its objects, and their fields."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from penstock.connectors.web.salesforce.org import Org
from penstock.errors import PermanentError
from penstock.plan.ports import FieldFacts


def objects(org: Org) -> tuple[str, ...]:
    """Return the names of the objects that can be queried, in Salesforce's order."""
    return tuple(
        str(one["name"]) for one in _listed(org.said("GET", "sobjects"), "sobjects") if one.get("queryable", True)
    )


def fields(org: Org, name: str) -> tuple[FieldFacts, ...]:
    """Return the fields of an object, in Salesforce's order."""
    found = org.said("GET", f"sobjects/{quote(name, safe='')}/describe")
    return tuple(
        FieldFacts(str(one["name"]), str(one.get("type") or ""), _length(one.get("length")))
        for one in _listed(found, "fields")
    )


def _listed(found: dict[str, Any], key: str) -> list[dict[str, Any]]:
    listed = found.get(key)
    if not isinstance(listed, list) or not all(isinstance(one, dict) and one.get("name") for one in listed):
        raise PermanentError(f"Salesforce's answer has no '{key}' with names.")
    return listed


def _length(raw: object) -> int | None:
    return raw if isinstance(raw, int) and not isinstance(raw, bool) else None
