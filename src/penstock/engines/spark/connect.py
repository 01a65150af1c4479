"""Spark over Spark Connect: the driver is a server elsewhere, which jobs share; each has a session of its own there."""

from __future__ import annotations

import atexit
import re
import tempfile
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import grpc
import pyspark
from pyspark.errors import PySparkAssertionError, PySparkException
from pyspark.errors.exceptions.connect import SparkConnectGrpcException
from pyspark.sql import SparkSession
from pyspark.sql.connect.client.retries import DefaultPolicy
from pyspark.sql.connect.session import SparkSession as ConnectSession
from pyspark.sql.connect.shell.progress import ProgressHandler

from penstock.engines.spark.driver_log import DriverLog
from penstock.engines.spark.errors import first_line
from penstock.engines.spark.installed import DDL, OURS, Look, packed, versions
from penstock.engines.spark.options import ONE_RECORD, SETTINGS, SparkOptions
from penstock.errors import PenstockError, PermanentError

_SETTINGS = {
    **SETTINGS,
    "spark.sql.connect.serverStacktrace.enabled": "false",
    "spark.connect.progress.reportInterval": "500ms",
}
_FORGOTTEN = ("INVALID_HANDLE", "RESPONSE_ALREADY_RECEIVED", "NO_ACTIVE_SESSION")
"""How the conditions begin of a server that does not know a session or an operation, or of a client that has noticed."""
_NO_MODULE = re.compile(r"No module named '([\w.]+)'")
TRIES = 8
"""How often a server that does not answer is asked again, after a tenth of a second at first and two seconds at last."""
_RANGE = 4096
"""Numbers to be divided among tasks, to see how many tasks there are."""


class Patience(DefaultPolicy):
    """How long a server that does not answer is asked again: some ten seconds, and never again after that."""

    def __init__(self) -> None:
        super().__init__(max_retries=TRIES, initial_backoff=100, backoff_multiplier=2.0, max_backoff=2000, jitter=0)
        self.is_over = False

    def can_retry(self, e: BaseException) -> bool:
        """Tell whether an error may pass."""
        return not self.is_over and super().can_retry(e)


class Connect:
    """A server of Spark Connect (`penstock.engines.spark.access.Access`)."""

    failures: tuple[type[Exception], ...] = (PySparkException,)

    def __init__(self, options: SparkOptions) -> None:
        """Reach the server. Raises PermanentError where it cannot be reached, or is of another version."""
        self._options = options
        self._patience = Patience()
        self._progress = 0.0
        self._cores = 0
        self._must_ship: bool | None = None
        self._shipped_to: set[str] = set()
        # What it warns of is raised as well, and said once.
        warnings.filterwarnings("ignore", r"\[RETRIES_EXCEEDED\]")
        try:
            self.session = self._new({})
            found = self.session.version
        except (PySparkException, ValueError) as error:
            self._patience.is_over = True
            reason = first_line(error).rstrip(".")
            raise PermanentError(
                f"Spark cannot be reached at {options.shown}: {reason}. Start its server of Spark Connect, or correct the "
                "address: sc://host:port."
            ) from error
        if found.split(".")[:2] != pyspark.__version__.split(".")[:2]:
            raise PermanentError(
                f"The server {options.shown} is Spark {found}; it must be {'.'.join(pyspark.__version__.split('.')[:2])}."
            )
        self.session.registerProgressHandler(cast(ProgressHandler, self._hear))

    def _new(self, more: Mapping[str, str]) -> SparkSession:
        made = ConnectSession(self._options.master)
        atexit.register(self._close, made)
        made.client.set_retry_policies([self._patience])
        for key, value in {**_SETTINGS, **more}.items():
            made.conf.set(key, value)
        return cast(SparkSession, made)

    def _close(self, session: ConnectSession) -> None:
        if self._patience.is_over:
            # Nobody answers. A thread that waits has to end before Python does: it may hold what closing at last needs.
            session.client.close()
        else:
            session.stop()

    def console(self) -> SparkSession:
        """Return a second session, for single records."""
        return self._new(ONE_RECORD)

    def told(self) -> str:
        """Which Spark this is."""
        application = self.session.conf.get("spark.app.id")
        return f"Spark {self.session.version}, application {application}, Spark Connect {self._options.shown}"

    def cores(self) -> int:
        """How many tasks Spark runs at once: into as many it divides numbers."""
        if not self._cores:
            self._cores = self.session.range(_RANGE).selectExpr("spark_partition_id()").distinct().count()
        return self._cores

    def ready(self, session: SparkSession) -> None:
        """Have this package at hand where tasks run: the one that is installed there, or this one, sent to them.

        Raises PermanentError where the Python there is not the same in what values depend on.
        """
        if self._must_ship is None:
            self._must_ship = self._is_missing(session)
        if self._must_ship and _id_of(session) not in self._shipped_to:
            self._ship(session)
            if self._is_missing(session):
                raise PermanentError(f"The server {self._options.shown} does not give its tasks what it is sent.")

    def _ship(self, session: SparkSession) -> None:
        with tempfile.TemporaryDirectory(prefix="penstock-ship-") as folder:
            session.addArtifacts(str(packed(Path(folder))), pyfile=True)
        self._shipped_to.add(_id_of(session))

    def _is_missing(self, session: SparkSession) -> bool:
        """Tell whether executors lack this package. Raises PermanentError where they lack more, or have another one."""
        try:
            rows = session.range(0, 1, 1, 1).mapInArrow(Look(), DDL).collect()
        except PySparkException as error:
            missing = _NO_MODULE.search(str(error))
            if missing is None:
                raise self.lost(error) or PermanentError(
                    f"The server {self._options.shown} runs no Python of ours: {first_line(error).rstrip('.')}."
                ) from error
            if missing[1] == OURS:
                return True
            raise self._other(f"'{missing[1]}' is missing") from error
        found = {row.name: row.version for row in rows}
        for name, wanted in versions().items():
            # One that was sent has no version of its own.
            if found.get(name) != wanted and not (name == OURS and found.get(name) is None):
                raise self._other(f"{name} is {found.get(name) or 'missing'} there, and {wanted} here")
        return False

    def _other(self, what: str) -> PermanentError:
        return PermanentError(
            f"The Python of the Spark server {self._options.shown} is not as this one: {what}. Install there: "
            f"pip install 'penstock[spark]=={versions()[OURS]}'."
        )

    def begin(self, session: SparkSession, group: str) -> None:
        """Let what this thread submits belong to a group."""
        self._progress = 0.0
        session.addTag(group)

    def end(self, session: SparkSession, group: str) -> None:
        """Let what this thread submits belong to no group again."""
        session.removeTag(group)

    def cancel(self, session: SparkSession, group: str) -> None:
        """Stop what a group has submitted."""
        session.interruptTag(group)

    def _hear(self, stages: Iterable[Any] | None, inflight_tasks: int, operation_id: str | None, done: bool) -> None:
        known = list(stages or ())
        whole = sum(one.num_tasks for one in known)
        self._progress = 0.0 if done or not whole else sum(one.num_completed_tasks for one in known) / whole

    def progress(self, group: str) -> float:
        """How much is done of the statement that runs."""
        return self._progress

    def usage(self, group: str) -> tuple[int, int] | None:
        """The server does not tell."""
        return None

    def log(self) -> DriverLog | None:
        """The log is the server's."""
        return None

    def lost(self, error: Exception) -> PenstockError | None:
        """Return what to say where the server does not answer, or has been started anew."""
        if not isinstance(error, PySparkException):
            return None
        is_gone = (
            isinstance(error, SparkConnectGrpcException) and error.getGrpcStatusCode() == grpc.StatusCode.UNAVAILABLE
        )
        # A session that the server gives another id is not the one that was.
        is_new = isinstance(error, PySparkAssertionError) or (error.getCondition() or "").startswith(_FORGOTTEN)
        if not is_gone and not is_new:
            return None
        self._patience.is_over = True
        what = "does not answer any more" if is_gone else "knows nothing of this job any more; it was started anew"
        return PermanentError(f"The Spark server {self._options.shown} {what}. Run the job again once it is up.")


def _id_of(session: SparkSession) -> str:
    return cast(ConnectSession, session).session_id
