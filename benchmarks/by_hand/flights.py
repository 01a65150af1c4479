"""What `examples/flights.yaml` does, as one DuckDB script a person would write: python flights.py DATA OUT."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb

DESCRIBED = """
CREATE TEMP TABLE described AS
WITH flown AS (
    SELECT *, make_date(year, month, day) AS flight_date FROM read_csv('{data}/flights.csv', header = true, nullstr = 'NA',
        columns = {{'year': 'INTEGER', 'month': 'INTEGER', 'day': 'INTEGER', 'dep_time': 'INTEGER', 'sched_dep_time': 'INTEGER',
            'dep_delay': 'INTEGER', 'arr_time': 'INTEGER', 'sched_arr_time': 'INTEGER', 'arr_delay': 'INTEGER',
            'carrier': 'VARCHAR', 'flight': 'INTEGER', 'tail': 'VARCHAR', 'origin': 'VARCHAR', 'dest': 'VARCHAR',
            'air_time': 'INTEGER', 'distance': 'INTEGER', 'hour': 'INTEGER', 'minute': 'INTEGER', 'time_hour': 'TIMESTAMP'}})
    WHERE distance >= 100),
airlines AS (
    SELECT carrier, regexp_replace(name, ' (?:Inc|Co|Corporation)\\b\\.?$', '') AS airline
    FROM read_csv('{data}/airlines.csv', header = true, columns = {{'carrier': 'VARCHAR', 'name': 'VARCHAR'}})),
planes AS (
    SELECT tailnum, year AS built, manufacturer, model, seats FROM read_csv('{data}/planes.csv', header = true, nullstr = 'NA',
        columns = {{'tailnum': 'VARCHAR', 'year': 'INTEGER', 'type': 'VARCHAR', 'manufacturer': 'VARCHAR', 'model': 'VARCHAR',
            'engines': 'INTEGER', 'seats': 'INTEGER', 'speed': 'INTEGER', 'engine': 'VARCHAR'}})),
weather AS (
    SELECT origin, time_hour, temp AS temp_f, wind_speed AS wind_mph, precip, visib AS visibility
    FROM read_csv('{data}/weather.csv', header = true, nullstr = 'NA',
        columns = {{'origin': 'VARCHAR', 'year': 'INTEGER', 'month': 'INTEGER', 'day': 'INTEGER', 'hour': 'INTEGER',
            'temp': 'DOUBLE', 'dewp': 'DOUBLE', 'humid': 'DOUBLE', 'wind_dir': 'INTEGER', 'wind_speed': 'DOUBLE',
            'wind_gust': 'DOUBLE', 'precip': 'DOUBLE', 'pressure': 'DOUBLE', 'visib': 'DOUBLE', 'time_hour': 'TIMESTAMP'}}))
SELECT
    f.carrier || ' ' || f.flight AS code, f.carrier, a.airline, strftime(flight_date, '%Y-%m') AS month,
    strftime(flight_date, '%A') AS weekday, week(flight_date)::INTEGER AS week, 'Q' || quarter(flight_date) AS quarter,
    make_timestamptz(epoch_us(f.time_hour + to_minutes(minute))) AS scheduled_at, f.origin || '-' || dest AS route, tail,
    CASE WHEN tail IS NULL THEN 'unknown' WHEN regexp_full_match(tail, 'N\\d{{1,5}}') THEN 'digits'
        WHEN regexp_full_match(tail, 'N\\d{{1,4}}[A-HJ-NP-Z]') THEN 'one letter'
        WHEN regexp_full_match(tail, 'N\\d{{1,3}}[A-HJ-NP-Z]{{2}}') THEN 'two letters' ELSE 'irregular' END AS tail_form,
    TRY_CAST(regexp_extract(tail, '^N(\\d+)', 1) AS INTEGER) AS tail_number,
    CASE WHEN manufacturer IS NULL THEN 'unknown'
        ELSE upper(manufacturer[1]) || lower(manufacturer[2:]) || ' ' || model END AS plane,
    year - built AS plane_age, seats, distance, distance * 1.609344::DOUBLE / (air_time / 60.0::DOUBLE) AS speed_kmh,
    dep_delay, arr_delay, dep_delay - arr_delay AS made_up,
    CASE WHEN dep_delay IS NULL THEN 'cancelled' WHEN dep_delay <= 0 THEN 'on time' WHEN dep_delay < 15 THEN 'short'
        WHEN dep_delay < 60 THEN 'long' ELSE 'very long' END AS delay_class,
    (temp_f - 32.0::DOUBLE) * 5.0::DOUBLE / 9.0::DOUBLE AS temp_c,
    CASE WHEN temp_f IS NULL AND visibility IS NULL THEN 'unknown' WHEN precip > 0 AND temp_f <= 32 THEN 'snow'
        WHEN precip > 0 THEN 'rain' WHEN visibility < 3 THEN 'fog' WHEN wind_mph >= 25 THEN 'wind' ELSE 'fair' END AS sky,
    TIMESTAMPTZ '{now}' AS run_at
FROM flown f LEFT JOIN airlines a ON f.carrier = a.carrier LEFT JOIN planes p ON f.tail = p.tailnum
    LEFT JOIN weather w ON f.origin = w.origin AND f.time_hour = w.time_hour
"""

CARRIERS = """
SELECT carrier, airline, month, count(*) AS flights, count(dep_delay) AS departed, avg(dep_delay) AS average_delay,
    max(dep_delay) AS longest_delay, sum(distance) AS miles, count(DISTINCT tail) AS planes,
    strftime(min(scheduled_at), '%Y-%m-%dT%H:%M:%S.%gZ') AS first_at,
    strftime(max(run_at), '%Y-%m-%dT%H:%M:%S.%gZ') AS run_at
FROM described GROUP BY carrier, airline, month ORDER BY carrier, month
"""


def main() -> None:
    """Run the script."""
    data, out = sys.argv[1], Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(DESCRIBED.format(data=data, now=datetime.now(UTC).isoformat(timespec="milliseconds")))
    connection.execute(f"COPY described TO '{out}/flights.parquet' (FORMAT parquet, COMPRESSION uncompressed)")
    connection.execute(f"COPY ({CARRIERS}) TO '{out}/carriers.csv' (FORMAT csv, HEADER)")


if __name__ == "__main__":
    main()
