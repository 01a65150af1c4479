"""Formats a package file: read, written again in the one way there is, its comments put where they belong."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping

from penstock.lang.document.file.nodes import Comment, Mark
from penstock.lang.document.file.printer import Out, Place

_NOT_WRITTEN = re.compile(r"edges\[|components\[\d+\]$")
"""Places that stand for others: an edge for the input that says it, a list item for the component."""


class Comments:
    """Comments by the place that each speaks about; *foot* stands behind everything."""

    def __init__(self, comments: list[Comment], places: Mapping[Place, Mark]) -> None:
        self.before: dict[Place, list[str]] = {}
        self.after: dict[Place, list[str]] = {}
        self.foot: list[str] = []
        known = [(mark, place) for place, mark in places.items() if not _is_hidden(place)]
        self.places = sorted(known, key=lambda one: (one[0].index, len(one[1][1]), one[1]))
        self.indices = [mark.index for mark, _ in self.places]
        for comment in comments:
            self._place(comment)

    @property
    def kept(self) -> frozenset[Place]:
        """Places that a comment speaks about: a default that stands there is written all the same."""
        return frozenset((*self.before, *self.after))

    def _place(self, comment: Comment) -> None:
        at = bisect_right(self.indices, comment.mark.index)
        text = comment.text if comment.text[1:2] in ("", " ", "!", "#") else f"# {comment.text[1:]}"
        if comment.alone or at == 0:
            if at < len(self.places):
                self.before.setdefault(self.places[at][1], []).append(text)
            else:
                self.foot.append(text)
            return
        line = [place for mark, place in self.places[:at] if mark.line == comment.mark.line]
        # The first on the line, so that a comment behind an item in brackets is about the item; not the whole component.
        inner = [place for place in line if place[1] != ""] or line
        place = inner[0] if inner else self.places[at - 1][1]
        self.after.setdefault(place, []).append(text)

    def put(self, root: Out) -> None:
        """Give a tree its comments; those of parts that it has not go to what they were part of."""
        parts: dict[Place, Out] = {}
        items: set[int] = set()
        _collect(root, parts, items)
        for place, texts in self.before.items():
            _nearest(place, parts).before.extend(texts)
        for place, texts in self.after.items():
            found = _nearest(place, parts)
            if id(found) in items and len(found.entries) == 1 and not found.blocked:
                # An item of one entry is one line, which ends with the entry's value.
                found = found.entries[0][1]
            if found.after or len(texts) > 1 or found is root:
                found.before.extend(texts)
            else:
                found.after.extend(texts)


def _is_hidden(place: Place) -> bool:
    return (place[0] == "" and bool(_NOT_WRITTEN.match(place[1]))) or (place[0] != "" and place[1] == "properties")


def _collect(out: Out, parts: dict[Place, Out], items: set[int]) -> None:
    """Gather the parts of a tree by their places, and which of them are items of lists."""
    parts.setdefault(out.place, out)
    items |= {id(inner) for inner in out.items}
    for inner in (*(value for _, value in out.entries), *out.items):
        _collect(inner, parts, items)


def _nearest(place: Place, parts: Mapping[Place, Out]) -> Out:
    owner, path = place
    while (owner, path) not in parts:
        if path == "":
            owner = ""
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return parts[owner, path]
