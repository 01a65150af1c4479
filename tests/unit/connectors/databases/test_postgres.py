"""Values of a real PostgreSQL: what comes back, what is refused, and how little travels."""

from __future__ import annotations

import pickle
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from penstock.connectors.databases import asking
from penstock.connectors.databases.asking import Databases
from penstock.connectors.databases.postgres import session as postgres
from penstock.errors import ConnectionTestFailed, DataError, PenstockError, PermanentError, TransientError
from penstock.kit.secret import hidden
from penstock.kit.stopping import STOP
from penstock.plan.ports import Ask, Cell, CellKind, Connection

HERE = "127.0.0.0/8"


@pytest.fixture
def connection(shop: dict[str, Any]) -> Connection:
    given = {name: value for name, value in shop.items() if name != "password"}
    return Connection("PG", "postgres", given, hidden({"password": shop["password"]}))


@pytest.fixture
def databases() -> Iterator[Databases]:
    made = Databases(HERE)
    yield made
    made.close()


@pytest.fixture
def ask(databases: Databases, connection: Connection) -> Ask:
    return databases.asking({"PG": connection, "lake": Connection("lake", "file", {"path": "/x"})})


@pytest.mark.parametrize(
    ("sql", "kind", "text"),
    [
        ("SELECT 7", CellKind.WHOLE, "7"),
        ("SELECT 9223372036854775807", CellKind.WHOLE, "9223372036854775807"),
        ("SELECT 10.50", CellKind.DECIMAL, "10.50"),
        ("SELECT 0.1::real", CellKind.FLOAT, "0.1"),
        ("SELECT 1e10::float8", CellKind.DOUBLE, "10000000000"),
        ("SELECT 1 = 1", CellKind.BOOLEAN, "true"),
        ("SELECT 1 = 2", CellKind.BOOLEAN, "false"),
        ("SELECT DATE '2024-05-06'", CellKind.DATE, "2024-05-06"),
        ("SELECT TIMESTAMP '2024-05-06 07:08:09.123456'", CellKind.TIMESTAMP, "2024-05-06 07:08:09.123456"),
        ("SELECT TIMESTAMPTZ '2024-05-06 07:08:09+02'", CellKind.INSTANT, "2024-05-06 05:08:09+00"),
        ("SELECT 'ä\U0001f600\n'", CellKind.TEXT, "ä\U0001f600\n"),
        ("SELECT ''", CellKind.TEXT, ""),
        ("SELECT 'ab'::char(4)", CellKind.TEXT, "ab  "),
        ("SELECT 'über'::bytea", CellKind.TEXT, "über"),
        ("SELECT '{\"a\": 1}'::jsonb", CellKind.OTHER, '{"a": 1}'),
        ("SELECT INTERVAL '1 day 2 hours'", CellKind.OTHER, "1 day 02:00:00"),
        ("SELECT ARRAY[1, 2]", CellKind.OTHER, "{1,2}"),
        ("SELECT name, id FROM region ORDER BY id DESC OFFSET 1", CellKind.TEXT, "west"),
        ("VALUES (3), (4)", CellKind.WHOLE, "3"),
        ("SHOW TimeZone", CellKind.TEXT, "UTC"),
        ("SELECT 1 -- ; SELECT 2", CellKind.WHOLE, "1"),
    ],
)
def test_the_first_column_of_the_first_row(ask: Ask, sql: str, kind: CellKind, text: str) -> None:
    cell = ask("PG", sql)
    assert isinstance(cell, Cell)
    assert (cell.kind, cell.text) == (kind, text)


@pytest.mark.parametrize(
    "sql", ["SELECT NULL", "SELECT 1 WHERE false", "SELECT max(id) FROM region WHERE false", "SELECT"]
)
def test_no_row_and_null_are_null(ask: Ask, sql: str) -> None:
    assert ask("PG", sql) is None


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("SELECT * FROM nowhere", 'the database says: relation "nowhere" does not exist.'),
        ("SELEC 1", "syntax error"),
        ("SELECT 1/0", "division by zero"),
        ("SELECT 1; SELECT 2", "multiple commands"),
        ("INSERT INTO region VALUES (9)", "read-only transaction. Only statements that read can be asked."),
        ("DELETE FROM region RETURNING name", "read-only transaction"),
        ("CREATE TABLE x (a int)", "read-only transaction"),
        ("SET search_path = x", "gives no rows. Write a SELECT."),
        ("BEGIN", "gives no rows"),
        ("", "gives no rows"),
        ("COPY region TO STDOUT", "gives no rows"),
        ("COPY region FROM STDIN", "read-only transaction"),
        ("SELECT '\\xff'::bytea", "no text in UTF-8. Write it as text in the statement, such as encode(value, 'hex')."),
        ("SELECT repeat('x', 17000000)", "larger than 16 MiB"),
    ],
)
def test_what_is_no_question_is_refused_and_the_next_one_answered(ask: Ask, sql: str, says: str) -> None:
    with pytest.raises(PermanentError) as caught:
        ask("PG", sql)
    assert caught.value.message.startswith("Connection 'PG': ")
    assert says in caught.value.message
    assert ask("PG", "SELECT count(*) FROM region") == Cell(CellKind.WHOLE, "3", "bigint")


@pytest.mark.parametrize(("sql", "says"), [("SELECT '\0'", "zero character"), ("SELECT '\ud800'", "surrogate")])
def test_what_is_no_text_is_not_sent(ask: Ask, sql: str, says: str) -> None:
    with pytest.raises(DataError, match=says):
        ask("PG", sql)


def test_of_a_huge_result_only_the_beginning_is_fetched(ask: Ask, connection: Connection, shop: dict[str, Any]) -> None:
    sql = "SELECT generate_series(1, 100000000)::text || repeat('x', 1000)"
    cell = ask("PG", sql)
    assert cell is not None
    assert cell.text.startswith("1x")
    assert ask("PG", "SELECT 2") == Cell(CellKind.WHOLE, "2", "integer")


def test_sessions_are_kept_and_opened_anew_when_they_have_ended(
    ask: Ask, shop: dict[str, Any], postgres_admin: str
) -> None:
    first = ask("PG", "SELECT pg_backend_pid()")
    assert first == ask("PG", "SELECT pg_backend_pid()")
    assert first is not None
    with psycopg.connect(postgres_admin, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", [int(first.text)])
    again = ask("PG", "SELECT pg_backend_pid()")
    assert again is not None
    assert again != first


@pytest.fixture
def postgres_admin(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue("postgres").url("postgres"))


def test_a_key_of_another_password_is_another_session(databases: Databases, connection: Connection) -> None:
    assert databases.asking({"PG": connection})("PG", "SELECT 1") is not None
    wrong = replace(connection, secrets=hidden({"password": "wrong-pass"}))
    with pytest.raises(PermanentError, match="password authentication failed"):
        databases.asking({"PG": wrong})("PG", "SELECT 1")


def test_what_asks_travels_to_other_processes(ask: Ask) -> None:
    assert pickle.loads(pickle.dumps(ask))("PG", "SELECT 1") == Cell(CellKind.WHOLE, "1", "integer")
    assert "canary" not in repr(ask)


def test_only_databases_of_the_job_are_asked(ask: Ask) -> None:
    with pytest.raises(PermanentError, match="There is no connection 'nope'"):
        ask("nope", "SELECT 1")
    with pytest.raises(PermanentError, match="of type 'file', which no statement of SQL can be asked of"):
        ask("lake", "SELECT 1")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"username": "nobody"}, "password authentication failed"),
        ({"database": "nowhere"}, 'database "nowhere" does not exist'),
        ({"port": 1}, "Connection refused"),
        ({"ssl": True}, "Set 'ssl' to false"),
        ({"host": "nowhere.invalid"}, "The host 'nowhere.invalid' is not known"),
        ({"host": "/tmp"}, "is not known"),
    ],
)
def test_a_test_says_what_is_wrong(databases: Databases, connection: Connection, changes: Any, says: str) -> None:
    databases.test(connection)
    with pytest.raises(ConnectionTestFailed) as caught:
        databases.test(replace(connection, parameters={**connection.parameters, **changes}))
    assert says in caught.value.message


def test_a_wrong_password_is_not_repeated(databases: Databases, connection: Connection) -> None:
    with pytest.raises(ConnectionTestFailed, match="password authentication failed") as caught:
        databases.test(replace(connection, secrets=hidden({"password": "reader"})))
    assert "reader" not in caught.value.message


def test_tables_are_looked_at(databases: Databases, connection: Connection) -> None:
    databases.look(connection, "public", "region")
    databases.look(connection, None, "region")
    for schema, table in (("public", "nowhere"), ("nowhere", "region"), ("public", 'a"; DROP TABLE region; --')):
        with pytest.raises(ConnectionTestFailed, match="does not exist"):
            databases.look(connection, schema, table)


def test_internal_addresses_are_refused_unless_they_are_allowed(connection: Connection) -> None:
    with pytest.raises(ConnectionTestFailed, match=r"internal address 127\.0\.0\.1, .* PENSTOCK_OUTBOUND_ALLOW"):
        Databases("").test(connection)
    Databases(None).test(connection)


def test_a_server_that_says_nothing_is_given_up(
    databases: Databases, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "CONNECT_S", 2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        changed = {**connection.parameters, "port": silent.getsockname()[1]}
        with pytest.raises(ConnectionTestFailed, match="timeout expired"):
            databases.test(replace(connection, parameters=changed))


def test_what_takes_too_long_is_cancelled(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "ASK_S", 0)
    with pytest.raises(TransientError, match="took longer"):
        ask("PG", "SELECT pg_sleep(60)")


def test_a_stop_ends_a_statement(ask: Ask) -> None:
    caught: list[PenstockError] = []

    def run() -> None:
        try:
            ask("PG", "SELECT pg_sleep(60)")
        except PenstockError as error:
            caught.append(error)

    STOP.forget()
    thread = threading.Thread(target=run)
    thread.start()
    try:
        STOP.ask()
        thread.join(20)
        assert not thread.is_alive()
    finally:
        STOP.forget()
    assert "stopped" in caught[0].message


def test_many_threads_have_sessions_of_their_own(ask: Ask, databases: Databases) -> None:
    found: list[Cell | None] = []
    together = threading.Barrier(4)

    def run() -> None:
        together.wait(20)
        found.append(ask("PG", "SELECT pg_backend_pid() FROM pg_sleep(0.2)"))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len({cell.text for cell in found if cell is not None}) >= 2
    databases.close()
    assert asking._idle == {}


def test_a_session_that_could_write_is_given_up(
    databases: Databases, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = {name: value for name, value in postgres.SETTINGS.items() if name != "default_transaction_read_only"}
    monkeypatch.setattr(postgres, "SETTINGS", left)
    with pytest.raises(ConnectionTestFailed, match="does not become one that only reads"):
        databases.test(connection)
