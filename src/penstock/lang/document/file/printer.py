"""Prints a tree as YAML in one way only: two spaces, one entry a line, short lists and mappings in brackets where they fit,
quotes where any reader of YAML, old or new, could take a text for something else."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

import yaml

WIDTH = 120
"""How long a line with brackets grows before its list is written one item a line."""
Place = tuple[str, str]
"""Whose part something is, by component (empty for the package), and its path inside."""
Json = str | int | float | bool | None
_NUMBER_LIKE = re.compile(r"[-+]?\.?[0-9][0-9_.,:eExXoObBa-fA-F+TZtz-]*|[-+]?\.(inf|nan)", re.IGNORECASE)
_WORDS = frozenset("y n yes no on off true false null ~ = <<".split())
_BEGINS = frozenset("-?:,[]{}#&*!|>'\"%@`")
_RESOLVER: Any = yaml.resolver.Resolver()


class Raw(str):
    """A text that is printed as it is: a number or a word of YAML that must keep how it is written."""


@dataclass(slots=True)
class Out:
    """A part of a file: a scalar, a list or a mapping. *blocked* are written one entry a line whatever their length."""

    value: Json | list[Out] | list[tuple[str, Out]] = None
    place: Place = ("", "")
    is_map: bool = False
    blocked: bool = False
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)

    @property
    def entries(self) -> list[tuple[str, Out]]:
        """The entries of a mapping."""
        return self.value if self.is_map else []  # type: ignore[return-value]  # what is_map says

    @property
    def items(self) -> list[Out]:
        """The items of a list."""
        return self.value if isinstance(self.value, list) and not self.is_map else []  # type: ignore[return-value]


def print_file(root: Out, foot: list[str]) -> str:
    """Return a mapping as the text of a file, with comments that stand at its end."""
    lines = [*root.before]
    _map_lines(root, 0, lines)
    return "\n".join([*lines, *foot]) + "\n"


def _map_lines(out: Out, indent: int, lines: list[str], first: str | None = None) -> None:
    pad = " " * indent
    for index, (key, value) in enumerate(out.entries):
        begin = pad if index or first is None else first
        lines += [pad + one for one in value.before] if index or first is None else []
        _value_lines(f"{begin}{scalar(key)}:", value, indent, lines)


def _value_lines(head: str, out: Out, indent: int, lines: list[str]) -> None:
    """Append a value behind its key or dash; what does not fit behind it stands below, deeper by two."""
    after = f"  {' '.join(out.after)}" if out.after else ""
    short = _short(out, WIDTH - len(head) - 1)
    if short is not None:
        lines.append(f"{head} {short}{after}")
    elif isinstance(out.value, str):
        body = out.value[:-1] if out.value.endswith("\n") else out.value
        lines.append(f"{head} |{'' if body != out.value else '-'}{after}")
        lines += [" " * (indent + 2) + line if line else "" for line in body.split("\n")]
    elif out.is_map:
        lines.append(f"{head}{after}")
        _map_lines(out, indent + 2, lines)
    else:
        lines.append(f"{head}{after}")
        for item in out.items:
            _item_lines(item, indent + 2, lines)


def _item_lines(item: Out, indent: int, lines: list[str]) -> None:
    pad = " " * indent
    lines += [pad + one for one in item.before]
    if item.is_map and item.entries and (_short(item, WIDTH - indent - 2) is None or len(item.entries) == 1):
        lines += [pad + one for one in (*item.after, *item.entries[0][1].before)]
        _map_lines(item, indent + 2, lines, f"{pad}- ")
    else:
        _value_lines(f"{pad}-", item, indent, lines)


def print_line(out: Out) -> str:
    """Return a value in one line, however long; a text of several lines in quotes."""
    return _flow(out) or scalar(str(out.value), in_brackets=True)


def _short(out: Out, room: int) -> str | None:
    """Return a value in one piece, or None where it must be spread over lines."""
    if isinstance(out.value, Raw):
        return str(out.value)
    if isinstance(out.value, str):
        return None if _is_block(out.value) else scalar(out.value)
    if not isinstance(out.value, list):
        return literal(out.value)
    if not out.value:
        return "{}" if out.is_map else "[]"
    made = None if out.blocked or _has_comments(out) else _flow(out)
    return None if made is None or len(made) > room else made


def _has_comments(out: Out) -> bool:
    parts = [value for _, value in out.entries] + out.items
    return any(one.before or one.after or one.blocked or _has_comments(one) for one in parts)


def _flow(out: Out) -> str | None:
    if isinstance(out.value, Raw):
        return str(out.value)
    if isinstance(out.value, str):
        return None if _is_block(out.value) else scalar(out.value, in_brackets=True)
    if not isinstance(out.value, list):
        return literal(out.value)
    if out.is_map:
        pairs = [(scalar(key, in_brackets=True), _flow(value)) for key, value in out.entries]
        texts = [None if value is None else f"{key}: {value}" for key, value in pairs]
    else:
        texts = [_flow(item) for item in out.items]
    if any(text is None for text in texts):
        return None
    body = ", ".join(text for text in texts if text is not None)
    return f"{{{body}}}" if out.is_map else f"[{body}]"


def literal(value: Json) -> str:
    """Return a number, a boolean or null."""
    return json.dumps(value)


def scalar(text: str, in_brackets: bool = False) -> str:
    """Return a text as YAML that every reader takes for this text.

    >>> [scalar(one) for one in ("total > 100", "no", "1e3", 'say "no"', "a\\\\d")]
    ['total > 100', '"no"', '"1e3"', 'say "no"', 'a\\\\d']
    """
    if _is_plain(text, in_brackets):
        return text
    if not text.isprintable():
        return _escaped(text)
    if "'" not in text and ('"' in text or "\\" in text):
        return f"'{text}'"
    return _escaped(text)


def _escaped(text: str) -> str:
    made = json.dumps(text, ensure_ascii=False)
    if made.isprintable():
        return made
    return "".join(char if char.isprintable() else _code(ord(char)) for char in made)


def _code(number: int) -> str:
    return f"\\u{number:04X}" if number <= 0xFFFF else f"\\U{number:08X}"


def _is_plain(text: str, in_brackets: bool) -> bool:
    if not text or text != text.strip() or not text.isprintable() or text[0] in _BEGINS:
        return False
    if ": " in text or " #" in text or text.endswith(":") or (in_brackets and any(char in text for char in ",[]{}:?")):
        return False
    return not looks_typed(text)


def looks_typed(text: str) -> bool:
    """Tell whether some reader of YAML takes a bare text for a number, a date, a boolean, null or a merge."""
    if text.lower() in _WORDS or _NUMBER_LIKE.fullmatch(text):
        return True
    tag: str = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False))
    return tag != "tag:yaml.org,2002:str"


def _is_block(text: str) -> bool:
    """Tell whether a text is written as a block of lines."""
    if "\n" not in text.rstrip("\n") or text.endswith("\n\n") or text[0].isspace():
        return False
    lines = text.split("\n")
    return all(line.isprintable() and line == line.rstrip() for line in lines)
