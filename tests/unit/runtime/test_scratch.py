"""Scratch space: a worker's own while it lives, swept when it is gone."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from penstock.runtime import scratch as scratch_module
from penstock.runtime.scratch import LOCK, Scratch

HOLD = """
import sys
from pathlib import Path
from penstock.runtime.scratch import Scratch
held = Scratch(Path(sys.argv[1]), "other")
(held.folder("job-1-1") / "spill").write_text("x")
print("held", flush=True)
sys.stdin.read()
"""


def test_each_attempt_has_a_folder_of_its_own(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path / "a" / "b", "w")
    one, two = scratch.folder("job-1-1"), scratch.folder("job-2-1")
    assert one != two
    assert one.is_dir()
    assert (one.stat().st_mode & 0o777, one.parent.stat().st_mode & 0o777) == (0o700, 0o700)
    (one / "spill").write_text("x")
    assert list(scratch.folder("job-1-1").iterdir()) == []
    scratch.close()
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_what_a_worker_that_died_left_is_swept_and_what_a_live_one_holds_is_not(tmp_path: Path) -> None:
    """Whether it was killed or the machine went down: the lock goes with the process."""
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    first = Scratch(tmp_path, "first")
    assert (tmp_path / "other" / "job-1-1" / "spill").exists()
    other.kill()
    other.communicate()
    second = Scratch(tmp_path, "second")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["first", "second"]
    assert first.folder("job-1-1").is_dir()
    first.close()
    second.close()


def test_what_is_not_of_a_worker_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a file").write_text("x")
    (tmp_path / "a folder").mkdir()
    (tmp_path / "a folder" / "kept").write_text("x")
    Scratch(tmp_path, "w").close()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a file", "a folder"]
    assert (tmp_path / "a folder" / "kept").exists()


def test_a_sweep_between_the_folder_and_its_lock_does_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers that start together: one finds the folder of another that is not locked yet."""
    lock = fcntl.flock
    swept: list[int] = []

    def sweep_first(descriptor: int, how: int) -> None:
        if how == fcntl.LOCK_EX and not swept:
            swept.append(descriptor)
            scratch_module._sweep(tmp_path)
        lock(descriptor, how)

    monkeypatch.setattr(scratch_module.fcntl, "flock", sweep_first)
    scratch = Scratch(tmp_path, "w")
    assert swept
    assert scratch.folder("job-1-1").is_dir()
    scratch_module._sweep(tmp_path)
    assert (tmp_path / "w" / LOCK).exists()
    scratch.close()


def test_workers_that_start_together(tmp_path: Path) -> None:
    made: list[Scratch] = []
    faults: list[BaseException] = []
    gate = threading.Barrier(8)

    def begin(number: int) -> None:
        gate.wait(30)
        try:
            scratch = Scratch(tmp_path, f"w{number}")
            scratch.folder("job-1-1")
            made.append(scratch)
        except BaseException as error:  # noqa: BLE001 -- whatever it is, the test shows it
            faults.append(error)

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert sorted(one.name for one in tmp_path.iterdir()) == [f"w{number}" for number in range(8)]
    for scratch in made:
        scratch.close()


def test_the_lock_is_not_passed_on(tmp_path: Path, fork: Callable[[], Any]) -> None:
    """Else a child that outlived its worker for a moment would keep the folder from being swept."""
    scratch = Scratch(tmp_path, "w")
    child = fork()
    child.channel.send({"do": "facts"})
    answer = child.channel.receive()
    assert not any(LOCK in one for one in answer["done"]["files"])
    assert not os.get_inheritable(scratch._lock)
    scratch.close()
