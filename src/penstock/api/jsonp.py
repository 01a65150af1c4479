"""JSONP: an answer as a call of a function in the page that asked."""

from __future__ import annotations

import re

from penstock.errors import BadRequest

MEDIA_TYPE = "application/javascript; charset=utf-8"
_NAME = re.compile(r"[A-Za-z_$][\w$.\[\]]{0,199}", re.ASCII)


def read_callback(pairs: list[tuple[str, str]]) -> str | None:
    """Return the function that a call names in `callback`, None without one.

    Raises: BadRequest for a name that is more than identifier characters, dots and brackets.
    """
    name = next((value for key, value in pairs if key == "callback"), "")
    if not name:
        return None
    if not _NAME.fullmatch(name):
        raise BadRequest("callback may hold only letters, digits, underscores, dots and brackets.")
    return name


def wrap(body: bytes, callback: str) -> bytes:
    """Return a JSON text as a call of *callback*."""
    return callback.encode("ascii") + b"(" + body + b")"
