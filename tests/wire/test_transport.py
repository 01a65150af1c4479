"""Paths, credentials, versions and the dialects of requests, on their way through the whole application."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from penstock.api.app import Penstock

MEDIA_TYPE = "application/vnd.xplenty+json; version=2"
FORM = "application/x-www-form-urlencoded"


def basic(text: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


# -- who calls


@pytest.mark.parametrize("text", ["wire-test-key-0001:", "wire-test-key-0001", "wire-test-key-0001:anything"])
def test_a_key_is_read_with_and_without_the_colon(anyone: TestClient, text: str) -> None:
    assert anyone.get("/acme/api/jobs", headers=basic(text)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Basic"},
        {"Authorization": "Basic %%%"},
        {"Authorization": "Basic a"},
        {"Authorization": "Bearer wire-test-key-0001"},
        {"Authorization": "wire-test-key-0001"},
        basic("wire-test-key-unknown:"),
        basic(":wire-test-key-0001"),
        basic(""),
        {"Authorization": "Basic /////w=="},
    ],
)
@pytest.mark.parametrize("path", ["/acme/api/jobs", "/nobody/api/jobs", "/acme/api/jobs/1", "/user", "/timezones"])
def test_anybody_else_is_not_authenticated(anyone: TestClient, headers: dict[str, str], path: str) -> None:
    answer = anyone.get(path, headers=headers)
    assert answer.status_code == 401
    assert set(answer.json()) == {"message"}
    assert answer.headers["www-authenticate"].startswith("Basic ")


@pytest.mark.parametrize("account", ["other-acme", "nobody", "ACME", "acme%20", "%2e%2e", "'%20or%201=1--", "%00"])
def test_another_account_is_not_found(owner: TestClient, account: str) -> None:
    answer = owner.get(f"/{account}/api/jobs")
    assert (answer.status_code, answer.json()) == (404, {"message": "Item not found."})


# -- paths and methods


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/acme",
        "/acme/api",
        "/acme/api/unknown",
        "/acme/api/schedules",
        "/acme/api/hooks/types",
        "/acme/api/members",
        "/acme/api/clusters/help",
        "/acme/api/jobs/abc",
        "/acme/api/jobs/-1",
        "/acme/api/jobs/1.5",
        "/acme/api/jobs/1_0",
        "/acme/api/jobs/%201",
        "/acme/api/jobs/99999999999999999999",
        "/acme/api/jobs/2147483648",
        "/acme/api/jobs/1/unknown",
        "/acme//api/jobs",
        "/accounts",
        "/product_updates",
        "/docs",
        "/openapi.json/x",
    ],
)
def test_an_unknown_path_is_not_found(owner: TestClient, path: str) -> None:
    answer = owner.get(path)
    assert (answer.status_code, answer.json()) == (404, {"message": "Item not found."})
    assert answer.headers["content-type"] == MEDIA_TYPE


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/acme/api/clusters"),
        ("POST", "/acme/api/clusters/1"),
        ("PUT", "/acme/api/jobs"),
        ("PUT", "/acme/api/jobs/1"),
        ("PATCH", "/acme/api/jobs/1"),
        ("POST", "/user"),
        ("DELETE", "/timezones"),
        ("TRACE", "/acme/api/jobs"),
        ("BREW", "/acme/api/jobs"),
    ],
)
def test_a_wrong_method_is_not_found(owner: TestClient, method: str, path: str) -> None:
    answer = owner.request(method, path)
    assert (answer.status_code, answer.json()) == (404, {"message": "Item not found."})
    assert "allow" not in answer.headers


def test_a_slash_at_the_end_changes_nothing(owner: TestClient) -> None:
    assert owner.get("/acme/api/clusters/").json() == owner.get("/acme/api/clusters").json()


def test_patch_is_put(owner: TestClient, cluster: dict[str, Any]) -> None:
    answer = owner.patch(f"/acme/api/clusters/{cluster['id']}", json={"name": "patched"})
    assert (answer.status_code, answer.json()["name"]) == (200, "patched")


def test_head_is_get_without_a_body(owner: TestClient, cluster: dict[str, Any], package: dict[str, Any]) -> None:
    for _ in range(2):
        owner.post("/acme/api/packages", json={})
    whole = owner.get("/acme/api/packages", params={"limit": 1})
    head = owner.head("/acme/api/packages", params={"limit": 1})
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["link"] == whole.headers["link"]
    assert owner.head("/acme/api/nothing").status_code == 404


# -- versions

ACCEPTED = [
    ("application/vnd.xplenty+json; version=2", 2),
    ("application/vnd.xplenty+json", 2),
    ("application/vnd.xplenty+json version=2", 2),
    ("application/vnd.xplenty+json, version=2", 2),
    ("application/vnd.xplenty+json; version=1", 1),
    ("application/vnd.xplenty+json; version=2 > package.json", 2),
    ("*/*", 2),
    ("application/json", 2),
    ("application/*", 2),
    ("text/javascript", 2),
    ("", 2),
    (None, 2),
]


@pytest.mark.parametrize(("accept", "version"), ACCEPTED)
def test_every_spelling_of_accept_is_read(
    owner: TestClient, queued: dict[str, Any], accept: str | None, version: int
) -> None:
    request = owner.build_request("GET", f"/acme/api/jobs/{queued['id']}")
    del request.headers["accept"]
    if accept is not None:
        request.headers["accept"] = accept
    answer = owner.send(request)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.json()["status"] == ("queued" if version == 2 else "pending")


@pytest.mark.parametrize(
    "accept",
    [
        "text/html",
        "application/xml",
        "image/*",
        "application/vnd.xplenty+json; version=3",
        "application/json;version=0",
    ],
)
@pytest.mark.parametrize(("method", "path"), [("GET", "/acme/api/jobs"), ("POST", "/acme/api/jobs"), ("GET", "/x")])
def test_any_other_is_not_acceptable(owner: TestClient, accept: str, method: str, path: str) -> None:
    answer = owner.request(method, path, headers={"Accept": accept})
    assert answer.status_code == 406
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert set(answer.json()) == {"message"}


@pytest.mark.parametrize(
    "headers", [{"Accept": "application/vnd.xplenty+json; version=1"}, {"User-Agent": "Java/1.8.0_292"}]
)
def test_old_clients_get_old_words(
    owner: TestClient, queued: dict[str, Any], idle: dict[str, Any], headers: dict[str, str]
) -> None:
    job = owner.get(f"/acme/api/jobs/{queued['id']}?include=cluster", headers=headers).json()
    assert job["status"] == "pending"
    assert [(one["component_name"], one["component"]["name"]) for one in job["outputs"]] == [("out", "out")]
    output = owner.get(f"/acme/api/jobs/{job['id']}/outputs/{job['outputs'][0]['id']}", headers=headers).json()
    assert output["component_name"] == output["component"]["name"] == "out"
    listed = {one["id"]: one for one in owner.get("/acme/api/jobs", headers=headers).json()}
    assert listed[job["id"]]["status"] == "pending"
    assert owner.get(f"/acme/api/clusters/{idle['id']}", headers=headers).json()["status"] == "available"
    found = owner.get(f"/acme/api/clusters/search?q=id:{idle['id']}", headers=headers).json()
    assert [one["status"] for one in found] == ["available"]


def test_new_clients_get_new_words(owner: TestClient, queued: dict[str, Any], idle: dict[str, Any]) -> None:
    job = owner.get(f"/acme/api/jobs/{queued['id']}").json()
    assert job["status"] == "queued"
    assert "component_name" not in job["outputs"][0]
    assert owner.get(f"/acme/api/clusters/{idle['id']}").json()["status"] == "idle"


# -- the dialects of requests

WANTED = {"name": "dialect", "nodes": 3, "terminate_on_idle": True, "time_to_idle": 60, "type": "production"}
TEXTS = {"name": "dialect", "nodes": "3", "terminate_on_idle": "t", "time_to_idle": "60"}
BRACKETED = "&".join(f"cluster%5B{name}%5D={value}" for name, value in TEXTS.items())


@pytest.mark.parametrize(
    ("body", "kind", "query"),
    [
        (json.dumps(WANTED), "application/json", ""),
        (json.dumps(WANTED), "application/json; charset=UTF-8", ""),
        (json.dumps(WANTED), "application/vnd.xplenty+json", ""),
        (json.dumps(WANTED), "application/vnd.xplenty+json; version=2", ""),
        (json.dumps(WANTED), "", ""),
        (json.dumps(TEXTS), "application/json", ""),
        (json.dumps({"cluster": WANTED}), "application/json", ""),
        (json.dumps({"cluster": TEXTS}), "application/vnd.xplenty+json", ""),
        (BRACKETED, FORM, ""),
        (BRACKETED.replace("%5B", "[").replace("%5D", "]"), FORM + "; charset=utf-8", ""),
        ("&".join(f"{name}={value}" for name, value in TEXTS.items()), FORM, ""),
        ("", "", BRACKETED),
        ("", "application/json", BRACKETED),
        ('{"name": "dialect", "nodes": 3}', "application/json", BRACKETED.replace("dialect", "other")),
    ],
)
def test_every_dialect_creates_the_same_cluster(owner: TestClient, body: str, kind: str, query: str) -> None:
    headers = {"Content-Type": kind} if kind else {}
    answer = owner.post(f"/acme/api/clusters?{query}", content=body.encode(), headers=headers)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert {name: made[name] for name in WANTED} == WANTED


def test_a_bracketed_job_has_its_variables(owner: TestClient, cluster: dict[str, Any], package: dict[str, Any]) -> None:
    data = {
        "job[cluster_id]": cluster["id"],
        "job[job_id]": package["id"],
        "job[variables][a]": "'x y'",
        "job[variables][0]": "zero",
        "job[dynamic_variables][d]": "CurrentTime()",
    }
    answer = owner.post("/acme/api/jobs", data=data)
    assert answer.status_code == 201, answer.text
    assert answer.json()["package_id"] == package["id"]
    assert answer.json()["variables"] == {"a": "'x y'", "0": "zero"}
    assert answer.json()["dynamic_variables"] == {"d": "CurrentTime()"}
    answer = owner.post("/acme/api/jobs", params=data, headers={"Content-Length": "0"})
    assert answer.status_code == 201, answer.text
    assert answer.json()["variables"] == {"a": "'x y'", "0": "zero"}


def test_bracketed_arrays_are_lists(owner: TestClient) -> None:
    data = {
        "cluster[nodes]": "1",
        "cluster[bootstrap_actions][0][script_path]": "http://a/b.tar.gz",
        "cluster[bootstrap_actions][0][args][0]": "arg1",
        "cluster[bootstrap_actions][0][args][1]": "arg2",
        "cluster[bootstrap_actions][1][script_path]": "http://a/c.sh",
    }
    answer = owner.post("/acme/api/clusters", data=data)
    assert answer.status_code == 201, answer.text
    wanted = [{"script_path": "http://a/b.tar.gz", "args": ["arg1", "arg2"]}, {"script_path": "http://a/c.sh"}]
    assert answer.json()["bootstrap_actions"] == wanted
    numbered = {"nodes": 1, "bootstrap_actions": {"1": wanted[1], "0": wanted[0]}}
    assert owner.post("/acme/api/clusters", json=numbered).json()["bootstrap_actions"] == wanted


@pytest.mark.parametrize("body", [b"null", b"", b"{}", b"[]"])
@pytest.mark.parametrize("kind", ["application/json", "application/vnd.xplenty+json"])
def test_an_empty_body_is_no_parameters(owner: TestClient, job: dict[str, Any], body: bytes, kind: str) -> None:
    answer = owner.post(f"/acme/api/jobs/{job['id']}/watchers", content=body, headers={"Content-Type": kind})
    assert answer.status_code == 201


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data; boundary=x", ""])
def test_the_content_type_of_nothing_does_not_count(owner: TestClient, job: dict[str, Any], kind: str) -> None:
    headers = {"Content-Type": kind} if kind else {}
    assert owner.get(f"/acme/api/jobs/{job['id']}", headers=headers).status_code == 200
    assert owner.delete(f"/acme/api/jobs/{job['id']}/watchers", headers=headers).status_code == 204
    assert owner.post(f"/acme/api/jobs/{job['id']}/watchers", headers=headers).status_code == 201
    assert owner.delete(f"/acme/api/jobs/{job['id']}", headers=headers).status_code == 200


def test_a_get_takes_parameters_in_a_json_body(owner: TestClient, cluster: dict[str, Any]) -> None:
    body = {"q": f"id:{cluster['id']}", "limit": "1"}
    answer = owner.request("GET", "/acme/api/clusters/search", json=body, params={"q": "nothing", "offset": "0"})
    assert [one["id"] for one in answer.json()] == [cluster["id"]]


@pytest.mark.parametrize("body", [b"false", b"null", b"[1, 2]", b'"text"', b"7"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_a_body_that_is_no_object_is_ignored_where_none_is_due(
    owner: TestClient, job: dict[str, Any], method: str, body: bytes
) -> None:
    headers = {"Content-Type": "application/json"}
    assert owner.request(method, f"/acme/api/jobs/{job['id']}", content=body, headers=headers).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"false",
        b"[1]",
        b'"text"',
        b"nodes=1",
        b'{"nodes": NaN}',
        b'{"nodes": 1e999}',
        b'{"name": "\xff"}',
        b'{"name": "\\u0000"}',
        b'{"name": "\\ud800"}',
        b'{"a":' * 100_000,
        b"[" * 100_000,
        b'{"a":' * 1_000 + b"1" + b"}" * 1_000,
        b'{"nodes": ' + b"1" * 5_000 + b"}",
    ],
    ids=lambda body: repr(body[:24]),
)
def test_a_body_that_cannot_be_read_is_a_bad_request(
    owner: TestClient, cluster: dict[str, Any], method: str, body: bytes
) -> None:
    path = "/acme/api/clusters" if method == "POST" else f"/acme/api/clusters/{cluster['id']}"
    answer = owner.request(method, path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert set(answer.json()) == {"message"}


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data; boundary=x", "image/png"])
def test_a_body_of_another_type_is_not_supported(owner: TestClient, kind: str) -> None:
    answer = owner.post("/acme/api/clusters", content=b"nodes=1", headers={"Content-Type": kind})
    assert answer.status_code == 415
    assert set(answer.json()) == {"message"}


def test_the_last_of_equal_keys_counts(owner: TestClient) -> None:
    answer = owner.post("/acme/api/clusters", content=b'{"nodes": 1, "name": "a", "nodes": 2, "name": "b"}')
    assert (answer.json()["nodes"], answer.json()["name"]) == (2, "b")


def test_a_body_of_ten_megabytes_is_refused_and_the_server_goes_on(owner: TestClient) -> None:
    body = b'{"name": "' + b"x" * 10_000_000 + b'"}'
    answer = owner.post("/acme/api/packages", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert "larger than" in answer.json()["message"]
    assert owner.get("/acme/api/packages").status_code == 200


def test_parameters_that_are_no_text_are_a_bad_request(owner: TestClient) -> None:
    assert owner.get("/acme/api/clusters?status=%ff").status_code == 400
    assert owner.get("/acme/api/clusters?status=%00").status_code == 400
    assert owner.get("/acme/api/clusters?a=1&a[b]=2").status_code == 400


# -- two accounts


def test_ids_of_another_account_do_not_exist(
    stranger: TestClient, cluster: dict[str, Any], package: dict[str, Any], job: dict[str, Any]
) -> None:
    paths = [
        f"clusters/{cluster['id']}",
        f"clusters/{cluster['id']}/instances",
        f"clusters/{cluster['id']}/watchers",
        f"packages/{package['id']}",
        f"packages/{package['id']}/export",
        f"packages/{package['id']}/validations",
        *(f"jobs/{job['id']}{tail}" for tail in ("", "/log", "/variables", "/children", "/watchers", "/outputs/1")),
    ]
    for path in paths:
        assert stranger.get(f"/other-acme/api/{path}").status_code == 404, path
        assert stranger.get(f"/acme/api/{path}").status_code == 404, path
    for path, row in (("clusters", cluster), ("packages", package), ("jobs", job)):
        assert stranger.delete(f"/other-acme/api/{path}/{row['id']}").status_code == 404
        assert stranger.get(f"/other-acme/api/{path}").json() == []
    body = {"cluster_id": cluster["id"], "package_id": package["id"]}
    answer = stranger.post("/other-acme/api/jobs", json=body)
    assert answer.status_code == 422
    assert set(answer.json()["errors"]) == {"cluster_id", "package_id"}
    answer = stranger.post("/other-acme/api/packages", json={"source_package_id": package["id"]})
    assert answer.status_code == 422


# -- failures of our own


def test_a_fault_of_ours_says_nothing_but_that(
    make_app: Callable[..., Penstock], caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> Any:
        raise ZeroDivisionError("a secret detail")

    with TestClient(make_app(clock=broken, credits_per_hour=0), raise_server_exceptions=False) as client:
        answer = client.get("/acme/api/clusters", headers=basic("wire-test-key-0001:"))
    assert answer.status_code == 500
    assert set(answer.json()) == {"message"}
    assert "secret" not in answer.text
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "x-ratelimit-limit" in answer.headers


def test_no_log_holds_a_key(
    make_app: Callable[..., Penstock], caplog: pytest.LogCaptureFixture, authorization: dict[str, str]
) -> None:
    def broken() -> Any:
        raise ZeroDivisionError

    caplog.set_level("DEBUG")
    token = authorization["Authorization"].removeprefix("Basic ")
    for app in (make_app(), make_app(clock=broken)):
        with TestClient(app, raise_server_exceptions=False, headers=authorization) as client:
            answers = [client.get("/user"), client.post("/acme/api/jobs", json={}), client.get("/acme/api/jobs/1")]
            answers.append(client.get("/user", headers=basic("wire-test-key-unknown:")))
        for answer in answers:
            assert "wire-test-key" not in answer.text + str(answer.headers)
    assert "wire-test-key" not in caplog.text
    assert token not in caplog.text
