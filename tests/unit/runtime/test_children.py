"""Children of a fork server: how they live, how they end, and that none outlives whom it works for."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from penstock.errors import PermanentError
from penstock.runtime.children import Child, Children, Exit

Fork = Callable[[], Child]
Exits = Callable[[int], list[Exit]]
Wait = Callable[..., Any]
Gone = Callable[[int], bool]


def ask(child: Child, **said: Any) -> Any:
    """Let a child do something, and return what it answers."""
    child.channel.send(said)
    answer = child.channel.receive()
    assert answer is not None
    return answer["done"]


def server_of(child: Child) -> int:
    parent = psutil.Process(child.pid).parent()
    assert parent is not None
    return parent.pid


def test_children_are_processes_of_their_own(fork: Fork) -> None:
    made = [fork() for _ in range(3)]
    assert len({child.pid for child in made} | {os.getpid()}) == 4
    assert len({server_of(child) for child in made}) == 1
    for child in made:
        facts = ask(child, do="facts")
        assert facts["group"] == facts["session"] == child.pid
        assert facts["threads_of_server"] == 1, "a fork copies one thread, and locks that the others held"
        assert not facts["handles_child_signals"]


def test_a_child_is_ended_before_its_worker_when_memory_runs_out(fork: Fork) -> None:
    assert int(ask(fork(), do="facts")["oom_score_adj"]) >= 500


def test_a_child_knows_nothing_of_the_installation(monkeypatch: pytest.MonkeyPatch, program: list[str]) -> None:
    """No address and password of the store, no key; what else there is stays, such as paths and proxies."""
    for name in ("PENSTOCK_API_KEY", "PENSTOCK_DATABASE_URL", "PGPASSWORD", "PGPASSFILE", "PGSERVICE", "OTHER_THING"):
        monkeypatch.setenv(name, "x")
    children = Children(program)
    child = children.fork()
    try:
        assert child.channel.receive()
        names = ask(child, do="facts")["environ"]
        assert [name for name in names if name.startswith(("PENSTOCK", "PG"))] == []
        assert "OTHER_THING" in names
    finally:
        child.channel.close()
        children.close()


def test_a_child_holds_no_file_but_its_channel(fork: Fork, tmp_path: Path) -> None:
    """Neither what the worker has open, nor the channels of other children, nor the way to the fork server."""
    with (tmp_path / "secret").open("w") as secret:
        os.set_inheritable(secret.fileno(), False)
        first, second = fork(), fork()
        for child in (first, second):
            files = ask(child, do="facts")["files"]
            assert len([one for one in files if one.startswith("socket:")]) == 1, files
            assert not any("secret" in one for one in files)


@pytest.mark.parametrize("code", [0, 1, 3, 255])
def test_how_a_child_exits(fork: Fork, exits: Exits, code: int) -> None:
    child = fork()
    child.channel.send({"do": "exit", "code": code})
    assert exits(1) == [Exit(child.pid, code)]
    assert child.channel.receive() is None


def test_a_child_that_is_done_ends_well(fork: Fork, exits: Exits) -> None:
    child = fork()
    child.channel.close()
    assert exits(1) == [Exit(child.pid, 0)]


def test_a_child_that_fails_ends_with_a_code(fork: Fork, exits: Exits) -> None:
    child = fork()
    child.channel.send({"do": "raise", "what": "a bug"})
    assert exits(1) == [Exit(child.pid, 1)]


@pytest.mark.parametrize("number", [signal.SIGABRT, signal.SIGSEGV, signal.SIGKILL])
def test_a_child_that_a_signal_ends(fork: Fork, exits: Exits, number: signal.Signals) -> None:
    child = fork()
    child.channel.send({"do": "signal", "number": int(number)})
    assert exits(1) == [Exit(child.pid, -number)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_all_processes_of_a_service_is_for_the_worker(fork: Fork, number: signal.Signals) -> None:
    """Such as a service manager sends: jobs are given back, not failed."""
    child = fork()
    os.kill(server_of(child), number)
    os.kill(child.pid, number)
    assert ask(child, do="nothing") is None
    assert ask(fork(), do="nothing") is None


def test_an_exit_is_told_once_and_on_the_descriptor(children: Children, fork: Fork) -> None:
    child = fork()
    assert children.exits() == []
    child.channel.send({"do": "exit", "code": 0})
    assert select.select([children], [], [], 30)[0]
    assert children.exits() == [Exit(child.pid, 0)]
    assert children.exits() == []
    assert not select.select([children], [], [], 0)[0]


def test_exits_that_are_told_while_one_forks_are_not_lost(children: Children, fork: Fork, exits: Exits) -> None:
    made = [fork() for _ in range(5)]
    for child in made:
        child.channel.send({"do": "exit", "code": 7})
    later = fork()
    assert exits(5) == sorted((Exit(child.pid, 7) for child in made), key=lambda one: one.pid)
    assert ask(later, do="nothing") is None


def test_a_child_is_killed_alone(children: Children, fork: Fork, exits: Exits) -> None:
    child, other = fork(), fork()
    children.kill(child.pid)
    assert exits(1) == [Exit(child.pid, -9)]
    assert ask(other, do="nothing") is None


@pytest.mark.parametrize("how", ["killed", "exits"])
def test_what_a_child_started_goes_with_it(
    children: Children, fork: Fork, exits: Exits, wait_until: Wait, gone: Gone, how: str
) -> None:
    child = fork()
    grandchildren = [ask(child, do="spawn") for _ in range(2)]
    assert not any(gone(pid) for pid in grandchildren)
    if how == "killed":
        children.kill(child.pid)
    else:
        child.channel.send({"do": "exit", "code": 0})
    assert [one.pid for one in exits(1)] == [child.pid]
    wait_until(lambda: all(gone(pid) for pid in grandchildren))


def test_only_children_are_killed(children: Children, fork: Fork, exits: Exits, program: list[str]) -> None:
    """Not a process that has the number of a child that has ended."""
    bystander = subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE)
    try:
        children.kill(bystander.pid)
        children.kill(os.getpid())
        child = fork()
        child.channel.send({"do": "exit", "code": 0})
        exits(1)
        children.kill(child.pid)
        assert ask(fork(), do="nothing") is None
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.communicate()


def test_children_are_killed_from_any_thread(children: Children, fork: Fork, exits: Exits) -> None:
    made = [fork() for _ in range(6)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda child: children.kill(child.pid), made))
    assert exits(6) == sorted((Exit(child.pid, -9) for child in made), key=lambda one: one.pid)


def test_no_child_is_left_when_it_is_closed(program: list[str], wait_until: Wait, gone: Gone) -> None:
    children = Children(program)
    made = [children.fork() for _ in range(2)]
    for child in made:
        child.channel.receive()
    grandchild = ask(made[0], do="spawn")
    server = server_of(made[0])
    children.close()
    assert gone(server)
    wait_until(lambda: all(gone(pid) for pid in (*(child.pid for child in made), grandchild)))
    for child in made:
        child.channel.close()


def test_no_child_outlives_the_fork_server(children: Children, fork: Fork, wait_until: Wait, gone: Gone) -> None:
    """And with another fork server it goes on."""
    made = [fork(), fork()]
    os.kill(server_of(made[0]), signal.SIGKILL)
    wait_until(lambda: all(gone(child.pid) for child in made))

    def look() -> None:
        select.select([children], [], [], 30)
        children.exits()

    with pytest.raises(PermanentError, match="fork server"):
        look()
    with pytest.raises(PermanentError):
        children.fork()
    with pytest.raises(PermanentError):
        children.kill(made[0].pid)
    children.restart()
    assert children.exits() == []
    assert ask(fork(), do="nothing") is None


def test_no_child_outlives_the_worker(program: list[str], wait_until: Wait, gone: Gone) -> None:
    """Not even one that is killed and can tell nobody."""
    script = Path(__file__).with_name("worker_of_children.py")
    worker = subprocess.Popen([sys.executable, str(script), program[1]], stdout=subprocess.PIPE, text=True)
    try:
        assert worker.stdout is not None
        pids = json.loads(worker.stdout.readline())
        assert len(pids) == 3
        assert not any(gone(pid) for pid in pids)
    finally:
        worker.kill()
        worker.communicate()
    wait_until(lambda: all(gone(pid) for pid in pids))


def test_a_fork_server_that_does_not_start() -> None:
    children = Children([sys.executable, "-S", "-c", "raise SystemExit(3)"])
    with pytest.raises(PermanentError, match="fork server"):
        children.fork()
    children.close()


def test_many_children_one_after_the_other(children: Children, fork: Fork, exits: Exits) -> None:
    """Each runs one job and is replaced; nothing is left behind in the fork server."""
    first = fork()
    server = psutil.Process(server_of(first))
    before = server.num_fds()
    for _ in range(20):
        child = fork()
        child.channel.close()
        exits(1)
    assert server.num_fds() == before
    assert len(server.children()) == 1
