"""What a preset file says of a service: where its API is, how it logs in and pages, which records it gives."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any

from penstock.lang.components.rest_api_source import PAGINATION
from penstock.lang.components.source_fields import NAMED_FIELD
from penstock.lang.components.web import HEADERS, LOGINS
from penstock.lang.document.faults import faults
from penstock.lang.document.shapes import JSON_PATH, TEXT, Shape, a_list, choice, record

NEVER = "never run against the service"
NAME = re.compile(r"[a-z][a-z0-9_]*")
_SOME_TEXT: Shape = {"type": "string", "minLength": 1}
_OPTIONS: dict[str, Shape] = {
    "authentication": choice("none", "basic", "connection"),
    "method": choice("GET", "POST", "PUT", "PATCH"),
    "headers": HEADERS,
    "body": TEXT,
    "pagination": PAGINATION,
    "response_type": choice("json", "array", "line_delimited_json", "line_delimited_data"),
    "base_record": JSON_PATH,
}
"""Properties of the REST source that a preset may give."""
_VALUE: Shape = record(("about",), about=_SOME_TEXT, default=TEXT)
RECORDS: Shape = record(
    ("about", "url", "fields"),
    about=_SOME_TEXT,
    url=_SOME_TEXT,
    fields={**a_list(NAMED_FIELD), "minItems": 1},
    **_OPTIONS,
)
SERVICE: Shape = record(
    ("service", "title", "described", "ran_against", "records"),
    service={"type": "string", "pattern": "^[a-z][a-z0-9_]*$"},
    title=_SOME_TEXT,
    described=_SOME_TEXT,
    ran_against=_SOME_TEXT,
    connections={"type": "array", "items": choice(*LOGINS)},
    values={"type": "object", "additionalProperties": _VALUE},
    common=record((), **_OPTIONS),
    records={"type": "object", "additionalProperties": RECORDS},
)
"""The shape of a preset file."""
PLACE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
"""Where a value stands in a text of a preset."""


class BadPreset(ValueError):
    """A preset file that cannot be used, and why."""


@dataclass(frozen=True, slots=True)
class Recordset:
    """Records that a service gives: *properties* are those of a REST source, *fields* its fields."""

    name: str
    about: str
    properties: Mapping[str, Any]
    fields: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Service:
    """A service: *described* says what it was written from, *ran_against* what it was tried with, *values* what a component
    has to give, by name: what it is, and what it is unless it is given."""

    name: str
    title: str
    described: str
    ran_against: str
    connections: tuple[str, ...]
    values: Mapping[str, tuple[str, str | None]]
    records: Mapping[str, Recordset]
    raw: Mapping[str, Any] = field(repr=False, default_factory=dict)


Presets = Mapping[str, Service]
"""Services by name."""


def read(text: str, name: str) -> Service:
    """Return what a preset file says; *name* is that of the file, without its ending. Raises BadPreset."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadPreset(f"it is no JSON: {error}") from error
    return service_of(raw, name)


def service_of(raw: Any, name: str) -> Service:
    """Return what the JSON of a preset file says. Raises BadPreset with the first thing that is wrong."""
    for fault in faults(raw, SERVICE, "preset"):
        raise BadPreset(f"{fault.path}: {fault.message}")
    if raw["service"] != name:
        raise BadPreset(f"preset.service: it is '{raw['service']}', and the file is of '{name}'")
    values = {key: (one["about"], one.get("default")) for key, one in raw.get("values", {}).items()}
    common = raw.get("common", {})
    made = {}
    for key, one in raw["records"].items():
        if NAME.fullmatch(key) is None:
            raise BadPreset(f"preset.records: '{key}' is no name: small letters, digits and underscores")
        own = {option: value for option, value in one.items() if option not in ("about", "fields")}
        properties = {**common, **own}
        missing = [found for text in _texts(properties) for found in PLACE.findall(text) if found not in values]
        if missing:
            raise BadPreset(f"preset.records.{key}: '{{{missing[0]}}}' is none of its values")
        made[key] = Recordset(key, one["about"], properties, tuple(one["fields"]))
    return Service(
        name,
        raw["title"],
        raw["described"],
        raw["ran_against"],
        tuple(raw.get("connections", LOGINS)),
        values,
        made,
        raw,
    )


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for one in value.values() for text in _texts(one)]
    return []


@lru_cache(maxsize=1)
def built_in() -> Presets:
    """Return the presets that come with this version: data beside this module, read once, as code is."""
    found = {}
    for file in sorted(resources.files(__package__).iterdir(), key=lambda one: one.name):
        if file.name.endswith(".json"):
            name = file.name.removesuffix(".json")
            found[name] = read(file.read_text("utf-8"), name)
    return found


def known(own: Mapping[str, Any] | None = None) -> Presets:
    """Return the presets of this version and those of an installation, which are given as the JSON of their files and come
    first. Raises BadPreset."""
    return {**built_in(), **{name: service_of(raw, name) for name, raw in (own or {}).items()}}
