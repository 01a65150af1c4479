"""Hands a whole output over to BigQuery: files into a table of its own, from there into the target by one script.

The script is one job, whose transaction goes on without us. Jobs have names that follow from what is written: whoever takes
over asks for them, finds the one that runs or has ended, and begins none twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from google.api_core import exceptions as answers
from google.cloud import bigquery as driver

from penstock.connectors.databases import targets, trying
from penstock.connectors.databases.bigquery import session as big
from penstock.connectors.databases.bigquery.script import Script
from penstock.connectors.databases.bigquery.session import answering, quoted
from penstock.connectors.databases.bigquery.tables import BigQueryTables
from penstock.connectors.databases.bigquery.values import STAGED, Value, values_of
from penstock.connectors.databases.ledger import TABLE, Entry, Ledger
from penstock.connectors.databases.lines import StagedFiles
from penstock.connectors.databases.merging import check_doubles
from penstock.connectors.databases.pieces import Counts
from penstock.connectors.databases.targets import Column, Loaded, Table
from penstock.errors import PenstockError, PermanentError, TransientError
from penstock.kit.clock import system_clock
from penstock.plan.ports import Staged, Written
from penstock.plan.systems import DatabaseTarget

_INSIDE = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE_TABLE"})
"""Types of statements that a transaction takes."""
KEPT = timedelta(days=1)
"""How long BigQuery keeps the table of an output that nobody removes."""


class BigLedger(Ledger):
    """The ledger, made without a key, which BigQuery would not keep."""

    session: BigQueryTables

    def _make(self) -> bool:
        whole = ("records", "finished", "chunk", "epoch")
        fields = [
            driver.SchemaField(
                name, "STRING" if name in ("job", "output") else "INT64" if name in whole else "TIMESTAMP"
            )
            for name in ("job", "output", "records", "finished", "written_at", "chunk", "epoch")
        ]
        table = driver.Table(self.session.reference(self.schema, TABLE), fields)
        try:
            with answering():
                self.session.client.create_table(table, exists_ok=True, retry=big.RETRY, timeout=big.CALL_S)
        except PermanentError:
            return False
        return True


class Handing:
    """One output on its way. *sent* is called once its end is no longer known for certain."""

    def __init__(
        self, session: BigQueryTables, staged: Staged, written: Written, target: DatabaseTarget, ledger_schema: str | None,
        files: Callable[[], StagedFiles], sent: Callable[[], None],
    ) -> None:  # fmt: skip
        self.session, self.staged, self.written, self.target = session, staged, written, target
        self.files, self.sent = files, sent
        self.ledger = BigLedger.of(session, ledger_schema or target.schema, staged)
        self.items = targets.items_of(staged.write, target)
        named = f"{staged.load}\0{staged.write.component_id}\0{target.schema}\0{target.table}"
        self.key = hashlib.sha256(named.encode()).hexdigest()[:32]
        self.staging = session.reference(target.schema, f"_penstock_{self.key}")

    @property
    def client(self) -> driver.Client:
        """Who is asked."""
        return self.session.client

    def run(self) -> tuple[bool, Counts]:
        """Return whether a ledger has it now, and what was counted. Raises PermanentError when nothing was written."""
        is_once = self.ledger.made()
        seen = self.ledger.find() if is_once else None
        counts = Counts()
        try:
            if seen is None:
                counts = self._written(is_once)
            if (seen is None or not seen.is_finished) and self._is_outside("post_action_sql"):
                self._after()
                if is_once:
                    self.ledger.finish()
        except PermanentError as error:
            if isinstance(error.__cause__, answers.NotFound) and self.staging.table_id in error.message:
                # Another attempt was done with it before this one.
                raise TransientError(error.message) from error
            self._clear()
            raise
        self._clear()
        return is_once, counts

    def _written(self, is_once: bool) -> Counts:
        name = f"penstock_{self.key}_write"
        job, policy = self._found(name)[0], self.staged.spec.on_bad_value
        skipped = nulled = 0
        if job is None:
            if self._is_outside("pre_action_sql"):
                self._act("pre_action_sql")
            table = self._table()
            self._load()
            columns = self._columns() if table is None else table.columns
            values = values_of(columns, self.items)
            skipped, nulled = trying.count(self.session, self._staging_name, values, policy, "COUNTIF")
            given = trying.relation(self._staging_name, values, policy)
            self._check_doubles(given)
            script = self._script(table, values, given, skipped, is_once)
            job = self._begun(name, lambda one: self._query(one, script))
        self.sent()
        found = self._ended(job)
        arrived, updated, inserted = (int(one) for one in next(iter(found)).values())
        counts = Counts(chunks=1)
        counts.add(Loaded(arrived, skipped, nulled))
        if self.target.operation == "merge":
            counts.rows = {"updated": updated, "inserted": inserted}
        return counts

    # --- what the author runs before and after

    def _is_outside(self, name: str) -> bool:
        """Tell whether an action is one that no transaction takes, such as a definition. One that BigQuery does not understand
        yet is told of where it is run."""
        sql = getattr(self.target, name)
        if sql is None:
            return False
        try:
            with answering():
                config = driver.QueryJobConfig(dry_run=True)
                found = self.client.query(sql, job_config=config, retry=big.RETRY, job_retry=None, timeout=big.CALL_S)
        except PermanentError:
            return False
        return found.statement_type not in _INSIDE

    def _act(self, name: str) -> None:
        """Run an action as a job of its own, once."""
        try:
            self._ended(
                self._begun(f"penstock_{self.key}_{name}", lambda one: self._query(one, getattr(self.target, name)))
            )
        except PermanentError as error:
            raise PermanentError(f"'{name}' failed: {error.message}") from error

    def _after(self) -> None:
        try:
            self._act("post_action_sql")
        except PermanentError as error:
            raise PermanentError(f"the records were written, but {error.message}") from error

    @property
    def _staging_name(self) -> str:
        return self.session.qualified(self.target.schema, self.staging.table_id)

    @property
    def _is_made_again(self) -> bool:
        return self.target.operation == targets.MADE_AGAIN

    def _columns(self) -> tuple[Column, ...]:
        """The columns of a table that is made again."""
        return tuple(Column(one.column, self.session.type_of(one.kind), targets.Family.OTHER) for one in self.items)

    # --- the table

    def _table(self) -> Table | None:
        """Return the table, made and widened as the policy says; None where the script makes it again."""
        session, target = self.session, self.target
        found = targets.checked(session, target, self.items)
        if self._is_made_again and (found is None or not found.layout):
            return None
        name = session.qualified(target.schema, target.table)
        if found is None:
            listed = ", ".join(f"{quoted(one.column)} {session.type_of(one.kind)}" for one in self.items)
            session.execute(f"CREATE TABLE IF NOT EXISTS {name} ({listed})")
        else:
            lacking = targets.missing(found, target, self.items)
            if not lacking:
                return found
            listed = ", ".join(
                f"ADD COLUMN IF NOT EXISTS {quoted(one.column)} {session.type_of(one.kind)}" for one in lacking
            )
            session.execute(f"ALTER TABLE {name} {listed}")
        made = targets.checked(session, target, self.items)
        if made is None:
            raise PermanentError(f"the table {name} was made, and is not there. Create it by hand.")
        return made

    def _script(self, table: Table | None, values: Sequence[Value], given: str, skipped: int, is_once: bool) -> str:
        session, target = self.session, self.target
        outside = [one for one in ("pre_action_sql", "post_action_sql") if self._is_outside(one)]
        inside = replace(
            target,
            pre_action_sql=None if "pre_action_sql" in outside else target.pre_action_sql,
            post_action_sql=None if "post_action_sql" in outside else target.post_action_sql,
        )
        made = Script(
            session.qualified(target.schema, target.table), values, given, self.written.records - skipped, inside
        )
        if table is not None:
            made.partition = session.partition(target.schema, target.table)
        entry = Entry("post_action_sql" not in outside, self.written.records)
        return made.text(self.ledger.entered(entry) if is_once else None, again=table is None)

    # --- what is staged

    def _load(self) -> None:
        """Bring the staged files into a table of their own. Raises PermanentError where another number of records arrived."""
        fields = [driver.SchemaField(one.column, STAGED.get(one.kind, "STRING")) for one in self.items]
        table = driver.Table(self.staging, fields)
        table.expires = system_clock() + KEPT
        with answering():
            made = self.client.create_table(table, exists_ok=True, retry=big.RETRY, timeout=big.CALL_S)
        # A table that was made anew has nothing of what jobs loaded into the one before.
        stem = f"penstock_{self.key}_{int(made.created.timestamp() * 1000)}"
        jobs = [
            self._begun(f"{stem}_{index}", lambda one, path=path: self._upload(one, path))  # type: ignore[misc]
            for index, path in enumerate(self.files().paths)
            if pq.read_metadata(path).num_rows
        ]
        for one in jobs:
            self._ended(one)
        arrived = sum(int(one.output_rows or 0) for one in jobs)
        if arrived != self.written.records:
            raise PermanentError(
                f"{self.written.records:,} records were staged and {arrived:,} arrived. Nothing was written. Run the job again."
            )

    def _upload(self, name: str, path: Path) -> Any:
        config = driver.LoadJobConfig(
            source_format="PARQUET",
            write_disposition="WRITE_APPEND",
            create_disposition="CREATE_NEVER",
            labels={"by": "penstock"},
        )
        with path.open("rb") as file:
            return self.client.load_table_from_file(
                file, self.staging, size=path.stat().st_size, job_id=name, job_config=config, location=self.client.location,
                timeout=big.CALL_S,
            )  # fmt: skip

    def _check_doubles(self, given: str) -> None:
        if self.target.operation == "merge":
            check_doubles(self.session, f"({given})", self.items)

    def _clear(self) -> None:
        """Remove what was staged; BigQuery does so by itself after a while."""
        with suppress(PenstockError), answering():
            self.client.delete_table(self.staging, not_found_ok=True, retry=big.RETRY, timeout=big.CALL_S)

    # --- jobs by name

    def _query(self, name: str, script: str) -> Any:
        return self.client.query(script, job_id=name, retry=big.RETRY, job_retry=None, timeout=big.CALL_S)

    def _begun(self, name: str, begin: Callable[[str], Any]) -> Any:
        """Return the job of a name: one that runs or ended well, or one that is begun, where all before it have failed."""
        while True:
            found, free = self._found(name)
            if found is not None:
                return found
            try:
                with answering():
                    return begin(free)
            except PermanentError as error:
                # Another attempt was faster.
                if not isinstance(error.__cause__, answers.Conflict):
                    raise

    def _found(self, name: str) -> tuple[Any, str]:
        """Return the job of a name, None where all have failed or there is none, and the name of the next."""
        number = 1
        while True:
            one = f"{name}_{number}"
            try:
                with answering():
                    found = self.client.get_job(one, location=self.client.location, retry=big.RETRY, timeout=big.CALL_S)
            except PermanentError as error:
                if isinstance(error.__cause__, answers.NotFound):
                    return None, one
                raise
            if found.state != "DONE" or not found.error_result:
                return found, one
            number += 1

    def _ended(self, job: Any) -> Any:
        """Wait for a job. Raises what its failure means."""
        with answering():
            return (
                job.result(retry=big.RETRY) if job.job_type == "load" else job.result(retry=big.RETRY, job_retry=None)
            )
