"""Parquet sources: every type of column as every type of field, several files of different types, files that are none."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

Read = Callable[..., Any]
MOMENT = datetime(2020, 1, 2, 3, 4, 5, 678901)
TYPES = ("string", "int", "long", "float", "double", "boolean", "datetime", "json", "json_array")


def parquet(**columns: pa.Array) -> bytes:
    made = io.BytesIO()
    pq.write_table(pa.table(columns), made)
    return made.getvalue()


@pytest.fixture
def field(read: Read) -> Callable[..., Any]:
    """The values of one column read as one type."""

    def field(values: list[Any], stored: pa.DataType | None, declared: str, **properties: Any) -> Any:
        content = parquet(a=pa.array(values, stored))
        found = read({"in.parquet": content}, [f"a:{declared}"], record_type="parquet", **properties)
        return found if isinstance(found, str) else [one for (one,) in found]

    return field


@pytest.mark.parametrize("bits", [8, 16, 32, 64])
@pytest.mark.parametrize("signed", [True, False])
def test_integers_of_all_widths(field: Callable[..., Any], bits: int, signed: bool) -> None:
    stored = getattr(pa, f"{'' if signed else 'u'}int{bits}")()
    values = [-(2 ** (bits - 1)), -1, 0, 2 ** (bits - 1) - 1, None] if signed else [0, 1, 2**bits - 1, None]
    assert field(values, stored, "string") == [None if one is None else str(one) for one in values]
    for declared, limit in (("int", 31), ("long", 63)):
        fits = [one if one is not None and -(2**limit) <= one < 2**limit else None for one in values]
        assert field(values, stored, declared) == fits
    assert field(values, stored, "double") == [None if one is None else float(one) for one in values]
    assert field(values, stored, "boolean") == [None if one is None else one != 0 for one in values]


def test_decimals(field: Callable[..., Any]) -> None:
    values = [Decimal("1.50"), Decimal("-1.99"), Decimal("9007199254740993.00"), None]
    assert field(values, pa.decimal128(38, 2), "string") == ["1.50", "-1.99", "9007199254740993.00", None]
    assert field(values, pa.decimal128(38, 2), "int") == [1, -1, None, None]
    assert field(values, pa.decimal128(38, 2), "long") == [1, -1, 9007199254740993, None]
    assert field(values, pa.decimal128(38, 2), "double") == [1.5, -1.99, 9007199254740992.0, None]


def test_decimals_of_more_digits_than_engines_hold(field: Callable[..., Any], read: Read) -> None:
    values = [Decimal("1.50"), Decimal("-12345678901234567890123456789012345678901234567.25"), None]
    texts = ["1.50", "-12345678901234567890123456789012345678901234567.25", None]
    assert field(values, pa.decimal256(50, 2), "string") == texts
    assert field([Decimal("1.50"), Decimal("-1.99")], pa.decimal256(39, 2), "double") == [1.5, -1.99]
    assert field([Decimal("1E-30")], pa.decimal256(60, 30), "string") == ["0.000000000000000000000000000001"]
    inside = parquet(a=pa.array([{"d": Decimal(1)}], pa.struct([("d", pa.decimal256(40, 0))])), b=pa.array([7]))
    assert "more than 38 digits inside its column 'a'" in read(
        {"in.parquet": inside}, ["a:json"], record_type="parquet"
    )
    assert read({"in.parquet": inside}, ["b:int"], record_type="parquet") == [[7]]


def test_reals(field: Callable[..., Any]) -> None:
    values = [1.5, -2.5, 1e-7, 1e7, -0.0, 3e9, 9.3e18, None]
    assert field(values, pa.float64(), "string") == [
        "1.5", "-2.5", "1.0E-7", "1.0E7", "-0.0", "3.0E9", "9.3E18", None,
    ]  # fmt: skip
    assert field(values, pa.float64(), "int") == [1, -2, 0, 10_000_000, 0, None, None, None]
    assert field(values, pa.float64(), "long") == [1, -2, 0, 10_000_000, 0, 3_000_000_000, None, None]
    assert field([float("nan"), float("inf")], pa.float64(), "long") == [None, None]
    assert field([float("nan"), float("-inf")], pa.float32(), "string") == ["NaN", "-Infinity"]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
def test_timestamps_are_instants_in_utc(field: Callable[..., Any], unit: str, zone: str | None) -> None:
    moment = MOMENT.replace(microsecond=0) if unit == "s" else MOMENT.replace(microsecond=678000)
    values = [moment if zone is None else moment.replace(tzinfo=UTC), None]
    stored = pa.timestamp(unit, zone)
    text = "2020-01-02T03:04:05." + ("000Z" if unit == "s" else "678Z")
    milliseconds = 1577934245000 + (0 if unit == "s" else 678)
    assert field(values, stored, "datetime") == [text, None]
    assert field(values, stored, "string") == [text, None]
    assert field(values, stored, "long") == [milliseconds, None]
    for declared in ("boolean", "json", "json_array"):
        assert field(values, stored, declared) == [None, None]


def test_times_far_and_before_1970(field: Callable[..., Any]) -> None:
    values = [datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999), datetime(1969, 12, 31, 23, 59, 59, 999000)]
    assert field(values, pa.timestamp("us"), "datetime") == [
        "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z",
    ]  # fmt: skip


@pytest.mark.parametrize("statistics", [True, False])
def test_times_that_are_too_far_are_named(read: Read, statistics: bool) -> None:
    def content(*milliseconds: int) -> bytes:
        made = io.BytesIO()
        far = pa.array([0, *milliseconds], pa.timestamp("ms"))
        pq.write_table(pa.table({"a": far, "a.b": pa.array(range(len(far)))}), made, write_statistics=statistics)
        return made.getvalue()

    farthest, beside = (2**63 - 1) // 1000, {"name": "a.b", "alias": "b", "type": "int"}
    for one in (farthest + 1, -farthest - 1):
        said = read({"in.parquet": content(one)}, ["a:datetime"], record_type="parquet")
        assert said == (
            "Component 'in': in.parquet holds times in its column 'a' that lie beyond the year 294,246, which are not read. "
            "Write them as texts."
        )
        assert read({"in.parquet": content(one)}, [beside], record_type="parquet") == [[0], [1]]
    assert read({"in.parquet": content(farthest, -farthest)}, ["a:long"], record_type="parquet") == [
        [0], [farthest], [-farthest],
    ]  # fmt: skip


def test_dates_and_times_of_day(field: Callable[..., Any]) -> None:
    days = [date(2020, 1, 2), date(1, 1, 1), None]
    assert field(days, pa.date32(), "datetime") == ["2020-01-02T00:00:00.000Z", "0001-01-01T00:00:00.000Z", None]
    assert field([time(3, 4, 5)], pa.time64("us"), "string") == ["03:04:05"]
    assert field([time(3, 4, 5)], pa.time64("us"), "int") == [None]


def test_moments_as_numbers_and_bytes(field: Callable[..., Any]) -> None:
    values = [date(2024, 1, 1), date(1970, 1, 2), None]
    assert field(values, pa.date32(), "int") == [None, 86_400_000, None]
    assert field(values[1:], pa.date32(), "binary") == ["1970-01-02T00:00:00.000Z", None]
    assert field([datetime(2020, 1, 2)], pa.timestamp("us"), "binary") == ["2020-01-02T00:00:00.000Z"]
    assert field([float("nan"), 1.5], pa.float64(), "binary") == ["NaN", "1.5"]


@pytest.mark.parametrize("declared", TYPES)
def test_what_has_no_meaning_is_null_for_every_type(field: Callable[..., Any], declared: str) -> None:
    for values, stored in (
        ([None], pa.null()), ([b"\xff"], pa.binary()), ([None], pa.time64("us")), ([None], pa.date32()),
        ([None], pa.list_(pa.int32())), ([None], pa.binary(16)), ([None], pa.bool_()),
    ):  # fmt: skip
        assert field(values, stored, declared) == [None]


def test_bytes_are_text_where_they_are_utf_8(field: Callable[..., Any]) -> None:
    assert field([b"x", b"12", "é".encode(), b"\xff", None], pa.binary(), "string") == ["x", "12", "é", None, None]
    assert field([b"x", b"12"], pa.binary(), "int") == [None, 12]


def test_text_is_read_as_in_text_files(field: Callable[..., Any]) -> None:
    values = ["x", "", "1.9", "true", "2020-01-02", '{"k": 1}', "[1]", None]
    assert field(values, pa.string(), "string") == values
    assert field(values, pa.large_string(), "int") == [None, None, 1, None, None, None, None, None]
    assert field(values, pa.string(), "json") == [None, None, None, None, None, {"k": 1}, None, None]
    assert field(["x", "y"], pa.dictionary(pa.int8(), pa.string()), "string") == ["x", "y"]


def test_structures_are_maps_and_bags(field: Callable[..., Any]) -> None:
    assert field([[1, None, 3], [], None], pa.list_(pa.int64()), "json_array") == [[1, None, 3], [], None]
    assert field([[1]], pa.list_(pa.int64()), "json") == [None]
    assert field([[1, None]], pa.list_(pa.int64()), "string") == ["[1,null]"]
    assert field([{"k": 1, "n": {"z": [1.5]}}, None], None, "json") == [{"k": 1, "n": {"z": [1.5]}}, None]
    assert field([[("k", 1), ("l", None)], []], pa.map_(pa.string(), pa.int64()), "json") == [{"k": 1, "l": None}, {}]
    assert field([[{"k": 1}]], pa.list_(pa.struct([("k", pa.int32())])), "json_array") == [[{"k": 1}]]


def test_values_that_do_not_fit(field: Callable[..., Any]) -> None:
    assert field([3_000_000_000, 1, None], pa.int64(), "int") == [None, 1, None]
    assert field([3_000_000_000, 1, None], pa.int64(), "int", on_bad_value="skip") == [1, None]
    assert field(["x", "1"], pa.string(), "int", on_bad_value="skip") == [1]
    assert field([3_000_000_000, 1], pa.int64(), "int", on_bad_value="fail") == (
        "Component 'in', field 'a': the value '3000000000' is no int. Correct it, or choose set_null or skip for it."
    )


@pytest.mark.parametrize(
    ("values", "stored", "declared"),
    [
        (["x", "1", None], pa.string(), "int"), ([2**40, 1, None], pa.int64(), "int"),
        ([2**64 - 1, 1, None], pa.uint64(), "long"), ([b"\xff", b"x", None], pa.binary(), "string"),
        ([b"\xff", b'{"k": 1}', None], pa.binary(), "json"), ([[1], None], pa.list_(pa.int32()), "int"),
        ([date(2024, 1, 1), date(1970, 1, 2), None], pa.date32(), "int"), ([MOMENT, None], pa.timestamp("us"), "boolean"),
        (["no", "[1]", None], pa.string(), "json_array"), ([[[1]], None], pa.list_(pa.list_(pa.int32())), "json"),
        ([1e300, 1.5, None], pa.float64(), "long"), ([2**64 - 1, 1, None], pa.uint64(), "datetime"),
    ],
)  # fmt: skip
def test_what_became_null_is_said_with_its_count(
    warned: Callable[..., list[str]], values: list[Any], stored: pa.DataType, declared: str
) -> None:
    word = {"string": "chararray", "json": "map", "json_array": "bag"}.get(declared, declared)
    said = warned({"in.parquet": parquet(a=pa.array(values, stored))}, [f"a:{declared}"], record_type="parquet")
    assert said == [f"in: 1 record became null, for 'a' is no {word} there"]


def test_columns_are_found_by_name(read: Read) -> None:
    content = parquet(b=pa.array([1]), a=pa.array(["x"]), **{'c "d.e': pa.array([True])})
    fields = [
        "a:string",
        {"name": 'c "d.e', "alias": "c", "type": "boolean"},
        {"name": "a", "alias": "a2", "type": "string"},
    ]
    assert read({"in.parquet": content}, fields, record_type="parquet") == [["x", True, "x"]]
    said = read({"in.parquet": content}, ["z:int"], record_type="parquet")
    assert said == "Component 'in': in.parquet has no column 'z'. It has: b, a, c \"d.e."


def test_names_of_folders_are_no_columns(read: Read) -> None:
    content = parquet(a=pa.array([1]), b=pa.array([2]))
    assert read({"b=77/in.parquet": content}, ["a:int", "b:int"], record_type="parquet") == [[1, 2]]
    assert "has no column 'c'" in read({"c=77/in.parquet": content}, ["c:int"], record_type="parquet")


def test_the_file_of_a_record_hides_no_column(read: Read) -> None:
    content = parquet(filename=pa.array(["mine"]))
    fields = ["filename:string", {"pseudo": "file_path", "alias": "origin"}]
    assert read({"x y/in.parquet": content}, fields, record_type="parquet") == [["mine", "x y/in.parquet"]]


@pytest.mark.parametrize(
    ("first", "second", "declared", "values"),
    [
        (pa.array([1], pa.int32()), pa.array([2.9]), "double", [1.0, 2.9]),
        (pa.array([1], pa.int32()), pa.array([2**40]), "long", [1, 2**40]),
        (pa.array([1]), pa.array(["2"]), "int", [1, 2]),
        (pa.array(["x"]), pa.array([1e10]), "string", ["x", "1.0E10"]),
        (pa.array([MOMENT]), pa.array(["2020"]), "datetime", ["2020-01-02T03:04:05.678Z", "2020-01-01T00:00:00.000Z"]),
        (pa.nulls(1), pa.array(["x"]), "string", [None, "x"]),
    ],
)
def test_each_file_keeps_its_types(
    read: Read, first: pa.Array, second: pa.Array, declared: str, values: list[Any]
) -> None:
    files = {"m/1.parquet": parquet(a=first, b=pa.array([1])), "m/2.parquet": parquet(b=pa.array([1]), a=second)}
    fields = [f"a:{declared}", {"pseudo": "file_path", "alias": "f"}]
    found = read(files, fields, record_type="parquet", path="m/")
    assert sorted(found, key=lambda one: one[1]) == [[values[0], "m/1.parquet"], [values[1], "m/2.parquet"]]


def test_a_column_that_a_file_lacks_is_an_error_that_names_it(read: Read) -> None:
    files = {"m/1.parquet": parquet(a=pa.array([1]), b=pa.array([1])), "m/2.parquet": parquet(a=pa.array([1]))}
    said = read(files, ["a:int", "b:int"], record_type="parquet", path="m/")
    assert said == "Component 'in': m/2.parquet has no column 'b'. It has: a."


def test_what_is_no_parquet_is_an_error_that_names_it(read: Read) -> None:
    whole = parquet(a=pa.array(range(1000)))
    for content in (b"", b"a,b\n1,2\n", whole[: len(whole) // 2], whole[:-1], b"PAR1" + b"\0" * 100 + b"PAR1"):
        said = read({"in.parquet": content}, ["a:int"], record_type="parquet")
        assert said.startswith("Component 'in': in.parquet cannot be read as Parquet: ")
        assert "LINE 1" not in said


def test_a_file_without_records(read: Read) -> None:
    assert read({"in.parquet": parquet(a=pa.array([], pa.int32()))}, ["a:int"], record_type="parquet") == []


def test_the_number_of_a_record_is_that_in_its_file(read: Read) -> None:
    files = {"in/1.parquet": parquet(a=pa.array([1, 2])), "in/2.parquet": parquet(a=pa.array([3]))}
    fields = ["a:int", {"pseudo": "line_number"}, {"pseudo": "file_path"}]
    found = read(files, fields, path="in/*", record_type="parquet")
    assert sorted(found) == [[1, 1, "in/1.parquet"], [2, 2, "in/1.parquet"], [3, 1, "in/2.parquet"]]
    odd = {"in.parquet": parquet(a=pa.array([1]), File_Row_Number=pa.array([7]))}
    assert "so its records cannot be numbered" in read(odd, ["a:int", {"pseudo": "line_number"}], record_type="parquet")
