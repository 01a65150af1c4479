"""Which engines the commands know, and what they say of one that is not installed."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from penstock.cli.app import app
from penstock.errors import BadRequest

WITHOUT_SPARK = "import sys; sys.modules['pyspark'] = None; from penstock.cli.app import main; main()"


def test_an_engine_that_there_is_not() -> None:
    done = CliRunner().invoke(app, ["eval", "1", "--engine", "flink"])
    assert isinstance(done.exception, BadRequest)
    assert done.exception.message == "There is no engine 'flink'. Known: duckdb, spark."


def test_a_master_is_for_spark() -> None:
    done = CliRunner().invoke(app, ["eval", "1", "--master", "local[2]"])
    assert isinstance(done.exception, BadRequest)


@pytest.mark.parametrize("engine", ["duckdb", "spark"])
def test_spark_is_asked_for_only_where_it_is_wanted(engine: str) -> None:
    command = [sys.executable, "-c", WITHOUT_SPARK, "eval", "1 + 1", "--engine", engine]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if engine == "duckdb":
        assert (done.returncode, done.stdout) == (0, "2  int\n")
    else:
        assert done.returncode == 2
        assert (
            done.stderr
            == "penstock: The engine spark is not installed. Install it with: pip install 'penstock[spark]'.\n"
        )
