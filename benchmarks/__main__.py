"""Runs the benchmarks, shows the table and writes it to `docs/benchmarks.md`."""

from __future__ import annotations

import argparse
import compileall
import contextlib
import site
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

import penstock
from benchmarks import compiling, everyday, latency, moves, on_spark, report, requests, shared, throughput
from benchmarks.measure import Line
from benchmarks.server import Client, serving

PARTS = "abcdefgh"


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0: figures are figures, an aim that is missed is said in the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", default=PARTS, help="letters of the parts to run, such as ad (default: all)")
    parser.add_argument(
        "--rows", type=int, default=10_000_000, help="rows of the generated file (default: ten million)"
    )
    parser.add_argument(
        "--sizes",
        default=",".join(map(str, everyday.SIZES)),
        help="rows of the files of parts e and g, with commas between",
    )
    parser.add_argument(
        "--rounds", type=int, default=everyday.ROUNDS, help="how often each package of part e is measured"
    )
    parser.add_argument(
        "--packages", nargs="+", choices=everyday.flows(), default=(), help="packages of part e to measure alone"
    )
    parser.add_argument(
        "--form-rows",
        default=f"{shared.ROWS},{shared.ON_SPARK_ROWS}",
        help="rows over which part f measures a form, on the embedded engine and on Spark (0: not there); a million is said",
    )
    parser.add_argument(
        "--move-rows", type=int, default=moves.ROWS, help="rows that part h moves between systems (default: a million)"
    )
    parser.add_argument("--dlt", metavar="PYTHON", help="a Python that has dlt, which part h then runs beside it")
    parser.add_argument("--data", type=Path, help="folder that keeps the data for the next time (default: thrown away)")
    parser.add_argument("--no-write", action="store_true", help="leave docs/benchmarks.md as it is")
    given = parser.parse_args(arguments)
    console = Console()
    _compile()
    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="penstock-bench-")))
        data = (given.data or scratch / "data").resolve()
        data.mkdir(parents=True, exist_ok=True)
        lines = _run(given, stack, scratch, data)
        forms = _forms(*map(int, given.form_rows.split(","))) if "f" in given.only else []
    command = "make bench" if given.only == PARTS else f"python -m benchmarks --only {given.only}"
    if lines:
        _show(console, report.HEAD, report.rows(lines))
    if forms:
        _show(console, report.FORMS_HEAD, forms)
    if given.no_write:
        return 0
    if lines:
        report.write(lines, command)
        console.print(f"Written to {report.PAGE.name}.")
    if forms:
        report.write_forms(forms, command)
        console.print(f"Written to {report.FORMS.name}.")
    return 0


def _show(console: Console, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = Table(*head)
    for row in rows:
        table.add_row(*row)
    console.print(table)


def _compile() -> None:
    """Compile what is installed, as pip does and other installers do not: else every process would anew, on both sides."""
    for folder in (*site.getsitepackages(), str(Path(penstock.__file__).parent)):
        compileall.compile_dir(folder, quiet=2, workers=0)


def _run(given: argparse.Namespace, stack: contextlib.ExitStack, scratch: Path, data: Path) -> list[Line]:
    only, sizes = given.only, [int(one) for one in given.sizes.split(",")]
    lines: list[Line] = []
    if set(only) & set("abceh"):
        folder = scratch / "server"
        folder.mkdir()
        client, pid = stack.enter_context(serving(folder, data))
        if "a" in only:
            lines += latency.run(client, data)
        if "b" in only:
            lines += throughput.run(client, pid, data, given.rows)
        if "c" in only:
            lines += requests.run(client, _a_job(client, data))
        if "e" in only:
            lines += everyday.run(client, data, sizes, given.rounds, given.packages)
        if "h" in only:
            lines += moves.run(client, pid, data, given.move_rows, given.rounds, given.dlt)
    if "d" in only:
        lines += compiling.run()
    if "g" in only:
        lines += on_spark.run(data, sizes)
    return lines


def _forms(rows: int, on_spark_rows: int) -> list[tuple[str, str, str, str]]:
    here = shared.run(rows) if rows else {}
    if not on_spark_rows:
        return shared.table(here, {})
    # Only here, for it takes what the extra installs.
    from benchmarks import shared_on_spark

    return shared.table(here, shared_on_spark.run(on_spark_rows))


def _a_job(client: Client, data: Path) -> int:
    """Return the id of a job that is completed."""
    latency.run(client, data, rounds=1)
    return int(client.call("GET", "jobs")[0]["id"])


raise SystemExit(main())
