"""The Spark of a process: for all its jobs, reached when the first one needs it."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from functools import cached_property

from pyspark.sql import SparkSession

from penstock.engines.spark.access import Access
from penstock.engines.spark.classic import Classic
from penstock.engines.spark.functions import Functions
from penstock.engines.spark.options import SparkOptions
from penstock.errors import PermanentError


@dataclass(frozen=True, slots=True)
class Desk:
    """A session and the shared functions registered with it."""

    session: SparkSession
    functions: Functions


class Opened:
    """A Spark that is at hand: a session for jobs, and one for single records, which is made when it is needed."""

    def __init__(self, access: Access, options: SparkOptions) -> None:
        self.access = access
        self.options = options
        self.main = self._desk(access.session)

    @cached_property
    def console(self) -> Desk:
        """The session for single records."""
        return self._desk(self.access.console())

    def _desk(self, session: SparkSession) -> Desk:
        return Desk(session, Functions(session, self.access.ready))


_LOCK = threading.Lock()
_opened: dict[str, Opened] = {}
"""By master. A process has one driver at most, as it has one JVM; servers of Spark Connect may be several."""
_failed: dict[str, str] = {}
"""By master, why there is none: a process that has many expressions to compute asks once."""


def opened(options: SparkOptions) -> Opened:
    """Return the Spark of this process, reached with *options* where it is not yet.

    Raises PermanentError where it cannot be started or reached, or where there is a driver for another master.
    """
    with _LOCK:
        if options.master in _failed:
            raise PermanentError(_failed[options.master])
        found = _opened.get(options.master)
        if found is None:
            other = next((one.options.shown for one in _opened.values() if not one.options.is_connect), None)
            if other is not None and not options.is_connect:
                raise PermanentError(f"This process already uses the Spark master {other}, not {options.shown}.")
            # Spark prints the context of each error that it raises, those included that are ours.
            logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL + 1)
            try:
                found = _opened[options.master] = Opened(_access(options), options)
            except PermanentError as error:
                _failed[options.master] = error.message
                raise
        return found


def _access(options: SparkOptions) -> Access:
    if not options.is_connect:
        return Classic(options)
    # What speaks Spark Connect takes a second to load.
    try:
        from penstock.engines.spark.connect import Connect
    except ImportError as error:
        raise PermanentError(
            f"Spark Connect needs the package '{error.name}'. Install what belongs to it: pip install 'penstock[spark]'."
        ) from error
    return Connect(options)
