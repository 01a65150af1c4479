"""One job from its order to what is published; and the attempt that goes on with what an earlier one was granted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from penstock.errors import JobStopped, LeaseLost, PermanentError
from penstock.plan.ports import Connector, Publication, Staged, Written
from penstock.runtime.execute import Order, Result, execute
from penstock.wiring import jobs

OLD, PARTS = {"part-00000.csv": "old\n"}, {"part-00000.csv": "1\n2\n", "part-00001.csv": "3\n"}
APPENDED = {"part-00000.csv": "old\n", "part-00001.csv": "1\n2\n", "part-00002.csv": "3\n"}


class Ear:
    """A listener that keeps what it hears."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.folders: list[str] = []

    def log(self, level: str, line: str) -> None:
        self.lines.append(f"{level} {line}")

    def progress(self, fraction: float) -> None:
        """Not looked at."""

    def source(self, component: str, records: int) -> None:
        """Not looked at."""

    def output(self, component: str, records: int, progress: float | None) -> None:
        """Not looked at."""

    def variables(self, values: Mapping[str, Any]) -> None:
        """Not looked at."""

    def outputs(self, outputs: Sequence[Mapping[str, Any]]) -> None:
        """Not looked at."""

    def staged(self, folders: Sequence[str]) -> None:
        assert not any(Path(one).exists() for one in folders), "told before they are made"
        self.folders += folders


class Gate:
    """Grants, or raises what it is told to; keeps what was asked."""

    def __init__(self, refusal: BaseException | None = None) -> None:
        self.refusal = refusal
        self.asked: list[Written] = []

    def grant(self, outputs: Sequence[Written]) -> None:
        self.asked += outputs
        if self.refusal is not None:
            raise self.refusal


class Cut(BaseException):
    """The process dies here; nothing of ours is told."""


class Dying:
    """A store of files whose process dies at the publication of some output: before it, or after it."""

    def __init__(self, store: Connector, at: str, when: str) -> None:
        self._store, self._at, self._when = store, at, when

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def publish(self, staged: Staged, written: Written) -> Publication:
        is_it = staged.target.name == self._at
        if is_it and self._when == "before":
            raise Cut
        made = self._store.publish(staged, written)
        if is_it and self._when == "after":
            raise Cut
        return made

    def discard(self, staged: Staged) -> None:
        """A process that died removes nothing."""


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    folder = tmp_path / "lake"
    folder.mkdir()
    (folder / "numbers.csv").write_text("1\n2\n3\n")
    return folder


def flow(*outputs: str, if_exists: str = "replace") -> str:
    parts: list[dict[str, Any]] = [
        {
            "id": "s", "type": "cloud_storage_source_component", "name": "numbers", "connection": {"name": "lake"},
            "properties": {"path": "numbers.csv", "delimiter": ","}, "fields": [{"name": "n", "type": "int"}],
        },
        {"id": "k", "type": "clone_component", "name": "all", "properties": {}},
    ]  # fmt: skip
    edges = [{"from": "s", "to": "k"}]
    for number, name in enumerate(outputs, 1):
        properties = {"path": name, "delimiter": ",", "if_exists": if_exists}
        parts.append(
            {
                "id": name, "type": "cloud_storage_destination_component", "name": name, "connection": {"name": "lake"},
                "properties": properties,
            }
        )  # fmt: skip
        edges.append({"from": "k", "to": name, "output": str(number)})
    return json.dumps({"components": parts, "edges": edges})


def order(lake: Path, text: str, **more: Any) -> Order:
    given: dict[str, Any] = {
        "token": "job-7-1", "flow": text, "now": "2026-03-01T12:00:00+00:00",
        "connections": {"lake": {"type": "file", "path": str(lake)}}, "scratch": str(lake.parent),
    }  # fmt: skip
    return Order(**{**given, **more})


def stores(lake: Path) -> dict[str, Connector]:
    return dict(jobs.connectors([lake]))


def tree(lake: Path) -> dict[str, dict[str, str]]:
    """What lies in the lake beside its source."""
    return {
        one.name: {part.name: part.read_text() for part in sorted(one.iterdir())}
        for one in lake.iterdir()
        if one.is_dir()
    }


def granted(asked: Sequence[Written]) -> list[dict[str, Any]]:
    """What the store keeps of a grant, and gives to the next attempt."""
    return json.loads(
        json.dumps(
            [
                {
                    "component": one.component, "records": one.records, "files": list(one.files),
                    "preview": one.preview, "preview_type": one.preview_type,
                }
                for one in asked
            ]
        )
    )  # fmt: skip


def fill(lake: Path, *outputs: str) -> None:
    for name in outputs:
        (lake / name).mkdir()
        for part, text in OLD.items():
            (lake / name / part).write_text(text)


@pytest.mark.parametrize("refusal", [JobStopped("x"), LeaseLost("x")])
def test_nothing_is_published_without_the_grant(lake: Path, fake_engine: ModuleType, refusal: BaseException) -> None:
    fill(lake, "a")
    gate, ear = Gate(refusal), Ear()
    with pytest.raises(type(refusal)):
        execute(order(lake, flow("a", "b")), fake_engine.FakeEngine(), stores(lake), ear, gate)
    assert [one.component for one in gate.asked] == ["a", "b"]
    assert tree(lake) == {"a": OLD}
    assert ear.folders == [str(lake / ".a.staging-job-7-1"), str(lake / ".b.staging-job-7-1")]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", ["a", "b", "c"])
@pytest.mark.parametrize("if_exists", ["replace", "append"])
def test_what_was_granted_is_published_once_wherever_the_first_attempt_died(
    lake: Path, fake_engine: ModuleType, if_exists: str, at: str, when: str
) -> None:
    """R18: nothing is computed again, nothing is missing, nothing is there twice; whatever the number of attempts."""
    fill(lake, "a", "b", "c")
    text = flow("a", "b", "c", if_exists=if_exists)
    gate = Gate()
    dying: dict[str, Connector] = {"file": Dying(stores(lake)["file"], at, when)}
    with pytest.raises(Cut):
        execute(order(lake, text), fake_engine.FakeEngine(), dying, Ear(), gate)
    again = order(lake, text, token="job-7-2", granted_token="job-7-1", granted=granted(gate.asked))
    wanted = PARTS if if_exists == "replace" else APPENDED
    results: list[Result] = []
    for _ in range(3):
        engine, never = fake_engine.FakeEngine(), Gate(AssertionError("it was granted before"))
        results.append(execute(again, engine, stores(lake), Ear(), never))
        assert engine.runs == []
        assert tree(lake) == {"a": wanted, "b": wanted, "c": wanted}
    assert [(one.component, one.records, one.preview) for one in results[0].outputs] == [
        (name, 3, "1\n") for name in ("a", "b", "c")
    ]
    for one in results[0].outputs:
        assert all(Path(file).exists() for file in one.files)


def test_an_attempt_that_may_publish_needs_no_source(lake: Path, fake_engine: ModuleType) -> None:
    """It may be gone by now; what it held is staged."""
    gate = Gate()
    dying: dict[str, Connector] = {"file": Dying(stores(lake)["file"], "a", "before")}
    with pytest.raises(Cut):
        execute(order(lake, flow("a")), fake_engine.FakeEngine(), dying, Ear(), gate)
    (lake / "numbers.csv").unlink()
    again = order(lake, flow("a"), token="job-7-2", granted_token="job-7-1", granted=granted(gate.asked))
    execute(again, fake_engine.FakeEngine(), stores(lake), Ear(), Gate())
    assert tree(lake) == {"a": PARTS}


def test_an_attempt_after_one_that_was_not_granted_begins_anew(lake: Path, fake_engine: ModuleType) -> None:
    """And removes what that one staged."""
    dying: dict[str, Connector] = {"file": Dying(stores(lake)["file"], "a", "before")}
    with pytest.raises(Cut):
        execute(order(lake, flow("a")), fake_engine.FakeEngine(), dying, Ear(), Gate(Cut()))
    assert list(tree(lake)) == [".a.staging-job-7-1"]
    engine = fake_engine.FakeEngine()
    execute(order(lake, flow("a"), token="job-7-2"), engine, stores(lake), Ear(), Gate())
    assert len(engine.runs) == 1
    assert tree(lake) == {"a": PARTS}


class Failing(Dying):
    """A store of files in which one output cannot be published."""

    def publish(self, staged: Staged, written: Written) -> Publication:
        if staged.target.name == self._at:
            raise PermanentError("The disk is full.")
        return self._store.publish(staged, written)

    def discard(self, staged: Staged) -> None:
        self._store.discard(staged)


@pytest.mark.parametrize("attempt", [1, 2])
def test_a_publication_that_fails_says_what_is_out_and_leaves_no_strays(
    lake: Path, fake_engine: ModuleType, attempt: int
) -> None:
    fill(lake, "a", "b", "c")
    failing: dict[str, Connector] = {"file": Failing(stores(lake)["file"], "b", "")}
    given = order(lake, flow("a", "b", "c"))
    if attempt == 2:
        gate = Gate()
        dying: dict[str, Connector] = {"file": Dying(stores(lake)["file"], "a", "before")}
        with pytest.raises(Cut):
            execute(given, fake_engine.FakeEngine(), dying, Ear(), gate)
        more = {"token": "job-7-2", "granted_token": "job-7-1", "granted": granted(gate.asked)}
        given = order(lake, flow("a", "b", "c"), **more)
    with pytest.raises(PermanentError) as caught:
        execute(given, fake_engine.FakeEngine(), failing, Ear(), Gate())
    assert caught.value.message == ("Component 'b': The disk is full. Outputs published: 'a'; not published: 'b', 'c'.")
    assert tree(lake) == {"a": PARTS, "b": OLD, "c": OLD}


def test_what_was_staged_and_is_gone_is_told(lake: Path, fake_engine: ModuleType) -> None:
    fill(lake, "a")
    gate = Gate()
    dying: dict[str, Connector] = {"file": Dying(stores(lake)["file"], "b", "before")}
    with pytest.raises(Cut):
        execute(order(lake, flow("b")), fake_engine.FakeEngine(), dying, Ear(), gate)
    for part in (lake / ".b.staging-job-7-1").iterdir():
        part.unlink()
    (lake / ".b.staging-job-7-1").rmdir()
    again = order(lake, flow("b"), token="job-7-2", granted_token="job-7-1", granted=granted(gate.asked))
    with pytest.raises(PermanentError, match="staged"):
        execute(again, fake_engine.FakeEngine(), stores(lake), Ear(), Gate())
    assert tree(lake) == {"a": OLD}


def test_two_outputs_with_one_folder_are_refused_before_anything_is_made(lake: Path, fake_engine: ModuleType) -> None:
    text = flow("a", "b").replace('"path": "b"', '"path": "a/"')
    ear = Ear()
    with pytest.raises(PermanentError, match=r"Component 'b': it writes to the same folder as 'a'"):
        execute(order(lake, text), fake_engine.FakeEngine(), stores(lake), ear, Gate())
    assert (tree(lake), ear.folders) == ({}, [])


@pytest.mark.parametrize("paths", [("a", "a/b"), ("a/b/c", "a")])
def test_an_output_inside_anothers_folder_is_refused(
    lake: Path, fake_engine: ModuleType, paths: tuple[str, str]
) -> None:
    text = flow("a", "b").replace('"path": "a"', '"path": "one"').replace('"path": "b"', f'"path": "{paths[1]}"')
    text = text.replace('"path": "one"', f'"path": "{paths[0]}"')
    ear = Ear()
    with pytest.raises(PermanentError, match=r"Component 'b': its folder and that of 'a' lie in one another"):
        execute(order(lake, text), fake_engine.FakeEngine(), stores(lake), ear, Gate())
    assert (tree(lake), ear.folders) == ({}, [])


@pytest.mark.parametrize(
    ("connections", "sentence"),
    [
        ({}, "Component 'numbers': there is no connection 'lake'. Create it, or choose another."),
        (
            {"x": {"type": "file"}},
            "Component 'numbers': there is no connection 'lake'. Create it, or choose another. Known: x.",
        ),
        (
            {"lake": {"type": "hdfs"}},
            "Component 'numbers': connections of type 'hdfs' are not available in this version.",
        ),
        ({"lake": {"type": "mysql"}}, "Component 'numbers': connections of type 'mysql' do not lead to files."),
    ],
)
def test_a_connection_that_cannot_be_had_is_named(
    lake: Path, fake_engine: ModuleType, connections: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(PermanentError) as caught:
        execute(order(lake, flow("a"), connections=connections), fake_engine.FakeEngine(), stores(lake), Ear(), Gate())
    assert caught.value.message == sentence
