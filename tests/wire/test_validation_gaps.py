"""A validation says what the engine cannot do of a package, as the command line does."""

from __future__ import annotations

from collections.abc import Callable

from starlette.testclient import TestClient

from penstock.api.app import Penstock
from penstock.engines.duckdb.run import DuckEngine

FLOW = {
    "components": [
        {
            "id": "1",
            "type": "cloud_storage_source_component",
            "connection": {"name": "nowhere"},
            "properties": {"path": "in.csv"},
            "fields": [{"name": "id"}],
        },
        {
            "id": "2",
            "type": "filter_component",
            "name": "some",
            "properties": {"conditions": [{"expression": "id matches '(a'"}]},
        },
        {
            "id": "3",
            "type": "cloud_storage_destination_component",
            "connection": {"name": "nowhere"},
            "properties": {"path": "out"},
        },
    ],
    "edges": [{"from": "1", "to": "2"}, {"from": "2", "to": "3"}],
}


def test_what_the_engine_cannot_do_is_among_the_findings(
    make_app: Callable[..., Penstock], authorization: dict[str, str]
) -> None:
    with TestClient(make_app(gaps=DuckEngine().gaps), headers=authorization) as client:
        package = client.post("/acme/api/packages", json={"name": "p", "data_flow_json": FLOW}).json()["id"]
        answer = client.post(f"/acme/api/packages/{package}/validate").json()
    assert answer["status"] == "failed"
    found = [(one["code"], one["component"]) for one in answer["errors"]]
    assert found == [("PK107", "1"), ("PK107", "3"), ("PK605", "some")]
