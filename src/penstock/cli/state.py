"""The file in which `penstock run` keeps the watermarks of a package, where no server does."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from penstock.domain.watermark import Watermark, successor
from penstock.errors import BadRequest, NotFound, PermanentError

FORMAT = 1
_TEXTS = ("component_id", "component", "connection", "key", "reads", "updated_at")


class State:
    """What the file holds: *watermarks* are records as an order has them (`runtime.watermarks`)."""

    def __init__(self, path: Path, package: str, watermarks: list[dict[str, Any]]) -> None:
        self.path, self.package, self.watermarks = path, package, watermarks

    def move(self, moves: Sequence[Mapping[str, Any]]) -> None:
        """Move watermarks to where a run has come that ended well, and write the file. Raises PermanentError."""
        known = {(one["component_id"], one["key"]): one for one in self.watermarks}
        now = datetime.now(UTC).isoformat(timespec="seconds")
        for one in moves:
            at = (one["component_id"], one["key"])
            stored = Watermark.of_json(known[at]["mark"]) if at in known else None
            began = None if one["began"] is None else Watermark.of_json(one["began"])
            made = successor(stored, began, Watermark.of_json(one["reached"]))
            if made is not None and made != stored:
                texts = {name: one[name] for name in _TEXTS if name != "updated_at"}
                known[at] = {**texts, "updated_at": now, "mark": made.to_json()}
        self.watermarks = list(known.values())
        if moves:
            self._write()

    def reset(self, component: str) -> int:
        """Take the watermarks of a component away, and return how many there were. Raises NotFound."""
        left = [one for one in self.watermarks if one["component"] != component]
        if len(left) == len(self.watermarks):
            has = ", ".join(sorted({one["component"] for one in left})) or "none"
            raise NotFound(f"There is no watermark of '{component}' in '{self.path}'. It has: {has}.")
        count, self.watermarks = len(self.watermarks) - len(left), left
        self._write()
        return count

    def _write(self) -> None:
        """Replace the file by one that is whole."""
        raw = {"format": FORMAT, "package": self.package, "watermarks": self.watermarks}
        beside = self.path.with_name(f".{self.path.name}.new")
        try:
            with beside.open("w", encoding="utf-8") as file:
                json.dump(raw, file, indent=1, ensure_ascii=False)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self.path)
        except OSError as error:
            raise PermanentError(
                f"The watermarks stay as they were, for '{self.path}' cannot be written: {error.strerror}. The next run reads "
                "the same rows again."
            ) from error


@contextmanager
def opened(path: Path, package: str | None = None) -> Iterator[State]:
    """Open the file for one run alone; *package* is whose it is, None for whoever's. A file that is not there holds nothing.
    Raises BadRequest."""
    try:
        lock = path.with_name(f".{path.name}.lock").open("w")
    except OSError as error:
        raise BadRequest(f"The file '{path}' cannot be used: {error.strerror}.") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BadRequest(f"Another run uses '{path}'. Wait for it, or name another file.") from error
        yield _read(path, package)


def _read(path: Path, package: str | None) -> State:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return State(path, package or "", [])
    except UnicodeDecodeError as error:
        raise BadRequest(_broken(path)) from error
    except OSError as error:
        raise BadRequest(f"The file '{path}' cannot be read: {error.strerror}.") from error
    try:
        raw = json.loads(text)
        if raw["format"] != FORMAT:
            raise ValueError(raw["format"])
        found = State(path, str(raw["package"]), [_record(one) for one in raw["watermarks"]])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadRequest(_broken(path)) from error
    if package is not None and found.package != package:
        raise BadRequest(f"'{path}' holds the watermarks of '{found.package}', not of '{package}'. Name another file.")
    return found


def _broken(path: Path) -> str:
    return f"'{path}' holds no watermarks: it is no file that penstock run wrote. Name another, or remove it."


def _record(raw: Mapping[str, Any]) -> dict[str, Any]:
    if not all(isinstance(raw[name], str) for name in _TEXTS):
        raise TypeError(raw)
    return {**{name: raw[name] for name in _TEXTS}, "mark": Watermark.of_json(raw["mark"]).to_json()}
