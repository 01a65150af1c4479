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

from penstock.engines.duckdb.numbers import not_read
from penstock.engines.files.json_survey import Lined, survey_lines
from penstock.engines.files.opening import opened, packing
from penstock.engines.files.records import Lines, Splitter
from penstock.engines.files.survey import Answer, Question, Quoting, survey_file, survey_stream
from penstock.errors import PenstockError, PermanentError
from penstock.plan.operators import FileSource, Plan, Scan, iter_operators
from penstock.plan.ports import BoundSource, FileEntry

MOST_TRIES = 2
"""How many files of a source may fail DuckDB one by one; after that all of them are rewritten."""
LONGEST_HEADER = 1 << 20
LATIN = "iso-8859-1"
TEXTS = ("delimited", "json", "raw")


_ODD_IN_NUMBERS = (b"_", b"+-")
LARGE = 16 << 20
"""Bytes of a file that may hold a line which is longer than DuckDB's buffers."""
_TOO_LONG = "The Parallel CSV Reader currently does not support a full read"
_NO_NUMBER = "Error when converting column"
_REFUSED = re.compile(r'^[^"\n]*JSON( transform)?[^"\n]* in file "(.*)", (?:at byte \d+ )?in line \d+: ', re.MULTILINE)


class Reread(Exception):
    """A statement failed for a file that is now to be read otherwise: the same again may go well."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How DuckDB reads some delimited files: *names* are the values in their first line, *quoted* tells whether they have
    qualifiers and *broken* whether those hold line breaks; *is_loose* that surplus values are to be ignored, which is safe
    where there is neither a qualifier nor a `\\r`. *odd_numbers* tells whether there is a `_` or `+-`, which DuckDB takes for
    parts of a number."""

    names: tuple[str, ...]
    packed: str
    quoted: bool = False
    broken: bool = False
    is_loose: bool = False
    odd_numbers: bool = True


@dataclass(slots=True)
class Readings:
    """How each text file of a job is read; remembers what turned out while it ran.

    *stopped* is asked while files are looked through; it raises when the job is to stop. *parses* allows that DuckDB's reader
    parses numbers, which may turn out wrong when records have been given.
    """

    plan: Plan
    sources: Mapping[str, BoundSource]
    threads: int
    stopped: Callable[[], None]
    parses: bool = False
    odd: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """The locations of files that DuckDB does not read as the language does, by component."""
    loose: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    refused: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """The locations of JSON files that DuckDB's JSON reader fails on, by component: their lines are read as text."""
    _parsed: dict[str, bool] = field(default_factory=dict)
    """The components whose numbers DuckDB's reader has been let parse, and whether it still may."""
    _apart: dict[str, bool] = field(default_factory=dict)
    """The components whose maps DuckDB's JSON reader has been let take apart, and whether it still may."""
    _known: dict[tuple[str, str], Reading | None] = field(default_factory=dict)
    _lined: dict[str, Lined] = field(default_factory=dict)
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
        if scan.keeps_rejected or must_rewrite(source) or any(item.pseudo == "line_number" for item in source.fields):
            return None
        answer = self._survey(source, file, packed)
        if answer.quoting is Quoting.ODD or (answer.quoting is Quoting.BROKEN and not source.quote_multi_line):
            return None
        if source.escape != source.quote and _sign(source, source.escape) in answer.signs:
            return None
        names = first_record(source, file)
        if names is None:
            self._empty.add(file.location)
            return None
        return Reading(
            tuple(names), packed, answer.quoting is not Quoting.ABSENT, answer.quoting is Quoting.BROKEN,
            file.location in self.loose[scan.component], not answer.signs.isdisjoint(_ODD_IN_NUMBERS),
        )  # fmt: skip

    def _survey(self, source: FileSource, file: FileEntry, packed: str) -> Answer:
        delimiter = _sign(source, source.delimiter)
        quote = None if source.quote is None else ord(source.quote)
        escapes = () if source.escape is None else (_sign(source, source.escape),)
        # In the first line stand names where it is skipped, and names have underscores.
        question = (
            Question(quote, delimiter[0], escapes, _ODD_IN_NUMBERS)
            if source.skip_header
            else Question(quote, delimiter[0], (*escapes, *_ODD_IN_NUMBERS))
        )
        with opened(source, file) as stream:
            answer = (
                survey_file(file.location, question, self.threads)
                if packed == "none"
                else survey_stream(stream, question)
            )
        # Of a delimiter of several bytes one may belong to another character: then any qualifier is odd.
        is_odd = len(delimiter) > 1 and answer.quoting is not Quoting.ABSENT
        return Answer(Quoting.ODD, answer.signs) if is_odd else answer

    def lined(self, scan: Scan, file: FileEntry) -> Lined:
        """Return what a JSON file holds that is not packed. Raises PermanentError where it cannot be read."""
        if file.location not in self._lined:
            self.stopped()
            with opened(scan.source, file):
                self._lined[file.location] = survey_lines(file.location, self.threads)
        return self._lined[file.location]

    def learn(self, said: str) -> bool:
        """Take in that DuckDB failed to read a text file; True when another try may go better."""
        if found := _REFUSED.search(said):
            # What is malformed stays so.
            return (found[1] is not None and self._give_up_parts(found[2])) or self._refuse(found[2])
        found = re.search(r"^  file = (.*)$", said, re.MULTILINE)
        if self._unparsed(said, found[1] if found else None):
            return True
        if found is None:
            # Of ISO-8859-1 it refuses the control characters above 127, of gzip the zeros that tapes pad with, and of any text
            # a line that is longer than its buffers, without a word about where they are.
            if "GZIP" in said:
                return self._distrust(lambda source, file: packing(source, file) == "gzip")
            if _TOO_LONG in said:
                return self._distrust(lambda source, file: file.size_bytes >= LARGE or packing(source, file) != "none")
            return "not latin-1" in said and self._distrust(lambda source, _: source.encoding == LATIN)
        learned = False
        for component, source in self.sources.items():
            mine = [file for file in source.files if file.location == found[1]]
            for file in mine if source.spec.record_type in TEXTS else []:
                if file.location in self.odd[component]:
                    continue
                learned = True
                if not self._is_loose(component, source.spec, file):
                    everything = len(self.odd[component]) >= MOST_TRIES
                    self.odd[component].update(one.location for one in (source.files if everything else mine))
        return learned

    def may_parse(self, scan: Scan) -> bool:
        """Tell whether DuckDB's reader may parse numbers of a source, which it then tries."""
        return self._parsed.setdefault(scan.component, self.parses)

    def may_take_apart(self, scan: Scan) -> bool:
        """Tell whether DuckDB's JSON reader may take maps of a source apart, which it then tries; it fails on what is no
        object, and on one that holds a key twice."""
        return self._apart.setdefault(scan.component, True)

    def _give_up_parts(self, location: str) -> bool:
        found = [
            component
            for component, may in self._apart.items()
            if may and any(one.location == location for one in self.sources[component].files)
        ]
        self._apart.update(dict.fromkeys(found, False))
        return bool(found)

    def _unparsed(self, said: str, location: str | None) -> bool:
        """Note the sources, of those whose numbers DuckDB's reader parses, of which it says that one is none."""
        found = [
            component
            for component, may in self._parsed.items()
            if may
            and (
                said.endswith(not_read(component))
                or (_NO_NUMBER in said and any(one.location == location for one in self.sources[component].files))
            )
        ]
        self._parsed.update(dict.fromkeys(found, False))
        return bool(found)

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
            if bound.spec.record_type in TEXTS:
                for file in bound.files:
                    self.stopped()
                    with naming(component), opened(bound.spec, file) as stream:
                        for _ in Lines(stream, file.name, bound.spec.encoding, bound.spec.line_max_bytes):
                            pass

    def _refuse(self, location: str) -> bool:
        learned = False
        for component, source in self.sources.items():
            mine = {file.location for file in source.files if file.location == location}
            if source.spec.record_type == "json" and not mine <= self.refused[component]:
                everything = len(self.refused[component]) >= MOST_TRIES
                self.refused[component] |= {file.location for file in source.files} if everything else mine
                learned = True
        return learned

    def _distrust(self, is_meant: Callable[[FileSource, FileEntry], bool]) -> bool:
        learned = False
        for component, source in self.sources.items():
            if source.spec.record_type in TEXTS:
                locations = {file.location for file in source.files if is_meant(source.spec, file)}
                learned |= not locations <= self.odd[component]
                self.odd[component] |= locations
        return learned

    def _is_loose(self, component: str, source: FileSource, file: FileEntry) -> bool:
        """Note a file whose only oddity can be surplus values."""
        if (
            source.record_type != "delimited"
            or file.location in self.loose[component]
            or packing(source, file) != "none"
        ):
            return False
        signs = (b"\r", _sign(source, source.quote or "\r"))
        with opened(source, file):
            if survey_file(file.location, Question(None, 0, signs), self.threads).signs:
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


def _sign(source: FileSource, sign: str | None) -> bytes:
    return b"" if sign is None else sign.encode(source.encoding)


def must_rewrite(source: FileSource) -> bool:
    """Tell whether DuckDB can read no file of a source; an escape of several bytes is not looked for."""
    escape = source.escape or ""
    if source.encoding == LATIN:
        return not (source.delimiter + escape).isascii()
    return source.encoding != "utf-8" or not escape.isascii()


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
