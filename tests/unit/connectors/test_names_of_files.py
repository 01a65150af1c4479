"""Names of files are no patterns to the engine, whatever they hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Read = Callable[..., Any]
NAMES = [
    "s*.x",
    "s?.x",
    "[s].x",
    "s[*].x",
    "sx.x",
    "s.x",
    "a b.x",
    "a'b.x",
    'a"b.x',
    "100%.x",
    "ü.x",
    "{a,b}.x",
    "a\\b.x",
    "a\nb.x",
]
FIELDS = ["a:string", {"pseudo": "file_path", "alias": "f"}]


@pytest.mark.parametrize("folder", ["plain", "f*[0-9]?", "k=v", "it's"])
def test_each_file_is_read_once(read: Read, folder: str) -> None:
    # DuckDB takes a backslash for a separator wherever a path has a '*', '?' or '[' too: such a file fails the job.
    names = [name for name in NAMES if "\\" not in name or "*" not in folder]
    files = {f"{folder}/{name}": f"{name!r}\n" for name in names}
    path = "".join(f"\\{char}" if char in "*[?" else char for char in folder) + "/"
    found = read({**files, "f000/s.x": "no\n"}, FIELDS, path=path)
    assert sorted(found) == sorted([repr(name), f"{folder}/{name}"] for name in names)
    only = read(files, FIELDS, path=path + "s\\*.x")
    assert only == [["'s*.x'", f"{folder}/s*.x"]]


def test_each_json_document_is_read_once(read: Read) -> None:
    files = {f"d/{name}": f'{{"a":\n"{number}"}}' for number, name in enumerate(NAMES)}
    found = read(files, FIELDS, record_type="json", record_delimiter="eof", path="d/")
    assert sorted(found) == sorted([str(number), f"d/{name}"] for number, name in enumerate(NAMES))
