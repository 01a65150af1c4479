"""Cells of a sheet in A1 notation."""

from __future__ import annotations

import re
from dataclasses import dataclass

_CELL = re.compile("([A-Za-z]{0,3})([0-9]{0,7})")


@dataclass(frozen=True, slots=True)
class Area:
    """Rows and columns of a sheet, from 0, the last ones included; None is no end."""

    top: int = 0
    left: int = 0
    bottom: int | None = None
    right: int | None = None


def area_of(text: str) -> Area | None:
    """Return the cells that a text names in A1 notation, None where it does not.

    >>> area_of("B2:$D$10")
    Area(top=1, left=1, bottom=9, right=3)
    >>> area_of("C:C")
    Area(top=0, left=2, bottom=None, right=2)
    >>> area_of("A1:") is None
    True
    """
    corners = [_corner(part) for part in text.replace("$", "").strip().split(":")]
    if len(corners) > 2 or None in corners:
        return None
    first, last = corners[0], corners[-1]
    if first is None or last is None or (len(corners) == 1 and None in first):
        return None
    (left, top), (right, bottom) = first, last
    if (left is None) is not (right is None) and top is None:
        return None
    made = Area(top or 0, left or 0, bottom, right)
    is_empty = (bottom is not None and bottom < made.top) or (right is not None and right < made.left)
    return None if is_empty else made


def _corner(text: str) -> tuple[int | None, int | None] | None:
    match = _CELL.fullmatch(text.strip())
    if match is None or not match[0]:
        return None
    column = 0
    for char in match[1].upper():
        column = column * 26 + ord(char) - ord("A") + 1
    row = int(match[2]) if match[2] else None
    if row == 0:
        return None
    return (column - 1 if match[1] else None), (row - 1 if row is not None else None)
