"""The table of expression functions, written out family by family."""

from penstock.lang.functions.bags import BAGS
from penstock.lang.functions.calls import CALLS, CONNECTED
from penstock.lang.functions.datetime import DATETIME
from penstock.lang.functions.decode import DECODE
from penstock.lang.functions.encoding import ENCODING, WEB
from penstock.lang.functions.iso import ISO
from penstock.lang.functions.json import JSON
from penstock.lang.functions.numbers import CONVERT, LIBRARY_NUMBERS, NUMBERS
from penstock.lang.functions.signature import Function
from penstock.lang.functions.structures import BAG_AGGREGATES, STRUCTURES
from penstock.lang.functions.text import REGEX, TEXT

_FAMILIES = (
    TEXT, REGEX, DECODE, DATETIME, ISO, NUMBERS, LIBRARY_NUMBERS, CONVERT, JSON, STRUCTURES, BAGS, BAG_AGGREGATES, ENCODING,
    WEB, CALLS,
)  # fmt: skip
FUNCTIONS: dict[str, Function] = {row.name: row for family in _FAMILIES for row in family}
"""Name to function; names are case sensitive."""

NOT_YET: dict[str, tuple[str, str | None]] = {**CONNECTED}
"""Functions of the field that are known by name and not there yet: what is said of each, and what to use instead."""
