"""States of taps: where a source stopped reading, kept in a place of the package as manifests are.

What takes the place of a state is written down before anything is published, and put in its place after everything is: an
attempt that finishes what another one began finds it.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from penstock.errors import NothingFound, PenstockError, PermanentError
from penstock.plan.operators import ConnectionRef, FileSource, Plan, Scan, iter_operators
from penstock.plan.ports import BoundSource, Connection, Connector, Keeper, Landing
from penstock.plan.schema import Schema
from penstock.plan.systems import Place, System, TapSource
from penstock.runtime.connecting import connector_for, naming
from penstock.runtime.listener import Listener

LANDING = "states"
LARGEST = 64 << 20
"""Bytes of a state."""


class States:
    """The states of the sources of one attempt. *staging* is a folder of this machine that outlives the attempt."""

    def __init__(
        self,
        plan: Plan,
        connections: Mapping[str, Connection],
        connectors: Mapping[str, Connector],
        token: str,
        staging: Path,
    ) -> None:
        self._connections = connections
        self._connectors = connectors
        self._kept: dict[str, Place] = {}
        for one in iter_operators(plan):
            if isinstance(one, Scan) and isinstance(one.origin, TapSource) and one.origin.state is not None:
                self._kept[one.component] = one.origin.state
        self._folder = staging / f".states.staging-{token}"

    def folders(self) -> list[str]:
        """Return what is to be removed when the attempt is over."""
        return [str(self._folder)] if self._kept else []

    def read(self, scratch: Path) -> dict[str, str]:
        """Return the states that are kept, by component; one that is not there yet is left out. Raises PermanentError."""
        found: dict[str, str] = {}
        seen: dict[Place, str] = {}
        for index, (component, place) in enumerate(self._kept.items()):
            with naming(component):
                if place in seen:
                    raise PermanentError(f"its state is that of '{seen[place]}' as well. Give each its own.")
                seen[place] = component
                self._keeper(component, place)
                text = self._text(component, place, scratch / LANDING / str(index))
            if text is not None:
                found[component] = text
        return found

    def note(self, sources: Mapping[str, BoundSource]) -> None:
        """Write down what is to take the place of the states. Raises PermanentError."""
        try:
            for index, component in enumerate(self._kept):
                state = sources[component].state
                if state is not None:
                    self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                    (self._folder / str(index)).write_text(state, "utf-8")
        except OSError as error:
            raise PermanentError(f"the state of a source cannot be written: {error.strerror}. Make room.") from error

    def put(self, listener: Listener) -> None:
        """Put what was written down in its place. Raises PermanentError."""
        for index, (component, place) in enumerate(self._kept.items()):
            file = self._folder / str(index)
            if not file.exists():
                listener.log("info", f"{component}: the tap gave no state, so none is kept")
                continue
            try:
                keeper, connection = self._keeper(component, place)
                keeper.keep(connection, place.bucket, place.path, file, "state.json")
            except PenstockError as error:
                raise type(error)(
                    f"Component '{component}': every output is published, but its state is as it was, so the next job "
                    f"reads the same records again: {error.message}"
                ) from error
            listener.log("info", f"{component}: its state is kept")

    def discard(self) -> None:
        """Remove what was written down."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _keeper(self, component: str, place: Place) -> tuple[Keeper, Connection]:
        connector, connection = connector_for(
            place.connection, System.FILES, component, self._connections, self._connectors
        )
        if not isinstance(connector, Keeper):
            raise PermanentError(f"states cannot be kept on connections of type '{connection.type}'.")
        return connector, connection

    def _text(self, component: str, place: Place, landing: Path) -> str | None:
        connector, connection = connector_for(
            place.connection, System.FILES, component, self._connections, self._connectors
        )
        path = re.sub(r"([?*\[{}\\\]])", r"\\\1", place.path)
        spec = FileSource(ConnectionRef(place.connection), path, (), place.bucket, record_type="raw")
        try:
            (file,) = connector.bind(Scan(component, spec, Schema()), connection, Landing(landing)).files
        except NothingFound:
            return None
        try:
            if file.size_bytes > LARGEST:
                raise ValueError(file.size_bytes)
            text = Path(file.location).read_text("utf-8")
            json.loads(text)
        except (OSError, ValueError, RecursionError) as error:
            raise PermanentError(
                f"the state '{place.path}' cannot be read: it is no JSON. Correct it, or remove it to read everything."
            ) from error
        return text
