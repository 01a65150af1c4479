"""Google Sheets source: rows of a sheet (component reference 3.8)."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.lang.check import codes_package as codes
from penstock.lang.components import google_sheets
from penstock.lang.components.source_fields import NAMED_FIELD, scan_of_lines
from penstock.lang.components.spec import REQUIRED, Component, Property, Step
from penstock.lang.document.shapes import BOOLEAN, CONNECTION, TEXT, a_list, choice, when
from penstock.plan.operators import Operator, ScanField
from penstock.plan.systems import SheetSource


def build(step: Step, inputs: Mapping[str, Operator]) -> Operator | None:
    """Return the scan of a source, or None with findings."""
    return scan_of_lines(step, _origin, _name)


def _name(origin: SheetSource) -> str:
    return f"{origin.spreadsheet}/{origin.sheet}" if origin.sheet else origin.spreadsheet


def _origin(step: Step, items: tuple[ScanField, ...]) -> SheetSource | None:
    names = [item.name or "" for item in items]
    sound = True
    for index, name in enumerate(names):
        if name.startswith("$"):
            step.add(codes.WrongShape, "A column of a sheet is named by its name.", f"fields[{index}].name")
            sound = False
        elif name in names[:index]:
            message = f"The column '{name}' is listed twice."
            step.add(codes.BadAlias, message, f"fields[{index}].name", hint="Copy it in a Select.")
            sound = False
    spreadsheet, sheet = google_sheets.spreadsheet_of(step), step.text("sheet")
    cells, is_range = google_sheets.cells_of(step, single=False)
    if not sound or spreadsheet is None or not is_range or (sheet is None) is not (step.properties["sheet"] is None):
        return None
    return SheetSource(
        spreadsheet=spreadsheet,
        sheet=sheet or None,
        range=cells,
        skip_header=step.properties["skip_header"],
        match_fields=step.properties["match_fields"],
    )


component = Component(
    type="google_sheets_source_component",
    title="Google Sheets",
    help="Reads the rows of a sheet.",
    inputs=(),
    is_source=True,
    keys={"connection": CONNECTION, "fields": a_list(NAMED_FIELD)},
    connections=google_sheets.CONNECTIONS,
    build=build,
    rules=(
        when(
            "'match_fields' name needs 'skip_header' true: the names stand in the first row.", "match_fields",
            "skip_header", test={"const": "name"}, skip_header={"const": True},
        ),
    ),
    properties=(
        Property("spreadsheet", {"type": "string", "minLength": 1}, "Id or address.", REQUIRED, "T"),
        Property("sheet", TEXT, "Name of the sheet; by default the first.", takes="T"),
        Property("range", TEXT, "Cells in A1 notation; by default all.", takes="T"),
        Property("skip_header", BOOLEAN, "The first row is names, not data.", False),
        Property(
            "match_fields", choice("position", "name"),
            "Fields find their column by position, or by the name in the first row.", "position",
        ),
        Property(
            "on_bad_value", choice("set_null", "skip", "fail"),
            "What a value that does not fit its field does: becomes null, drops its record, or fails the job.", "set_null",
        ),
    ),
)  # fmt: skip
