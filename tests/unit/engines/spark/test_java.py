"""Where Spark finds Java."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from penstock.engines.spark.java import java_home


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
