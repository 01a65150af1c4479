"""The process of one job: takes its order, runs it, tells its worker, and asks before it publishes.

Messages to the worker: `ready`; `log`, `progress`, `source`, `output`, `variables`, `outputs`, `staged`, `stands`, `watermarks`
as they come; `ask` with what is staged; last one of `done`, `failed`, `stopped`. From the worker: the order, then `grant` and
`stop`.
"""

from __future__ import annotations

import queue
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from penstock.errors import InvariantBroken, JobStopped, LeaseLost, PackageInvalid, PenstockError
from penstock.kit.lines import one_line
from penstock.lang import Given, resolve, validate_package
from penstock.plan.ports import Connector, Databases, Engine, Written
from penstock.runtime.channel import Broken, Channel
from penstock.runtime.execute import Order, execute, hidden_in
from penstock.runtime.masking import Mask


def always_warm(_: Order, warm: Engine) -> Engine:
    """Return the warm engine, whatever the order says."""
    return warm


@dataclass(frozen=True, slots=True)
class Adapters:
    """What the wiring gives to the process of a job: *chosen* returns the engine that an order asks for, which is most often
    the warm one that it is given."""

    engine: Callable[[], Engine]
    connectors: Mapping[str, Connector]
    warm_up: Callable[[Engine], None]
    chosen: Callable[[Order, Engine], Engine] = always_warm
    databases: Databases | None = None


def load() -> None:
    """Check one small package, for what that leaves in memory: patterns, tables, the system variables' defaults. Done
    before the fork, so that all children share it; starts no engine and no thread."""
    fields = [{"name": "n", "type": "int"}]
    parts = [
        {"id": "1", "type": "cloud_storage_source_component", "name": "a", "connection": "x",
         "properties": {"path": "a", "delimiter": ",", "skip_header": True}, "fields": fields},
        {"id": "2", "type": "filter_component", "name": "b",
         "properties": {"conditions": [{"left": "n", "operator": ">=", "right": "$least"}]}},
        {"id": "3", "type": "select_component", "name": "c", "properties": {"fields": [{"expression": "n + 1", "alias": "m"}]}},
        {"id": "4", "type": "cloud_storage_destination_component", "name": "d", "connection": "x",
         "properties": {"path": "b"}},
    ]  # fmt: skip
    edges = [{"from": str(number), "to": str(number + 1)} for number in range(1, len(parts))]
    definitions = resolve(Given({"least": "1"}, {}, {}, {}))
    found = validate_package({"components": parts, "edges": edges}, definitions)
    if found:
        raise InvariantBroken(f"the package that is checked before the fork has findings: {found}")


def run_child(end: socket.socket, adapters: Adapters) -> None:
    """Wait for the order of one job and run it. Returns when the worker knows how it ended, or is gone."""
    channel = Channel(end)
    engine = adapters.engine()
    adapters.warm_up(engine)
    try:
        channel.send({"kind": "ready"})
        order = channel.receive()
        if order is not None:
            _Job(channel, engine, adapters).run(Order(**order))
    except Broken:
        return  # The worker is gone, and this process with it.


class _Job:
    """Listens to the job for its worker (`execute.Listener`), and is the gate (`execute.Gate`)."""

    def __init__(self, channel: Channel, engine: Engine, adapters: Adapters) -> None:
        self._channel = channel
        self._engine = engine
        self._adapters = adapters
        self._grants: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._is_stopping = False
        self._is_granted = False
        self._mask = Mask()

    def run(self, order: Order) -> None:
        self._is_granted = order.granted is not None
        self._mask = Mask(hidden_in(order))
        threading.Thread(target=self._hear, daemon=True).start()
        self._channel.send(self._outcome(order))

    def _outcome(self, order: Order) -> dict[str, Any]:
        try:
            self._engine = self._adapters.chosen(order, self._engine)
            if self._is_stopping:
                self._engine.interrupt()
            made = execute(order, self._engine, self._adapters.connectors, self, self, self._adapters.databases)
            return {"kind": "done", "outputs": [asdict(one) for one in made.outputs]}
        except PackageInvalid as error:
            for found in error.diagnostics:
                self.log(str(found.severity), one_line(f"{found.code} {found.sentence()}"))
            return {"kind": "failed", "sentence": error.message}
        except InvariantBroken as error:
            return self._bug(error)
        except PenstockError as error:
            return {"kind": "failed", "sentence": error.message}
        except (JobStopped, LeaseLost):
            return {"kind": "stopped"}
        except Broken:
            raise
        except Exception as error:  # noqa: BLE001 -- a bug of ours ends the job with a sentence, not without a word
            return self._bug(error)

    def _bug(self, error: Exception) -> dict[str, Any]:
        sys.stderr.write(self._mask(traceback.format_exc()))
        kind = type(error).__name__
        return {
            "kind": "failed",
            "sentence": f"An internal error ended the job ({kind}). The log of its worker has the details; report them.",
        }

    def _hear(self) -> None:
        """Obey the worker while the job runs; when it is gone, stop: nobody would let this job publish."""
        try:
            while (said := self._channel.receive()) is not None:
                if said["kind"] == "grant":
                    self._grants.put(said["granted"])
                elif said["kind"] == "stop":
                    self._stop()
        except Broken:
            pass
        self._stop()
        self._grants.put(False)

    def _stop(self) -> None:
        self._is_stopping = True
        self._engine.interrupt()

    def grant(self, outputs: Sequence[Written]) -> None:
        """Ask the worker whether this attempt may publish. Raises JobStopped when a stop came first, else LeaseLost."""
        self._channel.send({"kind": "ask", "written": [asdict(one) for one in outputs]})
        if self._grants.get():
            self._is_granted = True
            return
        if self._is_stopping:
            raise JobStopped("The job was stopped.")
        raise LeaseLost("Another worker has this job.")

    def _tell(self, message: Mapping[str, Any]) -> None:
        """Send a message. Publication, once it is granted, goes on although nobody hears: cut off by an error it would
        remove what the next attempt is to publish."""
        try:
            self._channel.send(message)
        except Broken:
            if not self._is_granted:
                raise

    def log(self, level: str, line: str) -> None:
        """Send a line, with the time at which it was said."""
        self._tell({"kind": "log", "at": datetime.now(UTC).isoformat(), "level": level, "line": line})

    def progress(self, fraction: float) -> None:
        """Send the progress of the whole job."""
        self._tell({"kind": "progress", "fraction": fraction})

    def source(self, component: str, records: int) -> None:
        """Send how many records a source has given."""
        self._tell({"kind": "source", "component": component, "records": records})

    def output(self, component: str, records: int | None, progress: float | None) -> None:
        """Send how many records an output has taken."""
        self._tell({"kind": "output", "component": component, "records": records, "progress": progress})

    def variables(self, values: Mapping[str, Any]) -> None:
        """Send the values of the variables."""
        self._tell({"kind": "variables", "values": dict(values)})

    def outputs(self, outputs: Sequence[Mapping[str, Any]]) -> None:
        """Send what the package writes."""
        self._tell({"kind": "outputs", "declared": [dict(one) for one in outputs]})

    def staged(self, folders: Sequence[str]) -> None:
        """Send where this attempt is about to write."""
        self._tell({"kind": "staged", "folders": list(folders)})

    def stands(self, component: str, sentence: str) -> None:
        """Send what is to be said of an output that is published in part."""
        self._tell({"kind": "stands", "component": component, "sentence": sentence})

    def watermarks(self, moves: Sequence[Mapping[str, Any]]) -> None:
        """Send how far sources have come: before the grant is asked for, with which it is written down."""
        self._tell({"kind": "watermarks", "moves": [dict(one) for one in moves]})
