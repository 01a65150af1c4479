"""The program of a fork server for tests: its children do what they are told over their channel, one thing a message."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from penstock.runtime import linux
from penstock.runtime.channel import Channel
from penstock.runtime.forkserver import serve

SLEEP = [sys.executable, "-S", "-c", "import time; time.sleep(600)"]


def open_files() -> Iterator[str]:
    for one in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):  # that by which the folder was listed
            if int(one) > 2:
                yield os.readlink(f"/proc/self/fd/{one}")


def facts() -> dict[str, Any]:
    parent = os.getppid()
    return {
        "environ": sorted(os.environ),
        "group": os.getpgid(0),
        "session": os.getsid(0),
        "threads_of_server": len(os.listdir(f"/proc/{parent}/task")),
        "files": list(open_files()),
        "oom_score_adj": Path("/proc/self/oom_score_adj").read_text().strip(),
        "handles_child_signals": signal.getsignal(signal.SIGCHLD) != signal.SIG_DFL,
    }


def obey(said: dict[str, Any], kept: list[Any]) -> Any:
    match said["do"]:
        case "facts":
            return facts()
        case "exit":
            os._exit(said["code"])
        case "raise":
            raise RuntimeError(said["what"])
        case "signal":
            os.kill(os.getpid(), said["number"])
        case "spawn":
            return subprocess.Popen(SLEEP, stdin=subprocess.DEVNULL).pid
        case "grow":
            kept.append(bytearray(os.urandom(1 << 20)) * said["mebibytes"])
    return None


def run_child(end: socket.socket) -> None:
    channel = Channel(end)
    channel.send({"ready": os.getpid()})
    kept: list[Any] = []
    while (said := channel.receive()) is not None:
        channel.send({"done": obey(dict(said), kept)})


if __name__ == "__main__":
    linux.die_with(int(sys.argv[2]))
    serve(socket.socket(fileno=int(sys.argv[1])), run_child)
