"""Where Spark finds Java."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from penstock.engines.spark import java
from penstock.engines.spark.java import java_home
from penstock.errors import PermanentError


def test_a_java_that_is_named_wins(tmp_path: Path) -> None:
    assert java_home({"JAVA_HOME": "/opt/java"}, tmp_path) == "/opt/java"
    assert list(tmp_path.iterdir()) == []


def test_the_java_of_the_wheel_runs_without_the_module_that_it_lacks(tmp_path: Path) -> None:
    home = java_home({}, tmp_path)
    assert home is not None
    command = [f"{home}/bin/java", "--add-modules=jdk.incubator.vector", "-Dname=a b", "-version"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "17.0" in done.stderr


def test_its_launcher_can_be_made_twice(tmp_path: Path) -> None:
    assert java_home({}, tmp_path) == java_home({}, tmp_path)
    assert [one.name for one in (tmp_path / "java" / "bin").iterdir()] == ["java"]
    assert os.access(tmp_path / "java" / "bin" / "java", os.X_OK)


def test_classes_that_are_written_down_are_used_where_they_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    classes = tmp_path / "a folder" / "classes.jsa"
    monkeypatch.setattr(java, "archive", lambda: classes)
    assert "SharedArchiveFile" not in (Path(str(java_home({}, tmp_path))) / "bin" / "java").read_text()
    classes.parent.mkdir()
    classes.write_bytes(b"no archive")
    home = Path(str(java_home({}, tmp_path)))
    assert f'"-XX:SharedArchiveFile={classes}"' in (home / "bin" / "java").read_text()
    done = subprocess.run([home / "bin" / "java", "-version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    assert "cds" not in done.stderr


def test_what_writes_no_classes_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    classes = tmp_path / "share" / "classes.jsa"
    monkeypatch.setattr(java, "archive", lambda: classes)
    with pytest.raises(PermanentError, match="ended with 3"):
        java.made_archive(["-c", "raise SystemExit(3)"])
    with pytest.raises(PermanentError, match="has not written"):
        java.made_archive(["-c", "pass"])
    assert not classes.exists()
