"""What the components for Google Sheets have in common (component reference 3.8, 5.9)."""

from __future__ import annotations

import re

from penstock.lang.check import codes_package as codes
from penstock.lang.components.spec import Step
from penstock.lang.document.shapes import show
from penstock.plan.cells import Area, area_of

CONNECTIONS = ("googlesheets", "google_sheets")
"""The wire's word for the type, and the one that components are described with."""
_ADDRESS = re.compile(r"https?://docs\.google\.com/spreadsheets/(?:u/\d+/)?d/([A-Za-z0-9_-]+)(?:[/?#].*)?")
_ID = re.compile(r"[A-Za-z0-9_-]+")


def spreadsheet_of(step: Step) -> str | None:
    """Return the id of a spreadsheet that is named by it or by its address, or None with findings."""
    text = step.place("spreadsheet")
    if text is None:
        return None
    found = _ADDRESS.fullmatch(text.strip())
    if found is not None:
        return found[1]
    if _ID.fullmatch(text.strip()):
        return text.strip()
    message = "This is neither the id of a spreadsheet nor its address."
    hint = "The id stands in the address behind /d/."
    step.add(codes.WrongShape, message, step.at("spreadsheet"), hint=hint)
    return None


def cells_of(step: Step, *, single: bool) -> tuple[str | None, bool]:
    """Return the cells of a component, None where it names none, and whether they are sound; with *single* they are one."""
    raw = step.properties["range"]
    if raw is None:
        return None, True
    text = step.text("range")
    if text is None:
        return None, False
    area = area_of(text)
    if area is None and "$" in raw and text == "x":
        return "A1", True
    is_one = area is not None and (area.bottom, area.right) == (area.top, area.left)
    if area is not None and (is_one or not single):
        return text.strip(), True
    message = f"{show(text)} names no {'cell' if single else 'cells'} in A1 notation."
    hint = "Such as B2." if single else "Such as A1:D10, or B:D; the sheet stands in 'sheet'."
    step.add(codes.WrongShape, message, step.at("range"), hint=hint)
    return None, False


def known_area(text: str) -> Area:
    """Return the cells of a text that was checked."""
    return area_of(text) or Area()
