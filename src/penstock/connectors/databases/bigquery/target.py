"""Rows into BigQuery: a whole output, or a chunk of it, is handed over (`handing`)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq
from google.cloud import bigquery as driver

from penstock.connectors.databases import sifting, trying
from penstock.connectors.databases.bigquery import session as big
from penstock.connectors.databases.bigquery import staging
from penstock.connectors.databases.bigquery.handing import BigLedger, Handing
from penstock.connectors.databases.bigquery.session import answering, connected
from penstock.connectors.databases.bigquery.tables import BigQueryTables
from penstock.connectors.databases.bigquery.values import STAGED, values_of
from penstock.connectors.databases.ledger import Ledger
from penstock.connectors.databases.lines import StagedFiles
from penstock.connectors.databases.loading import Handed
from penstock.connectors.databases.misfits import Misfit
from penstock.connectors.databases.pieces import Counts
from penstock.connectors.databases.targets import Item, Table
from penstock.connectors.places import Place
from penstock.errors import PenstockError
from penstock.plan.ports import Connection, Staged

_NUMBER = "_penstock_number"


@contextmanager
def target(connection: Connection, place: Place) -> Iterator[BigQueryTarget]:
    """Open what rows are written to. Raises PermanentError, TransientError."""
    with closing(connected(connection, place)) as client:
        yield BigQueryTarget(client)


class BigQueryTarget(BigQueryTables):
    """Writes rows (`loading.HandedOver`)."""

    is_by_types = True
    """Whether what does not fit is told by the types of columns alone, be the table there or not."""

    def ledger(self, schema: str | None, staged: Staged, *, in_chunks: bool) -> Ledger:
        """Return the ledger for an output."""
        return BigLedger.of(self, schema, staged, in_chunks=in_chunks)

    def hand_over(self, handed: Handed) -> Counts:
        """Write a piece of an output."""
        return Handing(self, handed).run()

    def misfits(self, table: Table, items: Sequence[Item], files: StagedFiles) -> Iterator[Misfit]:
        """Yield the values that do not fit (`misfits.Sifting`), found in a table beside the one that is written."""
        place = self.places[table.name]
        into = driver.DatasetReference(place.project, place.dataset_id).table(f"_penstock_{uuid.uuid4().hex}")
        fields = [driver.SchemaField(one.column, STAGED.get(one.kind, "STRING")) for one in items]
        staging.made(self.client, into, [*fields, driver.SchemaField(_NUMBER, "INT64")])
        try:
            total = self._staged(items, files, into)
            name = self.qualified(f"{into.project}.{into.dataset_id}", into.table_id)
            values = values_of(table.columns, items)
            yield from trying.misfits(self, name, values, _NUMBER, total, "CAST({} AS STRING)")
        finally:
            with suppress(PenstockError), answering():
                self.client.delete_table(into, not_found_ok=True, retry=big.RETRY, timeout=big.CALL_S)

    def _staged(self, items: Sequence[Item], files: StagedFiles, into: driver.TableReference) -> int:
        """Load records with their numbers into a table; returns how many they are."""
        names, records = [*(one.column for one in items), _NUMBER], 0
        with TemporaryDirectory(dir=files.paths[0].parent) as folder:
            path, writer = Path(folder) / "numbered.parquet", None
            try:
                for batch in sifting.numbered(files, items, sifting.nothing, []):
                    named = batch.rename_columns(names)
                    writer = writer or pq.ParquetWriter(path, named.schema, compression="none")
                    writer.write_batch(named)
                    records += batch.num_rows
            finally:
                if writer is not None:
                    writer.close()
            if records:
                with answering():
                    staging.uploaded(self.client, into.table_id, path, into).result(retry=big.RETRY)
        return records
