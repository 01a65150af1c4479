"""A connector whose libraries are loaded when it is first used: most jobs need few of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from penstock.domain.rung import Rungs
from penstock.plan.operators import Scan, Write
from penstock.plan.ports import (
    BoundSource,
    Connection,
    Connector,
    Keeper,
    Landing,
    Publication,
    Sifter,
    Staged,
    Written,
)
from penstock.plan.systems import System


class Later:
    """What *make* makes (`penstock.plan.ports.Connector`), made when it is needed."""

    def __init__(self, system: System, make: Callable[[], Connector]) -> None:
        self.system = system
        self._make = make

    @cached_property
    def _made(self) -> Connector:
        return self._make()

    def test(self, connection: Connection) -> Rungs | None:
        """Test a connection."""
        return self._made.test(connection)

    def bind(self, scan: Scan, connection: Connection, landing: Landing) -> BoundSource:
        """Find or make the files of a source."""
        return self._made.bind(scan, connection, landing)

    def locate(self, write: Write, connection: Connection, token: str, staging: Path) -> Staged:
        """Say where an attempt stages and publishes."""
        return self._made.locate(write, connection, token, staging)

    def prepare(self, staged: Staged) -> None:
        """Make the staging folder."""
        self._made.prepare(staged)

    def publish(self, staged: Staged, written: Written) -> Publication:
        """Make visible what was staged."""
        return self._made.publish(staged, written)

    def discard(self, staged: Staged) -> None:
        """Remove what was staged."""
        self._made.discard(staged)


class LaterSifter(Later):
    """Likewise of what may have no place for what was staged (`penstock.plan.ports.Sifter`)."""

    def __init__(self, system: System, make: Callable[[], Sifter]) -> None:
        super().__init__(system, make)
        self._make_sifter = make

    @cached_property
    def _made(self) -> Sifter:
        return self._make_sifter()

    def sift(self, staged: Staged, written: Written) -> Written:
        """Take out of what was staged what the target has no place for."""
        return self._made.sift(staged, written)


class LaterFiles(Later):
    """Likewise of files, which single ones can be put to (`penstock.plan.ports.Keeper`)."""

    def __init__(self, make: Callable[[], Keeper]) -> None:
        super().__init__(System.FILES, make)
        self._make_files = make

    @cached_property
    def _made(self) -> Keeper:
        return self._make_files()

    def keep(self, connection: Connection, bucket: str | None, path: str, file: Path, name: str) -> str:
        """Copy a file to a path."""
        return self._made.keep(connection, bucket, path, file, name)
