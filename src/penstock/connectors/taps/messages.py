"""What a tap writes: messages of the Singer specification, one a line."""

from __future__ import annotations

from collections.abc import Collection
from typing import IO, Any

from penstock.connectors.web.json_texts import Texts
from penstock.errors import DataError, PermanentError
from penstock.plan.ports import Landing

_IGNORED = frozenset({"ACTIVATE_VERSION"})
_SHOWN = 80


class Messages:
    """Takes the messages of one stream: its records become lines of *out*. *wanted* are the properties that are read."""

    def __init__(self, tap: str, stream: str, wanted: Collection[str], out: IO[str], landing: Landing) -> None:
        self._tap, self._stream, self._wanted, self._out, self._landing = tap, stream, wanted, out, landing
        self._number = 0
        self._has_schema = False
        self._texts = Texts()
        self.count = 0
        self.schemas = 0
        self.state: Any = None
        self.others: dict[str, int] = {}
        """Records of other streams, which are left out."""

    def take(self, line: bytes) -> None:
        """Take one line. Raises PermanentError for one that is no message, by its number."""
        self._number += 1
        if not line.strip():
            return
        try:
            found = self._texts.read(line.decode("utf-8"))
        except (UnicodeDecodeError, DataError) as error:
            raise self._wrong("is no message: it is no JSON", line) from error
        kind = found.get("type") if isinstance(found, dict) else None
        match kind:
            case "RECORD":
                self._record(found, line)
            case "SCHEMA":
                self._schema(found, line)
            case "STATE":
                if "value" not in found:
                    raise self._wrong("is a STATE without a value", line)
                self.state = found["value"]
            case str() if kind in _IGNORED:
                self._landing.log("info", f"the tap says {kind} of '{found.get('stream')}', which changes nothing here")
            case "BATCH":
                raise self._wrong("is a BATCH, whose files are not read", line)
            case str():
                self._landing.log("warning", f"line {self._number:,} of the tap is of the unknown type '{kind[:40]}'")
            case _:
                raise self._wrong("is no message: it has no type", line)

    def end(self) -> None:
        """Raise PermanentError where the stream never came."""
        if not self._has_schema:
            known = ", ".join(sorted(self.others)) or "none"
            raise PermanentError(
                f"The tap '{self._tap}' gave no stream '{self._stream}'. Streams that it gave records of: {known}."
            )

    def _record(self, found: dict[str, Any], line: bytes) -> None:
        stream, record = found.get("stream"), found.get("record")
        if stream != self._stream:
            self.others[str(stream)] = self.others.get(str(stream), 0) + 1
            return
        if not isinstance(record, dict):
            raise self._wrong("is a RECORD without a record", line)
        if not self._has_schema:
            raise self._wrong("is a RECORD before the SCHEMA of its stream", line)
        try:
            self._out.write(self._texts.write(record) + "\n")
        except DataError as error:
            raise self._wrong(f"cannot be kept: {error.message}", line) from error
        self.count += 1
        if self.count % 1000 == 0:
            self._landing.arrived(self.count, "records")

    def _schema(self, found: dict[str, Any], line: bytes) -> None:
        if found.get("stream") != self._stream:
            return
        schema = found.get("schema")
        properties = schema.get("properties") if isinstance(schema, dict) else None
        if not isinstance(schema, dict) or not isinstance(properties, dict):
            raise self._wrong("is a SCHEMA without properties", line)
        missing = [name for name in self._wanted if name not in properties]
        if missing and schema.get("additionalProperties") is not True:
            known = ", ".join(list(properties)[:50]) or "none"
            raise PermanentError(
                f"The stream '{self._stream}' of the tap '{self._tap}' has no property '{missing[0]}'. It has: {known}."
            )
        self._has_schema = True
        self.schemas += 1

    def _wrong(self, what: str, line: bytes) -> PermanentError:
        begin = " ".join(line[: 4 * _SHOWN].decode("utf-8", "replace").split())[:_SHOWN]
        return PermanentError(
            f"Line {self._number:,} of the tap '{self._tap}' {what}. It begins with: {begin or 'nothing'}"
        )
