"""The loop of a worker: claim jobs, hear their processes, renew leases, obey stops, write how jobs end.

One thread does it all, so nothing here is ever half-way when something else looks; each step that touches the store is
one transaction, and one that fails because the store is away is tried again. A worker that could not renew a lease in
time kills the job's process before anybody else may take the job.
"""

from __future__ import annotations

import logging
import math
import os
import selectors
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from penstock.errors import PermanentError, TransientError
from penstock.kit.clock import Clock
from penstock.kit.sealing import Seal
from penstock.runtime import outcome
from penstock.runtime.attempt import Attempt, remove_staged
from penstock.runtime.channel import Broken
from penstock.runtime.children import Child, Children
from penstock.runtime.execute import secrets_of
from penstock.runtime.limits import Limits, cap_bytes
from penstock.runtime.masking import Mask
from penstock.runtime.memory import MemoryWatch
from penstock.runtime.scratch import Scratch
from penstock.services import attempts, upkeep
from penstock.services.secrets import KEYLESS
from penstock.services.session import Sessions

log = logging.getLogger("penstock.worker")

LOOK_EVERY_S = 0.25
"""How often a worker that nobody wakes looks for jobs and stop requests."""
WRITE_EVERY_S = 0.25
"""How often what processes tell is written."""
UPKEEP_EVERY_S = 0.5
WAIT_AT_MOST_S = 1.0
"""How long stop requests and the upkeep wait for jobs that begin, one after the other."""
RETRY_S = 1.0
"""How long after the store was away a step is tried again."""
PUBLISH_GRACE_S = upkeep.PUBLISH_WITHIN.total_seconds()
STOP_GRACE_S = 2.0
"""How long an interrupted job may take to end by itself."""
LINGER_S = 5.0
"""How long a process may stay after its last word."""
SAFETY_S = 2.0
"""How long before the end of a lease that could not be renewed its process is killed."""


class Worker:
    """One worker process. `run` returns after `stop`, when its jobs are given back."""

    def __init__(
        self,
        sessions: Sessions,
        clock: Clock,
        children: Children,
        scratch: Path,
        limits: Limits,
        worker_id: str,
        seal: Seal = KEYLESS,
        outbound: str = "",
        presets: Mapping[str, Any] | None = None,
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._children = children
        self._limits = limits
        self._seal = seal
        self._outbound = outbound
        self._presets = dict(presets or {})
        self._scratch = Scratch(scratch, worker_id)
        self.id = worker_id
        self._held: dict[int, Attempt] = {}
        self._warm: list[Child] = []
        self._selector = selectors.DefaultSelector()
        self._memory = MemoryWatch(self._too_large)
        self._sizes: set[int] = set()
        self._stopping = threading.Event()
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        self._steps: dict[str, tuple[float, Callable[[], None]]] = {
            "renew": (attempts.RENEW_EVERY.total_seconds(), self._renew),
            "claim": (math.inf, self._claim),
            "look": (LOOK_EVERY_S, self._look),
            "upkeep": (UPKEEP_EVERY_S, self._keep_up),
            "write": (math.inf, self._write_reports),
        }
        self._due = dict.fromkeys(self._steps, 0.0)
        self._done = dict.fromkeys(self._steps, 0.0)

    def wake(self) -> None:
        """Let the worker look for work now; safe from any thread and from signal handlers."""
        with suppress(BlockingIOError, OSError):
            self._waker.send(b"w")

    def stop(self) -> None:
        """Let `run` give the jobs back and return; safe from any thread and from signal handlers."""
        self._stopping.set()
        self.wake()

    def watch(self, end: socket.socket) -> None:
        """Look for work whenever something comes over a socket, and stop when the other side closes it."""
        end.setblocking(False)
        self._selector.register(end, selectors.EVENT_READ, self._other_wakes)

    def run(self) -> None:
        """Work until stopped."""
        self._begin()
        try:
            # Before the first job can be claimed: a cluster that is available has warm children.
            self._keep_warm()
            while not self._stopping.is_set():
                self._turn()
            self._give_all_back()
        finally:
            self._end()

    def _begin(self) -> None:
        self._selector.register(self._woken, selectors.EVENT_READ, self._woken_up)
        self._selector.register(self._children, selectors.EVENT_READ, self._children_ended)
        self._memory.start()

    def _end(self) -> None:
        self._memory.stop()
        self._children.close()
        self._selector.close()
        for child in (*self._warm, *(attempt.child for attempt in self._held.values())):
            child.channel.close()
        self._woken.close()
        self._waker.close()
        self._scratch.close()

    # --- one turn of the loop

    def _turn(self) -> None:
        for key, _ in self._selector.select(self._patience()):
            key.data(key.fileobj)
        for name, (seconds, step) in self._steps.items():
            if time.monotonic() >= self._due[name]:
                self._done[name] = time.monotonic()
                self._due[name] = time.monotonic() + seconds
                if not self._try(step):
                    self._due[name] = time.monotonic() + RETRY_S
        self._watch_ends()
        self._keep_warm()

    def _patience(self) -> float:
        now = time.monotonic()
        return min([LOOK_EVERY_S, *(max(due - now, 0.0) for due in self._due.values())])

    def _soon(self, name: str, after_s: float = 0.0) -> None:
        self._due[name] = min(self._due[name], time.monotonic() + after_s)

    def _try(self, step: Callable[[], None]) -> bool:
        """Do a step; False when the store is away, so that it is tried again."""
        try:
            step()
        except TransientError as error:
            log.warning("%s", error.message)
            return False
        return True

    def _woken_up(self, end: socket.socket) -> None:
        with suppress(BlockingIOError):
            while end.recv(4096):
                pass
        for name in ("claim", "look", "upkeep"):
            self._soon(name)

    def _other_wakes(self, end: socket.socket) -> None:
        with suppress(BlockingIOError):
            while end.recv(4096):
                pass
            self._selector.unregister(end)
            self._stopping.set()
        self._woken_up(self._woken)

    # --- children

    def _keep_warm(self) -> None:
        """Have a child ready for each free slot, and one for the job that follows where the last slot becomes free."""
        while len(self._warm) + len(self._held) <= self._limits.slots:
            try:
                self._warm.append(self._children.fork())
                self._soon("look")
            except PermanentError as error:
                self._restart_children(error)
                return

    def _restart_children(self, error: PermanentError) -> None:
        log.error("%s It is started again; jobs that ran are left to another attempt.", error.message)
        self._selector.unregister(self._children)
        self._children.restart()
        self._selector.register(self._children, selectors.EVENT_READ, self._children_ended)
        while self._warm:
            self._warm.pop().channel.close()
        for attempt in list(self._held.values()):
            self._hear(attempt, to_the_end=True)
            attempt.is_blameless = True
            self._ended(attempt, -9)

    def _children_ended(self, _: object) -> None:
        try:
            exits = self._children.exits()
        except PermanentError as error:
            self._restart_children(error)
            return
        for gone in exits:
            for child in [one for one in self._warm if one.pid == gone.pid]:
                self._warm.remove(child)
                child.channel.close()
            for attempt in [one for one in self._held.values() if one.child.pid == gone.pid]:
                self._hear(attempt, to_the_end=True)
                self._ended(attempt, gone.code)

    def _hear(self, attempt: Attempt, *, to_the_end: bool = False) -> None:
        """Take in what a child has said."""
        channel = attempt.child.channel
        if channel.fileno() < 0:
            return
        try:
            messages, is_open = channel.drain(to_the_end=to_the_end)
            for said in messages:
                attempt.hear(said)
            self._soon("write", WRITE_EVERY_S)
        except Broken as error:
            log.error("The process of job %d is broken: %s.", attempt.job_id, error)
            self._kill(attempt)
            is_open = False
        if not is_open:
            self._unhear(attempt)
            attempt.kill_at = attempt.kill_at or time.monotonic() + LINGER_S
        if attempt.asked is not None:
            self._answer(attempt)
        if attempt.outcome is not None and attempt.outcome["kind"] != "stopped":
            self._try(lambda: self._write_outcome(attempt))

    def _unhear(self, attempt: Attempt) -> None:
        with suppress(KeyError, ValueError):
            self._selector.unregister(attempt.child.channel)
        attempt.child.channel.close()

    def _kill(self, attempt: Attempt) -> None:
        with suppress(PermanentError):  # with the fork server every child is gone
            self._children.kill(attempt.child.pid)

    def _too_large(self, pid: int) -> None:
        """Called by the memory watch, in its thread."""
        self._sizes.add(pid)
        with suppress(PermanentError):
            self._children.kill(pid)

    # --- the store

    def _facts(self) -> attempts.WorkerFacts:
        return attempts.WorkerFacts(
            self.id, socket.gethostname(), os.getpid(), self._limits.slots, self._limits.memory_bytes
        )

    def _renew(self) -> None:
        asked_at = time.monotonic()
        held = {
            attempt.job_id: attempt.epoch
            for attempt in self._held.values()
            if not attempt.is_written and not attempt.is_lost
        }
        with self._sessions.write() as uow:
            now = attempts.database_now(uow, self._clock)
            attempts.join(uow, self._facts(), now)
            lost = attempts.renew(uow, self.id, held, now)
        for job_id in held:
            attempt = self._held.get(job_id)
            if attempt is None or attempt.is_written:
                continue
            if job_id in lost:
                self._lose(attempt)
            else:
                attempt.renewed_at = asked_at

    def _lose(self, attempt: Attempt) -> None:
        log.warning("Job %d is not held here any more; its process is killed.", attempt.job_id)
        attempt.is_lost = attempt.is_blameless = True
        self._kill(attempt)

    def _keep_up(self) -> None:
        with self._sessions.write() as uow:
            left = upkeep.keep_up(uow, attempts.database_now(uow, self._clock))
        remove_staged(left)
        self._soon("look")

    def _look(self) -> None:
        """Obey stop requests, and see whether there is a job to take."""
        with self._sessions.read() as uow:
            stops = attempts.stop_requests(uow, self.id)
            has_work = self._has_room() and attempts.has_work(uow, self.id, attempts.database_now(uow, self._clock))
        for job_id in stops:
            if job_id in self._held:
                self._begin_stop(self._held[job_id])
        if has_work:
            self._soon("claim")

    def _claim(self) -> None:
        """Take jobs while there is room. Whoever woke this worker most likely did it for them: all else can wait then,
        since a job that just begins wants this machine. But not for ever, where one job follows the other."""
        while self._has_room() and self._claim_one():
            now = time.monotonic()
            for name, seconds in (("look", LOOK_EVERY_S), ("upkeep", UPKEEP_EVERY_S)):
                self._due[name] = min(now + seconds, self._done[name] + WAIT_AT_MOST_S)

    def _has_room(self) -> bool:
        """Tell whether a job can begin: a slot is free, a child is ready, and none of a lost job is still there, which may be
        the same."""
        has_slot = len(self._held) < self._limits.slots
        return has_slot and bool(self._warm) and not any(attempt.is_lost for attempt in self._held.values())

    def _claim_one(self) -> bool:
        """Take one job; False when there is none."""
        asked_at = time.monotonic()
        with self._sessions.write() as uow:
            taken = attempts.claim(uow, self.id, attempts.database_now(uow, self._clock), self._seal)
        if isinstance(taken, attempts.Lost):
            remove_staged(list(taken.staged))
        elif taken is not None:
            self._start(taken, asked_at)
        return taken is not None

    def _start(self, taken: attempts.Claimed, asked_at: float) -> None:
        try:
            scratch = self._scratch.folder(f"job-{taken.job_id}-{taken.epoch}")
        except OSError as error:
            self._refuse(taken, f"The worker {self.id} cannot make a scratch folder: {error.strerror}. Free its disk.")
            return
        child = self._warm.pop(0)
        attempt = Attempt(taken.job_id, taken.epoch, child, scratch, asked_at)
        attempt.mask = Mask([*taken.order["secret_variables"].values(), *secrets_of(taken.order["connections"])])
        attempt.is_granted = "granted" in taken.order
        share = self._limits.share(taken.is_sandbox)
        self._held[taken.job_id] = attempt
        self._memory.watch(child.pid, cap_bytes(share["memory_bytes"]))
        self._selector.register(child.channel, selectors.EVENT_READ, lambda _: self._hear(attempt))
        size, threads = share["memory_bytes"] / (1 << 30), share["threads"]
        line = f"Attempt {taken.epoch} on worker {self.id}: {threads} thread{'s' * (threads != 1)}, {size:.1f} GiB."
        attempt.told.lines.append((self._clock(), "info", line))
        try:
            places = {"scratch": str(scratch), "staging": str(self._scratch.staging)}
            child.channel.send({**taken.order, **share, **places, "outbound": self._outbound, "presets": self._presets})
        except Broken:
            attempt.is_blameless = True
            self._kill(attempt)

    def _refuse(self, taken: attempts.Claimed, sentence: str) -> None:
        with self._sessions.write() as uow:
            now = attempts.database_now(uow, self._clock)
            attempts.failed(uow, taken.job_id, taken.epoch, attempts.Report(), sentence, now)

    def _begin_stop(self, attempt: Attempt) -> None:
        if attempt.is_stopping:
            return
        attempt.is_stopping = True
        # What publishes is not killed half-way: it cannot take anything back.
        attempt.kill_at = time.monotonic() + (PUBLISH_GRACE_S if attempt.is_granted else STOP_GRACE_S)
        self._try(lambda: self._write_stopping(attempt))
        with suppress(Broken):
            attempt.child.channel.send({"kind": "stop"})

    def _write_stopping(self, attempt: Attempt) -> None:
        with self._sessions.write() as uow:
            attempts.stopping(uow, attempt.job_id, attempt.epoch, attempts.database_now(uow, self._clock))

    def _write_reports(self) -> None:
        by_id = sorted(self._held.items())  # the order in which all lock jobs
        telling = [attempt for _, attempt in by_id if attempt.told and not attempt.is_written]
        if not telling:
            return
        told = [(attempt, attempt.take_report()) for attempt in telling]
        try:
            with self._sessions.write() as uow:
                now = attempts.database_now(uow, self._clock)
                lost = [one for one, report in told if not attempts.report(uow, one.job_id, one.epoch, report, now)]
        except TransientError:
            for attempt, report in told:
                attempt.put_back(report)
            self._soon("write", WRITE_EVERY_S)
            raise
        for attempt in lost:
            self._lose(attempt)

    def _answer(self, attempt: Attempt) -> None:
        """Grant publication, or not; an answer that cannot be had yet is given later."""
        if attempt.is_lost:
            return
        written: Sequence[Any] = attempt.asked or ()
        told = attempt.take_report()
        try:
            with self._sessions.write() as uow:
                now = attempts.database_now(uow, self._clock)
                attempts.report(uow, attempt.job_id, attempt.epoch, told, now)
                granted = attempts.grant(uow, attempt.job_id, attempt.epoch, written, now)
        except TransientError as error:
            log.warning("%s", error.message)
            attempt.put_back(told)
            attempt.is_granted = True  # perhaps: nothing that it staged is to be removed until that is known
            return
        attempt.asked = None
        attempt.is_granted = granted
        with suppress(Broken):
            attempt.child.channel.send({"kind": "grant", "granted": granted})

    # --- the end of a job

    def _watch_ends(self) -> None:
        now = time.monotonic()
        lease_s = attempts.LEASE.total_seconds()
        for attempt in list(self._held.values()):
            if attempt.asked is not None and attempt.exit_code is None:
                self._answer(attempt)
            if attempt.kill_at is not None and now >= attempt.kill_at:
                attempt.kill_at = None
                self._kill(attempt)
            if not attempt.is_written and not attempt.is_lost and now > attempt.renewed_at + lease_s - SAFETY_S:
                self._lose(attempt)
            if attempt.exit_code is not None:
                self._ended(attempt, attempt.exit_code)

    def _ended(self, attempt: Attempt, code: int) -> None:
        """A process is gone: write what is not written, and let go."""
        attempt.exit_code = code
        self._memory.forget(attempt.child.pid)
        self._unhear(attempt)
        if attempt.child.pid in self._sizes:
            self._sizes.discard(attempt.child.pid)
            attempt.is_too_large = True
        attempt.clean()
        if not attempt.is_written and not self._try(lambda: self._write_outcome(attempt)):
            return
        self._held.pop(attempt.job_id, None)
        self._soon("look")

    def _write_outcome(self, attempt: Attempt) -> None:
        """Write how a job ended: as soon as it is known, but a stop not before the process is gone."""
        if attempt.is_written or (attempt.is_stopping and attempt.exit_code is None):
            return
        told = attempt.take_report()
        try:
            with self._sessions.write() as uow:
                is_written = outcome.write(uow, attempt, told, attempts.database_now(uow, self._clock))
        except TransientError:
            attempt.put_back(told)
            raise
        if not is_written:
            attempt.put_back(told)
            return
        attempt.is_written = True
        attempt.kill_at = time.monotonic() + LINGER_S

    def _give_all_back(self) -> None:
        """End in good order: processes are stopped, and their jobs free for the next worker at once."""
        for attempt in self._held.values():
            attempt.is_given_back = not attempt.is_stopping
            self._kill_softly(attempt)
        until = time.monotonic() + STOP_GRACE_S + LINGER_S
        while self._held and time.monotonic() < until:
            for key, _ in self._selector.select(0.05):
                key.data(key.fileobj)
            self._watch_ends()
        with suppress(TransientError), self._sessions.write() as uow:
            attempts.leave(uow, self.id)

    def _kill_softly(self, attempt: Attempt) -> None:
        attempt.kill_at = time.monotonic() + STOP_GRACE_S
        if not attempt.is_granted:
            with suppress(Broken):
                attempt.child.channel.send({"kind": "stop"})


def worker_id() -> str:
    """Return a name for a worker that no other has."""
    return f"{socket.gethostname()[:30]}-{os.getpid()}-{os.urandom(4).hex()}"
