"""A secret that is planted in a real server is looked for in every answer, log and file of it (R39)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import MetaData, create_engine, select

CANARY = "canary-9fKzQ71p+/x'7\\ü-end"
READS = (
    "packages", "packages/{p}", "packages/{p}?include=flow", "packages/{p}/export", "packages/{p}/validations",
    "packages/search?q=bird", "jobs", "jobs/{j}", "jobs/{j}?include=log_summary", "jobs/{j}/variables", "jobs/{j}/log",
    "jobs/search?q=bird", "clusters", "connections", "variables",
)  # fmt: skip


def traces(text: str) -> list[str]:
    """Return the forms of the secret that stand in a text."""
    raw = CANARY.encode()
    looked_for = {
        "raw": "canary", "part of it": "9fKzQ71p", "end": "7\\ü-end", "json": json.dumps(CANARY)[1:-1],
        "url": quote(CANARY, safe=""),
        "hex": raw.hex(), "part": CANARY[2:14], "upper": CANARY.upper(),
        **{f"base64 {n}": base64.b64encode(bytes(n) + raw).decode()[4:-4] for n in range(3)},
    }  # fmt: skip
    return [name for name, form in looked_for.items() if form in text]


def stored(server: Any, store_url: str) -> str:
    """Return everything that the store holds: as the files have it, or each column of each row."""
    files = b"".join(path.read_bytes() for path in (server.home / "data").glob("*") if path.is_file())
    text = files.decode("utf-8", "replace") + files.decode("latin-1")
    engine = create_engine(store_url.replace("postgresql://", "postgresql+psycopg://"))
    tables = MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        for table in tables.sorted_tables:
            text += "".join(
                str(tuple(row)) + json.dumps([str(one) for one in row]) for row in connection.execute(select(table))
            )
    engine.dispose()
    return text


def looked_up(server: Any, package: int, job: dict[str, Any]) -> dict[str, str]:
    paths = [path.format(p=package, j=job["id"]) for path in READS]
    paths += [f"jobs/{job['id']}/outputs/{one['id']}" for one in job["outputs"]]
    paths += [f"jobs/{job['id']}/outputs/{one['id']}/preview" for one in job["outputs"] if one["preview_url"]]
    return {path: json.dumps(server.call("GET", path), ensure_ascii=False) for path in paths}


def test_a_secret_is_found_nowhere(serve: Callable[..., Any], store_url: str, flows: Any, tmp_path: Path) -> None:
    server = serve(store_url)
    data = server.files / "lake"
    data.mkdir(parents=True)
    flows.write_numbers(data, 3)
    key = server.connect(data)
    cluster = server.cluster()
    shows = "CONCAT('<', CONCAT('$token', '>'))"
    good = flows.flow(
        flows.source("numbers", key, "numbers.csv", ("n", "int")),
        flows.step("select", "all", fields=[{"expression": shows, "alias": "t"}]),
        flows.target("out", key, "out", if_exists="replace"),
        edges=[("numbers", "all"), ("all", "out")],
    )
    variables = {"url": "CONCAT('https://x/?key=', '$token')", "part": "SUBSTRING('$token', 2, 14)", "up": "UPPER('$token')",
                 "size": "SIZE('$token')"}  # fmt: skip
    made = server.call("POST", "packages", {
        "name": "bird", "data_flow_json": json.dumps(good), "variables": variables,
        "secret_variables": {"token": CANARY.replace("\\", "\\\\").replace("'", "\\'")},
    })  # fmt: skip
    job = server.wait(server.submit(cluster, made["id"]))
    assert job["status"] == "completed", job["errors"]
    assert CANARY in (data / "out" / "part-00000.csv").read_text(), "the data themselves hold what was asked for"
    seen = looked_up(server, made["id"], job)
    used = json.loads(seen[f"jobs/{job['id']}/variables"])
    assert {name: used[name] for name in ("token", *variables)} == dict.fromkeys(("token", *variables), "***")
    assert "<***>" in seen[f"jobs/{job['id']}/outputs/{job['outputs'][0]['id']}/preview"]

    found = {path: traces(text) for path, text in seen.items()}
    for name, fault in FAULTS.items():
        bad = json.loads(json.dumps(good))
        bad["components"][1]["properties"]["fields"][0]["expression"] = fault
        body = {"data_flow_json": json.dumps(bad), "secret_variables": {"token": CANARY.partition("'")[0]}}
        server.call("PUT", f"packages/{made['id']}", body)
        failed = server.wait(server.submit(cluster, made["id"]))
        assert failed["status"] == "failed", name
        said = failed["errors"] + server.log(failed["id"])
        assert "***" in said or "the secret variable 'token'" in said, (name, said)
        found |= {f"{name} {path}": traces(text) for path, text in looked_up(server, made["id"], failed).items()}
    server.stop()
    found |= {"log": traces(server.said()), "store": traces(stored(server, store_url))}
    assert {place: forms for place, forms in found.items() if forms} == {}


FAULTS = {
    "a value that fails": "ToDate(CONCAT('', '$token'))",
    "a name that is unknown": "$token + 1",
    "a pattern that is malformed": "'x' matches '($token'",
}
"""Expressions that quote the secret in what they say."""
