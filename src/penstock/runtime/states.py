"""States of taps: where a source stopped reading, as one JSON text, kept in a place of the package."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from penstock.errors import PermanentError
from penstock.plan.operators import Plan, Scan, iter_operators
from penstock.plan.ports import BoundSource, Connection, Connector, FileEntry
from penstock.plan.systems import TapSource
from penstock.runtime.connecting import naming
from penstock.runtime.kept import Kept
from penstock.runtime.listener import Listener

NAME = "state.json"
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
        origins = {one.component: one.origin for one in iter_operators(plan) if isinstance(one, Scan)}
        places = {
            component: origin.state
            for component, origin in origins.items()
            if isinstance(origin, TapSource) and origin.state is not None
        }
        self._kept = Kept("state", NAME, places, staging / f".states.staging-{token}", connections, connectors)
        self.folders, self.discard = self._kept.folders, self._kept.discard

    def read(self, scratch: Path) -> dict[str, str]:
        """Return the states that are kept, by component; one that is not there yet is left out. Raises PermanentError."""
        found: dict[str, str] = {}
        for component, file in self._kept.landed(scratch).items():
            if file is not None:
                with naming(component):
                    found[component] = _text(file, self._kept.places[component].path)
        return found

    def note(self, sources: Mapping[str, BoundSource]) -> None:
        """Write down what is to take the place of the states. Raises PermanentError."""
        try:
            for component in self._kept.places:
                state = sources[component].state
                if state is not None:
                    self._kept.draft(component).write_text(state, "utf-8")
        except OSError as error:
            raise PermanentError(f"the state of a source cannot be written: {error.strerror}. Make room.") from error

    def put(self, listener: Listener) -> None:
        """Put what was written down in its place. Raises PermanentError."""
        for component in self._kept.places:
            is_kept = self._kept.put(component)
            said = "its state is kept" if is_kept else "the tap gave no state, so none is kept"
            listener.log("info", f"{component}: {said}")


def _text(file: FileEntry, path: str) -> str:
    try:
        if file.size_bytes > LARGEST:
            raise ValueError(file.size_bytes)
        text = Path(file.location).read_text("utf-8")
        json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise PermanentError(
            f"the state '{path}' cannot be read: it is no JSON. Correct it, or remove it to read everything."
        ) from error
    return text
