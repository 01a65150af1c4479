"""The cases beside the example packages pass, each within the time that a person waits for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from penstock.cli.app import app
from penstock.lang.files import format_file

EXAMPLES = Path(__file__).parents[2] / "examples"
PACKAGES = sorted(path for path in EXAMPLES.glob("*.yaml") if not path.name.endswith(".test.yaml"))


def test_there_are_examples() -> None:
    assert [path.stem for path in PACKAGES] == ["delays", "flights"]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.stem)
def test_an_example_passes_its_cases(package: Path) -> None:
    result = CliRunner().invoke(app, ["test", str(package), "--json"])
    answer = json.loads(result.stdout)
    assert (result.exit_code, answer["failed"]) == (0, 0), result.stdout
    assert answer["passed"] > 0


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.stem)
def test_an_example_is_in_canonical_form(package: Path) -> None:
    text = package.read_text("utf-8")
    assert format_file(text) == (text, ())
