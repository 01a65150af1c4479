"""Bad packages: what is found in each, as a person reads it. A folder is named by the first code it is there for.

`make golden` writes `diagnostics.txt` anew; the diff is reviewed like code.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from penstock.cli.app import app
from penstock.cli.findings import lines_of
from penstock.cli.packages import PackageFile, read_package
from penstock.domain.diagnostic import Diagnostic, Severity
from penstock.engines.duckdb.run import DuckEngine
from penstock.lang import Given, evaluate_all, resolve, validate_package
from penstock.lang.check.codes_package import CODES
from penstock.lang.files import write_file
from penstock.plan.ports import Context
from penstock.plan.schema import Schema

BAD = sorted((Path(__file__).parent / "bad").iterdir())
REWRITE = os.environ.get("GOLDEN") == "write"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def package_of(case: Path) -> Path:
    """Return the package of a case, JSON or YAML."""
    (found,) = case.glob("package.*")
    return found


def findings_of(package: PackageFile) -> tuple[Diagnostic, ...]:
    """Return what validation finds, and of a package without a fault what the values of its variables show."""
    if package.findings:
        return package.findings
    engine = DuckEngine()
    definitions = resolve(Given(package.variables, secret=package.secrets))
    found = validate_package(package.flow, definitions, gaps=engine.gaps)
    if any(one.severity is Severity.ERROR for one in found):
        return found
    computed = evaluate_all(definitions, lambda expr: engine.evaluate((expr,), Schema(), {}, Context(NOW))[0])
    return (*found, *computed.diagnostics)


@pytest.mark.parametrize("case", BAD, ids=lambda case: case.name)
def test_what_is_found(case: Path) -> None:
    package = read_package(package_of(case))
    found = findings_of(package)
    if case.name.startswith("PK109"):
        # Such a package may be sound as it is; it only cannot be spelled in another way.
        found = write_file(package.raw)[1]
    text = "".join(f"{line}\n" for one in found for line in lines_of(one, package))
    file = case / "diagnostics.txt"
    if REWRITE:
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8")
    assert case.name[:5] in {one.code for one in found}
    for one in found:
        json.dumps(one.to_json())
        assert CODES[one.code].severity is one.severity
        assert one.message.endswith((".", "?")), one.message


@pytest.mark.parametrize("case", BAD, ids=lambda case: case.name)
def test_a_bad_package_is_invalid_and_runs_nothing(case: Path, tmp_path: Path) -> None:
    found = findings_of(read_package(package_of(case)))
    connections = tmp_path / "connections.json"
    connections.write_text(json.dumps({"lake": {"type": "file", "path": "."}}))
    command = ["run", str(package_of(case)), "--connections", str(connections), "--json"]
    done = CliRunner().invoke(app, command)
    answer = json.loads(done.stdout)
    if any(one.severity is Severity.ERROR for one in found):
        assert (done.exit_code, answer["status"]) == (2, "invalid")
        assert answer["errors"]
    else:
        # Nothing stops it but the file that is not there.
        assert (done.exit_code, answer["status"]) == (1, "failed")
        assert answer["errors"].startswith("Component 's': No file matches")
    assert [one.name for one in tmp_path.iterdir()] == ["connections.json"]


def test_every_code_has_a_bad_package() -> None:
    assert {case.name[:5] for case in BAD} == set(CODES)
