"""Staged records as the requests that carry them (component reference 5.8)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from penstock.connectors.web.json_texts import Texts
from penstock.connectors.web.landing import content_typed, encoded
from penstock.connectors.web.logins import private
from penstock.errors import PermanentError
from penstock.kit.outbound import Request
from penstock.plan.systems import WebTarget

_FIELD = re.compile(r"#\{([^{}]*)\}")
_BODILESS = frozenset({"GET"})


def lines_of(folder: Path, files: Sequence[str]) -> Iterator[str]:
    """Yield the staged records in order, each a line of JSON. Raises PermanentError where they are gone."""
    for name in files:
        try:
            with (folder / name).open(encoding="utf-8", newline="\n") as stream:
                yield from (line.rstrip("\n") for line in stream)
        except OSError as error:
            raise PermanentError(f"What was staged cannot be read: {error.strerror}.") from error


def batches_of(lines: Iterator[str], size: int) -> Iterator[list[str]]:
    """Yield lines in groups of a size, the last one smaller."""
    while batch := list(islice(lines, size)):
        yield batch


def request_of(target: WebTarget, batch: Sequence[str]) -> Request:
    """Return the request that carries some records. Raises PermanentError for a value that cannot stand in a header."""
    if not target.values and target.request_format == "json":
        return _made(target, target.url, dict(target.headers), _json_body(target, batch))
    texts = Texts()
    record: dict[str, Any] = texts.read(batch[0])
    filled = {name: _shown(record.get(column), texts) for name, column in target.values.items()}
    url = _address(target.url, filled)
    headers = {name: _filled(value, filled) for name, value in target.headers.items()}
    for name, value in headers.items():
        if "\n" in value or "\r" in value or "\0" in value:
            raise PermanentError(f"The value of the header '{name}' holds a line break.")
    match target.request_format:
        case "form":
            pairs = [(column, record.get(column)) for column in target.columns]
            body = urlencode([(column, _shown(value, texts)) for column, value in pairs if value is not None])
            headers = _typed(headers, "application/x-www-form-urlencoded")
        case "text":
            body = _filled(target.body or "", filled)
            headers = content_typed(headers, body)
        case _:
            body = texts.write({column: record.get(column) for column in target.columns})
    return _made(target, url, headers, body)


def _json_body(target: WebTarget, batch: Sequence[str]) -> str:
    return batch[0] if target.records_per_request == 1 else f"[{','.join(batch)}]"


def _made(target: WebTarget, url: str, headers: dict[str, str], body: str) -> Request:
    if target.method in _BODILESS or (target.method == "DELETE" and target.request_format == "json" and target.values):
        return Request(target.method, url, headers, private=private(headers))
    if target.request_format == "json":
        headers = _typed(headers, "application/json")
    return Request(target.method, url, headers, encoded(body), private=private(headers))


def _typed(headers: dict[str, str], kind: str) -> dict[str, str]:
    return headers if any(name.lower() == "content-type" for name in headers) else {**headers, "Content-Type": kind}


def _shown(value: Any, texts: Texts) -> str:
    """Return a value as text: a text as it is, null as nothing, others as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return texts.write(value)


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _FIELD.sub(lambda found: values[found[1]], text)


def _address(text: str, values: Mapping[str, str]) -> str:
    """Return an address with the values of a record, escaped, so that none can change where it leads. Raises PermanentError
    for a value that is empty in its path: without it the address would mean something else, perhaps all there is."""
    path, mark, query = text.partition("?")
    for name in _FIELD.findall(path):
        if values[name] in ("", ".", ".."):
            what = "is null or empty" if not values[name] else f"is '{values[name]}'"
            raise PermanentError(f"The field '{name}' {what}, so the address of its record would lead elsewhere.")
    return _FIELD.sub(lambda found: quote(values[found[1]], safe=""), path + mark + query)
