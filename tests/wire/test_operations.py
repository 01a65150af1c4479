"""The OpenAPI document against the list of operations and resources that clients rely on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from penstock.api.app import Penstock

WIRE: dict[str, Any] = json.loads((Path(__file__).parent / "operations.json").read_text())
MEDIA_TYPE = "application/vnd.xplenty+json; version=2"
OPERATIONS = [pytest.param(operation, id=operation["id"]) for operation in WIRE["operations"]]
STATUSES = {"200", "201", "204", "400", "401", "402", "403", "404", "406", "415", "422", "429", "500", "503"}
LOOSE = {"ConnectionTestResult", "JobVariables", "SystemVariables"}
"""Resources that are a bare value or a free-form map."""


@pytest.fixture(scope="module")
def document(app: Penstock) -> dict[str, Any]:
    return app.openapi()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_is_documented(document: dict[str, Any], operation: dict[str, Any]) -> None:
    found = document["paths"][operation["path"]][operation["method"].lower()]
    assert found["operationId"] == operation["id"]
    assert found["tags"] == [operation["tag"]]
    success = found["responses"][str(operation["success"])]
    if operation["answer"] == "none":
        assert "content" not in success
    else:
        media_type = "application/json" if operation["id"] == "exportPackage" else MEDIA_TYPE
        refer = {"$ref": f"#/components/schemas/{operation['resource']}"}
        wanted = {"type": "array", "items": refer} if operation["answer"] == "list" else refer
        assert success["content"] == {media_type: {"schema": wanted}}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_its_parameters_are_documented(document: dict[str, Any], operation: dict[str, Any]) -> None:
    found = document["paths"][operation["path"]][operation["method"].lower()]
    query = {one["name"]: one for one in found.get("parameters", []) if one["in"] == "query"}
    assert set(query) == set(operation.get("query", {}))
    for name, wanted in operation.get("query", {}).items():
        schema = query[name]["schema"]
        assert query[name]["required"] is wanted.get("required", False)
        assert schema.get("default") == wanted.get("default")
        assert set(schema.get("enum", ())) == set(wanted.get("enum", ()))
        assert (schema.get("format") == "date-time") == (wanted["type"] == "datetime")
    in_path = {one["name"] for one in found.get("parameters", []) if one["in"] == "path"}
    assert in_path == {part[1:-1] for part in operation["path"].split("/") if part.startswith("{")}


@pytest.mark.parametrize("operation", [case for case in OPERATIONS if "body" in case.values[0]])
def test_its_body_is_documented(document: dict[str, Any], operation: dict[str, Any]) -> None:
    content = document["paths"][operation["path"]][operation["method"].lower()]["requestBody"]["content"]
    assert {"application/json", "application/vnd.xplenty+json", "application/x-www-form-urlencoded"} == set(content)
    name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
    assert set(operation["body"]) <= set(document["components"]["schemas"][name]["properties"])


@pytest.mark.parametrize("operation", OPERATIONS)
def test_its_errors_are_documented(document: dict[str, Any], operation: dict[str, Any]) -> None:
    responses = document["paths"][operation["path"]][operation["method"].lower()]["responses"]
    assert set(responses) <= STATUSES
    for code in ("400", "401", "404", "406", "415", "422", "429", "500", "503"):
        assert responses[code]["content"] == {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Error"}}}


@pytest.mark.parametrize("name", sorted(set(WIRE["resources"]) - LOOSE))
def test_a_resource_has_its_fields(document: dict[str, Any], name: str) -> None:
    properties = document["components"]["schemas"][name]["properties"]
    top = {field for field in WIRE["resources"][name] if "." not in field}
    assert top <= set(properties)
    for field in top:
        wanted = WIRE["resources"][name][field]
        kinds = {option.get("type") for option in properties[field].get("anyOf", [properties[field]])}
        if wanted["type"] in {"integer", "boolean", "string"}:
            assert wanted["type"] in kinds
        assert wanted.get("nullable", False) or "null" not in kinds, f"{name}.{field} is never null"


def test_the_contract_of_running_a_job_has_its_names(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert {"JobCreate", "Job", "JobOutput", "Error"} <= set(schemas)
    assert schemas["JobCreate"]["required"] == ["cluster_id", "package_id"]
    assert schemas["Error"]["required"] == ["message"]
    assert document["security"] == [{"basic": []}]


def test_no_operation_is_documented_twice(document: dict[str, Any]) -> None:
    names = [found["operationId"] for path in document["paths"].values() for found in path.values()]
    assert len(names) == len(set(names))
    extra = set(names) - {operation["id"] for operation in WIRE["operations"]}
    assert extra == {"isAlive", "isReady", "listAccountVariables", "updateAccountVariables"}
