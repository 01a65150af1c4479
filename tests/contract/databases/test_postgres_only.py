"""What only PostgreSQL has: its types, rights, and schemas."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from penstock.connectors.databases.postgres import source
from penstock.connectors.databases.postgres.source import PostgresReader

if TYPE_CHECKING:
    from tests.contract.databases.conftest import Base, Jobs


@pytest.fixture
def base(postgres_base: Base) -> Base:
    return postgres_base


@pytest.mark.parametrize(
    ("type", "literal", "declared", "wanted"),
    [
        ("numeric", "123456789012345678901234567890.1234567890", "string", "123456789012345678901234567890.1234567890"),
        ("numeric", "0.1", "double", 0.1), ("numeric", "1.7976931348623157e308", "double", 1.7976931348623157e308),
        ("numeric", "-123456789012345678.987654321", "double", -123456789012345678.987654321),
        ("numeric(38,10)", "9007199254740993", "long", 9007199254740993),
        ("numeric", "-1.99", "int", -1), ("numeric", "2147483648", "int", None), ("numeric", "'NaN'", "long", None),
        ("numeric", "'Infinity'", "long", None), ("numeric", "'NaN'", "string", "NaN"),
        ("numeric", "'NaN'", "double", "NaN"),
        ("bigint", "9223372036854775807", "long", 9223372036854775807),
        ("bigint", "-9223372036854775808", "long", -9223372036854775808),
        ("bigint", "2147483648", "int", None),
        ("real", "0.1", "string", "0.1"),
        ("double precision", "1e10", "string", "1.0E10"),
        ("boolean", "true", "string", "true"),
        ("char(4)", "'ab'", "string", "ab  "),
        ("timestamptz", "'2024-05-06 07:08:09.123456+02'", "datetime", "2024-05-06T05:08:09.123Z"),
        ("timestamptz", "'2024-05-06 07:08:09.123456+02'", "string", "2024-05-06 05:08:09.123456+00"),
        ("timestamp", "'0001-01-01'", "datetime", "0001-01-01T00:00:00.000Z"),
        ("timestamp", "'9999-12-31 23:59:59.999999'", "datetime", "9999-12-31T23:59:59.999Z"),
        ("timestamp", "'infinity'", "datetime", None),
        ("timestamp", "'infinity'", "string", "infinity"),
        ("timestamp", "'294276-12-31'", "datetime", None),
        ("timestamp", "'0044-03-15 BC'", "datetime", "-0043-03-15T00:00:00.000Z"),
        ("date", "'5874897-12-31'", "datetime", None),
        ("date", "'2024-05-06'", "datetime", "2024-05-06T00:00:00.000Z"),
        ("date", "'2024-05-06'", "string", "2024-05-06"),
        ("time", "'07:08:09.5'", "string", "07:08:09.5"),
        ("interval", "'1 mon 2 days'", "string", "1 mon 2 days"),
        ("uuid", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "string", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        ("jsonb", "'{\"a\": [1, null]}'", "json", {"a": [1, None]}),
        ("json", "'[1, 2]'", "json_array", [1, 2]),
        ("json", "'[1,  2]'", "string", "[1,  2]"),
        ("int[]", "'{1,NULL}'", "string", "{1,NULL}"),
        ("int[]", "'{1,2}'", "json_array", [1, 2]),
        ("bytea", "'\\x00ff'", "string", None),
        ("bytea", "'\\x6162'", "string", "ab"),
        ("oid", "4294967295", "long", 4294967295),
        ("inet", "'10.0.0.1/8'", "string", "10.0.0.1/8"),
        ("text", "U&'\\+01F600 \\00FC'", "string", "😀 ü"),
    ],
)  # fmt: skip
def test_types(jobs: Jobs, base: Base, type: str, literal: str, declared: str, wanted: object) -> None:
    base.sql(f"CREATE TABLE kinds (v {type})", f"INSERT INTO kinds VALUES ({literal}), (NULL)")
    where = "v IS NOT NULL"
    if wanted == "NaN" and declared == "double":
        fields = [{"name": "v", "alias": "v", "type": "double"}]
        jobs.run(jobs.source(fields, table="kinds", where_clause=where), jobs.files(delimiter=","))
        assert jobs.lines() == ["NaN"]
        return
    (line,) = jobs.read([f"v:{declared}"], table="kinds", where_clause=where)
    assert json.loads(line)["v"] == wanted
    assert jobs.read([f"v:{declared}"], table="kinds", where_clause="v IS NULL") == ['{"v":null}']


def test_a_schema_of_its_own(jobs: Jobs, base: Base) -> None:
    base.sql("CREATE SCHEMA own")
    jobs.write("1,x\n", ["id:int", "name:string"], schema="own", auto_create_table=True)
    assert base.rows("SELECT * FROM own.t") == [(1, "x")]
    assert base.rows("SELECT job, output, records FROM own._penstock_ledger") == [
        ("job-1 2026-01-02T03:04:05+00:00", "t", 1)
    ]
    assert jobs.read(["id:int"], table="t", schema_name="own") == ['{"id":1}']


def test_without_a_ledger_it_is_said(jobs: Jobs, base: Base) -> None:
    base.sql("CREATE TABLE t (id int)", "RESET ROLE", "REVOKE CREATE ON SCHEMA public FROM loader, public")
    base.sql("ALTER SCHEMA public OWNER TO postgres", "GRANT USAGE ON SCHEMA public TO loader")
    made = jobs.write("1\n", ["id:int"]).outputs[0]
    assert not made.receipt["is_once"]
    assert "records may have been written more than once" in jobs.told.text
    base.sql("CREATE SCHEMA ledgers AUTHORIZATION loader")
    base.connection["ledger_schema"] = "ledgers"
    assert jobs.write("2\n", ["id:int"]).outputs[0].receipt["is_once"]
    assert base.rows("SELECT records FROM ledgers._penstock_ledger") == [(1,)]


def test_rights_are_looked_at_first(jobs: Jobs, base: Base) -> None:
    base.sql("CREATE TABLE t (id int, name text)", "RESET ROLE", "ALTER TABLE t OWNER TO postgres")
    base.sql("GRANT SELECT, INSERT ON t TO loader")
    jobs.write("1,x\n", ["id:int", "name:string"])
    message = jobs.refused("1,x\n", ["id:int", "name:string"], operation="truncate_insert")
    assert 'the user may not TRUNCATE in "t"' in message
    message = jobs.refused("1,x\n", ["id:int", "name:string"], operation="merge_update_insert", mapping=["id*", "name"])
    assert 'the user may not UPDATE in "t"' in message
    assert jobs.told.read == {}


def test_a_view_is_no_table(jobs: Jobs, base: Base) -> None:
    base.sql("CREATE VIEW t AS SELECT 1 AS id")
    assert '"t" is no table' in jobs.refused("1\n", ["id:int"])
    assert jobs.read(["id:int"], table="t") == ['{"id":1}']


def test_types_of_a_table_that_is_made(jobs: Jobs, base: Base) -> None:
    (jobs.lake / "in.csv").write_text('1,2,0.5,0.25,true,2024-05-06T07:08:09.123+02:00,"{""a"":1}",[1],x\n')
    types = ["int", "long", "float", "double", "boolean", "datetime", "json", "json_array", "string"]
    fields = [f"c{index}:{type}" for index, type in enumerate(types)]
    jobs.run(jobs.records(fields), jobs.target(auto_create_table=True))
    found = base.rows(
        "SELECT data_type FROM information_schema.columns WHERE table_name = 't' ORDER BY ordinal_position"
    )
    assert [one for (one,) in found] == [
        "integer", "bigint", "real", "double precision", "boolean", "timestamp with time zone", "json", "json", "text",
    ]  # fmt: skip
    (row,) = base.rows("SELECT * FROM t")
    assert (*row[:5], row[5].isoformat(), *row[6:]) == (
        1, 2, 0.5, 0.25, True, "2024-05-06T05:08:09.123000+00:00", {"a": 1}, [1], "x",
    )  # fmt: skip


def test_in_binary_as_in_text(jobs: Jobs, base: Base) -> None:
    """With `set_null` records go as text, which the server casts."""
    types = {
        "int": "integer", "int2": "bigint", "long": "bigint", "float": "real", "double": "double precision",
        "boolean": "boolean", "datetime": "timestamptz", "datetime2": "timestamp", "string": "text",
        "string2": "varchar(12)", "json": "json",
    }  # fmt: skip
    rows = [
        r'-2147483648,-2147483648,-9223372036854775808,0.1,-0.0,true,0001-01-01T00:00:00Z,2024-02-29T23:59:59.999Z,"",a\b\\,'
        '"{""a"":[1]}"',
        "2147483647,2147483647,9223372036854775807,3.4028235e38,1.7976931348623157E308,false,9999-12-31T23:59:59.999Z,"
        r'1969-12-31T23:59:59.999Z,"ä😀\N",\N,{}',
        ",,,,,,,,,,", "0,0,0,NaN,Infinity,,1970-01-01T00:00:00.000Z,2000-01-01T00:00:00.000Z,\t,twelve chars,",
        "0,0,0,-Infinity,5e-324,,,,,,",
    ]  # fmt: skip
    fields = [f"c{at}:{name.rstrip('2')}" for at, name in enumerate(types)]
    columns = ", ".join(f"c{at} {one}" for at, one in enumerate(types.values()))
    base.sql(f"CREATE TABLE t ({columns})", f"CREATE TABLE u ({columns})")
    jobs.write("\n".join(rows) + "\n", fields)
    jobs.write("\n".join(rows) + "\n", fields, table="u", on_bad_value="set_null")
    asked = "SELECT " + ", ".join(f"c{at}::text" for at in range(len(types))) + " FROM {} ORDER BY 1, 4"
    found = base.rows(asked.format("t"))
    assert found == base.rows(asked.format("u"))
    assert len(found) == 5
    assert "-0" in [row[4] for row in found]


def test_what_a_column_cannot_hold_is_refused_in_binary_too(jobs: Jobs, base: Base) -> None:
    base.sql("CREATE TABLE t (d timestamptz)", "CREATE TABLE u (n integer, s varchar(2))")
    said = jobs.refused("-290300-01-01T00:00:00.000Z\n", ["d:datetime"])
    assert "a date-time of the column 'd' lies before all that PostgreSQL holds" in said
    assert "out of range" in jobs.refused("-9000-01-01T00:00:00.000Z\n", ["d:datetime"])
    assert "out of range" in jobs.refused("2147483648,a\n", ["n:long", "s:string"], table="u")
    said = jobs.refused("1,ab\n2,abc\n", ["n:int", "s:string"], table="u")
    assert "too long" in said
    assert "COPY u, line 2, column s" in said
    assert base.rows("SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM u)") == [(0, 0)]


def test_a_zero_character(jobs: Jobs, base: Base) -> None:
    (jobs.lake / "in.csv").write_bytes(b"1,a\0b\n2,c\n")
    base.sql("CREATE TABLE t (id int, name text)")
    given = jobs.records(["id:int", "name:string"])
    message = jobs.failed(given, jobs.target())
    assert "a text of the column 'name' holds a zero character" in message
    jobs.run(given, jobs.target(on_bad_value="skip"))
    jobs.run(given, jobs.target(on_bad_value="set_null", operation="append"))
    assert base.rows("SELECT * FROM t ORDER BY id, name NULLS FIRST") == [(1, None), (2, "c"), (2, "c")]


def test_a_text_is_read_as_its_column_reads_texts(jobs: Jobs, base: Base) -> None:
    base.sql("CREATE TYPE mood AS ENUM ('good')", "CREATE TABLE t (m mood, u uuid, a int[], i interval, b bytea)")
    values = 'good,a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,"{1,2}",1 day,\\x00ff\n'
    jobs.write(values, ["m:string", "u:string", "a:string", "i:string", "b:string"])
    assert base.rows("SELECT m::text, u::text, a, i::text, b FROM t") == [
        ("good", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", [1, 2], "1 day", b"\x00\xff")
    ]


def test_a_failing_row_fails_the_job(jobs: Jobs) -> None:
    query = "SELECT 1 / (id - 3) AS n FROM generate_series(1, 9) AS id"
    message = jobs.failed(jobs.source(["n:int"], access_mode="query", query=query), jobs.files())
    assert "division by zero" in message
    assert not (jobs.lake / "out").exists()


def test_columns_alike_but_for_their_case(jobs: Jobs, base: Base) -> None:
    base.sql('CREATE TABLE alike ("A" int, a int, "a b" int)', "INSERT INTO alike VALUES (1, 2, 3)")
    fields = [{"name": "A", "alias": "x"}, {"name": "a", "alias": "y"}, {"name": "a b", "alias": "z"}]
    assert jobs.read(fields, table="alike") == ['{"x":"1","y":"2","z":"3"}']


def test_numbers_that_no_double_holds(jobs: Jobs, base: Base) -> None:
    base.sql(
        "CREATE TABLE t (id int, v numeric)",
        "INSERT INTO t VALUES (1, 1e400), (2, -1e400), (3, 'Infinity'), (4, NULL), (5, 'NaN')",
    )
    jobs.run(jobs.source(["id:int", "v:double"], table="t"), jobs.files(delimiter=","))
    assert jobs.lines() == ["1,Infinity", "2,-Infinity", "3,Infinity", "4,", "5,NaN"]
    jobs.run(jobs.source(["id:int", "v:float"], table="t"), jobs.files(delimiter=","))
    assert jobs.lines() == ["1,Infinity", "2,-Infinity", "3,Infinity", "4,", "5,NaN"]


@pytest.mark.parametrize("parallel", [1, 2, 5, 40])
@pytest.mark.parametrize("where", [None, "id <> 3 OR id IS NULL"])
def test_ranges_of_a_key_give_every_row_once(jobs: Jobs, base: Base, parallel: int, where: str | None) -> None:
    base.sql("CREATE TABLE t (id int, n int)", "INSERT INTO t SELECT g, g FROM generate_series(-20, 20) AS g")
    base.sql("INSERT INTO t VALUES (NULL, 100), (NULL, 101), (7, 7)")
    given = {"table": "t", "split_key": "id", "max_parallel": parallel}
    found = jobs.read(["n:int"], **given, **({} if where is None else {"where_clause": where}))
    wanted = [*range(-20, 21), 7, 100, 101]
    if where is not None:
        wanted.remove(3)
    assert sorted(json.loads(line)["n"] for line in found) == sorted(wanted)


def test_ranges_are_of_one_snapshot(jobs: Jobs, base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    base.sql("CREATE TABLE t (id int)", "INSERT INTO t SELECT g FROM generate_series(1, 40) AS g")
    copy = PostgresReader._copy

    def late(self: Any, *args: Any, **more: Any) -> int:
        base.sql("INSERT INTO t SELECT g FROM generate_series(1, 40) AS g")
        return copy(self, *args, **more)

    monkeypatch.setattr(PostgresReader, "_copy", late)
    assert len(jobs.read(["id:int"], table="t", split_key="id", max_parallel=4)) == 40


@pytest.mark.parametrize("where", [None, "n % 10 <> 3"])
def test_pages_give_every_row_once(jobs: Jobs, base: Base, monkeypatch: pytest.MonkeyPatch, where: str | None) -> None:
    """Without a key; places that are free again or were taken twice among them."""
    monkeypatch.setattr(source, "FEWEST_PAGES", 2)
    base.sql("CREATE TABLE t (n int, note text)")
    base.sql("INSERT INTO t SELECT g, repeat('x', 500) FROM generate_series(1, 200) AS g")
    base.sql("DELETE FROM t WHERE n % 7 = 0", "UPDATE t SET note = 'y' WHERE n % 5 = 0")
    begun: list[str] = []
    copy = PostgresReader._copy

    def spied(self: Any, database: Any, statement: str, *args: Any, **more: Any) -> int:
        begun.append(statement)
        return copy(self, database, statement, *args, **more)

    monkeypatch.setattr(PostgresReader, "_copy", spied)
    wanted = [n for n in range(1, 201) if n % 7 and (where is None or n % 10 != 3)]
    for parallel, parts in ((3, 3), (40, 7)):
        begun.clear()
        given = {"table": "t", "max_parallel": parallel, **({} if where is None else {"where_clause": where})}
        assert sorted(json.loads(line)["n"] for line in jobs.read(["n:int"], **given)) == wanted
        assert len(begun) == parts
        assert all("ctid" in one for one in begun)


def test_what_has_no_pages_is_read_in_one_session(jobs: Jobs, base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "FEWEST_PAGES", 1)
    base.sql("CREATE TABLE t (n int)", "INSERT INTO t SELECT g FROM generate_series(1, 2000) AS g")
    base.sql("CREATE VIEW v AS SELECT * FROM t", "CREATE TABLE p (n int) PARTITION BY RANGE (n)")
    base.sql("CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9999)", "INSERT INTO p SELECT * FROM t")
    for table in ("v", "p"):
        assert len(jobs.read(["n:int"], table=table, max_parallel=2)) == 2000
    given = {"access_mode": "query", "query": "SELECT * FROM t", "max_parallel": 2}
    assert len(jobs.read(["n:int"], **given)) == 2000


def test_a_range_that_fails_fails_the_job(jobs: Jobs, base: Base) -> None:
    base.sql("CREATE TABLE t (id int)", "INSERT INTO t SELECT g FROM generate_series(1, 40) AS g")
    query = "SELECT id, 1 / (id - 33) AS n FROM t"
    given = {"access_mode": "query", "query": query, "split_key": "id", "max_parallel": 3}
    assert "division by zero" in jobs.failed(jobs.source(["n:int"], **given), jobs.files())
    base.sql("CREATE TABLE u (id text)", "INSERT INTO u VALUES ('a')")
    message = jobs.failed(jobs.source(["id:string"], table="u", split_key="id", max_parallel=3), jobs.files())
    assert "'split_key' is no column of numbers" in message


@pytest.mark.parametrize("kind", ["numeric", "double precision"])
def test_a_key_of_decimals_or_reals_is_cut(jobs: Jobs, base: Base, kind: str) -> None:
    base.sql(f"CREATE TABLE t (id {kind})", "INSERT INTO t SELECT g / 3.0 FROM generate_series(-20, 20) AS g")
    base.sql("INSERT INTO t VALUES (NULL)")
    given = {"table": "t", "split_key": "id", "max_parallel": 3, "where_clause": "  "}
    found = jobs.read(["id:double"], **given)
    assert (len(found), len({str(one) for one in found})) == (42, 42)
    base.sql("INSERT INTO t VALUES ('NaN')")
    assert len(jobs.read(["id:string"], **given)) == 43


def test_an_empty_table_has_no_ranges(jobs: Jobs, base: Base) -> None:
    base.sql("CREATE TABLE t (id int)")
    assert jobs.read(["id:int"], table="t", split_key="id", max_parallel=4) == []


def seen_by(jobs: Jobs, kept: list[Any], **more: Any) -> tuple[list[int], list[Any]]:
    """Read `t` above its watermark; returns the numbers of its rows, and what is kept then."""
    given = {"table": "t", "source_action": "incremental", "watermark": {"column": "seen"}, **more}
    made = jobs.run(jobs.source(["id:int"], **given), jobs.files(delimiter=","), watermarks=kept)
    moved = [{**one, "mark": one["reached"]} for one in made.watermarks]
    return [int(one) for one in jobs.lines()], moved or kept


def test_a_transaction_that_commits_late_loses_no_row(jobs: Jobs, base: Base, postgres: Any) -> None:
    """R16: its rows have the instant at which it began, and are there when a higher one was read long ago."""
    base.sql("CREATE TABLE t (id int, seen timestamptz DEFAULT now())", "INSERT INTO t VALUES (1, '2020-01-01')")
    given = base.connection
    with psycopg.connect(
        host="127.0.0.1", port=postgres.port, dbname=given["database"], user="loader", password="canary-pw"
    ) as late:
        late.execute("INSERT INTO t (id) VALUES (2)")
        base.sql("INSERT INTO t (id) VALUES (3)")
        ids, kept = seen_by(jobs, [])
        assert ids == [1, 3]
        assert "rows: a transaction is open since " in jobs.told.text
        ids, kept = seen_by(jobs, kept)
        assert ids == [3]
        late.commit()
        ids, kept = seen_by(jobs, kept)
        assert ids == [2, 3]
    assert seen_by(jobs, kept)[0] == []


def test_writers_lose_no_row_while_it_is_read(jobs: Jobs, base: Base, postgres: Any) -> None:
    """R16: rows are committed before, while and after each job reads, in transactions of several rows that overlap."""
    base.sql("CREATE TABLE t (id int PRIMARY KEY, seen timestamptz DEFAULT now())")
    given, numbers, is_done = base.connection, count(1), threading.Event()

    def write() -> None:
        with psycopg.connect(
            host="127.0.0.1", port=postgres.port, dbname=given["database"], user="loader", password="canary-pw"
        ) as writer:
            while not is_done.is_set():
                for _ in range(3):
                    writer.execute("INSERT INTO t (id) VALUES (%s)", [next(numbers)])
                writer.commit()

    read, kept = set[int](), list[Any]()
    with ThreadPoolExecutor(3) as pool:
        writers = [pool.submit(write) for _ in range(3)]
        try:
            for _ in range(6):
                ids, kept = seen_by(jobs, kept)
                read |= set(ids)
        finally:
            is_done.set()
        for one in writers:
            one.result()
    read |= set(seen_by(jobs, kept)[0])
    assert read == {row[0] for row in base.rows("SELECT id FROM t")}


DROPS = """
CREATE FUNCTION drops() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN IF NEW.id = 2 THEN RETURN NULL; END IF; RETURN NEW; END $$
"""


@pytest.mark.parametrize("operation", ["append", "truncate_insert", "merge_delete_insert", "merge_update_insert"])
def test_a_table_that_drops_a_record_fails_the_load(jobs: Jobs, base: Base, operation: str) -> None:
    base.sql("CREATE TABLE t (id int, name text)", "INSERT INTO t VALUES (1, 'old')", DROPS)
    base.sql("CREATE TRIGGER dropping BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION drops()")
    mapping = ["id*", "name"] if operation.startswith("merge") else []
    jobs.refused("1,one\n2,two\n", ["id:int", "name:string"], operation=operation, mapping=mapping)
    assert base.rows("SELECT * FROM t") == [(1, "old")]


def test_what_a_database_leaves_out_is_rejected(jobs: Jobs, base: Base) -> None:
    base.sql("CREATE TABLE t (id int, name text)")
    receipt = jobs.write("x,a\n2,b\n", ["id:string", "name:string"], on_bad_value="skip").outputs[0].receipt
    assert (receipt["left_out"], receipt["rejected"], receipt["filtered"], receipt["written"]) == (1, 1, 0, 1)


LOGS = """
CREATE FUNCTION logs() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO seen (id, what) VALUES (NEW.id, TG_OP); RETURN NEW; END $$
"""


@pytest.mark.parametrize("operation", ["merge_update_insert", "update", "insert_missing"])
def test_keys_that_lie_far_apart_are_looked_for_in_their_order(jobs: Jobs, base: Base, operation: str) -> None:
    base.sql("CREATE TABLE t (id int PRIMARY KEY, name text)", "CREATE TABLE seen (at serial, id int, what text)")
    base.sql("INSERT INTO t SELECT n * 100, 'old' FROM generate_series(0, 20000) AS n", LOGS)
    base.sql("CREATE TRIGGER log BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION logs()", "ANALYZE t")
    lines = ["900000,a", "5,b", "100,c", "1900001,d", "400,e", ",f"][: 5 if operation == "update" else 6]
    if operation != "update":
        base.sql(
            "ALTER TABLE t DROP CONSTRAINT t_pkey", "ALTER TABLE t ALTER id DROP NOT NULL", "CREATE INDEX ON t (id)"
        )
    jobs.write("\n".join(lines) + "\n", ["id:int", "name:string"], operation=operation, mapping=["id*", "name"])
    changed = [(100, "UPDATE"), (400, "UPDATE"), (900000, "UPDATE")]
    added = [(5, "INSERT"), (1900001, "INSERT"), (None, "INSERT")]
    wanted = {"merge_update_insert": changed + added, "update": changed, "insert_missing": added}[operation]
    assert base.rows("SELECT id, what FROM seen ORDER BY at") == wanted
    names = {"merge_update_insert": "abcdef", "update": "ace", "insert_missing": "bdf"}[operation]
    assert base.rows("SELECT string_agg(name, '' ORDER BY name), count(*) FROM t WHERE name <> 'old'") == [
        (names, len(names))
    ]
