"""Salesforce source: records of an object, or of a query (component reference 3.6)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from penstock.lang.check import codes_package as codes
from penstock.lang.components import salesforce, web
from penstock.lang.components.options import only_with
from penstock.lang.components.source_fields import NAMED_FIELD, scan_of_lines
from penstock.lang.components.spec import Component, Property, Step
from penstock.lang.document.shapes import (
    BOOLEAN,
    CONNECTION,
    MESSAGE,
    TEXT,
    a_list,
    choice,
    number_or_variable,
    when,
)
from penstock.plan.operators import Operator, ScanField
from penstock.plan.systems import SalesforceSource

_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)*")
_SELECT = re.compile(r"\s*select\s", re.IGNORECASE)


def build(step: Step, inputs: Mapping[str, Operator]) -> Operator | None:
    """Return the scan of a source, or None with findings."""
    return scan_of_lines(step, _origin, lambda origin: origin.object_name or "query")


def _origin(step: Step, items: tuple[ScanField, ...]) -> SalesforceSource | None:
    given = step.properties
    only_with(step, ("object_name", "where_clause"), "access_mode", "object")
    only_with(step, ("query",), "access_mode", "query")
    is_object = given["access_mode"] == "object"
    sound = _names_sound(step, items)
    version, is_version = salesforce.version_of(step)
    size = _size(step)
    if not sound or not is_version or size == 0:
        return None
    if is_object:
        name = salesforce.object_of(step)
        where = step.text("where_clause")
        if name is None or (where is None) is not (given["where_clause"] is None):
            return None
        return SalesforceSource(name, where or None, None, given["source_action"], version, size)
    query = step.text("query")
    if query is None:
        return None
    if _SELECT.match(query) is None and "$" not in str(given["query"]):
        step.add(
            codes.WrongShape, "The query begins with SELECT.", step.at("query"), hint="Such as SELECT Id FROM Account."
        )
        return None
    return SalesforceSource(None, None, query, given["source_action"], version, size)


def _names_sound(step: Step, items: tuple[ScanField, ...]) -> bool:
    """Report names that are no fields of an object; True when all are."""
    sound = True
    for index, item in enumerate(items):
        if _FIELD.fullmatch(item.name or "") is None:
            message = (
                "A field of Salesforce is named by letters, digits and underscores, with dots to fields of its parents."
            )
            step.add(codes.WrongShape, message, f"fields[{index}].name", hint="Such as Name, or Owner.Name.")
            sound = False
    if len({(item.name or "").lower() for item in items}) < len(items):
        step.add(codes.BadAlias, "A field of Salesforce is listed twice.", "fields", hint="Copy it in a Select.")
        sound = False
    return sound


def _size(step: Step) -> int | None:
    """Return the records of a page, None where it is not said, 0 with a finding."""
    raw = step.properties["max_records_per_page"]
    return None if raw is None else web.whole(step, raw, step.at("max_records_per_page"), 1) or 0


component = Component(
    type="salesforce_source_component",
    title="Salesforce",
    help="Reads the records of an object of Salesforce, or of a query, by its Bulk API.",
    inputs=(),
    is_source=True,
    keys={"connection": CONNECTION, "fields": a_list(NAMED_FIELD)},
    connections=salesforce.CONNECTIONS,
    build=build,
    rules=(
        when("'access_mode' query needs a 'query'.", "access_mode", "query", test={"const": "query"}),
        {
            "anyOf": [
                {"required": ["object_name"]},
                {"properties": {"access_mode": {"const": "query"}}, "required": ["access_mode"]},
            ],
            MESSAGE: "'access_mode' object needs an 'object_name'.",
        },
    ),
    properties=(
        Property("access_mode", choice("object", "query"), "How the records are named.", "object"),
        Property("object_name", TEXT, f"{salesforce.OBJECT}; required with `object`.", takes="T"),
        Property("where_clause", TEXT, "SOQL condition without the word WHERE; only with `object`.", takes="T"),
        Property("query", TEXT, "SOQL; required with `query`.", takes="T"),
        Property(
            "source_action", choice("bulk_query", "bulk_query_all"), "The second includes deleted and archived records.",
            "bulk_query",
        ),
        salesforce.BULK_API,
        salesforce.API_VERSION,
        Property("max_records_per_page", number_or_variable(1), "Records of an answer.", takes="T"),
        Property("pk_chunking", BOOLEAN, "Ask for chunks by primary key; Bulk 1.0 only.", False, available=()),
        Property(
            "on_bad_value", choice("set_null", "skip", "fail"),
            "What a value that does not fit its field does: becomes null, drops its record, or fails the job.", "set_null",
        ),
    ),
)  # fmt: skip
