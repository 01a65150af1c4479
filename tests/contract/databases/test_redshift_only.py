"""What only Redshift has, on PostgreSQL as a stand-in: values as they arrive, what is refused, how long statements are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from penstock.connectors.databases.redshift import target as redshift_target
from penstock.connectors.databases.redshift.target import RedshiftTarget
from penstock.connectors.databases.targets import Column, Family, Table
from penstock.errors import ConnectionTestFailed
from penstock.kit.secret import hidden
from penstock.plan.ports import Connection
from penstock.wiring import jobs as wiring

if TYPE_CHECKING:
    from tests.contract.databases.conftest import Base, Jobs


@pytest.fixture
def base(redshift_base: Base) -> Base:
    return redshift_base


@pytest.mark.parametrize(
    ("type", "literal", "declared", "wanted"),
    [
        (
            "decimal(38,10)",
            "1234567890123456789012345678.0123456789",
            "string",
            "1234567890123456789012345678.0123456789",
        ),
        ("decimal(38,10)", "9007199254740993", "long", 9007199254740993),
        ("decimal(5,2)", "-1.99", "int", -1),
        ("decimal(5,2)", "1.10", "string", "1.10"),
        ("decimal(5,2)", "1.10", "double", 1.1),
        ("bigint", "-9223372036854775808", "long", -9223372036854775808),
        ("bigint", "2147483648", "int", None),
        ("real", "0.1", "string", "0.1"),
        ("double precision", "1e10", "string", "1.0E10"),
        ("double precision", "'NaN'", "string", "NaN"),
        ("boolean", "true", "string", "true"),
        ("char(4)", "'ab'", "string", "ab  "),
        ("timestamptz", "'2024-05-06 07:08:09.123456+02'", "datetime", "2024-05-06T05:08:09.123Z"),
        ("timestamptz", "'2024-05-06 07:08:09.123456+02'", "string", "2024-05-06 05:08:09.123456+00"),
        ("timestamp", "'0001-01-01'", "datetime", "0001-01-01T00:00:00.000Z"),
        ("timestamp", "'9999-12-31 23:59:59.999999'", "datetime", "9999-12-31T23:59:59.999Z"),
        ("timestamp", "'10000-01-01'", "datetime", None),
        ("timestamp", "'0044-03-15 BC'", "datetime", None),
        ("date", "'2024-05-06'", "datetime", "2024-05-06T00:00:00.000Z"),
        ("date", "'2024-05-06'", "string", "2024-05-06"),
        ("time", "'07:08:09.5'", "string", "07:08:09.5"),
        ("interval", "'1 mon 2 days'", "string", "1 mon 2 days"),
        ("varchar(9)", "'ü'", "string", "ü"),
    ],
)
def test_types(jobs: Jobs, base: Base, type: str, literal: str, declared: str, wanted: object) -> None:
    base.sql(f"CREATE TABLE kinds (v {type})", f"INSERT INTO kinds VALUES ({literal}), (NULL)")
    (line,) = jobs.read([f"v:{declared}"], table="kinds", where_clause="v IS NOT NULL")
    assert json.loads(line)["v"] == wanted
    assert jobs.read([f"v:{declared}"], table="kinds", where_clause="v IS NULL") == ['{"v":null}']


def test_statements_of_many_rows(jobs: Jobs, base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as fit, by their number, their values and their bytes."""
    sent: list[int] = []
    insert = RedshiftTarget._insert

    def noted(self: Any, sql: str, values: list[Any]) -> None:
        sent.append(len(values))
        insert(self, sql, values)

    monkeypatch.setattr(RedshiftTarget, "_insert", noted)
    base.sql('CREATE TABLE t (id int, "n%s" varchar(99))')
    mapping = [{"alias": "id"}, {"alias": "name", "column": "n%s"}]
    text = "".join(f"{number},{'x' * 50}\n" for number in range(2500))
    jobs.write(text, ["id:int", "name:string"], mapping=mapping)
    assert sent == [2000, 2000, 1000]
    monkeypatch.setattr(redshift_target, "MOST_VALUES", 20)
    monkeypatch.setattr(redshift_target, "MOST_BYTES", 300)
    sent.clear()
    jobs.write(text[:530], ["id:int", "name:string"], mapping=mapping)
    assert sent == [4] * 5
    assert base.rows("SELECT count(*) FROM t") == [(2510,)]


def test_a_text_is_not_cut_off(jobs: Jobs, base: Base) -> None:
    base.sql("CREATE TABLE t (name varchar(3))")
    assert "too long" in jobs.refused("abcd\n", ["name:string"])
    assert base.rows("SELECT * FROM t") == []


def test_texts_into_columns_of_other_types(jobs: Jobs, base: Base) -> None:
    base.sql("CREATE TABLE t (at time, c char(3))")
    jobs.write("07:08:09,ab\n", ["at:string", "c:string"])
    assert [(str(at), c) for at, c in base.rows("SELECT at, c FROM t")] == [("07:08:09", "ab ")]


def test_a_zero_character_is_refused(jobs: Jobs, base: Base) -> None:
    assert "holds a zero character, which Redshift" in jobs.refused("a\0b\n", ["name:string"], auto_create_table=True)


def test_columns_that_no_text_is_written_to_are_refused_by_name(
    jobs: Jobs, base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Table('"t"', (Column("j", "super", Family.NONE),))
    monkeypatch.setattr(RedshiftTarget, "find", lambda self, schema, table: found)
    assert "is a super, which takes no chararray" in jobs.refused("a\n", ["j:string"])


@pytest.mark.parametrize("text", ["it's", "a\\b", "\\", ""])
def test_literals_mean_themselves_whatever_a_backslash_means(base: Base, text: str) -> None:
    literal = RedshiftTarget(None).literal(text)  # type: ignore[arg-type]
    assert "\\" not in literal
    assert base.rows(f"SELECT {literal}") == [(text,)]


def test_the_ladder_and_the_catalogue(base: Base) -> None:
    base.sql("CREATE TABLE t (id int NOT NULL, at timestamp)")
    parameters = {name: value for name, value in base.connection.items() if name not in ("type", "secrets")}
    connection = Connection("db", "redshift", parameters, hidden(base.connection["secrets"]))
    databases = wiring.databases("127.0.0.0/8")
    assert [str(one.state) for one in databases.test(connection)] == ["passed"] * 7
    (found,) = databases.tables(connection, None)
    assert (found.schema, found.name, found.is_view) == ("public", "t", False)
    assert [(one.name, one.type, one.is_nullable) for one in found.columns] == [
        ("id", "int", False),
        ("at", "datetime", True),
    ]
    with pytest.raises(ConnectionTestFailed, match="password"):
        databases.test(Connection("db", "redshift", parameters, hidden({"password": "no"})))


def test_what_is_asked_only_reads(base: Base) -> None:
    parameters = {name: value for name, value in base.connection.items() if name not in ("type", "secrets")}
    asks = wiring.databases("127.0.0.0/8").asking(
        {"db": Connection("db", "redshift", parameters, hidden(base.connection["secrets"]))}
    )
    base.sql(
        "CREATE TABLE t (id int)",
        "CREATE FUNCTION adds() RETURNS int LANGUAGE sql AS 'INSERT INTO t VALUES (1) RETURNING id'",
    )
    for _ in range(2):
        cell = asks("db", "SELECT count(*) FROM t")
        assert cell is not None
        assert cell.text == "0"
        base.sql("DELETE FROM t")
    with pytest.raises(Exception, match="read-only"):
        asks("db", "SELECT adds()")
    with pytest.raises(Exception, match="gives no rows"):
        asks("db", "COMMIT")
