"""What an answer holds, by its response type: its records, and the document that paging looks into."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from penstock.connectors.web import long_texts, paths
from penstock.connectors.web.asking import Got
from penstock.connectors.web.json_texts import Texts
from penstock.errors import DataError, PermanentError
from penstock.kit.outbound import place_of
from penstock.plan.systems import WebSource

LARGEST_WHOLE = 32 << 20
"""Bytes of a JSON text that is read as one; of a longer one the records are read one after the other."""
LARGEST_RAW = 64 << 20
"""Bytes of an answer that becomes one value."""


@dataclass(slots=True)
class Answer:
    """An answer whose records are still to be read: *document* is its JSON where it was read as one."""

    lines: Iterator[str]
    document: Any = None


def opened(got: Got, origin: WebSource, names: Sequence[str], *, whole: bool) -> Answer:
    """Return the records of an answer as lines of a file, JSON or as they are. *names* are those of the source's fields;
    *whole* says that paging looks into the document. Raises PermanentError for what is not of the response type, also while
    the lines are read."""
    match origin.response_type:
        case "raw":
            return _raw(got, whole)
        case "line_delimited_data":
            return Answer(_data_lines(got, names))
        case "line_delimited_json":
            return Answer(_json_lines(got, origin.base_record))
    return _json(got, origin, names, whole)


def _json(got: Got, origin: WebSource, names: Sequence[str], whole: bool) -> Answer:
    if got.body.stat().st_size > LARGEST_WHOLE:
        below = long_texts.keys_of(origin.base_record)
        if whole or below is None:
            raise PermanentError(
                f"The answer of {place_of(got.url)} is larger than {LARGEST_WHOLE >> 20} MiB. Ask for smaller pages."
            )
        texts = Texts()
        return Answer(_written(got, texts, names, origin, _long(got, texts, below)))
    text = _text(got)
    if not text.strip():
        return Answer(iter(()))
    texts = Texts()
    try:
        document = texts.read(text)
    except DataError as error:
        raise _unreadable(got, error) from error
    found = paths.records(origin.base_record, document)
    return Answer(_written(got, texts, names, origin, iter(found)), document)


def _long(got: Got, texts: Texts, below: Sequence[str]) -> Iterator[Any]:
    try:
        with got.body.open(encoding=_codec(got), errors="strict", newline="") as stream:
            yield from long_texts.items(stream, below, texts)
    except DataError as error:
        raise _unreadable(got, error) from error
    except UnicodeDecodeError as error:
        raise _not_text(got) from error


def _written(got: Got, texts: Texts, names: Sequence[str], origin: WebSource, found: Iterator[Any]) -> Iterator[str]:
    by_position = origin.response_type == "array" and not any(name.startswith("$") for name in names)
    for one in found:
        record = one
        if by_position and not isinstance(one, dict):
            values = one if isinstance(one, list) else [one]
            record = dict(zip(names, values, strict=False))
        try:
            yield texts.write(record)
        except DataError as error:
            raise _unreadable(got, error) from error


def _json_lines(got: Got, base_record: str) -> Iterator[str]:
    """Yield the lines of an answer as they are: what is wrong in one is the record's fault, as in a file."""
    for line in _lines(got):
        if not line.strip():
            continue
        if base_record == "$":
            yield line
            continue
        texts = Texts()
        try:
            document = texts.read(line)
        except DataError:
            yield line
            continue
        for one in paths.records(base_record, document):
            yield texts.write(one)


def _data_lines(got: Got, names: Sequence[str]) -> Iterator[str]:
    """Yield the lines of an answer, without a first one that holds the names of the fields."""
    for index, line in enumerate(_lines(got)):
        if index == 0 and next(csv.reader([line]), []) == list(names):
            continue
        yield line


def _lines(got: Got) -> Iterator[str]:
    try:
        with got.body.open(encoding=_codec(got), errors="strict") as stream:
            for line in stream:
                yield line.rstrip("\n")
    except UnicodeDecodeError as error:
        raise _not_text(got) from error


def _raw(got: Got, whole: bool) -> Answer:
    if got.body.stat().st_size > LARGEST_RAW:
        raise PermanentError(f"The answer of {place_of(got.url)} is larger than {LARGEST_RAW >> 20} MiB.")
    text = got.text()
    document = None
    if whole:
        try:
            document = Texts().read(text)
        except DataError:
            document = None  # A raw answer may be anything; there is no next page in it then.
    record = {"status": got.status, "body": text, "headers": dict(got.headers)}
    return Answer(iter([Texts().write(record)]), document)


def _text(got: Got) -> str:
    try:
        return got.body.read_text(_codec(got), "strict")
    except UnicodeDecodeError as error:
        raise _not_text(got) from error


def _codec(got: Got) -> str:
    try:
        name = codecs.lookup(got.charset or "utf-8").name
    except LookupError:
        name = "utf-8"
    return "utf-8-sig" if name == "utf-8" else name


def _not_text(got: Got) -> PermanentError:
    return PermanentError(f"The answer of {place_of(got.url)} is not valid {(got.charset or 'utf-8').upper()}.")


def _unreadable(got: Got, error: DataError) -> PermanentError:
    begin = " ".join(got.text(400).split())[:80]
    return PermanentError(
        f"The answer of {place_of(got.url)} cannot be read: {error.message}. It begins with: {begin or 'nothing'}"
    )


def file_ending(origin: WebSource) -> str:
    """Return the ending of the file that the records land in."""
    return "csv" if origin.response_type == "line_delimited_data" else "json"
