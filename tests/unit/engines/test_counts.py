"""A source counts every record it read, whatever happens to them later and however DuckDB would like to run it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest
from typer.testing import CliRunner

from penstock.cli.app import app

MANY, FEW, KEYS = 20_000, 10, 1_000
FIELDS = [{"name": "id", "type": "long"}, {"name": "k", "type": "long"}]


@pytest.fixture(params=["parquet", "delimited"])
def lake(tmp_path: Path, request: pytest.FixtureRequest) -> tuple[Path, str]:
    for name, size in (("many", MANY), ("few", FEW)):
        table = pa.table({"id": range(size), "k": [number % KEYS for number in range(size)]})
        if request.param == "parquet":
            pyarrow.parquet.write_table(table, tmp_path / name, row_group_size=2048)
        else:
            (tmp_path / name).write_text("".join(f"{number},{number % KEYS}\n" for number in range(size)))
    (tmp_path / "c.json").write_text(json.dumps({"lake": {"type": "file", "path": "."}}))
    return tmp_path, request.param


def source(name: str, kind: str) -> dict[str, Any]:
    properties = {"path": name, "record_type": kind, **({"delimiter": ","} if kind == "delimited" else {})}
    return component(name, "cloud_storage_source", properties, connection={"name": "lake"}, fields=FIELDS)


def component(name: str, kind: str, properties: dict[str, Any], **keys: Any) -> dict[str, Any]:
    return {"id": name, "type": f"{kind}_component", "properties": properties, **keys}


def run(lake: Path, parts: list[dict[str, Any]], edges: list[dict[str, str]]) -> tuple[dict[str, int], list[str]]:
    last = component("out", "cloud_storage_destination", {"path": "out", "delimiter": ","}, connection={"name": "lake"})
    edges = [*edges, {"from": parts[-1]["id"], "to": "out"}]
    (lake / "p.json").write_text(json.dumps({"components": [*parts, last], "edges": edges}))
    done = CliRunner().invoke(app, ["run", str(lake / "p.json"), "--connections", str(lake / "c.json"), "--json"])
    answer = json.loads(done.stdout)
    assert answer["status"] == "completed", answer
    return answer["sources"], (lake / "out" / "part-00000.csv").read_text().splitlines()


@pytest.mark.parametrize("join_type", ["inner", "left", "right", "full"])
@pytest.mark.parametrize(("left", "right"), [("many", "few"), ("few", "many")])
@pytest.mark.parametrize("key", ["id", "k"])
def test_joins_count_what_they_read_and_give_the_pairs(
    lake: tuple[Path, str], join_type: str, left: str, right: str, key: str
) -> None:
    folder, kind = lake
    keep = [{"input": side, "field": "id", "alias": f"{side}_id"} for side in ("left", "right")]
    join = {"join_type": join_type, "keys": [{"left": key, "right": key}], "fields": keep}
    sides = [{"from": left, "to": "join", "input": "left"}, {"from": right, "to": "join", "input": "right"}]
    counts, lines = run(folder, [source(left, kind), source(right, kind), component("join", "join", join)], sides)
    assert counts == {"many": MANY, "few": FEW}
    assert Counter(lines) == Counter(_pairs(join_type, left, right, key))


def _pairs(join_type: str, left: str, right: str, key: str) -> list[str]:
    sizes = {"many": MANY, "few": FEW}
    modulus = MANY if key == "id" else KEYS
    made, matched = [], set()
    for first in range(sizes[left]):
        partners = range(first % modulus, sizes[right], modulus)
        matched.update(partners)
        made += [f"{first},{second}" for second in partners]
        if not partners and join_type in ("left", "full"):
            made.append(f"{first},")
    if join_type in ("right", "full"):
        made += [f",{second}" for second in range(sizes[right]) if second not in matched]
    return made


@pytest.mark.parametrize(
    "after",
    [
        component("after", "filter", {"conditions": [{"expression": "id < 5L"}]}),
        component("after", "aggregate", {"group_by": ["k"], "functions": [{"function": "count_all", "alias": "n"}]}),
        component("after", "distinct", {"keys": ["k"]}),
        component("after", "limit", {"limit": 5, "order_by": [{"field": "id", "direction": "desc"}]}),
        component("after", "limit", {"limit": 1, "partition_by": ["k"], "order_by": [{"field": "id"}]}),
    ],
)
def test_what_comes_after_a_source_does_not_change_its_count(lake: tuple[Path, str], after: dict[str, Any]) -> None:
    folder, kind = lake
    cut = component("cut", "filter", {"conditions": [{"expression": "k == 1L"}]})
    edges = [{"from": "many", "to": "after"}, {"from": "after", "to": "cut"}]
    counts, _ = run(folder, [source("many", kind), after, cut], edges)
    assert counts == {"many": MANY}


@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("field", ["id", "t"])
def test_a_limit_does_not_make_a_parquet_source_skip_what_it_will_not_keep(
    tmp_path: Path, field: str, direction: str
) -> None:
    ids = list(range(MANY * 20)) if direction == "desc" else list(range(MANY * 20))[::-1]
    table = pa.table({"id": ids[::-1], "t": [f"{number:09d}" for number in ids[::-1]], "k": ids})
    pyarrow.parquet.write_table(table, tmp_path / "many", row_group_size=2048)
    (tmp_path / "c.json").write_text(json.dumps({"lake": {"type": "file", "path": "."}}))
    first = component("first", "limit", {"limit": 5, "order_by": [{"field": field, "direction": direction}]})
    read = source("many", "parquet")
    read["fields"] = [*FIELDS, {"name": "t"}]
    counts, _ = run(tmp_path, [read, first], [{"from": "many", "to": "first"}])
    assert counts == {"many": MANY * 20}
