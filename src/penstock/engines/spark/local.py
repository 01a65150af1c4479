"""DuckDB inside a Spark task: how files are read and written, by the very statements of the embedded engine.

So a file means the same on both engines to the last byte. Each task has a database of its own, with one thread, that
reaches the file it is for and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from penstock.engines.duckdb.functions import Functions
from penstock.engines.duckdb.run import KEPT_AS_WRITTEN, sentence
from penstock.engines.duckdb.types import text_literal
from penstock.engines.spark.errors import marked
from penstock.errors import PenstockError

COUNTER = "records"
MEMORY = "512MiB"
"""What a task's database may hold; a task streams."""


class TaskFailed(Exception):
    """Carries a marked error out of a Python task."""


@dataclass(slots=True)
class Task:
    """The database of one task."""

    connection: duckdb.DuckDBPyConnection
    functions: Functions

    def count(self) -> int:
        """Return how many records its counter has seen."""
        row = self.connection.execute(
            f"SELECT coalesce(last_value, 0) FROM duckdb_sequences() WHERE sequence_name = '{COUNTER}'"
        ).fetchone()
        return int(row[0]) if row else 0


@contextmanager
def task(paths: Sequence[str], folders: Sequence[str] = ()) -> Iterator[Task]:
    """Open a database that reaches *paths* and what is in *folders*; errors leave as TaskFailed."""
    connection = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "threads": 1,
            "memory_limit": MEMORY,
        },
    )
    functions = Functions(connection)
    try:
        connection.execute(
            f"SET TimeZone = 'UTC'; SET disabled_optimizers = '{','.join(KEPT_AS_WRITTEN)}'; "
            f"SET allowed_paths = [{', '.join(map(text_literal, paths))}]; "
            f"SET allowed_directories = [{', '.join(map(text_literal, folders))}]; "
            f"SET enable_external_access = false; CREATE SEQUENCE {COUNTER}; SET lock_configuration = true"
        )
        yield Task(connection, functions)
    except duckdb.Error as error:
        raise TaskFailed(marked(sentence(error, functions.failure, None))) from error
    except PenstockError as error:
        raise TaskFailed(marked(error)) from error
    finally:
        connection.close()
