"""What only Linux does: a process that dies with the one that started it, and one that the kernel ends first."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path

from penstock.errors import PermanentError

_PR_SET_PDEATHSIG = 1


def require() -> None:
    """Raise PermanentError on another system."""
    if sys.platform != "linux":
        raise PermanentError("Workers need Linux: elsewhere the processes of jobs could outlive their worker.")


def die_with(parent: int) -> None:
    """Be killed when the process *parent*, which started this one, ends; end at once when it has ended already.

    The kernel watches the thread that started this process, so that thread has to live as long as its process.
    """
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def end_me_first() -> None:
    """When memory runs out, let the kernel end this process before its worker; leave no core file."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
