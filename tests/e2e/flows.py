"""Packages that the end-to-end tests run."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def source(name: str, connection: str, path: str, *fields: tuple[str, str]) -> dict[str, Any]:
    return {
        "id": name, "type": "cloud_storage_source_component", "name": name, "connection": connection,
        "properties": {"path": path, "delimiter": ",", "skip_header": True},
        "fields": [{"name": field, "type": kind} for field, kind in fields],
    }  # fmt: skip


def step(kind: str, name: str, **properties: Any) -> dict[str, Any]:
    return {"id": name, "type": f"{kind}_component", "name": name, "properties": properties}


def target(name: str, connection: str, path: str, **properties: Any) -> dict[str, Any]:
    made = step("cloud_storage_destination", name, path=path, delimiter=",", header=True, **properties)
    return {**made, "connection": connection}


def flow(*components: dict[str, Any], edges: list[tuple[str, ...]]) -> dict[str, Any]:
    keys = ("from", "to", "input")
    return {
        "components": list(components),
        "edges": [dict(zip(keys, edge, strict=False)) for edge in edges],
    }


def doubled(connection: str, path: str = "out") -> dict[str, Any]:
    """Reads `numbers.csv`, doubles each number, writes them to *path*."""
    return flow(
        source("numbers", connection, "numbers.csv", ("n", "int")),
        step("select", "twice", fields=[{"expression": "n * 2", "alias": "n"}]),
        target("out", connection, path, merge_to_single_file=True, if_exists="replace"),
        edges=[("numbers", "twice"), ("twice", "out")],
    )


def pairs(connection: str, path: str = "pairs") -> dict[str, Any]:
    """Counts all pairs of the lines of `numbers.csv`: long work over few data."""
    return flow(
        source("left", connection, "numbers.csv", ("n", "int")),
        source("right", connection, "numbers.csv", ("n", "int")),
        step("select", "left_keyed", fields=[{"expression": "n"}, {"expression": "1", "alias": "k"}]),
        step("select", "right_keyed", fields=[{"expression": "n", "alias": "m"}, {"expression": "1", "alias": "j"}]),
        step("join", "both", join_type="inner", keys=[{"left": "k", "right": "j"}]),
        step("select", "sums", fields=[{"expression": "(n * 7 + m) % 1000", "alias": "s"}]),
        step("aggregate", "counted", group_by=["s"], functions=[{"function": "count_all", "alias": "c"}]),
        target("out", connection, path, merge_to_single_file=True, if_exists="replace"),
        edges=[
            ("left", "left_keyed"), ("right", "right_keyed"), ("left_keyed", "both", "left"),
            ("right_keyed", "both", "right"), ("both", "sums"), ("sums", "counted"), ("counted", "out"),
        ],
    )  # fmt: skip


def write_numbers(folder: Path, count: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "numbers.csv").write_text("n\n" + "".join(f"{n}\n" for n in range(count)))


def sampled(connection: str) -> dict[str, Any]:
    """Draws half of the lines of `numbers.csv`, at random, and writes the same ones twice."""
    made = flow(
        source("numbers", connection, "numbers.csv", ("n", "int")),
        step("sample", "half", percentage=50),
        step("clone", "twice"),
        target("left", connection, "left", merge_to_single_file=True),
        target("right", connection, "right", merge_to_single_file=True),
        edges=[("numbers", "half"), ("half", "twice")],
    )
    edges = [{"from": "twice", "to": name, "output": place} for name, place in (("left", "1"), ("right", "2"))]
    return {**made, "edges": [*made["edges"], *edges]}


def failing(connection: str) -> dict[str, Any]:
    """Reads each number of `numbers.csv` as a date, which fails."""
    return flow(
        source("numbers", connection, "numbers.csv", ("n", "string")),
        step("select", "dated", fields=[{"expression": "ToDate(CONCAT('day ', n))", "alias": "d"}]),
        target("out", connection, "out"),
        edges=[("numbers", "dated"), ("dated", "out")],
    )
