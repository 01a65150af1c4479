"""Destinations of warehouses: records as rows of a table of Redshift or Snowflake (component reference 5.3, 5.4)."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.lang.check import codes_package as codes
from penstock.lang.components import database_destination
from penstock.lang.components.database_destination import ACTIONS, ADDING, AMOUNTS, ON_BAD_VALUE, SCHEMA, TABLE
from penstock.lang.components.spec import Component, Property, Step
from penstock.lang.document.shapes import CONNECTION, MAPPING, PLACE, choice
from penstock.plan.operators import Operator, Write

_INSTEAD = {
    "redshift_destination_component": "records go in by INSERT with many rows",
    "snowflake_destination_component": "records go through the stage that every user of Snowflake has",
}
_OPERATION = Property(
    "operation", choice("append", "truncate_insert", "delete_insert", "merge_delete_insert", "merge_update_insert"),
    "Adds rows; replaces all rows (`truncate_insert`, `delete_insert`); replaces, or changes and adds, those with the same "
    "key. The last two need a mapping item with `key`.", "append",
)  # fmt: skip


def build(step: Step, inputs: Mapping[str, Operator]) -> Write | None:
    """Return the output of a destination, or None with findings."""
    made = database_destination.build(step, inputs)
    if step.properties["staging"] is not None:
        message = f"'staging' has no effect in this version: {_INSTEAD[step.kind.type]}."
        step.add(codes.UselessOption, message, step.at("staging"), hint="Leave it out.")
    return made


def _component(name: str, title: str) -> Component:
    return Component(
        type=f"{name}_destination_component", title=title, help=f"Writes records into a table of {title}.", is_destination=True,
        keys={"connection": CONNECTION, "mapping": MAPPING}, connections=(name,), build=build,
        properties=(
            SCHEMA, TABLE, _OPERATION, *ADDING, *ACTIONS, *AMOUNTS,
            Property("staging", PLACE, "File storage for a load in bulk; it is not used yet.", takes="T"),
            ON_BAD_VALUE,
        ),
    )  # fmt: skip


REDSHIFT = _component("redshift", "Amazon Redshift")
SNOWFLAKE = _component("snowflake", "Snowflake")
