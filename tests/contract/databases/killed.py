"""A process that runs one attempt and kills itself when a step of its session is done for the nth time. In: the order as JSON,
the file for what is granted, the class of the session, the step, the number."""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Any

from penstock.engines.duckdb.run import DuckEngine
from penstock.plan.ports import Written
from penstock.runtime.execute import Order, execute
from penstock.runtime.look import Quiet
from penstock.wiring import jobs


class Kept:
    """A gate that grants, and keeps what was asked in a file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def grant(self, outputs: Sequence[Written]) -> None:
        """Keep it, as a store would."""
        self._file.write_text(json.dumps([asdict(one) for one in outputs]))


def main(order: str, granted: str, target: str, step: str, nth: str) -> None:
    """Run and die."""
    module, _, name = target.partition(":")
    kind: Any = getattr(importlib.import_module(module), name)
    does, numbers = getattr(kind, step), count(1)

    def dies(self: Any, *args: Any) -> Any:
        made = does(self, *args)
        if next(numbers) == int(nth):
            os.kill(os.getpid(), signal.SIGKILL)
        return made

    setattr(kind, step, dies)
    given = Order(**json.loads(order))
    connectors = jobs.connectors(None, allow=given.outbound)
    execute(given, DuckEngine(), connectors, Quiet(), Kept(Path(granted)))


if __name__ == "__main__":
    main(*sys.argv[1:])
