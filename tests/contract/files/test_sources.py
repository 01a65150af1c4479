"""What holds for the sources of every file store: which files a path stands for, and that they land whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from penstock.connectors.files import finding, local
from penstock.errors import PermanentError
from penstock.plan.operators import Scan
from penstock.plan.ports import Landing

Names = Callable[..., list[str]]
TREE = (
    "a.csv",
    "b.csv",
    "b.txt",
    "_skipped.csv",
    ".hidden.csv",
    "c[1].csv",
    "d{x}.csv",
    "e f.csv",
    "ü.csv",
    "s*r.csv",
    "q?.csv",
    "b\\s.csv",
    "eu/1.gz",
    "eu/2.gz",
    "us1/2024-01/a.gz",
    "us2/2024-03/a.gz",
    "us2/2024-04/a.gz",
    "us3/2024-03/a.gz",
    "_tmp/x.csv",
    ".git/x.csv",
    "deep/er/x.csv",
    "deep/y.csv",
    "10.csv",
    "9.csv",
    "A.csv",
)
_numbers = count(1)


def tree_of(bench: Any) -> list[str]:
    """The names of TREE that a store can have: Azure takes a backslash for a slash."""
    return [name for name in TREE if "\\" not in name or bench.connection.type != "azureblobstorage"]


@pytest.fixture(scope="module")
def filled(each_bench: Any) -> Any:
    """A store that holds the files of TREE, each with its name in it."""
    each_bench.fill({name: name for name in tree_of(each_bench)})
    return each_bench


@pytest.fixture
def names(filled: Any, source: Callable[..., Scan], landing: Callable[..., Landing]) -> Names:
    """The names that a path stands for among the files of TREE."""
    before = f"{filled.bucket}/" if filled.bucket else ""

    def names(path: str, folder: str | None = None) -> list[str]:
        bucket = "/".join(part for part in (filled.bucket, folder) if part) or None
        files = filled.store.bind(source(path, bucket), filled.connection, landing()).files
        for one in files:
            assert one.name.startswith(before)
            assert Path(one.location).read_text() == one.name.removeprefix(before)
            assert one.size_bytes == len(one.name.removeprefix(before).encode())
            assert Path(one.location).suffix == Path(one.name).suffix
        return [one.name.removeprefix(before) for one in files]

    return names


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.csv", ["a.csv"]),
        ("/a.csv", ["a.csv"]),
        ("./a.csv", ["a.csv"]),
        ("deep//y.csv", ["deep/y.csv"]),
        ("?.csv", ["9.csv", "A.csv", "a.csv", "b.csv", "ü.csv"]),
        ("??.csv", ["10.csv", "q?.csv"]),
        ("b.*", ["b.csv", "b.txt"]),
        ("*b.txt", ["b.txt"]),
        ("[ab].csv", ["a.csv", "b.csv"]),
        ("[a-c].csv", ["a.csv", "b.csv"]),
        ("[^a-z].csv", ["9.csv", "A.csv", "ü.csv"]),
        ("[0-9].csv", ["9.csv"]),
        (r"\a.csv", ["a.csv"]),
        (r"c\[1\].csv", ["c[1].csv"]),
        (r"s\*r.csv", ["s*r.csv"]),
        (r"q\?.csv", ["q?.csv"]),
        (r"d\{x\}.csv", ["d{x}.csv"]),
        (r"b\\s.csv", ["b\\s.csv"]),
        ("c[[]1].csv", ["c[1].csv"]),
        ("{a,b}.csv", ["a.csv", "b.csv"]),
        ("{a.csv,eu/1.gz}", ["a.csv", "eu/1.gz"]),
        ("b.{csv,t{x,y}t}", ["b.csv", "b.txt"]),
        ("{,e}{b,a}.csv", ["a.csv", "b.csv"]),
        ("{a,a}.csv", ["a.csv"]),
        ("{b,[ab]}.csv", ["a.csv", "b.csv"]),
        ("{eu,us{1,2}}/2024-0[1-3]/*.gz", ["us1/2024-01/a.gz", "us2/2024-03/a.gz"]),
        ("us?/*/a.gz", ["us1/2024-01/a.gz", "us2/2024-03/a.gz", "us2/2024-04/a.gz", "us3/2024-03/a.gz"]),
        ("*/*.csv", ["deep/y.csv"]),
        ("e f.csv", ["e f.csv"]),
        ("ü.csv", ["ü.csv"]),
        ("eu/", ["eu/1.gz", "eu/2.gz"]),
        ("deep/", ["deep/y.csv"]),
        ("{eu,deep}/", ["deep/y.csv", "eu/1.gz", "eu/2.gz"]),
        ("us[12]/2024-0?/", ["us1/2024-01/a.gz", "us2/2024-03/a.gz", "us2/2024-04/a.gz"]),
        ("us[12]/*", []),
    ],
)
def test_a_path_stands_for_these_files(names: Names, filled: Any, path: str, found: list[str]) -> None:
    found = [name for name in found if name in tree_of(filled)]
    if found:
        assert names(path) == found
    else:
        with pytest.raises(PermanentError, match="No file matches"):
            names(path)


def test_hidden_names_are_skipped_and_the_order_is_that_of_names(names: Names, filled: Any) -> None:
    shown = sorted(name for name in tree_of(filled) if "/" not in name and name[0] not in "._")
    assert names("/") == shown
    assert names("*") == shown


@pytest.mark.parametrize("path", ["eu", "deep/er"])
def test_a_folder_needs_its_slash(names: Names, filled: Any, path: str) -> None:
    with pytest.raises(PermanentError, match=f"'{filled.before}{path}' is a folder. Write it with a '/' at its end"):
        names(path)


@pytest.mark.parametrize("path", ["[a.csv", "{a.csv", "{a,{b}.csv", "[^", "[z-a].csv", "{a,b}{c", "*" + "{0,1}" * 11])
def test_a_malformed_pattern_is_refused(names: Names, path: str) -> None:
    with pytest.raises(PermanentError, match="is malformed"):
        names(path)


@pytest.mark.parametrize(
    "path",
    [
        "..",
        "../x.csv",
        "deep/../a.csv",
        "../data/a.csv",
        "*/../a.csv",
        "{..,eu}/*",
        "../*",
        "eu/{../a,1}.gz",
        "{.,..}/../*",
    ],
)
def test_no_path_goes_up(names: Names, tmp_path: Path, path: str) -> None:
    (tmp_path / "x.csv").write_text("outside")
    with pytest.raises(PermanentError, match=r"holds '\.\.', which is refused"):
        names(path)


def test_a_bucket_may_have_a_folder(names: Names) -> None:
    assert names("x.csv", "deep/er") == ["deep/er/x.csv"]
    assert names("/*.gz", "eu/") == ["eu/1.gz", "eu/2.gz"]


@pytest.mark.parametrize(
    "path",
    [
        "none.csv",
        "none/",
        "none/*.csv",
        "*.none",
        "a.csv/",
        "a.csv/b",
        "[z].csv",
        "{y,z}.csv",
        "_*.csv",
        ".h*",
        "B.TXT",
    ],
)
def test_no_match_is_an_error_that_names_path_and_place(names: Names, filled: Any, path: str) -> None:
    with pytest.raises(PermanentError) as caught:
        names(path)
    assert caught.value.message.startswith(f"No file matches '{filled.before}{path}' in {filled.where}.")


def test_no_more_files_than_the_limit(names: Names, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (local, finding):
        monkeypatch.setattr(module, "MAX_FILES", 2)
    for path in ("eu/", "eu/*", "eu/{1,2}.gz"):
        assert len(names(path)) == 2
    for path in ("/", "*", "{a,b,9}.csv"):
        with pytest.raises(PermanentError, match=r"matches more than 2 files. Use a narrower pattern"):
            names(path)


def test_the_limit_is_a_hundred_thousand() -> None:
    assert local.MAX_FILES == finding.MAX_FILES == 100_000


def test_empty_files_and_large_ones_land_whole(
    bench: Any, source: Callable[..., Scan], landing: Callable[..., Landing], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("penstock.connectors.files.fetching.PART_BYTES", 100_000)
    text = "".join(f"line {number}\n" for number in range(100_000))
    bench.fill({"big/a.csv": text, "big/b.csv": "", "big/c.csv": text[::-1]})
    files = bench.store.bind(source("big/", bench.bucket), bench.connection, landing()).files
    assert [Path(one.location).read_text() for one in files] == [text, "", text[::-1]]
    assert [one.size_bytes for one in files] == [len(text), 0, len(text)]
