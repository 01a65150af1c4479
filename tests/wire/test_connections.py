"""Connections to files: kept, listed, tested, and looked through."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

ALL = "/acme/api/connections"
FIELDS = {"id", "name", "type", "username", "unique_id", "created_at", "updated_at", "url", "path"}


@pytest.fixture
def lake(home: Path) -> Path:
    """A folder that connections may use, with a file."""
    folder = home / "files" / "lake"
    folder.mkdir(exist_ok=True)
    (folder / "orders.csv").write_text("a,b\n1,2\n")
    return folder


@pytest.fixture
def connection(owner: TestClient, lake: Path) -> dict[str, Any]:
    """A stored connection."""
    answer = owner.post(f"{ALL}/file", json={"name": "lake", "path": str(lake), "host": "ignored"})
    assert answer.status_code == 201
    made: dict[str, Any] = answer.json()
    return made


def test_a_connection_is_stored(owner: TestClient, connection: dict[str, Any], lake: Path) -> None:
    assert set(connection) == FIELDS
    assert connection["unique_id"] == f"FILE_CONNECTION_{connection['id']}"
    assert (connection["name"], connection["type"], connection["username"]) == ("lake", "file", None)
    assert connection["path"] == str(lake)
    assert connection["url"] == f"http://testserver{ALL}/file/{connection['id']}"
    assert owner.get(f"{ALL}/file/{connection['id']}").json() == connection


def test_a_form_and_an_envelope_store_the_same(owner: TestClient, lake: Path) -> None:
    for answer in (
        owner.post(f"{ALL}/file", data={"connection[name]": "a", "connection[path]": str(lake)}),
        owner.post(f"{ALL}/file", json={"connection": {"name": "a", "path": str(lake)}}),
        owner.post(f"{ALL}/file", data={"name": "a", "path": str(lake)}),
    ):
        assert answer.status_code == 201
        assert (answer.json()["name"], answer.json()["path"]) == ("a", str(lake))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"path": "/x"}, "name"),
        ({"name": "", "path": "/x"}, "name"),
        ({"name": "  ", "path": "/x"}, "name"),
        ({"name": [], "path": "/x"}, "name"),
        ({"name": "x" * 256, "path": "/x"}, "name"),
        ({"name": "a"}, "path"),
        ({"name": "a", "path": None}, "path"),
        ({"name": "a", "path": ""}, "path"),
        ({"name": "a", "path": "relative"}, "path"),
        ({"name": "a", "path": "../x"}, "path"),
        ({"name": "a", "path": {}}, "path"),
    ],
)
def test_a_wrong_field_is_named(owner: TestClient, body: dict[str, Any], field: str) -> None:
    answer = owner.post(f"{ALL}/file", json=body)
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [field]


@pytest.mark.parametrize("kind", ["s4", "teleport", "FILE", "%20", "file'--"])
def test_an_unknown_type_is_refused(owner: TestClient, kind: str) -> None:
    for path in (f"{ALL}/{kind}", f"{ALL}/{kind}/test"):
        answer = owner.post(path, json={"name": "a", "path": "/x"})
        assert answer.status_code == 422
        assert "type" in answer.json()["errors"]


def test_a_change_is_partial(owner: TestClient, connection: dict[str, Any], home: Path) -> None:
    path = f"{ALL}/file/{connection['id']}"
    assert owner.put(path, json={"name": "renamed"}).json() | {"updated_at": ""} == connection | {
        "name": "renamed", "updated_at": "",
    }  # fmt: skip
    other = str(home / "files")
    changed = owner.patch(path, json={"path": other, "name": "", "id": 7, "unique_id": "X"}).json()
    assert (changed["name"], changed["path"], changed["id"]) == ("renamed", other, connection["id"])
    assert owner.put(path, json={"path": "relative"}).status_code == 422
    assert owner.get(path).json() == changed


def test_a_deleted_connection_is_answered_once_more(owner: TestClient, connection: dict[str, Any]) -> None:
    path = f"{ALL}/file/{connection['id']}"
    answer = owner.delete(path)
    assert (answer.status_code, answer.json()) == (200, connection)
    for method in ("GET", "PUT", "DELETE"):
        assert owner.request(method, path).status_code == 404
    assert owner.post(f"{path}/test").status_code == 404
    assert owner.post(f"{path}/validate", json={"path": "a"}).status_code == 404


def test_type_and_id_go_together(owner: TestClient, stranger: TestClient, connection: dict[str, Any]) -> None:
    identity = connection["id"]
    assert owner.get(f"{ALL}/s3/{identity}").status_code == 404
    assert owner.put(f"{ALL}/s3/{identity}", json={}).status_code == 404
    assert owner.delete(f"{ALL}/s3/{identity}").status_code == 404
    assert owner.post(f"{ALL}/s3/{identity}/test").status_code == 404
    for tail in ("", "/test", "/validate"):
        method = "POST" if tail else "GET"
        assert stranger.request(method, f"/other-acme/api/connections/file/{identity}{tail}").status_code == 404
    assert stranger.post(f"/other-acme/api/connections/{identity}/validate").status_code == 404


def test_lists_go_from_z_to_a(owner: TestClient, lake: Path) -> None:
    made = {
        name: owner.post(f"{ALL}/file", json={"name": name, "path": str(lake)}).json()["id"]
        for name in ("zz", "aa", "mm")
    }
    wanted = [made["zz"], made["mm"], made["aa"]]

    def listed(**query: str) -> list[int]:
        found = owner.get(ALL, params={"limit": "100", **query}).json()
        return [one["id"] for one in found if one["id"] in wanted]

    assert listed() == listed(type="file") == listed(type="all") == listed(type="file, file") == wanted
    assert listed(direction="asc") == wanted[::-1]
    assert listed(sort="id", direction="asc") == listed(sort="created_at", direction="asc") == sorted(wanted)
    assert listed(sort="type") == listed(sort="updated") == sorted(wanted, reverse=True)
    assert owner.get(ALL, params={"type": "s4"}).status_code == 422


def test_types_are_listed(owner: TestClient) -> None:
    types = owner.get(f"{ALL}/types").json()
    assert {"file", "mysql", "postgres", "s3"} < {one["type"] for one in types}
    assert set(types[0]) == {"type", "name", "description", "icon_url", "groups"}
    assert set(types[0]["groups"][0]) == {"group_type", "group_name"}


def test_a_folder_that_can_be_used_is_true(owner: TestClient, connection: dict[str, Any], lake: Path) -> None:
    body = {"name": "new", "path": str(lake)}
    before = len(owner.get(ALL, params={"limit": 100}).json())
    for answer in (
        owner.post(f"{ALL}/file/{connection['id']}/test"),
        owner.post(f"{ALL}/file/test", json=body),
        owner.post(f"{ALL}/test", json={"type": "file", **body}),
    ):
        assert answer.status_code == 200
        assert answer.content == b"true"
    assert len(owner.get(ALL, params={"limit": 100}).json()) == before


@pytest.mark.parametrize("path", ["/etc", "/nowhere", "lake", "", None, "files/../..", "\u0000"])
def test_a_folder_that_cannot_says_why(owner: TestClient, home: Path, path: str | None) -> None:
    body = {"name": "new", "path": path}
    for answer in (owner.post(f"{ALL}/file/test", json=body), owner.post(f"{ALL}/test", json={"type": "file", **body})):
        assert answer.status_code == 400
        if path != "\u0000":
            assert answer.json()["error_message"] == answer.json()["message"] != ""


def test_a_stored_folder_that_is_gone_says_so(owner: TestClient, home: Path) -> None:
    gone = home / "files" / "gone"
    made = owner.post(f"{ALL}/file", json={"name": "gone", "path": str(gone)}).json()
    answer = owner.post(f"{ALL}/file/{made['id']}/test")
    assert answer.status_code == 400
    assert str(gone) in answer.json()["error_message"]


def test_links_and_dots_do_not_lead_out(owner: TestClient, home: Path) -> None:
    (home / "secret").mkdir(exist_ok=True)
    link = home / "files" / "link"
    if not link.exists():
        link.symlink_to(home / "secret")
    for path in (link, home / "files" / ".." / "secret", home):
        answer = owner.post(f"{ALL}/file/test", json={"name": "a", "path": str(path)})
        assert answer.status_code == 400, path
        assert answer.json()["error_message"]


@pytest.mark.parametrize("body", [{"path": "orders.csv"}, {"path": "*.csv", "lines": "5"}, {"bucket": "", "path": "/"}])
def test_a_path_to_read_is_true(owner: TestClient, connection: dict[str, Any], body: dict[str, Any]) -> None:
    for path in (f"{ALL}/file/{connection['id']}/validate", f"{ALL}/{connection['id']}/validate"):
        answer = owner.post(path, json=body)
        assert (answer.status_code, answer.content) == (200, b"true"), answer.text


@pytest.mark.parametrize(
    "body",
    [{}, {"path": ""}, {"path": "nothing.csv"}, {"path": "../../x"}, {"path": "{a"}, {"path": []}, {"path": "x.csv/y"}],
)
def test_a_path_that_cannot_be_read_says_why(
    owner: TestClient, connection: dict[str, Any], body: dict[str, Any]
) -> None:
    for path in (f"{ALL}/file/{connection['id']}/validate", f"{ALL}/{connection['id']}/validate"):
        answer = owner.post(path, json=body)
        assert answer.status_code == 400
        assert answer.json()["error_message"] == answer.json()["message"] != ""


def test_a_path_to_write_need_not_be_there(owner: TestClient, connection: dict[str, Any], lake: Path) -> None:
    path = f"{ALL}/file/{connection['id']}/validate"
    assert owner.post(path, json={"path": "out", "destination": "true"}).content == b"true"
    assert owner.post(path, json={"path": "../../out", "destination": True}).status_code == 400
    assert owner.post(path, json={"path": "orders.csv", "destination": 1}).status_code == 400
    assert sorted(one.name for one in lake.iterdir()) == ["orders.csv"]


def test_only_stored_connections_have_numbers(owner: TestClient) -> None:
    assert owner.post(f"{ALL}/soap/validate", json={}).status_code == 404
    assert owner.post(f"{ALL}/2000000000/validate", json={"path": "a"}).status_code == 404
    assert owner.get(f"{ALL}/file/types").status_code == 404


def test_any_name_is_only_text(owner: TestClient, lake: Path) -> None:
    for name in ("'; DROP TABLE connections; --", '"', "a\r\nX: 1", "$(id)", "é", "FILE_CONNECTION_1"):
        made = owner.post(f"{ALL}/file", json={"name": name, "path": str(lake)})
        assert made.status_code == 201
        assert owner.get(f"{ALL}/file/{made.json()['id']}").json()["name"] == name
