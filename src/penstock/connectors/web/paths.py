"""JSONPath in answers: where the records are, and the next page."""

from __future__ import annotations

from typing import Any

from penstock.errors import DataError, PermanentError
from penstock.kit import json_paths


def find(path: str, document: Any) -> list[Any]:
    """Return all that a JSONPath finds in a document. Raises PermanentError for a path that is none."""
    if path == "$":
        return [document]
    if not isinstance(document, dict | list):
        return []
    try:
        return json_paths.find(path, document)
    except DataError as error:
        raise PermanentError(error.message) from error


def first(path: str, document: Any) -> Any:
    """Return the first value that a JSONPath finds, None without one."""
    found = find(path, document)
    return found[0] if found else None


def records(path: str, document: Any) -> list[Any]:
    """Return the records below a JSONPath: what it finds, or the items of the one array that it finds."""
    found = find(path, document)
    if len(found) == 1:
        return list(found[0]) if isinstance(found[0], list) else [] if found[0] is None else found
    return found
