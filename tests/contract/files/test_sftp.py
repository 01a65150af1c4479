"""What only servers of SFTP have: host keys, logins, absolute paths, things that are no files."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from asyncssh.sftp import SFTPAttrs

from penstock.connectors.files.sftp import SftpFiles
from penstock.errors import ConnectionTestFailed, PermanentError
from penstock.kit.secret import hidden
from penstock.plan.operators import ConnectionRef, FileTarget, Scan, Write
from penstock.plan.ports import Connection, Landing, Written


@pytest.fixture
def connection(sshd: Any) -> Connection:
    account = {"host": "127.0.0.1", "port": sshd.port, "username": "guest", "host_key": sshd.public}
    return Connection("data", "sftp", account, hidden({"password": sshd.password}))


def but(connection: Connection, secrets: dict[str, str] | None = None, **parameters: Any) -> Connection:
    given = {name: value for name, value in {**connection.parameters, **parameters}.items() if value is not None}
    return replace(connection, parameters=given, secrets=connection.secrets if secrets is None else hidden(secrets))


def test_a_password_or_a_key_lets_in(connection: Connection, sshd: Any) -> None:
    store = SftpFiles(None)
    key = sshd.key.export_private_key().decode()
    locked = sshd.key.export_private_key("pkcs8-pem", "canary-phrase").decode()
    store.test(connection)
    store.test(but(connection, {"private_key": key}, auth_method="key"))
    store.test(but(connection, {"private_key": locked, "passphrase": "canary-phrase"}, auth_method="key"))


@pytest.mark.parametrize("named", ["public", "finger", "both"])
def test_a_host_key_may_be_named_by_itself_or_its_fingerprint(connection: Connection, sshd: Any, named: str) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").get_fingerprint()
    finger = sshd.host_key.get_fingerprint()
    SftpFiles(None).test(
        but(connection, host_key={"public": sshd.public, "finger": finger, "both": f"{other} {finger}"}[named])
    )


def test_a_host_key_that_nobody_named_is_refused_and_shown(connection: Connection, sshd: Any) -> None:
    with pytest.raises(ConnectionTestFailed) as caught:
        SftpFiles(None).test(but(connection, host_key=None))
    assert "obody has said which host key the SSH server" in caught.value.message
    assert caught.value.message.endswith(f"set 'host_key' to: {sshd.public}")
    other = asyncssh.generate_private_key("ssh-ed25519")
    with pytest.raises(ConnectionTestFailed, match="shows another host key"):
        SftpFiles(None).test(but(connection, host_key=other.get_fingerprint()))


def test_who_is_not_let_in_is_told_so(connection: Connection) -> None:
    stranger = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
    for wrong in (
        but(connection, {"password": "canary-wrong"}),
        but(connection, {"private_key": stranger}, auth_method="key"),
    ):
        with pytest.raises(ConnectionTestFailed, match="does not let the user 'guest' in") as caught:
            SftpFiles(None).test(wrong)
        assert "canary" not in caught.value.message


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"host": None}, "has no host"),
        ({"username": None}, "has no username"),
        ({"secrets": {}}, "has no password"),
        ({"secrets": {}, "auth_method": "key"}, "has no private_key"),
        ({"secrets": {"private_key": "canary"}, "auth_method": "key"}, "The key 'private_key' cannot be read"),
    ],
)
def test_what_a_connection_lacks_is_said(connection: Connection, change: dict[str, Any], said: str) -> None:
    with pytest.raises(ConnectionTestFailed, match=said):
        SftpFiles(None).test(but(connection, **change))


def test_an_internal_server_is_refused_unless_it_is_allowed(connection: Connection) -> None:
    with pytest.raises(ConnectionTestFailed, match=r"internal address 127.0.0.1.*PENSTOCK_OUTBOUND_ALLOW"):
        SftpFiles("10.0.0.0/8").test(connection)
    SftpFiles("127.0.0.1/32").test(connection)


def test_paths_count_from_the_login_or_from_the_uppermost_folder(
    connection: Connection, sshd: Any, source: Callable[..., Scan], landing: Callable[..., Landing]
) -> None:
    (sshd.data / "absolute").mkdir()
    (sshd.data / "absolute" / "a.csv").write_text("a")
    sshd.opened()
    store = SftpFiles(None)
    for path in (f"{sshd.data}/absolute/*.csv", f"{sshd.data}/absolute/"):
        (found,) = store.bind(source(path), connection, landing()).files
        assert found.name == f"{sshd.data}/absolute/a.csv"
        assert Path(found.location).read_text() == "a"
    (found,) = store.bind(source("absolute/a.csv"), connection, landing()).files
    assert found.name == "absolute/a.csv"


def test_links_are_followed_and_what_is_no_file_is_named(
    connection: Connection, sshd: Any, source: Callable[..., Scan], landing: Callable[..., Landing]
) -> None:
    (sshd.data / "links").mkdir()
    (sshd.data / "links" / "real.csv").write_text("real")
    (sshd.data / "links" / "link.csv").symlink_to("real.csv")
    os.mkfifo(sshd.data / "links" / "pipe")
    sshd.opened()
    store = SftpFiles(None)
    found = store.bind(source("links/*.csv"), connection, landing()).files
    assert [(one.name, Path(one.location).read_text()) for one in found] == [
        ("links/link.csv", "real"),
        ("links/real.csv", "real"),
    ]
    with pytest.raises(PermanentError, match="'links/pipe' is no regular file"):
        store.bind(source("links/"), connection, landing())


def test_what_cannot_be_read_keeps_nobody_from_the_others_of_its_folder(
    connection: Connection, sshd: Any, source: Callable[..., Scan], landing: Callable[..., Landing]
) -> None:
    folder = sshd.data / "odd"
    folder.mkdir()
    (folder / "good.csv").write_text("good")
    (folder / "lost.csv").symlink_to("nowhere.csv")
    (folder / "round.csv").symlink_to("round.csv")
    os.close(os.open(os.fsencode(folder) + b"/caf\xe9.csv", os.O_CREAT))
    sshd.opened()
    store = SftpFiles(None)
    (found,) = store.bind(source("odd/g*.csv"), connection, landing()).files
    assert Path(found.location).read_text() == "good"
    for path, said in (
        ("odd/l*.csv", "'odd/lost.csv' is no regular file, or a link that leads to none"),
        ("{odd,other}/r*.csv", "'odd/round.csv' is no regular file, or a link that leads to none"),
        ("odd/c*.csv", r"The name 'odd/caf\\udce9.csv' of a file is not valid UTF-8"),
        ("odd/", "is not valid UTF-8"),
    ):
        with pytest.raises(PermanentError, match=said):
            store.bind(source(path), connection, landing())


def test_a_file_of_a_size_that_nobody_says_is_not_taken_for_an_empty_one(
    connection: Connection,
    sshd: Any,
    source: Callable[..., Scan],
    landing: Callable[..., Landing],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (sshd.data / "unsized").mkdir()
    (sshd.data / "unsized" / "a.csv").write_text("a")
    sshd.opened()
    decode = SFTPAttrs.decode

    def unsized(*words: Any, **named: Any) -> SFTPAttrs:
        made = decode(*words, **named)
        made.size = None
        return made

    monkeypatch.setattr(SFTPAttrs, "decode", staticmethod(unsized))
    for path in ("unsized/a.csv", "unsized/", "unsized/*"):
        with pytest.raises(PermanentError, match="does not say how large"):
            SftpFiles(None).bind(source(path), connection, landing())


@pytest.mark.parametrize("path", ["nowhere", "nowhere/out"])
def test_a_link_that_leads_nowhere_is_no_place_to_write(
    connection: Connection, sshd: Any, source: Callable[..., Scan], tmp_path: Path, path: str
) -> None:
    (sshd.data / "nowhere").unlink(missing_ok=True)
    (sshd.data / "nowhere").symlink_to("not-there")
    sshd.opened()
    store = SftpFiles(None)
    write = Write(
        "out", "1", "cloud_storage_destination_component", source("in"),
        FileTarget(ConnectionRef("data"), path, (("a", "a"),)),
    )  # fmt: skip
    with pytest.raises(PermanentError, match="'nowhere' is a link that leads nowhere"):
        store.prepare(store.locate(write, connection, "job-1-1", tmp_path / "staging"))


def test_a_tunnel_leads_to_a_server_that_only_another_reaches(
    connection: Connection, sshd: Any, ssh_server: Any, source: Callable[..., Scan], landing: Callable[..., Landing]
) -> None:
    ssh_server.reaches[("files.internal", 22)] = ("127.0.0.1", sshd.port)
    behind = but(
        connection, {"password": sshd.password, "ssh_password": ssh_server.password}, host="files.internal", port=22,
        ssh_host="127.0.0.1", ssh_port=ssh_server.port, ssh_username="guest", ssh_host_key=ssh_server.public,
    )  # fmt: skip
    (sshd.data / "far.csv").write_text("far")
    sshd.opened()
    store = SftpFiles("127.0.0.1/32")
    assert [one.name for one in store.test(behind)] == ["resolve", "tunnel", "port", "login", "place"]
    (found,) = store.bind(source("far.csv"), behind, landing()).files
    assert Path(found.location).read_text() == "far"


def test_a_server_without_room_keeps_the_old_files(
    connection: Connection, sshd: Any, source: Callable[..., Scan], tmp_path: Path
) -> None:
    folder = sshd.data / "small"
    (folder / "out").mkdir(parents=True)
    (folder / "out" / "part-00000.csv").write_text("old")
    sshd.opened()
    store = SftpFiles(None)
    target = FileTarget(ConnectionRef("data"), "out", (("a", "a"),), "small", if_exists="replace")
    write = Write("out", "1", "cloud_storage_destination_component", source("in"), target)
    staged = store.locate(write, connection, "job-1-1", tmp_path / "staging")
    store.prepare(staged)
    (staged.folder / "part-00000.csv").write_text("x" * 3_000_000)
    with (
        sys.modules["penstock_tests_servers"].full(sshd.pid, 1 << 20),
        pytest.raises(
            PermanentError,
            match=r"cannot be used: Failure\. The server says no more; many say so when their disk is full",
        ),
    ):
        store.publish(staged, Written("out", 1, ("part-00000.csv",)))
    store.discard(staged)
    assert {one.name: one.read_text() for one in folder.rglob("*") if one.is_file()} == {"part-00000.csv": "old"}
