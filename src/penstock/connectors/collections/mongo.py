"""MongoDB, connection type `mongo`, as a connector (`penstock.plan.ports.Connector`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from penstock.connectors import staging as folders
from penstock.connectors.collections import reading
from penstock.connectors.collections.session import client_of, collection_of, opened, translated
from penstock.connectors.collections.sifting import sifted
from penstock.connectors.collections.writing import PAUSES, Writer
from penstock.connectors.ladder import Ladder, Name
from penstock.domain.rung import Rungs
from penstock.errors import JobStopped, PermanentError, TransientError
from penstock.kit.stopping import STOP, Stop
from penstock.plan.operators import Scan, Write
from penstock.plan.ports import BoundSource, Connection, FileEntry, Landing, Publication, Staged, Written
from penstock.plan.systems import CollectionSource, CollectionTarget, System

OLDEST = (4, 2)
_TRIES = 3


class MongoCollections:
    """Collections of MongoDB. *allow* are the internal networks that may be reached, None for all."""

    system = System.COLLECTIONS

    def __init__(self, allow: str | None) -> None:
        self._allow = allow

    def test(self, connection: Connection) -> Rungs | None:
        """Return when the collections of the database can be listed; raises ConnectionTestFailed."""
        ladder = Ladder(connection)
        with ladder.reached(self._allow) as place:
            client = client_of(connection, place)
            try:
                with translated(connection):
                    said = ladder.login(
                        lambda: self._version(client, connection), tls=bool(connection.parameters.get("ssl"))
                    )
                with ladder.rung(Name.PRIVILEGES), translated(connection):
                    client[str(connection.parameters.get("database") or "")].list_collection_names()
                found = tuple(int(part) for part in said.split(".")[:2] if part.isdigit())
                ladder.version("MongoDB", said, found, OLDEST)
            finally:
                client.close()
        return ladder.rungs

    def _version(self, client: Any, connection: Connection) -> str:
        with translated(connection):
            return str(client.server_info().get("version") or "")

    def bind(self, scan: Scan, connection: Connection, landing: Landing) -> BoundSource:
        """Read the documents of a source. Raises PermanentError, TransientError, and JobStopped where the job is to end."""
        origin = scan.origin
        if not isinstance(origin, CollectionSource):
            raise PermanentError("This source is none of a collection.")
        reading.filter_of(origin)  # before anybody is asked
        landing.folder.mkdir(parents=True)
        file = landing.folder / "documents.json"
        for left in reversed(range(_TRIES)):
            try:
                self._read(scan, origin, connection, file, landing)
                break
            except TransientError as error:
                if STOP.is_asked:
                    raise JobStopped("The job was stopped.") from error
                if not left:
                    raise
                landing.log("warning", f"{error.message} All is read again.")
                STOP.wait(PAUSES[_TRIES - left])
        return BoundSource(scan.source, (FileEntry(str(file), origin.collection, file.stat().st_size),))

    def _read(self, scan: Scan, origin: CollectionSource, connection: Connection, file: Path, landing: Landing) -> None:
        # A scan that keeps rejected records has fields behind those of the source.
        fields = [(item.name or "", field.dtype) for item, field in zip(scan.source.fields, scan.schema, strict=False)]
        with opened(connection, self._allow) as client, file.open("w", encoding="utf-8", newline="") as lines:
            collection = collection_of(client, connection, origin.collection)
            reading.write_lines(collection, origin, fields, lines, landing)

    def locate(self, write: Write, connection: Connection, token: str, staging: Path) -> Staged:
        """Return where an output waits until it is written."""
        return folders.located(write, connection, token, staging)

    def prepare(self, staged: Staged) -> None:
        """Make the staging folder, and look whether the server can be reached."""
        folders.prepare(staged)
        with opened(staged.connection, self._allow) as client:
            client.admin.command("ping")

    def sift(self, staged: Staged, written: Written) -> Written:
        """Take out of what was staged the records of which no document can be made."""
        target = staged.write.destination
        if not isinstance(target, CollectionTarget):
            raise PermanentError("This destination is none of a collection.")
        return sifted(staged, written, target)

    def publish(self, staged: Staged, written: Written) -> Publication:
        """Write the documents that were not written yet. Raises PenstockError that says how many were."""
        target = staged.write.destination
        if not isinstance(target, CollectionTarget):
            raise PermanentError("This destination is none of a collection.")
        # A publication that was granted goes on when its job is to stop; one from the command line has nobody after it.
        stop = Stop() if staged.token.startswith("job-") else STOP
        with opened(staged.connection, self._allow) as client:
            collection = collection_of(client, staged.connection, target.collection)
            left_out = Writer(collection, target, staged, stop).write(written)
        return Publication((target.collection,), left_out=left_out)

    def discard(self, staged: Staged) -> None:
        """Remove a staging folder; quiet when it is gone."""
        folders.discard(staged)
