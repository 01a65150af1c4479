"""Numbers of delimited files as DuckDB's own reader parses them, instead of texts that are cast: half of what a number costs.

Of a file that holds no `_` and no `+-` a double that the reader finds is the language's, and a whole number is one that is
cut (decision 0067). The reader fails on what is no double, and the values below on what no double holds: then the source is
read again as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from penstock.engines.duckdb.types import text_literal
from penstock.engines.files.opening import packing
from penstock.engines.files.rewriting import positions_of
from penstock.engines.files.samples import others_than_numbers
from penstock.plan.dtypes import Kind
from penstock.plan.operators import Scan
from penstock.plan.ports import FileEntry

READ_AS = {Kind.INT: "DOUBLE", Kind.LONG: "DOUBLE", Kind.FLOAT: "FLOAT", Kind.DOUBLE: "DOUBLE"}
"""What the reader parses numbers as. As whole numbers it would round."""
LEAST_BYTES = 16 << 20
"""Smaller sources are not worth a look at their values, and a second reading."""
_PIECES = 8
_BOUNDS = {Kind.INT: ("-2147483648", "2147483647"), Kind.LONG: ("-9007199254740991", "9007199254740991")}
"""Between these every whole number is a double, and cut to its type."""
_SQL = {Kind.INT: "INTEGER", Kind.LONG: "BIGINT"}


def not_read(component: str) -> str:
    """Return the message of a value that must be read as text."""
    return f"Component '{component}': a number is to be read as text."


def from_number(column: str, kind: Kind, component: str) -> str:
    """Return the SQL of a field whose *column* DuckDB's reader has parsed; null stays null."""
    refused = f"WHEN {column} IS NULL THEN NULL ELSE error({text_literal(not_read(component))}) END"
    return f"CASE WHEN {is_sound(column, kind)} THEN {made(column, kind)} {refused}"


def is_sound(column: str, kind: Kind) -> str:
    """Return the test for a number, parsed as `READ_AS` says, of which a value of *kind* can be made."""
    if kind not in _BOUNDS:
        return f"isfinite({column})"
    least, greatest = (f"{bound}::DOUBLE" for bound in _BOUNDS[kind])
    # BETWEEN costs a tenth of what abs() does.
    return f"{column} BETWEEN {least} AND {greatest}"


def made(column: str, kind: Kind) -> str:
    """Return the value of a number that `is_sound`."""
    return f"CAST(trunc({column}) AS {_SQL[kind]})" if kind in _BOUNDS else column


def of_json(json: str, kind: Kind) -> str:
    """Return the number that a JSON text is, parsed as `READ_AS` says, and null for any other: no other begins like one, and
    is converted."""
    # The sign behind '+' is '-', or a digit; a text that is not tried costs a tenth of one that fails.
    return f"CASE WHEN {json} > '+' THEN TRY_CAST({json} AS {READ_AS[kind]}) END"


def parsed(scan: Scan, groups: Mapping[tuple[str, ...], Sequence[FileEntry]]) -> dict[int, str]:
    """Return the types that the reader parses fields as, by index, of files in *groups* by the values of their first line:
    of numbers in columns of their own that look like numbers. Raises PermanentError where a column is missing."""
    source = scan.source
    files = [file for some in groups.values() for file in some]
    if sum(file.size_bytes for file in files) < LEAST_BYTES or any(packing(source, one) != "none" for one in files):
        return {}
    found = {at: READ_AS[one.dtype.kind] for at, one in enumerate(scan.listed) if one.dtype.kind in READ_AS}
    delimiter, quote = source.delimiter.encode(source.encoding), (source.quote or "").encode(source.encoding)
    for names, some in groups.items():
        positions = positions_of(source, some[0], names)
        fields = Counter(positions)
        own = {index: at for index, at in enumerate(positions) if index in found and at is not None and fields[at] == 1}
        few = some[:: max(len(some) // _PIECES, 1)]
        others: set[int] = set()
        for file in few:
            pieces = max(_PIECES // len(few), 1)
            others |= others_than_numbers(file.location, delimiter, quote, set(own.values()), pieces)
        found = {index: found[index] for index, at in own.items() if at not in others}
    return found
