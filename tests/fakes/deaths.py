"""Attempts that die while they publish: where, and what is left to the next one."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from itertools import count
from typing import Any

import pytest

from penstock.plan.ports import Connector, Staged, Written


class Cut(BaseException):
    """The process dies here; nothing of ours is told."""


class Asked:
    """A gate that grants, and keeps what was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def grant(self, outputs: Sequence[Written]) -> None:
        """Keep it, as a store would."""
        self.asked = json.loads(json.dumps([asdict(one) for one in outputs]))


class Dying:
    """A connector of a process that dies: it removes nothing any more."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connector, name)

    def discard(self, staged: Staged) -> None:
        """Nobody is there to remove it."""


def cutting(
    monkeypatch: pytest.MonkeyPatch, target: type, steps: Sequence[str], at: int, fault: Callable[[], BaseException]
) -> list[int]:
    """Have a session fail once so many of its *steps* are done, none for 0; returns a list that gets the number when it has.
    Between two steps nothing is changed, so it is all one whether the one has ended or the other not begun."""
    numbers, hit = count(1), []

    def broken(step: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: Any, *args: Any) -> Any:
            if at == 0 and not hit:
                hit.append(at)
                raise fault()
            made = step(self, *args)
            if next(numbers) == at:
                hit.append(at)
                raise fault()
            return made

        return call

    for name in steps:
        monkeypatch.setattr(target, name, broken(getattr(target, name)))
    return hit
