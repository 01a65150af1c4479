"""A job that asks a database: through the API, a worker and a process of its own; its password is found nowhere."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, create_engine, select

READS = (
    "packages/{p}", "packages/{p}?include=flow", "packages/{p}/export", "packages/{p}/validations", "jobs", "jobs/{j}",
    "jobs/{j}?include=log_summary", "jobs/{j}/variables", "jobs/{j}/log", "connections", "connections/postgres/{c}",
)  # fmt: skip


def stored(folder: Path, store_url: str) -> str:
    """Return everything that the store holds: as the files have it, and each row."""
    text = "".join(path.read_bytes().decode("latin-1") for path in folder.glob("penstock.db*"))
    engine = create_engine(store_url)
    tables = MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        for table in tables.sorted_tables:
            text += "".join(str(tuple(row)) for row in connection.execute(select(table)))
    engine.dispose()
    return text


def test_a_job_asks_a_database(serve: Callable[..., Any], flows: Any, shop: dict[str, Any], tmp_path: Path) -> None:
    store_url = f"sqlite:///{tmp_path}/penstock.db"
    server = serve(store_url, PENSTOCK_OUTBOUND_ALLOW="127.0.0.0/8")
    data = server.files / "lake"
    data.mkdir(parents=True)
    flows.write_numbers(data, 3)
    lake, cluster = server.connect(data), server.cluster()
    database = server.call("POST", "connections/postgres", {"name": "shop", **shop})
    key = database["unique_id"]

    def ran(expression: str, **variables: str) -> dict[str, Any]:
        flow = flows.flow(
            flows.source("numbers", lake, "numbers.csv", ("n", "int")),
            flows.step("select", "all", fields=[{"expression": expression, "alias": "v"}]),
            flows.target("out", lake, "out", if_exists="replace"),
            edges=[("numbers", "all"), ("all", "out")],
        )
        package = server.package(flow, variables=variables)
        job = server.wait(server.submit(cluster, package))
        for path in READS:
            found = json.dumps(server.call("GET", path.format(p=package, j=job["id"], c=database["id"])))
            assert "canary" not in found, path
        return job

    ask = "ExecuteSqlString('$db', CONCAT('SELECT name FROM region WHERE id = ', (chararray)n))"
    job = ran(
        f"CONCAT('$last', COALESCE({ask}, '?'))",
        db=f"'{key}'",
        last="SUBSTRING((chararray)ExecuteSqlDateTime('shop', 'SELECT max(loaded_at) FROM region'), 0, 10)",
    )
    assert job["status"] == "completed", job["errors"]
    lines = "".join(path.read_text() for path in (data / "out").iterdir()).split()
    assert set(lines) <= {"v", "2024-05-07?", "2024-05-07east", "2024-05-07west"}
    assert "2024-05-07west" in lines
    assert server.call("GET", f"jobs/{job['id']}/variables")["last"] == "2024-05-07"

    failed = ran("1", v=f"ExecuteSqlString('{key}', 'SELECT nothing')")
    assert (failed["status"], "does not exist" in failed["errors"]) == ("failed", True), failed["errors"]
    failed = ran("1", v="ExecuteSqlString(CONCAT('POSTGRES_CONNECTION', '_99'), 'SELECT 1')")
    assert "There is no connection 'POSTGRES_CONNECTION_99'" in failed["errors"]
    server.call("PUT", f"connections/postgres/{database['id']}", {"password": "canary-wrong"})
    failed = ran(f"ExecuteSqlString('{key}', 'SELECT 1')")
    assert f"Connection '{key}': " in failed["errors"]
    assert "password authentication failed" in failed["errors"]

    server.stop()
    assert "canary" not in server.said()
    assert "canary" not in stored(tmp_path, store_url)


def test_a_source_reads_on_from_its_watermark(serve: Callable[..., Any], flows: Any, tmp_path: Path) -> None:
    server = serve(f"sqlite:///{tmp_path}/penstock.db")
    data = server.files / "lake"
    lake, cluster = server.connect(data), server.cluster()
    file = server.files / "shop.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as shop:
        shop.execute("CREATE TABLE t (id INTEGER, seen TEXT)")
        shop.execute("INSERT INTO t VALUES (1, '2026-01-01'), (2, '2026-01-02')")
        made = server.call("POST", "connections/sqlite", {"name": "shop", "path": str(file)})
        source = {
            "id": "rows", "type": "database_source_component", "name": "rows", "connection": {"name": made["unique_id"]},
            "properties": {"table": "t", "source_action": "incremental", "watermark": {"column": "seen"}},
            "fields": [{"name": "id", "type": "int"}],
        }  # fmt: skip
        flow = flows.flow(source, flows.target("out", lake, "out", if_exists="replace"), edges=[("rows", "out")])
        package = server.package(flow)

        def ran() -> tuple[list[str], dict[str, Any]]:
            job = server.wait(server.submit(cluster, package))
            assert job["status"] == "completed", job["errors"]
            return sorted("".join(path.read_text() for path in (data / "out").iterdir()).split()), job

        assert ran()[0] == ["1", "2", "id"]
        shop.execute("INSERT INTO t VALUES (3, '2026-01-02'), (4, '2026-01-03')")
        lines, job = ran()
        assert lines == ["3", "4", "id"]
        assert job["outputs"][0]["receipt"]["watermarks"] == {"rows": "seen: above 2026-01-02, up to 2026-01-03"}
        assert "rows: reads seen above 2026-01-02" in server.call("GET", f"jobs/{job['id']}/log")["body"]
        assert ran()[0] == ["id"]
