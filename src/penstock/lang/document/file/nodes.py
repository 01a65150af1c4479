"""A YAML text as a tree of values that know where they stand, and nothing of what they mean."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a text: *line* and *column* count from 1, *index* from 0 in characters."""

    line: int
    column: int
    index: int


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text; *plain* where it stands without quotes, so that its place decides what it is."""

    text: str
    plain: bool
    mark: Mark


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    mark: Mark


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values, in order; no key stands twice."""

    entries: tuple[tuple[Scalar, Node], ...]
    mark: Mark

    def find(self, name: str) -> Node | None:
        """Return the value of a key, or None."""
        return next((value for key, value in self.entries if key.text == name), None)


Node = Scalar | Sequence | Mapping


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment with its `#`; *alone* where nothing stands before it on its line."""

    text: str
    alone: bool
    mark: Mark
