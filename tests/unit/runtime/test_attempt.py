"""What a job's process says is taken in only in the shape that the store needs: the process is not trusted."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from penstock.runtime.attempt import Attempt, remove_staged
from penstock.runtime.channel import Broken, Channel
from penstock.runtime.children import Child
from penstock.runtime.masking import Mask
from penstock.services.attempts import Report

AT = "2026-03-01T12:00:00+00:00"
OUT = {"component": "out", "type": "cloud_storage_destination_component", "name": "folder", "fields": ["id"]}
RECEIPT = {
    "read": {"in": 9}, "left_out": 2, "filtered": 2, "rejected": 0, "bytes": 14, "hash": "0123456789abcdef" * 2,
    "key": {"fields": ["id"], "minimum": ["1"], "maximum": ["9"]},
}  # fmt: skip
WRITTEN = {
    "component": "out", "records": 7, "files": ["part-00000.csv"], "preview": "1", "preview_type": "csv", "receipt": RECEIPT,
}  # fmt: skip


@pytest.fixture
def attempt(tmp_path: Path) -> Attempt:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        return Attempt(7, 2, Child(1, Channel(ours)), scratch, renewed_at=0.0)


def declared(attempt: Attempt) -> Attempt:
    attempt.hear({"kind": "outputs", "declared": [OUT]})
    return attempt


def test_what_is_told_becomes_a_report(attempt: Attempt) -> None:
    said: list[Mapping[str, Any]] = [
        {"kind": "ready"},
        {"kind": "log", "at": "2026-03-01T13:00:00+01:00", "level": "info", "line": "hello"},
        {"kind": "progress", "fraction": 0.25},
        {"kind": "progress", "fraction": 1},
        {"kind": "source", "component": "in", "records": 1},
        {"kind": "source", "component": "in", "records": 2},
        {"kind": "output", "component": "out", "records": 3, "progress": None},
        {"kind": "output", "component": "out", "records": 4, "progress": 0.5},
        {"kind": "variables", "values": {"a": 1, "b": None, "c": "x", "d": 1.5, "e": True}},
        {"kind": "outputs", "declared": [OUT]},
    ]
    for one in said:
        attempt.hear(one)
    told = attempt.take_report()
    assert told == Report(
        lines=[(datetime(2026, 3, 1, 12, tzinfo=UTC), "info", "hello")],
        progress=1.0,
        sources={"in": 2},
        outputs={"out": (4, 0.5)},
        declared=[OUT],
        variables={"a": 1, "b": None, "c": "x", "d": 1.5, "e": True},
    )
    assert not attempt.take_report()


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"kind": None},
        {"kind": []},
        {"kind": "grant", "granted": True},
        {"kind": "log"},
        {"kind": "log", "at": "yesterday", "level": "info", "line": "x"},
        {"kind": "log", "at": "2026-03-01T12:00:00", "level": "info", "line": "x"},
        {"kind": "log", "at": "0001-01-01T00:00:00+14:00", "level": "info", "line": "x"},
        {"kind": "log", "at": 5, "level": "info", "line": "x"},
        {"kind": "log", "at": AT, "level": "loud", "line": "x"},
        {"kind": "log", "at": AT, "level": ["info"], "line": "x"},
        {"kind": "log", "at": AT, "level": "info", "line": None},
        {"kind": "progress", "fraction": "1"},
        {"kind": "progress", "fraction": True},
        {"kind": "progress", "fraction": float("nan")},
        {"kind": "progress", "fraction": float("inf")},
        {"kind": "source", "component": None, "records": 1},
        {"kind": "source", "component": "in", "records": -1},
        {"kind": "source", "component": "in", "records": 2**63},
        {"kind": "source", "component": "in", "records": 1.5},
        {"kind": "source", "component": "in", "records": True},
        {"kind": "output", "component": "out", "records": "1", "progress": None},
        {"kind": "output", "component": "out", "records": 1},
        {"kind": "output", "component": "out", "records": 1, "progress": float("nan")},
        {"kind": "variables", "values": [1]},
        {"kind": "variables", "values": 5},
        {"kind": "variables", "values": {"a": {}}},
        {"kind": "variables", "values": {"a": float("nan")}},
        {"kind": "outputs", "declared": [{**OUT, "name": 5}]},
        {"kind": "outputs", "declared": [{**OUT, "fields": [5]}]},
        {"kind": "outputs", "declared": [{"component": "out"}]},
        {"kind": "outputs", "declared": 5},
        {"kind": "staged", "folders": [5]},
        {"kind": "staged"},
        {"kind": "ask", "written": [{**WRITTEN, "component": "other"}]},
        {"kind": "ask", "written": [{**WRITTEN, "records": -1}]},
        {"kind": "ask", "written": [{**WRITTEN, "records": "7"}]},
        {"kind": "ask", "written": [{**WRITTEN, "files": [None]}]},
        {"kind": "ask", "written": [{**WRITTEN, "preview": 5}]},
        {"kind": "ask", "written": [{**WRITTEN, "receipt": 5}]},
        {"kind": "ask", "written": [{**WRITTEN, "receipt": {}}]},
        {"kind": "ask", "written": [{**WRITTEN, "receipt": {"read": {"in": -1}}}]},
        {"kind": "ask", "written": [{**WRITTEN, "receipt": {"read": {}, "left_out": "2"}}]},
        {"kind": "ask", "written": [{**WRITTEN, "receipt": {"read": {}, "rejected": -1}}]},
        {"kind": "ask", "written": [{**WRITTEN, "receipt": {"read": {}, "hash": "text"}}]},
        {"kind": "ask", "written": [{**WRITTEN, "receipt": {"read": {}, "key": {"fields": ["id"]}}}]},
        {"kind": "done", "outputs": [{**WRITTEN, "receipt": {"read": {}, "checks": {"rows": 5}}}]},
        {"kind": "ask", "written": [{**WRITTEN, "preview_type": "x" * 65}]},
        {"kind": "ask", "written": [{"component": "out"}]},
        {"kind": "ask", "written": ["out"]},
        {"kind": "done"},
        {"kind": "done", "outputs": [{"component": "out"}]},
        {"kind": "done", "outputs": [{**WRITTEN, "component": []}]},
        {"kind": "failed"},
        {"kind": "failed", "sentence": {"a": 1}},
    ],
)
def test_a_message_of_another_shape_is_broken(attempt: Attempt, said: Mapping[str, Any]) -> None:
    declared(attempt)
    attempt.take_report()
    with pytest.raises(Broken):
        attempt.hear(said)
    assert not attempt.take_report()
    assert (attempt.asked, attempt.outcome, attempt.staged) == (None, None, [])


MOVE = {
    "component_id": "s", "component": "rows", "connection": "X_CONNECTION_1", "key": "5", "reads": "t where k = 'canary'",
    "began": None, "reached": {"column": "n", "order": "whole numbers", "value": "15", "ties": []},
}  # fmt: skip
TEXTUAL = {"column": "n", "order": "texts", "value": "canary", "ties": []}


def test_how_far_sources_have_come_is_told(attempt: Attempt) -> None:
    attempt.mask = Mask(["canary", "5"])
    attempt.hear({"kind": "watermarks", "moves": [MOVE]})
    told = attempt.take_report()
    assert told
    assert told.watermarks == [{**MOVE, "reads": "t where k = '***'"}]


@pytest.mark.parametrize(
    "change",
    [{"key": 1}, {"reached": None}, {"reached": {**TEXTUAL, "order": "dates"}}, {"began": {}}, {"reached": TEXTUAL}],
)
def test_a_watermark_of_another_shape_or_with_a_secret_is_broken(attempt: Attempt, change: Mapping[str, Any]) -> None:
    attempt.mask = Mask(["canary"])
    with pytest.raises(Broken):
        attempt.hear({"kind": "watermarks", "moves": [{**MOVE, **change}]})


def test_a_share_is_kept_between_nothing_and_all(attempt: Attempt) -> None:
    for told, kept in ((-0.5, 0.0), (1.0000001, 1.0), (7, 1.0)):
        attempt.hear({"kind": "progress", "fraction": told})
        attempt.hear({"kind": "output", "component": "out", "records": 1, "progress": told})
        report = attempt.take_report()
        assert (report.progress, report.outputs["out"][1]) == (kept, kept)


def test_what_an_end_holds_beyond_its_receipts_goes_no_further(attempt: Attempt) -> None:
    declared(attempt)
    attempt.hear({"kind": "ask", "written": [{**WRITTEN, "more": "x"}]})
    assert attempt.asked == [WRITTEN]
    attempt.hear({"kind": "done", "outputs": [{**WRITTEN, "component_type": "t", "fields": []}], "more": "x"})
    assert attempt.outcome == {"kind": "done", "outputs": [WRITTEN]}


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({"kind": "failed", "sentence": "It broke.", "more": 1}, {"kind": "failed", "sentence": "It broke."}),
        ({"kind": "stopped", "more": 1}, {"kind": "stopped"}),
    ],
)
def test_other_ends(attempt: Attempt, said: Mapping[str, Any], kept: Mapping[str, Any]) -> None:
    attempt.hear(said)
    assert attempt.outcome == kept


def test_only_staging_folders_of_this_attempt_are_believed(attempt: Attempt) -> None:
    """Whatever is in the list is removed when the process is gone."""
    mine = "/data/.out.staging-job-7-2"
    others = [
        "/data/.out.staging-job-7-1",
        "/data/.out.staging-job-8-2",
        "/data/out",
        "/data/.out.staging-job-7-2/..",
        "/data/.out.staging-job-7-2x",
        "/data/out.staging-job-7-2",
        ".out.staging-job-7-2",
        "/data/\x00.out.staging-job-7-2",
        "",
        "/",
    ]
    attempt.hear({"kind": "staged", "folders": [*others, mine]})
    assert attempt.staged == [mine]
    assert attempt.take_report().staged == [mine]


def test_a_report_that_could_not_be_written_is_told_again_below_what_came_since(attempt: Attempt) -> None:
    declared(attempt)
    attempt.hear({"kind": "log", "at": AT, "level": "info", "line": "first"})
    attempt.hear({"kind": "progress", "fraction": 0.1})
    attempt.hear({"kind": "source", "component": "a", "records": 1})
    attempt.hear({"kind": "source", "component": "b", "records": 1})
    attempt.hear({"kind": "output", "component": "out", "records": 1, "progress": 0.1})
    attempt.hear({"kind": "variables", "values": {"x": 1}})
    attempt.hear({"kind": "staged", "folders": ["/a/.o.staging-job-7-2"]})
    older = attempt.take_report()
    attempt.hear({"kind": "log", "at": AT, "level": "info", "line": "second"})
    attempt.hear({"kind": "source", "component": "b", "records": 2})
    attempt.hear({"kind": "output", "component": "out", "records": 5, "progress": 0.5})
    attempt.hear({"kind": "staged", "folders": ["/b/.o.staging-job-7-2"]})
    attempt.put_back(older)
    told = attempt.take_report()
    assert [line for _, _, line in told.lines] == ["first", "second"]
    assert (told.progress, told.variables, told.declared) == (0.1, {"x": 1}, [OUT])
    assert told.sources == {"a": 1, "b": 2}
    assert told.outputs == {"out": (5, 0.5)}
    assert told.staged == ["/a/.o.staging-job-7-2", "/b/.o.staging-job-7-2"]
    attempt.hear({"kind": "progress", "fraction": 0.9})
    attempt.hear({"kind": "variables", "values": {"x": 2}})
    attempt.hear({"kind": "outputs", "declared": []})
    attempt.put_back(told)
    last = attempt.take_report()
    assert (last.progress, last.variables, last.declared) == (0.9, {"x": 2}, [])


@pytest.mark.parametrize("is_granted", [False, True])
def test_what_a_process_leaves_is_removed_unless_it_is_to_be_published(
    attempt: Attempt, tmp_path: Path, is_granted: bool
) -> None:
    staged = tmp_path / ".out.staging-job-7-2"
    staged.mkdir()
    (staged / "part").write_text("x")
    (attempt.scratch / "spill").write_text("x")
    attempt.hear({"kind": "staged", "folders": [str(staged)]})
    attempt.is_granted = is_granted
    attempt.clean()
    assert not attempt.scratch.exists()
    assert staged.exists() == is_granted
    attempt.clean()


def test_nothing_but_staging_folders_is_ever_removed(tmp_path: Path) -> None:
    """The list may come from the store, where older versions or a hand may have written it."""
    kept = [tmp_path / "out", tmp_path / ".out.staging-job-x-1", tmp_path / "x.staging-job-1-1"]
    stray = tmp_path / ".out.staging-job-1-1"
    link = tmp_path / ".link.staging-job-1-1"
    for one in (*kept, stray):
        one.mkdir()
    link.symlink_to(kept[0])
    (kept[0] / "file").write_text("x")
    remove_staged([str(one) for one in (*kept, stray, link)] + ["", "/", "relative", "/no/.x.staging-job-1-1", "\x00"])
    assert all(one.exists() for one in kept)
    assert (kept[0] / "file").exists()
    assert not stray.exists()
