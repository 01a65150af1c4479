"""What holds for sources in folders of this machine beside what holds for every store: links, devices, rights, roots."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from penstock.connectors.files import local
from penstock.connectors.files.local import LocalFiles
from penstock.errors import ConnectionTestFailed, PermanentError
from penstock.plan.operators import ConnectionRef, FileSource, Scan
from penstock.plan.ports import Connection, Connector, Landing
from penstock.plan.schema import Schema

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


NOWHERE = Landing(Path("/dev/null/landing"))
"""Files of this machine land nowhere."""


def source(path: str, bucket: str | None = None) -> Scan:
    return Scan("in", FileSource(ConnectionRef("data"), path, (), bucket), Schema())


@pytest.fixture
def names(store: Connector, connection: Connection, folder: Path) -> Names:
    """The names that a path stands for among the files of TREE."""
    for name in TREE:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)

    def names(path: str, bucket: str | None = None) -> list[str]:
        files = store.bind(source(path, bucket), connection, NOWHERE).files
        for one in files:
            assert Path(one.location).read_text() == one.name
            assert one.size_bytes == len(one.name.encode())
        return [one.name for one in files]

    return names


def test_a_bucket_is_a_folder(names: Names) -> None:
    assert names("x.csv", "deep/er") == ["deep/er/x.csv"]
    assert names("/*.gz", "/eu/") == ["eu/1.gz", "eu/2.gz"]


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
def test_no_match_is_an_error_that_names_path_and_folder(names: Names, folder: Path, path: str) -> None:
    with pytest.raises(PermanentError) as caught:
        names(path)
    assert caught.value.message.startswith(f"No file matches '{path}' in '{folder}'.")


def test_an_empty_folder_matches_nothing(store: Connector, connection: Connection, folder: Path) -> None:
    (folder / "empty").mkdir()
    with pytest.raises(PermanentError, match="No file matches 'empty/'"):
        store.bind(source("empty/"), connection, NOWHERE)


def test_an_absolute_path_is_counted_from_the_folder(names: Names, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("outside")
    with pytest.raises(PermanentError, match="No file matches"):
        names(str(tmp_path / "x.csv"))


@pytest.mark.parametrize("path", ["link.csv", "out/x.csv", "out/", "*nk.csv", "o*/x.csv", "o?t/*", "{link,a}.csv"])
def test_no_link_leads_outside(names: Names, folder: Path, tmp_path: Path, path: str) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x.csv").write_text("outside")
    (folder / "link.csv").symlink_to(tmp_path / "outside" / "x.csv")
    (folder / "out").symlink_to(tmp_path / "outside")
    with pytest.raises(PermanentError, match="leads outside the connection's folder"):
        names(path)


def test_links_inside_are_followed(store: Connector, connection: Connection, folder: Path) -> None:
    (folder / "real").mkdir()
    (folder / "real" / "x.csv").write_text("x")
    (folder / "link.csv").symlink_to("real/x.csv")
    (folder / "other").symlink_to("real")
    for path, name in (("link.csv", "link.csv"), ("other/", "other/x.csv"), ("o*/x.csv", "other/x.csv")):
        (found,) = store.bind(source(path), connection, NOWHERE).files
        assert (found.name, found.location) == (name, str(folder / "real" / "x.csv"))


@pytest.mark.parametrize("path", ["dangling.csv", "loop.csv", "d*.csv", "l*.csv", "/"])
def test_a_link_that_leads_nowhere_is_named(store: Connector, connection: Connection, folder: Path, path: str) -> None:
    (folder / "dangling.csv").symlink_to("none.csv")
    (folder / "loop.csv").symlink_to("loop.csv")
    with pytest.raises(
        PermanentError, match=r"No file matches '(dangling|loop).csv'|'(dangling|loop).csv' cannot be read"
    ):
        store.bind(source(path), connection, NOWHERE)


@pytest.mark.parametrize("path", ["pipe", "socket", "p*", "s*", "/"])
def test_what_is_no_file_is_named_and_not_opened(
    store: Connector, connection: Connection, folder: Path, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(folder / "pipe")
    monkeypatch.chdir(folder)  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind("socket")
        with pytest.raises(PermanentError, match=r"'(pipe|socket)' is no regular file"):
            store.bind(source(path), connection, NOWHERE)


def test_a_device_is_not_opened(store: Connector) -> None:
    with pytest.raises(PermanentError, match="'zero' is no regular file"):
        store.bind(source("zero"), Connection("dev", "file", {"path": "/dev"}), NOWHERE)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_what_cannot_be_read_is_named(names: Names, folder: Path) -> None:
    (folder / "a.csv").chmod(0)
    (folder / "eu").chmod(0)
    with pytest.raises(PermanentError, match=r"'a.csv' cannot be read: permission denied"):
        names("a.csv")
    with pytest.raises(PermanentError, match="'eu/' cannot be listed: Permission denied"):
        names("eu/")
    (folder / "eu").chmod(0o700)


def test_a_name_that_is_no_text_is_refused(store: Connector, connection: Connection, folder: Path) -> None:
    (folder / os.fsdecode(b"\xff.csv")).write_text("x")
    with pytest.raises(PermanentError, match=r"'\\udcff.csv' of a file is not valid UTF-8"):
        store.bind(source("*.csv"), connection, NOWHERE)


def test_no_more_files_than_the_limit(
    store: Connector, connection: Connection, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "MAX_FILES", 3)
    for number in range(3):
        (folder / f"{number}.csv").touch()
    for path in ("/", "*", "{0,1,2}.csv"):
        assert len(store.bind(source(path), connection, NOWHERE).files) == 3
    (folder / "3.csv").touch()
    for path in ("/", "*", "{0,1,2,3}.csv"):
        with pytest.raises(PermanentError, match=r"matches more than 3 files. Use a narrower pattern"):
            store.bind(source(path), connection, NOWHERE)


def test_the_limit_is_a_hundred_thousand() -> None:
    assert local.MAX_FILES == 100_000


@pytest.mark.parametrize(
    "name", ["a b", "日本", "a'b", 'a"b', "100%", "%41", "*", "[x]", "{a,b}", "a\\b", "a\nb", "-x", "_x", ".x"]
)
def test_the_folder_of_a_connection_is_taken_as_it_is(store: Connector, folder: Path, name: str) -> None:
    for one in (name, "other", "x"):
        (folder / one).mkdir()
        (folder / one / "x.csv").write_text(one)
    there = Connection("data", "file", {"path": str(folder / name)})
    store.test(there)
    for path in ("x.csv", "*.csv", "/"):
        (found,) = store.bind(source(path), there, NOWHERE).files
        assert found.location == str(folder / name / "x.csv")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (None, "has no path"),
        ("", "has no path"),
        (7, "has no path"),
        ("relative", "must be absolute"),
        ("/a\0b", "must be absolute"),
        ("~", "must be absolute"),
    ],
)
def test_a_connection_needs_an_absolute_path(store: Connector, path: str | None, said: str) -> None:
    there = Connection("data", "file", {"path": path})
    with pytest.raises(PermanentError, match=said):
        store.bind(source("x"), there, NOWHERE)
    with pytest.raises(ConnectionTestFailed, match=said):
        store.test(there)


def test_a_connection_is_tested(store: Connector, folder: Path) -> None:
    (folder / "file").touch()
    with pytest.raises(ConnectionTestFailed, match="is a file; a connection needs a folder"):
        store.test(Connection("data", "file", {"path": str(folder / "file")}))
    with pytest.raises(ConnectionTestFailed, match="does not exist"):
        store.test(Connection("data", "file", {"path": str(folder / "none")}))


def test_only_allowed_folders_are_read(tmp_path: Path) -> None:
    for name in ("root/data", "root/penstock", "elsewhere"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "x.csv").write_text("x")
    (tmp_path / "root" / "data" / "link.csv").symlink_to("../penstock/x.csv")
    store = LocalFiles([tmp_path / "root"], [tmp_path / "root" / "penstock"])

    def bind(folder: str, path: str) -> list[str]:
        return [
            one.name
            for one in store.bind(
                source(path), Connection("c", "file", {"path": str(tmp_path / folder)}), NOWHERE
            ).files
        ]

    assert bind("root", "data/x.csv") == ["data/x.csv"]
    assert bind("root/data", "x.csv") == ["x.csv"]
    for folder, path in (
        ("elsewhere", "x.csv"),
        ("root/penstock", "x.csv"),
        ("root", "penstock/x.csv"),
        ("root", "p*/x.csv"),
        ("root", "penstock/"),
        ("root", "*/x.csv"),
        ("root", "{data,penstock}/x.csv"),
        ("root", "data/link.csv"),
        ("root", "data/l*"),
        (".", "root/data/x.csv"),
    ):
        with pytest.raises(PermanentError, match="outside the folders that this installation allows"):
            bind(folder, path)
