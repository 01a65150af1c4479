"""Spark's own processes."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

from .programs import NotHad

SPARK_S = 240
"""How long a process of Spark's may take to start on a busy machine."""
SPARK_LOGS = """rootLogger.level = info
rootLogger.appenderRef.out.ref = out
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %m%n
"""


@contextmanager
def spark(folder: Path, ready: str, *words: str, java: Path, **environ: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run one of Spark's own processes in a new folder, and end it with all that it has started. It is given once it has said
    *ready*; what it says is in the file `said`. *words* are a class of Java's and its arguments. Raises NotHad."""
    spec = find_spec("pyspark")
    assert spec is not None
    assert spec.submodule_search_locations
    folder.mkdir()
    logging = folder / "log4j2.properties"
    logging.write_text(SPARK_LOGS)
    options = f"-Dlog4j2.configurationFile={logging}"
    environment = {
        **os.environ, "JAVA_HOME": str(java), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_LOCAL_DIRS": str(folder / "local"),
        "TMPDIR": str(folder), "SPARK_DAEMON_JAVA_OPTS": options, "SPARK_SUBMIT_OPTS": options, **environ,
    }  # fmt: skip
    said = folder / "said"
    with said.open("wb") as out:
        process = subprocess.Popen(
            [Path(spec.submodule_search_locations[0]) / "bin" / "spark-class", *words],
            env=environment, cwd=folder, stdout=out, stderr=out, start_new_session=True,
        )  # fmt: skip
    try:
        until = time.monotonic() + SPARK_S
        while ready not in said.read_text(errors="replace"):
            if process.poll() is not None or time.monotonic() > until:
                raise NotHad(f"Spark did not start: {said.read_text(errors='replace').strip()[-2000:]}")
            time.sleep(0.05)
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
