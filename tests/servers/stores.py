"""Stores of objects, what gives out files over HTTP, and what speaks as MongoDB does."""

from __future__ import annotations

import base64
import hmac
import http.client
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from .programs import NotHad, free_port, listens, program, started


@contextmanager
def moto() -> Iterator[str]:
    """Run an S3 in memory that knows all operations, and believes every key; returns its address. Raises NotHad."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="penstock-s3-") as name:
        words: list[str | Path] = [program("moto_server"), "-H", "127.0.0.1", "-p", str(port)]
        with started(lambda: listens(port), words, Path(name)):
            yield f"http://127.0.0.1:{port}"


S3_KEY = ("an-access-key-of-rclone", "canary-3fQ+/of-rclone")


@contextmanager
def rclone() -> Iterator[tuple[str, Path]]:
    """Run an S3 over a folder that believes S3_KEY only; returns its address, and the folder, in which folders are buckets.

    It gives no parts of objects and ignores conditions. Raises NotHad."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="penstock-s3-") as name:
        data = Path(name) / "data"
        data.mkdir()
        words: list[str | Path] = [
            program("rclone"), "serve", "s3", "--addr", f"127.0.0.1:{port}", "--auth-key", ",".join(S3_KEY),
            "--vfs-cache-mode", "writes", "--dir-cache-time", "1ms", "--config", "", data,
        ]  # fmt: skip
        with started(lambda: listens(port), words, Path(name), XDG_CACHE_HOME=name):
            yield f"http://127.0.0.1:{port}", data


@contextmanager
def files_over_http() -> Iterator[tuple[str, Path]]:
    """Run a web server that gives out the files of a folder to the user `guest`; returns its address and the folder. Raises
    NotHad."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="penstock-http-") as name:
        data = Path(name) / "data"
        data.mkdir()
        words: list[str | Path] = [
            program("rclone"), "serve", "http", "--addr", f"127.0.0.1:{port}", "--user", "guest", "--pass", HTTP_PASSWORD,
            "--dir-cache-time", "1ms", "--config", "", data,
        ]  # fmt: skip
        with started(lambda: listens(port), words, Path(name), XDG_CACHE_HOME=name):
            yield f"http://127.0.0.1:{port}", data


HTTP_PASSWORD = "canary-5tT+of-http"


AZURITE = "azurite@3.35.0"
AZURE_ACCOUNT = (
    "devstoreaccount1",
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
)
"""The account that every Azurite has, and its key, which is no secret."""


@contextmanager
def azurite() -> Iterator[str]:
    """Run Azurite, of this machine or from its package, and return the address of its account. Raises NotHad."""
    found = shutil.which("azurite-blob") or _azurite_of_npm()
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="penstock-azure-") as name:
        words: list[str | Path] = [
            found, "--silent", "--location", name, "--blobHost", "127.0.0.1", "--blobPort", str(port),
            "--skipApiVersionCheck", "--disableTelemetry",
        ]  # fmt: skip
        with started(lambda: listens(port), words, Path(name), PATH=os.environ.get("PATH", os.defpath)):
            yield f"http://127.0.0.1:{port}/{AZURE_ACCOUNT[0]}"


def make_container(endpoint: str, name: str) -> None:
    """Make a container in an Azurite."""
    account, key = AZURE_ACCOUNT
    date = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    headers = {"x-ms-date": date, "x-ms-version": "2021-08-06"}
    signed = "".join(f"{name}:{value}\n" for name, value in headers.items())
    text = "PUT" + "\n" * 12 + signed + f"/{account}/{account}/{name}\nrestype:container"
    digest = base64.b64encode(hmac.digest(base64.b64decode(key), text.encode(), "sha256")).decode()
    headers["Authorization"] = f"SharedKey {account}:{digest}"
    opened = http.client.HTTPConnection(endpoint.split("/")[2])
    opened.request("PUT", f"/{account}/{name}?restype=container", headers=headers)
    answer = opened.getresponse()
    assert answer.status == 201, answer.read()
    opened.close()


def _azurite_of_npm() -> str:
    """Return the program of the package, fetched once for the environment that the tests run in."""
    folder = Path(sys.prefix) / "azurite"
    program = folder / "node_modules" / ".bin" / "azurite-blob"
    npm = shutil.which("npm")
    if not program.exists():
        if npm is None:
            raise NotHad("it is not installed, and neither is npm")
        fetched = subprocess.run(
            [npm, "install", "--prefix", folder, "--no-audit", "--no-fund", "--silent", AZURITE],
            capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
        if fetched.returncode or not program.exists():
            raise NotHad(f"it is not installed, and not fetched: {fetched.stderr.strip()[-200:]}")
    return str(program)


@contextmanager
def mongo_alike() -> Iterator[int]:
    """Run what speaks as MongoDB does, over SQLite: no MongoDB, and no proof of how one behaves. Returns its port. Raises
    NotHad."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="penstock-mongo-") as name:
        words: list[str | Path] = [
            program("nx-27017"), "-p", str(port), "--data-dir", "memory", "--log-file", f"{name}/log", "--pid-file",
            f"{name}/pid",
        ]  # fmt: skip
        with started(lambda: listens(port), words, Path(name)):
            yield port
