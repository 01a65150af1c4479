"""Variables of an account: kept in order, seen by all its packages, and by nobody else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from penstock.services.session import Sessions
from penstock.store.tables import Job

ALL = "/acme/api/variables"


@pytest.fixture(autouse=True)
def _none_left(owner: TestClient) -> Iterator[None]:
    yield
    assert owner.put(ALL, json={}).json() == {}


def test_they_are_replaced_as_a_whole_and_keep_their_order(owner: TestClient) -> None:
    assert owner.get(ALL).json() == {}
    given = {"region": "'eu'", "limit": 10, "share": 0.5, "_DEFAULT_TIMEZONE": "'+02:00'", "a": "$limit * 2"}
    answer = owner.put(ALL, json=given)
    assert (answer.status_code, answer.json()) == (200, given)
    assert list(owner.get(ALL).json()) == list(given)
    assert owner.put(ALL, json={"variables": {"b": "1"}}).json() == {"b": "1"}
    assert owner.put(ALL, json={"variables": []}).json() == {}


def test_nobody_else_sees_them(owner: TestClient, stranger: TestClient, anyone: TestClient) -> None:
    owner.put(ALL, json={"a": "1"})
    assert stranger.get(ALL).status_code == stranger.put(ALL, json={}).status_code == 404
    assert anyone.get(ALL).status_code == 401
    assert stranger.get("/other-acme/api/variables").json() == {}
    assert owner.get(ALL).json() == {"a": "1"}


@pytest.mark.parametrize("given", [{"1a": "x"}, {"a-b": "1"}, {"_JOB_ID": "1"}, {"a": {"b": 1}}, {"a": [1]}])
def test_what_cannot_be_a_variable_is_refused(owner: TestClient, given: Any) -> None:
    owner.put(ALL, json={"a": "1"})
    assert owner.put(ALL, json=given).status_code == 422
    assert owner.get(ALL).json() == {"a": "1"}


def test_a_call_without_a_body_removes_nothing(owner: TestClient) -> None:
    owner.put(ALL, json={"a": "1"})
    assert owner.put(ALL).status_code == 400
    assert owner.get(ALL).json() == {"a": "1"}


def test_packages_see_them(owner: TestClient) -> None:
    body = {"variables": {"a": "CONCAT('$region', '$nope')"}}
    package = owner.post("/acme/api/packages", json=body).json()
    owner.put(ALL, json={"region": "'eu'"})
    found = owner.post(f"/acme/api/packages/{package['id']}/validate").json()["errors"]
    undefined = [one["message"] for one in found if one["code"] == "PK303"]
    assert len(undefined) == 1
    assert "'$nope'" in undefined[0]


def test_a_job_keeps_them_as_they_were(
    owner: TestClient, sessions: Sessions, cluster: dict[str, Any], package: dict[str, Any]
) -> None:
    owner.put(ALL, json={"b": "1", "a": "2"})
    body = {"cluster_id": cluster["id"], "package_id": package["id"]}
    job = owner.post("/acme/api/jobs", json=body).json()
    owner.put(ALL, json={})
    with sessions.read() as uow:
        row = uow.session.get(Job, job["id"])
        assert row is not None
        assert json.loads(row.account_variables) == {"b": "1", "a": "2"}
