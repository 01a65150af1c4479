"""`penstock connectors certify`: its report, its exit codes, and that nothing stays behind."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from penstock.cli import connectors
from penstock.cli.app import app
from penstock.connectors.databases.sqlite.target import SqliteTarget
from penstock.errors import BadRequest
from penstock.runtime.certifying.rules import RULES


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    few = tuple(one for one in RULES if one.group == "once" or "append" in one.says)
    monkeypatch.setattr(connectors, "RULES", few)
    made = tmp_path / "connections.toml"
    made.write_text('[shop]\ntype = "sqlite"\npath = "shop.db"\n[lake]\ntype = "file"\npath = "lake"\n')
    return made


def certify(file: Path, *words: str) -> Any:
    return CliRunner().invoke(app, ["connectors", "certify", *words, "--connections", str(file)])


def test_a_report_is_written_and_nothing_stays(file: Path) -> None:
    made = certify(file, "sqlite", "--connection", "shop")
    assert made.exit_code == 0, made.output
    (report,) = file.parent.glob("certification-sqlite-*.md")
    assert "4 held, 0 known to differ, 0 broken." in made.output
    text = report.read_text()
    assert text.startswith("# Certification of `sqlite`\n\nPassed: 4 held")
    assert f"SQLite {sqlite3.sqlite_version}" in text
    with closing(sqlite3.connect(file.parent / "shop.db")) as raw:
        assert raw.execute("SELECT name FROM sqlite_master").fetchall() == []


def test_a_broken_driver_is_exit_code_one(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SqliteTarget, "commit", SqliteTarget.rollback)
    made = certify(file, "sqlite", "--connection", "shop", "--json", "--report", "r.md")
    assert made.exit_code == 1
    found = json.loads(made.stdout)
    assert (found["status"], found["type"], found["report"]) == ("failed", "sqlite", "r.md")
    broken = [one["rule"] for one in found["rules"] if one["status"] == "broken"]
    assert "append adds rows" in broken
    assert "**append adds rows** (broken): Component" in (file.parent / "r.md").read_text()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["sqlite", "--connection", "nobody"], "There is no connection 'nobody'"),
        (["postgres", "--connection", "shop"], "is of type 'sqlite', not 'postgres'"),
        (["file", "--connection", "lake"], "Connections of type 'file' are not certified"),
    ],
)
def test_what_cannot_be_certified_is_told(file: Path, words: list[str], says: str) -> None:
    made = certify(file, *words)
    assert isinstance(made.exception, BadRequest)
    assert says in made.exception.message


def test_a_stop_removes_what_was_made(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(self: Any, *args: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(SqliteTarget, "bulk", stopped)
    assert certify(file, "sqlite", "--connection", "shop").exit_code == 130
    with closing(sqlite3.connect(file.parent / "shop.db")) as raw:
        assert raw.execute("SELECT name FROM sqlite_master").fetchall() == []
