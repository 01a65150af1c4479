"""One folder as a connection, for every suite of file stores."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from penstock.connectors.files.local import LocalFiles
from penstock.plan.operators import ConnectionRef, FileSource, FileTarget, Scan, Write
from penstock.plan.ports import Connection, Connector, Staged
from penstock.plan.schema import Schema

Stage = Callable[..., Staged]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the connection."""
    made = tmp_path / "data"
    made.mkdir()
    return made


@pytest.fixture
def store() -> Connector:
    """The store under test, which may use all of the machine."""
    return LocalFiles(None)


@pytest.fixture
def connection(folder: Path) -> Connection:
    """The connection under test."""
    return Connection("data", "file", {"path": str(folder)})


@pytest.fixture
def stage(store: Connector, connection: Connection, tmp_path: Path) -> Stage:
    """Prepare a destination and stage *files* (name to text) as an engine would; returns what `locate` gave."""

    def stage(path: str, if_exists: str, files: dict[str, str], token: str = "job-1-1") -> Staged:
        target = FileTarget(ConnectionRef("data"), path, (("a", "a"),), if_exists=if_exists)
        scan = Scan("in", FileSource(ConnectionRef("data"), "in", ()), Schema())
        write = Write("out", "1", "cloud_storage_destination_component", scan, target)
        staged = store.locate(write, connection, token, tmp_path / "staging")
        store.prepare(staged)
        for name, text in files.items():
            (staged.folder / name).write_text(text)
        return staged

    return stage
