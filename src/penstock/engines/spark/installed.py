"""What the Python of executors has of this package, or is sent of it, and of what its values depend on."""

from __future__ import annotations

import py_compile
import zipfile
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Any

import penstock

DECIDING = ("duckdb", "pyarrow", "regex", "tzdata", "ua-parser-builtins")
"""What values depend on, to the version."""
OURS = "penstock"
DDL = "name STRING, version STRING"


def versions() -> Mapping[str, str | None]:
    """Return the versions of this package and of what values depend on, None for what there is no trace of."""
    return {name: _version(name) for name in (OURS, *DECIDING)}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def packed(folder: Path) -> Path:
    """Return an archive of this package, made in *folder*. Whole: what asks databases comes from other rooms than this."""
    root = Path(penstock.__file__).parent
    archive = folder / f"{OURS}.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        for file in sorted(root.rglob("*.py")):
            place = file.relative_to(root.parent)
            made.write(file, place)
            # Compiled too, or each Python worker would. One of another Python is passed over for the source.
            compiled = folder / "compiled.pyc"
            py_compile.compile(
                str(file), str(compiled), str(place), doraise=True, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH
            )
            made.write(compiled, place.with_suffix(".pyc"))
    return archive


class Look:
    """Gives a row for each version. It travels by its name: to be run, it must be found where it runs."""

    def __call__(self, batches: Iterator[Any]) -> Iterator[Any]:
        """Look where a task runs."""
        import pyarrow as pa

        # What tasks unpickle, with all that it imports.
        from penstock.engines.spark import functions, scan, tallies, write

        found = {**versions(), "loaded": ",".join(one.__name__ for one in (functions, scan, tallies, write))}
        for _ in batches:
            rows = [{"name": name, "version": value} for name, value in found.items()]
            yield pa.RecordBatch.from_pylist(rows, schema=pa.schema([("name", pa.string()), ("version", pa.string())]))
