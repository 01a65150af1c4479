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

RECEIPT_HASH = "_RECEIPT_HASH"
"""Whether the records of outputs are hashed: true, false, or auto (where they are few)."""

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
    "_GA_API_REQUEST_READ_TIMEOUT": "30 * 1000",
    "_GA_API_REQUEST_MAX_RESULTS": "1000",
    "_GA_API_MAX_INPUT_SPLITS": "10",
    "_CACHED_BAG_MEMORY_PERCENT": "0.2",
    "_MAP_MAX_ATTEMPTS": "4",
    "_REDUCER_MAX_ATTEMPTS": "4",
    "_MAP_MAX_FAILURES_PERCENT": "0",
    "_REDUCER_MAX_FAILURES_PERCENT": "0",
    "_MAP_TASK_TIMEOUT": "600 * 1000",
    STRICT: "false",
    RECEIPT_HASH: "'auto'",
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
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """What a run is given: the package's variables, static and dynamic ones of the run, values of predefined names, the
    package's *secret* variables (None for one that has no value here), and those that the *account* has for all its
    packages."""

    package: Mapping[str, Scalar] = field(default_factory=dict)
    static: Mapping[str, Scalar] = field(default_factory=dict)
    dynamic: Mapping[str, Scalar] = field(default_factory=dict)
    predefined: Mapping[str, Scalar] = field(default_factory=dict)
    secret: Mapping[str, str | None] = field(default_factory=dict)
    account: Mapping[str, Scalar] = field(default_factory=dict)


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


def _secret(name: str, text: str | None) -> Definition:
    value = None if text is None else Value(Kind.CHARARRAY, text)
    return Definition(name, text or "", is_expression=False, value=value, secret=True)


def resolve(given: Given) -> tuple[Definition, ...]:
    """Return every variable of a job in evaluation order.

    Predefined ones come first, then static and secret ones (they depend on nothing), then system variables, then the
    account's and the package's in their order, then the dynamic ones that none of them has. What the run gives under a
    name wins over the package, that over the account, that over a system default; each stands where it first stood.
    """
    made: dict[str, Definition] = {
        name: _known(name, raw, predefined=True) for name, raw in {**PREDEFINED, **given.predefined}.items()
    }
    for name, raw in given.static.items():
        known = _secret(name, static_text(raw)) if name in given.secret else _known(name, static_text(raw), False)
        made.setdefault(name, known)
    for name, text in given.secret.items():
        if name not in given.dynamic:
            made.setdefault(name, _secret(name, text))
    texts = {**SYSTEM_VARIABLES, **given.account, **given.package, **given.dynamic}
    for name, raw in texts.items():
        made.setdefault(name, Definition(name, as_text(raw), secret=name in given.secret))
    return tuple(made.values())
