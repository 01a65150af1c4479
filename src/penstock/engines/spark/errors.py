"""Errors on their way through Spark, which passes on only a text: put into a mark where they arise, read from it again."""

from __future__ import annotations

import json
import re

from penstock import errors
from penstock.errors import DataError, PenstockError

_OPEN, _SHUT = "\u2997penstock:", ":penstock\u2998"
_MARK = re.compile(f"{_OPEN}(.*?){_SHUT}", re.DOTALL)
_CLASSES = {
    one.__name__: one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, PenstockError)
}


def marked(error: PenstockError, function: str = "") -> str:
    """Return the text under which an error travels; *function* is the shared function that raised it, if one did."""
    # ASCII, so that a copy of the text inside another one is still read.
    return f"{_OPEN}{json.dumps([type(error).__name__, error.message, function])}{_SHUT}"


def found_in(text: str) -> tuple[PenstockError, str] | None:
    """Return the error that a text of Spark's carries and the function that raised it; None where it carries none."""
    match = _MARK.search(text)
    if match is None:
        return None
    name, message, function = json.loads(match[1])
    return _CLASSES.get(name, DataError)(message), function
