"""Singer taps, connection type `singer`, as a connector (`penstock.plan.ports.Connector`). They only read."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from penstock.connectors.ladder import Ladder, Name
from penstock.connectors.taps import catalog
from penstock.connectors.taps.messages import Messages
from penstock.connectors.taps.process import Tap
from penstock.domain.rung import Rungs
from penstock.errors import JobStopped, PermanentError, TransientError
from penstock.kit.stopping import STOP
from penstock.plan.operators import Scan, Write
from penstock.plan.ports import (
    BoundSource,
    Connection,
    FileEntry,
    Landing,
    Publication,
    Say,
    Staged,
    Written,
    nobody_reads,
)
from penstock.plan.systems import System, TapSource

LARGEST_CATALOG = 256 << 20
SHORTEST_SECRET = 4
"""Characters from which on a value of a configuration is hidden."""


_READS = "Nothing can be written through a Singer tap."


class SingerTaps:
    """Singer taps. *taps* are those that the operator allows: names to commands of this machine."""

    system = System.TAPS

    def __init__(self, taps: Mapping[str, str]) -> None:
        self._taps = taps

    def test(self, connection: Connection) -> Rungs | None:
        """Return when the tap gives a catalog; raises ConnectionTestFailed."""
        ladder = Ladder(connection)
        with ladder.rung(Name.PLACE):
            self._command(connection)
        with ladder.rung(Name.LOGIN), tempfile.TemporaryDirectory(prefix="penstock-tap-") as folder:
            run = _Run(self._command(connection), connection, TapSource(""), Path(folder), nobody_reads)
            catalog.read(run.discover(), str(connection.parameters.get("tap")))
        return ladder.rungs

    def bind(self, scan: Scan, connection: Connection, landing: Landing) -> BoundSource:
        """Run a tap, and keep the records of a stream. Raises PermanentError, and JobStopped where the job is to end."""
        origin = scan.origin
        if not isinstance(origin, TapSource):
            raise PermanentError("This source is none of a tap.")
        command = self._command(connection)
        landing.folder.mkdir(parents=True, mode=0o700)
        names = [item.name or "" for item in scan.source.fields]
        run = _Run(command, connection, origin, landing.folder, landing.log)
        try:
            file, state = run.read(names, landing)
        except TransientError as error:
            if STOP.is_asked:
                raise JobStopped("The job was stopped.") from error
            raise
        return BoundSource(scan.source, (file,), state)

    def _command(self, connection: Connection) -> str:
        name = str(connection.parameters.get("tap") or "")
        command = self._taps.get(name)
        if command is None:
            known = ", ".join(sorted(self._taps)) or "none"
            raise PermanentError(
                f"The tap '{name}' may not be run here. The operator allows taps with PENSTOCK_SINGER_TAPS; known: {known}."
            )
        if not os.access(command, os.X_OK) or os.path.isdir(command):
            raise PermanentError(f"The tap '{name}' is not installed: '{command}' is no program that can be run.")
        return command

    def locate(self, write: Write, connection: Connection, token: str, staging: Path) -> Staged:  # noqa: ARG002 -- the port
        """Refuse: nothing is written through a tap."""
        raise PermanentError(_READS)

    def prepare(self, staged: Staged) -> None:  # noqa: ARG002 -- the port
        """Refuse: nothing is written through a tap."""
        raise PermanentError(_READS)

    def publish(self, staged: Staged, written: Written) -> Publication:  # noqa: ARG002 -- the port
        """Refuse: nothing is written through a tap."""
        raise PermanentError(_READS)

    def discard(self, staged: Staged) -> None:
        """There is nothing to remove."""


class _Run:
    """The runs of one tap for one source."""

    def __init__(self, command: str, connection: Connection, origin: TapSource, folder: Path, say: Say) -> None:
        self._command, self._origin, self._folder, self._say_to = command, origin, folder, say
        self._name = str(connection.parameters.get("tap") or "")
        self._config = _config(connection, origin)
        self._hidden = sorted(set(_texts(self._config)), key=len, reverse=True)
        self._file("config.json", json.dumps(self._config))

    def read(self, names: Sequence[str], landing: Landing) -> tuple[FileEntry, str | None]:
        """Return the file with the records, and the state behind the last of them (what it was before, where none came)."""
        wanted = [name for name in names if not name.startswith("$")]
        fields = None if len(wanted) < len(names) else wanted
        streams = catalog.read(self.discover(), self._name)
        chosen = catalog.chosen(streams, self._origin.stream, fields, self._name)
        (stream,) = (one for one in chosen["streams"] if one["selected"])
        arguments = ["--config", "config.json", "--catalog", self._file("catalog.json", json.dumps(chosen))]
        if landing.state is not None:
            arguments += ["--state", self._file("state.json", landing.state)]
        file = self._folder / "records.json"
        with file.open("w", encoding="utf-8", newline="") as out:
            messages = Messages(self._name, catalog.name_of(stream), wanted, out, landing)
            with closing(self._lines(arguments)) as lines:
                for line in lines:
                    messages.take(line)
                    if landing.size is not None and messages.count >= landing.size:
                        break
        messages.end()
        self._say(f"{messages.count:,} records, {messages.schemas:,} schemas, " + self._state_words(messages.state))
        for stream_name, count in messages.others.items():
            self._say_to(
                "warning", f"{count:,} records of the stream '{stream_name}' were not asked for and are left out"
            )
        state = landing.state if messages.state is None else json.dumps(messages.state)
        return FileEntry(str(file), f"{self._name}/{self._origin.stream}", file.stat().st_size), state

    def discover(self) -> bytes:
        """Return the catalog that the tap gives."""
        found: list[bytes] = []
        size = 0
        with closing(self._lines(["--config", "config.json", "--discover"])) as lines:
            for line in lines:
                found.append(line)
                size += len(line)
                if size > LARGEST_CATALOG:
                    raise PermanentError(
                        f"The catalog of the tap '{self._name}' is larger than {LARGEST_CATALOG >> 20} MiB."
                    )
        return b"\n".join(found)

    def _lines(self, arguments: Sequence[str]) -> Generator[bytes, None, None]:
        tap = Tap(self._name, self._command, arguments, self._folder, STOP, self._say)
        try:
            yield from tap.lines()
        except PermanentError as error:
            raise PermanentError(self._scrub(error.message)) from error

    def _say(self, line: str) -> None:
        self._say_to("info", self._scrub(line))

    def _scrub(self, text: str) -> str:
        for secret in self._hidden:
            text = text.replace(secret, "***")
        return text

    def _state_words(self, state: Any) -> str:
        return "no state" if state is None else "a state"

    def _file(self, name: str, text: str) -> str:
        """Write a file that its owner alone can read, and return its name."""
        number = os.open(self._folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(number, "w", encoding="utf-8") as out:
            out.write(text)
        return name


def _config(connection: Connection, origin: TapSource) -> dict[str, Any]:
    """Return the configuration of a tap: that of the connection, and what the component adds. Raises PermanentError."""
    raw = connection.secret("config") or str(connection.parameters.get("config") or "") or "{}"
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise PermanentError(f"The 'config' of the connection '{connection.key}' is no JSON object.")
    return {**found, **origin.config}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, str) and len(value) >= SHORTEST_SECRET:
        yield value
