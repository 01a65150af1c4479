"""Presets of the REST source against samples of answers, which were written from what services publish: never run against
them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from penstock.connectors.web import hosts
from penstock.errors import BadRequest, PackageInvalid, PermanentError
from penstock.lang.presets import BadPreset, built_in, read
from penstock.plan.systems import Paging
from penstock.settings import Settings
from penstock.wiring import places


@pytest.fixture
def own(service: Any, runner: Any) -> dict[str, Any]:
    """The presets that come with this version, with the service of the tests in place of the hosts, and connections."""
    runner.connections["hub"] = {"type": "hubspot", "secrets": {"password": "canary-token"}}
    runner.connections["shop"] = {"type": "shopify", "secrets": {"password": "canary-token"}}
    text = json.dumps({name: dict(one.raw) for name, one in built_in().items()})
    for place in ("https://api.hubapi.com", "https://{shop}.myshopify.com", "https://{host}"):
        text = text.replace(place, service.url(""))
    return dict(json.loads(text))


def test_hubspot(service: Any, runner: Any, samples: Any, own: Any) -> None:
    hubspot = samples("hubspot")
    service.on("/crm/v3/objects/contacts", hubspot("contacts_1"), hubspot("contacts_2"))
    found = runner.read([], preset="hubspot.contacts", keys={"connection": {"name": "hub"}}, more={"presets": own})
    assert [(one["id"], one["email"], one["lastname"], one["archived"]) for one in found] == [
        ("512", "ann@example.com", "Müller", False), ("513", None, None, False),
    ]  # fmt: skip
    assert found[0]["created_at"] == "2026-01-10T09:00:00.000Z"
    assert found[1]["lastmodifieddate"] == "2026-02-02T10:11:12.345Z"
    assert [one.query.get("after") for one in service.asked] == [None, "513"]
    assert service.asked[0].query["properties"].startswith("email,firstname,lastname")
    assert {one.headers["authorization"] for one in service.asked} == {"Bearer canary-token"}


def test_shopify(service: Any, runner: Any, samples: Any, own: Any) -> None:
    """What a component says itself comes before what its preset says."""
    shopify = samples("shopify")
    service.on("/admin/api/2026-01/orders.json", shopify("orders_1", url=service.url("")), shopify("orders_2"))
    keys = {"connection": {"name": "shop"}}
    values = {"preset": "shopify.orders", "preset_values": {"shop": "$name"}}
    more = {"presets": own, "variables": {"name": "acme"}}
    found = runner.read([], **values, keys=keys, more=more)
    assert [(one["id"], one["name"], one["total_price"], one["customer_id"]) for one in found] == [
        (450789469, "#1001", "598.94", 207119551), (450789470, "#1002", "1.10", None),
    ]  # fmt: skip
    assert found[0]["created_at"] == "2026-01-10T11:00:00.000-05:00"
    assert found[0]["line_items"] == [{"id": 466157049, "quantity": 1, "price": "199.00"}]
    assert {one.headers["x-shopify-access-token"] for one in service.asked} == {"canary-token"}
    assert service.asked[1].query == {"limit": "250", "page_info": "def"}
    service.on("/admin/api/2026-01/orders.json", shopify("orders_2"))
    found = runner.read([{"name": "name"}], **values, keys=keys, more=more, headers={"X-Own": "1"})
    assert found == [{"name": "#1002"}]
    assert service.asked[-1].headers["x-own"] == "1"


@pytest.mark.parametrize(("name", "status"), [("expired", 401), ("unknown", 404)])
@pytest.mark.parametrize(
    ("kind", "preset", "path"),
    [
        ("hubspot", "hubspot.contacts", "/crm/v3/objects/contacts"),
        ("shopify", "shopify.orders", "/admin/api/2026-01/orders.json"),
    ],
)
def test_refusals(
    service: Any, runner: Any, samples: Any, own: Any, name: str, status: int, kind: str, preset: str, path: str
) -> None:
    service.on(path, samples(kind)(name))
    values = {"shop": "acme"} if kind == "shopify" else {}
    with pytest.raises(PermanentError, match=f"answers {status}"):
        runner.read(
            [], preset=preset, preset_values=values, keys={"connection": {"name": {"hubspot": "hub"}.get(kind, "shop")}},
            more={"presets": own},
        )  # fmt: skip


def test_storms_of_limits(service: Any, runner: Any, samples: Any, own: Any, waits: list[float]) -> None:
    shopify, hubspot = samples("shopify"), samples("hubspot")
    service.on("/admin/api/2026-01/orders.json", *[shopify("limited")] * 8, shopify("orders_2"))
    service.on("/crm/v3/objects/contacts", *[hubspot("limited")] * 3, hubspot("contacts_2"))
    keys = {"connection": {"name": "shop"}}
    assert (
        len(runner.read([], preset="shopify.orders", preset_values={"shop": "a"}, keys=keys, more={"presets": own}))
        == 1
    )
    assert waits == [2.0] * 8
    assert (
        len(runner.read([], preset="hubspot.contacts", keys={"connection": {"name": "hub"}}, more={"presets": own}))
        == 1
    )
    assert waits[8:] == [0.5, 1.0, 2.0]


def test_every_preset_says_what_it_is() -> None:
    assert set(built_in()) == {"google_sheets", "hubspot", "salesforce", "shopify"}
    for service in built_in().values():
        assert service.ran_against == "never run against the service"
        assert service.described.startswith("the published description of")


def test_presets_page_as_the_table_of_hosts_says() -> None:
    """A component without a preset whose pagination is `automatic` reads the same pages."""
    names = ("scheme", "path", "parameter")
    for service in built_in().values():
        for records in service.records.values():
            given = records.properties.get("pagination")
            decided = hosts.decided(Paging(), records.properties["url"].replace("{host}", "a.salesforce.com"))
            if given is not None and given["scheme"] != "none":
                assert decided is not None
                assert {name: given.get(name) for name in names} == {name: getattr(decided, name) for name in names}


@pytest.mark.parametrize(
    ("properties", "keys", "says"),
    [
        ({"preset": "hubspot.contact"}, {}, "There is no preset 'hubspot.contact'. Did you mean 'hubspot.contacts'"),
        ({"preset": "hubspot"}, {}, "There is no preset 'hubspot'"),
        ({"preset": "shopify.orders"}, {}, "The preset needs the value 'shop': the name of the shop"),
        ({"preset": "shopify.orders", "preset_values": {"shop": "a", "shpo": "b"}}, {}, "The preset takes no value 'shpo'"),
        (
            {"preset": "hubspot.contacts"}, {"connection": {"type": "shopify", "id": 3}},
            "A connection of type 'shopify' does not log in to HubSpot",
        ),
        ({"preset": "hubspot.contacts"}, {}, "The component has no connection"),
    ],
)  # fmt: skip
def test_what_is_refused(
    service: Any, runner: Any, own: Any, properties: dict[str, Any], keys: dict[str, Any], says: str
) -> None:
    with pytest.raises(PackageInvalid) as raised:
        runner.read([], **properties, keys=keys)
    assert says in raised.value.message
    assert service.asked == []


OWN = {
    "service": "acme", "title": "Acme", "described": "what we know", "ran_against": "run against acme",
    "values": {"day": {"about": "a day"}}, "common": {"authentication": "none"},
    "records": {"rows": {"about": "Rows.", "url": "https://api.example.com/{day}", "fields": [{"name": "id"}]}},
}  # fmt: skip


def test_presets_of_an_installation(tmp_path: Path) -> None:
    (tmp_path / "acme.json").write_text(json.dumps(OWN))
    (tmp_path / "README").write_text("Not a preset.")
    assert places.presets(Settings(presets=tmp_path)) == {"acme": OWN}
    (tmp_path / "acme.json").write_text("{}")
    with pytest.raises(BadRequest, match=r"acme.json' \(PENSTOCK_PRESETS\) cannot be used: preset"):
        places.presets(Settings(presets=tmp_path))
    with pytest.raises(BadRequest, match="cannot be read: No such file"):
        places.presets(Settings(presets=tmp_path / "none"))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"service": "other"}, "it is 'other', and the file is of 'acme'"),
        ({"colour": "red"}, "preset"),
        ({"values": {}}, r"'\{day\}' is none of its values"),
        ({"records": {"Rows": OWN["records"]["rows"]}}, "'Rows' is no name"),  # type: ignore[index]
        ({"common": {"pagination": {"scheme": "cursor"}}}, "need a 'path'"),
    ],
)
def test_files_that_are_no_presets(change: dict[str, Any], says: str) -> None:
    assert read(json.dumps(OWN), "acme").records["rows"].fields == ({"name": "id"},)
    with pytest.raises(BadPreset, match=says):
        read(json.dumps({**OWN, **change}), "acme")
    with pytest.raises(BadPreset, match="it is no JSON"):
        read("{", "acme")
