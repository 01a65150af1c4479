"""What sources and destinations of databases have in common: their connections, fields, and numbers with variables."""

from __future__ import annotations

import math

from penstock.lang.check import codes_package as codes
from penstock.lang.components.spec import Step
from penstock.lang.document.shapes import ALIAS, MESSAGE, Shape, choice, record, show
from penstock.lang.variables.substitution import Mode
from penstock.plan.dtypes import SCHEMA_WORDS

DATABASES = (
    "postgres", "mysql", "sqlite", "duckdb", "sqlserver", "oracle", "db2", "redshift", "snowflake", "athena", "netsuite",
    "herokupostgres", "googlecloudpostgres", "googlecloudsql", "googlecloudspanner",
)  # fmt: skip
"""Types of connections that lead to databases, most of them of later versions."""
COLUMN: Shape = {
    **record(("name",), name={"type": "string", "minLength": 1}, alias=ALIAS, type=choice(*SCHEMA_WORDS)),
    MESSAGE: "A field needs a 'name', the column.",
}


def number_between(least: float, most: float) -> Shape:
    """Return the shape of a number of a range, or of a text that is one once its variables are replaced."""
    return {
        "anyOf": [{"type": "number", "minimum": least, "maximum": most}, {"type": "string", "pattern": "\\$"}],
        MESSAGE: f"This must be a number from {least:g} to {most:g}, or text with a variable",
    }


def number(step: Step, name: str, least: float, most: float = math.inf, *, whole: bool = True) -> float | None:
    """Return a number with its variables replaced, or None with a finding; the least for a value that is not known yet."""
    raw = step.properties[name]
    if not isinstance(raw, str):
        return float(raw)
    made = step.substituted(raw, step.at(name), Mode.TEXT)
    if made is None or step.stands_in(made):
        return None if made is None else least
    try:
        found = float(made.text)
    except ValueError:
        found = math.nan
    if least <= found <= most and not (whole and found % 1):
        return found
    wanted = f"a {'whole ' * whole}number " + (
        f"of at least {least:g}" if most == math.inf else f"from {least:g} to {most:g}"
    )
    message = f"'{name}' is {show(made.text)} once its variables are replaced, and not {wanted}."
    step.add(codes.WrongShape, message, step.at(name), hint="Correct the value of the variable.")
    return None
