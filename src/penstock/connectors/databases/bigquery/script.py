"""The script by which staged records come into a table: one transaction with its row of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from penstock.connectors.databases.bigquery.partitions import Partition
from penstock.connectors.databases.bigquery.session import literal
from penstock.connectors.databases.bigquery.values import Value
from penstock.plan.systems import DatabaseTarget


@dataclass(slots=True)
class Script:
    """What is said about a *table*: *given* is the SELECT of what is written, *records* are so many."""

    table: str
    values: Sequence[Value]
    given: str
    records: int
    target: DatabaseTarget
    partition: Partition | None = None

    def text(self, entry: str | None, *, again: bool) -> str:
        """Return the script; *entry* is the statement that enters it into the ledger, None where there is none. It gives one
        row: records that arrived, rows that were changed, rows that were added. A table that is made *again* is so by a
        statement that no transaction takes: whoever does it twice does it once."""
        before, after = self._action("pre_action_sql"), self._action("post_action_sql")
        entered = [] if entry is None else [entry]
        head = "DECLARE arrived, inserted, rows_before INT64 DEFAULT 0"
        if again:
            made = [head, *before, self._made_again(), *entered, *after, f"SELECT {self.records}, 0, {self.records}"]
            return _joined(made)
        return _joined([
            head, "BEGIN TRANSACTION", *entered, *before, *self._written(), *after, "COMMIT TRANSACTION",
            "SELECT arrived, arrived - inserted, inserted",
        ])  # fmt: skip

    def _written(self) -> list[str]:
        match self.target.operation:
            case "merge":
                return [*self._checked(), *self._merged()]
            case "overwrite":
                where = "TRUE" if self.partition is None else self.partition.holds()
                return [*self._checked(), f"DELETE FROM {self.table} WHERE {where}", *self._added()]
        return [*self._checked(), *self._added()]

    def _checked(self) -> list[str]:
        """What lies elsewhere than in the partition that is named would go there unseen."""
        if self.partition is None or self.partition.is_of_time:
            return []
        inside = self.partition.holds()
        says = "a record lies in another partition than the one that is written"
        column = self.partition.column
        if column not in {one.name for one in self.values}:
            return [f"ASSERT {self.records} = 0 AS {literal(says)}"]
        return [
            f"ASSERT NOT EXISTS (SELECT 1 FROM ({self.given}) WHERE NOT COALESCE({inside}, FALSE)) AS {literal(says)}"
        ]

    def _added(self) -> list[str]:
        columns, listed = self._listed("")
        says = f"{self.records:,} records were staged, and another number arrived"
        return [
            f"INSERT INTO {self.table} ({columns}) SELECT {listed} FROM ({self.given})",
            "SET arrived = @@row_count", "SET inserted = arrived", f"ASSERT arrived = {self.records} AS {literal(says)}",
        ]  # fmt: skip

    def _merged(self) -> list[str]:
        keys = set(self.target.keys)
        same = [f"there.{one.name} = given.{one.name}" for one in self.values if one.column.name in keys]
        if self.partition is not None:
            same.append(self.partition.holds("there."))
        changes = ", ".join(
            f"{one.name} = COALESCE(given.{one.name}, there.{one.name})"
            for one in self.values
            if one.column.name not in keys
        )
        columns, listed = self._listed("given.")
        changed = f" WHEN MATCHED THEN UPDATE SET {changes}" if changes else ""
        count = f"(SELECT COUNT(*) FROM {self.table})"
        says = f"{self.records:,} records were staged, and some of them did not arrive"
        return [
            f"SET rows_before = {count}",
            f"MERGE INTO {self.table} there USING ({self.given}) given ON {' AND '.join(same)}{changed} "
            f"WHEN NOT MATCHED THEN INSERT ({columns}) VALUES ({listed})",
            "SET arrived = @@row_count", f"SET inserted = {count} - rows_before",
            *([f"ASSERT arrived >= {self.records} AS {literal(says)}"] if changes else []),
        ]  # fmt: skip

    def _listed(self, alias: str) -> tuple[str, str]:
        """Return the columns that are written, and what is written into each."""
        columns = [one.name for one in self.values]
        listed = [f"{alias}{one}" for one in columns]
        if self.partition is not None and self.partition.is_of_time:
            columns, listed = ["_PARTITIONTIME", *columns], [self.partition.low, *listed]
        return ", ".join(columns), ", ".join(listed)

    def _made_again(self) -> str:
        columns = ", ".join(f"{one.name} {one.column.type}" for one in self.values)
        return f"CREATE OR REPLACE TABLE {self.table} ({columns}) AS {self.given}"

    def _action(self, name: str) -> list[str]:
        """A statement of the author's: one, for what is run so cannot be more, nor end the transaction."""
        sql = getattr(self.target, name)
        if sql is None:
            return []
        says = literal(f"'{name}' failed: ")
        return [
            "\n".join([
                "BEGIN", f"EXECUTE IMMEDIATE {literal(sql.strip().rstrip(';'))};", "EXCEPTION WHEN ERROR THEN",
                f"RAISE USING MESSAGE = CONCAT({says}, @@error.message);", "END",
            ])
        ]  # fmt: skip


def _joined(statements: Sequence[str]) -> str:
    return "".join(f"{one};\n" for one in statements)
