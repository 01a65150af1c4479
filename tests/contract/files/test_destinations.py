"""What holds for the destinations of every file store: nothing is visible before publication, nothing is lost or doubled
wherever it is cut off, and a job that fails leaves everything as it was."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from penstock.connectors.files.sftp_session import Session
from penstock.errors import PermanentError
from penstock.plan.ports import Staged, Written

Stage = Callable[..., Staged]
OLD = {"part-00000.csv": "old 0", "part-00001.csv": "old 1", "part-00002.csv": "old 2"}
NEW = {"part-00000.csv": "new 0", "part-00001.csv": "new 1"}
ONE = {"part-00000.csv": "new 0"}
HELD: Mapping[str, Mapping[str, str]] = {"absent": {}, "filled": OLD}
CASES = [
    (if_exists, held, files)
    for if_exists in ("fail", "replace", "append")
    for held in HELD
    for files in (NEW, ONE)
    if if_exists != "fail" or held == "absent"
]


class Died(BaseException):
    """The process is gone: nothing of it runs any more."""


def written(files: Iterable[str]) -> Written:
    """What an engine says of staged files."""
    return Written("out", 2, tuple(files))


def below(folder: str, files: Mapping[str, str]) -> dict[str, str]:
    return {f"{folder}/{name}": text for name, text in files.items()}


def shown(tree: Mapping[str, str]) -> dict[str, str]:
    """What readers see."""
    return {name: text for name, text in tree.items() if not any(part[0] in "._" for part in name.split("/"))}


def expected(if_exists: str, held: str, files: Mapping[str, str]) -> dict[str, str]:
    if if_exists == "append" and held == "filled":
        return {**OLD, **{f"part-{3 + number:05d}.csv": text for number, text in enumerate(files.values())}}
    return dict(files)


def name_of(case: tuple[str, str, Mapping[str, str]]) -> str:
    return f"{case[0]}-{case[1]}-{len(case[2])}"


@pytest.fixture(params=CASES, ids=name_of)
def case(request: pytest.FixtureRequest) -> tuple[str, str, dict[str, str]]:
    found: tuple[str, str, dict[str, str]] = request.param
    return found


@pytest.mark.parametrize("path", ["a/b/out", "/out/"])
def test_published_files_are_there_and_nothing_else(bench: Any, staging: Stage, case: Any, path: str) -> None:
    if_exists, held, files = case
    target = path.strip("/")
    bench.fill({**below(target, HELD[held]), "other/x.csv": "x", f"{target}2/x.csv": "y"})
    before = bench.tree()
    staged = staging(path, if_exists, files)
    assert shown(bench.tree()) == before
    found = bench.store.publish(staged, written(files))
    bench.store.discard(staged)
    wanted = below(target, expected(if_exists, held, files))
    assert bench.tree() == {**wanted, "other/x.csv": "x", f"{target}2/x.csv": "y"}
    assert found.is_once
    assert [bench.tree()[place[place.index(target) :]] for place in found.places] == list(files.values())
    assert not staged.folder.exists()


def test_files_may_lie_in_folders_of_the_target(bench: Any, staging: Stage) -> None:
    files = {"a=1/part-00000.csv": "1", "a=2/part-00000.csv": "2"}
    bench.store.publish(staging("out", "fail", files), written(files))
    more = {"a=2/part-00000.csv": "more 2", "a=3/part-00000.csv": "3"}
    bench.store.publish(staging("out", "append", more), written(more))
    wanted = {**files, "a=2/part-00001.csv": "more 2", "a=3/part-00000.csv": "3"}
    assert bench.tree() == below("out", wanted)
    bench.store.publish(staging("out", "replace", more), written(more))
    assert bench.tree() == below("out", more)


def test_an_existing_target_is_refused_with_fail(bench: Any, staging: Stage) -> None:
    bench.fill(below("out", OLD))
    with pytest.raises(PermanentError, match=r"exists already.*'if_exists'"):
        staging("out", "fail", NEW)
    assert bench.tree() == below("out", OLD)


def test_a_target_that_appears_meanwhile_is_kept_with_fail(bench: Any, staging: Stage) -> None:
    for files in (NEW, ONE):
        staged = staging("out", "fail", files)
        bench.fill(below("out", OLD))
        with pytest.raises(PermanentError, match="appeared while the job ran"):
            bench.store.publish(staged, written(files))
        bench.store.discard(staged)
        assert bench.tree() == below("out", OLD)
        bench.empty()


def test_a_discarded_attempt_leaves_everything_as_it_was(bench: Any, staging: Stage, case: Any) -> None:
    if_exists, held, files = case
    bench.fill(below("out", HELD[held]))
    before = bench.tree()
    staged = staging("out", if_exists, files)
    bench.store.discard(staged)
    bench.store.discard(staged)
    assert bench.tree() == before
    assert not staged.folder.exists()


class _Nth:
    """Acts at one call of many: *before* it, or after it."""

    def __init__(self, nth: int, when: str, what: Callable[[], BaseException]) -> None:
        self.nth, self.when, self.what, self.calls = nth, when, what, 0

    def __call__(self, now: str) -> None:
        self.calls += now == "before"
        if now == self.when and self.calls == self.nth:
            raise self.what()


def tries(bench: Any) -> Iterable[int]:
    """The calls that are tried on a store: all of one that is quick, few of another."""
    return range(1, 100) if bench.is_quick else bench.tries


def test_a_publication_that_fails_leaves_everything_as_it_was(bench: Any, staging: Stage, case: Any) -> None:
    if_exists, held, files = case
    for nth in tries(bench):
        bench.empty()
        bench.fill(below("out", HELD[held]))
        staged = staging("out", if_exists, files)
        act = _Nth(nth, "before", bench.fault)
        try:
            with bench.acting(act):
                bench.store.publish(staged, written(files))
            failed = ""
        except PermanentError as error:
            failed = error.message
        bench.store.discard(staged)
        is_there = not failed or "old files" in failed
        wanted = expected(if_exists, held, files) if is_there else HELD[held]
        found = shown(bench.tree())
        if "old files" in failed:  # All that is new is there; what could not be removed is said.
            assert found.items() >= below("out", wanted).items(), nth
        else:
            assert found == below("out", wanted), (nth, failed)
        if act.calls < nth:
            break
    else:
        assert not bench.is_quick


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_publication_that_was_cut_off_anywhere_is_completed(
    bench: Any, staging: Stage, case: Any, when: str, tmp_path: Path
) -> None:
    if_exists, held, files = case
    for nth in tries(bench):
        bench.empty()
        bench.fill(below("out", HELD[held]))
        staged = staging("out", if_exists, files)
        act = _Nth(nth, when, Died)
        try:
            with bench.acting(act):
                bench.store.publish(staged, written(files))
        except Died:
            pass
        # The next attempt locates anew, with the token of the one that died.
        again = bench.store.locate(staged.write, bench.connection, staged.token, tmp_path / "staging")
        bench.store.publish(again, written(files))
        bench.store.discard(again)
        assert bench.tree() == below("out", expected(if_exists, held, files)), nth
        assert not staged.folder.exists()
        if act.calls < nth:
            break
    else:
        assert not bench.is_quick


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_publication_that_was_cut_off_can_be_given_up(bench: Any, staging: Stage, case: Any, when: str) -> None:
    """A job that died while it published, and is not to be completed: what it replaced comes back."""
    if_exists, held, files = case
    for nth in tries(bench):
        bench.empty()
        bench.fill(below("out", HELD[held]))
        staged = staging("out", if_exists, files)
        act = _Nth(nth, when, Died)
        try:
            with bench.acting(act):
                bench.store.publish(staged, written(files))
        except Died:
            pass
        bench.store.discard(staged)
        found = shown(bench.tree())
        new, old = below("out", expected(if_exists, held, files)), below("out", HELD[held])
        is_single = if_exists == "replace" and len(files) == 1 and found.items() >= new.items()
        assert found in (new, old) or is_single or (found.items() >= new.items() and if_exists == "replace"), nth
        if act.calls < nth:
            break


def test_jobs_that_append_at_once_lose_nothing(bench: Any, staging: Stage) -> None:
    for held in HELD:
        bench.empty()
        bench.fill(below("out", HELD[held]))
        jobs = [staging("out", "append", {"part-00000.csv": f"job {n}"}, f"job-{n}-1") for n in range(6)]
        together = threading.Barrier(len(jobs))
        places: list[str] = []

        def publish(staged: Staged) -> None:
            together.wait()  # noqa: B023 -- all threads end within this round
            places.extend(bench.store.publish(staged, written(["part-00000.csv"])).places)  # noqa: B023

        threads = [threading.Thread(target=publish, args=(one,)) for one in jobs]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert sorted(bench.tree().values()) == sorted([*HELD[held].values(), *(f"job {n}" for n in range(6))])
        assert len(set(places)) == 6


def test_an_append_that_was_cut_off_takes_no_name_of_another_job(bench: Any, staging: Stage) -> None:
    for nth in tries(bench):
        bench.empty()
        bench.fill(below("out", OLD))
        first = staging("out", "append", NEW, "job-1-1")
        act = _Nth(nth, "after", Died)
        try:
            with bench.acting(act):
                bench.store.publish(first, written(NEW))
        except Died:
            pass
        second = staging("out", "append", {"part-00000.csv": "other"}, "job-2-1")
        bench.store.publish(second, written(["part-00000.csv"]))
        bench.store.publish(first, written(NEW))
        assert sorted(bench.tree().values()) == ["new 0", "new 1", "old 0", "old 1", "old 2", "other"], nth
        if act.calls < nth:
            break


def test_an_append_to_a_folder_that_appears_meanwhile_keeps_it(bench: Any, staging: Stage) -> None:
    staged = staging("out", "append", NEW)
    bench.fill(below("out", OLD))
    bench.store.publish(staged, written(NEW))
    assert bench.tree() == below("out", expected("append", "filled", NEW))


@pytest.mark.parametrize("bench", ["sftp"], indirect=True)
def test_an_append_whose_target_another_job_makes_at_the_same_moment_keeps_it(bench: Any, staging: Stage) -> None:
    """A server of SFTP has no lock: between a look and a rename others may come."""
    staged = staging("out", "append", NEW)
    rename, calls = Session.rename, 0

    def others_first(session: Session, *places: str) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            bench.fill(below("out", OLD))
        rename(session, *places)

    with mock.patch.object(Session, "rename", others_first):
        bench.store.publish(staged, written(NEW))
    assert calls == 3
    assert bench.tree() == below("out", expected("append", "filled", NEW))


def test_a_target_that_is_a_file_is_refused(bench: Any, staging: Stage) -> None:
    bench.fill({"file": "kept"})
    for if_exists in ("fail", "replace", "append"):
        with pytest.raises(PermanentError, match=f"'{bench.before}file' is a file; a destination needs a folder"):
            staging("file", if_exists, NEW)
    assert bench.tree() == {"file": "kept"}


@pytest.mark.parametrize("path", ["", "/", ".", "./", "//"])
def test_the_uppermost_folder_is_no_target(bench: Any, staging: Stage, path: str) -> None:
    for if_exists in ("fail", "replace", "append"):
        with pytest.raises(PermanentError, match=r"is the (folder of the connection|bucket '.*') itself"):
            staging(path, if_exists, NEW)
    assert bench.tree() == {}


@pytest.mark.parametrize(
    "name", ["a b", "naïve", "日本", "🙂", "a'b", 'a"b', "*", "?", "[x]", "{a,b}", "-dash", "~", "$HOME", "a%20b", "a\\b",
             "a#b&c", "a+b", "x" * 200]
)  # fmt: skip
def test_any_name_of_a_target_is_taken_as_it_is(bench: Any, staging: Stage, name: str) -> None:
    if "\\" in name and bench.connection.type == "azureblobstorage":
        with pytest.raises(PermanentError, match="which Azure takes for a slash"):
            staging(name, "append", NEW)
        return
    bench.fill({**below(name, OLD), **below("other", OLD)})
    old = staging(name, "append", NEW, "job-1-1")
    staged = staging(name, "append", NEW, "job-1-2")
    assert not old.folder.exists()
    bench.store.publish(staged, written(NEW))
    assert bench.tree() == {**below(name, expected("append", "filled", NEW)), **below("other", OLD)}


def test_strays_of_other_jobs_and_targets_are_left_alone(bench: Any, staging: Stage) -> None:
    kept = [
        staging("out", "append", NEW, "job-10-1"),
        staging("out2", "append", NEW, "job-1-1"),
        staging("out", "append", NEW, "run-7-1"),
    ]
    gone = staging("out", "append", NEW, "job-1-1")
    staging("out", "append", NEW, "job-1-2")
    staging("out", "append", NEW, "run-7-2")
    assert all(one.folder.is_dir() for one in kept)
    assert not gone.folder.exists()


@pytest.mark.parametrize("path", ["..", "../out", "a/../../out", "a/..", "a\0b"])
def test_no_target_lies_outside(bench: Any, staging: Stage, path: str) -> None:
    with pytest.raises(PermanentError, match=r"refused|NUL"):
        staging(path, "replace", NEW)


def test_a_name_that_is_too_long_is_refused(bench: Any, staging: Stage) -> None:
    with pytest.raises(PermanentError, match=r"more than \d+ bytes|File name too long"):
        staging("/".join(["x" * 250] * 20), "append", NEW)
    assert bench.tree() == {}


def test_what_was_staged_and_is_gone_is_not_published(bench: Any, staging: Stage) -> None:
    bench.fill(below("out", {"old.csv": "old"}))
    for if_exists in ("replace", "append"):
        staged = staging("out", if_exists, {"part-00001.csv": "new"})
        if if_exists == "replace":
            (staged.folder / "part-00001.csv").unlink()
            staged.folder.rmdir()
        with pytest.raises(PermanentError, match="is gone; it was not published"):
            bench.store.publish(staged, written(["part-00000.csv"]))
        bench.store.discard(staged)
    assert bench.tree() == below("out", {"old.csv": "old"})


def test_several_targets_may_lie_below_one_new_folder(bench: Any, staging: Stage) -> None:
    both = [staging("a/x/out", "fail", {"part-00000.csv": "x"}), staging("a/y/out", "fail", {"part-00000.csv": "y"})]
    assert both[0].folder != both[1].folder
    bench.store.publish(both[0], written(["part-00000.csv"]))
    bench.store.discard(both[1])
    assert bench.tree() == {"a/x/out/part-00000.csv": "x"}
