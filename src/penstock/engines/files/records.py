"""Records of text files (dataflow reference 5.1): where a line ends, and what its values are.

A record ends at `\\n`, `\\r\\n` or `\\r`. A value that begins with the qualifier, blanks before it aside, ends at the next
qualifier; in it a doubled qualifier is a literal one and the delimiter is data. A line break in it is data only where the
source says so; elsewhere the record ends there all the same. What follows the closing qualifier is appended, blanks before
the delimiter aside. A qualifier inside a value that does not begin with one is data. After the escape any character is
data, a line break too.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, cast

from penstock.errors import PermanentError
from penstock.plan.operators import FileSource

_WITH_MARK = {"utf-8": "utf-8-sig"}
"""Codecs that take the byte order mark away; those of UTF-16 and UTF-32 do anyway."""
_MARK_IS_TEXT = frozenset({"utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"})
"""Codecs to which a byte order mark is a character like others, since their name says the order."""
_WITHOUT_MARK = {"utf-16": "utf-16-be", "utf-32": "utf-32-be"}
"""What text without a mark is in."""
_PACKED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"PK\x03\x04": "zip", b"\x28\xb5\x2f\xfd": "zstd"}
"""How packed files begin."""
_PIECE = 1 << 20
_BREAKS = re.compile(r"\r\n|\r|\n")
_NEVER = re.compile("(?!)")


@dataclass(slots=True)
class Lines:
    """The lines of a stream, each with its number from 1 and the line break at its end.

    Those of more than *longest* bytes are left out and counted in *dropped*. Raises PermanentError naming the file *name*
    and the line where the bytes are not in *encoding*, unless *errors* says `replace`.
    """

    stream: IO[bytes]
    name: str
    encoding: str = "utf-8"
    longest: int | None = None
    errors: str = "strict"
    dropped: int = 0
    _text: io.TextIOWrapper = field(init=False)
    _half: bool = False
    """Whether the last piece read ended between `\\r` and what may be its `\\n`."""

    def __iter__(self) -> Iterator[tuple[int, str]]:
        codec = self._codec()
        self._text = io.TextIOWrapper(self.stream, codec, self.errors, newline="")
        number = 0
        try:
            # No more is read than what can still be short enough: a file without breaks must not fill the memory.
            limit = -1 if self.longest is None else self.longest + 2
            while line := self._piece(limit):
                number += 1
                if number == 1 and codec in _MARK_IS_TEXT:
                    line = line.removeprefix("\ufeff")
                    if not line:
                        continue
                if self.longest is not None and self._is_longer(line, self.longest):
                    self.dropped += 1
                    while line and not line.endswith(("\n", "\r")):
                        line = self._piece(_PIECE)
                else:
                    yield number, line
        except UnicodeDecodeError as error:
            before = error.object[: error.start].decode(error.encoding, "ignore")
            begin = error.object if number == 0 else b""
            line_number = number + 1 + len(_BREAKS.findall(before))
            raise PermanentError(not_in(self.encoding, self.name, line_number, begin)) from error
        finally:
            if not self.stream.closed:
                self._text.detach()

    def _codec(self) -> str:
        if self.encoding in _WITHOUT_MARK:
            begin = self.stream.read(4)
            if self.stream.seekable():
                self.stream.seek(0)
            else:
                self.stream = io.BufferedReader(cast(io.RawIOBase, _Begun(begin, self.stream)), _PIECE)
            if not begin.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)):
                return _WITHOUT_MARK[self.encoding]
        return _WITH_MARK.get(self.encoding, self.encoding)

    def _piece(self, limit: int) -> str:
        line = self._text.readline(limit)
        if self._half and line == "\n":
            line = self._text.readline(limit)
        self._half = len(line) == limit and line.endswith("\r")
        return line

    def _is_longer(self, line: str, longest: int) -> bool:
        if len(line) * 4 <= longest:
            return False
        return len(line.rstrip("\r\n").encode(_WITHOUT_MARK.get(self.encoding, self.encoding), "replace")) > longest


class _Begun(io.RawIOBase):
    """A stream of which the *begin* is read already, and given once more."""

    def __init__(self, begin: bytes, rest: IO[bytes]) -> None:
        self._begin, self._rest = begin, rest

    def readable(self) -> bool:
        return True

    def readinto(self, target: bytearray | memoryview) -> int:  # type: ignore[override]  # any buffer that is asked for
        given = self._begin[: len(target)] or self._rest.read(len(target))
        self._begin = self._begin[len(given) :]
        target[: len(given)] = given
        return len(given)


def not_in(encoding: str, name: str, line: int, begin: bytes = b"") -> str:
    """Return the sentence about a file that is in another encoding; *begin* is its beginning, which tells whether it is
    packed."""
    packed = next((word for magic, word in _PACKED.items() if begin.startswith(magic)), None)
    remedy = f"It begins as {packed} does: set 'compression'" if packed else "Set 'encoding', or convert the file"
    return f"{name} is not valid {encoding.upper()}, in line {line}. {remedy}."


class Splitter:
    """Splits lines into the values of records."""

    def __init__(self, source: FileSource) -> None:
        self._delimiter = source.delimiter
        self._quote = source.quote
        # An escape that is the qualifier itself says no more than that a doubled one is literal.
        self._escape = source.escape if source.escape != source.quote else None
        self._multi_line = source.quote_multi_line
        escape = re.escape(self._escape) if self._escape else ""
        quote = re.escape(self._quote) if self._quote else ""
        blanks = "" if self._delimiter == " " else " *"
        self._plain_end = re.compile(f"[{re.escape(self._delimiter)}{escape}]")
        self._quoted_end = re.compile(f"[{quote}{escape}]") if quote else _NEVER
        self._opening = re.compile(blanks + quote) if quote else _NEVER
        self._closing_blanks = re.compile(f"{blanks}(?={re.escape(self._delimiter)}|\\Z)")

    def records(self, lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, list[str]]]:
        """Yield the values of each record, with the number of the line where it begins; an empty line has no values."""
        for number, line in lines:
            body = line.rstrip("\r\n") if line[-1] in "\r\n" else line
            if not body:
                yield number, []
            elif not (self._quote and self._quote in body) and not (self._escape and self._escape in body):
                yield number, body.split(self._delimiter)
            else:
                yield number, self._split(line, lines)

    def _split(self, line: str, more: Iterator[tuple[int, str]]) -> list[str]:
        record = _Record(line)
        while not record.is_over:
            if opening := self._opening.match(record.body, record.at):
                record.at = opening.end()
                self._quoted(record, more)
            self._plain(record, more)
        return record.values

    def _quoted(self, record: _Record, more: Iterator[tuple[int, str]]) -> None:
        """Take what stands between qualifiers, and the blanks behind it if the value ends there."""
        while True:
            end = self._quoted_end.search(record.body, record.at)
            if end is None:
                record.take(len(record.body))
                if self._multi_line and record.go_on(more):
                    continue
                return
            record.take(end.start())
            if end[0] == self._escape:
                self._escaped(record, more)
            elif record.body.startswith(end[0] * 2, end.start()):
                record.value.append(end[0])
                record.at = end.start() + 2
            else:
                blanks = self._closing_blanks.match(record.body, end.end())
                record.at = blanks.end() if blanks else end.end()
                return

    def _plain(self, record: _Record, more: Iterator[tuple[int, str]]) -> None:
        """Take the rest of a value that is not between qualifiers, up to and with its delimiter."""
        while True:
            end = self._plain_end.search(record.body, record.at)
            if end is None:
                record.take(len(record.body))
                record.end_value()
                record.is_over = True
                return
            record.take(end.start())
            if end[0] == self._delimiter:
                record.at = end.end()
                record.end_value()
                return
            self._escaped(record, more)

    def _escaped(self, record: _Record, more: Iterator[tuple[int, str]]) -> None:
        """Take the character after an escape; a line break goes on to the next line."""
        at = record.at + 1
        if at < len(record.body):
            record.value.append(record.body[at])
            record.at = at + 1
        elif record.line_break:
            record.at = at
            record.go_on(more)
        else:
            record.take(at)


class _Record:
    """A record that is being split: *body* is the line at hand without its *line_break*, read up to *at*."""

    def __init__(self, line: str) -> None:
        self.values: list[str] = []
        self.value: list[str] = []
        self.is_over = False
        self._begin(line)

    def _begin(self, line: str) -> None:
        self.body = line.rstrip("\r\n")
        self.line_break = line[len(self.body) :]
        self.at = 0

    def take(self, end: int) -> None:
        """Add the text up to *end* to the value."""
        self.value.append(self.body[self.at : end])
        self.at = end

    def go_on(self, more: Iterator[tuple[int, str]]) -> bool:
        """Add the line break to the value and turn to the next line; False when there is none."""
        self.value.append(self.line_break)
        following = next(more, None)
        if following is None:
            self.body, self.line_break, self.at = "", "", 0
            return False
        self._begin(following[1])
        return True

    def end_value(self) -> None:
        """Close the value."""
        self.values.append("".join(self.value))
        self.value = []
