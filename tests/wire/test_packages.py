"""Packages: created in every way, changed, archived, exported and read back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

ALL = "/acme/api/packages"
KEPT = ("name", "description", "variables", "flow_type", "flow_version")
SOURCE = {"id": "1", "name": "orders", "cloud_storage_connection_id": "FILE_CONNECTION_1", "x-note": {"a": {}}}
FLOW = {"components": [{"cloud_storage_source_component": SOURCE}], "edges": [], "x-zoom": 1.5}
SINGLE = {"version", "package_version", "item_id", "secret_variable_names"}


def flow_of(owner: TestClient, package: dict[str, Any]) -> Any:
    text = owner.get(f"{ALL}/{package['id']}?include=flow").json()["data_flow_json"]
    assert isinstance(text, str)
    return json.loads(text)


def test_an_empty_package_has_defaults(owner: TestClient) -> None:
    for body in ({}, None, {"name": "", "description": "", "variables": []}, {"package": {"name": None}}):
        answer = owner.post(ALL, json=body)
        assert answer.status_code == 201
        made = answer.json()
        assert made["name"] == "Untitled package"
        assert made["description"] in (None, "")
        assert (made["variables"], made["status"]) == ({}, "active")
        assert (made["flow_type"], made["flow_version"]) == ("dataflow", "2.0.0")
        assert (made["version"], made["package_version"], made["item_id"]) == (1, "1.0", made["id"])
        assert made["url"] == f"http://testserver{ALL}/{made['id']}"
        assert made["html_url"] == f"http://testserver/acme/packages/{made['id']}"
        assert "data_flow_json" not in made
        assert owner.get(f"{ALL}/{made['id']}").json() == made
        assert flow_of(owner, made) == {"components": [], "edges": []}


@pytest.mark.parametrize("given", [FLOW, json.dumps(FLOW)], ids=["object", "text"])
@pytest.mark.parametrize("key", ["data_flow_json", "raw_data"])
def test_a_flow_is_kept_whole(owner: TestClient, given: object, key: str) -> None:
    made = owner.post(ALL, json={"name": "flow", key: given}).json()
    assert flow_of(owner, made) == FLOW
    listed = owner.get(ALL, params={"include": "flow"}).json()
    assert json.loads(listed[0]["data_flow_json"]) == FLOW
    assert all("data_flow_json" not in one for one in owner.get(ALL).json())


def test_a_flat_flow_is_answered_with_keyed_components(owner: TestClient) -> None:
    flat = {"components": [{"type": "cloud_storage_source_component", **SOURCE}], "edges": []}
    assert flow_of(owner, owner.post(ALL, json={"data_flow_json": flat}).json())["components"] == FLOW["components"]


def test_variables_keep_order_and_kinds(owner: TestClient) -> None:
    given = {"z": "1", "a": "'x'", "_DEFAULT_PARALLELISM": 0, "m": 1.5, "n": None, "t": True}
    made = owner.post(ALL, json={"variables": given}).json()
    found = owner.get(f"{ALL}/{made['id']}").json()["variables"]
    assert found == given
    assert list(found) == list(given)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": []}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"description": {}}, "description"),
        ({"variables": "x"}, "variables"),
        ({"variables": ["a"]}, "variables"),
        ({"variables": {"a": {}}}, "variables"),
        ({"data_flow_json": 5}, "data_flow_json"),
        ({"data_flow_json": [1]}, "data_flow_json"),
        ({"data_flow_json": True}, "data_flow_json"),
        ({"raw_data": [1]}, "raw_data"),
        ({"flow_version": []}, "flow_version"),
    ],
)
def test_a_wrong_field_is_named(owner: TestClient, package: dict[str, Any], body: dict[str, Any], field: str) -> None:
    for answer in (owner.post(ALL, json=body), owner.put(f"{ALL}/{package['id']}", json=body)):
        assert answer.status_code == 422
        assert list(answer.json()["errors"]) == [field]
    assert owner.get(f"{ALL}/{package['id']}").json() == package


@pytest.mark.parametrize(
    "body",
    [
        {"flow_type": "stream"},
        {"source_package_id": 2_000_000_000},
        {"source_package_id": "x"},
        {"package_template_id": 2_000_000_000},
        {"package_template_id": []},
    ],
)
def test_a_package_cannot_start_from_nothing(owner: TestClient, body: dict[str, Any]) -> None:
    answer = owner.post(ALL, json=body)
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == list(body)


def test_a_package_is_copied(owner: TestClient) -> None:
    given = {
        "name": "first", "description": "d", "data_flow_json": FLOW, "variables": {"b": "1", "a": "2"},
        "flow_type": "workflow", "flow_version": "2.1.0",
    }  # fmt: skip
    first = owner.post(ALL, json=given).json()
    copy = owner.post(ALL, json={"source_package_id": str(first["id"])}).json()
    assert copy["id"] != first["id"]
    assert {name: copy[name] for name in KEPT} == {name: first[name] for name in KEPT}
    assert flow_of(owner, copy) == FLOW
    renamed = owner.post(ALL, json={"source_package_id": first["id"], "name": "second", "variables": {"c": "3"}}).json()
    assert (renamed["name"], renamed["variables"], renamed["description"]) == ("second", {"c": "3"}, "d")


def test_a_template_is_a_start(owner: TestClient) -> None:
    templates = owner.get(f"{ALL}/templates").json()
    assert [one["position"] for one in templates] == list(range(len(templates)))
    assert templates
    for template in templates:
        assert set(template) == {"id", "name", "description", "position", "author"}
        assert set(template["author"]) == {"id", "name", "avatar_url"}
        made = owner.post(ALL, json={"package_template_id": template["id"]})
        assert made.status_code == 201
        assert made.json()["name"] == template["name"]
        assert flow_of(owner, made.json())["components"]
        assert owner.post(f"{ALL}/{made.json()['id']}/validate").json()["errors"] is not None
    assert owner.get(f"{ALL}/templates?limit=1").json() == templates[:1]
    assert owner.get(f"{ALL}/templates?offset=1&limit=1").json() == templates[1:2]


def test_an_export_is_read_back(owner: TestClient, package: dict[str, Any]) -> None:
    owner.put(f"{ALL}/{package['id']}", json={"description": "d", "data_flow_json": FLOW})
    answer = owner.get(
        f"{ALL}/{package['id']}/export", headers={"Accept": "application/vnd.xplenty+json; version=2 > p"}
    )
    assert answer.headers["content-type"] == "application/json"
    exported = answer.json()
    assert set(exported) == {*KEPT, "data_flow_json"}
    assert isinstance(exported["data_flow_json"], str)
    made = owner.post(ALL, content=answer.content, headers={"Content-Type": "application/json"}).json()
    assert owner.get(f"{ALL}/{made['id']}/export").json() == exported
    other = owner.post(ALL, json={"name": "other", "variables": {"q": "1"}}).json()
    assert owner.put(f"{ALL}/{other['id']}", content=answer.content).status_code == 200
    assert owner.get(f"{ALL}/{other['id']}/export").json() == exported


def test_a_change_is_partial_and_counted(owner: TestClient, package: dict[str, Any]) -> None:
    path = f"{ALL}/{package['id']}"
    changed = owner.put(path, json={"description": "new"}).json()
    assert changed | {"updated_at": ""} == package | {"description": "new", "version": 2, "updated_at": ""}
    assert owner.put(path, json={"name": "", "variables": {}}).json()["name"] == package["name"]
    found = owner.get(path).json()
    assert (found["version"], found["variables"]) == (3, {})
    before = flow_of(owner, package)
    owner.put(path, json={"data_flow_json": ""})
    owner.put(path, json={"data_flow_json": None, "raw_data": None})
    assert flow_of(owner, package) == before
    assert owner.put(path, json={"description": None}).json()["description"] is None


def test_what_is_read_can_be_written_back(owner: TestClient, package: dict[str, Any]) -> None:
    path = f"{ALL}/{package['id']}"
    whole = owner.get(f"{path}?include=flow").json()
    answer = owner.put(path, json=whole)
    assert answer.status_code == 200
    again = owner.get(f"{path}?include=flow").json()
    assert again | {"updated_at": "", "version": 0} == whole | {"updated_at": "", "version": 0}


def test_what_one_client_makes_of_a_package_is_taken(owner: TestClient, package: dict[str, Any]) -> None:
    path = f"{ALL}/{package['id']}"
    whole = owner.get(f"{path}?include=flow").json()
    flow = json.loads(whole["data_flow_json"])
    component = flow["components"][0]["cloud_storage_source_component"]
    component |= {"cloud_storage_connection_id": "FILE_CONNECTION_2", "schema": []}
    sent = whole | {"data_flow_json": json.dumps({"components": flow["components"], "edges": []}), "variables": []}
    assert owner.put(path, json=sent).json()["variables"] == {}
    found = flow_of(owner, package)["components"][0]["cloud_storage_source_component"]
    assert found["cloud_storage_connection_id"] == "FILE_CONNECTION_2"
    assert owner.put(path, json=sent | {"data_flow_json": '{"edges":[]}'}).status_code == 200
    assert flow_of(owner, package) == {"edges": [], "components": []}
    assert owner.put(path, json=sent | {"data_flow_json": []}).status_code == 200


def test_deleting_archives(owner: TestClient, package: dict[str, Any]) -> None:
    path = f"{ALL}/{package['id']}"
    for _ in range(2):
        answer = owner.delete(path)
        assert (answer.status_code, answer.json()["status"]) == (200, "archived")
    assert owner.get(path).json()["status"] == "archived"
    assert package["id"] not in [one["id"] for one in owner.get(ALL, params={"limit": 100}).json()]
    archived = owner.get(ALL, params={"status": "archived"}).json()
    assert archived[0]["id"] == package["id"]
    assert {one["status"] for one in archived} == {"archived"}


def test_lists_lack_what_only_a_single_answer_has(owner: TestClient, package: dict[str, Any]) -> None:
    listed = next(one for one in owner.get(ALL, params={"limit": 100}).json() if one["id"] == package["id"])
    assert set(package) - set(listed) == SINGLE
    found = owner.get(f"{ALL}/search", params={"q": f"id:{package['id']}"}).json()
    assert found == [listed]


@pytest.mark.parametrize("tail", ["", "/export", "/validations", "/validations/1"])
def test_an_unknown_package_is_not_found(owner: TestClient, tail: str) -> None:
    assert owner.get(f"{ALL}/2000000000{tail}").status_code == 404


def test_an_unknown_package_is_not_changed(owner: TestClient) -> None:
    assert owner.put(f"{ALL}/2000000000", json={}).status_code == 404
    assert owner.delete(f"{ALL}/2000000000").status_code == 404
    assert owner.post(f"{ALL}/2000000000/validate").status_code == 404
    assert owner.post(f"{ALL}/2000000000/validations").status_code == 404


@pytest.mark.parametrize(
    "text", ["'; DROP TABLE packages; --", '"', "%", "_", "\\", "$(touch /tmp/x)", "a\nb", "{{7*7}}", "é\u202e"]
)
def test_any_text_is_only_text(owner: TestClient, text: str) -> None:
    body = {"name": text, "description": text, "variables": {text: text}, "flow_version": text[:60]}
    answer = owner.post(ALL, json=body)
    assert answer.status_code == 201
    found = owner.get(f"{ALL}/{answer.json()['id']}").json()
    assert {name: found[name] for name in body} == body
    assert [one["id"] for one in owner.get(f"{ALL}/search", params={"q": f"id:{found['id']}"}).json()] == [found["id"]]


def test_long_words_are_refused_or_kept_whole(owner: TestClient) -> None:
    answer = owner.post(ALL, json={"flow_version": "x" * 1000})
    assert answer.status_code == 422
    made = owner.post(ALL, json={"description": "x" * 100_000}).json()
    assert len(owner.get(f"{ALL}/{made['id']}").json()["description"]) == 100_000
