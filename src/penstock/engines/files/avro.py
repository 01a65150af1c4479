"""Avro files as Parquet files with the same columns, for engines that read those.

Blocks are taken apart here, so that one that is cut off is told from the end of the file, and logical types are made from
what is stored: the reader's own have no year beyond 9999.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Context, Decimal
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from penstock.engines.files.opening import Damaged, unpacked
from penstock.errors import PermanentError

Convert = Callable[[Any], Any]
_MAGIC = b"Obj\x01"
_HEADER = {
    "type": "record", "name": "header", "fields": [
        {"name": "magic", "type": {"type": "fixed", "name": "magic", "size": 4}},
        {"name": "meta", "type": {"type": "map", "values": "bytes"}},
        {"name": "sync", "type": {"type": "fixed", "name": "sync", "size": 16}},
    ],
}  # fmt: skip
_BATCH = 8192
_PLAIN = {
    "boolean": pa.bool_(), "int": pa.int32(), "long": pa.int64(), "float": pa.float32(), "double": pa.float64(),
    "bytes": pa.binary(), "string": pa.string(), "null": pa.null(),
}  # fmt: skip
_LOGICAL = {
    ("int", "date"): pa.date32(),
    ("int", "time-millis"): pa.time32("ms"),
    ("long", "time-micros"): pa.time64("us"),
    ("long", "timestamp-millis"): pa.timestamp("ms", "UTC"),
    ("long", "timestamp-micros"): pa.timestamp("us", "UTC"),
    ("long", "timestamp-nanos"): pa.timestamp("ns", "UTC"),
    ("long", "local-timestamp-millis"): pa.timestamp("ms"),
    ("long", "local-timestamp-micros"): pa.timestamp("us"),
    ("long", "local-timestamp-nanos"): pa.timestamp("ns"),
}
_MOST_DIGITS = 38
"""Of a decimal that has a type of its own; one of more digits is a text."""
_EXACT = Context(prec=1000)
_UNREADABLE = (EOFError, ValueError, IndexError, KeyError, TypeError, OverflowError, struct.error, zlib.error, OSError)
"""What reading bytes raises that are not what the schema says."""


def rewrite_avro(location: str, name: str, target: Path, stopped: Callable[[], None]) -> None:
    """Write the records of an Avro file as a Parquet file. Raises PermanentError for what is no Avro file or holds no records,
    Damaged for one that is not whole, OSError where there is no room."""
    with open(location, "rb") as stream:
        schema, codec, sync = _header(stream, name)
        shape = _Shapes().of(schema)
        if not pa.types.is_struct(shape.type):
            raise PermanentError(f"{name} holds values of type {schema!r}, and no records. Write it with records.")
        columns = pa.schema(list(shape.type))
        with pq.ParquetWriter(target, columns, compression="snappy") as writer:
            for records in _batches(_records(stream, schema, codec, sync, name)):
                stopped()
                try:
                    made = [shape.convert(one) if shape.convert is not None else one for one in records]
                    arrays = [pa.array([one[kind.name] for one in made], kind.type) for kind in columns]
                except (*_UNREADABLE, pa.ArrowException) as error:
                    raise Damaged(f"holds values that its schema does not allow ({error})") from error
                writer.write_batch(pa.record_batch(arrays, columns))


def _header(stream: IO[bytes], name: str) -> tuple[Any, str, bytes]:
    from fastavro import parse_schema, schemaless_reader
    from fastavro.schema import SchemaParseException, UnknownType

    if stream.read(4) != _MAGIC:
        raise PermanentError(f"{name} is no Avro file. Correct 'path' or 'record_type'.")
    stream.seek(0)
    try:
        header: Any = schemaless_reader(stream, parse_schema(_HEADER), None)
        meta: Mapping[str, bytes] = header["meta"]
        schema = json.loads(meta["avro.schema"])
        codec = meta.get("avro.codec", b"null").decode()
        return parse_schema(schema), codec, header["sync"]
    except (*_UNREADABLE, SchemaParseException, UnknownType) as error:
        raise Damaged("is no whole Avro file: its header cannot be read") from error


def _records(stream: IO[bytes], schema: Any, codec: str, sync: bytes, name: str) -> Iterator[Any]:
    from fastavro import schemaless_reader

    # Logical types are made from what is stored.
    stored = _without_logical(schema)
    while (count := _number(stream, at_end=None)) is not None:
        size = _number(stream, at_end=0) or 0
        packed = stream.read(size)
        if len(packed) < size or stream.read(16) != sync:
            raise Damaged("is cut off or damaged: a block does not end where it should")
        block = BytesIO(_plain(packed, codec, name))
        try:
            for _ in range(count):
                yield schemaless_reader(block, stored, None)
        except _UNREADABLE as error:
            raise Damaged("is damaged: a block holds other values than its schema says") from error


def _number(stream: IO[bytes], at_end: int | None) -> int | None:
    """Read a number; *at_end* tells what the end of the file in its place means: None is allowed there."""
    value = shift = 0
    while True:
        byte = stream.read(1)
        if not byte:
            if at_end is None and shift == 0:
                return None
            raise Damaged("is cut off")
        value |= (byte[0] & 0x7F) << shift
        shift += 7
        if not byte[0] & 0x80:
            return (value >> 1) ^ -(value & 1)
        if shift > 63:
            raise Damaged("is damaged: a number has no end")


def _plain(packed: bytes, codec: str, name: str) -> bytes:
    try:
        match codec:
            case "null":
                return packed
            case "deflate":
                return zlib.decompress(packed, -zlib.MAX_WBITS)
            case "snappy":
                return _snappy(packed)
            case "bzip2" | "zstandard":
                with unpacked(BytesIO(packed), {"zstandard": "zstd"}.get(codec, codec)) as stream:
                    return stream.read()
    except (OSError, zlib.error, pa.ArrowException) as error:
        raise Damaged("is damaged: a block cannot be unpacked") from error
    raise PermanentError(
        f"{name} has blocks that are packed with {codec}, which is not read. "
        "Write it with deflate, snappy, bzip2 or zstandard."
    )


def _snappy(packed: bytes) -> bytes:
    body, total = packed[:-4], packed[-4:]
    size = shift = 0
    for byte in body[:5]:
        size |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            break
    plain: bytes = pa.Codec("snappy").decompress(body, size, asbytes=True)
    if zlib.crc32(plain).to_bytes(4, "big") != total:
        raise Damaged("is damaged: the sum of a block differs")
    return plain


def _batches(records: Iterator[Any]) -> Iterator[list[Any]]:
    batch: list[Any] = []
    for one in records:
        batch.append(one)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _without_logical(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_without_logical(one) for one in schema]
    if isinstance(schema, dict):
        return {key: _without_logical(value) for key, value in schema.items() if key != "logicalType"}
    return schema


@dataclass(frozen=True, slots=True)
class _Shape:
    """A type of Arrow, and what makes its values of those that are stored; None where those are it."""

    type: pa.DataType
    convert: Convert | None = None


@dataclass(slots=True)
class _Shapes:
    """Finds the types of a schema; named ones are remembered."""

    known: dict[str, Any] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)

    def of(self, schema: Any) -> _Shape:
        """Return the type of a schema; one that holds itself is a text of JSON."""
        if isinstance(schema, list):
            return self._union(schema)
        if isinstance(schema, str):
            if schema in _PLAIN:
                return _Shape(_PLAIN[schema])
            return _TEXT if schema in self.open else self.of(self.known[schema])
        kind = schema["type"]
        if kind in ("record", "error", "enum", "fixed"):
            self.known[schema["name"]] = schema
        logical = _LOGICAL.get((kind, schema.get("logicalType"))) if isinstance(kind, str) else None
        if logical is not None:
            return _Shape(logical)
        if schema.get("logicalType") == "decimal" and kind in ("bytes", "fixed"):
            return _decimal(schema)
        match kind:
            case "record" | "error":
                return self._record(schema)
            case "array":
                item = self.of(schema["items"])
                return _Shape(pa.list_(item.type), _each(item.convert))
            case "map":
                item = self.of(schema["values"])
                return _Shape(pa.map_(pa.string(), item.type), _pairs(item.convert))
            case "enum":
                return _Shape(pa.string())
            case "fixed":
                return _Shape(pa.binary())
            case _:
                return self.of(kind)

    def _record(self, schema: Any) -> _Shape:
        self.open.append(schema["name"])
        shapes = {one["name"]: self.of(one["type"]) for one in schema["fields"]}
        self.open.pop()
        if not shapes:
            return _TEXT
        converts = {name: one.convert for name, one in shapes.items() if one.convert is not None}
        made = pa.struct([(name, one.type) for name, one in shapes.items()])
        return _Shape(made, _members(converts) if converts else None)

    def _union(self, schema: Sequence[Any]) -> _Shape:
        shapes = [self.of(one) for one in schema if one != "null"]
        if not shapes:
            return _Shape(pa.null())
        if len(shapes) == 1:
            convert = shapes[0].convert
            return _Shape(shapes[0].type, None if convert is None else _unless_null(convert))
        types = {one.type for one in shapes}
        if len(types) == 1 and all(one.convert is None for one in shapes):
            return shapes[0]
        if types <= {pa.int32(), pa.int64()}:
            return _Shape(pa.int64())
        if types <= {pa.int32(), pa.float32(), pa.float64()}:
            return _Shape(pa.float64())
        return _Shape(pa.string(), _unless_null(_as_text))


def _decimal(schema: Any) -> _Shape:
    precision, scale = int(schema["precision"]), int(schema.get("scale", 0))

    def convert(stored: bytes) -> Decimal:
        return Decimal(int.from_bytes(stored, "big", signed=True)).scaleb(-scale, _EXACT)

    if precision > _MOST_DIGITS:
        return _Shape(pa.string(), lambda stored: format(convert(stored), "f"))
    return _Shape(pa.decimal128(precision, scale), convert)


def _unless_null(convert: Convert) -> Convert:
    return lambda value: None if value is None else convert(value)


def _each(convert: Convert | None) -> Convert | None:
    return None if convert is None else lambda values: [convert(one) for one in values]


def _pairs(convert: Convert | None) -> Convert:
    if convert is None:
        return lambda values: list(values.items())
    return lambda values: [(key, convert(one)) for key, one in values.items()]


def _members(converts: Mapping[str, Convert]) -> Convert:
    return lambda record: {name: converts[name](value) if name in converts else value for name, value in record.items()}


def _as_text(value: Any) -> str:
    """Return a value that may be of several types: a text as it is, all else as JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=lambda one: one.decode("latin-1"))


_TEXT = _Shape(pa.string(), _as_text)
