"""Values that go into one database, from there into another, and out again are what they were: for each pair."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

KINDS = ("postgres", "mysql", "sqlite", "duckdb", "snowflake")
PAIRS = [
    *((one, other) for one in KINDS for other in KINDS),
    # Few, for each is an API of its own.
    ("bigquery", "bigquery"), ("bigquery", "duckdb"), ("duckdb", "bigquery"),
]  # fmt: skip
FIELDS = ["id:long", "whole:long", "small:int", "real:double", "text:string", "is_so:boolean", "at:datetime"]
FIRST, LAST = datetime(1000, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999000)
ONE_ZERO = frozenset({"mysql", "sqlite"})
"""They keep -0.0 as 0: MySQL prints it so, SQLite stores whole reals as integers."""
_numbers = count(1)

whole = st.one_of(st.integers(-(2**63), 2**63 - 1), st.sampled_from([0, -1, 2**53 + 1, -(2**63), 2**63 - 1]))
small = st.one_of(st.integers(-(2**31), 2**31 - 1), st.sampled_from([-(2**31), 2**31 - 1]))
real = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0.1, -0.0, 5e-324, 1.7976931348623157e308, 2.0**53 + 2, 1e16, 1e-7, 123456789.123456789]),
)
text = st.one_of(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40),
    st.sampled_from(
        ["", " ", "\\N", "NULL", "null", "\\", '"', "'", "a\tb\nc\rd", "\r\n", "🙂𝒳", "ä\u0308", "\ufeffx", "%s", "{}"]
    ),
)
moment = st.one_of(
    st.datetimes(FIRST, LAST),
    st.sampled_from([FIRST, LAST, datetime(1969, 12, 31, 23, 59, 59, 999000)]),
).map(lambda one: one.replace(microsecond=one.microsecond // 1000 * 1000))
records = st.lists(
    st.tuples(*(st.one_of(st.none(), one) for one in (whole, small, real, text, st.booleans(), moment))),
    min_size=1, max_size=60,
)  # fmt: skip
EDGES = [
    (None,) * 6,
    (-(2**63), -(2**31), 5e-324, "", False, FIRST),
    (2**63 - 1, 2**31 - 1, 1.7976931348623157e308, "🙂 \\N\t\"'\n\\", True, LAST),
    (2**53 + 1, 0, 0.1 + 0.2, "\\", True, datetime(1970, 1, 1)),
]


def spelled(record: tuple[Any, ...]) -> list[Any]:
    """A record as JSON has it."""
    *plain, at = record
    return [*plain, None if at is None else at.isoformat(timespec="milliseconds") + "Z"]


def same(found: Any, wanted: Any, *, signed: bool) -> bool:
    if wanted == 0 and isinstance(wanted, float) and not signed:
        return bool(found == 0)
    if isinstance(wanted, float):
        return isinstance(found, int | float) and (found, math.copysign(1, found)) == (wanted, math.copysign(1, wanted))
    if isinstance(wanted, datetime):
        return datetime.fromisoformat(found) == wanted.replace(tzinfo=UTC)
    return type(found) is type(wanted) and found == wanted


@pytest.mark.parametrize(("base", "other"), PAIRS, indirect=["base"])
@settings(
    # A job for each step of a smaller example would take minutes.
    phases=(Phase.explicit, Phase.generate),
    max_examples=2,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(made=records)
@example(made=EDGES)
def test_values_pass_from_one_database_into_another(
    jobs: Any, base: Any, other: str, request: pytest.FixtureRequest, made: list[tuple[Any, ...]]
) -> None:
    to = request.getfixturevalue(f"{other}_base")
    number = next(_numbers)
    names = [one.partition(":")[0] for one in FIELDS]
    lines = [dict(zip(names, [index, *spelled(one)], strict=True)) for index, one in enumerate(made)]
    (jobs.lake / "in.json").write_text("".join(json.dumps(one) + "\n" for one in lines))
    connections = {
        "lake": {"type": "file", "path": str(jobs.lake)}, "db": base.connection, "other": to.connection,
    }  # fmt: skip
    into = {"auto_create_table": True}
    elsewhere = {"connection": {"name": "other"}}
    first, second = f"first_{number}", f"second_{number}"
    for source, target in (
        (jobs.records(FIELDS, path="in.json", record_type="json"), jobs.target(**into, table=first)),
        (jobs.source(FIELDS, table=first), {**to.table_target(**into, table=second), **elsewhere}),
        ({**to.source(FIELDS, table=second), **elsewhere}, jobs.files(format="json")),
    ):  # fmt: skip
        jobs.run(source, target, connections=connections)
    found = sorted((json.loads(line) for line in jobs.lines()), key=lambda one: int(one["id"]))
    assert [one["id"] for one in found] == list(range(len(made)))
    for one, wanted in zip(found, made, strict=True):
        for name, value in zip(names[1:], wanted, strict=True):
            assert same(one[name], value, signed=ONE_ZERO.isdisjoint((base.kind, other))), (name, value, one[name])
