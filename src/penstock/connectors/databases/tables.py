"""Tables of databases as sources and destinations (`penstock.plan.ports.Connector`)."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from penstock.connectors import staging as folders
from penstock.connectors import tunnels
from penstock.connectors.databases import asking, drivers, early, hosts, rejects, sources, targets
from penstock.connectors.databases.early import Early
from penstock.connectors.databases.ledger import Ledger
from penstock.connectors.databases.loading import RETRY_S, Load
from penstock.connectors.files.roots import Roots
from penstock.connectors.places import FilePlace, Place
from penstock.domain.rung import Rungs
from penstock.errors import (
    ConnectionTestFailed,
    InvariantBroken,
    JobStopped,
    PenstockError,
    PermanentError,
    TransientError,
)
from penstock.kit.stopping import STOP
from penstock.plan.operators import Scan, Write
from penstock.plan.ports import BoundSource, Connection, Landing, Publication, Staged, Written
from penstock.plan.systems import DatabaseSource, DatabaseTarget, System

FILES = ("duckdb", "sqlite")
"""Types whose databases are files of this machine."""
TYPES = {**asking.DRIVERS, **dict(zip(FILES, FILES, strict=True))}
"""Connection type to the name of its system; `<name>_source` beside this module reads rows, `<name>_target` writes them,
and each is loaded when it is first needed."""
EARLY = ("postgres",)
"""Systems whose outputs can be sent while they are staged: open transactions keep nobody there from reading or writing rows."""
_NOWHERE = Path(os.devnull)


class Tables:
    """Tables, views and queries of databases. *allow* are the internal networks that may be reached, None for all; *roots*
    are where files may be."""

    system = System.DATABASE

    def __init__(self, allow: str | None, roots: Roots) -> None:
        self._allow = allow
        self._roots = roots

    def test(self, connection: Connection) -> Rungs | None:
        """Climb to one row. Raises ConnectionTestFailed with the rung that broke."""
        if connection.type in FILES:
            try:
                with self._reader(connection, _NOWHERE) as reader:
                    reader.describe("SELECT 1 AS one FROM (SELECT 1 AS one) AS q")
            except PenstockError as error:
                raise ConnectionTestFailed(error.message[:1].upper() + error.message[1:]) from error
            return None
        return asking.Databases(self._allow).test(connection)

    def server(self, connection: Connection) -> str:
        """Return what a database says of itself. Raises ConnectionTestFailed."""
        if connection.type == "sqlite":
            return f"SQLite {sqlite3.sqlite_version}"
        if connection.type == "duckdb":
            return f"DuckDB {version('duckdb')}"
        return asking.Databases(self._allow).version(connection)

    def bind(self, scan: Scan, connection: Connection, landing: Landing) -> BoundSource:
        """Read the rows of a source into the landing folder."""
        if not isinstance(scan.origin, DatabaseSource):
            raise InvariantBroken(f"'{scan.component}' reads no database")
        with self._reader(connection, landing.folder) as reader:
            return sources.land(reader, scan, scan.origin, landing)

    def locate(self, write: Write, connection: Connection, token: str, staging: Path) -> Staged:
        """Return where an output is staged: in a folder of this machine, from which its rows are loaded."""
        target = _target(write)
        place = Path("/", connection.key.replace("/", "_"), _part(target.schema or ""), _part(target.table))
        return Staged(write, connection, folders.folder_for(staging, write.component_id, token), place, token)

    def prepare(self, staged: Staged) -> None:
        """Make the staging folder, and look whether the table can be written as it is to be."""
        with self.writing(staged.connection, staged.folder) as session:
            asked = _target(staged.write)
            target, items = targets.named(session, asked, targets.items_of(staged.write, asked))
            # An action before the write may make the table.
            if target.pre_action_sql is None or session.find(target.schema, target.table) is not None:
                targets.checked(session, target, items)
            if _sifts(staged):
                rejects.table_of(session, target, items)
            ledger = Ledger.of(session, _ledger_schema(staged) or target.schema, staged)
            if target.chunk_records is not None and not ledger.can_be():
                raise PermanentError(ledger.missing)
        folders.prepare(staged)

    def sift(self, staged: Staged, written: Written) -> Written:
        """Take out of what was staged the records that the table has no place for."""
        if not _sifts(staged):
            return written
        waits = list(RETRY_S)
        while True:
            try:
                with self._loading(staged) as session:
                    return rejects.sifted(session, staged, written, _target(staged.write))
            except TransientError as error:
                if STOP.is_asked:
                    raise JobStopped("The job was stopped.") from error
                if not waits:
                    raise
                STOP.wait(waits.pop(0))

    def publish(self, staged: Staged, written: Written) -> Publication:
        """Write the staged records into the table, once."""
        sent = staged.early if isinstance(staged.early, Early) else None
        if sent is not None and sent.lost:
            staged.log("info", f"what was sent early is lost, and sent again: {sent.lost}")
        load = Load(staged, written, _target(staged.write), _ledger_schema(staged), early=sent)
        return load.publish(lambda: self._loading(staged))

    def early(self, staged: Staged) -> Early | None:
        """Return what sends an output while the engine writes it."""
        target = _target(staged.write)
        if TYPES[staged.connection.type] not in EARLY or not early.is_for(staged, target):
            return None
        return Early(staged, target, _ledger_schema(staged), lambda: self._loading(staged))

    @contextmanager
    def _loading(self, staged: Staged) -> Iterator[targets.Target]:
        with self.writing(staged.connection, staged.folder) as session:
            if staged.through is not None and isinstance(session, targets.Staging):
                session.stage = drivers.module(TYPES[staged.connection.type], "stage").opened(staged, self._allow)
            yield session

    def discard(self, staged: Staged) -> None:
        """Remove a staging folder; quiet when it is gone."""
        folders.discard(staged)

    @contextmanager
    def writing(self, connection: Connection, folder: Path = _NOWHERE) -> Iterator[targets.Target]:
        """Give a session that writes; a database that is a file reaches *folder* beside itself. Raises PermanentError,
        TransientError."""
        module = _module(connection, "target")
        with self._way(connection, folder) as place, module.target(connection, place) as session:
            yield session

    def reading(self, connection: Connection) -> AbstractContextManager[sources.Reader]:
        """Give a session that reads, and lands nothing. Raises PermanentError, TransientError."""
        return self._reader(connection, _NOWHERE)

    @contextmanager
    def _reader(self, connection: Connection, folder: Path) -> Iterator[sources.Reader]:
        with self._way(connection, folder) as place, _module(connection, "source").reader(connection, place) as session:
            yield session

    @contextmanager
    def _way(self, connection: Connection, folder: Path) -> Iterator[Place | FilePlace]:
        if connection.type in FILES:
            yield FilePlace(self._file(connection), folder)
            return
        way = tunnels.way(connection, self._allow, *hosts.found(connection))
        with way as place:
            way.check()
            yield place

    def _file(self, connection: Connection) -> Path:
        raw = connection.parameters.get("path")
        if not isinstance(raw, str) or not raw or "\0" in raw or not raw.startswith("/"):
            raise PermanentError(f"the connection '{connection.key}' has no absolute path. Give it the file.")
        place = self._roots.resolve(Path(raw), "")
        if place.is_dir():
            raise PermanentError(f"'{place}' is a folder; the connection needs the file of a database.")
        return place


def _module(connection: Connection, role: str) -> Any:
    return drivers.module(TYPES[connection.type], role)


def _ledger_schema(staged: Staged) -> str | None:
    return str(staged.connection.parameters.get("ledger_schema") or "") or None


def _sifts(staged: Staged) -> bool:
    """Tell whether it is to be told before the grant which records the table has no place for."""
    return staged.write.keeps_rejected and staged.spec.on_bad_value == "skip"


def _target(write: Write) -> DatabaseTarget:
    if not isinstance(write.destination, DatabaseTarget):
        raise InvariantBroken(f"'{write.component}' writes to no database")
    return write.destination


def _part(name: str) -> str:
    """Return a name as one part of a path, by which outputs are compared."""
    return hashlib.sha256(name.encode()).hexdigest()[:24]
