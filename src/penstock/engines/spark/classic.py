"""Spark with its driver in this process, for masters such as `local[2]` or `spark://host:port`."""

from __future__ import annotations

import atexit
import contextlib
import importlib
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from penstock.engines.spark import driver_log
from penstock.engines.spark.driver_log import DriverLog
from penstock.engines.spark.java import java_home
from penstock.engines.spark.options import ONE_RECORD, SETTINGS, STACK_SIZE, SparkOptions
from penstock.errors import PenstockError, PermanentError

LOCAL = "127.0.0.1"
_LOCAL_SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.host": LOCAL,
    "spark.driver.bindAddress": LOCAL,
    "spark.sql.shuffle.partitions": "4",
}


class Classic:
    """A driver of our own (`penstock.engines.spark.access.Access`); its folder, gone with the process, holds its log."""

    failures: tuple[type[Exception], ...] = (PySparkException, Py4JError)

    def __init__(self, options: SparkOptions) -> None:
        """Start the driver. Raises PermanentError where it does not start."""
        self._folder = Path(tempfile.mkdtemp(prefix="penstock-spark-"))
        atexit.register(shutil.rmtree, self._folder, ignore_errors=True)
        home = java_home(os.environ, self._folder)
        if home is not None:
            os.environ["JAVA_HOME"] = home
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        builder = SparkSession.builder.master(options.master).appName(options.name)
        for key, value in {**SETTINGS, **_settings(options, self._folder)}.items():
            builder = builder.config(key, value)
        try:
            # Quiet from its first line: what fails comes back as an error, and is said once.
            (self._folder / "log4j2.properties").write_text(
                driver_log.SETTINGS.format(file=self._folder / driver_log.FILE)
            )
            # What calls of Spark load first; meanwhile Java starts.
            threading.Thread(target=_load_pandas, daemon=True).start()
            with _own_signals():
                self.session: SparkSession = builder.getOrCreate()
        except Exception as error:
            raise PermanentError(
                f"Spark cannot be started with the master '{options.master}': {str(error).splitlines()[0]}"
            ) from error
        atexit.register(self.session.stop)

    def console(self) -> SparkSession:
        """Return a second session, for single records."""
        made = self.session.newSession()
        for key, value in {**SETTINGS, **ONE_RECORD}.items():
            made.conf.set(key, value)
        return made

    def told(self) -> str:
        """Which Spark this is."""
        spark = self.session.sparkContext
        return f"Spark {spark.version}, application {spark.applicationId}, master {spark.master}"

    def cores(self) -> int:
        """How many tasks Spark runs at once."""
        return self.session.sparkContext.defaultParallelism

    def ready(self, session: SparkSession) -> None:
        """Executors have the Python of this process, or one with the same in it."""

    def begin(self, session: SparkSession, group: str) -> None:
        """Let what this thread submits belong to a group."""
        session.sparkContext.setJobGroup(group, f"Penstock {group}", interruptOnCancel=True)

    def end(self, session: SparkSession, group: str) -> None:
        """A group stays that of its thread until the next one."""

    def cancel(self, session: SparkSession, group: str) -> None:
        """Stop what a group has submitted."""
        session.sparkContext.cancelJobGroup(group)

    def progress(self, group: str) -> float:
        """How much of what a group has submitted is done."""
        tracker = self.session.sparkContext.statusTracker()
        stages = [found for stage in self._stages(group) if (found := tracker.getStageInfo(stage)) is not None]
        done, whole = sum(one.numCompletedTasks for one in stages), sum(one.numTasks for one in stages)
        return done / whole if whole else 0.0

    def usage(self, group: str) -> tuple[int, int] | None:
        """Bytes shuffled and spilled, where Spark still knows them."""
        store = self.session.sparkContext._jsc.sc().statusStore()
        shuffled = spilled = 0
        for stage in self._stages(group):
            with suppress(Py4JError):  # a stage that was left out has no attempt
                found = store.lastStageAttempt(stage)
                shuffled += int(found.shuffleWriteBytes())
                spilled += int(found.diskBytesSpilled())
        return shuffled, spilled

    def _stages(self, group: str) -> set[int]:
        """Return the ids of the stages that Spark has begun for a group."""
        tracker = self.session.sparkContext.statusTracker()
        jobs = (tracker.getJobInfo(job) for job in tracker.getJobIdsForGroup(group))
        return {stage for job in jobs if job is not None for stage in job.stageIds}

    def log(self) -> DriverLog | None:
        """What the driver logs from now on."""
        return DriverLog(self._folder)

    def lost(self, error: Exception) -> PenstockError | None:
        """A driver goes with its process."""
        return None


def _load_pandas() -> None:
    with suppress(ImportError):  # what needs it says so
        importlib.import_module("pandas")


def _settings(options: SparkOptions, folder: Path) -> dict[str, str]:
    made = {
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.driver.extraJavaOptions": f"{STACK_SIZE} -Dlog4j2.configurationFile={folder / 'log4j2.properties'}",
        "spark.executor.extraJavaOptions": STACK_SIZE,
        "spark.python.daemon.module": "penstock.engines.spark.daemon",
    }
    if options.memory_bytes is not None:
        made["spark.driver.memory"] = f"{max(options.memory_bytes // 1_048_576, 512)}m"
    if options.is_local:
        return made | {**_LOCAL_SETTINGS, "spark.local.dir": str(folder)}
    if options.executors is not None:
        made |= {"spark.executor.instances": str(options.executors), "spark.dynamicAllocation.enabled": "false"}
        if options.master.startswith("spark://"):
            # A standalone master knows no number of executors, only cores.
            made |= {"spark.executor.cores": "1", "spark.cores.max": str(options.executors)}
    if LOCAL in options.master or "localhost" in options.master:
        made |= {"spark.driver.host": LOCAL, "spark.driver.bindAddress": LOCAL, "spark.ui.enabled": "false"}
    return made


@contextlib.contextmanager
def _own_signals() -> Iterator[None]:
    """Keep the process's own answer to an interrupt, which pyspark replaces by one that raises KeyboardInterrupt."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
