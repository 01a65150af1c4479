"""What has landed is read by Spark as by the embedded engine."""

from __future__ import annotations

from typing import Any

from penstock.wiring import engines


def test_pages_through_spark(service: Any, runner: Any, reply: Any) -> None:
    service.on(
        "/",
        lambda asked: reply({"data": [{"id": int(asked.query["p"]), "who": {"n": "ü"}}] * (asked.query["p"] < "4")}),
    )
    fields = [{"name": "id", "type": "long"}, {"name": "$.who.n", "alias": "name"}, {"name": "who", "type": "json"}]
    engine = engines.engine_named("spark", master="local[2]", memory_bytes=1 << 30)
    paging = {"scheme": "page_number", "parameter": "p"}
    found = runner.read(fields, engine, url=service.url(), base_record="$.data", pagination=paging)
    runner.connections["crm"] = {"type": "bearer", "secrets": {"password": "canary"}}
    service.on("/me", lambda asked: reply(asked.headers.get("authorization", "nobody")))
    assert runner.compute(f"CCurl('{service.url('/me')}', 'GET', '', '', 'crm')#'body'", engine) == "Bearer canary"
    assert sorted(found, key=lambda one: one["id"]) == [
        {"id": number, "name": "ü", "who": {"n": "ü"}} for number in (1, 2, 3)
    ]
