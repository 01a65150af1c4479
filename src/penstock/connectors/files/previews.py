"""How much of a file a preview needs: of lines, the first of them."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.connectors.files.fetching import NoRanges, Reader, retried
from penstock.connectors.files.finding import Found
from penstock.plan.operators import FileSource

LINE_BYTES = 16 << 10
"""What is read for each record that is wanted."""
LEAST_BYTES = 1 << 20
_PACKED = (".gz", ".bz2", ".zip", ".zst")


def is_enough(spec: FileSource, found: Found, size: int) -> int | None:
    """Return how many bytes at the begin of a file hold the records that are wanted, None where that is not known."""
    is_plain = spec.compression == "none" or (spec.compression == "auto" and not found.name.lower().endswith(_PACKED))
    is_lines = spec.record_type in ("delimited", "json", "raw") and spec.record_delimiter == "new_line"
    is_single = not spec.quote_multi_line and spec.base_record is None and spec.encoding.lower() in ("utf-8", "utf8")
    wanted = max(LEAST_BYTES, size * LINE_BYTES)
    return wanted if is_plain and is_lines and is_single and wanted < found.size_bytes else None


def begin_of(reader: Reader, found: Found, wanted: int) -> tuple[Reader, Found]:
    """Return a file that holds the whole lines of the first bytes of another, and what reads it. A line that is longer than
    all of them, or a store that gives no parts: the file itself. Raises what *reader* does."""
    try:
        got = retried(lambda: b"".join(reader.pieces(found, 0, wanted)))
    except NoRanges:
        return reader, found
    cut = got[: got.rfind(b"\n") + 1]
    return (_Held(cut), Found(found.name, len(cut))) if cut else (reader, found)


class _Held:
    """Bytes that are here already."""

    def __init__(self, held: bytes) -> None:
        self._held = held

    def pieces(self, found: Found, begin: int, end: int) -> Iterator[bytes]:  # noqa: ARG002 -- there is one only
        """The bytes that are held."""
        yield self._held[begin:end]
