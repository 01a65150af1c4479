"""Which variables a job has, and in which order they are evaluated (dataflow reference 7.1, 7.3-7.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from penstock.plan.dtypes import Kind
from penstock.plan.values import Value

Scalar = str | int | float | bool | None

DEFAULT_ZONE = "_DEFAULT_TIMEZONE"
"""The offset of date-times that have none."""
STRICT = "_STRICT_PIG_ERRORS"
"""Whether functions fail where the old engine's did, instead of giving null."""

SYSTEM_VARIABLES: dict[str, str] = {
    "_MAX_COMBINED_SPLIT_SIZE": "67108864",
    "_BYTES_PER_REDUCER": "209715200",
    "_LINE_RECORD_READER_MAX_LENGTH": "1048576",
    DEFAULT_ZONE: "'+00:00'",
    "_DEFAULT_PARALLELISM": "0",
    "_SHUFFLE_INPUT_BUFFER_PERCENT": "0.7",
    "_COPY_PARALLELISM": "(int)$_CLUSTER_NODES_COUNT * 3",
    "_COPY_TARGET_PARTITIONS": "100",
    "_COPY_TARGET_SIZE": "64",
    "_PARQUET_COMPRESSION": "'UNCOMPRESSED'",
    "_PARQUET_PAGE_SIZE": "1 * 1024 * 1024",
    "_PARQUET_BLOCK_SIZE": "128 * 1024 * 1024",
    STRICT: "false",
}
"""System variables and their defaults, expressions each, in evaluation order."""

PREDEFINED: dict[str, Scalar] = {
    "_PACKAGE_LAST_SUCCESSFUL_JOB_SUBMISSION_TIMESTAMP": None,
    "_JOB_ID": 0,
    "_JOB_SUBMITTED_AT": None,
    "_PACKAGE_ID": 0,
    "_PACKAGE_NAME": "",
    "_PACKAGE_OWNER_ID": 0,
    "_ACCOUNT_ID": 0,
    "_CLUSTER_ID": 0,
    "_CLUSTER_NODES_COUNT": 1,
    "_SCHEDULE_ID": None,
}
"""Predefined variables and what they are where no server runs the job."""


@dataclass(frozen=True, slots=True)
class Definition:
    """One variable: an expression to evaluate (*is_expression*), or a value that is known."""

    name: str
    text: str
    is_expression: bool = True
    value: Value | None = None
    predefined: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """What a run is given: the package's variables, static and dynamic ones of the run, values of predefined names."""

    package: Mapping[str, Scalar] = field(default_factory=dict)
    static: Mapping[str, Scalar] = field(default_factory=dict)
    dynamic: Mapping[str, Scalar] = field(default_factory=dict)
    predefined: Mapping[str, Scalar] = field(default_factory=dict)


def as_text(raw: Scalar) -> str:
    """Return the text of a variable as the wire gives it: text as it is, other scalars as JSON prints them."""
    if raw is None:
        return ""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    return str(raw)


def static_text(raw: Scalar) -> str:
    """Return the text of a static variable: one pair of enclosing single quotes is dropped (wire reference 3.3)."""
    text = as_text(raw)
    return text[1:-1] if len(text) >= 2 and text[0] == text[-1] == "'" else text


def _known(name: str, raw: Scalar, predefined: bool) -> Definition:
    value: Value | None
    match raw:
        case None:
            value = None
        case bool():
            value = Value(Kind.BOOLEAN, raw)
        case int():
            value = Value(Kind.INT if -(2**31) <= raw < 2**31 else Kind.LONG, raw)
        case float():
            value = Value(Kind.DOUBLE, raw)
        case _:
            value = Value(Kind.CHARARRAY, raw)
    return Definition(name, as_text(raw), is_expression=False, value=value, predefined=predefined)


def resolve(given: Given) -> tuple[Definition, ...]:
    """Return every variable of a job in evaluation order.

    Predefined ones come first, then static ones (they depend on nothing), then system variables, then the package's in
    their order, each replaced by what the run gives under its name, then the dynamic ones that the package does not have.
    """
    static = {name: _known(name, static_text(raw), predefined=False) for name, raw in given.static.items()}
    made: dict[str, Definition] = {
        name: _known(name, raw, predefined=True) for name, raw in {**PREDEFINED, **given.predefined}.items()
    }
    made.update({name: one for name, one in static.items() if name not in made})
    overrides = {**given.package, **given.dynamic}
    for name, text in SYSTEM_VARIABLES.items():
        if name not in made:
            made[name] = Definition(name, as_text(overrides.get(name, text)))
    for name, raw in given.package.items():
        if name not in made:
            made[name] = Definition(name, as_text(given.dynamic.get(name, raw)))
    for name, raw in given.dynamic.items():
        if name not in made:
            made[name] = Definition(name, as_text(raw))
    return tuple(made.values())
