"""Texts of others in lines for people."""

from __future__ import annotations

import re

_STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""What ends a line, moves a cursor, or turns the direction of what follows."""


def one_line(text: str) -> str:
    r"""Return a text as one line, with escapes for what would end or steer it; all else stays.

    >>> one_line("a\nb\x1b[31m c\\n")
    'a\\nb\\x1b[31m c\\n'
    """
    return _STEERING.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
