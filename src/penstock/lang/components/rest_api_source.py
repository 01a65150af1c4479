"""REST API source: records of the answers of a web API (component reference 3.7, 2.9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.lang.check import codes_package as codes
from penstock.lang.components import web
from penstock.lang.components.options import are_json_paths, json_path_of
from penstock.lang.components.source_fields import NAMED_FIELD, listed_fields
from penstock.lang.components.spec import Component, Property, Step
from penstock.lang.document.shapes import (
    CONNECTION,
    JSON_PATH,
    TEXT,
    Shape,
    a_list,
    choice,
    number_or_variable,
    record,
    when,
)
from penstock.plan.operators import ConnectionRef, FileSource, Operator, Scan, ScanField
from penstock.plan.systems import Paging, WebSource

SCHEMES = (
    "none", "automatic", "jira", "magento", "bigcommerce", "elasticsearch", "link_header", "next_url", "cursor",
    "page_number", "offset_limit",
)  # fmt: skip
_RAW = ({"name": "status", "type": "int"}, {"name": "body"}, {"name": "headers", "type": "json"})


def _scheme(*names: str) -> Shape:
    return {"enum": list(names)}


PAGINATION: Shape = record(
    (),
    when("The schemes next_url and cursor need a 'path'.", "scheme", "path", test=_scheme("next_url", "cursor")),
    when(
        "The schemes cursor, page_number and offset_limit need a 'parameter'.", "scheme", "parameter",
        test=_scheme("cursor", "page_number", "offset_limit"),
    ),
    when("'stop_when' short_page needs a 'size'.", "stop_when", "size", test={"const": "short_page"}),
    when("'size_parameter' needs a 'size'.", "size_parameter", "size"),
    scheme=choice(*SCHEMES),
    path=JSON_PATH,
    parameter={"type": "string", "minLength": 1},
    size_parameter={"type": "string", "minLength": 1},
    size=number_or_variable(1),
    start=number_or_variable(0),
    stop_when=choice("empty_page", "short_page"),
    sleep_ms=number_or_variable(0),
    max_requests=number_or_variable(0),
)  # fmt: skip


def build(step: Step, inputs: Mapping[str, Operator]) -> Operator | None:
    """Return the scan of a source, or None with findings; of options alone, so that what follows is checked as well."""
    sound = step.check_shapes()
    fields = listed_fields(step, _RAW if step.properties["response_type"] == "raw" else ())
    connection = web.login(step)
    address = web.url_of(step) if sound else None
    origin = _origin(step, address[0]) if address is not None else None
    if fields is None:
        return None
    schema, items = fields
    is_json = step.properties["response_type"] not in ("raw", "line_delimited_data")
    paths_sound = not is_json or are_json_paths(step, items)
    if origin is None or address is None or connection is None or not paths_sound:
        return Scan(step.node.name, FileSource(ConnectionRef(""), "", items), schema)
    return Scan(step.node.name, _landed(step, connection, address[1], origin, items), schema, origin)


def _origin(step: Step, url: str) -> WebSource | None:
    given = step.properties
    headers, base = web.texts_of(step, "headers"), json_path_of(step, given["base_record"], step.at("base_record"))
    body, username, password = step.text("body"), step.text("username"), step.text("password")
    paging = _paging(step)
    if headers is None or base is None or (given["pagination"] is not None and paging is None):
        return None
    if any(given[name] is not None and text is None for name, text in (("body", body), ("username", username))):
        return None
    if given["response_type"] in ("raw", "line_delimited_data") and given["base_record"] != "$":
        message = f"'base_record' has no effect with response_type {given['response_type']}."
        step.add(codes.UselessOption, message, step.at("base_record"))
    is_basic = given["authentication"] == "basic"
    return WebSource(
        url=url,
        method=given["method"],
        authentication=given["authentication"],
        username=username if is_basic else None,
        password=password if is_basic else None,
        headers=headers,
        body=body,
        paging=paging,
        response_type=given["response_type"],
        base_record=base,
    )


def _landed(
    step: Step, connection: ConnectionRef, place: str, origin: WebSource, items: tuple[ScanField, ...]
) -> FileSource:
    """Return the files that the answers land as."""
    bad = step.properties["on_bad_value"]
    if origin.response_type == "line_delimited_data":
        return FileSource(
            connection, place, items, record_type="delimited", delimiter=",", quote='"',
            compression="none", on_bad_value=bad,
        )  # fmt: skip
    return FileSource(connection, place, items, record_type="json", compression="none", on_bad_value=bad)


def _paging(step: Step) -> Paging | None:
    raw = step.properties["pagination"]
    if raw is None:
        return None
    at = step.at("pagination")
    given: dict[str, Any] = {"scheme": raw.get("scheme", "automatic"), "stop_when": raw.get("stop_when", "empty_page")}
    for name in ("path", "parameter", "size_parameter"):
        if raw.get(name) is not None:
            made = (json_path_of if name == "path" else web.text_of)(step, raw[name], f"{at}.{name}")
            if made is None:
                return None
            given[name] = made
    for name, least in (("size", 1), ("start", 0), ("sleep_ms", 0), ("max_requests", 0)):
        if raw.get(name) is not None:
            number = web.whole(step, raw[name], f"{at}.{name}", least)
            if number is None:
                return None
            given[name] = number
    return Paging(**given)


component = Component(
    type="rest_api_source_component",
    title="REST API",
    help="Reads the records of the answers of a web API.",
    inputs=(),
    is_source=True,
    keys={"connection": CONNECTION, "fields": a_list(NAMED_FIELD)},
    connections=web.LOGINS,
    build=build,
    rules=web.RULES,
    properties=(
        Property("preset", {"type": "string", "minLength": 1}, "What is known of a service, such as `hubspot.contacts`."),
        Property("preset_values", web.HEADERS, "What the preset asks for, by name.", {}, "T"),
        *web.AUTHENTICATION,
        Property("method", choice("GET", "POST", "PUT", "PATCH"), "HTTP method.", "GET"),
        web.address("Address.", unless="preset"),
        Property("headers", web.HEADERS, "Header name to value.", {}, "T"),
        Property("body", TEXT, "Request body.", takes="T"),
        Property("pagination", PAGINATION, "How pages follow one another; left out: one request.", takes="T"),
        Property(
            "response_type", choice("json", "raw", "array", "line_delimited_json", "line_delimited_data"),
            "Shape of the answer: `json` and `array` are one JSON text, `line_delimited_json` one a line, "
            "`line_delimited_data` lines of values with commas between them, `raw` is status, body and headers.", "json",
        ),
        Property("base_record", JSON_PATH, "JSONPath of the object or array that holds the records.", "$", "T"),
        Property(
            "on_bad_value", choice("set_null", "skip", "fail"),
            "What a value that does not fit its field does: becomes null, drops its record, or fails the job.", "set_null",
        ),
    ),
)  # fmt: skip
