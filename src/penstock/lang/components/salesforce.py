"""What the components for Salesforce have in common (component reference 3.6, 5.7)."""

from __future__ import annotations

import re

from penstock.lang.check import codes_package as codes
from penstock.lang.components.spec import Property, Step
from penstock.lang.document.shapes import TEXT, choice

CONNECTIONS = ("salesforce",)
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
"""The name of an object or of a field of one."""
_VERSION = re.compile(r"v?([0-9]{2,3})(?:\.0)?")
OLDEST = 47
"""The version in which version 2.0 of the Bulk API began to answer queries."""

OBJECT = "Standard or custom object"
BULK_API = Property("bulk_api", choice("bulk_1", "bulk_2"), "Version of the Bulk API.", "bulk_2", available=("bulk_2",))
API_VERSION = Property(
    "api_version", TEXT, "Version number of the API; by default the newest that is known.", takes="T"
)


def object_of(step: Step) -> str | None:
    """Return the object of a component, or None with findings."""
    name = step.place("object_name")
    if name is None:
        return None
    if NAME.fullmatch(name.strip()) is None:
        message = "This is no name of an object."
        step.add(codes.WrongShape, message, step.at("object_name"), hint="Such as Account, or Invoice__c.")
        return None
    return name.strip()


def version_of(step: Step) -> tuple[str | None, bool]:
    """Return the version of the API as its addresses have it (`62.0`), None where it is left out, and whether it is sound."""
    raw = step.properties["api_version"]
    if raw is None:
        return None, True
    text = step.text("api_version")
    if text is None:
        return None, False
    found = _VERSION.fullmatch(text.strip())
    if found is not None and int(found[1]) >= OLDEST:
        return f"{int(found[1])}.0", True
    if "$" in raw and text == "x":
        return None, True
    message = f"This is no version of the API from {OLDEST}.0 on."
    step.add(codes.WrongShape, message, step.at("api_version"), hint="Such as 62.0.")
    return None, False
