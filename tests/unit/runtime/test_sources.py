"""What is said while a source lands."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.plan.operators import ConnectionRef, FileSource, FileTarget, Plan, Scan, Write
from penstock.plan.ports import BoundSource, Connection, Landing, Publication, Staged, Written
from penstock.plan.schema import Schema
from penstock.plan.systems import System
from penstock.runtime import sources
from penstock.runtime.look import Quiet


class Slow:
    """A connector whose records arrive a thousand every four seconds."""

    system = System.FILES

    def __init__(self, clock: list[float]) -> None:
        self.clock = clock
        self.landings: list[Landing] = []

    def test(self, connection: Connection) -> None:
        raise NotImplementedError

    def bind(self, scan: Scan, connection: Connection, landing: Landing) -> BoundSource:
        self.landings.append(landing)
        for count in range(1, 7):
            self.clock[0] += 4.0
            landing.arrived(count * 1000, "rows")
        return BoundSource(scan.source, ())

    def locate(self, write: Write, connection: Connection, token: str, staging: Path) -> Staged:
        raise NotImplementedError

    def prepare(self, staged: Staged) -> None:
        raise NotImplementedError

    def publish(self, staged: Staged, written: Written) -> Publication:
        raise NotImplementedError

    def discard(self, staged: Staged) -> None:
        raise NotImplementedError


def test_long_waits_are_explained_every_ten_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(sources.time, "monotonic", lambda: clock[0])
    ref = ConnectionRef("lake")
    plan = Plan(
        tuple(
            Write(name, name, "", Scan(f"from {name}", FileSource(ref, "x", ()), Schema()), FileTarget(ref, name, ()))
            for name in ("a", "b")
        )
    )
    slow, ear = Slow(clock), Quiet()
    connections = {"lake": Connection("lake", "file")}
    bound = sources.bind(plan, connections, {"file": slow}, tmp_path, ear, 5)
    assert list(bound) == ["from a", "from b"]
    assert ear.lines == [
        ("info", f"from {name}: {said}")
        for name in ("a", "b")
        for said in ("3,000 rows have arrived", "6,000 rows have arrived", "0 files, 0 bytes")
    ]
    assert len({one.folder for one in slow.landings}) == 2
    assert not any(one.folder.exists() for one in slow.landings)
    assert {one.size for one in slow.landings} == {5}
