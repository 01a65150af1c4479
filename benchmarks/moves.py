"""(h) Records moved between systems, as jobs, against the best path that a person would write by hand, and against dlt.

The servers are those that the tests start: PostgreSQL and MariaDB with their defaults, rclone as an S3. They are of this
machine and take a part of it from both sides alike.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from tests.servers import S3_KEY

from benchmarks.measure import Line, Sample, mebibytes, median, run_process
from benchmarks.server import Client, PeakMemory, cpu_seconds
from benchmarks.systems import BUCKET, CHANGES, COLUMNS, PASSWORD, Systems, running
from benchmarks.throughput import POLL_S
from benchmarks.workloads import BY_HAND, ORDER_FIELDS, chain, component, source

AIM_TIME, AIM_BYTES = 1.2, 512 << 20
AIM_CHUNKS, CHUNK = 1.1, 100_000
ROWS = 1_000_000
ROUNDS = 3
SCRIPT, PEER = BY_HAND / "moves.py", BY_HAND / "moves_by_dlt.py"
NOT_RUN = "(h) sling, ingestr: not run, both fetch their program from the network when they are first called"


@dataclass(frozen=True, slots=True)
class Move:
    """One way of records: the package, and what is done before each run of a side (`ours`, `by_hand`, `peer`)."""

    name: str
    label: str
    parts: tuple[dict[str, Any], ...]
    before: Callable[[str], None]
    rows: Callable[[str], int]
    by_peer: bool = False


@dataclass(frozen=True, slots=True)
class Load:
    """A load that is measured in chunks and in one transaction: *packages* are both, by whether they are cut."""

    label: str
    packages: dict[bool, int]
    before: Callable[[], None]
    rows: Callable[[], int]


def run(client: Client, server_pid: int, data: Path, rows: int, rounds: int, peer: str | None) -> list[Line]:
    """Return the lines of every move, both sides taking turns; *peer* is a Python that has dlt, None for none."""
    lines: list[Line] = []
    with running(data, rows) as systems:
        cluster_id = client.cluster()
        for move in _moves(client, systems):
            package_id = _package(client, move.label, move.parts)
            ours, theirs, peers = [], [], []
            for number in range(rounds + 1):
                for side, samples in (("by_hand", theirs), ("ours", ours), ("peer", peers)):
                    # Once is enough for what takes ten times as long.
                    if side == "peer" and (number != 1 or peer is None or not move.by_peer):
                        continue
                    move.before(side)
                    sample = (
                        _as_job(client, server_pid, cluster_id, package_id)
                        if side == "ours"
                        else _as_script(systems, move, side, peer)
                    )
                    if move.rows(side) != rows:
                        raise RuntimeError(f"{move.label}, {side}: {move.rows(side)} records instead of {rows}")
                    if number:
                        samples.append(sample)
            lines += _lines(move, rows, ours, theirs, peers)
            sys.stderr.write(f"{lines[-1].name}\n")
        for load in _loads(client, systems):
            lines += _in_chunks(client, server_pid, cluster_id, load, rows, rounds)
            sys.stderr.write(f"{lines[-1].name}\n")
        client.call("DELETE", f"clusters/{cluster_id}")
    return [*lines, Line(NOT_RUN, "–", "–", None, "–", None)]


def _in_chunks(client: Client, server_pid: int, cluster_id: int, load: Load, rows: int, rounds: int) -> list[Line]:
    """Return the lines of a load in chunks against the same in one transaction."""
    found: dict[bool, list[Sample]] = {True: [], False: []}
    for number in range(rounds + 1):
        for is_cut, package_id in load.packages.items():
            load.before()
            sample = _as_job(client, server_pid, cluster_id, package_id)
            if load.rows() != rows:
                raise RuntimeError(f"{load.label}: {load.rows()} records instead of {rows}")
            if number:
                found[is_cut].append(sample)
    name = f"(h) {load.label}, {rows / 1e6:g} M rows, in chunks of {CHUNK:,}"
    cut, whole = (median([one.seconds for one in found[is_cut]]) for is_cut in (True, False))
    cpu, whole_cpu = (median([one.cpu_seconds for one in found[is_cut]]) for is_cut in (True, False))
    peak, ratio = max(one.peak_bytes for one in found[True]), cut / whole
    return [
        Line(f"{name}; in one transaction", f"{cut:.2f} s", f"{whole:.2f} s", ratio, f"≤ {AIM_CHUNKS:g}×", ratio <= AIM_CHUNKS),
        Line(f"{name}, processor time", f"{cpu:.2f} s", f"{whole_cpu:.2f} s", cpu / whole_cpu, "–", None),
        Line(f"{name}, peak memory", mebibytes(peak), "–", None, f"≤ {mebibytes(AIM_BYTES)}", peak <= AIM_BYTES),
    ]  # fmt: skip


def _as_job(client: Client, server_pid: int, cluster_id: int, package_id: int) -> Sample:
    memory, before = PeakMemory(server_pid), cpu_seconds(server_pid)
    memory.start()
    seconds, _ = client.run(cluster_id, package_id, POLL_S)
    return Sample(seconds, memory.stop(), cpu_seconds(server_pid) - before)


def _as_script(systems: Systems, move: Move, side: str, peer: str | None) -> Sample:
    command = [peer or "", str(PEER)] if side == "peer" else [sys.executable, str(SCRIPT)]
    return run_process([*command, move.name, str(systems.data), json.dumps(systems.told)])


def _lines(move: Move, rows: int, ours: list[Sample], theirs: list[Sample], peers: list[Sample]) -> list[Line]:
    name = f"(h) {move.label}, {rows / 1e6:g} M rows"
    took, by_hand = (median([one.seconds for one in side]) for side in (ours, theirs))
    cpu, by_hand_cpu = (median([one.cpu_seconds for one in side]) for side in (ours, theirs))
    # That of a script would be at least what the process had that began it.
    peak = max(one.peak_bytes for one in ours)
    ratio = took / by_hand
    made = [
        Line(f"{name}, time", f"{took:.2f} s", f"{by_hand:.2f} s", ratio, f"≤ {AIM_TIME:g}×", ratio <= AIM_TIME),
        Line(f"{name}, processor time", f"{cpu:.2f} s", f"{by_hand_cpu:.2f} s", cpu / by_hand_cpu, "–", None),
        Line(f"{name}, peak memory", mebibytes(peak), "–", None, f"≤ {mebibytes(AIM_BYTES)}", peak <= AIM_BYTES),
    ]  # fmt: skip
    if peers:
        ratio = took / peers[0].seconds
        made.append(Line(f"{name}; dlt", f"{took:.2f} s", f"{peers[0].seconds:.1f} s", ratio, "< 1×", ratio < 1))
    return made


def _moves(client: Client, systems: Systems) -> list[Move]:
    given = _given(systems)
    files = _connection(client, "file", path=str(systems.data))
    base = _connection(client, "postgres", **given)
    key, secret = S3_KEY
    where = {"endpoint": systems.s3[0], "path_style": True, "region": "us-east-1"}
    store = _connection(client, "s3", username=key, password=secret, **where)

    def emptied(side: str) -> None:
        systems.sql(f"DROP TABLE IF EXISTS orders_{side}", f"CREATE TABLE orders_{side} ({COLUMNS})", "CHECKPOINT")

    def restored(_: str) -> None:
        systems.sql("TRUNCATE changed", "INSERT INTO changed SELECT * FROM indexed", "ANALYZE changed", "CHECKPOINT")

    def count(table: str) -> int:
        # Not of all rows: a date that one side has read as null is not the same work.
        return int(systems.sql(f"SELECT count(paid_on) FROM {table}")[0][0])

    def counted(side: str) -> int:
        return count(f"orders_{side}")

    def in_file(side: str) -> int:
        place = systems.data / "output" / side
        return int(duckdb.execute(f"SELECT count(paid_on) FROM read_parquet('{place}/**/*.parquet')").fetchall()[0][0])

    def nothing(side: str) -> None:
        (systems.data / "output" / side).mkdir(parents=True, exist_ok=True)

    rows_in = _rows_of("orders", base)
    to_file = component(
        "out", "cloud_storage_destination",
        {"path": "output/ours", "format": "parquet", "merge_to_single_file": True, "if_exists": "replace"}, connection=files,
    )  # fmt: skip
    lines, changes, scattered = (
        source(name, ORDER_FIELDS) | {"connection": files} for name in ("orders", "changes", "scattered")
    )
    table, merged = _table(base), _table(base, "changed", "merge_update_insert")
    moves = [
        Move("csv_to_postgres", "delimited → PostgreSQL", (lines, table), emptied, counted, by_peer=True),
        Move(
            "merge", f"merge of {CHANGES:,} changes into an indexed table of PostgreSQL", (changes, merged), restored,
            lambda _: count("changed"),
        ),
        Move(
            "scattered", f"merge of {CHANGES:,} changes all over an indexed table of PostgreSQL", (scattered, merged), restored,
            lambda _: count("changed"),
        ),
        Move("postgres_to_parquet", "PostgreSQL → Parquet", (rows_in, to_file), nothing, in_file, by_peer=True),
        Move("postgres_to_postgres", "PostgreSQL → PostgreSQL", (rows_in, table), emptied, counted),
        Move("s3_to_postgres", "Parquet in S3 (rclone) → PostgreSQL", (_stored(store), table), emptied, counted),
    ]  # fmt: skip
    if systems.mariadb is not None:
        market = _connection(client, "mysql", **(given | {"port": systems.mariadb.port, "username": "bench"}))
        moves.append(
            Move("mariadb_to_parquet", "MariaDB → Parquet", (_rows_of("orders", market), to_file), nothing, in_file)
        )
    return moves


def _loads(client: Client, systems: Systems) -> list[Load]:
    """Return the loads that are cut: orders that are added, and those that are merged into half of them."""
    base = _connection(client, "postgres", **_given(systems))
    files = _connection(client, "file", path=str(systems.data))

    def emptied() -> None:
        systems.sql("TRUNCATE loaded", "CHECKPOINT")

    def halved() -> None:
        half = "INSERT INTO loaded SELECT * FROM orders WHERE id % 2 = 0"
        systems.sql("TRUNCATE loaded", half, "ANALYZE loaded", "CHECKPOINT")

    def counted() -> int:
        return int(systems.sql("SELECT count(paid_on) FROM loaded")[0][0])

    systems.sql(f"CREATE TABLE loaded ({COLUMNS}, PRIMARY KEY (id))")
    loads = []
    for label, file, operation in (
        ("append to a table of PostgreSQL", "orders", "append"),
        ("merge into a table of PostgreSQL, keys in order", "orders", "merge_update_insert"),
        ("merge into a table of PostgreSQL, keys in no order", "mixed", "merge_update_insert"),
    ):
        packages = {}
        for is_cut in (True, False):
            table = _table(base, "loaded", operation)
            if is_cut:
                table["properties"]["chunk_records"] = CHUNK
            parts = (source(file, ORDER_FIELDS) | {"connection": files}, table)
            packages[is_cut] = _package(client, label, parts)
        loads.append(Load(label, packages, emptied if operation == "append" else halved, counted))
    return loads


def _given(systems: Systems) -> dict[str, Any]:
    return {
        "host": "127.0.0.1", "port": systems.postgres.port, "database": "bench", "username": "postgres",
        "password": PASSWORD, "ssl": False,
    }  # fmt: skip


def _connection(client: Client, kind: str, **parameters: Any) -> dict[str, Any]:
    made = client.call("POST", f"connections/{kind}", {"name": f"moves {kind}", **parameters})
    return {"type": kind, "id": made["id"]}


def _rows_of(table: str, connection: dict[str, Any]) -> dict[str, Any]:
    properties = {"table": table, "max_parallel": 2}
    return component("rows", "database_source", properties, connection=connection, fields=ORDER_FIELDS)


def _stored(connection: dict[str, Any]) -> dict[str, Any]:
    properties = {"path": "orders.parquet", "bucket": BUCKET, "record_type": "parquet"}
    return component("stored", "cloud_storage_source", properties, connection=connection, fields=ORDER_FIELDS)


def _table(connection: dict[str, Any], table: str = "orders_ours", operation: str = "append") -> dict[str, Any]:
    mapping = [{"alias": one["name"], "column": one["name"], "key": one["name"] == "id"} for one in ORDER_FIELDS]
    if operation == "append":
        mapping = [{"alias": one["name"], "column": one["name"]} for one in ORDER_FIELDS]
    properties = {"table": table, "operation": operation}
    return component("load", "database_destination", properties, connection=connection, mapping=mapping)


def _package(client: Client, label: str, parts: Sequence[dict[str, Any]]) -> int:
    flow = {"components": list(parts), "edges": chain(*(str(one["id"]) for one in parts))}
    return int(client.call("POST", "packages", {"name": label, "data_flow_json": json.dumps(flow)})["id"])
