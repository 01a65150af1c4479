"""DuckDB inside a Spark task: how files are read and written, by the very statements of the embedded engine.

So a file means the same on both engines to the last byte. Each task has a database of its own, with one thread, that
reaches the file it is for and nothing else.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from penstock.engines.duckdb.batches import Batches
from penstock.engines.duckdb.counting import PROFILED, Passed
from penstock.engines.duckdb.functions import Functions
from penstock.engines.duckdb.readings import Readings, Reread
from penstock.engines.duckdb.run import KEPT_AS_WRITTEN
from penstock.engines.duckdb.sentences import sentence
from penstock.engines.duckdb.types import text_literal
from penstock.engines.spark.errors import TaskFailed, marked
from penstock.errors import PenstockError
from penstock.plan.operators import Plan

COUNTER = "records"
MEMORY = "512MiB"
"""What a task's database may hold; a task streams."""


def going_on() -> None:
    """Spark ends the process of a task that is to stop; there is nothing to ask."""


@dataclass(slots=True)
class Task:
    """The database of one task; *scratch* is a folder of its own."""

    connection: duckdb.DuckDBPyConnection
    functions: Functions
    scratch: Path

    def counts(self) -> dict[str, int]:
        """Return what each sequence has counted, and what has passed each place of the statement that has just ended."""
        passed = Passed()
        passed.take(self.connection)
        rows = self.connection.execute(
            "SELECT sequence_name, coalesce(last_value, 0) FROM duckdb_sequences()"
        ).fetchall()
        return {**{name: int(value) for name, value in rows}, **passed.records}

    def describe(self, relation: str) -> dict[str, str]:
        """Return the columns of a relation and their types."""
        rows = self.connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
        return {row[0]: row[1] for row in rows}

    def batches(self, sql: str) -> Batches:
        """Return the records of a statement."""
        return Batches(self.connection, sql)


@contextmanager
def task(paths: Sequence[str], folders: Sequence[str] = (), readings: Readings | None = None) -> Iterator[Task]:
    """Open a database that reaches *paths* and what is in *folders*; errors leave as TaskFailed, or as Reread where
    reading a file of *readings* otherwise may help."""
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
    readings = readings or Readings(Plan(()), {}, 1, going_on)
    with tempfile.TemporaryDirectory(prefix="penstock-task-") as scratch:
        try:
            connection.execute(
                f"SET TimeZone = 'UTC'; SET disabled_optimizers = '{','.join(KEPT_AS_WRITTEN)}'; "
                f"SET temp_directory = {text_literal(scratch)}; "
                f"SET allowed_paths = [{', '.join(map(text_literal, paths))}]; "
                f"SET allowed_directories = [{', '.join(map(text_literal, (*folders, scratch)))}]; "
                f"SET enable_external_access = false; {PROFILED}; SET lock_configuration = true"
            )
            yield Task(connection, functions, Path(scratch))
        except duckdb.Error as error:
            found = sentence(error, functions.failure, readings, "")
            raise (found if isinstance(found, Reread) else TaskFailed(marked(found))) from error
        except PenstockError as error:
            raise TaskFailed(marked(error)) from error
        finally:
            connection.close()
