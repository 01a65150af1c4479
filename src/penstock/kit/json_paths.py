"""JSONPath as RFC 9535 has it, with a limit on the time of its regular expressions.

The library is asked for its own additions too (`=~`, `in`, a union by `|`), and would then be laxer than the standard in what
stands here: positions as names of members, parts of texts, booleans as numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import jsonpath
import regex
from jsonpath.filter import BaseExpression, IntegerLiteral
from jsonpath.function_extensions import ExpressionType, FilterFunction
from jsonpath.lex import Lexer
from jsonpath.match import JSONPathMatch
from jsonpath.parse import Parser
from jsonpath.selectors import IndexSelector, JSONPathSelector
from jsonpath.stream import TokenStream

from penstock.errors import DataError
from penstock.kit.patterns import TIMEOUT_S, runaway

_DOT = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|\.", re.DOTALL)
"""A dot, which stands for no line end of either kind; what is escaped or in brackets is taken with it and stays."""


class _Test(FilterFunction):
    """`match` or `search` of RFC 9535; a malformed pattern fits nothing."""

    arg_types = [ExpressionType.VALUE, ExpressionType.VALUE]  # noqa: RUF012 -- so the library declares it
    return_type = ExpressionType.LOGICAL

    def __init__(self, *, whole: bool) -> None:
        self.whole = whole

    def __call__(self, value: object, pattern: object) -> bool:
        if not isinstance(value, str) or not isinstance(pattern, str):
            return False
        return _fits(
            value, _DOT.sub(lambda found: found[0] if found[0] != "." else r"[^\n\r]", pattern), 0, whole=self.whole
        )


class _Index(IndexSelector):
    def resolve(self, node: JSONPathMatch) -> Iterable[JSONPathMatch]:
        return () if isinstance(node.obj, Mapping) else super().resolve(node)


class _Lexer(Lexer):
    key_pattern = r"[\u0080-\U0010FFFFa-zA-Z_][\u0080-\U0010FFFFa-zA-Z0-9_-]*"


class _Parser(Parser):
    def parse_bracketed_selection(self, stream: TokenStream) -> list[JSONPathSelector]:
        return [
            _Index(env=one.env, token=one.token, index=one.index) if isinstance(one, IndexSelector) else one
            for one in super().parse_bracketed_selection(stream)
        ]

    def parse_integer_literal(self, stream: TokenStream) -> BaseExpression:
        text = stream.current().value
        made = super().parse_integer_literal(stream)
        if isinstance(made, IntegerLiteral) and text.lstrip("-").isdigit():
            made.value = int(text)  # the library goes by way of a double
        return made


class _Paths(jsonpath.JSONPathEnvironment):
    lexer_class = _Lexer
    parser_class = _Parser

    def setup_function_extensions(self) -> None:
        super().setup_function_extensions()
        self.function_extensions["match"] = _Test(whole=True)
        self.function_extensions["search"] = _Test(whole=False)

    def compare(self, left: object, operator: str, right: object) -> bool:
        if operator == "=~" and isinstance(left, str) and isinstance(right, re.Pattern | regex.Pattern):
            return _fits(left, right.pattern, right.flags & (re.IGNORECASE | re.MULTILINE | re.DOTALL), whole=True)
        return super().compare(left, operator, right)

    def getitem(self, obj: Any, key: Any) -> Any:
        # Only arrays have slices.
        return "" if isinstance(key, slice) and isinstance(obj, str) else super().getitem(obj, key)

    def _eq(self, left: object, right: object) -> bool:
        is_equal: bool = super()._eq(left, right)
        return is_equal and _same_booleans(left, right)

    def _lt(self, left: object, right: object) -> bool:
        if isinstance(left, bool) or isinstance(right, bool):
            return False
        is_less: bool = super()._lt(left, right)
        return is_less


def _same_booleans(left: object, right: object) -> bool:
    """Tell whether two equal values have their booleans at the same places: to Python true is 1."""
    if isinstance(left, list) and isinstance(right, list):
        return all(map(_same_booleans, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return all(_same_booleans(value, right[key]) for key, value in left.items())
    return isinstance(left, bool) is isinstance(right, bool)


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
        found = (compiled.fullmatch if whole else compiled.search)(value, timeout=TIMEOUT_S)
    except TimeoutError:
        raise runaway(pattern) from None
    return found is not None


_PATHS = _Paths()
_FAULTS = (jsonpath.JSONPathError, ValueError, re.error)
"""What the library raises for a path; the last for the pattern of a `=~`."""


def find(path: str, data: Any) -> list[Any]:
    """Return what a JSONPath finds in plain JSON, or in a JSON text. Raises DataError for a path that is none, and for a
    pattern in it that runs away."""
    try:
        found: list[Any] = _PATHS.findall(path, data)
    except _FAULTS as error:
        raise _unusable(path, error) from error
    return found


def check(path: str) -> None:
    """Raise DataError for a path that is none, with nothing to find yet."""
    try:
        _PATHS.compile(path)
    except _FAULTS as error:
        raise _unusable(path, error) from error


def _unusable(path: str, error: Exception) -> DataError:
    return DataError(f"The JSONPath {path!r} cannot be used: {str(error).splitlines()[0]}.")
