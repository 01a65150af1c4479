"""One job that a worker holds: what its process has told and not yet been written, and how far its end has come."""

from __future__ import annotations

import math
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from penstock.domain.watermark import Order, Watermark
from penstock.runtime.channel import Broken, Message
from penstock.runtime.children import Child
from penstock.runtime.masking import Mask
from penstock.runtime.watermarks import TEXTS
from penstock.services.attempts import Report

STAGING = re.compile(r"\..*\.staging-(job-\d+-\d+)")
"""How staging folders are named; nothing else is ever removed on the word of a process."""
COUNTED = ("left_out", "filtered", "rejected", "written", "bytes")
"""The counts of a receipt that may not be there."""
KEY = ("fields", "minimum", "maximum")
LEVELS = frozenset({"info", "warning", "error", "advice"})
MOST = 2**63 - 1
"""The largest count that a database holds."""


@dataclass(slots=True)
class Attempt:
    """A running child with its job. *outcome* is its last message; *asked* waits for the grant; *is_granted* also when the
    answer of the store was lost on the way; *is_blameless* when its process ended for no reason of its own; *renewed_at* is
    when the lease was last known to hold, on the monotonic clock; *kill_at* when a stop no longer asks; *mask* takes the
    secrets of the job out of what its process tells, which should have done so itself."""

    job_id: int
    epoch: int
    child: Child
    scratch: Path
    renewed_at: float
    told: Report = field(default_factory=Report)
    staged: list[str] = field(default_factory=list)
    declared: set[str] = field(default_factory=set)
    asked: list[Mapping[str, Any]] | None = None
    outcome: Message | None = None
    is_written: bool = False
    is_granted: bool = False
    is_stopping: bool = False
    is_lost: bool = False
    is_too_large: bool = False
    is_given_back: bool = False
    is_blameless: bool = False
    kill_at: float | None = None
    exit_code: int | None = None
    mask: Mask = field(default_factory=Mask)

    @property
    def token(self) -> str:
        """The name of this attempt in the names of its folders."""
        return f"job-{self.job_id}-{self.epoch}"

    def hear(self, said: Message) -> None:
        """Take in one message of the child. Raises Broken for one that no child of ours sends: it runs what others wrote,
        so nothing that it says gets further unless it has the shape that the store needs."""
        try:
            self._hear(said)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise Broken("a message has another shape") from error

    def _hear(self, said: Message) -> None:
        told = self.told
        match said["kind"]:
            case "ready":
                pass
            case "log":
                told.lines.append((_instant(said["at"]), _level(said["level"]), self.mask(_text(said["line"]))))
            case "progress":
                told.progress = _share(said["fraction"])
            case "source":
                told.sources[_text(said["component"])] = _count(said["records"])
            case "output":
                share = None if said["progress"] is None else _share(said["progress"])
                records = None if said["records"] is None else _count(said["records"])
                told.outputs[_text(said["component"])] = (records, share)
            case "variables":
                told.variables = {
                    _text(name): self.mask.tree(_scalar(value)) for name, value in dict(said["values"]).items()
                }
            case "outputs":
                told.declared = [_declared(one) for one in said["declared"]]
                self.declared |= {one["component"] for one in told.declared}
            case "staged":
                mine = [folder for folder in map(_text, said["folders"]) if _token_of(folder) == self.token]
                self.staged += mine
                told.staged += mine
            case "stands":
                told.stands[_text(said["component"])] = self.mask(_text(said["sentence"]))
            case "watermarks":
                told.watermarks = [self._move(one) for one in said["moves"]]
            case "ask":
                self.asked = [self._receipt(one) for one in said["written"]]
            case "done":
                self.outcome = {"kind": "done", "outputs": [self._receipt(one) for one in said["outputs"]]}
            case "failed":
                self.outcome = {"kind": "failed", "sentence": self.mask(_text(said["sentence"]))}
            case "stopped":
                self.outcome = {"kind": "stopped"}
            case kind:
                raise ValueError(kind)

    def _receipt(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        if raw["component"] not in self.declared:
            raise ValueError(raw["component"])
        return {
            "component": raw["component"],
            "records": _count(raw["records"]),
            "files": [_text(name) for name in raw["files"]],
            "preview": None if raw["preview"] is None else self.mask(_text(raw["preview"])),
            "preview_type": None if raw["preview_type"] is None else _word(raw["preview_type"]),
            "receipt": self._facts(raw.get("receipt")),
        }

    def _move(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Return how far a source has come (`runtime.watermarks`), its shape checked; a secret in it is none of ours."""
        texts = {name: _text(raw[name]) for name in TEXTS}
        texts["reads"] = self.mask(texts["reads"])
        reached = Watermark.of_json(raw["reached"])
        began = None if raw["began"] is None else Watermark.of_json(raw["began"])
        if reached.order is Order.TEXT and self.mask(reached.value) != reached.value:
            raise ValueError(texts["component"])
        return {**texts, "reached": reached.to_json(), "began": None if began is None else began.to_json()}

    def _facts(self, raw: Mapping[str, Any] | None) -> dict[str, Any] | None:
        """Return a receipt (`runtime.receipts`) whose shape was checked."""
        if raw is None:
            return None
        made: dict[str, Any] = {"read": {_text(name): _count(records) for name, records in dict(raw["read"]).items()}}
        made |= {name: _count(raw[name]) for name in COUNTED if name in raw}
        if "hash" in raw:
            made["hash"] = _digits(raw["hash"])
        if "key" in raw:
            made["key"] = {name: [self.mask(_text(one)) for one in raw["key"][name]] for name in KEY}
        if "is_once" in raw:
            made["is_once"] = bool(raw["is_once"])
        for name in ("checks", "watermarks"):
            if name in raw:
                made[name] = {_text(one): self.mask(_text(said)) for one, said in dict(raw[name]).items()}
        return made

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
        told.stands |= newer.stands
        told.declared = newer.declared if newer.declared is not None else told.declared
        told.variables = newer.variables if newer.variables is not None else told.variables
        told.staged += newer.staged
        told.watermarks = newer.watermarks if newer.watermarks is not None else told.watermarks
        self.told = told

    def clean(self) -> None:
        """Remove what the process leaves behind, once it is gone: its scratch space, and what it staged unless an
        attempt after it is to publish that."""
        shutil.rmtree(self.scratch, ignore_errors=True)
        if not self.is_granted:
            remove_staged(self.staged)


def _text(raw: Any) -> str:
    if not isinstance(raw, str):
        raise TypeError(raw)
    return raw


def _word(raw: Any) -> str:
    if len(_text(raw)) > 64:
        raise ValueError(raw)
    return _text(raw)


def _digits(raw: Any) -> str:
    if not re.fullmatch("[0-9a-f]{32}", _text(raw)):
        raise ValueError(raw)
    return str(raw)


def _level(raw: Any) -> str:
    if raw not in LEVELS:
        raise ValueError(raw)
    return str(raw)


def _instant(raw: Any) -> datetime:
    found = datetime.fromisoformat(raw)
    if found.tzinfo is None:
        raise ValueError(raw)
    return found.astimezone(UTC)


def _count(raw: Any) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int) or not 0 <= raw <= MOST:
        raise ValueError(raw)
    return raw


def _share(raw: Any) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not math.isfinite(raw):
        raise ValueError(raw)
    return min(max(float(raw), 0.0), 1.0)


def _scalar(raw: Any) -> Any:
    if not (raw is None or isinstance(raw, str | int | float)) or (isinstance(raw, float) and not math.isfinite(raw)):
        raise ValueError(raw)
    return raw


def _declared(raw: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {name: _text(raw[name]) for name in ("component", "type", "name")}
    return {**made, "fields": [_text(one) for one in raw["fields"]]}


def _token_of(folder: str) -> str | None:
    found = STAGING.fullmatch(Path(folder).name) if os.path.isabs(folder) and "\0" not in folder else None
    return found[1] if found else None


def remove_staged(folders: list[str]) -> None:
    """Remove staging folders of attempts that will not publish; other folders are left alone."""
    for folder in folders:
        if _token_of(folder) is not None:
            shutil.rmtree(folder, ignore_errors=True)
