"""The process that children are forked from: single-threaded, with the libraries loaded, no database, no secrets.

It is told over a socket of packets: `{"fork": n}` with the child's end of a channel, `{"kill": pid}`. It answers
`{"forked": n, "pid": pid}` and, when a child has ended and been reaped, `{"exited": pid, "code": code}`, where a negative
code is a signal. When the worker's end closes, every child is killed and this process ends.
"""

from __future__ import annotations

import gc
import json
import os
import selectors
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, NoReturn

from penstock.runtime import linux

PACKET = 4096


def serve(control: socket.socket, run_child: Callable[[socket.socket], None]) -> None:
    """Fork and reap children until the worker closes *control*; each child runs *run_child* with its end of a channel."""
    _Server(control, run_child).loop()


class _Server:
    def __init__(self, control: socket.socket, run_child: Callable[[socket.socket], None]) -> None:
        self._control = control
        self._run_child = run_child
        self._children: set[int] = set()
        self._woken, self._waker = socket.socketpair()
        self._waker.setblocking(False)
        self._woken.setblocking(False)
        # Whoever ends a service may signal all its processes at once. It is the worker that ends the children then, and
        # gives their jobs back: one that died of the signal itself would have failed its job.
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        # What is loaded now is shared by all children; no collection should touch, and so copy, its pages.
        gc.collect()
        gc.freeze()

    def loop(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self._woken:
                        with suppress(BlockingIOError):
                            while self._woken.recv(PACKET):
                                pass
                    elif not self._obey():
                        self._end()
                        return
                self._reap()

    def _obey(self) -> bool:
        """Do one thing that the worker wants; False when it is gone."""
        try:
            raw, descriptors, _, _ = socket.recv_fds(self._control, PACKET, 1)
        except ConnectionResetError:  # it is gone, and has not heard everything
            return False
        if not raw:
            return False
        asked = json.loads(raw)
        if "fork" in asked:
            self._fork(asked["fork"], descriptors[0])
        elif asked["kill"] in self._children:
            _kill_group(asked["kill"])
        return True

    def _fork(self, number: int, descriptor: int) -> None:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._become_child(parent, descriptor)
        os.close(descriptor)
        self._children.add(pid)
        self._tell({"forked": number, "pid": pid})

    def _become_child(self, parent: int, descriptor: int) -> NoReturn:
        code = 1
        try:
            os.setsid()
            linux.die_with(parent)
            linux.end_me_first()
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for end in (self._control, self._woken, self._waker):
                end.close()
            self._run_child(socket.socket(fileno=descriptor))
            code = 0
        except BaseException:  # noqa: BLE001 -- a child never returns into the server's loop, whatever happens
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)

    def _reap(self) -> None:
        for pid in list(self._children):
            # Looked at before it is reaped: until then nobody else can have its number, so its group can be killed.
            if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                continue
            _kill_group(pid)
            _, status = os.waitpid(pid, 0)
            self._children.discard(pid)
            self._tell({"exited": pid, "code": os.waitstatus_to_exitcode(status)})

    def _tell(self, message: Mapping[str, Any]) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):  # the worker is gone: the loop will see it
            self._control.sendall(json.dumps(message).encode())

    def _end(self) -> None:
        for pid in self._children:
            _kill_group(pid)


def _kill_group(pid: int) -> None:
    """Kill a child and all that it started. A child that has not yet made its group is killed alone."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
