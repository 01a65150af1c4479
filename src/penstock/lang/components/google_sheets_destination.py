"""Google Sheets destination: records as rows of a sheet (component reference 5.9)."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.lang.components import google_sheets
from penstock.lang.components.file_destination import mapping_of
from penstock.lang.components.spec import REQUIRED, Component, Property, Step
from penstock.lang.document.shapes import BOOLEAN, CONNECTION, MAPPING, TEXT, choice
from penstock.plan.operators import FileTarget, Operator, Write
from penstock.plan.systems import SheetTarget


def build(step: Step, inputs: Mapping[str, Operator]) -> Write | None:
    """Return the output of a destination, or None with findings."""
    sound = step.check_shapes()
    connection = step.connection()
    given = inputs[""]
    columns = mapping_of(step, given.schema)
    if not sound or connection is None or columns is None:
        return None
    spreadsheet = google_sheets.spreadsheet_of(step)
    sheet = None if step.properties["sheet"] is None else step.place("sheet")
    cell, is_cell = google_sheets.cells_of(step, single=True)
    if spreadsheet is None or not is_cell or (sheet is None) is not (step.properties["sheet"] is None):
        return None
    destination = SheetTarget(
        spreadsheet=spreadsheet,
        sheet=sheet or None,
        auto_create_sheet=step.properties["auto_create_sheet"],
        operation=step.properties["operation"],
        header=step.properties["header"],
        range=cell or "A1",
        columns=tuple(column for _, column in columns),
    )
    place = f"{spreadsheet}/{sheet}" if sheet else spreadsheet
    target = FileTarget(connection, place, columns, format="json")
    return Write(step.node.name, step.node.id, step.kind.type, given, target, destination)


component = Component(
    type="google_sheets_destination_component",
    title="Google Sheets",
    help="Writes records as rows of a sheet.",
    is_destination=True,
    keys={"connection": CONNECTION, "mapping": MAPPING},
    connections=google_sheets.CONNECTIONS,
    build=build,
    properties=(
        Property("spreadsheet", {"type": "string", "minLength": 1}, "Id or address.", REQUIRED, "T"),
        Property("sheet", TEXT, "Name of the sheet; by default the first.", takes="T"),
        Property("auto_create_sheet", BOOLEAN, "Make a missing sheet.", False),
        Property("operation", choice("append", "overwrite"), "After the last row, or clear first.", "append"),
        Property("header", BOOLEAN, "Write the columns first: `overwrite`, or an empty sheet.", False),
        Property("range", TEXT, "Top left cell in A1 notation.", "A1", "T"),
    ),
)  # fmt: skip
