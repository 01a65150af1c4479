"""A process that has children and then waits to be killed: prints the pids of its fork server and of its children."""

from __future__ import annotations

import json
import signal
import sys

import psutil

from penstock.runtime.children import Children

children = Children([sys.executable, sys.argv[1]])
forked = [children.fork() for _ in range(2)]
for child in forked:
    child.channel.receive()
server = psutil.Process().children()[0]
print(json.dumps([server.pid, *(child.pid for child in forked)]), flush=True)
signal.pause()
