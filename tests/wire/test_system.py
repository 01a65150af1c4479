"""The caller, and the system's own facts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from penstock.api.app import Penstock
from penstock.kit.clock import FixedClock
from penstock.services.records import User
from penstock.services.session import Sessions
from penstock.services.system import REGIONS

VARIABLES = {
    "_MAX_COMBINED_SPLIT_SIZE": 67108864,
    "_BYTES_PER_REDUCER": 209715200,
    "_LINE_RECORD_READER_MAX_LENGTH": 1048576,
    "_DEFAULT_TIMEZONE": "'+00:00'",
    "_DEFAULT_PARALLELISM": 0,
    "_SHUFFLE_INPUT_BUFFER_PERCENT": 0.7,
    "_COPY_PARALLELISM": "(int)$_CLUSTER_NODES_COUNT * 3",
    "_COPY_TARGET_PARTITIONS": "100",
    "_COPY_TARGET_SIZE": "64",
    "_PARQUET_COMPRESSION": "'UNCOMPRESSED'",
    "_PARQUET_PAGE_SIZE": "1 * 1024 * 1024",
    "_PARQUET_BLOCK_SIZE": "128 * 1024 * 1024",
}


def test_the_caller_is_shown_without_a_key(owner: TestClient) -> None:
    user = owner.get("/user").json()
    wanted = {
        "name": "Owner",
        "email": "owner@acme.invalid",
        "time_zone": "UTC",
        "time_zone_info": {"name": "UTC", "identifier": "Etc/UTC", "offset": "+0000"},
        "confirmed": True,
        "confirmed_at": "2026-01-01T00:00:00Z",
        "created_at": "2026-01-01T00:00:00Z",
        "notifications_count": 0,
        "unread_notifications_count": 0,
        "notification_settings": {"email": True, "web": True},
        "receive_newsletter": False,
        "url": "http://testserver/user",
    }
    assert {name: user[name] for name in wanted} == wanted
    assert user["api_key"] is None
    for asked in (owner.get("/user?current_password=x"), owner.request("GET", "/user", json={"current_password": "x"})):
        assert (asked.status_code, asked.json()) == (200, user)
    assert "wire-test-key" not in owner.get("/user").text


def test_the_caller_is_shown_as_stored_a_second_ago(
    make_app: Callable[..., Penstock], authorization: dict[str, str], alter: Callable[..., None]
) -> None:
    clock = FixedClock(datetime(2026, 1, 1, tzinfo=UTC))
    before = {"notify_web": True, "receive_newsletter": False, "last_login": None, "location": None, "avatar_url": None}
    changed = {
        "notify_web": False, "receive_newsletter": True, "last_login": datetime(2026, 2, 1, tzinfo=UTC),
        "location": "Ulm", "avatar_url": "https://a.example/b.png",
    }  # fmt: skip
    with TestClient(make_app(clock=clock), headers=authorization) as client:
        identity = client.get("/user").json()["id"]
        alter(User, identity, **changed)
        try:
            clock.advance(0.9)
            assert client.get("/user").json()["location"] is None
            clock.advance(0.1)
            user = client.get("/user").json()
        finally:
            alter(User, identity, **before)
    assert user["notification_settings"] == {"email": True, "web": False}
    assert (user["receive_newsletter"], user["last_login"]) == (True, "2026-02-01T00:00:00Z")
    assert (user["location"], user["avatar_url"]) == ("Ulm", "https://a.example/b.png")


def test_regions_are_those_of_this_installation(owner: TestClient) -> None:
    wanted = [dict(region) for region in REGIONS]
    assert [one["id"] for one in wanted] == ["self-hosted::local"]
    assert owner.get("/regions").json() == wanted
    assert owner.get("/acme/api/regions").json() == wanted
    assert owner.get("/nobody/api/regions").status_code == 404


@pytest.mark.parametrize("kind", ["redshift", "bigquery", "s3", "snowflake", "athena"])
def test_no_region_has_what_is_not_there_yet(owner: TestClient, kind: str) -> None:
    assert owner.get(f"/regions/{kind}").json() == []
    assert owner.get("/regions", params={"brand_id": kind}).json() == []


def test_a_kind_that_does_not_exist_is_not_found(owner: TestClient) -> None:
    assert owner.get("/regions/teleport").status_code == 404
    assert owner.get("/regions", params={"brand_id": "teleport"}).status_code == 422
    assert owner.get("/regions", params={"brand_id": ""}).status_code == 200


def test_stacks_are_the_engines(owner: TestClient) -> None:
    assert owner.get("/acme/api/stacks").json() == [{"id": "duckdb-1.5", "name": "DuckDB 1.5, embedded"}]


def test_there_are_144_time_zones_from_west_to_east(owner: TestClient) -> None:
    zones = owner.get("/timezones").json()
    assert len(zones) == len({zone["id"] for zone in zones}) == 144
    assert zones[0] == {"id": "American Samoa", "name": "(GMT-11:00) American Samoa"}
    assert zones[-1] == {"id": "Tokelau Is.", "name": "(GMT+13:00) Tokelau Is."}
    assert {"id": "UTC", "name": "(GMT+00:00) UTC"} in zones
    assert {"id": "Kathmandu", "name": "(GMT+05:45) Kathmandu"} in zones
    offsets = [zone["name"][4:10] for zone in zones]
    assert offsets == sorted(offsets, key=lambda text: int(text[0] + text[1:3]) * 60 + int(text[0] + text[4:]))


def test_system_variables_have_their_defaults(owner: TestClient) -> None:
    found: dict[str, Any] = owner.get("/variables").json()
    assert found.items() >= VARIABLES.items()
    assert all(type(found[name]) is type(value) for name, value in VARIABLES.items())
    assert all(isinstance(value, str | int | float) for value in found.values())


def test_keys_are_stored_as_hashes_only(sessions: Sessions, home: Any) -> None:
    with sessions.read() as uow:
        uow.session.connection().exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    stored = b"".join(path.read_bytes() for path in home.glob("penstock.db*"))
    assert b"wire-test-key-0001" not in stored
    assert b"wire" in stored  # the short prefix that tells keys apart


def test_the_document_is_served(anyone: TestClient) -> None:
    document = anyone.get("/openapi.json")
    assert document.status_code == 200
    assert document.json()["info"]["title"] == "Penstock"
