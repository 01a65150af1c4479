"""MongoDB destination: records as documents of a collection (component reference 5.6)."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.lang.check import codes, codes_package
from penstock.lang.check.report import did_you_mean
from penstock.lang.components import web
from penstock.lang.components.file_destination import mapping_of
from penstock.lang.components.spec import REQUIRED, Component, Property, Step
from penstock.lang.document.shapes import ALIAS, BOOLEAN, CONNECTION, MAPPING, choice, number_or_variable
from penstock.plan.operators import FileTarget, Operator, Write
from penstock.plan.systems import CollectionTarget

ID = "_id"
_UNDERSCORE = "underscore_"


def build(step: Step, inputs: Mapping[str, Operator]) -> Write | None:
    """Return the output of a destination, or None with findings."""
    sound = step.check_shapes()
    connection = step.connection()
    given = inputs[""]
    mapped = mapping_of(step, given.schema)
    if not sound or connection is None or mapped is None:
        return None
    columns = _named(step, mapped)
    collection = step.place("collection")
    size = web.whole(step, step.properties["batch_size"], step.at("batch_size"), 1)
    if columns is None or collection is None or size is None:
        return None
    keys = _keys(step, columns)
    if keys is None:
        return None
    chosen = step.properties
    names = tuple(column for _, column in columns)
    destination = CollectionTarget(
        collection=collection,
        operation=chosen["operation"],
        keys=keys,
        upsert=chosen["upsert"],
        multi=chosen["multi"],
        id_column=ID if ID in names else None,
        batch_size=size,
    )
    target = FileTarget(connection, collection, columns, format="json", on_bad_value=chosen["on_bad_value"])
    return Write(step.node.name, step.node.id, step.kind.type, given, target, destination)


def _named(step: Step, mapped: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...] | None:
    """Return fields and the keys that they are written as, or None with findings."""
    chosen = step.properties["id_field"]
    fields = [field for field, _ in mapped]
    if chosen is not None and chosen not in fields:
        message = f"The field '{chosen}' is not written."
        step.add(codes.UnknownField, message, step.at("id_field"), hint=did_you_mean(chosen, fields))
        return None
    columns = []
    for field, column in mapped:
        is_plain = "mapping" not in step.node.keys and field.startswith(_UNDERSCORE) and len(field) > len(_UNDERSCORE)
        name = f"_{field.removeprefix(_UNDERSCORE)}" if is_plain else column
        columns.append((field, ID if field == chosen else name))
    return tuple(columns) if _apart(step, columns) else None


def _apart(step: Step, columns: list[tuple[str, str]]) -> bool:
    """Report keys that stand twice, or of which one lies in another."""
    for index, (_, column) in enumerate(columns):
        parts = column.split(".")
        if "" in parts or column.startswith("$"):
            message = f"'{column}' is no key of a document."
            step.add(codes_package.WrongShape, message, f"mapping[{index}].column", hint="Such as address.city.")
            return False
        for _, other in columns[:index]:
            if other == column or other.startswith(f"{column}.") or column.startswith(f"{other}."):
                message = f"The keys '{other}' and '{column}' are one, or one lies in the other."
                step.add(codes_package.BadAlias, message, "mapping", hint="Give one another column.")
                return False
    return True


def _keys(step: Step, columns: tuple[tuple[str, str], ...]) -> tuple[str, ...] | None:
    """Return the keys by which documents are found, or None with findings."""
    raw = step.node.keys.get("mapping") or ()
    fields = [item["alias"] for item in raw if item.get("key")]
    keys = tuple(column for field, column in columns if field in fields)
    if step.properties["operation"] == "update":
        if not keys:
            message = "The operation update needs a mapping item with 'key' true."
            hint = 'Such as "mapping": [{"alias": "id", "key": true}, {"alias": "total"}].'
            step.add(codes_package.MissingProperty, message, "mapping", hint=hint)
            return None
        return keys
    for name in ("upsert", "multi"):
        if name in step.node.properties:
            message = f"'{name}' has no effect with operation insert."
            step.add(codes_package.UselessOption, message, step.at(name), hint="It is for update.")
    return keys


component = Component(
    type="mongodb_destination_component",
    title="MongoDB",
    help="Writes records as documents of a collection.",
    is_destination=True,
    keys={"connection": CONNECTION, "mapping": MAPPING},
    connections=("mongo",),
    build=build,
    properties=(
        Property("collection", {"type": "string", "minLength": 1}, "Target collection.", REQUIRED, "T"),
        Property(
            "operation", choice("insert", "update"), "`update` finds documents by the mapping items with `key`.", "insert",
        ),
        Property("upsert", BOOLEAN, "`update`: insert what was not found.", True),
        Property("multi", BOOLEAN, "`update`: change every document found.", False),
        Property("id_field", ALIAS, "This field is written as `_id`."),
        Property("batch_size", number_or_variable(1), "Documents per call.", 1000, "T"),
        Property(
            "on_bad_value", choice("set_null", "skip", "fail"),
            "What a value that does not fit does: becomes null, drops its record, or fails the job.", "fail",
            available=("skip", "fail"),
        ),
    ),
)  # fmt: skip
