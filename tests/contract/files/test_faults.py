"""What happens when a store, or the way to it, fails: a written outcome for each fault, and old files as they were."""

from __future__ import annotations

import errno
import os
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from penstock.connectors.files import fetching, stores
from penstock.errors import ConnectionTestFailed, PermanentError, TransientError
from penstock.plan.operators import ConnectionRef, FileTarget, Scan, Write
from penstock.plan.ports import Connection, Landing, Staged, Written

OLD = {"out/part-00000.csv": "old 0", "out/part-00001.csv": "old 1"}
LARGE = 3_000_000
SOME = 700_000
"""Where a connection is cut, in bytes: within the second part of a large file."""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting is not what is tested."""
    monkeypatch.setattr(fetching, "RETRIES_S", (0.0, 0.01, 0.01))
    monkeypatch.setattr(fetching, "PART_BYTES", 500_000)
    monkeypatch.setattr(stores, "RETRIES", 1)


@pytest.fixture
def text() -> str:
    return random.Random(1).randbytes(LARGE // 2).hex()


@pytest.fixture
def prepared(far: Any, source: Callable[..., Scan], tmp_path: Path) -> Callable[..., Staged]:
    """Stages one large file to a folder that is replaced, through any connection."""

    def prepared(connection: Connection, text: str, if_exists: str = "replace") -> Staged:
        target = FileTarget(ConnectionRef("data"), "out", (("a", "a"),), far.bucket, if_exists=if_exists)
        write = Write("out", "1", "cloud_storage_destination_component", source("in"), target)
        staged = far.store.locate(write, connection, "job-1-1", tmp_path / "staging")
        far.store.prepare(replace(staged, connection=far.connection))
        (staged.folder / "part-00000.csv").write_text(text)
        return staged

    return prepared


def test_a_connection_that_is_cut_goes_on_from_there(
    far: Any, relay: Any, source: Callable[..., Scan], landing: Callable[..., Landing], text: str
) -> None:
    far.fill({"in/a.csv": text})
    relay.reset(SOME, SOME, SOME)
    (found,) = far.store.bind(source("in/*.csv", far.bucket), far.through(relay.port), landing()).files
    assert Path(found.location).read_text() == text
    assert relay.connections >= 2


def test_a_login_that_is_cut_is_tried_again(
    far: Any, relay: Any, source: Callable[..., Scan], landing: Callable[..., Landing]
) -> None:
    far.fill({"in/a.csv": "text"})
    relay.reset(10, 10)
    (found,) = far.store.bind(source("in/*.csv", far.bucket), far.through(relay.port), landing()).files
    assert Path(found.location).read_text() == "text"
    assert relay.connections >= 2


def test_a_connection_that_is_always_cut_fails_the_job(
    far: Any, relay: Any, source: Callable[..., Scan], landing: Callable[..., Landing], text: str
) -> None:
    far.fill({"in/a.csv": text})
    relay.reset(20_000, for_ever=True)
    with pytest.raises(TransientError, match=r"broke off|could not be reached|cannot be reached|[Cc]onnection"):
        far.store.bind(source("in/*.csv", far.bucket), far.through(relay.port), landing())


def test_an_upload_that_is_cut_is_tried_again(far: Any, relay: Any, prepared: Any, text: str) -> None:
    far.fill(OLD)
    staged = prepared(far.through(relay.port), text)
    relay.reset(SOME, SOME, uploads=True)
    far.store.publish(staged, Written("out", 1, ("part-00000.csv",)))
    assert far.tree() == {"out/part-00000.csv": text}
    assert relay.connections >= 2


def test_an_upload_that_is_always_cut_leaves_the_old_files(far: Any, relay: Any, prepared: Any, text: str) -> None:
    far.fill(OLD)
    staged = prepared(far.through(relay.port), text)
    relay.reset(SOME, uploads=True, for_ever=True)
    with pytest.raises(TransientError):
        far.store.publish(staged, Written("out", 1, ("part-00000.csv",)))
    relay.reset()
    far.store.discard(staged)
    assert far.tree() == OLD
    assert not staged.folder.exists()


def test_a_large_file_is_written_in_parts(far: Any, prepared: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("penstock.connectors.files.bucket.UPLOAD_PART_BYTES", 5 << 20)
    large = random.Random(3).randbytes(6 << 20).hex()
    staged = prepared(far.connection, large)
    far.store.publish(staged, Written("out", 1, ("part-00000.csv",)))
    assert far.tree() == {"out/part-00000.csv": large}


def test_a_server_that_is_gone_is_named(
    far: Any, relay: Any, source: Callable[..., Scan], landing: Callable[..., Landing]
) -> None:
    relay.close()
    gone = far.through(relay.port)
    with pytest.raises(TransientError, match=r"could not be reached|cannot be reached"):
        far.store.bind(source("a.csv", far.bucket), gone, landing())
    with pytest.raises(ConnectionTestFailed):
        far.store.test(gone)


def test_a_file_that_changes_while_it_is_read_fails_the_job(
    far: Any, source: Callable[..., Scan], landing: Callable[..., Landing], monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    far.fill({"in/a.csv": text})
    room = fetching._Fetch._room

    def changing(fetch: Any, wanted: int) -> None:  # after the files were listed
        far.fill({"in/a.csv": text[::-1]})
        for place in getattr(far, "folder", Path("/nonexistent")).rglob("a.csv"):
            os.utime(place, (1, 1))  # the disk of a server may count in seconds
        room(fetch, wanted)

    monkeypatch.setattr(fetching._Fetch, "_room", changing)
    with pytest.raises(PermanentError, match=r"changed while it was read. Run the job again"):
        far.store.bind(source("in/a.csv", far.bucket), far.connection, landing())


def test_a_full_disk_is_said(
    far: Any, source: Callable[..., Scan], landing: Callable[..., Landing], monkeypatch: pytest.MonkeyPatch
) -> None:
    far.fill({"in/a.csv": "x" * 1000})
    usage = shutil.disk_usage("/")
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "disk_usage", lambda folder: usage._replace(free=999))
        with pytest.raises(PermanentError, match=r"take 1,000 bytes, and this machine has 999 left"):
            far.store.bind(source("in/", far.bucket), far.connection, landing())

    def full(*words: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(PermanentError, match="the disk is full"):
        far.store.bind(source("in/", far.bucket), far.connection, landing())


def test_secrets_stand_in_no_message(
    far: Any, relay: Any, source: Callable[..., Scan], landing: Callable[..., Landing]
) -> None:
    relay.close()
    (secret, *_) = far.connection.revealed()
    for connection in (far.through(relay.port), far.connection):
        with pytest.raises((PermanentError, TransientError)) as caught:
            far.store.bind(source("none.csv", far.bucket), connection, landing())
        assert secret not in caught.value.message
        assert secret not in repr(connection)
