"""Writes down the classes that Spark loads, so that it starts in half the time: `python -m penstock.cli.spark_classes`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from penstock.errors import PenstockError
from penstock.wiring.engines import classes_of_spark

_PACKAGE = """penstock: 1
name: What most packages do
components:
  - name: rows
    type: cloud_storage_source
    connection: here
    path: rows.csv
    delimiter: ","
    fields: [key: string, value: int, at: datetime]
  - name: some
    type: filter
    input: rows
    where: [{left: value, operator: ">=", right: "0"}]
  - name: told
    type: select
    input: some
    fields: [key, value, {day: "ToString(at,'yyyy-MM-dd')"}, {plain: "REPLACE(key,'[^a-z]','')"}]
  - name: copies
    type: clone
    input: told
  - name: sums
    type: aggregate
    input: {from: copies, output: "1"}
    group_by: [key]
    functions: [{function: sum, field: value, alias: total}]
  - name: with_sums
    type: join
    left: {from: copies, output: "2"}
    right: sums
    join_type: left
    keys: [key]
    fields: [left.key, left.value, left.day, left.plain, right.total]
  - name: ranked
    type: window
    input: with_sums
    partition_by: [key]
    order_by: [value]
    functions: [{function: row_number, alias: number}]
  - name: sorted
    type: sort
    input: ranked
    order_by: [key, number]
  - name: out
    type: cloud_storage_destination
    input: sorted
    connection: here
    path: out
    delimiter: ","
"""


def main() -> int:
    """Run a package on Spark, have the classes that it took written down, and say where. Exit code 1 where that fails."""
    with tempfile.TemporaryDirectory(prefix="penstock-") as name:
        folder = Path(name)
        (folder / "rows.csv").write_text("".join(f"k{n % 7},{n},2026-01-02\n" for n in range(100)))
        (folder / "package.yaml").write_text(_PACKAGE)
        (folder / "connections.toml").write_text('[here]\ntype = "file"\npath = "."\n')
        package, connections = str(folder / "package.yaml"), str(folder / "connections.toml")
        try:
            made = classes_of_spark(
                ["-m", "penstock", "run", package, "--connections", connections, "--engine", "spark"]
            )
        except PenstockError as error:
            print(f"The classes of Spark could not be written down: {error.message}", file=sys.stderr)
            return 1
    print(f"{made}: {made.stat().st_size / 1e6:,.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
