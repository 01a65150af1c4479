"""The outputs of a plan on their way: located, prepared, staged by the engine, published one after the other, or discarded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from penstock.errors import PenstockError, PermanentError
from penstock.plan.operators import Plan, Write
from penstock.plan.ports import Connection, Connector, Keeper, SendsEarly, Sifter, Staged, Written
from penstock.plan.stages import stages
from penstock.plan.systems import RESPONSES, DatabaseTarget, Place, System, WebTarget
from penstock.runtime import receipts
from penstock.runtime.connecting import connector_for, keeper_for, naming
from penstock.runtime.listener import Listener


@dataclass(frozen=True, slots=True)
class Published:
    """A receipt: what one output wrote, and where it is now."""

    component: str
    component_type: str
    name: str
    fields: tuple[str, ...]
    records: int
    files: tuple[str, ...]
    preview: str | None
    preview_type: str | None
    receipt: Mapping[str, Any]


class Outputs:
    """The outputs of one attempt. *staging* is a folder of this machine for what is published elsewhere, and outlives the
    attempt; *submitted* is when the job was, *epoch* the number of the attempt; *staged* says where each output is, by
    component, once `locate` was called."""

    def __init__(
        self,
        plan: Plan,
        connections: Mapping[str, Connection],
        connectors: Mapping[str, Connector],
        token: str,
        staging: Path,
        submitted: str = "",
        *,
        epoch: int = 0,
    ) -> None:
        self.plan = plan
        self.staged: dict[str, Staged] = {}
        self._connections = connections
        self._connectors = connectors
        self._token = token
        self._staging = staging
        self._epoch = epoch
        # Jobs of two installations may have one number, but not one instant as well.
        self._load = f"{token.rpartition('-')[0] if token.startswith('job-') else token} {submitted}".strip()

    def declared(self) -> list[dict[str, Any]]:
        """Return what will be written, for those who watch."""
        return [
            {
                "component": write.component,
                "type": write.component_type,
                "name": write.target.path,
                "fields": [column for _, column in write.target.columns],
            }
            for write in self.plan.outputs
        ]

    def locate(self) -> None:
        """Find out where each output is staged and published; nothing is changed. Raises PermanentError for outputs that would
        be in each other's way."""
        for write in self.plan.outputs:
            connector, connection = self._of(write)
            with naming(write.component):
                self._keeper(write)
                found = connector.locate(write, connection, self._token, self._staging)
                made = replace(found, load=self._load, epoch=self._epoch, through=self._through(write))
                for name, other in self.staged.items():
                    _apart(made, name, other)
            self.staged[write.component] = made

    def keep_rejects(self, folder: Path) -> None:
        """Have what outputs reject kept below a folder, where somebody reads it."""
        for number, write in enumerate(self.plan.outputs):
            if write.keeps_rejected:
                staged = self.staged[write.component]
                self.staged[write.component] = replace(staged, rejects=folder / str(number))

    def sift(self, write: Write, written: Written) -> Written:
        """Return what is staged of an output without the records that its target has no place for, which are kept."""
        connector, _ = self._of(write)
        if not isinstance(connector, Sifter):
            return written
        with naming(write.component):
            try:
                return connector.sift(self.staged[write.component], written)
            except OSError as error:
                raise PermanentError(
                    f"What it rejects cannot be kept: {error.strerror or error}. Make room."
                ) from error

    def folders(self) -> list[str]:
        """Return the staging folders."""
        return [str(one.folder) for one in self.staged.values()]

    def prepare(self) -> None:
        """Make the staging folders. The first output may be sent early, where all are staged in one go: of a later one, an open
        transaction might be in the way of those that are published or sifted before it, for ever."""
        for write in self.plan.outputs:
            with naming(write.component):
                self._of(write)[0].prepare(self.staged[write.component])
        first = self.plan.outputs[0]
        connector, staged = self._of(first)[0], self.staged[first.component]
        if isinstance(connector, SendsEarly) and len(stages(self.plan)) == 1:
            self.staged[first.component] = replace(staged, early=connector.early(staged))

    def arrived(self, written: Sequence[Written]) -> None:
        """Wait for what is sent early, before anybody is asked whether it may be published. Raises PermanentError, as `publish`
        does, for what its target refuses, and JobStopped."""
        for write, one in zip(self.plan.outputs, written, strict=True):
            if (early := self.staged[write.component].early) is not None:
                try:
                    early.arrived(one)
                except PermanentError as error:
                    raise self._unpublished(write, error, []) from error

    def publish(self, written: Sequence[Written], listener: Listener) -> tuple[Published, ...]:
        """Publish every output and return the receipts. Raises PermanentError that says which were published and which not."""
        made: list[Published] = []
        for write, one in zip(self.plan.outputs, written, strict=True):
            try:
                receipts.check(one, self.staged[write.component])
                published = self._of(write)[0].publish(self._heard(write, listener), one)
            except PenstockError as error:
                self._keep_responses(write, listener)
                raise self._unpublished(write, error, made) from error
            self._keep_responses(write, listener)
            receipt = receipts.published(one, published)
            columns = tuple(column for _, column in write.target.columns)
            made.append(
                Published(
                    write.component, write.component_type, write.target.path, columns, one.records, published.places,
                    one.preview, one.preview_type, receipt,
                )
            )  # fmt: skip
            beside = receipts.sentence(receipt)
            line = f"{write.component}: {one.records:,} records published to {write.target.path}"
            listener.log("info", f"{line} ({beside})" if beside else line)
            if summed := receipts.sums(receipt):
                listener.log("info", f"{write.component}: {summed}")
            if write.keeps_rejected and published.left_out:
                count = f"{published.left_out:,} record{'s' * (published.left_out != 1)}"
                listener.log(
                    "warning",
                    f"{write.component}: {count} left out at the load, which no output of rejected records holds",
                )
            if not published.is_once:
                listener.log(
                    "warning", f"{write.component}: records may have been written more than once; see its guide page"
                )
        return tuple(made)

    def _unpublished(self, write: Write, error: PenstockError, made: Sequence[Published]) -> PermanentError:
        """Return the error of an output that could not be published, before which others were *made*."""
        done = ", ".join(f"'{before.component}'" for before in made) or "none"
        left = ", ".join(f"'{later.component}'" for later in self.plan.outputs[len(made) :])
        return PermanentError(
            f"Component '{write.component}': {error.message} Outputs published: {done}; not published: {left}."
        )

    def _heard(self, write: Write, listener: Listener) -> Staged:
        def log(level: str, line: str) -> None:
            listener.log(level, f"{write.component}: {line}")

        def stands(sentence: str) -> None:
            listener.stands(write.component, sentence)

        return replace(self.staged[write.component], log=log, stands=stands)

    def _through(self, write: Write) -> Connection | None:
        """Return the connection of the place that records lie in on their way. Raises PermanentError where there is none."""
        place = write.destination.staging if isinstance(write.destination, DatabaseTarget) else None
        if place is None:
            return None
        return connector_for(place.connection, System.FILES, write.component, self._connections, self._connectors)[1]

    def _keeper(self, write: Write) -> tuple[Keeper, Connection, Place] | None:
        """Return what keeps the responses of an output, None where nobody wants them. Raises PermanentError where it cannot."""
        place = write.destination.save_responses if isinstance(write.destination, WebTarget) else None
        if place is None:
            return None
        keeper, connection = keeper_for(place, write.component, "responses", self._connections, self._connectors)
        return keeper, connection, place

    def _keep_responses(self, write: Write, listener: Listener) -> None:
        """Keep what was answered so far, also of an output that failed."""
        found, file = self._keeper(write), self.staged[write.component].folder / RESPONSES
        if found is None or not file.exists():
            return
        keeper, connection, place = found
        job = self._token.split("-")[1] if self._token.startswith("job-") else self._token
        with naming(write.component):
            kept = keeper.keep(connection, place.bucket, place.path, file, f"responses-{job}.csv")
        listener.log("info", f"{write.component}: responses saved as {kept}")

    def discard(self) -> None:
        """Remove the staging folders of all outputs that were located."""
        for write in self.plan.outputs:
            if (staged := self.staged.get(write.component)) is not None:
                if staged.early is not None:
                    staged.early.give_up()
                self._of(write)[0].discard(staged)

    def _of(self, write: Write) -> tuple[Connector, Connection]:
        return connector_for(
            write.target.connection.key, write.system, write.component, self._connections, self._connectors
        )


def _apart(made: Staged, name: str, other: Staged) -> None:
    if other.target == made.target and made.write.destination is not None:
        raise PermanentError(f"it writes to the same place as '{name}'. Bring their records together with a Union.")
    if other.target == made.target:
        raise PermanentError(f"it writes to the same folder as '{name}'. Give each output its own path.")
    if other.target in made.target.parents or made.target in other.target.parents:
        raise PermanentError(
            f"its folder and that of '{name}' lie in one another, so one would replace the other. "
            "Give them folders beside each other."
        )
