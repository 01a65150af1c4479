"""Which text files DuckDB's reader takes as the language does, and how the others are read.

DuckDB's CSV reader is fast and forgiving: it loses records after an unclosed qualifier, reads on over line breaks, shifts
columns where `\\n` and `\\r` are mixed, and knows no escape outside of qualifiers. So it is told to be strict, which makes it
fail where it would guess; files with qualifiers are looked through before; and what it cannot read, or has failed on, is
rewritten record by record first (`penstock.engines.files.rewriting`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from penstock.engines.files.opening import opened, packing
from penstock.engines.files.quoting import Quoting, has_byte, quoting_of_file, quoting_of_stream
from penstock.engines.files.records import Lines, Splitter
from penstock.errors import PenstockError, PermanentError
from penstock.plan.operators import FileSource, Plan, Scan, iter_operators
from penstock.plan.ports import BoundSource, FileEntry

MOST_TRIES = 2
"""How many files of a source may fail DuckDB one by one; after that all of them are rewritten."""
LONGEST_HEADER = 1 << 20
LATIN = "iso-8859-1"


class Reread(Exception):
    """A statement failed for a file that is now to be read otherwise: the same again may go well."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How DuckDB reads some delimited files: *names* are the values in their first line, *quoted* tells whether they have
    qualifiers and *broken* whether those hold line breaks; *is_loose* that surplus values are to be ignored, which is safe
    where there is neither a qualifier nor a `\\r`."""

    names: tuple[str, ...]
    packed: str
    quoted: bool = False
    broken: bool = False
    is_loose: bool = False


@dataclass(slots=True)
class Readings:
    """How each text file of a job is read; remembers what turned out while it ran.

    *stopped* is asked while files are looked through; it raises when the job is to stop.
    """

    plan: Plan
    sources: Mapping[str, BoundSource]
    threads: int
    stopped: Callable[[], None]
    odd: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """The locations of files that DuckDB does not read as the language does, by component."""
    loose: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _known: dict[tuple[str, str], Reading | None] = field(default_factory=dict)
    _empty: set[str] = field(default_factory=set)

    def split(self, scan: Scan) -> tuple[dict[Reading, list[FileEntry]], list[FileEntry]]:
        """Return the files of a delimited source that DuckDB reads, by how it does, and those to be rewritten. A file
        without a line is neither."""
        groups: dict[Reading, list[FileEntry]] = defaultdict(list)
        rest = []
        for file in self.sources[scan.component].files:
            reading = None
            if file.location not in self.odd[scan.component]:
                self.stopped()
                reading = self._reading(scan, file)
            if reading is not None:
                groups[reading].append(file)
            elif file.location not in self._empty:
                rest.append(file)
        return groups, rest

    def _reading(self, scan: Scan, file: FileEntry) -> Reading | None:
        key = (scan.component, file.location)
        if key not in self._known or file.location in self.loose[scan.component]:
            self._known[key] = self._look_at(scan, file)
        return self._known[key]

    def _look_at(self, scan: Scan, file: FileEntry) -> Reading | None:
        source = scan.source
        packed = packing(source, file)
        if must_rewrite(source) or any(item.pseudo == "line_number" for item in source.fields):
            return None
        quoting = self._quoting(source, file, packed)
        if quoting is Quoting.ODD or (quoting is Quoting.BROKEN and not source.quote_multi_line):
            return None
        if source.escape is not None and source.escape != source.quote:
            with opened(source, file) as stream:
                if has_byte(stream, (source.escape.encode(source.encoding),)):
                    return None
        names = first_record(source, file)
        if names is None:
            self._empty.add(file.location)
            return None
        return Reading(
            tuple(names), packed, quoting is not Quoting.ABSENT, quoting is Quoting.BROKEN,
            file.location in self.loose[scan.component],
        )  # fmt: skip

    def _quoting(self, source: FileSource, file: FileEntry, packed: str) -> Quoting:
        if source.quote is None:
            return Quoting.ABSENT
        quote, delimiter = ord(source.quote), source.delimiter.encode()
        # Of a delimiter of several bytes the last may end another character: then any qualifier is odd.
        edge = delimiter[0] if len(delimiter) == 1 else quote
        if packed == "none":
            found = quoting_of_file(file.location, quote, edge, self.threads)
        else:
            with opened(source, file) as stream:
                found = quoting_of_stream(stream, quote, edge)
        return Quoting.ODD if found is not Quoting.ABSENT and len(delimiter) > 1 else found

    def learn(self, said: str) -> bool:
        """Take in that DuckDB failed to read a text file; True when another try may go better."""
        found = re.search(r"^  file = (.*)$", said, re.MULTILINE)
        if found is None:
            # Of ISO-8859-1 it refuses the control characters above 127, without a word about where they are.
            return "not latin-1" in said and self._distrust(LATIN)
        learned = False
        for component, source in self.sources.items():
            mine = [file for file in source.files if file.location == found[1]]
            for file in mine if source.spec.record_type in ("delimited", "json") else []:
                if file.location in self.odd[component]:
                    continue
                learned = True
                if not self._is_loose(component, source.spec, file):
                    everything = len(self.odd[component]) >= MOST_TRIES
                    self.odd[component].update(one.location for one in (source.files if everything else mine))
        return learned

    @property
    def scans(self) -> dict[str, Scan]:
        """The sources of the plan by component."""
        return {one.component: one for one in iter_operators(self.plan) if isinstance(one, Scan)}

    def component_of(self, location: str) -> tuple[str, str] | None:
        """Return a component that reads a file, and the file's name, if there is one."""
        for component, bound in self.sources.items():
            for file in bound.files:
                if file.location == location:
                    return component, file.name
        return None

    def check_encodings(self) -> None:
        """Look for text that is not in the encoding of its source, in every file. Raises PermanentError when there is."""
        for component, bound in self.sources.items():
            if bound.spec.record_type in ("delimited", "json"):
                for file in bound.files:
                    self.stopped()
                    with naming(component), opened(bound.spec, file) as stream:
                        for _ in Lines(stream, file.name, bound.spec.encoding, bound.spec.line_max_bytes):
                            pass

    def _distrust(self, encoding: str) -> bool:
        learned = False
        for component, source in self.sources.items():
            locations = {file.location for file in source.files}
            if source.spec.encoding == encoding and not locations <= self.odd[component]:
                self.odd[component] |= locations
                learned = True
        return learned

    def _is_loose(self, component: str, source: FileSource, file: FileEntry) -> bool:
        """Note a file whose only oddity can be surplus values."""
        if (
            source.record_type != "delimited"
            or file.location in self.loose[component]
            or packing(source, file) != "none"
        ):
            return False
        with opened(source, file) as stream:
            if has_byte(stream, [sign.encode() for sign in ("\r", source.quote or "\r")]):
                return False
        self.loose[component].add(file.location)
        return True


@contextmanager
def naming(component: str) -> Iterator[None]:
    """Put a component in front of what is raised."""
    try:
        yield
    except PenstockError as error:
        if error.message.startswith("Component '"):
            raise
        raise type(error)(f"Component '{component}': {error.message}") from error


def must_rewrite(source: FileSource) -> bool:
    """Tell whether DuckDB can read no file of a source."""
    signs = source.delimiter + (source.escape or "")
    return source.encoding not in ("utf-8", LATIN) or (source.encoding == LATIN and not signs.isascii())


def first_record(source: FileSource, file: FileEntry) -> list[str] | None:
    """Return the values in the first line of a file, none where it is too long to be looked at, and None where there is no
    line. Raises PermanentError when it cannot be read."""
    with opened(source, file) as stream:
        # What is wrong in values that no field takes does not matter.
        lines = Lines(stream, file.name, source.encoding, LONGEST_HEADER, "replace")
        first = next(Splitter(source).records(iter(lines)), None)
        if lines.dropped and source.match_fields == "name":
            raise PermanentError(f"the first line of {file.name} is too long to hold the names of its columns.")
        return None if first is None and not lines.dropped else first[1] if first and first[0] == 1 else []
