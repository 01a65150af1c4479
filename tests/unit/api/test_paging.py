"""Pages as parameters ask for them, and the links beside them."""

import pytest

from penstock.api.paging import link_header, read_page
from penstock.errors import InvalidFields
from penstock.services.paging import PageRequest


def test_nothing_asks_for_the_first_page() -> None:
    assert read_page({}) == PageRequest(0, 20, None, None, None)
    assert read_page({"offset": "", "limit": None, "sort": "", "direction": "", "since": ""}) == PageRequest()


def test_words_are_read_in_any_case() -> None:
    asked = read_page({"sort": "Created_At", "direction": "DESC"})
    assert (asked.sort, asked.direction) == ("created_at", "desc")
    assert read_page({"sort": ["x"], "direction": {"a": 1}}) == PageRequest()


@pytest.mark.parametrize(("given", "limit"), [(0, 1), ("-3", 1), (7, 7), ("100", 100), (1e3, 100), ("9" * 5000, 100)])
def test_a_limit_is_clamped(given: object, limit: int) -> None:
    assert read_page({"limit": given}).limit == limit


@pytest.mark.parametrize("given", ["x", "1.5", 1.5, True, [], {}, "1e3"])
def test_what_is_no_number_is_named(given: object) -> None:
    with pytest.raises(InvalidFields, match=r"^limit must be an integer"):
        read_page({"limit": given})
    with pytest.raises(InvalidFields, match=r"^offset must be an integer"):
        read_page({"offset": given})


def _link(query: list[tuple[str, str]], fields: dict[str, object], offset: int, has_more: bool) -> str | None:
    return link_header("http://h/p", query, fields, PageRequest(offset=offset, limit=10), has_more)


def test_a_page_alone_has_no_links() -> None:
    assert _link([], {}, 0, False) is None


def test_links_are_a_page_apart() -> None:
    assert _link([], {}, 3, True) == (
        '<http://h/p?offset=13&limit=10>; rel="next", <http://h/p?offset=0&limit=10>; rel="prev"'
    )


def test_parameters_are_kept_wherever_they_came_in() -> None:
    query = [("status", "all"), ("limit", "10"), ("a[b]", "1")]
    fields = {"status": "idle", "limit": "10", "a": {"b": "1"}, "q": "x y", "offset": 3, "since": None}
    assert _link(query, fields, 0, True) == ('<http://h/p?a%5Bb%5D=1&status=idle&q=x+y&offset=10&limit=10>; rel="next"')
