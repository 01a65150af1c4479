"""A real fork server whose children do what a test tells them; and twins of what stands around a worker."""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

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


def load(name: str) -> ModuleType:
    """Return a module of `tests/fakes`: the tests are no package, so it is loaded by its path."""
    spec = importlib.util.spec_from_file_location(f"penstock_fakes_{name}", HERE.parents[1] / "fakes" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def fake_engine() -> ModuleType:
    """`tests/fakes/engine.py`."""
    return load("engine")


@pytest.fixture(scope="session")
def fake_children() -> ModuleType:
    """`tests/fakes/children.py`."""
    return load("children")


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
