"""Values of a real MariaDB: what comes back, what is refused, and how little travels."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pymysql
import pytest

from penstock.connectors.databases.asking import Databases
from penstock.connectors.databases.mysql import session as mysql
from penstock.connectors.places import Place
from penstock.errors import ConnectionTestFailed, DataError, PenstockError, PermanentError, TransientError
from penstock.kit.secret import hidden
from penstock.kit.stopping import STOP
from penstock.plan.ports import Ask, Cell, CellKind, Connection

HERE = "127.0.0.0/8"


@pytest.fixture
def connection(market: dict[str, Any]) -> Connection:
    given = {name: value for name, value in market.items() if name not in ("password", "socket", "pid")}
    return Connection("MY", "mysql", given, hidden({"password": market["password"]}))


@pytest.fixture
def databases() -> Iterator[Databases]:
    made = Databases(HERE)
    yield made
    made.close()


@pytest.fixture
def ask(databases: Databases, connection: Connection) -> Ask:
    return databases.asking({"MY": connection})


@pytest.mark.parametrize(
    ("sql", "kind", "text"),
    [
        ("SELECT 7", CellKind.WHOLE, "7"),
        ("SELECT 18446744073709551615", CellKind.WHOLE, "18446744073709551615"),
        ("SELECT 10.50", CellKind.DECIMAL, "10.50"),
        ("SELECT 1e10", CellKind.DOUBLE, "10000000000"),
        ("SELECT 1 = 1", CellKind.WHOLE, "1"),
        ("SELECT b'101'", CellKind.TEXT, "\x05"),
        ("SELECT DATE '2024-05-06'", CellKind.DATE, "2024-05-06"),
        ("SELECT TIMESTAMP '2024-05-06 07:08:09.123456'", CellKind.TIMESTAMP, "2024-05-06 07:08:09.123456"),
        ("SELECT loaded_at FROM region WHERE id = 2", CellKind.TIMESTAMP, "2024-05-07 00:00:00.000000"),
        ("SELECT TIME '07:08:09'", CellKind.OTHER, "07:08:09"),
        ("SELECT 'ä\U0001f600\n'", CellKind.TEXT, "ä\U0001f600\n"),
        ("SELECT ''", CellKind.TEXT, ""),
        ("SELECT CAST('über' AS BINARY)", CellKind.TEXT, "über"),
        ("SELECT name, id FROM region ORDER BY id DESC LIMIT 1 OFFSET 1", CellKind.TEXT, "west"),
        ("SELECT id FROM region ORDER BY id LIMIT 3", CellKind.WHOLE, "1"),
        ("SELECT 3 UNION SELECT 4", CellKind.WHOLE, "3"),
        ("SELECT @@time_zone", CellKind.TEXT, "+00:00"),
        ("SELECT count(*) FROM (SELECT id FROM region) AS r", CellKind.WHOLE, "3"),
        ("SHOW TABLES LIKE 'reg%'", CellKind.TEXT, "region"),
        ("SELECT b FROM kinds", CellKind.WHOLE, "5"),
        ("SELECT f FROM kinds", CellKind.FLOAT, "0.1"),
        ("SELECT at FROM kinds", CellKind.INSTANT, "2024-05-06 05:08:09"),
        ("SELECT y FROM kinds", CellKind.WHOLE, "2024"),
        ("SELECT j FROM kinds", CellKind.TEXT, '{"a": 1}'),
        ("SELECT l FROM kinds", CellKind.TEXT, "über"),
        ("SELECT yes FROM kinds", CellKind.WHOLE, "1"),
    ],
)
def test_the_first_column_of_the_first_row(ask: Ask, sql: str, kind: CellKind, text: str) -> None:
    cell = ask("MY", sql)
    assert isinstance(cell, Cell)
    assert (cell.kind, cell.text) == (kind, text)


@pytest.mark.parametrize(
    "sql", ["SELECT NULL", "SELECT 1 FROM region WHERE false", "SELECT max(id) FROM region WHERE false"]
)
def test_no_row_and_null_are_null(ask: Ask, sql: str) -> None:
    assert ask("MY", sql) is None


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("SELECT * FROM nowhere", "the database says: Table 'market.nowhere' doesn't exist."),
        ("SELEC 1", "You have an error in your SQL syntax"),
        ("SELECT 1; SELECT 2", "You have an error in your SQL syntax"),
        ("INSERT INTO region VALUES (9, '', NULL)", "READ ONLY transaction. Only statements that read can be asked."),
        ("DELETE FROM region", "READ ONLY transaction"),
        ("CREATE TABLE x (a int)", "READ ONLY transaction"),
        ("SET @x = 1", "gives no rows. Write a SELECT."),
        ("", "Query was empty"),
        ("SELECT x'ff'", "no text in UTF-8. Write it as text in the statement, such as HEX(value)."),
        ("LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE region", ""),
    ],
)
def test_what_is_no_question_is_refused_and_the_next_one_answered(ask: Ask, sql: str, says: str) -> None:
    with pytest.raises(PermanentError) as caught:
        ask("MY", sql)
    assert caught.value.message.startswith("Connection 'MY': ")
    assert says in caught.value.message
    assert ask("MY", "SELECT count(*) FROM region") == Cell(CellKind.WHOLE, "3", "bigint")


@pytest.mark.parametrize(("sql", "says"), [("SELECT '\0'", "zero character"), ("SELECT '\ud800'", "surrogate")])
def test_what_is_no_text_is_not_sent(ask: Ask, sql: str, says: str) -> None:
    with pytest.raises(DataError, match=says):
        ask("MY", sql)


@pytest.mark.parametrize("limit", ["", " LIMIT 1000000000"])
def test_of_a_huge_result_only_the_beginning_is_fetched(ask: Ask, limit: str) -> None:
    cell = ask("MY", f"SELECT concat(seq, repeat('x', 1000)) FROM seq_1_to_100000000{limit}")
    assert cell is not None
    assert cell.text.startswith("1x")
    assert ask("MY", "SELECT 2") == Cell(CellKind.WHOLE, "2", "int")


def test_sessions_are_kept_and_opened_anew_when_they_have_ended(ask: Ask, market: dict[str, Any]) -> None:
    first = ask("MY", "SELECT connection_id()")
    assert first == ask("MY", "SELECT connection_id()")
    assert first is not None
    admin = pymysql.connect(unix_socket=market["socket"], user="root", autocommit=True)
    with admin, admin.cursor() as cursor:
        cursor.execute(f"KILL {first.text}")
    again = ask("MY", "SELECT connection_id()")
    assert again is not None
    assert again != first


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"username": "nobody"}, "Access denied for user 'nobody'"),
        ({"database": "nowhere"}, "nowhere"),
        ({"port": 1}, "Connection refused"),
        ({"host": "nowhere.invalid"}, "The host 'nowhere.invalid' is not known"),
    ],
)
def test_a_test_says_what_is_wrong(databases: Databases, connection: Connection, changes: Any, says: str) -> None:
    databases.test(connection)
    with pytest.raises(ConnectionTestFailed) as caught:
        databases.test(replace(connection, parameters={**connection.parameters, **changes}))
    assert says in caught.value.message
    with pytest.raises(ConnectionTestFailed, match="Access denied"):
        databases.test(replace(connection, secrets=hidden({"password": "wröng"})))


@pytest.mark.parametrize(("ssl", "version"), [(True, "TLSv1.3"), (False, "")])
def test_tls_is_used_where_it_is_asked_for(
    databases: Databases, connection: Connection, ssl: bool, version: str
) -> None:
    changed = replace(connection, parameters={**connection.parameters, "ssl": ssl})
    sql = "SELECT variable_value FROM information_schema.session_status WHERE variable_name = 'Ssl_version'"
    cell = databases.asking({"MY": changed})("MY", sql)
    assert cell is not None
    assert cell.text == version


def test_tables_are_looked_at(databases: Databases, connection: Connection) -> None:
    databases.look(connection, "market", "region")
    databases.look(connection, None, "region")
    for table in ("nowhere", "a`; DROP TABLE region; --"):
        with pytest.raises(ConnectionTestFailed, match="doesn't exist"):
            databases.look(connection, "market", table)


def test_internal_addresses_are_refused_unless_they_are_allowed(connection: Connection) -> None:
    with pytest.raises(ConnectionTestFailed, match=r"internal address 127\.0\.0\.1"):
        Databases("").test(connection)


@pytest.mark.parametrize("said", [b"", b"\x00", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x05\x00\x00\x00\x0aabcd"])
def test_a_server_that_is_none_is_given_up(
    databases: Databases, connection: Connection, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(mysql, "CONNECT_S", 2)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            probe, _ = server.accept()  # the rung before
            probe.close()
            one, _ = server.accept()
            with one:
                one.sendall(said)
                one.recv(1)

        thread = threading.Thread(target=answer)
        thread.start()
        changed = {**connection.parameters, "port": server.getsockname()[1]}
        with pytest.raises(ConnectionTestFailed):
            databases.test(replace(connection, parameters=changed))
        thread.join(20)


def test_what_takes_too_long_is_ended(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mysql, "ASK_S", 1)
    with pytest.raises(TransientError, match="took longer"):
        ask("MY", "SELECT count(*) FROM seq_1_to_100000 a JOIN seq_1_to_100000 b WHERE a.seq * b.seq % 7 = 8")


def test_a_stop_ends_a_statement(ask: Ask) -> None:
    caught: list[PenstockError] = []
    ask("MY", "SELECT 1")

    def run() -> None:
        try:
            ask("MY", "SELECT sleep(30)")
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


def test_a_server_that_is_silent_is_asked_whether_it_is_there(market: dict[str, Any]) -> None:
    place = Place(market["host"], market["port"], (market["host"],))
    with mysql._connected(place) as made:
        assert made.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert made.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 30
