"""A tap as a process: its lines, what it says beside them, its end. It never outlives the job."""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from penstock.errors import PermanentError
from penstock.kit.stopping import LOOK_S, Stop

LONGEST_LINE = 64 << 20
"""Bytes of one line; more of it is never in memory."""
LONGEST_SAID = 2000
"""Bytes of a line of what a tap says that the log shows."""
MOST_SAID = 200
"""Lines of what a tap says that the log shows."""
GRACE_S = 2.0
"""How long a tap that is to end may take for it."""
_PIECE = 1 << 16
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""What of the environment a tap gets: nothing of Penstock's."""
LAUNCH = Path(__file__).with_name("launch.py")


class Tap:
    """One run of a tap. *say* hears what it says beside its messages, line by line; *folder* is where it works."""

    def __init__(
        self, name: str, command: str, arguments: Sequence[str], folder: Path, stop: Stop, say: Callable[[str], None]
    ) -> None:
        self._name = name
        self._folder = folder
        self._stop = stop
        self._say = say
        self._said = 0
        self.last_said = ""
        self._command = [sys.executable, "-I", "-S", str(LAUNCH), str(os.getpid()), command, *arguments]

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of its output, and return when it has ended well. Closing this ends the tap.

        Raises PermanentError where it ends badly or writes a line without end, TransientError where the job is to stop.
        """
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        environment |= {"HOME": str(self._folder), "TMPDIR": str(self._folder), "PYTHONUNBUFFERED": "1"}
        try:
            process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self._folder,
                env=environment,
            )  # fmt: skip
        except OSError as error:
            raise PermanentError(f"The tap '{self._name}' cannot be started: {error.strerror}.") from error
        try:
            yield from self._read(process)
            self._check_end(self._ended(process))
        finally:
            _end(process)

    def _read(self, process: subprocess.Popen[bytes]) -> Iterator[bytes]:
        assert process.stdout is not None
        assert process.stderr is not None
        waiting, said = bytearray(), bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            selector.register(process.stderr, selectors.EVENT_READ)
            while selector.get_map():
                self._stop.check()
                for key, _ in selector.select(LOOK_S):
                    piece = os.read(key.fd, _PIECE)
                    if not piece:
                        selector.unregister(key.fileobj)
                    elif key.fileobj is process.stderr:
                        self._hear(said, piece)
                    else:
                        yield from self._cut(waiting, piece)
        if said:
            self._hear(said, b"\n")
        if waiting:
            yield bytes(waiting)

    def _cut(self, waiting: bytearray, piece: bytes) -> Iterator[bytes]:
        *whole, rest = piece.split(b"\n")
        for part in whole:
            line = bytes(waiting) + part if waiting else part
            waiting.clear()
            yield line
        waiting += rest
        if len(waiting) > LONGEST_LINE:
            raise PermanentError(f"The tap '{self._name}' writes a line of more than {LONGEST_LINE >> 20} MiB.")

    def _hear(self, said: bytearray, piece: bytes) -> None:
        """Pass on what a tap says, a line at a time; long ones are cut, and most of very many left out."""
        *whole, rest = (bytes(said) + piece).split(b"\n")
        said[:] = rest[:LONGEST_SAID]
        for part in whole:
            line = part[:LONGEST_SAID].decode("utf-8", "replace").strip()
            if not line:
                continue
            self.last_said = line
            self._said += 1
            if self._said <= MOST_SAID:
                self._say(line)
            elif self._said == MOST_SAID + 1:
                self._say("the tap says more, which is not shown")

    def _ended(self, process: subprocess.Popen[bytes]) -> int:
        """Return how a tap ended that has closed its output. One that goes on is ended."""
        deadline = time.monotonic() + GRACE_S
        while process.poll() is None and time.monotonic() < deadline:
            self._stop.wait(0.02)
        if process.poll() is None:
            raise PermanentError(f"The tap '{self._name}' closed its output and did not end.")
        return process.returncode

    def _check_end(self, code: int) -> None:
        if code == 0:
            return
        how = f"with the exit code {code}" if code > 0 else f"by the signal {-code}"
        last = f" It said last: {self.last_said[:300]}" if self.last_said else " It said nothing."
        raise PermanentError(f"The tap '{self._name}' ended {how}.{last}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a tap and all that it started: asked first, then killed."""
    family: list[psutil.Process] = []
    with suppress(psutil.Error):
        own = psutil.Process(process.pid)
        family = [*own.children(recursive=True), own]
    if process.poll() is None:
        with suppress(ProcessLookupError):
            process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_S)
    for one in family:
        with suppress(psutil.Error):
            one.kill()
    process.wait()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
