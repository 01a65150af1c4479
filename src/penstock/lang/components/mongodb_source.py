"""MongoDB source: documents of a collection (component reference 3.5)."""

from __future__ import annotations

import json
from collections.abc import Mapping

from penstock.lang.check import codes_package as codes
from penstock.lang.components.source_fields import NAMED_FIELD, scan_of_lines
from penstock.lang.components.spec import REQUIRED, Component, Property, Step
from penstock.lang.document.shapes import CONNECTION, TEXT, a_list, choice
from penstock.lang.variables.substitution import Mode
from penstock.plan.operators import Operator, ScanField
from penstock.plan.systems import CollectionSource


def build(step: Step, inputs: Mapping[str, Operator]) -> Operator | None:
    """Return the scan of a source, or None with findings."""
    return scan_of_lines(step, _origin, lambda origin: origin.collection)


def _origin(step: Step, items: tuple[ScanField, ...]) -> CollectionSource | None:
    sound = True
    for index, item in enumerate(items):
        if (item.name or "").startswith("$"):
            message = "A field of a document is named by a key, or keys with dots between them."
            step.add(codes.WrongShape, message, f"fields[{index}].name", hint="Such as address.city.")
            sound = False
    collection = step.place("collection")
    made = step.substituted(str(step.properties["filter_query"]), step.at("filter_query"), Mode.TEXT)
    if collection is None or made is None or not sound:
        return None
    if not _is_object(made.text) and not step.stands_in(made):
        message = "The filter is no JSON object."
        hint = 'Such as {"age": {"\\$gt": 24}}, a $ written as \\$.'
        step.add(codes.WrongShape, message, step.at("filter_query"), hint=hint)
        return None
    return CollectionSource(collection, made.text)


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


component = Component(
    type="mongodb_source_component",
    title="MongoDB",
    help="Reads the documents of a collection.",
    inputs=(),
    is_source=True,
    keys={"connection": CONNECTION, "fields": a_list(NAMED_FIELD)},
    connections=("mongo",),
    build=build,
    properties=(
        Property("collection", {"type": "string", "minLength": 1}, "Collection to read.", REQUIRED, "T"),
        Property("filter_query", TEXT, "Extended JSON; a `$` operator is written `\\$gt`.", "{}", "T"),
        Property(
            "on_bad_value", choice("set_null", "skip", "fail"),
            "What a value that does not fit its field does: becomes null, drops its record, or fails the job.", "set_null",
        ),
    ),
)  # fmt: skip
