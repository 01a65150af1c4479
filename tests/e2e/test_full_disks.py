"""A disk of this machine that is full: a package fails and says so, and what was there is there."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PENSTOCK = Path(sys.executable).with_name("penstock")
PACKAGE = """
penstock: 1
name: Copy
components:
  - name: orders
    type: cloud_storage_source
    connection: large
    path: in.csv
    delimiter: ","
    fields: [id: long, note: string]
  - name: out
    type: cloud_storage_destination
    input: orders
    connection: small
    path: out
    if_exists: replace
    format: {format}
"""
OLD = "1,old\n"


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """Runs a package whose output goes to a disk of four MiB; returns the exit code, what was said, and the files that are on
    the disk afterwards."""
    with_disk = shutil.which("unshare")
    if with_disk is None:
        pytest.skip("there is no program unshare, which gives a disk of its own")
    small, copy = tmp_path / "small", tmp_path / "copy"
    small.mkdir()
    dice = random.Random(1)  # no packing makes small what it gives
    (tmp_path / "in.csv").write_text("".join(f"{number},{dice.randbytes(60).hex()}\n" for number in range(90_000)))
    folders = {"large": {"type": "file", "path": str(tmp_path)}, "small": {"type": "file", "path": str(small)}}
    (tmp_path / "connections.json").write_text(json.dumps(folders))

    def run(form: str) -> tuple[int, str, dict[str, str]]:
        (tmp_path / "package.yaml").write_text(PACKAGE.format(format=form))
        words = f"'{PENSTOCK}' run package.yaml --connections connections.json"
        script = (
            f"mount -t tmpfs -o size=4m none small && mkdir small/out && printf '{OLD}' > small/out/part-00000.csv || exit 77\n"
            f"{words}; code=$?; cp -r small copy; exit $code"
        )
        done = subprocess.run(
            [with_disk, "-Urm", "sh", "-c", script], capture_output=True, text=True, check=False, cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin"},
        )  # fmt: skip
        if done.returncode in (1, 77) and not copy.exists():
            pytest.skip(f"a disk of its own cannot be had: {done.stderr.strip()}")
        kept = {
            str(one.relative_to(copy)): one.read_text("utf-8", "replace")[:99]
            for one in copy.rglob("*")
            if one.is_file()
        }
        return done.returncode, done.stdout + done.stderr, kept

    return run


@pytest.mark.parametrize("form", ["delimited", "parquet", "avro", "excel"])
def test_an_output_without_room_leaves_the_old_one(run: Any, form: str) -> None:
    code, said, kept = run(form)
    assert code == 1, said
    assert "Component 'out'" in said or "Output 'out'" in said
    assert "no room is left on the disk" in said
    assert kept == {"out/part-00000.csv": OLD}
