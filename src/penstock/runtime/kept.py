"""Files that a package keeps between its jobs, in places of its own: manifests, and states of taps.

What takes the place of one is written down before anything is published, and put there after everything is: an attempt that
finishes what another one began finds it.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from penstock.errors import NothingFound, PenstockError, PermanentError
from penstock.plan.operators import ConnectionRef, FileSource, Scan
from penstock.plan.ports import Connection, Connector, FileEntry, Landing
from penstock.plan.schema import Schema
from penstock.plan.systems import Place
from penstock.runtime.connecting import keeper_for, naming


@dataclass(frozen=True, slots=True)
class Kept:
    """The files of one kind: *what* they are called, and *name* what one is in a folder. *places* are those of the sources of
    one attempt, by component; *folder*, of this machine, outlives the attempt."""

    what: str
    name: str
    places: Mapping[str, Place]
    folder: Path
    connections: Mapping[str, Connection]
    connectors: Mapping[str, Connector]

    def folders(self) -> list[str]:
        """Return what is to be removed when the attempt is over."""
        return [str(self.folder)] if self.places else []

    def landed(self, scratch: Path) -> dict[str, FileEntry | None]:
        """Return the files that there are, by component, None for one that is not there. Raises PermanentError where two
        sources have one place, or a place can keep none."""
        found: dict[str, FileEntry | None] = {}
        seen: dict[Place, str] = {}
        for index, (component, place) in enumerate(self.places.items()):
            with naming(component):
                if place in seen:
                    raise PermanentError(f"its {self.what} is that of '{seen[place]}' as well. Give each its own.")
                seen[place] = component
                found[component] = self._landed(component, place, scratch / self.what / str(index))
        return found

    def _landed(self, component: str, place: Place, landing: Path) -> FileEntry | None:
        connector, connection = keeper_for(place, component, f"{self.what}s", self.connections, self.connectors)
        path = re.sub(r"([?*\[{}\\\]])", r"\\\1", self._path(place))
        spec = FileSource(ConnectionRef(place.connection), path, (), place.bucket, record_type="raw")
        try:
            (file,) = connector.bind(Scan(component, spec, Schema()), connection, Landing(landing)).files
        except NothingFound:
            return None
        return file

    def draft(self, component: str) -> Path:
        """Return where what takes the place of a file is written down. Raises OSError."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self._draft(component)

    def put(self, component: str) -> bool:
        """Put what was written down in its place; tells whether there was anything. Raises PermanentError."""
        place, file = self.places[component], self._draft(component)
        if not file.exists():
            return False
        try:
            keeper, connection = keeper_for(place, component, f"{self.what}s", self.connections, self.connectors)
            keeper.keep(connection, place.bucket, self._path(place), file, self.name)
        except PenstockError as error:
            raise type(error)(
                f"Component '{component}': every output is published, but its {self.what} is as it was, so the next job reads "
                f"the same once more: {error.message}"
            ) from error
        return True

    def discard(self) -> None:
        """Remove what was written down."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _draft(self, component: str) -> Path:
        return self.folder / str(list(self.places).index(component))

    def _path(self, place: Place) -> str:
        return f"{place.path}{self.name}" if place.path.endswith("/") else place.path
