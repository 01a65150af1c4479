"""A real fork server whose children do what a test tells them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from penstock.runtime.children import Child, Children, Exit

HERE = Path(__file__).parent
WAIT_S = 30.0


def until(look: Callable[[], object], limit_s: float = WAIT_S) -> object:
    """Return what *look* returns, once it is something."""
    end = time.monotonic() + limit_s
    while not (found := look()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)
    return found


def is_gone(pid: int) -> bool:
    """Tell whether a process has ended; one that nobody reaps has, too."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture(scope="session")
def wait_until() -> Callable[..., object]:
    return until


@pytest.fixture(scope="session")
def gone() -> Callable[[int], bool]:
    return is_gone


@pytest.fixture(scope="session")
def program() -> list[str]:
    """The command of the fork server."""
    return [sys.executable, str(HERE / "forked.py")]


@pytest.fixture
def children(program: list[str]) -> Iterator[Children]:
    """A fork server."""
    made = Children(program)
    yield made
    made.close()


@pytest.fixture
def fork(children: Children) -> Iterator[Callable[[], Child]]:
    """Forks children that are ready."""
    made: list[Child] = []

    def make() -> Child:
        child = children.fork()
        made.append(child)
        assert child.channel.receive() == {"ready": child.pid}
        return child

    yield make
    for child in made:
        child.channel.close()


@pytest.fixture
def exits(children: Children) -> Callable[[int], list[Exit]]:
    """Waits for some children to end, and returns how, in the order of their pids."""

    def wait(count: int) -> list[Exit]:
        found: list[Exit] = []
        until(lambda: found.extend(children.exits()) or len(found) >= count)
        return sorted(found, key=lambda one: one.pid)

    return wait
