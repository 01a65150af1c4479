"""Connectors that are large are loaded when they are first used."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
from penstock.connectors import registry
made = registry.connectors(None, (), None)
assert {"s3", "gs", "azureblobstorage", "sftp", "http"} <= set(made)
heavy = {"obstore", "asyncssh"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""


def test_a_job_with_local_files_loads_no_client_of_a_store() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
