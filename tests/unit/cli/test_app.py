"""The command line as a whole: what commands there are, what each loads, how an expected error looks."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib import import_module

import pytest
from typer.testing import CliRunner

from penstock.cli import app as app_module
from penstock.cli.app import COMMANDS, app
from penstock.errors import BadRequest


def test_every_command_is_listed_with_a_line() -> None:
    shown = CliRunner().invoke(app, ["--help"])
    assert shown.exit_code == 0
    for name in COMMANDS:
        assert f" {name} " in shown.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str) -> None:
    shown = CliRunner().invoke(app, [name, "--help"])
    assert shown.exit_code == 0
    assert f"Usage: penstock {name}" in shown.stdout
    module, function = COMMANDS[name]
    about = inspect.getdoc(getattr(import_module(f"penstock.cli.{module}"), function))
    assert about is not None
    assert "Example: " in about


@pytest.mark.parametrize("words", [["no-such"], ["run"], ["run", "x.json", "--no-such"], ["serve", "--port", "x"]])
def test_a_wrong_call_is_told_and_ends_with_2(words: list[str]) -> None:
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 2
    assert "Usage: penstock" in done.output


def test_an_expected_error_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise BadRequest("The file is not there. Correct the path.")

    monkeypatch.setattr(app_module, "app", fail)
    with pytest.raises(SystemExit) as caught:
        app_module.main()
    assert caught.value.code == 2
    assert capsys.readouterr().err == "penstock: The file is not there. Correct the path.\n"


def test_an_expression_waits_for_no_web_server() -> None:
    """A command's module is loaded when the command is called."""
    look = (
        "import sys; from typer.testing import CliRunner; from penstock.cli.app import app; "
        "done = CliRunner().invoke(app, ['eval', '1 + 1']); assert done.exit_code == 0, done.output; "
        "print([name for name in ('fastapi', 'uvicorn', 'sqlalchemy', 'alembic') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
