"""Parts of large text files, one for each task: from one line to another, where every line is a record of its own.

That is known without a look into the file where the source says so: no qualifier may hold a line break, nothing escapes one,
no record is numbered, and a byte `\\n` is always a line end. All other files, and packed ones, are one part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from penstock.engines.files.opening import opened, packing
from penstock.errors import PermanentError
from penstock.plan.operators import FileSource
from penstock.plan.ports import FileEntry

PARTS_PER_CORE = 2
"""So that a core that has done with its own takes another's."""
LEAST_BYTES, MOST_BYTES = 8 << 20, 64 << 20
"""How large a part is meant to be; a task holds a copy of it on its disk."""
_LONGEST_FIRST = 1 << 16
_PIECE = 1 << 18
_MARK = b"\xef\xbb\xbf"
_ENCODINGS = ("utf-8", "iso-8859-1")


@dataclass(frozen=True, slots=True)
class Part:
    """The lines of a file, by its number, that begin at *begin* or later and before *end*, None being the end of the file."""

    file: int
    begin: int = 0
    end: int | None = None

    @property
    def is_whole(self) -> bool:
        """True where it is all of the file."""
        return self.begin == 0 and self.end is None


def parts_of(source: FileSource, files: Sequence[FileEntry], cores: int) -> tuple[Part, ...]:
    """Return the parts of the files of a source, in their order."""
    even = sum(file.size_bytes for file in files) // (cores * PARTS_PER_CORE)
    size = min(max(even, LEAST_BYTES), MOST_BYTES)
    parts: list[Part] = []
    for number, file in enumerate(files):
        count = file.size_bytes // size
        if count < 2 or not _is_of_lines(source, file) or not _begins_plainly(source, file):
            parts.append(Part(number))
            continue
        cuts = [file.size_bytes * at // count for at in range(count)]
        parts += (Part(number, begin, end) for begin, end in zip(cuts, [*cuts[1:], None], strict=True))
    return tuple(parts)


def _is_of_lines(source: FileSource, file: FileEntry) -> bool:
    """Tell whether every line of a file is a record, wherever it stands."""
    return (
        packing(source, file) == "none"
        and source.encoding in _ENCODINGS
        and all(item.pseudo != "line_number" for item in source.fields)
        and source.record_delimiter == "new_line"
        and (
            source.record_type == "json"
            or (
                source.record_type == "delimited"
                and not source.quote_multi_line
                and source.escape in (None, source.quote)
            )
        )
    )


def _begins_plainly(source: FileSource, file: FileEntry) -> bool:
    """Tell whether the first line can be put before each part: it says how many values a record has, and their names."""
    if source.record_type == "json":
        return True
    with opened(source, file) as stream:
        line = stream.readline(_LONGEST_FIRST)
    longest = _LONGEST_FIRST if source.line_max_bytes is None else min(source.line_max_bytes, _LONGEST_FIRST)
    body = line.removesuffix(b"\n").removesuffix(b"\r")
    return line.endswith(b"\n") and b"\r" not in body and len(body.removeprefix(_MARK)) > 0 and len(body) < longest


def has_first_line(source: FileSource, part: Part) -> bool:
    """Tell whether the lines of a part have the first one of the file put before them, which is none of its own."""
    return part.begin > 0 and source.record_type == "delimited"


def cut_out(source: FileSource, file: FileEntry, part: Part, target: Path) -> FileEntry | None:
    """Copy the lines of a part into a file, None where there are none. Raises PermanentError."""
    with opened(source, file) as stream:
        first = stream.readline(_LONGEST_FIRST) if has_first_line(source, part) else b""
        begin = _line_at(stream, part.begin)
        end = file.size_bytes if part.end is None else _line_at(stream, part.end)
        if begin >= end:
            return None
        stream.seek(begin)
        try:
            with target.open("wb") as made:
                made.write(first)
                left = end - begin
                while left > 0 and (piece := stream.read(min(left, _PIECE))):
                    made.write(piece)
                    left -= len(piece)
        except OSError as error:
            raise PermanentError(
                f"A part of {file.name} could not be put into the scratch folder: {error.strerror}. Make room there."
            ) from error
    return FileEntry(str(target), file.name, target.stat().st_size)


def _line_at(stream: IO[bytes], place: int) -> int:
    """Return where the first line begins at a place or behind it, the end of the file where none does. Not at a byte order
    mark: the first of a file is no text."""
    if place == 0:
        return 0
    at = place - 1
    stream.seek(at)
    while piece := stream.read(_PIECE):
        found = piece.find(b"\n")
        if found < 0:
            at += len(piece)
            continue
        at += found + 1
        stream.seek(at)
        if stream.read(len(_MARK)) != _MARK:
            return at
        stream.seek(at)
    return at
