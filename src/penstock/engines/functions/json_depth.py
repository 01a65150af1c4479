"""A limit on how deep a JSON text may be nested, so that reading it ends with a sentence and never without stack."""

from __future__ import annotations

import re

from penstock.errors import DataError

MAX_DEPTH = 200
"""How many arrays and objects may stand inside one another."""
_TEXTS = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


def guard_depth(text: str) -> None:
    """Raise DataError for a text whose arrays and objects stand too deep inside one another; looks only at long ones."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for char in _TEXTS.sub("", text):
        if char in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise DataError(f"A JSON text has more than {MAX_DEPTH} arrays and objects inside one another.")
        elif char in "]}":
            depth -= 1
