"""`penstock test`: the cases beside a package, run over given records without a server, a file or a connection."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from penstock.cli.cells import out_of, read_rows
from penstock.cli.compared import Difference, difference
from penstock.cli.formatting import replace_file
from penstock.cli.junit import junit
from penstock.cli.orders import EngineName, Master, order_of
from penstock.cli.packages import TEST_ENDINGS as ENDINGS
from penstock.cli.packages import PackageFile, read_package
from penstock.errors import BadRequest, PenstockError
from penstock.lang.cases import Case, CaseFile, read_cases, updated
from penstock.lang.document.file.parser import NotYaml, decode
from penstock.lang.document.file.printer import Out
from penstock.lang.variables.resolution import PREDEFINED
from penstock.plan.ports import EPOCH, Engine
from penstock.plan.schema import Schema
from penstock.runtime.execute import Order
from penstock.runtime.trial import Seen, attempt
from penstock.wiring import engines, jobs

NOW = "2026-01-01T00:00:00Z"
"""When a case runs that does not say when."""


@dataclass(slots=True)
class Outcome:
    """What became of a case: its differences, or the error that ended it."""

    file: Path
    case: Case
    took_s: float
    differences: tuple[Difference, ...] = ()
    error: str | None = None
    seen: Mapping[str, Seen] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """True when everything was as expected."""
        return not self.differences and self.error is None

    def to_json(self) -> dict[str, Any]:
        """Return the outcome as JSON values."""
        apart = [
            {"component": one.component, "message": one.message, "lines": list(one.lines)} for one in self.differences
        ]
        return {
            "file": str(self.file), "name": self.case.name, "status": "passed" if self.passed else "failed",
            "error": self.error, "differences": apart, "time_s": round(self.took_s, 3),
        }  # fmt: skip


def command(
    files: Annotated[list[Path], typer.Argument(help="Package files, or the test files beside them.")],
    update: Annotated[
        bool, typer.Option("--update", help="Write the records that are there as the expected ones.")
    ] = False,
    report: Annotated[Path | None, typer.Option("--junit", help="Write the outcome as JUnit XML.")] = None,
    engine: EngineName = "duckdb",
    master: Master = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Run the cases in <name>.test.yaml: records given to sources or other components, records expected at any component.

    Exit code 0 all passed, 1 some failed, 2 when a file cannot be read.

    Example: penstock test examples/flights.yaml --junit report.xml
    """

    def chosen() -> Engine:
        return engines.engine_named(engine, master=master)

    outcomes = [one for file in dict.fromkeys(map(_test_file, files)) for one in _run_file(file, update, chosen)]
    if report is not None:
        report.write_text(junit(outcomes), "utf-8")
    failed = sum(not one.passed for one in outcomes)
    if as_json:
        answer = {"passed": len(outcomes) - failed, "failed": failed, "cases": [one.to_json() for one in outcomes]}
        sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
    else:
        for one in outcomes:
            sys.stdout.write(text_of(one))
        sys.stdout.write(f"{len(outcomes) - failed} passed, {failed} failed.\n")
    raise typer.Exit(1 if failed else 0)


def text_of(one: Outcome) -> str:
    """Return an outcome as lines."""
    lines = [f"{'passed' if one.passed else 'FAILED'}  {one.file}: {one.case.name}  ({one.took_s:.2f} s)"]
    lines += [f"    {one.error}"] if one.error is not None else []
    for apart in one.differences:
        lines += [f"    {apart.component}: {apart.message}", *(f"      {line}" for line in apart.lines)]
    return "\n".join(lines) + "\n"


def _test_file(file: Path) -> Path:
    if file.name.endswith(ENDINGS):
        return file
    for ending in ENDINGS:
        if (beside := file.with_name(file.stem + ending)).exists():
            return beside
    raise BadRequest(f"There is no test file '{file.with_name(file.stem + ENDINGS[0])}' beside '{file}'.")


def _run_file(file: Path, update: bool, engine: Callable[[], Engine]) -> list[Outcome]:
    try:
        text = decode(file.read_bytes())
    except OSError as error:
        raise BadRequest(f"The test file '{file}' cannot be read: {error.strerror}.") from error
    except NotYaml as fault:
        raise BadRequest(f"The test file '{file}' cannot be read: {fault}.") from fault
    found = read_cases(text)
    if found.findings:
        raise BadRequest(f"{file}: {' '.join(one.sentence() for one in found.findings)}")
    package = read_package(_package_of(file, found))
    outcomes = [_run(file, case, package, engine()) for case in found.cases]
    if update:
        _update(file, text, outcomes)
        outcomes = [_run(file, case, package, engine()) for case in read_cases(decode(file.read_bytes())).cases]
    return outcomes


def _package_of(file: Path, found: CaseFile) -> Path:
    if found.package is not None:
        return file.parent / found.package
    stem = next(file.name.removesuffix(ending) for ending in ENDINGS if file.name.endswith(ending))
    for ending in (".yaml", ".yml", ".json"):
        if (beside := file.with_name(stem + ending)).exists():
            return beside
    raise BadRequest(f"There is no package '{stem}.yaml' beside '{file}'; say which one with 'package:'.")


def _run(file: Path, case: Case, package: PackageFile, engine: Engine) -> Outcome:
    started = time.monotonic()
    outcome = Outcome(file, case, 0.0)
    try:
        outcome.seen = _seen(case, package, engine)
        if case.fails is not None:
            outcome.error = f"It did not fail; it should, with '{case.fails}'."
        found = (difference(name, wanted, outcome.seen[name]) for name, wanted in case.expect.items())
        outcome.differences = tuple(one for one in found if one is not None)
    except PenstockError as error:
        if case.fails is None:
            outcome.error = error.message
        elif case.fails not in error.message:
            outcome.error = f"It failed, and not with '{case.fails}': {error.message}"
    outcome.took_s = time.monotonic() - started
    return outcome


def _seen(case: Case, package: PackageFile, engine: Engine) -> Mapping[str, Seen]:
    predefined = {name: text for name, text in case.variables.items() if name in PREDEFINED}
    with tempfile.TemporaryDirectory(prefix="penstock-") as scratch:
        order = order_of(package, None, None, scratch=scratch, now=_now(case))
        static = {name: text for name, text in case.variables.items() if name not in PREDEFINED}
        order = Order(**{
            **order.to_json(), "variables": static, "dynamic_variables": case.dynamic_variables,
            "predefined": {**order.predefined, **predefined}, "threads": 1,
        })  # fmt: skip
        wanted = tuple(case.expect) or tuple(_destinations(package))
        given = {name: _reader(name, rows) for name, rows in case.given.items()}
        return attempt(order, given, wanted, engine)


def _destinations(package: PackageFile) -> list[str]:
    """Return what is computed where a case only says that it fails: everything that arrives somewhere."""
    components = json.loads(package.flow).get("components", [])
    flat = (one if "type" in one else {"type": next(iter(one)), **next(iter(one.values()))} for one in components)
    return [str(one.get("name", one["id"])) for one in flat if str(one["type"]).endswith("_destination_component")]


def _reader(name: str, rows: Any) -> Any:
    def read(schema: Schema) -> Any:
        return read_rows(rows, schema, name)

    return read


def _now(case: Case) -> datetime:
    try:
        return EPOCH + timedelta(milliseconds=jobs.parse_instant(case.now or NOW).ms)
    except (PenstockError, OverflowError) as error:
        raise BadRequest(
            f"'now' cannot be {case.now!r}: it is a date-time in ISO 8601, up to the year 9999."
        ) from error


def _update(file: Path, text: str, outcomes: list[Outcome]) -> None:
    by_name = {one.case.name: one for one in outcomes}

    def found(name: str, component: str) -> list[Out] | None:
        one = by_name[name]
        if component not in one.seen:
            return None
        seen, only = one.seen[component], one.case.expect[component].only
        return [out_of(row, seen.schema.names, only) for row in seen.rows]

    made = updated(text, found)
    if made != text:
        replace_file(file, made)
