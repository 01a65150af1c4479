"""Hands an output, or a chunk of it, over to BigQuery: files into a table of its own, from there into the target by a script.

The script is one job, whose transaction goes on without us. Jobs have names that follow from what is written: whoever takes
over asks for them, finds the one that runs or has ended, and begins none twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from google.api_core import exceptions as answers
from google.cloud import bigquery as driver

from penstock.connectors.databases import keys, targets, trying
from penstock.connectors.databases.bigquery import session as big
from penstock.connectors.databases.bigquery import staging
from penstock.connectors.databases.bigquery.script import Script
from penstock.connectors.databases.bigquery.session import answering, quoted
from penstock.connectors.databases.bigquery.tables import BigQueryTables
from penstock.connectors.databases.bigquery.values import STAGED, Value, values_of
from penstock.connectors.databases.ledger import TABLE, Entry, Ledger
from penstock.connectors.databases.lines import StagedFiles
from penstock.connectors.databases.loading import Handed
from penstock.connectors.databases.merging import check_doubles
from penstock.connectors.databases.pieces import Counts
from penstock.connectors.databases.targets import Column, Item, Loaded, Table, Taken
from penstock.errors import PenstockError, PermanentError, TransientError

_INSIDE = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE_TABLE"})
"""Types of statements that a transaction takes."""


class BigLedger(Ledger):
    """The ledger, made without a key, which BigQuery would not keep."""

    session: BigQueryTables
    adds = "ADD COLUMN"

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
    """A piece of an output on its way. What is done for it has names that follow from the output, and of a chunk from where it
    begins: so an attempt that cuts other chunks finds what goes on there."""

    def __init__(self, session: BigQueryTables, handed: Handed) -> None:
        self.session, self.handed = session, handed
        self.staged, self.target, self.ledger, self.piece = handed.staged, handed.target, handed.ledger, handed.piece
        self.items = targets.items_of(self.staged.write, self.target)
        named = f"{self.staged.load}\0{self.staged.write.component_id}\0{self.target.schema}\0{self.target.table}"
        self.key = hashlib.sha256(named.encode()).hexdigest()[:32]
        first, both = (
            ("", "") if not self._in_chunks else (f"_{self.piece.first}", f"_{self.piece.first}_{self.piece.end}")
        )
        self.write = f"penstock_{self.key}{first}_write"
        self.staging = session.reference(self.target.schema, f"_penstock_{self.key}{both}")

    @property
    def _in_chunks(self) -> bool:
        return self.target.chunk_records is not None

    @property
    def client(self) -> driver.Client:
        """Who is asked."""
        return self.session.client

    def run(self) -> Counts:
        """Write it, and do what follows; returns what was counted. Raises PermanentError when nothing of it was written."""
        counts, seen = Counts(), self.handed.seen
        try:
            if not self.handed.is_there:
                counts = self._written()
            is_finished = self.handed.is_there and seen is not None and seen.is_finished
            if self.piece.is_last and not is_finished and self._is_outside("post_action_sql"):
                self._after()
                if self.handed.is_once:
                    self.ledger.finish()
        except PermanentError as error:
            if isinstance(error.__cause__, answers.NotFound) and self.staging.table_id in error.message:
                # Another attempt was done with it before this one.
                raise TransientError(error.message) from error
            self._clear()
            if self._in_chunks and not self.handed.is_there and self.ledger.find() != seen:
                raise Taken(error.message) from error
            raise
        self._clear()
        return counts

    def _written(self) -> Counts:
        job = self._found(self.write)[0]
        if job is None:
            job = self._handed_over()
        else:
            self.handed.sent()
        found = self._ended(job)
        arrived, updated, inserted, skipped, nulled = (int(one) for one in next(iter(found)).values())
        counts = Counts(chunks=1)
        counts.add(Loaded(arrived, skipped, nulled))
        if self.target.operation == "merge":
            counts.rows = {"updated": updated, "inserted": inserted}
        return counts

    def _handed_over(self) -> Any:
        """Return the job that writes, which is begun."""
        policy = self.staged.spec.on_bad_value
        if self.piece.is_first and self._is_outside("pre_action_sql"):
            self._act("pre_action_sql")
        table = self._table()
        with self.handed.files().whole() as paths:
            self._load(paths, self.staging, self.items, self.piece.records)
        columns = self._columns() if table is None else table.columns
        values = values_of(columns, self.items)
        left_out = trying.count(self.session, self._staging_name, values, policy, "COUNTIF({})")
        given = trying.relation(self._staging_name, values, policy)
        self._check_doubles(table, values, given)
        script = self._script(table, values, given, left_out)
        # From here on its end is known for certain only from the job, or the ledger.
        self.handed.sent()
        return self._begun(self.write, lambda one: self._query(one, script))

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
        if found is None and not self.piece.is_first:
            raise PermanentError(f"the table {name} is gone, and the chunks that were written into it.")
        if found is None:
            wanted = targets.missing(Table(name, ()), target, self.items)
            listed = ", ".join(f"{quoted(one.column)} {session.type_of(one.kind)}" for one in wanted)
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

    def _script(self, table: Table | None, values: Sequence[Value], given: str, left_out: tuple[int, int]) -> str:
        session, target, piece = self.session, self.target, self.piece
        inside = replace(
            target,
            pre_action_sql=target.pre_action_sql if piece.is_first and not self._is_outside("pre_action_sql") else None,
            post_action_sql=target.post_action_sql
            if piece.is_last and not self._is_outside("post_action_sql")
            else None,
        )
        made = Script(
            session.qualified(target.schema, target.table), values, given, piece.records - left_out[0], left_out, inside
        )
        if table is not None:
            made.partition = session.partition(target.schema, target.table)
            made.mark = table.column(target.mark_column) if target.mark_column else None
        has_after = piece.is_last and target.post_action_sql is not None and inside.post_action_sql is None
        entry = Entry(piece.is_last and not has_after, piece.end, piece.number, self.ledger.epoch)
        seen = self.handed.seen
        entered = self.ledger.entered(entry) if seen is None else self.ledger.moved(entry, seen)
        return made.text(entered if self.handed.is_once else None, again=table is None, moves=seen is not None)

    # --- what is staged

    def _load(self, paths: Sequence[Path], into: Any, items: Sequence[Item], records: int) -> None:
        """Bring files into a table of their own. Raises PermanentError where another number of records arrived."""
        fields = [driver.SchemaField(one.column, STAGED.get(one.kind, "STRING")) for one in items]
        made = staging.made(self.client, into, fields)
        # A table that was made anew has nothing of what jobs loaded into the one before.
        stem = f"{into.table_id.removeprefix('_')}_{int(made.created.timestamp() * 1000)}"
        jobs = [
            self._begun(f"{stem}_{index}", lambda one, path=path: self._upload(one, path, into))  # type: ignore[misc]
            for index, path in enumerate(paths)
            if pq.read_metadata(path).num_rows
        ]
        for one in jobs:
            self._ended(one)
        arrived = sum(int(one.output_rows or 0) for one in jobs)
        if arrived != records:
            raise PermanentError(
                f"{records:,} records were staged and {arrived:,} arrived. {self.piece.unwritten} Run the job again."
            )

    def _upload(self, name: str, path: Path, into: Any) -> Any:
        return staging.uploaded(self.client, name, path, into)

    def _check_doubles(self, table: Table | None, values: Sequence[Value], given: str) -> None:
        """Raise PermanentError where two records have one key, in whichever chunks: the first looks at all of them."""
        if self.target.operation != "merge" or not self.piece.is_first:
            return
        policy = self.staged.spec.on_bad_value
        if self.piece.is_last:
            check_doubles(self.session, f"({given})", self.items)
        elif table is not None and policy == "fail" and keys.are_plain(table, self.items):
            names = [one.column for one in self.items if one.is_key]
            keys.check(self._every().paths, names, quoted)
        else:
            self._compare(values, policy)

    def _every(self) -> StagedFiles:
        return replace(self.handed.files(), first=0, end=None, reading=None)

    def _compare(self, values: Sequence[Value], policy: str) -> None:
        """Look for keys that are there twice among those of all records, which go into a table of their own. With skip a record
        may be left out for any of its values."""
        compared = [one for one in self.items if one.is_key or policy == "skip"]
        names = {one.column for one in compared}
        into = self.session.reference(self.target.schema, f"{self.staging.table_id}_keys")
        every = self._every()
        keyed = every.paths[0].with_name(".keys.parquet")
        try:
            count = _reduced(replace(every, columns=tuple(one.column for one in compared)), keyed)
            self._load([keyed], into, compared, count)
            listed = [one for one in values if one.column.name in names]
            given = trying.relation(self.session.qualified(self.target.schema, into.table_id), listed, policy)
            check_doubles(self.session, f"({given})", compared)
        finally:
            keyed.unlink(missing_ok=True)
            self._remove(into)

    def _clear(self) -> None:
        """Remove what was staged."""
        self._remove(self.staging)

    def _remove(self, table: Any) -> None:
        """Remove a table; BigQuery does so by itself after a while."""
        with suppress(PenstockError), answering():
            self.client.delete_table(table, not_found_ok=True, retry=big.RETRY, timeout=big.CALL_S)

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


def _reduced(files: StagedFiles, into: Path) -> int:
    """Write some columns of files into another one; returns how many records that are."""
    count, writer = 0, None
    try:
        for batch in files.batches():
            writer = writer or pq.ParquetWriter(into, batch.schema, compression="none")
            writer.write_batch(batch)
            count += batch.num_rows
    finally:
        if writer is not None:
            writer.close()
    return count
