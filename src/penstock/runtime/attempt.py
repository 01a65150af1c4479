"""One job that a worker holds: what its process has told and not yet been written, and how far its end has come."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from penstock.plan.ports import Written
from penstock.runtime.channel import Broken, Message
from penstock.runtime.children import Child
from penstock.services.attempts import Report

STAGING = re.compile(r"\..*\.staging-(job-\d+-\d+)")
"""How staging folders are named; nothing else is ever removed on the word of a process."""


@dataclass(slots=True)
class Attempt:
    """A running child with its job. *outcome* is its last message; *asked* waits for the grant; *renewed_at* is when the
    lease was last known to hold, on the monotonic clock; *kill_at* when a stop no longer asks."""

    job_id: int
    epoch: int
    child: Child
    scratch: Path
    renewed_at: float
    told: Report = field(default_factory=Report)
    staged: list[str] = field(default_factory=list)
    asked: list[Mapping[str, Any]] | None = None
    outcome: Message | None = None
    is_written: bool = False
    is_granted: bool = False
    is_stopping: bool = False
    is_lost: bool = False
    is_too_large: bool = False
    is_given_back: bool = False
    kill_at: float | None = None
    exit_code: int | None = None

    @property
    def token(self) -> str:
        """The name of this attempt in the names of its folders."""
        return f"job-{self.job_id}-{self.epoch}"

    def hear(self, said: Message) -> None:
        """Take in one message of the child. Raises Broken for one that no child of ours sends."""
        try:
            self._hear(said)
        except (KeyError, TypeError, ValueError) as error:
            raise Broken("a message has another shape") from error

    def _hear(self, said: Message) -> None:
        told = self.told
        match said["kind"]:
            case "ready":
                pass
            case "log":
                told.lines.append((datetime.fromisoformat(said["at"]), str(said["level"]), str(said["line"])))
            case "progress":
                told.progress = float(said["fraction"])
            case "source":
                told.sources[str(said["component"])] = int(said["records"])
            case "output":
                share = said["progress"]
                told.outputs[str(said["component"])] = (
                    int(said["records"]),
                    None if share is None else float(share),
                )
            case "variables":
                told.variables = dict(said["values"])
            case "outputs":
                told.declared = [dict(one) for one in said["declared"]]
            case "staged":
                mine = [str(one) for one in said["folders"] if _token_of(str(one)) == self.token]
                self.staged += mine
                told.staged += mine
            case "ask":
                # Through the value, so that only what a receipt holds gets further.
                self.asked = [_written(one) for one in said["written"]]
            case "done" | "failed" | "stopped":
                self.outcome = said
            case kind:
                raise Broken(f"there is no message '{kind}'")

    def take_report(self) -> Report:
        """Return what was told since the last call."""
        told, self.told = self.told, Report()
        return told

    def put_back(self, told: Report) -> None:
        """Keep a report that could not be written, below what was told since."""
        newer = self.told
        told.lines += newer.lines
        told.progress = newer.progress if newer.progress is not None else told.progress
        told.sources |= newer.sources
        told.outputs |= newer.outputs
        told.declared = newer.declared if newer.declared is not None else told.declared
        told.variables = newer.variables if newer.variables is not None else told.variables
        told.staged += newer.staged
        self.told = told

    def clean(self) -> None:
        """Remove what the process leaves behind, once it is gone: its scratch space, and what it staged unless an
        attempt after it is to publish that."""
        shutil.rmtree(self.scratch, ignore_errors=True)
        if not self.is_granted:
            remove_staged(self.staged)


def _written(raw: Mapping[str, Any]) -> dict[str, Any]:
    made = Written(**raw)
    return {
        "component": str(made.component),
        "records": int(made.records),
        "files": [str(name) for name in made.files],
        "preview": made.preview,
        "preview_type": made.preview_type,
    }


def _token_of(folder: str) -> str | None:
    found = STAGING.fullmatch(Path(folder).name)
    return found[1] if found else None


def remove_staged(folders: list[str]) -> None:
    """Remove staging folders of attempts that will not publish; other folders are left alone."""
    for folder in folders:
        if _token_of(folder) is not None:
            shutil.rmtree(folder, ignore_errors=True)
