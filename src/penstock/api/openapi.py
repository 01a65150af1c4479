"""The OpenAPI document: what each operation takes and answers, under the media types that are really sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import TypeAdapter
from starlette.responses import Response

from penstock.api.versions import MEDIA_TYPE

BODY_TYPES = ("application/json", "application/vnd.xplenty+json", "application/x-www-form-urlencoded")
SECURITY = {"basic": {"type": "http", "scheme": "basic", "description": "The API key is the user name."}}

_ERRORS = {
    400: "The request cannot be read.",
    401: "Credentials are missing or unknown.",
    402: "The account must settle its billing first.",
    403: "The caller may not do this.",
    404: "The path or the resource is not known to the caller.",
    406: "The media type or version asked for is not available.",
    415: "The body is of a type that is not read here.",
    422: "Fields are invalid, or the change of state is not possible.",
    429: "The credits of this hour are used up.",
    500: "The server failed.",
    503: "The store cannot be reached at the moment.",
}
_ACCOUNT = {
    "name": "account_id",
    "in": "path",
    "required": True,
    "description": "The text identifier of the account.",
    "schema": {"type": "string"},
}

_MODE: Literal["serialization"] = "serialization"

Schema = dict[str, Any]


def one(name: str) -> Schema:
    """Return a reference to the schema called *name*."""
    return {"$ref": f"#/components/schemas/{name}"}


def many(name: str) -> Schema:
    """Return the schema of a bare array of *name*."""
    return {"type": "array", "items": one(name)}


def parameter(name: str, schema: Schema, about: str, *, required: bool = False) -> Schema:
    """Return a query parameter."""
    return {"name": name, "in": "query", "required": required, "description": about, "schema": schema}


def text(default: str | None = None, *, one_of: Iterable[str] = (), format: str | None = None) -> Schema:
    """Return the schema of a text, with its default and allowed words where there are any."""
    allowed = list(one_of)
    facts = {"enum": allowed or None, "default": default, "format": format}
    return {"type": "string"} | {key: value for key, value in facts.items() if value is not None}


def paged(*, sort: tuple[str, ...], direction: str = "desc", since: bool = True) -> tuple[Schema, ...]:
    """Return the parameters of a collection; the first word of *sort* is its default."""
    dated = (parameter("since", text(format="date-time"), "Only items updated at or after this instant."),)
    return (
        parameter("sort", text(sort[0], one_of=sort), "The order; an unknown word means the default."),
        parameter("direction", text(direction, one_of=("asc", "desc")), "Rising or falling."),
        *(dated if since else ()),
        *WINDOW,
    )


WINDOW: tuple[Schema, ...] = (
    parameter("offset", {"type": "integer", "default": 0}, "The index of the first item."),
    parameter("limit", {"type": "integer", "default": 20}, "Items to return; clamped to 1-100."),
)
"""The parameters of every collection."""

SEARCH = parameter(
    "q", text(), "A search expression: words, `attr:value`, `attr:>value`, `-attr:value`.", required=True
)


def searched(*, sort: tuple[str, ...], direction: str) -> tuple[Schema, ...]:
    """Return the parameters of a search."""
    return (SEARCH, *paged(sort=sort, direction=direction, since=False))


def operation(
    name: str,
    summary: str,
    answer: Schema | None,
    *,
    status: int = 200,
    query: tuple[Schema, ...] = (),
    body: Schema | None = None,
    media_type: str = MEDIA_TYPE,
    account: bool = True,
    open_to_all: bool = False,
) -> dict[str, Any]:
    """Return the arguments of a route decorator for the operation *name*.

    Nothing is validated from this description: parameters arrive in too many dialects for that. It only documents.
    """
    responses: dict[str, Any] = {str(code): _failure(about) for code, about in _ERRORS.items()}
    if answer is None:
        responses[str(status)] = {"description": "Done."}
    else:
        responses[str(status)] = {"description": "Success.", "content": {media_type: {"schema": answer}}}
    extra: dict[str, Any] = {"parameters": [*([_ACCOUNT] if account else []), *query], "responses": responses}
    if body is not None:
        extra["requestBody"] = {"content": {kind: {"schema": body} for kind in BODY_TYPES}}
    if open_to_all:
        extra["security"] = []
    return {
        "operation_id": name,
        "summary": summary,
        "status_code": status,
        "response_class": Response,
        "openapi_extra": extra,
        "responses": {422: {"description": _ERRORS[422]}},
    }


def _failure(about: str) -> Schema:
    return {"description": about, "content": {MEDIA_TYPE: {"schema": one("Error")}}}


def complete(document: dict[str, Any], schemas: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Return the framework's *document* with the wire's *schemas* (types by name) and *more* JSON Schemas."""
    refer = "#/components/schemas/{model}"
    adapters = [(name, _MODE, TypeAdapter(kind)) for name, kind in schemas.items()]
    found, definitions = TypeAdapter.json_schemas(adapters, ref_template=refer)
    plain = {name: schema for (name, _), schema in found.items() if "$ref" not in schema}
    components = document.setdefault("components", {})
    components["schemas"] = {**more, **plain, **definitions.get("$defs", {})}
    components["securitySchemes"] = SECURITY
    document["security"] = [{"basic": []}]
    return document
