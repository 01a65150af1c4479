"""Facts of the system itself: regions, time zones, system variables (wire reference 5)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from penstock.lang.variables.resolution import SYSTEM_VARIABLES

REGIONS: tuple[dict[str, str], ...] = (
    {
        "id": "self-hosted::local",
        "name": "Self-hosted - this installation",
        "short_name": "This installation",
        "group_name": "Self-hosted",
    },
)
"""Where clusters can run."""


KNOWN_STACKS = ("duckdb-1.5",)
"""The engines that every installation has, by the wire's id; the first is the default."""
SPARK_STACKS = "spark-"
"""How the ids of Spark's stacks begin."""
SPARK_REGIONS = "spark::"
"""How the ids of regions begin that are a master of Spark's; its name follows."""


@dataclass(frozen=True, slots=True)
class Installed:
    """Where jobs of this installation can run: *stacks* by the wire's id, the first is the default, and the names of the
    *masters* of Spark's."""

    stacks: tuple[str, ...] = KNOWN_STACKS
    masters: tuple[str, ...] = ()

    @property
    def spark(self) -> str | None:
        """The stack of Spark's, if there is one."""
        return next((one for one in self.stacks if one.startswith(SPARK_STACKS)), None)


EMBEDDED = Installed()
"""An installation without extras."""
KINDS = ("redshift", "bigquery", "s3", "snowflake", "athena")
"""Kinds of places outside, whose regions the wire lists; this version reaches none of them."""


def regions(installed: Installed) -> list[dict[str, str]]:
    """Return the regions in which clusters can run."""
    masters = [
        {"id": f"{SPARK_REGIONS}{name}", "name": f"Spark - {name}", "short_name": name, "group_name": "Spark"}
        for name in (installed.masters if installed.spark else ())
    ]
    return [*map(dict, REGIONS), *masters]


@cache
def _zones() -> tuple[tuple[str, str], ...]:
    raw = json.loads(resources.files("penstock.services").joinpath("time_zones.json").read_text("utf-8"))
    return tuple((str(name), str(offset)) for offset, names in raw for name in names)


def time_zones() -> list[dict[str, str]]:
    """Return the time zones of the wire, from west to east."""
    return [{"id": name, "name": f"(GMT{offset}) {name}"} for name, offset in _zones()]


_AS_TEXT = frozenset({"_COPY_TARGET_PARTITIONS", "_COPY_TARGET_SIZE"})
"""The wire writes these two numbers as text."""


def variables() -> dict[str, Any]:
    """Return system variables with their defaults: plain numbers as numbers, expressions as text."""
    return {name: text if name in _AS_TEXT else _number(text) for name, text in SYSTEM_VARIABLES.items()}


def _number(text: str) -> int | float | str:
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text
