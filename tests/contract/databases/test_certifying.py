"""The rules of a certification hold of every database that the tests start, and what breaks one of them is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from penstock.connectors.databases.certifying import DIFFERENCES
from penstock.engines.duckdb.run import DuckEngine
from penstock.kit.secret import hidden
from penstock.plan.ports import Connection
from penstock.runtime.certifying import RULES, Bench, Report, State, certify, markdown
from penstock.wiring import jobs

if TYPE_CHECKING:
    from tests.contract.databases.conftest import Base

HERE = "127.0.0.0/8"


def bench_of(base: Base, folder: Path) -> tuple[Bench, Any]:
    parameters = {name: value for name, value in base.connection.items() if name not in ("type", "secrets")}
    connection = Connection("db", base.connection["type"], parameters, hidden(base.connection.get("secrets", {})))
    scratch, server, differences = jobs.certifying(connection, None, HERE)
    assert server
    made = Bench(
        base.connection,
        jobs.connectors(None, allow=HERE),
        DuckEngine,
        scratch,
        folder,
        "penstock_cabc123",
        outbound=HERE,
    )
    return made, differences


def tables_of(base: Base) -> list[str]:
    if base.kind == "sqlite":
        return [name for (name,) in base.rows("SELECT name FROM sqlite_master")]
    where = (
        "table_schema NOT IN ('pg_catalog', 'information_schema', 'mysql', 'performance_schema', 'sys', 'catalogue')"
    )
    scope = "table_schema = database()" if base.kind == "mysql" else where
    return [name for (name,) in base.rows(f"SELECT table_name FROM information_schema.tables WHERE {scope}")]


def test_every_rule_holds_or_is_known_not_to(base: Base, tmp_path: Path) -> None:
    bench, differences = bench_of(base, tmp_path)
    found = certify(bench, differences, lambda one: None, RULES)
    assert [(one.says, one.message) for one in found if one.state is State.BROKEN] == []
    assert {one.says for one in found if one.state is State.DIFFERS} == set(differences)
    assert len(found) == len(RULES)
    assert tables_of(base) == []


def test_what_is_known_to_differ_is_a_rule() -> None:
    known = {one.says for one in RULES}
    assert len(known) == len(RULES)
    assert {says for rules in DIFFERENCES.values() for says in rules} <= known


def some(*words: str) -> list[Any]:
    return [one for one in RULES if any(word in one.says for word in words)]


def broken_append(target: type, monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver that loses the last record, and says nothing."""
    bulk = target.bulk  # type: ignore[attr-defined]

    def loses(self: Any, table: Any, items: Any, files: Any, on_bad_value: str) -> Any:
        made = bulk(self, table, items, files, on_bad_value)
        name = self.quoted(items[0].column)
        self.execute(f"DELETE FROM {table.name} WHERE {name} = 9")
        return made

    monkeypatch.setattr(target, "bulk", loses)


def forgets(target: type, monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver that commits before the rows."""
    begin = target.begin  # type: ignore[attr-defined]

    def begins(self: Any) -> None:
        begin(self)
        self.commit()

    monkeypatch.setattr(target, "begin", begins)


@pytest.mark.parametrize(
    ("breaks", "rule"),
    [
        (broken_append, "append adds rows"),
        (broken_append, "insert_missing adds"),
        (forgets, "an action that fails takes"),
    ],
)
def test_a_driver_that_is_broken_gives_a_broken_rule(
    sqlite_base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, breaks: Callable[..., None], rule: str
) -> None:
    breaks(sqlite_base.target(), monkeypatch)
    bench, differences = bench_of(sqlite_base, tmp_path)
    (found,) = certify(bench, differences, lambda one: None, some(rule))
    assert found.state is State.BROKEN
    assert found.message
    report = Report("sqlite", "db", "SQLite", "main", datetime(2026, 1, 2, tzinfo=UTC), "0.1", (found,))
    assert not report.passed
    assert "FAILED: 0 held, 0 differs, 1 broken." in markdown(report)
    assert found.message.split(",")[0] in markdown(report)


def test_a_rule_that_holds_and_is_said_not_to_is_broken(sqlite_base: Base, tmp_path: Path) -> None:
    bench, _ = bench_of(sqlite_base, tmp_path)
    (found,) = certify(bench, {"append adds rows": "It cannot."}, lambda one: None, some("append adds rows"))
    assert (found.state, found.message) == (State.BROKEN, "It holds, and is said not to: It cannot.")


def test_a_ledger_that_was_there_stays_and_loses_only_its_own_rows(sqlite_base: Base, tmp_path: Path) -> None:
    sqlite_base.sql(
        "CREATE TABLE _penstock_ledger (job text, output text, records int, finished int, written_at datetime, "
        "PRIMARY KEY (job, output))",
        "INSERT INTO _penstock_ledger VALUES ('job-1 x', 'out', 3, 1, 'then')",
    )
    bench, differences = bench_of(sqlite_base, tmp_path)
    certify(bench, differences, lambda one: None, some("run again writes"))
    assert sqlite_base.rows("SELECT job FROM _penstock_ledger") == [("job-1 x",)]


def test_what_was_made_goes_when_a_rule_cannot_be_tried(sqlite_base: Base, tmp_path: Path) -> None:
    bench, differences = bench_of(sqlite_base, tmp_path)

    def told(outcome: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        certify(bench, differences, told, some("append adds rows"))
    assert tables_of(sqlite_base) == []


def test_a_report_says_what_it_is_of(sqlite_base: Base, tmp_path: Path) -> None:
    bench, differences = bench_of(sqlite_base, tmp_path)
    found = certify(bench, differences, lambda one: None, some("preview", "what does not fit fails"))
    report = Report("sqlite", "db", "SQLite 3", "main", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "0.1", found)
    page = markdown(report)
    assert "- Date: 2026-01-02T03:04:05+00:00" in page
    assert "Passed: 1 held, 1 differs, 0 broken." in page
    assert json.loads(json.dumps(report.to_json()))["rules"][1]["status"] == "differs"
