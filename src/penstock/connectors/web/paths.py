"""JSONPath in answers: where the records are, and the next page."""

from __future__ import annotations

from typing import Any

import jsonpath
import regex
from jsonpath.function_extensions import ExpressionType, FilterFunction

from penstock.errors import PermanentError

TIMEOUT_S = 2.0


class _Test(FilterFunction):
    """`match` or `search` of RFC 9535, limited in time; a malformed pattern fits nothing."""

    arg_types = [ExpressionType.VALUE, ExpressionType.VALUE]  # noqa: RUF012 -- so the library declares it
    return_type = ExpressionType.LOGICAL

    def __init__(self, *, whole: bool) -> None:
        self.whole = whole

    def __call__(self, value: object, pattern: object) -> bool:
        if not isinstance(value, str) or not isinstance(pattern, str):
            return False
        try:
            compiled = regex.compile(pattern)
            return (compiled.fullmatch if self.whole else compiled.search)(value, timeout=TIMEOUT_S) is not None
        except regex.error:
            return False
        except TimeoutError:
            raise PermanentError(f"The pattern {pattern!r} in a JSONPath ran longer than {TIMEOUT_S:g} s.") from None


class _Paths(jsonpath.JSONPathEnvironment):
    def setup_function_extensions(self) -> None:
        super().setup_function_extensions()
        self.function_extensions["match"] = _Test(whole=True)
        self.function_extensions["search"] = _Test(whole=False)


_PATHS = _Paths()


def find(path: str, document: Any) -> list[Any]:
    """Return all that a JSONPath finds in a document. Raises PermanentError for a path that is none."""
    if path == "$":
        return [document]
    if not isinstance(document, dict | list):
        return []
    try:
        found: list[Any] = _PATHS.findall(path, document)
    except (jsonpath.JSONPathError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise PermanentError(f"The JSONPath {path!r} cannot be used: {reason}.") from error
    return found


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
