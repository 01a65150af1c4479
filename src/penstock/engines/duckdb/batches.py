"""The records of a statement as Arrow batches."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pyarrow as pa

BATCH_ROWS = 10_000
_CLASSES: dict[str, type[duckdb.Error]] = {
    "Out of Memory Error": duckdb.OutOfMemoryException,
    "INTERNAL Error": duckdb.InternalException,
    "FATAL Error": duckdb.FatalException,
    "INTERRUPT Error": duckdb.InterruptException,
}
"""What DuckDB's text begins with where it arrives through Arrow, and the class that it has otherwise."""


class Batches:
    """Batches as they are computed, and their *schema*. Raises duckdb.Error, also where Arrow brings it as an error of its
    own."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, sql: str) -> None:
        self._reader = connection.execute(sql).to_arrow_reader(BATCH_ROWS)
        self.schema: pa.Schema = self._reader.schema

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        while True:
            try:
                batch = self._reader.read_next_batch()
            except StopIteration:
                return
            except OSError as error:
                said = str(error)
                raise _CLASSES.get(said.partition(":")[0], duckdb.InvalidInputException)(said) from error
            yield batch
