"""Every pagination scheme against a service that pages that way; and services whose pages have no end."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penstock.connectors.web import hosts
from penstock.connectors.web.paging import next_link, scheme_of
from penstock.errors import PermanentError
from penstock.plan.systems import Paging

ID = [{"name": "id", "type": "long"}]
ROWS = [{"id": number} for number in range(1, 8)]
PAGES = [ROWS[0:3], ROWS[3:6], ROWS[6:7]]


def ids(records: list[dict[str, Any]]) -> list[int]:
    return [one["id"] for one in records]


def test_one_request_without_pagination(service: Any, runner: Any, reply: Any) -> None:
    service.on("/", reply(PAGES[0], Link='</?page=2>; rel="next"'))
    for pagination in (None, {"scheme": "none"}, {"max_requests": 0}, {"max_requests": 1}):
        given = {} if pagination is None else {"pagination": pagination}
        assert ids(runner.read(ID, url=service.url(), **given)) == [1, 2, 3]
    assert len(service.asked) == 4


@pytest.mark.parametrize("pagination", [{}, {"scheme": "link_header"}, {"scheme": "automatic"}])
def test_link_headers(service: Any, runner: Any, reply: Any, pagination: Any) -> None:
    def page(asked: Any) -> Any:
        number = int(asked.query.get("page", 1))
        rest = (
            {} if number == 3 else {"Link": f'<{service.url()}?page=1>; rel="first", </?page={number + 1}>; rel="next"'}
        )
        return reply(PAGES[number - 1], **rest)

    service.on("/", page)
    assert ids(runner.read(ID, url=service.url("/?q=a%20b"), pagination=pagination)) == [1, 2, 3, 4, 5, 6, 7]
    assert service.queries() == [{"q": "a b"}, {"page": "2"}, {"page": "3"}]


def test_the_address_of_the_next_page(service: Any, runner: Any, reply: Any) -> None:
    def page(asked: Any) -> Any:
        at = int(asked.query.get("at", 0))
        following = [service.url("/items?at=1"), "?at=2", None][at]
        return reply({"data": PAGES[at], "links": {"next": following}})

    service.on("/items", page)
    paging = {"scheme": "next_url", "path": "$.links.next", "size_parameter": "limit", "size": 3}
    assert ids(runner.read(ID, url=service.url("/items"), base_record="$.data", pagination=paging)) == list(range(1, 8))
    assert service.queries() == [{"limit": "3"}, {"at": "1"}, {"at": "2"}]


@pytest.mark.parametrize("end", [None, "", False])
def test_a_cursor(service: Any, runner: Any, reply: Any, end: Any) -> None:
    def page(asked: Any) -> Any:
        at = {"": 0, "b/= ü": 1, "7": 2}[asked.query.get("after", "")]
        return reply({"data": PAGES[at], "next": ["b/= ü", 7, end][at]})

    service.on("/", page)
    paging = {"scheme": "cursor", "path": "$.next", "parameter": "after"}
    url = service.url("/?q=1&after=")
    assert ids(runner.read(ID, url=url, base_record="$.data[*]", pagination=paging)) == list(range(1, 8))
    assert [one.get("q") for one in service.queries()] == ["1"] * 3


@pytest.mark.parametrize(
    ("paging", "queries"),
    [
        ({}, [{"p": "1"}, {"p": "2"}, {"p": "3"}, {"p": "4"}]),
        (
            {"start": 1, "size_parameter": "n", "size": 3, "stop_when": "short_page"},
            [{"p": "1", "n": "3"}, {"p": "2", "n": "3"}, {"p": "3", "n": "3"}],
        ),
        ({"max_requests": 2}, [{"p": "1"}, {"p": "2"}]),
    ],
)  # fmt: skip
def test_page_numbers(service: Any, runner: Any, reply: Any, paging: Any, queries: Any) -> None:
    service.on("/", lambda asked: reply([*PAGES, []][int(asked.query["p"]) - 1]))
    found = runner.read(ID, url=service.url(), pagination={"scheme": "page_number", "parameter": "p", **paging})
    assert ids(found) == list(range(1, 7 if "max_requests" in paging else 8))
    assert service.queries() == queries


def test_pages_from_zero(service: Any, runner: Any, reply: Any) -> None:
    service.on("/", lambda asked: reply([*PAGES, []][int(asked.query["p"])]))
    paging = {"scheme": "page_number", "parameter": "p", "start": 0}
    assert ids(runner.read(ID, url=service.url(), pagination=paging)) == list(range(1, 8))


def test_offsets_count_what_came(service: Any, runner: Any, reply: Any) -> None:
    """A service that gives fewer records than it is asked for loses none."""
    service.on("/", lambda asked: reply({"data": ROWS[int(asked.query["o"]) :][:2]}))
    paging = {"scheme": "offset_limit", "parameter": "o", "size_parameter": "limit", "size": 100}
    assert ids(runner.read(ID, url=service.url(), base_record="$.data", pagination=paging)) == list(range(1, 8))
    assert [one["o"] for one in service.queries()] == ["0", "2", "4", "6", "7"]
    assert {one["limit"] for one in service.queries()} == {"100"}


def test_jira_by_start(service: Any, runner: Any, reply: Any) -> None:
    def page(asked: Any) -> Any:
        start = int(asked.query.get("startAt", 0))
        return reply({"startAt": start, "maxResults": 3, "total": 7, "issues": ROWS[start : start + 3]})

    service.on("/rest/api/2/search", page)
    url = service.url("/rest/api/2/search?jql=x")
    found = runner.read(ID, url=url, base_record="$.issues", pagination={"scheme": "jira", "size": 3})
    assert ids(found) == list(range(1, 8))
    assert service.queries()[2] == {"jql": "x", "maxResults": "3", "startAt": "6"}


def test_jira_by_token_and_by_last(service: Any, runner: Any, reply: Any) -> None:
    def by_token(asked: Any) -> Any:
        at = int(asked.query.get("nextPageToken", "t0")[1:])
        return reply({"issues": PAGES[at], "isLast": at == 2, **({"nextPageToken": f"t{at + 1}"} if at < 2 else {})})

    def by_last(asked: Any) -> Any:
        start = int(asked.query.get("startAt", 0))
        return reply({"startAt": start, "maxResults": 3, "isLast": start >= 6, "values": ROWS[start : start + 3]})

    service.on("/token", by_token)
    service.on("/last", by_last)
    for path, base in (("/token", "$.issues"), ("/last", "$.values")):
        found = runner.read(ID, url=service.url(path), base_record=base, pagination={"scheme": "jira"})
        assert ids(found) == list(range(1, 8))


def test_magento(service: Any, runner: Any, reply: Any) -> None:
    def page(asked: Any) -> Any:
        number, size = int(asked.query["searchCriteria[currentPage]"]), int(asked.query["searchCriteria[pageSize]"])
        items = ROWS[(number - 1) * size : number * size]
        criteria = {"current_page": number, "page_size": size}
        return reply({"items": items, "search_criteria": criteria, "total_count": 7})

    service.on("/rest/V1/orders", page)
    url = service.url("/rest/V1/orders?searchCriteria%5BpageSize%5D=3")
    assert ids(runner.read(ID, url=url, base_record="$.items", pagination={"scheme": "magento"})) == list(range(1, 8))
    assert len(service.asked) == 3


def test_bigcommerce_of_both_versions(service: Any, runner: Any, reply: Any) -> None:
    def third(asked: Any) -> Any:
        number = int(asked.query.get("page", 1))
        links = {"next": f"?page={number + 1}&limit=3"} if number < 3 else {}
        pagination = {"current_page": number, "total_pages": 3, "links": links}
        return reply({"data": PAGES[number - 1], "meta": {"pagination": pagination}})

    def second(asked: Any) -> Any:
        number = int(asked.query.get("page", 1))
        return reply(PAGES[number - 1]) if number < 4 else reply("", 204)

    service.on("/v3/orders", third)
    service.on("/v2/orders", second)
    for path, base in (("/v3/orders", "$.data"), ("/v2/orders", "$")):
        found = runner.read(ID, url=service.url(path), base_record=base, pagination={"scheme": "bigcommerce"})
        assert ids(found) == list(range(1, 8))


def test_elasticsearch_scrolls(service: Any, runner: Any, reply: Any) -> None:
    """The id of a scroll stays the same from page to page, which is no circle."""
    left = [PAGES[1], PAGES[2], []]

    def hits(rows: list[Any]) -> Any:
        return reply(
            {"_scroll_id": "the-same", "hits": {"total": {"value": 7}, "hits": [{"_source": row} for row in rows]}}
        )

    service.on("/logs/_search", lambda asked: hits(PAGES[0]))
    service.on("/_search/scroll", lambda asked: hits(left.pop(0)))
    found = runner.read(
        ID, url=service.url("/logs/_search"), method="POST", body='{"query": {"match_all": {}}}',
        base_record="$.hits.hits[*]._source", pagination={"scheme": "elasticsearch", "size": 3},
    )  # fmt: skip
    assert ids(found) == list(range(1, 8))
    first, *others = service.asked
    assert (first.query, first.json) == ({"size": "3", "scroll": "1m"}, {"query": {"match_all": {}}})
    assert [(one.method, one.json) for one in others] == [("POST", {"scroll": "1m", "scroll_id": "the-same"})] * 3


def test_sleeping_between_requests(service: Any, runner: Any, reply: Any, waits: list[float]) -> None:
    service.on("/", lambda asked: reply([*PAGES, []][int(asked.query["p"]) - 1]))
    paging = {"scheme": "page_number", "parameter": "p", "sleep_ms": "$ms"}
    runner.read(ID, url=service.url(), pagination=paging, more={"variables": {"ms": "1500"}})
    assert waits == [1.5, 1.5, 1.5], "between, not before the first nor after the last"


def test_a_next_page_that_was_asked_before(service: Any, runner: Any, reply: Any) -> None:
    service.on("/", reply({"data": ROWS, "next": "same"}))
    paging = {"scheme": "cursor", "path": "$.next", "parameter": "c"}
    with pytest.raises(PermanentError, match="asked for before, so the pages would have no end"):
        runner.read(ID, url=service.url(), base_record="$.data", pagination=paging)
    assert len(service.asked) == 2
    assert not (runner.lake / "out").exists()
    paging["max_requests"] = 2
    assert len(runner.read(ID, url=service.url(), base_record="$.data", pagination=paging)) == 14


def test_a_service_that_does_not_turn_pages(service: Any, runner: Any, reply: Any) -> None:
    service.on("/", reply(ROWS))
    with pytest.raises(PermanentError, match=r"gave the same page 10 times.*'seite'"):
        runner.read(ID, url=service.url(), pagination={"scheme": "page_number", "parameter": "seite"})
    assert len(service.asked) == 10


@pytest.mark.parametrize("found", [7, {"a": 1}, True])
def test_what_is_no_address(service: Any, runner: Any, reply: Any, found: Any) -> None:
    service.on("/", reply({"data": ROWS, "next": found}))
    with pytest.raises(PermanentError, match="no address of a next page"):
        runner.read(ID, url=service.url(), base_record="$.data", pagination={"scheme": "next_url", "path": "$.next"})


def test_what_logs_in_stays_at_home(service: Any, runner: Any, reply: Any, waits: list[float]) -> None:
    """A next page of another host gets neither login nor headers, and is checked as every address is."""
    other = f"http://127.0.0.2:{service.server_port}/?at=1"
    service.on("/", reply({"data": ROWS, "next": other}))
    with pytest.raises(Exception, match=r"127\.0\.0\.2"):
        runner.read(
            ID, url=service.url(), base_record="$.data", pagination={"scheme": "next_url", "path": "$.next"},
            headers={"X-Key": "canary"}, authentication="basic", username="a", password="b",
        )  # fmt: skip
    assert "gets no login and no headers" in runner.ear
    service.on("/", reply({"data": ROWS, "next": "http://169.254.169.254/x"}))
    with pytest.raises(PermanentError, match="internal address"):
        runner.read(ID, url=service.url(), base_record="$.data", pagination={"scheme": "next_url", "path": "$.next"})


def test_a_page_that_fails_in_the_middle(service: Any, runner: Any, reply: Any, waits: list[float]) -> None:
    """Pages that have come are not asked for again, and nothing of a page stands twice."""
    broken = [reply(PAGES[1], cut=9), reply("", 503, Retry_After="2"), reply(PAGES[1])]
    service.on(
        "/",
        lambda asked: {"1": lambda: reply(PAGES[0]), "2": lambda: broken.pop(0), "3": lambda: reply([])}[
            asked.query["p"]
        ](),
    )
    assert ids(runner.read(ID, url=service.url(), pagination={"scheme": "page_number", "parameter": "p"})) == [
        1,
        2,
        3,
        4,
        5,
        6,
    ]
    assert [one["p"] for one in service.queries()] == ["1", "2", "2", "2", "3"]


def test_the_table_of_hosts() -> None:
    for row in hosts.table():
        assert row["host"] == row["host"].lower()
        assert scheme_of(Paging(row["scheme"], row.get("path"), row.get("parameter"))).may_repeat is False
    found = hosts.decided(Paging(sleep_ms=5), "https://acme.myshopify.com/admin/api/x.json")
    assert found == Paging("link_header", sleep_ms=5)
    found = hosts.decided(Paging(), "https://app.asana.com/api/1.0/tasks")
    assert found is not None
    assert (found.scheme, found.path) == ("next_url", "$.next_page.uri")
    assert hosts.decided(None, "https://app.asana.com") is None
    assert hosts.decided(Paging("none"), "https://app.asana.com") == Paging("none")


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ('<https://a.example/?p=2>; rel="next"', "https://a.example/?p=2"),
        ("<?p=2>;rel=next", "?p=2"),
        ('<a>; rel="prev", <b,c;d>; title="x, y"; rel="next"', "b,c;d"),
        ('<a>; rel="last"', None),
        ("", None),
        ('<a>; title="rel=next"', None),
    ],
)
def test_link_header_values(header: str, target: str | None) -> None:
    assert next_link(header) == target


def test_the_records_of_a_raw_answer_page_too(service: Any, runner: Any, reply: Any) -> None:
    service.on("/", lambda asked: reply({"next": None if "c" in asked.query else 5}))
    paging = {"scheme": "cursor", "path": "$.next", "parameter": "c"}
    found = runner.read([], url=service.url(), response_type="raw", pagination=paging)
    assert [json.loads(one["body"])["next"] for one in found] == [5, None]
