"""Documents land as lines of JSON, each with the keys that a source names and no others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import IO, Any

from bson import json_util
from bson.errors import BSONError
from pymongo.collection import Collection

from penstock.connectors.collections.values import landed
from penstock.errors import PermanentError
from penstock.kit.stopping import STOP
from penstock.plan.dtypes import DType
from penstock.plan.ports import Landing
from penstock.plan.systems import CollectionSource

BATCH = 1000
_LOOK_EVERY = 1000
"""Documents between two looks whether the job is to stop."""


def filter_of(origin: CollectionSource) -> Mapping[str, Any]:
    """Return the filter of a source. Raises PermanentError for one that is no extended JSON of an object."""
    options = json_util.JSONOptions(tz_aware=True)
    try:
        found = json_util.loads(origin.filter_query or "{}", json_options=options)
    except (ValueError, TypeError, BSONError, RecursionError) as error:
        raise PermanentError(f"The filter is no extended JSON: {error}.") from error
    if not isinstance(found, dict):
        raise PermanentError("The filter is no JSON object.")
    return found


def projection_of(names: Sequence[str]) -> dict[str, int]:
    """Return which keys are asked for: those named, without those that lie in another one.

    >>> projection_of(["a.b", "a", "c.d"])
    {'a': 1, 'c.d': 1, '_id': 0}
    """
    wanted = {name: 1 for name in dict.fromkeys(names) if not _above(name, names)}
    return wanted if any(name.split(".")[0] == "_id" for name in wanted) else {**wanted, "_id": 0}


def _above(name: str, names: Sequence[str]) -> bool:
    parts = name.split(".")
    return any(".".join(parts[:end]) in names for end in range(1, len(parts)))


def write_lines(
    collection: Collection[dict[str, Any]],
    origin: CollectionSource,
    fields: Sequence[tuple[str, DType]],
    lines: IO[str],
    landing: Landing,
) -> int:
    """Write a line for each document that the filter finds, and return how many. *fields* are keys and types."""
    cursor = collection.find(filter_of(origin), projection_of([name for name, _ in fields]), batch_size=BATCH)
    if landing.size is not None:
        cursor = cursor.limit(max(landing.size, 1))
    paths = [(f'"{_escaped(name)}"', name.split("."), dtype) for name, dtype in fields]
    count = 0
    with cursor:
        for document in cursor:
            parts = [f"{key}:{landed(_at(document, path), dtype)}" for key, path, dtype in paths]
            lines.write(f"{{{','.join(parts)}}}\n")
            count += 1
            if count % _LOOK_EVERY == 0:
                STOP.check()
                landing.arrived(count, "documents")
    return count


def _at(document: Any, path: Sequence[str]) -> Any:
    """Return what stands at keys inside one another; a number leads into an array, None where there is nothing."""
    for part in path:
        if isinstance(document, dict):
            document = document.get(part)
        elif isinstance(document, list) and part.isascii() and part.isdigit() and int(part) < len(document):
            document = document[int(part)]
        else:
            return None
    return document


def _escaped(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')
