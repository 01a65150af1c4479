"""Becomes a tap: `python launch.py PARENT COMMAND ARGUMENT…`. Run by itself, with nothing of Penstock loaded.

The kernel kills it when the process that started it ends, however that ends; the mark stays when it becomes the tap.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1

if __name__ == "__main__":
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(sys.argv[1]):
        os._exit(1)
    os.execv(sys.argv[2], sys.argv[2:])
