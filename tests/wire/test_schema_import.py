"""Looking at tables, queries and files: fields, first records, and what is said where that cannot be."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import pytest
from starlette.testclient import TestClient

from penstock.api.app import Penstock
from penstock.connectors.registry import databases
from penstock.kit.sealing import Seal

ALL = "/acme/api/connections"
KEY = {"Authorization": "Basic d2lyZS10ZXN0LWtleS0wMDAxOg=="}


@pytest.fixture(scope="module")
def client(make_app: Callable[..., Penstock]) -> Iterator[TestClient]:
    """Calls as the owner of the account of a server that has a key, and databases of this machine."""
    app = make_app(seal=Seal([bytes(32)]), databases=databases("127.0.0.0/8"))
    with TestClient(app, raise_server_exceptions=False, headers=KEY) as made:
        yield made


@pytest.fixture(scope="module")
def shop_path(client: TestClient, shop: dict[str, Any], postgres: Any) -> str:
    """The path of a connection to a PostgreSQL with a table of many types, in a schema of its own."""
    with psycopg.connect(postgres.url(shop["database"]), autocommit=True) as admin:
        admin.execute('CREATE SCHEMA "Odd ""schema"')
        admin.execute('GRANT USAGE ON SCHEMA "Odd ""schema" TO reader')
        admin.execute(
            'CREATE TABLE "Odd ""schema"."kinds" (a smallint NOT NULL, b bigint, c numeric(10, 2), d real, e double precision, '
            "f boolean, g date, h timestamptz, i text, j jsonb, k jsonb, l bytea, m uuid, n integer[])"
        )
        admin.execute('GRANT SELECT ON "Odd ""schema"."kinds" TO reader')
        admin.execute('CREATE TABLE "Odd ""schema"."hidden" (a int)')
        admin.execute('CREATE VIEW "Odd ""schema"."view" AS SELECT 1 AS one')
        admin.execute('GRANT SELECT ON "Odd ""schema"."view" TO reader')
        admin.execute(
            """INSERT INTO "Odd ""schema"."kinds" VALUES (1, 9223372036854775807, 10.50, 0.5, 'NaN', true, '2024-05-06',
            '2024-05-06 07:08:09+02', 'ä', '{"x": 1}', '[1]', '\\xff00', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{1,2}'),
            (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)"""
        )
    made = client.post(f"{ALL}/postgres", json={"name": "shop", **shop}).json()
    return f"{ALL}/postgres/{made['id']}"


def looked(client: TestClient, path: str, **query: Any) -> dict[str, Any]:
    answer = client.get(f"{path}/schema", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert set(found) == {"data", "raw", "fields"}
    return found


def refused(client: TestClient, path: str, **query: Any) -> str:
    answer = client.get(f"{path}/schema", params=query)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error_message"] == answer.json()["message"]
    assert "canary" not in answer.text
    return str(answer.json()["message"])


def test_a_table_has_fields_and_records(client: TestClient, shop_path: str) -> None:
    found = looked(client, shop_path, table="kinds", schema_name='Odd "schema')
    assert [next(iter(one.values())) for one in found["fields"]] == [
        "int", "long", "double", "float", "double", "boolean", "datetime", "datetime", "string", "json", "json_array",
        "string", "string", "string",
    ]  # fmt: skip
    assert [next(iter(one)) for one in found["fields"]] == list("abcdefghijklmn")
    assert found["data"][0] == [
        1, 9223372036854775807, "10.50", 0.5, "NaN", True, "2024-05-06", "2024-05-06 05:08:09+00", "ä", '{"x": 1}', "[1]",
        "\\xff00", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "{1,2}",
    ]  # fmt: skip
    assert found["data"][1] == [2] + [None] * 13


def test_a_condition_and_a_number_of_lines(client: TestClient, shop_path: str) -> None:
    assert looked(client, shop_path, table="region", where_clause="id > 1", lines=1)["data"] == [
        [2, "west", "2024-05-07 00:00:00"]
    ]
    empty = looked(client, shop_path, table="region", where_clause="id > 9 -- none")
    assert (empty["data"], empty["fields"][:2]) == ([], [{"id": "int"}, {"name": "string"}])


def test_a_query_has_fields_and_records(client: TestClient, shop_path: str) -> None:
    found = looked(client, shop_path, access_mode="query", query="SELECT generate_series(1, 1000000) AS n", lines=3)
    assert found == {"data": [[1], [2], [3]], "raw": None, "fields": [{"n": "int"}]}
    twice = looked(client, shop_path, access_mode="query", query="SELECT 1 AS a, 2 AS a ORDER BY 1")
    assert twice["fields"] == [{"a": "int"}, {"a": "int"}]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({}, "table is missing"),
        ({"access_mode": "query"}, "query is missing"),
        ({"access_mode": "other", "table": "region"}, "access_mode must be one of table, query, object"),
        ({"table": "nowhere"}, 'relation "nowhere" does not exist'),
        ({"table": "hidden", "schema_name": 'Odd "schema'}, "permission denied"),
        ({"table": "region", "lines": "many"}, "lines must be a whole number"),
        ({"table": "region", "where_clause": "id = 1; DELETE FROM region"}, "syntax error"),
        ({"table": "region", "where_clause": "id = 1) UNION (SELECT 1"}, "UNION"),
        ({"access_mode": "query", "query": "DELETE FROM region RETURNING id"}, "read-only transaction"),
        ({"access_mode": "query", "query": "SELECT 1; SELECT 2"}, "multiple commands"),
        ({"access_mode": "query", "query": "COPY region TO STDOUT"}, "gives no rows"),
    ],
)
def test_what_cannot_be_looked_at_says_why(client: TestClient, shop_path: str, query: Any, says: str) -> None:
    assert says in refused(client, shop_path, **query)


def test_tables_are_listed_with_their_columns(client: TestClient, shop_path: str) -> None:
    found = client.get(f"{shop_path}/tables").json()
    names = [(one["schema_name"], one["name"], one["is_view"]) for one in found]
    assert ("public", "region", False) in names
    assert ('Odd "schema', "view", True) in names
    assert 'Odd "schema' in {one["schema_name"] for one in found}
    assert "hidden" not in {one["name"] for one in found}
    inside = client.get(f"{shop_path}/tables", params={"schema_name": 'Odd "schema'}).json()
    assert [one["name"] for one in inside] == ["kinds", "view"]
    columns = inside[0]["columns"]
    assert columns[0] == {"name": "a", "type": "int", "native_type": "smallint", "nullable": False}
    assert columns[2] == {"name": "c", "type": "double", "native_type": "numeric(10,2)", "nullable": True}
    assert client.get(f"{shop_path}/tables", params={"schema_name": "nowhere' OR '1'='1"}).json() == []


def test_a_mariadb_is_looked_at_too(client: TestClient, market: dict[str, Any]) -> None:
    admin = pymysql.connect(unix_socket=market["socket"], user="root", autocommit=True)
    with admin, admin.cursor() as cursor:
        cursor.execute("CREATE TABLE market.sizes (a int unsigned, b bigint, c decimal(10,2), d longblob)")
        cursor.execute("INSERT INTO market.sizes VALUES (4294967295, -1, 10.50, 0xff00), (1, 2, 3, NULL)")
    given = {name: value for name, value in market.items() if name != "socket"}
    made = client.post(f"{ALL}/mysql", json={"name": "market", **given}).json()
    path = f"{ALL}/mysql/{made['id']}"
    found = looked(client, path, table="sizes", schema_name="market")
    assert found["fields"] == [{"a": "long"}, {"b": "long"}, {"c": "double"}, {"d": "string"}]
    assert found["data"] == [[4294967295, -1, "10.50", "\\xff00"], [1, 2, "3.00", None]]
    assert looked(client, path, access_mode="query", query="SELECT seq FROM seq_1_to_100000", lines=2)["data"] == [
        [1],
        [2],
    ]
    assert "doesn't exist" in refused(client, path, table="nowhere")
    assert "READ ONLY" in refused(client, path, access_mode="query", query="DELETE FROM sizes")
    tables = client.get(f"{path}/tables", params={"schema_name": "market"}).json()
    assert [one["type"] for one in next(one for one in tables if one["name"] == "sizes")["columns"]] == [
        "long", "long", "double", "string",
    ]  # fmt: skip


def test_what_has_no_tables_says_so(client: TestClient, home: Path) -> None:
    made = client.post(f"{ALL}/file", json={"name": "a", "path": str(home / "files")}).json()
    answer = client.get(f"{ALL}/file/{made['id']}/tables")
    assert (answer.status_code, "lists no tables" in answer.json()["error_message"]) == (400, True)
    xero = client.post(f"{ALL}/xero", json={"name": "x", "password": "canary"}).json()
    assert "cannot look at" in refused(client, f"{ALL}/xero/{xero['id']}")
    query = client.post(f"{ALL}/athena", json={
        "name": "x", "username": "u", "password": "canary", "s3_staging_dir": "s3://b/x/", "region": "eu-west-1",
    }).json()  # fmt: skip
    assert "cannot look at" in refused(client, f"{ALL}/athena/{query['id']}", table="t")


@pytest.fixture
def lake(client: TestClient, home: Path) -> Any:
    """Looks at a file of a connection: its name, its content, and parameters of the wire."""
    folder = home / "files" / "looked at"
    folder.mkdir(exist_ok=True)
    made = client.post(f"{ALL}/file", json={"name": "lake", "path": str(folder)}).json()

    def look(name: str, content: str | bytes, **query: Any) -> Any:
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        answer = client.get(f"{ALL}/file/{made['id']}/schema", params={"path": name, **query})
        if answer.status_code == 400:
            return answer.json()["error_message"]
        assert answer.status_code == 200, answer.text
        found = answer.json()
        return [dict(one) for one in found["fields"]], found["data"]

    return look


def test_delimited_files_by_their_header(lake: Any) -> None:
    text = "id,amount,at,ok,name,none\n1,1.5,2024-05-06T07:08:09Z,true,007,\n3000000000,2,2024-05-07,FALSE,x,\n,,,,,\n"
    fields, data = lake("a.csv", text, delimiter=",", skip_header="true")
    assert fields == [
        {"id": "long"}, {"amount": "double"}, {"at": "datetime"}, {"ok": "boolean"}, {"name": "string"}, {"none": "string"},
    ]  # fmt: skip
    assert data == [
        [1, 1.5, "2024-05-06T07:08:09Z", True, "007", None],
        [3000000000, 2.0, "2024-05-07", False, "x", None],
        [None] * 6,
    ]


def test_delimited_files_without_a_header(lake: Any) -> None:
    assert lake("a.tsv", "1\tx\r\n2\ty\tz\r\n") == (
        [{"field1": "int"}, {"field2": "string"}, {"field3": "string"}],
        [[1, "x", None], [2, "y", "z"]],
    )
    assert lake("b.tsv", "a\ta\t\n1\t2\t3\n", skip_header=1)[0] == [{"a": "int"}, {"a_2": "int"}, {"field3": "int"}]
    assert lake("c.tsv", "1\n2\n3\n", lines=2)[1] == [[1], [2]]
    assert lake("empty.tsv", "") == ([], [])


@pytest.mark.parametrize(
    ("text", "query", "row"),
    [
        ('"a,b",c\n', {"quote": '"'}, ["a,b", "c"]),
        ('"a ""b""",c\n', {"quote": '"'}, ['a "b"', "c"]),
        ('"a,b",c\n', {}, ['"a', 'b"', "c"]),
        ('"a\nb",c\n', {"quote": "quoted_multi_line"}, ["a\nb", "c"]),
        ("a\\,b,c\n", {"escape": "\\"}, ["a,b", "c"]),
    ],
)
def test_quotes_and_escapes(lake: Any, text: str, query: dict[str, str], row: list[str]) -> None:
    assert lake("q.csv", text, delimiter=",", **query)[1] == [row]


def test_text_in_other_character_sets(lake: Any) -> None:
    for encoding in ("latin-1", "utf-16", "utf-16-be"):
        found = lake("e.tsv", "é\tx\n".encode(encoding), encoding=encoding.removesuffix("-be"))
        assert found[1] == [["é", "x"]]
    assert lake("m.tsv", "\ufeffé\tx\n".encode("utf-16-le"), encoding="utf-16-le")[1] == [["é", "x"]]
    assert "'l.tsv' is not valid UTF-8. Set 'encoding'" in lake("l.tsv", "é\n".encode("latin-1"))
    assert "encoding is no character set" in lake("l.tsv", b"x\n", encoding="klingon")
    assert lake("cut.tsv", ("aé\n" * 300_000)[1:].encode())[0] == [{"field1": "string"}]


def test_lines_end_in_any_way_and_empty_ones_are_no_records(lake: Any) -> None:
    assert lake("r.tsv", "1\tx\r\r2\ty\r\n\n3\tz\n")[1] == [[1, "x"], [2, "y"], [3, "z"]]


def test_packed_files_are_unpacked(lake: Any) -> None:
    assert lake("a.tsv.gz", gzip.compress(b"1\tx\n"))[1] == [[1, "x"]]
    assert "'broken.tsv.gz' cannot be read" in lake("broken.tsv.gz", b"no gzip")
    assert "only text is looked at" in lake("a.parquet", b"PAR1")


def test_json_files(lake: Any) -> None:
    text = '{"a": 1, "b": {"c": [1]}}\n{"a": 2.5, "d": [1], "e": "2024-05-06T07:08:09Z", "f": true}\n'
    fields, data = lake("a.json", text, record_type="json")
    assert fields == [
        {"a": "double"}, {"b": "json"}, {"d": "json_array"}, {"e": "datetime"}, {"f": "boolean"},
    ]  # fmt: skip
    assert data == [[1, {"c": [1]}, None, None, None], [2.5, None, [1], "2024-05-06T07:08:09Z", True]]
    assert lake("b.json", '{"a":\n 1}', record_type="json", record_delimiter="eof") == ([{"a": "int"}], [[1]])
    assert "no JSON in line 2" in lake("c.json", '{"a": 1}\nx\n', record_type="json")
    assert "no JSON in line 1" in lake("d.json", '{"a": NaN}\n', record_type="json")
    assert lake("e.json", "1\n", record_type="json") == ([{"record": "int"}], [[1]])


def test_raw_files(lake: Any) -> None:
    assert lake("a.txt", "x\ny\n", record_type="raw") == ([{"record": "string"}], [["x"], ["y"]])
    assert lake("a.txt", "x\ny\n", record_type="raw", record_delimiter="eof")[1] == [["x\ny\n"]]


def test_a_large_file_is_looked_at_from_its_beginning(lake: Any) -> None:
    fields, data = lake("large.tsv", "1\tx\n" * 400_000, lines=1000)
    assert (fields, len(data)) == ([{"field1": "int"}, {"field2": "string"}], 1000)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"delimiter": "ab"}, "one character each"),
        ({"record_type": "xml"}, "record_type must be one of"),
        ({"quote": "'"}, "quote must be one of"),
        ({"path": "nowhere.csv"}, "No file matches"),
        ({"path": ""}, "path is missing"),
        ({"path": "../x"}, "'..'"),
        ({"lines": 0}, "lines must be a whole number"),
    ],
)
def test_files_that_cannot_be_looked_at_say_why(lake: Any, query: dict[str, str], says: str) -> None:
    assert says in lake("x.csv", "1,2\n", **query)
