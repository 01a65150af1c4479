"""Salesforce destination: records as those of an object (component reference 5.7)."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.lang.check import codes_package as codes
from penstock.lang.components import salesforce, web
from penstock.lang.components.file_destination import mapping_of
from penstock.lang.components.spec import REQUIRED, Component, Property, Step
from penstock.lang.document.shapes import BOOLEAN, CONNECTION, MAPPING, choice, number_or_variable
from penstock.plan.operators import FileTarget, Operator, Write
from penstock.plan.systems import SalesforceTarget

ID = "id"


def build(step: Step, inputs: Mapping[str, Operator]) -> Write | None:
    """Return the output of a destination, or None with findings."""
    sound = step.check_shapes()
    connection = step.connection()
    given = inputs[""]
    columns = mapping_of(step, given.schema)
    if not sound or connection is None or columns is None:
        return None
    name = salesforce.object_of(step)
    version, is_version = salesforce.version_of(step)
    most = web.whole(step, step.properties["max_errors"], step.at("max_errors"), 0)
    size = web.whole(step, step.properties["batch_size"], step.at("batch_size"), 1)
    key, is_key = _key(step, columns)
    if (
        not _columns_sound(step, columns)
        or name is None
        or most is None
        or size is None
        or not is_version
        or not is_key
    ):
        return None
    chosen = step.properties
    if "batch_size" in step.node.properties:
        step.add(codes.UselessOption, "'batch_size' has no effect with bulk_api bulk_2.", step.at("batch_size"))
    destination = SalesforceTarget(
        object_name=name,
        operation=chosen["operation"],
        key=key,
        api_version=version,
        max_errors=most,
        include_nulls=chosen["include_nulls"],
        output_failed_records=chosen["output_failed_records"],
        columns=tuple(column for _, column in columns),
    )
    target = FileTarget(connection, name, columns, format="json")
    return Write(step.node.name, step.node.id, step.kind.type, given, target, destination)


def _columns_sound(step: Step, columns: tuple[tuple[str, str], ...]) -> bool:
    seen: set[str] = set()
    for index, (_, column) in enumerate(columns):
        where = f"mapping[{index}].column" if "mapping" in step.node.keys else "mapping"
        if not all(salesforce.NAME.fullmatch(part) for part in column.split(".")):
            message = f"'{column}' is no name of a field of Salesforce."
            step.add(codes.WrongShape, message, where, hint="Such as Name, Rating__c, or Owner.Ext_Id__c.")
            return False
        if column.lower() in seen:
            step.add(codes.BadAlias, f"The field '{column}' of Salesforce is written twice.", where)
            return False
        seen.add(column.lower())
    return True


def _key(step: Step, columns: tuple[tuple[str, str], ...]) -> tuple[str | None, bool]:
    """Return the column by which records are found, None with `append`, and whether it is sound."""
    raw = step.node.keys.get("mapping") or ()
    keys = [item["alias"] for item in raw if item.get("key")]
    operation = step.properties["operation"]
    if operation == "append":
        if any(column.lower() == ID for _, column in columns):
            message = "New records get their Id from Salesforce, so it must not be mapped with operation append."
            step.add(codes.WrongShape, message, "mapping", hint="Leave it out, or choose update or upsert.")
            return None, False
        if keys:
            step.add(codes.UselessOption, "'key' has no effect with operation append.", "mapping")
        return None, True
    if len(keys) != 1:
        message = f"The operation {operation} finds records by one mapping item with 'key' true; there are {len(keys)}."
        hint = 'Such as "mapping": [{"alias": "id", "column": "Id", "key": true}, {"alias": "name", "column": "Name"}].'
        step.add(codes.MissingProperty, message, "mapping", hint=hint)
        return None, False
    (key,) = (column for field, column in columns if field == keys[0])
    if key.lower() != ID and any(column.lower() == ID for _, column in columns):
        message = f"Records are found by '{key}', so Salesforce's own Id must not be mapped as well."
        step.add(codes.WrongShape, message, "mapping", hint="Leave it out, or make it the key.")
        return None, False
    if "." in key:
        step.add(codes.WrongShape, f"'{key}' is a field of another object, which finds no record.", "mapping")
        return None, False
    return key, True


component = Component(
    type="salesforce_destination_component",
    title="Salesforce",
    help="Writes records as those of an object of Salesforce, by its Bulk API.",
    is_destination=True,
    keys={"connection": CONNECTION, "mapping": MAPPING},
    connections=salesforce.CONNECTIONS,
    build=build,
    properties=(
        Property("object_name", {"type": "string", "minLength": 1}, f"{salesforce.OBJECT}.", REQUIRED, "T"),
        Property(
            "operation", choice("append", "update", "upsert", "delete", "hard_delete"),
            "All but `append` find records by the one mapping item with `key`.", "append",
        ),
        salesforce.BULK_API,
        salesforce.API_VERSION,
        Property("batch_size", number_or_variable(1), "Bulk 1.0 only.", 1000, "T"),
        Property("max_errors", number_or_variable(0), "Refused records that are forgiven.", 0, "T"),
        Property("include_nulls", BOOLEAN, "Send null fields, which empties them.", False),
        Property("output_failed_records", BOOLEAN, "List refused records in the log.", False),
    ),
)  # fmt: skip
