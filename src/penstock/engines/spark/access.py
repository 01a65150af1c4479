"""What is done in one way by a driver in this process and in another by a server of Spark Connect; all else is the same."""

from __future__ import annotations

from typing import Protocol

from pyspark.sql import SparkSession

from penstock.engines.spark.driver_log import DriverLog
from penstock.errors import PenstockError


class Access(Protocol):
    """A Spark that is at hand. What a thread submits belongs to a *group*, by whose name it is cancelled."""

    session: SparkSession
    failures: tuple[type[Exception], ...]
    """What calls of Spark raise."""

    def console(self) -> SparkSession:
        """Return a second session, for single records."""

    def told(self) -> str:
        """Which Spark this is: version, application, master."""

    def cores(self) -> int:
        """How many tasks Spark runs at once, as far as it says."""

    def ready(self, session: SparkSession) -> None:
        """Have the functions of this package at hand where the tasks of a session run. Raises PermanentError with what is
        to be installed there."""

    def begin(self, session: SparkSession, group: str) -> None:
        """Let what this thread submits from now on belong to a group."""

    def end(self, session: SparkSession, group: str) -> None:
        """Let what this thread submits belong to no group again."""

    def cancel(self, session: SparkSession, group: str) -> None:
        """Stop what a group has submitted; from any thread. Raises one of *failures*."""

    def progress(self, group: str) -> float:
        """How much of what a group has submitted is done, 0.0-1.0; tasks that are not known yet count for nothing."""

    def usage(self, group: str) -> tuple[int, int] | None:
        """Bytes that a group has shuffled, and spilled to disk; None where Spark does not tell."""

    def log(self) -> DriverLog | None:
        """What the driver logs from now on; None where that is out of reach."""

    def lost(self, error: Exception) -> PenstockError | None:
        """Return what to say where an error means that Spark itself is gone; None where it does not."""
