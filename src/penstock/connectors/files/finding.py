"""Which files of a store a path stands for, level by level: what a store cannot say of itself is asked folder by folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from penstock.connectors.files import patterns
from penstock.errors import NothingFound, PermanentError

MAX_FILES = 100_000
AT_ONCE = 8
"""How many folders are listed at a time."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file of a store. *name* is its path there, without a slash at its begin; *version* tells whether it is still the same
    later, empty where the store says nothing by which to know."""

    name: str
    size_bytes: int
    version: str = ""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of a store by its path, empty for the uppermost."""

    name: str


class Tree(Protocol):
    """A store as folders that hold files. May be asked by several threads."""

    def children(self, folder: str) -> Iterable[Found | Folder]:
        """What lies in a folder; nothing where there is none."""

    def look(self, name: str) -> Found | Folder | None:
        """What is at a path, if anything is."""


def find(tree: Tree, relative: str, where: str, top: str = "") -> list[Found]:
    """Return the files that a path, perhaps a pattern, stands for, in the order of their names. *where* is how a message names
    the store, *top* the folder that the path counts from. Raises PermanentError where there are none, or for a path that is
    none."""
    try:
        found = _find(tree, relative, top)
    except patterns.BadPattern as error:
        raise PermanentError(f"The pattern '{relative}' is malformed: {error}.") from error
    if not found:
        raise NothingFound(f"No file matches '{relative}' in {where}. Correct the path, or put the file there.")
    return sorted(found.values(), key=lambda one: one.name.split("/"))


def parts_of(path: str) -> list[str]:
    """Return the segments of a path that is taken as it is. Raises PermanentError for one that goes up, or no path."""
    if "\0" in path:
        raise PermanentError("A path holds a NUL character, which no file name can.")
    parts = patterns.segments(path)
    if ".." in parts:
        raise PermanentError(f"The path '{path}' holds '..', which is refused. Name the folder itself.")
    return parts


def _find(tree: Tree, relative: str, top: str) -> dict[str, Found]:
    found: dict[str, Found] = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for pattern in patterns.expand(relative):
            parts = parts_of(pattern)
            is_folder = pattern.endswith("/") or not parts
            for one in _walk(tree, parts, top, pool, is_folder=is_folder):
                if isinstance(one, Found):
                    if not is_folder:
                        found[one.name] = one
                elif is_folder:
                    found.update((file.name, file) for file in _files(tree.children(one.name)))
                elif not patterns.is_pattern(pattern):
                    raise PermanentError(
                        f"'{relative}' is a folder. Write it with a '/' at its end to read all its files."
                    )
                if len(found) > MAX_FILES:
                    raise PermanentError(f"'{relative}' matches more than {MAX_FILES:,} files. Use a narrower pattern.")
    return found


def _walk(
    tree: Tree, parts: Sequence[str], top: str, pool: ThreadPoolExecutor, *, is_folder: bool
) -> Iterable[Found | Folder]:
    """Return what is at the places that segments stand for. *is_folder*: folders are wanted, which need not be there."""
    at: list[Found | Folder] = [Folder(top)]
    is_known = not parts
    for part in parts:
        folders = [one.name for one in at if isinstance(one, Folder)]
        if not patterns.is_pattern(part):
            at = [Folder(joined(name, part)) for name in folders]
            is_known = False
            continue
        wanted = patterns.segment_regex(part)
        at = [
            one
            for listed in pool.map(_listing(tree), folders)
            for one in listed
            if not hidden(one.name) and wanted.fullmatch(base(one.name))
        ]
        is_known = True
    if is_known or is_folder:  # a bucket may have an object and a folder of one name
        return at
    return [one for one in pool.map(tree.look, [one.name for one in at]) if one is not None]


def _listing(tree: Tree) -> Callable[[str], list[Found | Folder]]:
    return lambda folder: list(tree.children(folder))


def _files(children: Iterable[Found | Folder]) -> Iterable[Found]:
    return (one for one in children if isinstance(one, Found) and not hidden(one.name))


def joined(folder: str, name: str) -> str:
    """Return the path of a name in a folder."""
    return f"{folder.removesuffix('/')}/{name}" if folder else name


def base(name: str) -> str:
    """Return the last segment of a path."""
    return name.rpartition("/")[2]


def parents(name: str) -> list[str]:
    """Return the folders that a path lies in, the uppermost first."""
    parts = name.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def hidden(name: str) -> bool:
    """Tell whether a file or folder is not shown to those who read."""
    return base(name).startswith(("_", "."))


def free_name(name: str, prefix: str, taken: Iterable[str]) -> str:
    """Return a name that is not taken, by raising the number that follows the prefix.

    >>> free_name("part-00000.csv", "part-", {"part-00000.csv", "part-00001.csv"})
    'part-00002.csv'
    """
    folder, slash, last = name.rpartition("/")
    numbered = re.match(r"\d{5}", last[len(prefix) :])
    number, rest = (int(numbered[0]), last[len(prefix) + 5 :]) if numbered else (0, last[len(prefix) :])
    while (made := f"{folder}{slash}{prefix}{number:05d}{rest}") in taken:
        number += 1
    return made
