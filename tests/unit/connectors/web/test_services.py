"""Pages of services by the table of hosts: samples written from what they publish of their APIs, never run against them."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.connectors.web import hosts, paths
from penstock.connectors.web.paging import Page, scheme_of
from penstock.kit.outbound import Request
from penstock.plan.systems import Paging

SALESFORCE = "https://acme.my.salesforce.com/services/data/v61.0/query?q=SELECT+Id+FROM+Account"
HUBSPOT = "https://api.hubapi.com/crm/v3/objects/contacts?limit=2"
SHOPIFY = "https://acme.myshopify.com/admin/api/2026-01/orders.json?limit=2"
SHEETS = "https://sheets.googleapis.com/v4/spreadsheets/1AbC/values/Sheet1"
CASES: list[tuple[str, dict[str, str], Any, str, int, str | None]] = [
    (
        SALESFORCE, {}, {
            "totalSize": 3, "done": False, "nextRecordsUrl": "/services/data/v61.0/query/01gD0000002HU6KIAW-2000",
            "records": [{"attributes": {"type": "Account"}, "Id": "001D1"}, {"attributes": {"type": "Account"}, "Id": "001D2"}],
        },
        "$.records", 2, "https://acme.my.salesforce.com/services/data/v61.0/query/01gD0000002HU6KIAW-2000",
    ),
    (SALESFORCE, {}, {"totalSize": 3, "done": True, "records": [{"Id": "001D3"}]}, "$.records", 1, None),
    (
        HUBSPOT, {}, {
            "results": [{"id": "1", "properties": {"email": "a@example.com"}}, {"id": "2", "properties": {"email": None}}],
            "paging": {"next": {"after": "2", "link": "https://api.hubapi.com/crm/v3/objects/contacts?limit=2&after=2"}},
        },
        "$.results", 2, "https://api.hubapi.com/crm/v3/objects/contacts?limit=2&after=2",
    ),
    (HUBSPOT, {}, {"results": [{"id": "3", "properties": {}}]}, "$.results", 1, None),
    (
        SHOPIFY, {
            "Link": '<https://acme.myshopify.com/admin/api/2026-01/orders.json?limit=2&page_info=abc>; rel="previous", '
            '<https://acme.myshopify.com/admin/api/2026-01/orders.json?limit=2&page_info=def>; rel="next"'
        },
        {"orders": [{"id": 450789469}, {"id": 450789470}]}, "$.orders", 2,
        "https://acme.myshopify.com/admin/api/2026-01/orders.json?limit=2&page_info=def",
    ),
    (SHOPIFY, {}, {"orders": []}, "$.orders", 0, None),
    (
        SHEETS, {}, {"range": "Sheet1!A1:B3", "majorDimension": "ROWS", "values": [["id", "name"], ["1", "a"], ["2"]]},
        "$.values", 3, None,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("url", "headers", "document", "base", "count", "following"), CASES)
def test_pages_of_services(
    url: str, headers: dict[str, str], document: Any, base: str, count: int, following: str | None
) -> None:
    scheme = scheme_of(hosts.decided(Paging(), url))
    request = scheme.first(Request("GET", url))
    found = paths.records(base, document)
    assert (request.url, len(found)) == (url, count)
    after = scheme.following(Page(request, url, headers, document, count))
    assert (None if after is None else after.url) == following
