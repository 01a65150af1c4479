"""The Spark session of a process: one for all its jobs, made when the first one needs it."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import SparkSession

from penstock.engines.spark import driver_log
from penstock.engines.spark.functions import Functions
from penstock.engines.spark.java import java_home
from penstock.errors import PermanentError

DEFAULT_MASTER = "local[2]"
LOCAL = "127.0.0.1"
_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "true",
    # `${…}` in a text is text.
    "spark.sql.variable.substitute": "false",
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
    "spark.sql.pyspark.jvmStacktrace.enabled": "false",
    "spark.sql.optimizer.excludedRules": ",".join(
        f"org.apache.spark.sql.catalyst.optimizer.{rule}"
        for rule in (
            # A filter that moves below what may fail a record would let such a record pass in silence.
            "PushDownPredicates",
            # Where `x = 0` holds it would take x for 0, of which -0.0 is not the same.
            "ConstantPropagation",
        )
    ),
}
_LOCAL_SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.host": LOCAL,
    "spark.driver.bindAddress": LOCAL,
    "spark.sql.shuffle.partitions": "4",
}
_ONE_RECORD = {
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
"""For one record, what Spark does to be fast on many costs more than all the rest."""
STACK_SIZE = "-Xss16m"
"""Java's default overflows on deep expressions and patterns."""


@dataclass(frozen=True, slots=True)
class SparkOptions:
    """Where Spark runs: *master* is `local[n]`, `spark://host:port` or another master that Spark knows; *name* the
    application's; *memory_bytes* what a driver may use that is started here; *executors* how many there are to be on a
    master elsewhere, None for all that it gives."""

    master: str = DEFAULT_MASTER
    name: str = "penstock"
    memory_bytes: int | None = None
    executors: int | None = None

    @property
    def is_local(self) -> bool:
        """True where driver and executors are one process."""
        return self.master.startswith("local")


@dataclass(slots=True)
class Opened:
    """A session and the shared functions registered with it; *folder* holds the driver's log; *console* is a second one
    for single records."""

    session: SparkSession
    functions: Functions
    options: SparkOptions
    folder: Path
    console: SparkSession
    console_functions: Functions


_LOCK = threading.Lock()
_opened: Opened | None = None


def opened(options: SparkOptions) -> Opened:
    """Return the session of this process, made with *options* where there is none yet.

    Raises PermanentError where Spark cannot be started, or runs with another master.
    """
    global _opened  # noqa: PLW0603 -- a process has one Spark, as it has one JVM
    with _LOCK:
        if _opened is None:
            _opened = _open(options)
        elif _opened.options.master != options.master:
            raise PermanentError(
                f"This process already uses the Spark master {_opened.options.master}, not {options.master}."
            )
        return _opened


def _open(options: SparkOptions) -> Opened:
    folder = Path(tempfile.mkdtemp(prefix="penstock-spark-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    home = java_home(os.environ, folder)
    if home is not None:
        os.environ["JAVA_HOME"] = home
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    # Spark prints the context of each error that it raises, those included that are ours.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL + 1)
    builder = SparkSession.builder.master(options.master).appName(options.name)
    for key, value in {**_SETTINGS, **_settings(options, folder)}.items():
        builder = builder.config(key, value)
    try:
        # Quiet from its first line: what fails comes back as an error, and is said once.
        (folder / "log4j2.properties").write_text(driver_log.SETTINGS.format(file=folder / driver_log.FILE))
        with _own_signals():
            session = builder.getOrCreate()
    except Exception as error:
        raise PermanentError(
            f"Spark cannot be started with the master '{options.master}': {str(error).splitlines()[0]}"
        ) from error
    atexit.register(session.stop)
    console = session.newSession()
    for key, value in {**_SETTINGS, **_ONE_RECORD}.items():
        console.conf.set(key, value)
    return Opened(session, Functions(session), options, folder, console, Functions(console))


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
