"""What every answer has in common: media type, escaping, JSONP, compression, cross-origin headers, dates."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from penstock.api.app import Penstock
from penstock.kit.clock import FixedClock
from penstock.services.records import Cluster

MEDIA_TYPE = "application/vnd.xplenty+json; version=2"


def test_answers_have_the_media_type_of_the_wire(owner: TestClient, package: dict[str, Any]) -> None:
    for path in ("clusters", f"packages/{package['id']}", "nothing"):
        assert owner.get(f"/acme/api/{path}").headers["content-type"] == MEDIA_TYPE
    assert owner.post("/acme/api/clusters", json={}).headers["content-type"] == MEDIA_TYPE
    assert owner.get(f"/acme/api/packages/{package['id']}/export").headers["content-type"] == "application/json"


def test_text_is_escaped_to_ascii_and_comes_back_whole(owner: TestClient) -> None:
    name = 'São Paulo – 東京 😀 \u2028 \x7f "quoted" <b> \\'
    answer = owner.post("/acme/api/packages", json={"name": name})
    assert answer.content.isascii()
    assert b"S\\u00e3o" in answer.content
    assert b"\\ud83d\\ude00" in answer.content
    assert answer.json()["name"] == name


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/acme/api/clusters", 200),
        ("GET", "/acme/api/nothing", 404),
        ("GET", "/acme/api/clusters?limit=x", 422),
        ("POST", "/acme/api/packages", 201),
        ("POST", "/acme/api/clusters", 422),
    ],
)
def test_any_call_can_ask_for_jsonp(owner: TestClient, method: str, path: str, status: int) -> None:
    answer = owner.request(method, path, params={**dict(re.findall(r"(\w+)=(\w+)", path)), "callback": "on.done[0]"})
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/javascript")
    found = re.fullmatch(r"on\.done\[0\]\((.*)\)", answer.text, re.DOTALL)
    assert found is not None
    assert isinstance(json.loads(found[1]), list if status == 200 else dict)


def test_jsonp_of_a_stranger_is_wrapped_too(anyone: TestClient) -> None:
    answer = anyone.get("/user?callback=cb")
    assert answer.status_code == 401
    assert answer.text.startswith("cb({")
    assert anyone.get("/user?callback=cb", headers={"Accept": "text/html"}).text.startswith("cb({")


@pytest.mark.parametrize("name", ["alert(1)//", "a b", "<script>", "1a", "a;b", "é", "a%0d%0aX: y", "a" * 500])
def test_an_odd_callback_is_refused_in_plain_json(owner: TestClient, name: str) -> None:
    answer = owner.get(f"/acme/api/clusters?callback={name}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert set(answer.json()) == {"message"}


def test_answers_are_compressed_only_on_request(owner: TestClient) -> None:
    path = "/timezones"
    plain = owner.get(path, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    with owner.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as packed:
        raw = b"".join(packed.iter_raw())
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.headers["content-length"] == str(len(raw))
    assert gzip.decompress(raw) == plain.content


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/acme/api/clusters"), ("GET", "/nothing"), ("POST", "/acme/api/clusters"), ("GET", "/livez")],
)
def test_any_origin_may_read_every_answer(anyone: TestClient, method: str, path: str) -> None:
    headers = anyone.request(method, path, headers={"Origin": "https://app.example"}).headers
    assert headers["access-control-allow-origin"] == "*"
    assert headers["access-control-expose-headers"] == "Link, X-RateLimit-Limit, X-RateLimit-Remaining"
    assert {"x-ratelimit-limit", "x-ratelimit-remaining"} <= set(headers)


@pytest.mark.parametrize("path", ["/acme/api/clusters", "/acme/api/jobs/1", "/user", "/nothing", "/"])
def test_a_preflight_needs_no_key(anyone: TestClient, path: str) -> None:
    asked = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    answer = anyone.options(path, headers=asked)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    methods = answer.headers["access-control-allow-methods"].split(", ")
    assert {"GET", "POST", "PUT", "PATCH", "DELETE"} <= set(methods)
    assert answer.headers["access-control-allow-headers"] == "Accept, Authorization, Content-Type"


def test_times_are_utc_without_fraction(
    make_app: Callable[..., Penstock], authorization: dict[str, str], alter: Callable[..., None]
) -> None:
    clock = FixedClock(datetime(2026, 3, 1, 23, 59, 59, 999_999, tzinfo=UTC))
    with TestClient(make_app(clock=clock), headers=authorization) as client:
        made = client.post("/acme/api/clusters", json={"nodes": 1}).json()
        assert (made["created_at"], made["updated_at"]) == ("2026-03-01T23:59:59Z", "2026-03-01T23:59:59Z")
        watch = client.post(f"/acme/api/clusters/{made['id']}/watchers").json()
        assert watch["created_at"] == "2026-03-01T23:59:59Z"
    alter(Cluster, made["id"], status="terminated")


def test_addresses_are_those_of_the_host_that_was_asked(owner: TestClient, job: dict[str, Any]) -> None:
    answer = owner.get(f"/acme/api/jobs/{job['id']}", headers={"Host": "etl.example:8443"}).json()
    assert answer["url"] == f"http://etl.example:8443/acme/api/jobs/{job['id']}"
    assert answer["html_url"] == f"http://etl.example:8443/acme/jobs/{job['id']}"
    assert answer["log_url"] == f"http://etl.example:8443/acme/api/jobs/{job['id']}/log"
    assert answer["package"]["url"].startswith("http://etl.example:8443/acme/api/packages/")


def test_addresses_are_those_of_the_public_url(
    make_app: Callable[..., Penstock], authorization: dict[str, str], job: dict[str, Any]
) -> None:
    with TestClient(make_app(public_url="https://etl.example/"), headers=authorization) as client:
        answer = client.get(f"/acme/api/jobs/{job['id']}").json()
        assert answer["url"] == f"https://etl.example/acme/api/jobs/{job['id']}"
        assert client.get("/user").json()["url"] == "https://etl.example/user"
        link = client.get("/acme/api/jobs?offset=1").headers["link"]
        assert link.startswith("<https://etl.example/acme/api/jobs?")


@pytest.mark.parametrize("host", ['a"b', "a b", "a\tb", "evil.example/x?", "a,b", "[::1", "a:b:c", ""])
def test_an_odd_host_appears_in_no_answer(owner: TestClient, job: dict[str, Any], host: str) -> None:
    answer = owner.get(f"/acme/api/jobs/{job['id']}", headers={"Host": host})
    assert answer.json()["url"] == f"http://testserver/acme/api/jobs/{job['id']}"
