"""TLS with real servers: what is checked of a certificate, and which rung says so."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from penstock.connectors.databases.asking import Databases
from penstock.errors import ConnectionTestFailed
from penstock.kit.secret import hidden
from penstock.plan.ports import Connection

PEM = serialization.Encoding.PEM
NOW = datetime.now(UTC)


def name_of(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def signed(
    subject: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    by: ec.EllipticCurvePrivateKey,
    *more: x509.ExtensionType,
) -> str:
    made = (
        x509.CertificateBuilder()
        .subject_name(name_of(subject))
        .issuer_name(name_of(issuer))
        .public_key(key.public_key())
    )
    made = made.serial_number(x509.random_serial_number())
    made = made.not_valid_before(NOW - timedelta(days=1)).not_valid_after(NOW + timedelta(days=1))
    for one in more:
        made = made.add_extension(one, critical=isinstance(one, x509.BasicConstraints))
    return made.sign(by, hashes.SHA256()).public_bytes(PEM).decode()


@pytest.fixture(scope="module")
def authority() -> tuple[str, str, str, ec.EllipticCurvePrivateKey]:
    """The certificate of an authority, a certificate that it signed for `localhost`, and another authority's."""
    root, key, stranger = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    is_ca = x509.BasicConstraints(ca=True, path_length=None)
    mine = signed("the authority", root, "the authority", root, is_ca)
    server = signed(
        "localhost", key, "the authority", root, x509.SubjectAlternativeName([x509.DNSName("localhost")]),
        x509.BasicConstraints(ca=False, path_length=None),
    )  # fmt: skip
    return mine, server, signed("another", stranger, "another", stranger, is_ca), key


@pytest.fixture(scope="module")
def secure(postgres_with_tls: Any, authority: Any) -> Connection:
    """A PostgreSQL that speaks TLS, with the authority's certificate as what is trusted."""
    server = postgres_with_tls
    _, certificate, _, key = authority
    folder: Path = server.folder / "tls"
    folder.mkdir(mode=0o755)
    (folder / "cert.pem").write_text(certificate)
    (folder / "key.pem").touch(0o600)
    plain = serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, plain))
    if server.user is not None:
        os.chown(folder / "key.pem", server.user, server.user)
    with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
        admin.execute("CREATE ROLE reader LOGIN PASSWORD 'canary-tls'")
        for name, value in (
            ("ssl_cert_file", folder / "cert.pem"),
            ("ssl_key_file", folder / "key.pem"),
            ("ssl", "on"),
        ):
            admin.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        admin.execute("SELECT pg_reload_conf()")
        until = time.monotonic() + 20
        while admin.execute("SHOW ssl").fetchone() != ("on",):
            assert time.monotonic() < until
    given = {"host": "localhost", "port": server.port, "username": "reader", "database": "postgres", "ssl": True}
    return Connection("PG", "postgres", given, hidden({"password": "canary-tls"}))


def climbed(connection: Connection, **changes: Any) -> list[str]:
    given = {**connection.parameters, **changes}
    return [one.name for one in Databases(None).test(Connection("PG", "postgres", given, connection.secrets))]


def broken(connection: Connection, **changes: Any) -> tuple[str, str]:
    with pytest.raises(ConnectionTestFailed) as caught:
        climbed(connection, **changes)
    return caught.value.rungs[-1].name, caught.value.message


def test_without_an_authority_nothing_is_checked(secure: Connection) -> None:
    assert climbed(secure)[:4] == ["resolve", "port", "tls", "login"]
    assert "tls" in climbed(secure, host="127.0.0.1")
    assert "tls" not in climbed(secure, ssl=False)


@pytest.mark.parametrize("changes", [{}, {"ssl_verify": "full"}, {"ssl_verify": "ca", "host": "127.0.0.1"}])
def test_an_authority_that_signed_is_trusted(secure: Connection, authority: Any, changes: dict[str, Any]) -> None:
    assert "row" in climbed(secure, ssl_ca=authority[0], **changes)


@pytest.mark.parametrize("verify", ["ca", "full", ""])
def test_another_authority_is_not(secure: Connection, authority: Any, verify: str) -> None:
    rung, says = broken(secure, ssl_ca=authority[2], ssl_verify=verify)
    assert (rung, "Give the authority that signed it as 'ssl_ca'" in says) == ("tls", True), says
    assert "row" in climbed(secure, ssl_ca=authority[2], ssl_verify="none")


def test_a_certificate_of_another_host_is_refused(secure: Connection, authority: Any) -> None:
    rung, says = broken(secure, ssl_ca=authority[0], host="127.0.0.1")
    assert (rung, "Correct the host, or set 'ssl_verify' to ca" in says) == ("tls", True), says


def test_what_this_machine_trusts_is_asked_where_no_authority_is_given(secure: Connection) -> None:
    rung, _ = broken(secure, ssl_verify="full")
    assert rung == "tls"


def test_an_authority_that_cannot_be_read_is_refused(secure: Connection) -> None:
    broken_pem = "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n"
    rung, says = broken(secure, ssl_ca=broken_pem)
    assert (rung, "cannot be read" in says) == ("tls", True), says


def test_a_mariadb_whose_certificate_nobody_signed(market: dict[str, Any], authority: Any) -> None:
    given = {name: value for name, value in market.items() if name not in ("password", "socket", "pid")}
    connection = Connection("MY", "mysql", {**given, "ssl": True}, hidden({"password": market["password"]}))
    assert "tls" in [one.name for one in Databases(None).test(connection)]
    for verify in ("ca", "full"):
        changed = {**connection.parameters, "ssl_ca": authority[0], "ssl_verify": verify}
        with pytest.raises(ConnectionTestFailed, match=r"^TLS: The certificate of the server is not trusted"):
            Databases(None).test(Connection("MY", "mysql", changed, connection.secrets))
