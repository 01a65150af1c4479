"""The JSON text of a document: strict JSON, and no text that could not be written again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


class NotJson(ValueError):
    """Text that is no JSON, or holds what cannot be stored; a value for the reader, never seen outside this room."""


def parse(text: str) -> Any:
    """Return the JSON value of a text. Raises NotJson with the reason."""
    try:
        value = json.loads(text, parse_constant=_refuse)
        if "\\u" in text or not text.isascii():
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise NotJson("it holds half of a surrogate pair") from None
    except RecursionError:
        raise NotJson("it is nested too deeply") from None
    except ValueError as error:
        raise NotJson(str(error)) from None
    return value


def zero_character(value: Any) -> str | None:
    """Return where a JSON value holds a zero character, or None; what stands under `x-` keys is never looked at."""
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        path, one = waiting.pop()
        if isinstance(one, str) and "\0" in one:
            return path
        if isinstance(one, Mapping):
            if any("\0" in key for key in one):
                return path
            waiting.extend((f"{path}.{key}".lstrip("."), item) for key, item in one.items() if not key.startswith("x-"))
        elif isinstance(one, list):
            waiting.extend((f"{path}[{index}]", item) for index, item in enumerate(one))
    return None


def _refuse(word: str) -> Any:
    raise ValueError(f"there is no number {word}")
