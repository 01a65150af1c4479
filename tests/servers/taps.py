"""Singer taps."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .programs import NotHad


@contextmanager
def tap_jsonl() -> Iterator[Path]:
    """The command of a Singer tap, in the environment of its own that `make setup` gives it."""
    command = Path(sys.prefix) / "taps" / "jsonl" / "bin" / "tap-jsonl"
    if not command.is_file():
        raise NotHad("it is not installed; run make setup")
    yield command
