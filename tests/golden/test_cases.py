"""The golden corpus: each case is a package that is compiled, rendered and run; every stage is compared with a file.

A case is a folder under `cases/`: `package.json`; `in/`, the files that the connection `lake` (or the only connection
that the package names) holds; `run.json`, the variables of the run, where there are any; `plan.txt`; `duckdb.sql`; and
the rows of each output, `rows.csv`, or `rows.<component>.csv` where there are several. Rows are the lines of the file
that is written (of Parquet, its values as CSV), in order behind a Sort and in any order elsewhere. A case that an engine
cannot run names what it says in `gaps.toml`, and fails once the engine runs it.

Cases under `elsewhere/` read and write other systems than files: they have a plan and statements, and their rows are those of
`tests/contract`, where real servers are.

`make golden` writes the files anew; their diff is reviewed like code.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fastavro
import pyarrow.parquet
import pytest
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner

from penstock.cli.app import app
from penstock.cli.packages import read_package
from penstock.engines.duckdb.run import DuckEngine
from penstock.engines.files.opening import unpacked
from penstock.lang import Given, compile_package, evaluate_all, resolve
from penstock.plan.explain import explain
from penstock.plan.operators import Plan, Sort, Write
from penstock.plan.ports import Context
from penstock.plan.schema import Schema

CASES = sorted((Path(__file__).parent / "cases").iterdir())
COMPILED = [*CASES, *sorted((Path(__file__).parent / "elsewhere").iterdir())]
REWRITE = os.environ.get("GOLDEN") == "write"
NOW = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
ENDINGS = {
    "delimited": "csv", "json": "json", "json_array": "json", "parquet": "csv", "avro": "csv", "excel": "csv", "raw": "txt",
}  # fmt: skip


def run_of(case: Path) -> Mapping[str, Any]:
    file = case / "run.json"
    found: Mapping[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return found


def compiled(case: Path) -> Plan:
    package, run, engine = read_package(case / "package.json"), run_of(case), DuckEngine()
    given = Given(package.variables, run.get("variables", {}), run.get("dynamic_variables", {}))
    values = evaluate_all(resolve(given), lambda expr: engine.evaluate((expr,), Schema(), {}, Context(NOW))[0])
    assert values.diagnostics == ()
    made = compile_package(package.flow, values.values)
    assert made.errors == ()
    assert made.plan is not None
    assert engine.gaps(made.plan) == ()
    return made.plan


def compare(file: Path, text: str, *, in_order: bool = True) -> None:
    """Compare a file with what came out, or write it."""
    if REWRITE:
        file.write_text(text, "utf-8")
        return
    wanted = file.read_text("utf-8")
    if in_order:
        assert text == wanted
    else:
        lines, wanted_lines = Counter(text.split("\n")), Counter(wanted.split("\n"))
        assert lines == wanted_lines, f"too many: {lines - wanted_lines}, missing: {wanted_lines - lines}"


@pytest.mark.parametrize("case", COMPILED, ids=lambda case: case.name)
def test_the_plan(case: Path) -> None:
    compare(case / "plan.txt", explain(compiled(case)))


@pytest.mark.parametrize("case", COMPILED, ids=lambda case: case.name)
def test_the_statements(case: Path) -> None:
    compare(case / "duckdb.sql", DuckEngine().explain(compiled(case)) + "\n")


def outputs_of(case: Path, tmp_path: Path, *more: str) -> Iterator[tuple[Write, Path, list[str]]]:
    """Run a case; yield each output, the file of its golden rows, and what is in its files."""
    lake = tmp_path / "lake"
    shutil.copytree(case / "in", lake)
    plan = compiled(case)
    run = run_of(case)
    keys = {write.target.connection.key for write in plan.outputs}
    (tmp_path / "connections.json").write_text(json.dumps({key: {"type": "file", "path": "lake"} for key in keys}))
    options = [f"--var={name}={value}" for name, value in run.get("variables", {}).items()]
    options += [f"--dynamic-var={name}={value}" for name, value in run.get("dynamic_variables", {}).items()]
    command = [
        "run",
        str(case / "package.json"),
        "--connections",
        str(tmp_path / "connections.json"),
        "--json",
        *options,
        *more,
    ]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    for write, receipt in zip(plan.outputs, answer["outputs"], strict=True):
        parts = [written(lake, write, file) for file in receipt["files"]]
        assert receipt["records_count"] == sum(records for _, records in parts)
        name = "rows" if len(plan.outputs) == 1 else f"rows.{write.component_id}"
        yield write, case / f"{name}.{ENDINGS[write.target.format]}", [text for text, _ in parts]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_rows(case: Path, tmp_path: Path) -> None:
    for write, file, texts in outputs_of(case, tmp_path):
        assert len(texts) == 1
        in_order = isinstance(write.given, Sort)
        compare(file, texts[0] if in_order or not REWRITE else ordered(texts[0], write), in_order=in_order)


@pytest.mark.skipif(REWRITE, reason="the embedded engine writes the golden rows")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_rows_on_spark(case: Path, tmp_path: Path) -> None:
    if (gap := gap_of(case, "spark")) is not None:
        with pytest.raises(AssertionError, match=re.escape(gap)):
            list(outputs_of(case, tmp_path, "--engine", "spark"))
        return
    for write, file, texts in outputs_of(case, tmp_path, "--engine", "spark"):
        whole = texts[0] + "".join("".join(text.splitlines(keepends=True)[has_head(write) :]) for text in texts[1:])
        compare(file, whole, in_order=isinstance(write.given, Sort))


def gap_of(case: Path, engine: str) -> str | None:
    """Return what an engine says that cannot run a case, None where it runs it; such gaps stand in `gaps.toml`, by engine."""
    file = case / "gaps.toml"
    gap: str | None = tomllib.loads(file.read_text("utf-8")).get(engine) if file.exists() else None
    return gap


def written(lake: Path, write: Write, file: str) -> tuple[str, int]:
    """Return the lines of a file, and how many records they are."""
    path = lake / file if not Path(file).is_absolute() else Path(file)
    target = write.target
    if target.format == "parquet":
        table = pyarrow.parquet.read_table(path)
        out = io.StringIO()
        sheet = csv.writer(out, lineterminator="\n")
        sheet.writerow([f"{field.name}: {field.type}" for field in table.schema])
        sheet.writerows(zip(*(column.to_pylist() for column in table.itercolumns()), strict=True))
        return out.getvalue(), table.num_rows
    if target.format in ("avro", "excel"):
        return sheet_of(path, target.format)
    with path.open("rb") as packed, unpacked(packed, target.compression) as plain:
        text = plain.read().decode()
    if target.format == "json_array":
        records = json.loads(text)
        return "".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in records), len(records)
    head = 1 if target.format == "delimited" and target.header else 0
    # A quoted line break is no end of a record.
    records = len(list(csv.reader(io.StringIO(text, newline="")))) if target.quote == '"' else len(text.splitlines())
    return text, records - head


def sheet_of(path: Path, form: str) -> tuple[str, int]:
    """Return the records of an Avro file or a workbook as CSV, and how many they are."""
    rows: list[list[Any]]
    if form == "excel":
        head, *rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    else:
        with path.open("rb") as stream:
            found = fastavro.reader(stream)
            head = [f"{one['name']}: {one['type'][1]}" for one in found.writer_schema["fields"]]
            rows = [list(one.values()) for one in found]
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([head, *rows])
    return out.getvalue(), len(rows)


def has_head(write: Write) -> int:
    """Return how many lines of a text are no records."""
    return int(
        write.target.format in ("parquet", "avro", "excel")
        or (write.target.format == "delimited" and write.target.header)
    )


def ordered(text: str, write: Write) -> str:
    """Return lines whose order means nothing in an order that does not change."""
    head = has_head(write)
    lines = text.splitlines(keepends=True)
    return "".join(lines[:head] + sorted(lines[head:]))
