"""Rules of values: they come back as what they were."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from penstock.runtime.certifying.bench import Bench, Records
from penstock.runtime.certifying.rule import TWO, Rule, check_same

LEAST, MOST = -(2**63), 2**63 - 1


def _round_trip(kind: str, values: Sequence[Any], back: Mapping[Any, Any] | None = None) -> Callable[[Bench], None]:
    """Values are written and come back, null among them."""

    def holds(bench: Bench) -> None:
        table, fields = bench.table(), {"id": "int", "v": kind}
        records: list[dict[str, Any]] = [{"id": index, "v": value} for index, value in enumerate([*values, None])]
        bench.write(table, records, fields)
        wanted = [{**one, "v": back[one["v"]] if back and one["v"] in back else one["v"]} for one in records]
        check_same(bench.read(table, fields), wanted)

    return holds


_TEXTS = (
    " ", "'", '"', "\\", "\\N", "a\tb", "a\nb", "NULL", "null", "\\.", "%s ? :1 {x} $1", "äöü ß", "😀𝄞", "a\\tb", "x" * 3000,
)  # fmt: skip
TIMES = (
    "2024-05-06T07:08:09.123Z", "1969-12-31T23:59:59.999Z", "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z",
    "2024-02-29T00:00:00.000Z",
)  # fmt: skip


_AHEAD = "2024-05-06T07:08:09.000+02:00"


def _empty_text(bench: Bench) -> None:
    table = bench.table()
    records: Records = [{"id": 1, "name": ""}, {"id": 2, "name": None}]
    bench.write(table, records, TWO)
    check_same(bench.read(table, TWO), records)


def _column_names(bench: Bench) -> None:
    table = bench.table()
    fields = {"id": "int", "order": "string", "Mixed_Case": "string", "select": "int"}
    records = [{"id": 1, "order": "a", "Mixed_Case": "b", "select": 2}]
    bench.write(table, records, fields)
    check_same(bench.read(table, fields), records)


VALUES: tuple[Rule, ...] = (
    Rule("values", "whole numbers of 32 bits come back", _round_trip("int", [0, -1, 2**31 - 1, -(2**31)])),
    Rule("values", "whole numbers of 64 bits come back", _round_trip("long", [0, LEAST, MOST, 2**53 + 1])),
    Rule("values", "real numbers come back", _round_trip("double", [0.0, 0.1, -2.5, 1e300, -1e-300, 123456789.123456789])),
    Rule("values", "texts come back, whatever they hold", _round_trip("string", _TEXTS)),
    Rule("values", "an empty text is no null", _empty_text),
    Rule("values", "booleans come back", _round_trip("boolean", [True, False])),
    Rule("values", "date-times come back, from year 1 to 9999", _round_trip("datetime", TIMES)),
    Rule(
        "values", "a date-time with an offset is the same instant",
        _round_trip("datetime", [_AHEAD], {_AHEAD: "2024-05-06T05:08:09.000Z"}),
    ),
    Rule("values", "columns have the names of their fields", _column_names),
)  # fmt: skip
"""In the order in which they are tried."""
