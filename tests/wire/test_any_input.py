"""Any input to any operation: a documented answer, never a fault of the server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from penstock.api.app import Penstock
from penstock.services.accounts import bootstrap
from penstock.services.session import Sessions

KEY = "wire-test-key-any-input"
OPERATIONS = json.loads((Path(__file__).parent / "operations.json").read_text())["operations"]
CASES = [pytest.param(operation, id=operation["id"]) for operation in OPERATIONS]
LIMITED = settings(
    max_examples=30, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([0, -1, 1, 2**31 - 1, 2**31, 2**63, 10**40])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(
        ["", " ", "1", "-1", "true", "all", "2026-01-01", "'", '"', "%", "a\r\nb", "[", "{", "[]", "{}", "null"]
    )
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
ENVELOPES = ("cluster", "job", "package", "connection")
COMMON = (
    "sort",
    "direction",
    "since",
    "offset",
    "limit",
    "include",
    "status",
    "q",
    "callback",
    "variables",
    "name",
    "path",
)


@pytest.fixture(scope="module")
def ids(sessions: Sessions, app: Penstock) -> Iterator[dict[str, Any]]:
    """A client of an account of its own, and the ids of what it has."""
    with sessions.write() as uow:
        bootstrap(uow, "fuzzed", KEY, datetime(2026, 1, 1, tzinfo=UTC))
    with TestClient(app, raise_server_exceptions=False) as client:
        client.auth = (KEY, "")
        cluster = client.post("/fuzzed/api/clusters", json={"nodes": 1}).json()["id"]
        package = client.post("/fuzzed/api/packages", json={}).json()["id"]
        body = {"cluster_id": cluster, "package_id": package}
        yield {
            "client": client,
            "cluster_id": cluster,
            "package_id": package,
            "job_id": client.post("/fuzzed/api/jobs", json=body).json()["id"],
            "connection_id": client.post("/fuzzed/api/connections/file", json={"name": "a", "path": "/x"}).json()["id"],
            "validation_id": client.post(f"/fuzzed/api/packages/{package}/validate").json()["id"],
            "output_id": 1,
        }


@st.composite
def requests(draw: st.DrawFn, operation: dict[str, Any]) -> dict[str, Any]:
    """One call of an operation: path parameters (None for one that exists), query, body and its type."""
    names = [part[1:-1] for part in operation["path"].split("/") if part.startswith("{") and part != "{account_id}"]
    odd = st.sampled_from(["0", "2147483647", "2147483648", "x", "-1", "1 or 1=1", "\x00", "..", "é"]) | st.text(
        max_size=9
    )
    fields = [*operation.get("body", {}), *operation.get("query", {}), *COMMON]
    known = st.dictionaries(st.sampled_from(fields), VALUES, max_size=4)
    body = draw(
        st.just(b"") | known | known.map(lambda one: {draw(st.sampled_from(ENVELOPES)): one}) | VALUES | st.binary()
    )
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    kinds = ["application/json", "application/json", "application/x-www-form-urlencoded", "text/plain", ""]
    return {
        "path": {name: draw(st.none() | odd) for name in names},
        "query": draw(st.dictionaries(st.sampled_from([*fields, "a[b]", "a[b][]", "x"]), SCALARS.map(str), max_size=3)),
        "body": text,
        "kind": draw(st.sampled_from(kinds)),
        "accept": draw(st.sampled_from(["*/*", "*/*", "application/vnd.xplenty+json; version=1", "text/html"])),
    }


@pytest.mark.parametrize("operation", CASES)
def test_any_call_gets_a_documented_answer(app: Penstock, ids: dict[str, Any], operation: dict[str, Any]) -> None:
    found = app.openapi()["paths"][operation["path"]][operation["method"].lower()]
    documented = {int(status) for status in found["responses"]} - {500, 503}
    client: TestClient = ids["client"]

    @LIMITED
    @given(requests(operation))
    def ask(request: dict[str, Any]) -> None:
        path = operation["path"].replace("{account_id}", "fuzzed")
        for name, value in request["path"].items():
            known = {"connection_type": "file", "type": "s3"}.get(name) or str(ids.get(name))
            path = path.replace(f"{{{name}}}", quote(known if value is None else value, safe=""))
        headers = {"Accept": request["accept"], **({"Content-Type": request["kind"]} if request["kind"] else {})}
        answer = client.request(
            operation["method"], path, params=request["query"], content=request["body"], headers=headers
        )
        assert answer.status_code in documented, (answer.status_code, answer.text)
        assert answer.headers["access-control-allow-origin"] == "*"
        if answer.status_code == 204:
            assert answer.content == b""
        elif "callback" not in request["query"] or answer.headers["content-type"].startswith("application/vnd"):
            told = answer.json()
            assert answer.status_code < 400 or isinstance(told["message"], str)

    ask()
