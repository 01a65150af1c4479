"""What Spark's driver logs of a job: lost executors, tasks that are tried again, resources that nobody offers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from penstock.engines.spark.errors import found_in

FILE = "driver.log"
SETTINGS = """rootLogger.level = fatal
rootLogger.appenderRef.console.ref = console
logger.repl.name = org.apache.spark.repl.Main
logger.repl.level = fatal
logger.gateway.name = org.apache.spark.api.python.PythonGatewayServer
logger.gateway.level = fatal
logger.scheduler.name = org.apache.spark.scheduler
logger.scheduler.level = warn
logger.scheduler.additivity = false
logger.scheduler.appenderRef.file.ref = file
logger.deploy.name = org.apache.spark.deploy
logger.deploy.level = warn
logger.deploy.additivity = false
logger.deploy.appenderRef.file.ref = file
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = spark %p %c{{1}}: %m%n
appender.file.type = File
appender.file.name = file
appender.file.fileName = {file}
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %p %c{{1}}: %m%n%ex{{0}}
"""
"""Log4j's settings: into the file what belongs into the log of a job, onto the screen almost nothing. The level of the
interpreter is what Spark sets the whole log to, with a word about it on the screen."""
MOST_LINES = 200
LONGEST = 500
_BEGIN = re.compile(r"(?:WARN|ERROR) (\w+): (.*)")


class DriverLog:
    """The lines of a driver's log, from where it ends now."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._at = self._path.stat().st_size if self._path.exists() else 0
        self._left = MOST_LINES

    def lines(self) -> Iterator[str]:
        """Yield what was said since the last call, the first line of each; not what ends a job with an error of ours."""
        if not self._path.exists():
            return
        with self._path.open("rb") as stream:
            stream.seek(self._at)
            raw = stream.read()
        whole, _, _ = raw.rpartition(b"\n")
        self._at += len(whole) + 1 if whole else 0
        for line in whole.decode("utf-8", "replace").split("\n"):
            begin = _BEGIN.match(line)
            if begin is None or found_in(line) is not None or self._left <= 0:
                continue
            self._left -= 1
            text = f"Spark {begin[1]}: {begin[2]}"
            yield text if len(text) <= LONGEST else text[:LONGEST] + "…"
