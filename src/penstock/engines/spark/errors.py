"""Errors on their way through Spark, which passes on only a text: put into a mark where they arise, read from it again."""

from __future__ import annotations

import json
import re

from penstock import errors
from penstock.errors import DataError, PenstockError

_OPEN, _SHUT = "\u2997penstock:", ":penstock\u2998"
_MARK = re.compile(f"{_OPEN}(.*?){_SHUT}", re.DOTALL)
_TRACEBACK = "Traceback (most recent call last):"
_RAISED = re.compile(r"^[A-Za-z_][\w.]*: .*$", re.MULTILINE)
"""How the line of an exception begins that ends a traceback of Python's."""
_DETAILS = re.compile(r'^\s*details = "(.*)"$', re.MULTILINE)
_CLASSES = {
    one.__name__: one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, PenstockError)
}


class TaskFailed(Exception):
    """Carries a marked error out of a Python task."""


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


def first_line(error: Exception) -> str:
    """Return the first line of what Spark said: of its Java exception where it is wrapped in one of py4j, of the Python
    exception where a task raised one, of a call that failed its details."""
    text = str(error)
    raised = _RAISED.findall(text) if _TRACEBACK in text else _DETAILS.findall(text)
    if raised:
        return str(raised[-1])
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    java = (line.removeprefix(":").strip() for line in lines if line.startswith(":"))
    return next(java, lines[0] if lines else type(error).__name__)
