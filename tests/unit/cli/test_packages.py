"""Package files and connection files, as people write them and as others leave them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from penstock.cli.packages import PackageFile, pairs, read_connections, read_package
from penstock.errors import BadRequest

FLOW = {"components": [], "edges": []}


def file(folder: Path, text: str | bytes, name: str = "daily.json") -> Path:
    made = folder / name
    made.write_bytes(text if isinstance(text, bytes) else text.encode())
    return made


@pytest.mark.parametrize(
    ("raw", "name", "variables"),
    [
        (FLOW, "daily", {}),
        ({"data_flow_json": FLOW}, "daily", {}),
        (
            {"data_flow_json": json.dumps(FLOW), "name": "Big", "variables": {"z": "1", "a": 2}},
            "Big",
            {"z": "1", "a": 2},
        ),
        ({"raw_data": FLOW, "name": "", "variables": None}, "daily", {}),
    ],
)
def test_a_package_is_an_export_or_a_document(tmp_path: Path, raw: Any, name: str, variables: dict[str, Any]) -> None:
    found = read_package(file(tmp_path, json.dumps(raw)))
    assert isinstance(found, PackageFile)
    assert (found.name, json.loads(found.flow), found.raw) == (name, FLOW, raw)
    assert list(found.variables.items()) == list(variables.items())


def test_a_mark_of_the_byte_order_is_no_fault(tmp_path: Path) -> None:
    assert read_package(file(tmp_path, b"\xef\xbb\xbf" + json.dumps(FLOW).encode())).name == "daily"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        ("[" * 100_000, "is not JSON: it is nested too deeply"),
        ("[]", "must hold a JSON object"),
        ("null", "must hold a JSON object"),
        ('{"data_flow_json": {}, "variables": ["a"]}', "'variables' in"),
        ('{"data_flow_json": {}, "variables": {"a": {}}}', "The variable 'a' in"),
    ],
)
def test_a_package_that_cannot_be_read_is_one_sentence(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read_package(file(tmp_path, text))
    assert said in caught.value.message
    assert "daily.json" in caught.value.message


def test_files_that_are_not_there(tmp_path: Path) -> None:
    for place in (tmp_path / "none.json", tmp_path):
        with pytest.raises(BadRequest, match="cannot be read"):
            read_package(place)
        with pytest.raises(BadRequest, match="cannot be read"):
            read_connections(place)


@pytest.mark.parametrize("kind", ["json", "toml"])
def test_paths_of_connections_count_from_their_file(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "conf"
    folder.mkdir()
    given = {
        "lake": {"type": "file", "path": "data"},
        "FILE_CONNECTION_3": {"type": "file", "path": "../up"},
        "root": {"type": "file", "path": "/abs"},
        "other": {"type": "s3", "username": "stays/../here", "password": "x"},
        "empty": {"type": "file", "path": ""},
        "none": {"type": "file"},
        "odd": {"type": "file", "path": "a\x00b"},
    }
    lines = [
        f"[{json.dumps(key)}]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in one.items())
        for key, one in given.items()
    ]
    text = json.dumps(given) if kind == "json" else "".join(lines)
    found = read_connections(file(folder, text, f"connections.{kind}"))
    assert found == {
        **given,
        "lake": {"type": "file", "path": str(folder / "data")},
        "FILE_CONNECTION_3": {"type": "file", "path": str(tmp_path / "up")},
        "other": {**found["other"], "type": "s3", "username": "stays/../here", "secrets": {"password": "x"}},
    }
    assert list(found) == list(given)


def test_no_file_of_connections_is_none(tmp_path: Path) -> None:
    assert read_connections(None) == {}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("c.json", "", "cannot be read"),
        ("c.json", "[]", "must map names to connections"),
        ("c.json", '{"a": "b"}', "The connection 'a'"),
        ("c.json", '{"a": {}}', "needs a 'type'"),
        ("c.json", '{"a": {"type": 5}}', "needs a 'type'"),
        (
            "c.json",
            '{"a": {"type": "s3", "username": "u", "password": "p", "regoin": "eu"}}',
            "regoin is no parameter of",
        ),
        ("c.json", '{"a": {"type": "s3", "username": "u", "password": "p", "regoin": "eu"}}', "Did you mean 'region'"),
        ("c.json", '{"a":' * 100_000, "nested too deeply"),
        ("c.toml", "a = ", "cannot be read"),
        ("c.toml", "a = 1", "The connection 'a'"),
        ("c.toml", "a = " + "[" * 100_000, "nested too deeply"),
    ],
)
def test_connections_that_cannot_be_read_are_one_sentence(tmp_path: Path, name: str, text: str, said: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read_connections(file(tmp_path, text, name))
    assert said in caught.value.message
    assert name in caught.value.message


def test_pairs_keep_their_order_and_everything_behind_the_first_mark() -> None:
    assert list(pairs(["z=1", "a=x=y", "e=", "z=2"], "--var").items()) == [("z", "2"), ("a", "x=y"), ("e", "")]


@pytest.mark.parametrize("text", ["", "name", "=value", "="])
def test_what_is_no_pair(text: str) -> None:
    with pytest.raises(BadRequest, match="--map takes NAME=VALUE"):
        pairs(["a=b", text], "--map")
