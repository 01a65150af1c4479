"""Kinds of fields that several resources share."""

from __future__ import annotations

from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from penstock.api.view import View

Instant = Annotated[str, Field(json_schema_extra={"format": "date-time"}, examples=["2013-03-03T13:06:51Z"])]
"""An instant: UTC, `YYYY-MM-DDTHH:MM:SSZ`."""

Scalar = str | int | float | bool | None
"""The value of a variable."""


class Creator(TypedDict):
    """What created a resource."""

    type: str
    id: int
    display_name: str
    url: str
    html_url: str


class Reference(TypedDict):
    """An embedded resource, as short as it may be."""

    id: int
    name: str
    url: str


class Error(TypedDict):
    """Why a call failed: *message* always; *errors* by field, *error_message* for connection tests."""

    message: str
    errors: NotRequired[dict[str, list[str]]]
    error_message: NotRequired[str]


def reference(kind: str, identity: int, name: str, view: View) -> Reference:
    """Return the short form in which a resource embeds another; *kind* is the other's word in paths."""
    return {"id": identity, "name": name, "url": view.url(f"{kind}/{identity}")}
