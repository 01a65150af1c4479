"""Renews the locks: `python requirements/lock.py`. Versions and hashes only, no download addresses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
UV = Path(sys.executable).with_name("uv")
OPTIONS = (
    "--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--no-annotate",
    "--no-emit-index-url", "--no-emit-find-links", "--no-config", "--quiet",
)  # fmt: skip


def lock(name: str, *sources: str) -> None:
    """Write one lock from requirement files."""
    command = [str(UV), "pip", "compile", *OPTIONS, "--output-file", str(HERE / f"{name}.txt"), *sources]
    subprocess.run(command, check=True, cwd=HERE.parent)


if __name__ == "__main__":
    lock("uv", "requirements/uv.in")
    lock("base", "pyproject.toml", "requirements/build.in")
    lock("demo", "requirements/demo.in", "--constraint", "requirements/base.txt", "--no-deps")
    lock(
        "dev", "requirements/dev.in", "--constraint", "requirements/base.txt", "--override", "requirements/overrides.in"
    )
    # In an environment of its own, as every tap is.
    lock("tap", "requirements/tap.in")
    # With the tests' versions, beside which it is installed.
    lock(
        "spark",
        "pyproject.toml",
        "--extra",
        "spark",
        "--constraint",
        "requirements/base.txt",
        "--constraint",
        "requirements/dev.txt",
    )
