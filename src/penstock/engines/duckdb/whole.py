"""The files of an output that DuckDB has ended while it writes others, which it tells nobody: they are looked for."""

from __future__ import annotations

import os
import re
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from penstock.plan.ports import Early

PATTERN = "part{i}"
"""How files are named that are written one after the other, to DuckDB."""
_FOLDER = "parts"
"""They lie in a folder within that of the output, for DuckDB may write into that, but not make it."""
LOOK_S = 0.02
"""How often it is looked; a file takes DuckDB several times as long."""
_NAME = re.compile(r"part(\d+)\.parquet")
_MARK = b"PAR1"


@dataclass(slots=True)
class Whole:
    """Tells *early* of the Parquet files of an output once they are whole. *folder* is that of the output, *names* are those
    told, in this order."""

    folder: Path
    early: Early
    names: list[str] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    @property
    def place(self) -> Path:
        """The folder that they are written into."""
        return self.folder / _FOLDER

    def clear(self) -> None:
        """Remove what a statement has left behind that is run again, and what was told of it."""
        self.early.anew()
        self.place.mkdir(exist_ok=True)
        for name in self._found():
            (self.folder / name).unlink()

    def __enter__(self) -> None:
        """Look until the end of the block."""
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        """Look no longer."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def rest(self) -> None:
        """Tell of all other files, when the statement has ended well. Where nothing was told before, there is nothing to be
        won: it is only noted."""
        others = [name for name in self._found() if name not in self.names]
        if self.names:
            for name in others:
                self.early.whole(name)
        self.names += others

    def look(self) -> None:
        """Tell of what is whole now."""
        for name in self._found():
            if name not in self.names and _is_whole(self.folder / name):
                self.names.append(name)
                self.early.whole(name)

    def _watch(self) -> None:
        while not self._over.wait(LOOK_S):
            self.look()

    def _found(self) -> list[str]:
        """Return the names of files in the order of their numbers."""
        found = [(int(match[1]), name) for name in os.listdir(self.place) if (match := _NAME.fullmatch(name))]
        return [f"{_FOLDER}/{name}" for _, name in sorted(found)]


def _is_whole(path: Path) -> bool:
    """Tell whether a file ends as Parquet does. One that only looks so is found out by its size in the end."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        if size < 2 * len(_MARK):
            return False
        file.seek(-len(_MARK), os.SEEK_END)
        if file.read() != _MARK:
            return False
    try:
        pq.read_metadata(path)
    except pa.ArrowInvalid:
        return False
    return True
