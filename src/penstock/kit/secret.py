"""A secret is a type, so that a place that shows it must say that it does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn


class Secret:
    """A text that nothing makes text of by the way: it is not printed, formatted, added to a text, or written as JSON. Only
    `reveal` gives it, to what logs in, seals or masks. It may travel to another process of a job. Two of the same text are
    equal.

    >>> Secret("hunter2")
    Secret(***)
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> NoReturn:
        raise TypeError("a secret is no text; reveal it where it is needed")

    def __format__(self, spec: str) -> NoReturn:
        raise TypeError("a secret is no text; reveal it where it is needed")


def hidden(texts: Mapping[str, str]) -> dict[str, Secret]:
    """Return texts by name as secrets."""
    return {name: Secret(text) for name, text in texts.items()}
