"""Collections: pages, order, filters, and the links between pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from starlette.testclient import TestClient

from penstock.api.app import Penstock
from penstock.services.accounts import bootstrap
from penstock.services.records import Package
from penstock.services.session import Sessions

ALL = "/paged/api/packages"
KEY = "wire-test-key-paged"
COLLECTIONS = [
    "/acme/api/clusters",
    "/acme/api/jobs",
    "/acme/api/packages",
    "/acme/api/packages/templates",
    "/acme/api/connections",
    "/acme/api/clusters/search?q=a",
    "/acme/api/jobs/search?q=a",
    "/acme/api/packages/search?q=a",
]


@pytest.fixture(scope="module")
def numbered(sessions: Sessions) -> list[int]:
    """Ids of the 25 packages of an account of its own, the oldest first; the first three are of the same instant."""
    start = datetime(2020, 1, 1, tzinfo=UTC)
    with sessions.write() as uow:
        account = bootstrap(uow, "paged", KEY, start)
        rows = [
            Package(
                account_id=account.id, owner_id=1, name=f"numbered {25 - at:02d}", flow_type="workflow", flow="{}",
                created_at=start + timedelta(days=max(at, 2)), updated_at=start + timedelta(days=100 - at),
            )
            for at in range(25)
        ]  # fmt: skip
        for row in rows:
            uow.session.add(row)
            uow.session.flush()
        return [row.id for row in rows]


@pytest.fixture(scope="module")
def reader(app: Penstock, numbered: list[int]) -> Iterator[TestClient]:
    """Calls as the owner of that account."""
    with TestClient(app, raise_server_exceptions=False) as client:
        client.auth = (KEY, "")
        yield client


@pytest.fixture(scope="module")
def ids(reader: TestClient) -> Callable[..., list[int]]:
    """Lists the ids of a page of its packages."""

    def ask(**query: Any) -> list[int]:
        answer = reader.get(ALL, params=query)
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json()]

    return ask


def links(answer: Any) -> dict[str, dict[str, str]]:
    """Return the queries of a Link header by relation."""
    found = re.findall(r'<([^>]*)>; rel="(\w+)"', answer.headers.get("link", ""))
    return {relation: dict(parse_qsl(urlsplit(address).query)) for address, relation in found}


def test_twenty_of_the_newest_come_first(ids: Callable[..., list[int]], numbered: list[int]) -> None:
    newest = sorted(numbered[3:], reverse=True) + sorted(numbered[:3], reverse=True)
    assert ids() == newest[:20]
    assert ids(offset=20) == newest[20:]
    assert ids(offset=2, limit=3) == newest[2:5]
    assert ids(direction="asc", limit=4) == [*numbered[:3], numbered[3]]


@pytest.mark.parametrize(
    ("limit", "wanted"),
    [("0", 1), ("-5", 1), ("1", 1), ("100", 25), ("101", 25), ("99999999999999999999", 25), ("", 20), ("+3", 3)],
)
def test_a_limit_is_clamped(ids: Callable[..., list[int]], numbered: list[int], limit: str, wanted: int) -> None:
    assert len(ids(limit=limit)) == wanted


def test_no_page_is_longer_than_a_hundred(reader: TestClient, numbered: list[int]) -> None:
    answer = reader.get("/paged/api/packages?flow_type=workflow&limit=1000&offset=1")
    assert links(answer)["prev"] == {"flow_type": "workflow", "offset": "0", "limit": "100"}


@pytest.mark.parametrize("path", COLLECTIONS)
def test_past_the_end_is_an_empty_array(owner: TestClient, path: str) -> None:
    for offset in (100_000, 2**31, 2**63, 10**30):
        answer = owner.get(path, params={**dict(parse_qsl(urlsplit(path).query)), "offset": offset, "limit": 100})
        assert (answer.status_code, answer.json()) == (200, [])
        assert set(links(answer)) == {"prev"}


@pytest.mark.parametrize("path", COLLECTIONS)
@pytest.mark.parametrize("name", ["offset", "limit"])
@pytest.mark.parametrize("value", ["x", "1.5", "1e3", "0x10", "²", "1 2", "true"])
def test_a_place_that_is_no_number_is_refused(owner: TestClient, path: str, name: str, value: str) -> None:
    answer = owner.get(path, params={**dict(parse_qsl(urlsplit(path).query)), name: value})
    assert answer.status_code == 422
    assert name in answer.json()["message"]


def test_a_negative_offset_is_the_beginning(ids: Callable[..., list[int]], numbered: list[int]) -> None:
    assert ids(offset=-5) == ids()


def test_numbers_of_json_are_read_too(reader: TestClient, numbered: list[int]) -> None:
    body = {"flow_type": "workflow", "limit": 2.0, "offset": 1}
    answer = reader.request("GET", "/paged/api/packages", json=body)
    assert (answer.status_code, len(answer.json())) == (200, 2)
    assert reader.request("GET", "/paged/api/packages", json=body | {"limit": True}).status_code == 422
    assert reader.request("GET", "/paged/api/packages", json=body | {"limit": [1]}).status_code == 422


def test_links_lead_to_the_neighbours(reader: TestClient, numbered: list[int]) -> None:
    kept = {"flow_type": "workflow", "sort": "name", "direction": "asc", "x": "a b&c=ü"}
    first = reader.get("/paged/api/packages", params={**kept, "limit": "10"})
    assert links(first) == {"next": {**kept, "offset": "10", "limit": "10"}}
    assert first.headers["link"].startswith("<http://testserver/paged/api/packages?")
    middle = reader.get(first.headers["link"].split(">")[0][1:])
    wanted = {"next": {**kept, "offset": "20", "limit": "10"}, "prev": {**kept, "offset": "0", "limit": "10"}}
    assert links(middle) == wanted
    last = reader.get(middle.headers["link"].split(">")[0][1:])
    assert links(last) == {"prev": {**kept, "offset": "10", "limit": "10"}}
    assert len(first.json() + middle.json() + last.json()) == 25
    assert (
        links(reader.get("/paged/api/packages", params={**kept, "offset": "3", "limit": "10"}))["prev"]["offset"] == "0"
    )
    assert "link" not in reader.get("/paged/api/packages", params={**kept, "limit": "100"}).headers


def test_links_keep_what_came_in_the_body_of_a_get(reader: TestClient, numbered: list[int]) -> None:
    body = {"q": 'name:"numbered"', "sort": "name", "limit": 10}
    answer = reader.request("GET", "/paged/api/packages/search", json=body)
    assert links(answer) == {"next": {"q": 'name:"numbered"', "sort": "name", "offset": "10", "limit": "10"}}
    following = reader.get(answer.headers["link"].split(">")[0][1:])
    assert [one["name"] for one in following.json()] == [f"numbered {number:02d}" for number in range(11, 21)]


def test_a_link_holds_no_text_that_ends_it(reader: TestClient, numbered: list[int]) -> None:
    answer = reader.get("/paged/api/packages?flow_type=workflow&limit=1&x=%0d%0aSet-Cookie:%20a%3E%3B%22")
    assert "set-cookie" not in answer.headers
    assert answer.headers["link"].count(">") == 1
    assert links(answer)["next"]["x"] == '\r\nSet-Cookie: a>;"'


@pytest.mark.parametrize("word", ["created", "created_at", "CREATED", "nonsense", "", "id; DROP TABLE packages"])
def test_an_unknown_order_is_the_default(ids: Callable[..., list[int]], numbered: list[int], word: str) -> None:
    assert ids(sort=word) == ids()


@pytest.mark.parametrize("word", ["updated", "updated_at", "modified"])
def test_order_by_the_last_change(ids: Callable[..., list[int]], numbered: list[int], word: str) -> None:
    assert ids(sort=word) == numbered[:20]
    assert ids(sort=word, direction="asc") == numbered[:4:-1]


@pytest.mark.parametrize("word", ["id", "name"])
def test_order_by_id_or_name(ids: Callable[..., list[int]], numbered: list[int], word: str) -> None:
    wanted = sorted(numbered) if word == "id" else numbered[::-1]
    assert ids(sort=word, direction="asc") == wanted[:20]
    assert ids(sort=word, direction="DESC") == wanted[::-1][:20]


@pytest.mark.parametrize("word", ["down", "", "ASCENDING"])
def test_an_unknown_direction_is_the_default(ids: Callable[..., list[int]], numbered: list[int], word: str) -> None:
    assert ids(direction=word) == ids()


@pytest.mark.parametrize(
    ("since", "wanted"),
    [
        ("2020-04-08T00:00:00Z", 3),
        ("2020-04-08", 3),
        ("2020-04-08T00:00:00", 3),
        ("2020-04-08T03:00:00+03:00", 3),
        ("2020-04-08T03:00:00 03:00", 3),
        ("2020-04-08T03:00:00 0300", 3),
        ("2020-04-08T00:00:00.000Z", 3),
        ("2020-04-08T00:00:00.001Z", 2),
        ("2020-04-07T22:00:00-02:00", 3),
        ("2030-01-01", 0),
        ("", 20),
    ],
)
def test_since_is_inclusive(ids: Callable[..., list[int]], numbered: list[int], since: str, wanted: int) -> None:
    assert len(ids(since=since)) == wanted


@pytest.mark.parametrize(
    "since", ["yesterday", "2020-13-01", "12", "2020-01-01T25:00:00Z", "0001-01-01T00:00:00+14:00"]
)
@pytest.mark.parametrize("path", ["clusters", "jobs", "packages", "connections"])
def test_since_that_is_no_date_is_refused(owner: TestClient, path: str, since: str) -> None:
    answer = owner.get(f"/acme/api/{path}", params={"since": since})
    assert answer.status_code == 422
    assert "since" in answer.json()["message"]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("clusters", {"status": "sleeping"}),
        ("jobs", {"status": "done"}),
        ("jobs", {"package_id": "x"}),
        ("packages", {"status": "deleted"}),
        ("packages", {"flow_type": "streaming"}),
        ("connections", {"type": "file,teleport"}),
    ],
)
def test_a_filter_that_cannot_be_is_refused(owner: TestClient, path: str, query: dict[str, str]) -> None:
    answer = owner.get(f"/acme/api/{path}", params=query)
    assert answer.status_code == 422
    assert next(iter(query)) in answer.json()["message"]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("clusters", {"status": "all"}),
        ("jobs", {"status": "all"}),
        ("packages", {"flow_type": "all"}),
        ("connections", {"type": "all"}),
        ("connections", {"type": ""}),
        ("jobs", {"status": ""}),
    ],
)
def test_all_is_no_filter(owner: TestClient, path: str, query: dict[str, str]) -> None:
    assert owner.get(f"/acme/api/{path}", params=query).json() == owner.get(f"/acme/api/{path}").json()
