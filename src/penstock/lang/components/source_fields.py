"""The list of fields of a source (component reference 2.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from penstock.lang.check import codes_package as codes
from penstock.lang.components.spec import Step
from penstock.lang.document.faults import fits
from penstock.lang.document.shapes import ALIAS, MESSAGE, Shape, choice, record, show
from penstock.plan.dtypes import SCHEMA_WORDS, DType
from penstock.plan.operators import ConnectionRef, FileSource, Scan, ScanField
from penstock.plan.schema import Field, Schema
from penstock.plan.systems import Origin

NAMED_FIELD: Shape = {
    **record(("name",), name={"type": "string", "minLength": 1}, alias=ALIAS, type=choice(*SCHEMA_WORDS)),
    MESSAGE: "A field needs a 'name'.",
}
OriginT = TypeVar("OriginT", bound=Origin)
NO_PSEUDO: Mapping[str, DType] = {}


def listed_fields(
    step: Step,
    default: Sequence[Mapping[str, Any]] = (),
    shape: Shape = NAMED_FIELD,
    pseudo: Mapping[str, DType] = NO_PSEUDO,
) -> tuple[Schema, tuple[ScanField, ...]] | None:
    """Return the fields of a source and what they are called there, or None with findings; *default* are those of a source
    that lists none, *shape* is that of an item, *pseudo* are fields that may stand in place of a name."""
    raw = step.node.keys.get("fields", list(default) or None)
    if raw is None:
        hint = 'Such as "fields": [{"name": "id", "type": "long"}].'
        step.add(codes.MissingProperty, "A source needs its fields.", "fields", hint=hint)
        return None
    if not isinstance(raw, list):
        return None
    made = [_field(step, item, f"fields[{index}]", pseudo) for index, item in enumerate(raw) if fits(item, shape)]
    pairs = [one for one in made if one is not None]
    names = [(field.name, f"fields[{index}].alias") for index, (field, _) in enumerate(pairs)]
    schema = step.output_fields(names, [field for field, _ in pairs])
    return None if schema is None or len(pairs) < len(raw) else (schema, tuple(item for _, item in pairs))


def scan_of_lines(
    step: Step, read: Callable[[Step, tuple[ScanField, ...]], OriginT | None], name: Callable[[OriginT], str]
) -> Scan | None:
    """Return the scan of a source whose records land as lines of JSON, or None with findings; of options alone, so that what
    follows is checked as well. *read* gives what is read, or None with findings, and *name* its name in messages."""
    sound = step.check_shapes()
    connection = step.connection()
    fields = listed_fields(step)
    if fields is None:
        return None
    schema, items = fields
    origin = read(step, items) if sound else None
    if origin is None or connection is None:
        return Scan(step.node.name, FileSource(ConnectionRef(""), "", items), schema)
    source = FileSource(
        connection, name(origin), items, record_type="json", compression="none",
        on_bad_value=step.properties["on_bad_value"],
    )  # fmt: skip
    return Scan(step.node.name, source, schema, origin)


def _field(
    step: Step, item: Mapping[str, Any], path: str, pseudo: Mapping[str, DType]
) -> tuple[Field, ScanField] | None:
    if "pseudo" in item:
        name = item["pseudo"]
        return Field(item.get("alias", name), pseudo[name]), ScanField(None, name)
    alias = item.get("alias", item["name"])
    if not fits(alias, ALIAS):
        message = f"The name {show(alias)} cannot be a field name: a letter, then letters, digits and underscores."
        step.add(codes.BadAlias, message, f"{path}.name", hint="Give the field an 'alias'.")
        return None
    return Field(alias, SCHEMA_WORDS[item.get("type", "string")]), ScanField(item["name"])
