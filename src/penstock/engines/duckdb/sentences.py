"""What DuckDB said as one of our errors: with component, place and remedy."""

from __future__ import annotations

import re
from collections.abc import Sequence

import duckdb

from penstock.engines.duckdb import faults
from penstock.engines.duckdb.evaluate import first_line
from penstock.engines.duckdb.functions import Failure
from penstock.engines.duckdb.readings import Readings, Reread
from penstock.engines.files.records import not_in
from penstock.errors import DataError, PenstockError, PermanentError

MOST_SAID = 600
"""Characters of what DuckDB says that an error keeps: it likes to quote whole lines."""
AGAIN = "Reads again, some files record by record: they are not as neat as they looked."
_NAMES_COMPONENT = re.compile(r"Component '|Output '")
_BAD_BYTES = re.compile(r"CSV Error on Line: (\d+).*not utf-8 encoded.*?^  file = (.*?)$", re.DOTALL | re.MULTILINE)


def sentence(
    error: duckdb.Error, failure: Failure, readings: Readings, place: str, callers: Sequence[str] = ()
) -> PenstockError | Reread:
    """Return an error of DuckDB as one of ours, or `Reread` where reading a file otherwise may help.

    *failure* holds what a shared function raised, *callers* are the components that call it; *place* begins the sentence
    where nothing nearer is known.
    """
    said = str(error)
    kept = failure.take()
    if kept is not None:
        if callers:
            place = f"Component {' or '.join(repr(name) for name in callers)}: "
        return type(kept)(kept.message if _NAMES_COMPONENT.search(kept.message) else f"{place}{kept.message}")
    return (
        faults.found(said, readings)
        or _encoding(said, error, readings)
        or _room(said, error, place)
        or _again(said, readings)
        or _as_it_is(said, error, place)
    )


def _encoding(said: str, error: duckdb.Error, readings: Readings) -> PenstockError | None:
    if found := _BAD_BYTES.search(said):
        component, name = readings.component_of(found[2]) or ("?", found[2])
        said_of = not_in("utf-8", name, int(found[1]), _beginning(found[2]))
        return PermanentError(f"Component '{component}': {said_of}")
    if isinstance(error, duckdb.InternalException | duckdb.FatalException):
        # DuckDB breaks on such bytes where it reads only some of the columns.
        try:
            readings.check_encodings()
        except PermanentError as bad:
            return bad
    return None


def _beginning(location: str) -> bytes:
    try:
        with open(location, "rb") as stream:
            return stream.read(4)
    except OSError:
        return b""


def _room(said: str, error: duckdb.Error, place: str) -> PenstockError | None:
    if "No space left on device" in said or "max_temp_directory_size" in said:
        return PermanentError(
            f"{place}no room is left on the disk, for files or for what memory does not hold. Make room."
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        return PermanentError(
            f"{place}the job ran out of memory. Give its cluster fewer, larger slots, or add a worker."
        )
    return None


def _again(said: str, readings: Readings) -> Reread | None:
    return Reread(AGAIN) if readings.learn(said) else None


def _as_it_is(said: str, error: duckdb.Error, place: str) -> PenstockError:
    text = first_line(error)
    if _NAMES_COMPONENT.match(text):
        return DataError(text)
    line = " ".join(said.split("\n")[:3]).split("Possible")[0].strip()
    return PermanentError(f"{place}{line if len(line) <= MOST_SAID else line[:MOST_SAID] + '…'}")
