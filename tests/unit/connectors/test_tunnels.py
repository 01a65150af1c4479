"""Tunnels through a real SSH server to a real PostgreSQL: whom they trust, what breaks them, and what is said."""

from __future__ import annotations

import socket
import threading
from typing import Any

import asyncssh
import pytest

from penstock.connectors import ssh, tunnels
from penstock.connectors.databases.asking import Databases
from penstock.connectors.places import Place
from penstock.errors import ConnectionTestFailed, PermanentError, TransientError
from penstock.kit.secret import hidden
from penstock.kit.stopping import STOP
from penstock.plan.ports import Cell, CellKind, Connection


@pytest.fixture
def connection(ssh_server: Any, shop: dict[str, Any]) -> Connection:
    """A connection to a database that only the SSH server knows by its name."""
    ssh_server.reaches[("db.internal", 5432)] = ("127.0.0.1", shop["port"])
    given = {name: value for name, value in shop.items() if name != "password"}
    given |= {
        "host": "db.internal", "port": 5432, "ssh_host": "127.0.0.1", "ssh_port": ssh_server.port, "ssh_username": "guest",
        "ssh_host_key": ssh_server.public,
    }  # fmt: skip
    return Connection(
        "PG", "postgres", given, hidden({"password": shop["password"], "ssh_password": ssh_server.password})
    )


def changed(connection: Connection, secrets: dict[str, str] | None = None, **changes: Any) -> Connection:
    given = connection.secrets if secrets is None else {"password": connection.secrets["password"], **hidden(secrets)}
    return Connection("PG", "postgres", {**connection.parameters, **changes}, given)


def broken(connection: Connection, allow: str | None = None) -> tuple[str, str]:
    with pytest.raises(ConnectionTestFailed) as caught:
        Databases(allow).test(connection)
    assert "canary" not in caught.value.message
    return caught.value.rungs[-1].name, caught.value.message


@pytest.fixture(autouse=True)
def nothing_stays() -> Any:
    yield
    assert (ssh._tunnels, ssh._loop) == ({}, None)
    assert "tunnels" not in [one.name for one in threading.enumerate()]


def test_a_test_climbs_through_the_tunnel(connection: Connection) -> None:
    names = [one.name for one in Databases(None).test(connection)]
    assert names == ["tunnel", "port", "login", "privileges", "version", "clock", "row"]


def test_without_a_host_the_way_is_direct(shop: dict[str, Any]) -> None:
    with tunnels.way(Connection("PG", "postgres", {"host": "127.0.0.1", "port": 7, "ssh_host": ""}), None) as place:
        assert place == Place("127.0.0.1", 7, ("127.0.0.1",))


def test_tunnels_are_shared_and_go_with_the_last(connection: Connection, ssh_server: Any) -> None:
    first = tunnels.way(connection, None)
    second = tunnels.way(connection, None)
    assert (first.place, ssh_server.logins) == (second.place, 1)
    assert first.place.host == "db.internal"
    first.close()
    first.close()
    second.check()
    other = tunnels.way(connection, None, "db.internal", 5433)
    with pytest.raises(TransientError, match=r"cannot reach 'db\.internal', port 5433"):
        other.check()
    other.close()
    second.close()


def test_a_key_opens_too(connection: Connection, ssh_server: Any) -> None:
    plain = ssh_server.key.export_private_key("openssh").decode()
    closed = ssh_server.key.export_private_key("openssh", passphrase="canary-pass").decode()
    for keys in ({"ssh_private_key": plain}, {"ssh_private_key": closed, "ssh_passphrase": "canary-pass"}):
        Databases(None).test(changed(connection, keys))
    for keys in (
        {"ssh_private_key": closed, "ssh_passphrase": "canary-wrong"},
        {"ssh_private_key": closed},
        {"ssh_private_key": plain[:60]},
        {"ssh_private_key": "canary"},
    ):
        rung, says = broken(changed(connection, keys))
        assert (rung, "'ssh_private_key' cannot be read" in says) == ("tunnel", True), says
    stranger = asyncssh.generate_private_key("ssh-ed25519").export_private_key("openssh").decode()
    rung, says = broken(changed(connection, {"ssh_private_key": stranger}))
    assert (rung, "does not let the user 'guest' in" in says) == ("tunnel", True), says


def test_a_host_key_that_nobody_named_is_refused_and_shown(connection: Connection, ssh_server: Any) -> None:
    rung, says = broken(changed(connection, ssh_host_key=""))
    assert rung == "tunnel"
    assert says.endswith(f"set 'ssh_host_key' to: {ssh_server.public}")
    assert ssh_server.host_keys[0].get_fingerprint() in says
    Databases(None).test(changed(connection, ssh_host_key=says.rpartition(": ")[2]))


def test_any_of_the_named_host_keys_is_trusted(connection: Connection, ssh_server: Any) -> None:
    rsa = ssh_server.host_keys[1].export_public_key("openssh").decode()
    for known in (
        ssh_server.host_keys[0].get_fingerprint(),
        ssh_server.host_keys[1].get_fingerprint(),
        rsa,
        f"gate.example.com {rsa}\n# comment\ngate.example.com {ssh_server.public} someone@there\n",
    ):
        Databases(None).test(changed(connection, ssh_host_key=known))


def test_another_host_key_is_refused(connection: Connection) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519")
    for known in (other.export_public_key("openssh").decode(), other.get_fingerprint()):
        rung, says = broken(changed(connection, ssh_host_key=known))
        assert (rung, "shows another host key" in says) == ("tunnel", True), says
    elliptic = asyncssh.generate_private_key("ecdsa-sha2-nistp256").export_public_key("openssh").decode()
    rung, _ = broken(changed(connection, ssh_host_key=elliptic))
    assert rung == "tunnel"


@pytest.mark.parametrize(
    ("changes", "rung", "says"),
    [
        ({"ssh_username": "nobody"}, "tunnel", "does not let the user 'nobody' in"),
        ({"ssh_port": 1}, "tunnel", "The SSH server '127.0.0.1', port 1 cannot be reached: "),
        ({"ssh_host": "nowhere.invalid"}, "tunnel", "Of the tunnel: the host 'nowhere.invalid' is not known"),
        ({"host": "elsewhere"}, "port", "The SSH server '127.0.0.1' cannot reach 'elsewhere', port 5432"),
        ({"username": "nobody"}, "login", "password authentication failed"),
    ],
)
def test_tunnel_and_database_have_messages_of_their_own(
    connection: Connection, changes: dict[str, Any], rung: str, says: str
) -> None:
    found = broken(changed(connection, **changes))
    assert (found[0], says in found[1]) == (rung, True), found


def test_a_wrong_password_is_not_repeated(connection: Connection) -> None:
    rung, says = broken(changed(connection, {"ssh_password": "canary-wrong"}))
    assert (rung, "does not let the user" in says) == ("tunnel", True)


def test_the_address_of_the_ssh_server_is_checked_and_that_behind_it_is_not(connection: Connection) -> None:
    rung, says = broken(connection, "")
    assert (rung, "internal address 127.0.0.1" in says) == ("tunnel", True), says
    Databases("127.0.0.0/8").test(connection)


def test_what_listens_there_may_be_no_ssh_server(connection: Connection, shop: dict[str, Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            one, _ = server.accept()
            with one:
                one.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        rung, says = broken(changed(connection, ssh_port=server.getsockname()[1]))
        thread.join(20)
    assert (rung, "cannot be used" in says) == ("tunnel", True), says


def test_a_broken_tunnel_is_opened_anew(connection: Connection, ssh_server: Any) -> None:
    databases = Databases(None)
    ask = databases.asking({"PG": connection})
    assert ask("PG", "SELECT 1") == Cell(CellKind.WHOLE, "1", "integer")
    for _ in range(2):
        ssh_server.drop()
        assert ask("PG", "SELECT 2") == Cell(CellKind.WHOLE, "2", "integer")
    assert ssh_server.logins == 3
    databases.close()


def test_an_idle_tunnel_is_kept_alive(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}
    connect = asyncssh.connect

    async def notes(*args: Any, **words: Any) -> Any:
        asked.update(words)
        return await connect(*args, **words)

    monkeypatch.setattr(asyncssh, "connect", notes)
    Databases(None).test(connection)
    assert (asked["keepalive_interval"], asked["keepalive_count_max"]) == (15, 3)
    assert (asked["config"], asked["agent_path"], asked["client_keys"]) == (None, None, None)


def test_much_goes_through_both_ways(ssh_server: Any, connection: Connection) -> None:
    size = 8 << 20
    with socket.create_server(("127.0.0.1", 0)) as server:
        ssh_server.reaches[("echo", 7)] = server.getsockname()

        def echo() -> None:
            one, _ = server.accept()
            with one:
                while data := one.recv(1 << 16):
                    one.sendall(data)

        thread = threading.Thread(target=echo)
        thread.start()
        with tunnels.way(connection, None, "echo", 7) as place, places_connected(place) as near:
            sender = threading.Thread(target=lambda: (near.sendall(b"x" * size), near.shutdown(socket.SHUT_WR)))
            sender.start()
            received = 0
            while data := near.recv(1 << 16):
                received += len(data)
            sender.join(20)
        thread.join(20)
    assert received == size


def places_connected(place: Place) -> socket.socket:
    return socket.create_connection((place.addresses[0], place.port), 20)


def test_a_stop_ends_the_waiting(connection: Connection) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        caught: list[BaseException] = []
        STOP.forget()

        def run() -> None:
            try:
                tunnels.way(changed(connection, ssh_port=silent.getsockname()[1]), None)
            except (TransientError, PermanentError) as error:
                caught.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            STOP.ask()
            thread.join(20)
        finally:
            STOP.forget()
    assert "stopped" in str(caught[0])
