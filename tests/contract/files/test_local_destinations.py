"""What holds for the destinations of every file store: nothing is visible before publication, nothing is lost or doubled
wherever it is cut off, and a job that fails leaves everything as it was."""

from __future__ import annotations

import os
import threading
import traceback
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from penstock.errors import PermanentError
from penstock.plan.ports import Connection, Connector, Staged, Written

Stage = Callable[..., Staged]
OLD = {"part-00000.csv": "old 0", "part-00001.csv": "old 1"}
NEW = {"part-00000.csv": "new 0", "part-00001.csv": "new 1"}
APPENDED = {**OLD, "part-00002.csv": "new 0", "part-00003.csv": "new 1"}
STEPS = ("rename", "mkdir", "unlink", "rmdir")
"""Every call that changes a folder."""
HELD = {"absent": None, "empty": {}, "filled": OLD}


def tree(folder: Path) -> dict[str, str | None]:
    """Everything below a folder: text of files, None for folders."""
    return {
        str(one.relative_to(folder)): None if one.is_dir() else one.read_text() for one in sorted(folder.rglob("*"))
    }


def written(files: Iterable[str]) -> Written:
    """What an engine says of staged files."""
    return Written("out", 2, tuple(files))


def fill(target: Path, files: dict[str, str] | None) -> None:
    if files is not None:
        target.mkdir(parents=True)
        for name, text in files.items():
            (target / name).write_text(text)


def files_of(target: Path) -> dict[str, str | None]:
    return tree(target) if target.exists() else {}


def expected(if_exists: str, held: str) -> dict[str, str]:
    return APPENDED if if_exists == "append" and held == "filled" else NEW


CASES = [
    (if_exists, held)
    for if_exists in ("fail", "replace", "append")
    for held in HELD
    if if_exists != "fail" or held == "absent"
]


@pytest.fixture(params=CASES, ids=lambda case: "-".join(case))
def case(request: pytest.FixtureRequest) -> tuple[str, str]:
    found: tuple[str, str] = request.param
    return found


@pytest.mark.parametrize("path", ["out", "a/b/out", "out/", "/out"])
def test_published_files_are_there_and_nothing_else(
    store: Connector, stage: Stage, folder: Path, case: tuple[str, str], path: str
) -> None:
    if_exists, held = case
    target = folder / path.strip("/")
    fill(target, HELD[held])
    before = tree(folder)
    staged = stage(path, if_exists, NEW)
    assert {name: text for name, text in tree(folder).items() if ".staging-" not in name} == before
    places = store.publish(staged, written(list(NEW))).places
    store.discard(staged)
    wanted = expected(if_exists, held)
    assert files_of(target) == wanted
    assert [Path(one).read_text() for one in places] == ["new 0", "new 1"]
    assert len([one for one in folder.rglob("*") if one.is_file()]) == len(wanted)
    assert not list(folder.rglob(".*"))


def test_an_existing_target_is_refused_with_fail(stage: Stage, folder: Path) -> None:
    for held in ({}, OLD):
        fill(folder / f"out{len(held)}", held)
        with pytest.raises(PermanentError, match=r"exists already.*'if_exists'"):
            stage(f"out{len(held)}", "fail", NEW)
        assert files_of(folder / f"out{len(held)}") == held
    assert not list(folder.glob(".*"))


def test_a_target_that_appears_meanwhile_is_kept_with_fail(store: Connector, stage: Stage, folder: Path) -> None:
    staged = stage("out", "fail", NEW)
    fill(folder / "out", OLD)
    with pytest.raises(PermanentError, match="appeared while the job ran"):
        store.publish(staged, written(list(NEW)))
    store.discard(staged)
    assert tree(folder) == {"out": None, **{f"out/{name}": text for name, text in OLD.items()}}


@pytest.mark.parametrize("path", ["out", "a/b/out"])
def test_a_discarded_attempt_leaves_everything_as_it_was(
    store: Connector, stage: Stage, folder: Path, case: tuple[str, str], path: str
) -> None:
    if_exists, held = case
    fill(folder / path, HELD[held])
    before = tree(folder)
    staged = stage(path, if_exists, NEW)
    store.discard(staged)
    store.discard(staged)
    assert tree(folder) == before


def test_folders_that_were_there_stay(store: Connector, stage: Stage, folder: Path) -> None:
    (folder / "a").mkdir()
    store.discard(stage("a/b/c/out", "fail", NEW))
    assert tree(folder) == {"a": None}


@pytest.mark.parametrize("path", ["out", "a/b/out"])
def test_a_publication_that_fails_leaves_everything_as_it_was(
    store: Connector, stage: Stage, folder: Path, case: tuple[str, str], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if_exists, held = case
    fill(folder / path, HELD[held])
    before = tree(folder)
    rename = os.rename
    failing = 1
    while True:
        calls = 0

        def refuse(*words: Any, **named: Any) -> None:
            nonlocal calls
            calls += 1
            if calls == failing:  # noqa: B023 -- called within this round only
                raise PermissionError(13, "Permission denied")
            rename(*words, **named)

        staged = stage(path, if_exists, NEW)
        monkeypatch.setattr(os, "rename", refuse)
        try:
            store.publish(staged, written(list(NEW)))
        except PermanentError:
            monkeypatch.setattr(os, "rename", rename)
            store.discard(staged)
            assert tree(folder) == before
            failing += 1
            continue
        break
    assert failing > 1
    monkeypatch.setattr(os, "rename", rename)
    assert files_of(folder / path) == expected(if_exists, held)


def publish_and_die(store: Connector, staged: Staged, files: list[str], at: int, after: bool) -> bool:
    """Publish in a process that dies before or after its call number *at* of those in STEPS; False if it got through."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads of other tests; this child calls only the store
        pid = os.fork()
    if pid:
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        assert code in (0, 9)
        return code == 9
    calls = 0

    def dying(call: Callable[..., Any]) -> Callable[..., Any]:
        def instead(*words: Any, **named: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == at and not after:
                os._exit(9)
            try:
                return call(*words, **named)
            finally:
                if calls == at:
                    os._exit(9)

        return instead

    for name in STEPS:
        setattr(os, name, dying(getattr(os, name)))
    try:
        store.publish(staged, written(files))
        os._exit(0)
    finally:
        traceback.print_exc()
        os._exit(1)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("path", ["out", "a/b/out"])
def test_a_publication_that_was_cut_off_anywhere_is_completed(
    store: Connector,
    connection: Connection,
    stage: Stage,
    folder: Path,
    case: tuple[str, str],
    path: str,
    after: bool,
) -> None:
    if_exists, held = case
    at = 1
    while True:
        root = f"round{at}"
        fill(folder / root / path, HELD[held])
        (folder / root).mkdir(exist_ok=True)
        staged = stage(f"{root}/{path}", if_exists, NEW)
        died = publish_and_die(store, staged, list(NEW), at, after)
        # The next attempt locates anew, with the token of the one that died.
        again = store.locate(staged.write, connection, staged.token, folder)
        places = store.publish(again, written(list(NEW))).places
        assert files_of(folder / root / path) == expected(if_exists, held), (at, died)
        assert [Path(one).read_text() for one in places] in (["new 0", "new 1"], [])
        assert list(folder.rglob(".*")) == [], (at, died)
        if not died:
            break
        at += 1
    assert at > 1


def test_two_jobs_that_append_at_once_lose_nothing(store: Connector, stage: Stage, folder: Path) -> None:
    for held in HELD:
        fill(folder / held, HELD[held])
        jobs = [stage(held, "append", {"part-00000.csv": f"job {n}"}, f"job-{n}-1") for n in range(12)]
        together = threading.Barrier(len(jobs))
        places: list[str] = []

        def publish(staged: Staged) -> None:
            together.wait()  # noqa: B023 -- all threads end within this round
            places.extend(store.publish(staged, written(["part-00000.csv"])).places)  # noqa: B023

        threads = [threading.Thread(target=publish, args=(one,)) for one in jobs]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        texts = sorted(text or "" for text in files_of(folder / held).values())
        assert texts == sorted([*(HELD[held] or {}).values(), *(f"job {n}" for n in range(12))])
        assert len(set(places)) == 12
    assert not list(folder.rglob(".*"))


def test_an_append_that_was_cut_off_takes_no_name_of_another_job(store: Connector, stage: Stage, folder: Path) -> None:
    fill(folder / "out", OLD)
    at = 1
    while True:
        root = f"round{at}"
        fill(folder / root, OLD)
        first = stage(root, "append", NEW, "job-1-1")
        died = publish_and_die(store, first, list(NEW), at, True)
        second = stage(root, "append", {"part-00000.csv": "other"}, "job-2-1")
        store.publish(second, written(["part-00000.csv"]))
        store.publish(first, written(list(NEW)))
        found = sorted(text or "" for text in files_of(folder / root).values())
        assert found == ["new 0", "new 1", "old 0", "old 1", "other"], at
        if not died:
            break
        at += 1
    assert at > 3


def test_a_replacement_that_was_cut_off_goes_on_after_another_job(store: Connector, stage: Stage, folder: Path) -> None:
    fill(folder / "out", OLD)
    first = stage("out", "replace", NEW, "job-1-1")
    assert publish_and_die(store, first, list(NEW), 2, True)
    assert not (folder / "out").exists()
    other = stage("out", "fail", {"other.csv": "other"}, "job-2-1")
    store.publish(other, written(["other.csv"]))
    store.publish(first, written(list(NEW)))
    assert tree(folder) == {"out": None, **{f"out/{name}": text for name, text in NEW.items()}}


def test_an_old_folder_that_waits_aside_comes_back(store: Connector, stage: Stage, folder: Path) -> None:
    fill(folder / "out", OLD)
    staged = stage("out", "replace", NEW)
    assert publish_and_die(store, staged, list(NEW), 2, True)
    assert not (folder / "out").exists()
    store.discard(staged)
    assert tree(folder) == {"out": None, **{f"out/{name}": text for name, text in OLD.items()}}


def test_an_append_to_a_folder_that_appears_meanwhile_keeps_it(store: Connector, stage: Stage, folder: Path) -> None:
    staged = stage("out", "append", NEW)
    fill(folder / "out", OLD)
    store.publish(staged, written(list(NEW)))
    assert files_of(folder / "out") == APPENDED


@pytest.mark.parametrize("path", ["file", "file/below", "file/far/below"])
def test_a_target_that_is_a_file_is_refused(stage: Stage, folder: Path, path: str) -> None:
    (folder / "file").write_text("kept")
    for if_exists in ("fail", "replace", "append"):
        with pytest.raises(PermanentError, match="'file' is a file; a destination needs a folder"):
            stage(path, if_exists, NEW)
    assert tree(folder) == {"file": "kept"}


@pytest.mark.parametrize("path", ["", "/", ".", "./", "//"])
def test_the_connections_folder_itself_is_no_target(stage: Stage, folder: Path, tmp_path: Path, path: str) -> None:
    for if_exists in ("fail", "replace", "append"):
        with pytest.raises(PermanentError, match="is the folder of the connection itself"):
            stage(path, if_exists, NEW)
    assert tree(tmp_path) == {"data": None}


@pytest.mark.parametrize(
    "name",
    ["a b", "naïve", "日本", "🙂", "a'b", 'a"b', "a\nb", "a\tb", "*", "?", "[x]", "a[0-9]*", "{a,b}", ".dot", "-dash", "--",
     "~", "$HOME", "a%20b", "a\\b", "x" * 200, "é" * 127, "x" * 255],
)  # fmt: skip
@pytest.mark.parametrize("if_exists", ["replace", "append"])
def test_any_name_of_a_target_is_taken_as_it_is(
    store: Connector, stage: Stage, folder: Path, name: str, if_exists: str
) -> None:
    fill(folder / name, OLD)
    fill(folder / "other", OLD)
    old = stage(name, if_exists, NEW, "job-1-1")
    staged = stage(name, if_exists, NEW, "job-1-2")
    assert not old.folder.exists()
    assert [one for one in folder.iterdir() if ".staging-" in one.name] == [staged.folder]
    store.publish(staged, written(list(NEW)))
    assert files_of(folder / name) == (APPENDED if if_exists == "append" else NEW)
    assert sorted(one.name for one in folder.iterdir()) == sorted([name, "other"])


def test_strays_of_other_jobs_and_targets_are_left_alone(stage: Stage, folder: Path) -> None:
    kept = [
        stage("out", "append", NEW, "job-10-1"),
        stage("out2", "append", NEW, "job-1-1"),
        stage("*", "append", NEW, "job-1-1"),
        stage("out", "append", NEW, "run-7-1"),
    ]
    gone = stage("out", "append", NEW, "job-1-1")
    stage("out", "append", NEW, "job-1-2")
    stage("out", "append", NEW, "run-7-2")
    assert all(one.folder.is_dir() for one in kept)
    assert not gone.folder.exists()


@pytest.mark.parametrize("path", ["x" * 256, "a/" + "é" * 128, "/".join(["x" * 250] * 20)])
def test_a_name_that_is_too_long_is_refused(stage: Stage, folder: Path, path: str) -> None:
    with pytest.raises(PermanentError, match=r"holds a name of more than 255 bytes|File name too long"):
        stage(path, "append", NEW)
    assert tree(folder) == {}


@pytest.mark.parametrize("path", ["..", "../out", "a/../../out", "a/..", "link", "link/out", "a\0b"])
def test_no_target_lies_outside(stage: Stage, folder: Path, tmp_path: Path, path: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PermanentError, match=r"refused|leads outside|NUL"):
        stage(path, "replace", NEW)
    assert not list((tmp_path / "elsewhere").iterdir())


def test_what_was_staged_and_is_gone_is_not_published(store: Connector, stage: Stage, folder: Path) -> None:
    fill(folder / "out", {"old.csv": "old"})
    for if_exists in ("replace", "append"):
        staged = stage("out", if_exists, {"part-00001.csv": "new"})
        if if_exists == "replace":
            (staged.folder / "part-00001.csv").unlink()
            staged.folder.rmdir()
        with pytest.raises(PermanentError, match="is gone; it was not published"):
            store.publish(staged, written(["part-00000.csv"]))
        store.discard(staged)
    assert files_of(folder / "out") == {"old.csv": "old"}


def test_several_targets_may_lie_below_one_new_folder(store: Connector, stage: Stage, folder: Path) -> None:
    both = [stage("a/x/out", "fail", {"part-00000.csv": "x"}), stage("a/y/out", "fail", {"part-00000.csv": "y"})]
    assert both[0].folder != both[1].folder
    store.publish(both[0], written(["part-00000.csv"]))
    store.discard(both[1])
    assert tree(folder) == {"a": None, "a/x": None, "a/x/out": None, "a/x/out/part-00000.csv": "x"}
