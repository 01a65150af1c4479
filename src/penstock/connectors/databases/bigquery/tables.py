"""Tables of BigQuery before rows are written to them: what they are, and single statements about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from google.api_core import exceptions as answers
from google.cloud import bigquery as driver

from penstock.connectors.databases.bigquery import session as big
from penstock.connectors.databases.bigquery.partitions import Partition, partition_of
from penstock.connectors.databases.bigquery.session import answering, literal, quoted
from penstock.connectors.databases.limits import limit
from penstock.connectors.databases.targets import Column, Family, Table
from penstock.errors import PermanentError
from penstock.plan.dtypes import Kind

_TYPES = {
    Kind.BOOLEAN: "BOOL", Kind.INT: "INT64", Kind.LONG: "INT64", Kind.FLOAT: "FLOAT64", Kind.DOUBLE: "FLOAT64",
    Kind.CHARARRAY: "STRING", Kind.BYTEARRAY: "STRING", Kind.DATETIME: "TIMESTAMP", Kind.MAP: "JSON", Kind.BAG: "JSON",
    Kind.TUPLE: "JSON",
}  # fmt: skip
_FAMILIES = {
    "INTEGER": Family.WHOLE, "FLOAT": Family.REAL, "NUMERIC": Family.DECIMAL, "BIGNUMERIC": Family.DECIMAL,
    "BOOLEAN": Family.BOOLEAN, "STRING": Family.TEXT, "BYTES": Family.BYTES, "JSON": Family.JSON,
    "INT64": Family.WHOLE, "FLOAT64": Family.REAL, "BOOL": Family.BOOLEAN,
    **dict.fromkeys(("DATE", "DATETIME", "TIMESTAMP"), Family.TIME),
    **dict.fromkeys(("TIME", "GEOGRAPHY", "INTERVAL"), Family.OTHER),
}  # fmt: skip
_NAMES = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL", "RECORD": "STRUCT"}


class BigQueryTables:
    """Tables of a project (`targets.Asked`). Each statement stands for itself."""

    limited = staticmethod(limit)
    quoted = staticmethod(quoted)
    literal = staticmethod(literal)
    hold: str | None = None
    now = "CURRENT_TIMESTAMP()"

    def __init__(self, client: driver.Client) -> None:
        self.client = client
        self.places: dict[str, driver.TableReference] = {}
        """Name in statements to the table, of those that were named."""

    def reference(self, schema: str | None, table: str) -> driver.TableReference:
        """Return which table that is, whatever the partition. Raises PermanentError where no data set is named."""
        default = self.client.default_query_job_config.default_dataset  # type: ignore[union-attr]
        if schema is None and default is None:
            raise PermanentError(
                "neither the component nor its connection names a data set. Give one of them the 'dataset'."
            )
        dataset = default if schema is None else big.dataset_of(schema, self.client.project)
        return dataset.table(table.partition("$")[0])

    def qualified(self, schema: str | None, table: str) -> str:
        """Return the name of a table in statements."""
        found = self.reference(schema, table)
        name = f"{quoted(found.dataset_id)}.{quoted(found.table_id)}"
        name = name if found.project == self.client.project else f"{quoted(found.project)}.{name}"
        self.places[name] = found
        return name

    def type_of(self, kind: Kind, *, is_key: bool = False) -> str:  # noqa: ARG002
        """Return the type that a column is made with."""
        return _TYPES[kind]

    def found(self, schema: str | None, table: str) -> Any:
        """Return what BigQuery says of a table, None where there is none."""
        try:
            with answering():
                return self.client.get_table(self.reference(schema, table), retry=big.RETRY, timeout=big.CALL_S)
        except PermanentError as error:
            if isinstance(error.__cause__, answers.NotFound):
                return None
            raise

    def find(self, schema: str | None, table: str) -> Table | None:
        """Return a table, None where there is none; what the user may not do there is told when it is done."""
        found = self.found(schema, table)
        if found is None:
            return None
        partition_of(found, table)
        parts = found.time_partitioning is not None or found.range_partitioning is not None
        layout = "partitions" if parts else "clusters" if found.clustering_fields else ""
        columns = tuple(map(_column, found.schema))
        return Table(self.qualified(schema, table), columns, is_plain=found.table_type == "TABLE", layout=layout)

    def partition(self, schema: str | None, table: str) -> Partition | None:
        """Return which partition of a table is meant, None for all of it."""
        return partition_of(self.found(schema, table), table) if "$" in table else None

    def may_create(self, schema: str | None) -> bool:
        """Tell whether there is a data set for a table."""
        reference = self.reference(schema, "t")
        try:
            with answering():
                self.client.get_dataset(
                    driver.DatasetReference(reference.project, reference.dataset_id),
                    retry=big.RETRY,
                    timeout=big.CALL_S,
                )
        except PermanentError as error:
            if isinstance(error.__cause__, answers.NotFound):
                return False
            raise
        return True

    def execute(self, sql: str) -> int:
        """Run one statement."""
        with answering():
            return int(big.run(self.client, sql, None).num_dml_affected_rows or 0)

    def rows(self, sql: str) -> Sequence[Sequence[object]]:
        """Return the rows of a statement."""
        with answering():
            return [one.values() for one in big.run(self.client, sql, None)]

    def begin(self) -> None:
        """Nothing begins: each statement is a transaction of its own."""

    def commit(self) -> None:
        """Nothing is left to end."""


def _column(field: Any) -> Column:
    word = _NAMES.get(field.field_type, field.field_type)
    if field.mode == "REPEATED":
        return Column(field.name, f"ARRAY<{word}>", Family.NONE)
    return Column(field.name, word + _digits(field), _FAMILIES.get(field.field_type, Family.NONE))


def _digits(field: Any) -> str:
    """Return how long a value of a column may be, as GoogleSQL says it."""
    if field.max_length is not None:
        return f"({field.max_length})"
    if field.precision is not None:
        return f"({field.precision}, {field.scale or 0})"
    return ""
