"""Tables of BigQuery that files of staged records are loaded into."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from google.cloud import bigquery as driver

from penstock.connectors.databases.bigquery import session as big
from penstock.connectors.databases.bigquery.session import answering
from penstock.kit.clock import system_clock

KEPT = timedelta(days=1)
"""How long BigQuery keeps such a table that nobody removes."""


def made(client: driver.Client, into: Any, fields: Sequence[driver.SchemaField]) -> Any:
    """Return what BigQuery says of a table, which is made where it is missing."""
    table = driver.Table(into, fields)
    table.expires = system_clock() + KEPT
    with answering():
        return client.create_table(table, exists_ok=True, retry=big.RETRY, timeout=big.CALL_S)


def uploaded(client: driver.Client, name: str, path: Path, into: Any) -> Any:
    """Return the job of a name, which is begun and loads a file into a table."""
    config = driver.LoadJobConfig(
        source_format="PARQUET",
        write_disposition="WRITE_APPEND",
        create_disposition="CREATE_NEVER",
        labels={"by": "penstock"},
    )
    with path.open("rb") as file:
        return client.load_table_from_file(
            file, into, size=path.stat().st_size, job_id=name, job_config=config, location=client.location,
            timeout=big.CALL_S,
        )  # fmt: skip
