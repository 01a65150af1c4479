"""Validations of packages: started and polled, or waited for."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from penstock.services.records import PackageValidation

BAD = {
    "components": [
        {
            "cloud_storage_source_component": {
                "id": "1",
                "name": "in",
                "cloud_storage_connection_id": "lake",
                "path": "a",
            }
        },
        {"teleporter_component": {"id": "2", "name": "away"}},
    ],
    "edges": [{"source": "1", "target": "2"}],
}
FIELDS = {
    "id", "status", "status_message", "runtime", "package_id", "owner_id", "account_id", "errors", "created_at",
    "updated_at", "url",
}  # fmt: skip


@pytest.fixture
def bad(owner: TestClient) -> str:
    """The path of a package that has errors."""
    made = owner.post("/acme/api/packages", json={"name": "bad", "data_flow_json": BAD}).json()
    return f"/acme/api/packages/{made['id']}"


def test_a_validation_is_started_and_polled(owner: TestClient, bad: str) -> None:
    answer = owner.post(f"{bad}/validations")
    assert answer.status_code == 201
    begun = answer.json()
    assert set(begun) == FIELDS
    assert (begun["status"], begun["status_message"], begun["runtime"], begun["errors"]) == ("running", None, None, [])
    assert begun["url"] == f"http://testserver{bad}/validations/{begun['id']}"
    ended = owner.get(f"{bad}/validations/{begun['id']}").json()
    assert ended["status"] == "failed"
    assert "error" in ended["status_message"]
    assert isinstance(ended["runtime"], int)
    assert ended["errors"]
    for error in ended["errors"]:
        assert isinstance(error["message"], str)
        assert error["component_id"] is None or isinstance(error["component_id"], str)
    assert "2" in [error["component_id"] for error in ended["errors"]]
    assert {name: ended[name] for name in ("id", "package_id", "owner_id", "account_id", "created_at")} == {
        name: begun[name] for name in ("id", "package_id", "owner_id", "account_id", "created_at")
    }


def test_a_validation_can_be_waited_for(owner: TestClient, bad: str) -> None:
    answer = owner.post(f"{bad}/validate", json={})
    assert answer.status_code == 200
    ended = answer.json()
    assert set(ended) == FIELDS
    assert (ended["status"], len(ended["errors"]) > 0) == ("failed", True)
    assert owner.get(f"{bad}/validations/{ended['id']}").json() == ended


def test_a_good_package_is_completed(owner: TestClient) -> None:
    lake = {"connection": {"name": "good-lake"}}
    source = {
        "id": "1",
        "name": "in",
        **lake,
        "properties": {"path": "a.csv"},
        "fields": [{"name": "a", "type": "int"}],
    }
    target = {"id": "2", "name": "out", **lake, "properties": {"path": "out"}}
    flow = {
        "components": [{"cloud_storage_source_component": source}, {"cloud_storage_destination_component": target}],
        "edges": [{"from": "1", "to": "2"}],
    }
    made = owner.post("/acme/api/packages", json={"data_flow_json": json.dumps(flow)}).json()
    path = f"/acme/api/packages/{made['id']}/validate"
    missing = owner.post(path).json()
    assert missing["status"] == "failed"
    assert any("good-lake" in error["message"] for error in missing["errors"])
    owner.post("/acme/api/connections/file", json={"name": "good-lake", "path": "/data/lake"})
    ended = owner.post(path).json()
    assert (ended["status"], ended["status_message"]) == ("completed", "Validation successful"), ended["errors"]
    assert [error for error in ended["errors"] if error["severity"] == "error"] == []


def test_a_validation_whose_server_died_is_done_by_the_next_who_asks(
    owner: TestClient, bad: str, alter: Callable[..., None]
) -> None:
    ended = owner.post(f"{bad}/validate").json()
    path = f"{bad}/validations/{ended['id']}"
    now = datetime.now(UTC)
    blank = {"status": "running", "status_message": None, "runtime": None, "errors": "[]"}
    alter(PackageValidation, ended["id"], created_at=now, **blank)
    assert owner.get(path).json()["status"] == "running"
    alter(PackageValidation, ended["id"], created_at=now - timedelta(minutes=2))
    again = owner.get(path).json()
    assert (again["status"], again["errors"]) == ("failed", ended["errors"])


def test_a_list_is_filtered_and_ordered(owner: TestClient, bad: str) -> None:
    made = [owner.post(f"{bad}/validate").json()["id"] for _ in range(3)]
    listed = owner.get(f"{bad}/validations").json()
    assert [one["id"] for one in listed] == made[::-1]
    assert [one["id"] for one in owner.get(f"{bad}/validations?direction=asc&limit=1").json()] == made[:1]
    assert owner.get(f"{bad}/validations?status=failed").json() == listed
    assert owner.get(f"{bad}/validations?status=all").json() == listed
    assert owner.get(f"{bad}/validations?status=completed").json() == []
    assert owner.get(f"{bad}/validations?status=odd").status_code == 422


def test_a_validation_belongs_to_its_package(
    owner: TestClient, stranger: TestClient, bad: str, package: dict[str, Any]
) -> None:
    made = owner.post(f"{bad}/validate").json()["id"]
    assert owner.get(f"/acme/api/packages/{package['id']}/validations/{made}").status_code == 404
    assert owner.get(f"{bad}/validations/2000000000").status_code == 404
    assert stranger.get(f"{bad.replace('acme', 'other-acme')}/validations/{made}").status_code == 404
    assert stranger.post(f"{bad.replace('acme', 'other-acme')}/validate").status_code == 404


@pytest.mark.parametrize(
    "flow", ["not json", "[]", "7", '"text"', "{" * 500, '{"components": {"0": null}, "edges": 5}']
)
def test_any_flow_can_be_validated(owner: TestClient, flow: str) -> None:
    made = owner.post("/acme/api/packages", json={"data_flow_json": flow}).json()
    ended = owner.post(f"/acme/api/packages/{made['id']}/validate")
    assert ended.status_code == 200
    assert ended.json()["status"] == "failed"
    assert ended.json()["errors"]
