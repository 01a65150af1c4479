"""Rows into BigQuery: a whole output, or a chunk of it, is handed over (`handing`)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from penstock.connectors.databases.bigquery.handing import BigLedger, Handing
from penstock.connectors.databases.bigquery.session import connected
from penstock.connectors.databases.bigquery.tables import BigQueryTables
from penstock.connectors.databases.ledger import Ledger
from penstock.connectors.databases.loading import Handed
from penstock.connectors.databases.pieces import Counts
from penstock.connectors.places import Place
from penstock.plan.ports import Connection, Staged


@contextmanager
def target(connection: Connection, place: Place) -> Iterator[BigQueryTarget]:
    """Open what rows are written to. Raises PermanentError, TransientError."""
    with closing(connected(connection, place)) as client:
        yield BigQueryTarget(client)


class BigQueryTarget(BigQueryTables):
    """Writes rows (`loading.HandedOver`)."""

    def ledger(self, schema: str | None, staged: Staged, *, in_chunks: bool) -> Ledger:
        """Return the ledger for an output."""
        return BigLedger.of(self, schema, staged, in_chunks=in_chunks)

    def hand_over(self, handed: Handed) -> Counts:
        """Write a piece of an output."""
        return Handing(self, handed).run()
