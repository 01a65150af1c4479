"""Rows into BigQuery: a whole output is handed over (`handing`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from penstock.connectors.databases.bigquery.handing import Handing
from penstock.connectors.databases.bigquery.session import connected
from penstock.connectors.databases.bigquery.tables import BigQueryTables
from penstock.connectors.databases.lines import StagedFiles
from penstock.connectors.databases.pieces import Counts
from penstock.connectors.places import Place
from penstock.plan.ports import Connection, Staged, Written
from penstock.plan.systems import DatabaseTarget


@contextmanager
def target(connection: Connection, place: Place) -> Iterator[BigQueryTarget]:
    """Open what rows are written to. Raises PermanentError, TransientError."""
    with closing(connected(connection, place)) as client:
        yield BigQueryTarget(client)


class BigQueryTarget(BigQueryTables):
    """Writes rows (`loading.HandedOver`)."""

    def hand_over(
        self, staged: Staged, written: Written, target: DatabaseTarget, ledger_schema: str | None,
        files: Callable[[], StagedFiles], sent: Callable[[], None],
    ) -> tuple[bool, Counts]:  # fmt: skip
        """Write an output (`loading.HandedOver`)."""
        return Handing(self, staged, written, target, ledger_schema, files, sent).run()
