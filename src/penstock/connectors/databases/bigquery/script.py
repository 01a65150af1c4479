"""The script by which staged records come into a table: one transaction with its row of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from penstock.connectors.databases.bigquery.partitions import Partition
from penstock.connectors.databases.bigquery.session import literal, quoted
from penstock.connectors.databases.bigquery.values import Value
from penstock.connectors.databases.targets import Column
from penstock.plan.systems import DatabaseTarget


@dataclass(slots=True)
class Script:
    """What is said about a *table*: *given* is the SELECT of what is written, *records* are so many."""

    table: str
    values: Sequence[Value]
    given: str
    records: int
    left_out: tuple[int, int]
    """How many records are left out, and how many values became null."""
    target: DatabaseTarget
    partition: Partition | None = None
    mark: Column | None = None
    """The column that marks rows which did not come in."""

    def text(self, entry: str | None, *, again: bool, moves: bool = False) -> str:
        """Return the script; *entry* is the statement that enters it into the ledger, None where there is none, or *moves* its
        row on. It gives one row: records that arrived, rows that were changed, rows that were added, and what was left out. A
        table that is made *again* is so by a statement that no transaction takes: whoever does it twice does it once."""
        before, after = self._action("pre_action_sql"), self._action("post_action_sql")
        entered = (
            []
            if entry is None
            else [entry, *(["ASSERT @@row_count = 1 AS 'another attempt of this job has written'"] if moves else [])]
        )
        more = "" if self.target.missing_rows == "keep" else ", rows_missing, rows_there"
        head = f"DECLARE arrived, inserted, rows_before{more} INT64 DEFAULT 0"
        left_out = ", ".join(map(str, self.left_out))
        if again:
            made = [
                head,
                *before,
                self._made_again(),
                *entered,
                *after,
                f"SELECT {self.records}, 0, {self.records}, {left_out}",
            ]
            return _joined(made)
        return _joined([
            head, "BEGIN TRANSACTION", *entered, *before, *self._written(), *after, "COMMIT TRANSACTION",
            f"SELECT arrived, arrived - inserted, inserted, {left_out}",
        ])  # fmt: skip

    def _written(self) -> list[str]:
        match self.target.operation:
            case "merge":
                return [*self._checked(), *self._limited(), *self._merged(), *self._missing()]
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
        if self.mark is not None:
            changes = ", ".join([*([changes] if changes else []), f"{quoted(self.mark.name)} = NULL"])
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

    def _limited(self) -> list[str]:
        """More rows than may would go, or be marked: nothing is written."""
        if self.target.missing_rows == "keep":
            return []
        inside = "TRUE" if self.partition is None else self.partition.holds()
        limit = f"{self.target.missing_rows_limit_percent:g}"
        does = "go" if self.mark is None else "be marked"
        parts = [
            "CAST(rows_missing AS STRING)", literal(" of the "), "CAST(rows_there AS STRING)",
            literal(
                f" rows of {self.table} would {does}, more than {limit} percent. Nothing was written. Look at the source, or "
                "raise 'missing_rows_limit_percent'."
            ),
        ]  # fmt: skip
        return [
            f"SET rows_missing = (SELECT COUNT(*) FROM {self.table} there WHERE {self._stays_out})",
            f"SET rows_there = (SELECT COUNT(*) FROM {self.table} WHERE {inside})",
            "\n".join([
                f"IF rows_missing * 100 > {limit} * rows_there THEN", f"RAISE USING MESSAGE = CONCAT({', '.join(parts)});",
                "END IF",
            ]),
        ]  # fmt: skip

    def _missing(self) -> list[str]:
        """What becomes of the rows whose key did not come in."""
        if self.target.missing_rows == "keep":
            return []
        if self.mark is None:
            return [f"DELETE FROM {self.table} there WHERE {self._stays_out}"]
        word = self.mark.type.partition("(")[0]
        now = "CURRENT_TIMESTAMP()" if word == "TIMESTAMP" else f"CAST(CURRENT_TIMESTAMP() AS {word})"
        return [f"UPDATE {self.table} there SET {quoted(self.mark.name)} = {now} WHERE {self._stays_out}"]

    @property
    def _stays_out(self) -> str:
        """The rows whose key did not come in, and that are not marked yet; of a null key nobody can tell."""
        names = [one.name for one in self.values if one.column.name in self.target.keys]
        same = " AND ".join(f"given.{name} = there.{name}" for name in names)
        tests = [f"there.{name} IS NOT NULL" for name in names]
        if self.mark is not None:
            tests.append(f"there.{quoted(self.mark.name)} IS NULL")
        if self.partition is not None:
            tests.append(self.partition.holds("there."))
        return " AND ".join([*tests, f"NOT EXISTS (SELECT 1 FROM ({self.given}) given WHERE {same})"])

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
