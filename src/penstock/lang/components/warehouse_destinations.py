"""Destinations of warehouses: records as rows of a table of Redshift or Snowflake (component reference 5.3, 5.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from penstock.lang.check import codes_package as codes
from penstock.lang.components import database_destination
from penstock.lang.components.database_destination import ACTIONS, ADDING, AMOUNTS, ON_BAD_VALUE, SCHEMA, TABLE
from penstock.lang.components.options import place_of
from penstock.lang.components.spec import Component, Property, Step
from penstock.lang.document.shapes import CONNECTION, MAPPING, PLACE, choice
from penstock.plan.operators import Operator, Write
from penstock.plan.systems import DatabaseTarget

_OPERATION = Property(
    "operation", choice("append", "truncate_insert", "delete_insert", "merge_delete_insert", "merge_update_insert"),
    "Adds rows; replaces all rows (`truncate_insert`, `delete_insert`); replaces, or changes and adds, those with the same "
    "key. The last two need a mapping item with `key`.", "append",
)  # fmt: skip


def build(step: Step, inputs: Mapping[str, Operator]) -> Write | None:
    """Return the output of a destination, or None with findings."""
    made = database_destination.build(step, inputs)
    staging, is_sound = (None, True) if made is None else place_of(step, "staging")
    if made is None or not is_sound:
        return None
    if step.kind.type == SNOWFLAKE.type and staging is not None:
        message = "'staging' has no effect: records go through the stage that every user of Snowflake has."
        step.add(codes.UselessOption, message, step.at("staging"), hint="Leave it out.")
    elif staging is not None and isinstance(made.destination, DatabaseTarget):
        return replace(made, destination=replace(made.destination, staging=staging))
    return made


def _component(name: str, title: str, staging: str) -> Component:
    return Component(
        type=f"{name}_destination_component", title=title, help=f"Writes records into a table of {title}.", is_destination=True,
        keys={"connection": CONNECTION, "mapping": MAPPING}, connections=(name,), build=build,
        properties=(
            SCHEMA, TABLE, _OPERATION, *ADDING, *ACTIONS, *AMOUNTS,
            Property("staging", PLACE, staging, takes="T"),
            ON_BAD_VALUE,
        ),
    )  # fmt: skip


REDSHIFT = _component(
    "redshift", "Amazon Redshift",
    "Bucket of S3 that records go through on their way, and are removed from; without it they go in by INSERT, slowly.",
)  # fmt: skip
SNOWFLAKE = _component(
    "snowflake", "Snowflake", "Has no effect: records go through the stage that every user of Snowflake has."
)
