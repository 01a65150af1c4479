"""Every dialect in which parameters arrive."""

import json

import pytest

from penstock.api.bodies import read_fields
from penstock.errors import BadRequest, UnsupportedMedia

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def _read(body: bytes = b"", kind: str = "", *, query: str = "", method: str = "POST") -> dict[str, object]:
    pairs = [tuple(pair.split("=", 1)) for pair in query.split("&")] if query else []
    return read_fields(pairs, body, kind, method=method, envelope="job")  # type: ignore[arg-type] # pairs of two


@pytest.mark.parametrize(
    ("body", "kind", "query"),
    [
        (b'{"cluster_id":"1","variables":{"a":"b"}}', JSON, ""),
        (b'{"job":{"cluster_id":"1","variables":{"a":"b"}}}', JSON, ""),
        (b'{"cluster_id":"1","variables":{"a":"b"}}', "application/vnd.xplenty+json; version=2", ""),
        (b'{"cluster_id":"1","variables":{"a":"b"}}', "application/json; charset=utf-8", ""),
        (b'\xef\xbb\xbf{"cluster_id":"1","variables":{"a":"b"}}', JSON, ""),
        (b'{"cluster_id":"1","variables":{"a":"b"}}', "", ""),
        (b'{"cluster_id":"1","variables":{"a":"b"}}', FORM, ""),
        (b"job[cluster_id]=1&job[variables][a]=b", FORM, ""),
        (b"job%5Bcluster_id%5D=1&job%5Bvariables%5D%5Ba%5D=b", FORM, ""),
        (b"cluster_id=1&variables[a]=b", FORM, ""),
        (b"", "", "job[cluster_id]=1&job[variables][a]=b"),
        (b'{"variables":{"a":"b"}}', JSON, "job[cluster_id]=1"),
        (b'{"cluster_id":"1","variables":{"a":"b"}}', JSON, "cluster_id=2"),
    ],
)
def test_dialects_mean_the_same(body: bytes, kind: str, query: str) -> None:
    assert _read(body, kind, query=query) == {"cluster_id": "1", "variables": {"a": "b"}}


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"   "])
@pytest.mark.parametrize("kind", ["", JSON])
def test_nothing_is_no_parameters(body: bytes, kind: str) -> None:
    assert _read(body, kind) == {}


def test_a_get_ignores_a_body_that_is_no_object() -> None:
    assert _read(b"false", JSON, query="limit=5", method="GET") == {"limit": "5"}


def test_a_get_takes_a_json_body() -> None:
    assert _read(b'{"q":"name:a"}', JSON, query="q=b&limit=5", method="GET") == {"q": "name:a", "limit": "5"}


def test_an_envelope_beside_other_keys_is_a_field() -> None:
    assert _read(b'{"job":{"cluster_id":1},"x":2}', JSON) == {"job": {"cluster_id": 1}, "x": 2}
    assert _read(b'{"job":"text"}', JSON) == {"job": "text"}


def test_numbered_maps_become_lists_only_where_lists_are_known() -> None:
    fields = _read(b'{"task":{"packages":{"1":{"id":2},"0":{"id":1}}},"data_flow_json":{"0":{}}}', JSON)
    assert fields == {"task": {"packages": [{"id": 1}, {"id": 2}]}, "data_flow_json": {"0": {}}}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[1,2]",
        b"12",
        b'"text"',
        b"true",
        b'{"a":NaN}',
        b'{"a":1e999}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":"\\u0000"}',
        b'{"a":["\\ud800"]}',
        b'{"\\u0000":1}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b'{"a":' * 300 + b"1" + b"}" * 300,
    ],
)
def test_what_cannot_be_read_is_a_bad_request(body: bytes) -> None:
    with pytest.raises(BadRequest):
        _read(body, JSON)


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", "application/xml", "image/png"])
def test_other_types_are_not_supported(kind: str) -> None:
    with pytest.raises(UnsupportedMedia):
        _read(b"x", kind)
    assert _read(b"", kind) == {}


def test_the_order_of_variables_is_kept() -> None:
    names = [f"v{n}" for n in (3, 1, 2)]
    body = json.dumps({"variables": dict.fromkeys(names, "x")}).encode()
    assert list(_read(body, JSON)["variables"]) == names  # type: ignore[call-overload] # a map
