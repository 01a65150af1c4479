"""The watch over what processes hold in memory."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from penstock.runtime.children import Child
from penstock.runtime.memory import MemoryWatch, resident_bytes

MIB = 1 << 20


@pytest.fixture
def named() -> queue.Queue[int]:
    """The processes that held too much."""
    return queue.Queue()


@pytest.fixture
def watch(named: queue.Queue[int]) -> Iterator[MemoryWatch]:
    made = MemoryWatch(named.put)
    made.start()
    yield made
    made.stop()
    assert not made.is_alive()


def grow(child: Child, mebibytes: int) -> None:
    child.channel.send({"do": "grow", "mebibytes": mebibytes})
    child.channel.receive()


def test_a_process_over_its_cap_is_named_once(
    watch: MemoryWatch, named: queue.Queue[int], fork: Callable[[], Child]
) -> None:
    small, large = fork(), fork()
    cap = max(resident_bytes(small.pid), resident_bytes(large.pid)) + 60 * MIB
    watch.watch(small.pid, cap)
    watch.watch(large.pid, cap)
    grow(small, 20)
    grow(large, 100)
    assert named.get(timeout=30) == large.pid
    grow(small, 60)
    assert named.get(timeout=30) == small.pid
    assert named.empty()


def test_a_process_that_is_forgotten_is_not_named(
    watch: MemoryWatch, named: queue.Queue[int], fork: Callable[[], Child]
) -> None:
    first, second = fork(), fork()
    watch.watch(first.pid, resident_bytes(first.pid) + 30 * MIB)
    watch.forget(first.pid)
    watch.forget(first.pid)
    grow(first, 60)
    watch.watch(second.pid, 1)
    assert named.get(timeout=30) == second.pid
    assert named.empty()


def test_what_a_process_holds_is_counted(fork: Callable[[], Child]) -> None:
    child = fork()
    before = resident_bytes(child.pid)
    grow(child, 50)
    assert 45 * MIB < resident_bytes(child.pid) - before < 70 * MIB


def test_a_process_that_is_gone_holds_nothing(
    fork: Callable[[], Child], exits: Callable[[int], Any], watch: MemoryWatch, named: queue.Queue[int]
) -> None:
    child, other = fork(), fork()
    child.channel.close()
    exits(1)
    assert resident_bytes(child.pid) == 0
    watch.watch(child.pid, 0)
    watch.watch(other.pid, 1)
    assert named.get(timeout=30) == other.pid


def test_a_watch_that_never_began_can_be_stopped() -> None:
    MemoryWatch(lambda pid: None).stop()
