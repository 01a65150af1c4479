"""Where files may lie: under the connection's folder, under an allowed root, outside every forbidden folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from penstock.errors import PermanentError


def inside(path: Path, folder: Path) -> bool:
    """Tell whether a resolved path is a folder or lies under it."""
    return path == folder or folder in path.parents


class Roots:
    """The folders that connections may use."""

    def __init__(self, roots: Sequence[Path] | None, forbidden: Sequence[Path]) -> None:
        self.roots = None if roots is None else tuple(Path(os.path.realpath(root)) for root in roots)
        self.forbidden = tuple(Path(os.path.realpath(folder)) for folder in forbidden)

    def allowed(self, path: Path) -> bool:
        """Tell whether a resolved path may be used."""
        if self.roots is None:
            return not any(inside(path, folder) for folder in self.forbidden)
        for folder in self.forbidden:
            # A root inside the forbidden folder is meant; a forbidden folder under a root stays closed.
            if inside(path, folder) and not any(inside(root, folder) and inside(path, root) for root in self.roots):
                return False
        return any(inside(path, root) for root in self.roots)

    def resolve(self, base: Path, relative: str) -> Path:
        """Return the real place of a path under *base*. Raises PermanentError when links or `..` lead outside."""
        if "\0" in relative:
            raise PermanentError("A path holds a NUL character, which no file name can.")
        if ".." in relative.split("/"):
            raise PermanentError(f"The path '{relative}' holds '..', which is refused. Name the folder itself.")
        real_base = Path(os.path.realpath(base))
        real = Path(os.path.realpath(real_base / relative.lstrip("/")))
        if not inside(real, real_base):
            raise PermanentError(f"The path '{relative}' leads outside the connection's folder.")
        if not self.allowed(real):
            raise PermanentError(
                f"The path '{relative or base}' lies outside the folders that this installation allows (PENSTOCK_FILE_ROOTS)."
            )
        return real
