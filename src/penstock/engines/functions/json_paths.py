"""JSONPath with a limit on the time of its regular expressions."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import jsonpath
import regex
from jsonpath.function_extensions import ExpressionType, FilterFunction

from penstock.engines.functions import java_regex
from penstock.errors import DataError


class _Test(FilterFunction):
    """`match` or `search` of RFC 9535; a malformed pattern fits nothing."""

    arg_types = [ExpressionType.VALUE, ExpressionType.VALUE]  # noqa: RUF012 -- so the library declares it
    return_type = ExpressionType.LOGICAL

    def __init__(self, *, whole: bool) -> None:
        self.whole = whole

    def __call__(self, value: object, pattern: object) -> bool:
        if not isinstance(value, str) or not isinstance(pattern, str):
            return False
        return _fits(value, pattern, 0, whole=self.whole)


class _Paths(jsonpath.JSONPathEnvironment):
    def setup_function_extensions(self) -> None:
        super().setup_function_extensions()
        self.function_extensions["match"] = _Test(whole=True)
        self.function_extensions["search"] = _Test(whole=False)

    def compare(self, left: object, operator: str, right: object) -> bool:
        if operator == "=~" and isinstance(left, str) and isinstance(right, re.Pattern | regex.Pattern):
            return _fits(left, right.pattern, right.flags & (re.IGNORECASE | re.MULTILINE | re.DOTALL), whole=True)
        return super().compare(left, operator, right)


@lru_cache(maxsize=256)
def _compiled(pattern: str, flags: int) -> regex.Pattern[str] | None:
    # The letters i, m and s have one number in both libraries.
    try:
        return regex.compile(pattern, flags)
    except (regex.error, OverflowError):
        return None


def _fits(value: str, pattern: str, flags: int, *, whole: bool) -> bool:
    compiled = _compiled(pattern, flags)
    if compiled is None:
        return False
    try:
        found = (compiled.fullmatch if whole else compiled.search)(value, timeout=java_regex.TIMEOUT_S)
    except TimeoutError:
        raise java_regex.runaway(pattern) from None
    return found is not None


_PATHS = _Paths()


def find(path: str, data: Any) -> list[Any]:
    """Return what a JSONPath finds in plain JSON, or in a JSON text. Raises DataError for a path that is none."""
    try:
        found: list[Any] = _PATHS.findall(path, data)
    except (jsonpath.JSONPathError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"The JSONPath {path!r} cannot be used: {reason}.") from error
    return found
