"""REST API destination: records as requests to a web API (component reference 5.8)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from penstock.lang.check import codes, codes_package
from penstock.lang.check.report import did_you_mean
from penstock.lang.components import web
from penstock.lang.components.file_destination import mapping_of
from penstock.lang.components.options import place_of
from penstock.lang.components.spec import Component, Property, Step
from penstock.lang.document.shapes import (
    BOOLEAN,
    CONNECTION,
    MAPPING,
    SAVED_PLACE,
    TEXT,
    choice,
    number_or_variable,
    when,
)
from penstock.lang.variables.substitution import Mode
from penstock.plan.operators import FileTarget, Operator, Write
from penstock.plan.schema import Schema
from penstock.plan.systems import WebTarget

FIELD = re.compile(r"#\{([^{}]*)\}")
MOST_RECORDS = 1000
"""Records of a request unless it is said, and the request takes no value of a record."""


def build(step: Step, inputs: Mapping[str, Operator]) -> Write | None:
    """Return the output of a destination, or None with findings."""
    sound = step.check_shapes()
    connection = web.login(step)
    given = inputs[""]
    columns = mapping_of(step, given.schema)
    if not sound or connection is None or columns is None:
        return None
    address, headers, body = web.url_of(step), web.texts_of(step, "headers"), step.text("body")
    if address is None or headers is None or (body is None) is not (step.properties["body"] is None):
        return None
    used = _used(step, given.schema)
    size = None if used is None else _size(step, bool(used))
    saved, is_saved = place_of(step, "save_responses")
    if used is None or size is None or not is_saved:
        return None
    values = {name: _column(name, columns) for name in used}
    staged = (*columns, *((name, column) for name, column in values.items() if (name, column) not in columns))
    is_basic = step.properties["authentication"] == "basic"
    destination = WebTarget(
        url=address[0],
        method=step.properties["method"],
        authentication=step.properties["authentication"],
        username=step.text("username") if is_basic else None,
        password=step.text("password") if is_basic else None,
        headers=headers,
        request_format=step.properties["request_format"],
        body=body,
        records_per_request=size,
        stop_on_error=step.properties["stop_on_error"],
        save_responses=saved,
        columns=tuple(column for _, column in columns),
        values=values,
    )
    target = FileTarget(connection, address[1], staged, format="json")
    return Write(step.node.name, step.node.id, step.kind.type, given, target, destination)


def _column(name: str, columns: tuple[tuple[str, str], ...]) -> str:
    """Return where a field is staged: in its column, or in one that no mapping can have."""
    return next((column for field, column in columns if field == name), f"#{{{name}}}")


def _used(step: Step, given: Schema) -> tuple[str, ...] | None:
    """Return the fields whose values the request takes, or None with findings."""
    places = [("url", step.at("url"), str(step.properties["url"]))]
    places += [("headers", f"{step.at('headers')}.{key}", text) for key, text in step.properties["headers"].items()]
    if step.properties["request_format"] == "text":
        places.append(("body", step.at("body"), step.properties["body"] or ""))
    elif step.properties["body"] is not None:
        message = "'body' has no effect unless 'request_format' is text."
        step.add(codes_package.UselessOption, message, step.at("body"))
    sound, used = True, []
    for _, path, text in places:
        made = step.substituted(text, path, Mode.TEXT)
        for name in FIELD.findall(made.text if made is not None else ""):
            if name in given:
                used.append(name)
                continue
            message = f"The field '{name}' does not arrive here."
            step.add(codes.UnknownField, message, path, hint=did_you_mean(name, given.names))
            sound = False
    return tuple(dict.fromkeys(used)) if sound else None


def _size(step: Step, takes_values: bool) -> int | None:
    """Return how many records a request carries: one where it takes values of a record, and where it is a form."""
    size = web.whole(step, step.properties["records_per_request"], step.at("records_per_request"), 1)
    is_single = takes_values or step.properties["request_format"] == "form"
    if is_single and size not in (None, 1, MOST_RECORDS):
        why = "takes values of a record" if takes_values else "is a form"
        message = f"A request that {why} carries one record."
        hint = "Leave 'records_per_request' out."
        step.add(codes_package.WrongShape, message, step.at("records_per_request"), hint=hint)
        return None
    return 1 if is_single and size is not None else size


component = Component(
    type="rest_api_destination_component",
    title="REST API",
    help="Sends records to a web API.",
    is_destination=True,
    keys={"connection": CONNECTION, "mapping": MAPPING},
    connections=web.LOGINS,
    build=build,
    rules=(
        *web.RULES,
        when("'request_format' text needs a 'body': nothing of a record is sent without it.", "request_format", "body",
             test={"const": "text"}),
    ),
    properties=(
        *web.AUTHENTICATION,
        Property("method", choice("POST", "GET", "PUT", "PATCH", "DELETE"), "HTTP method.", "POST"),
        web.address("Address; `#{field}` takes a value of the record."),
        Property("headers", web.HEADERS, "Header name to value; `#{field}` as in `url`.", {}, "T"),
        Property(
            "request_format", choice("json", "form", "text"),
            "`json`: the mapped fields as an object, or an array of objects; `form`: as a form, one record a request.",
            "json",
        ),
        Property("body", TEXT, "With `text`: the body, `#{field}` allowed.", takes="T"),
        Property(
            "records_per_request", number_or_variable(1),
            "1 where `#{field}` is used. With 1, `json` is an object.", MOST_RECORDS, "T",
        ),
        Property("stop_on_error", BOOLEAN, "An answer other than 2xx fails the job.", True),
        Property(
            "save_responses", SAVED_PLACE, "CSV of `URL`, `Response Code`, `Response Body`: a file, or a folder.", takes="T"
        ),
    ),
)  # fmt: skip
