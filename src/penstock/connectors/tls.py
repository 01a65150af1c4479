"""TLS as a connection asks for it: whether it is used, and what of a server's certificate is checked (`ssl`, `ssl_verify`,
`ssl_ca`)."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

from penstock.connectors.places import TlsRefused
from penstock.plan.ports import Connection


class Verify(StrEnum):
    """What is checked: nothing, so that only what travels is hidden; who signed the certificate; also that it is the host's."""

    NONE = "none"
    CA = "ca"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Tls:
    """What a connection asks for. *authorities* are certificates in PEM, None for those that this machine trusts."""

    verify: Verify
    authorities: str | None


def asked(connection: Connection) -> Tls | None:
    """Return the TLS that a connection asks for, None where it asks for none."""
    given = connection.parameters
    if not given.get("ssl"):
        return None
    authorities = str(given.get("ssl_ca") or "") or None
    verify = str(given.get("ssl_verify") or "") or (Verify.NONE if authorities is None else Verify.FULL)
    return Tls(Verify(verify), authorities)


def context(tls: Tls) -> ssl.SSLContext:
    """Return the context of Python's TLS for what is asked. Raises TlsRefused for certificates that cannot be read."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = tls.verify is Verify.FULL
    made.verify_mode = ssl.CERT_NONE if tls.verify is Verify.NONE else ssl.CERT_REQUIRED
    if tls.verify is not Verify.NONE:
        try:
            made.load_verify_locations(cafile=None if tls.authorities else str(_trusted()), cadata=tls.authorities)
        except (ssl.SSLError, ValueError) as error:
            raise TlsRefused("the certificates of 'ssl_ca' cannot be read. Give them in PEM.") from error
    return made


@contextmanager
def authorities_file(tls: Tls) -> Iterator[Path]:
    """Give a file with the certificates of the authorities, for a library that wants one; it goes with the block. Raises
    TlsRefused as `context` does."""
    context(tls)
    if tls.authorities is None:
        yield _trusted()
        return
    with TemporaryDirectory(prefix="penstock-") as folder:
        file = Path(folder) / "ca.pem"
        file.write_text(tls.authorities, "utf-8")
        yield file


def _trusted() -> Path:
    """Return the file of the authorities that this machine trusts. Raises TlsRefused where there is none."""
    paths = ssl.get_default_verify_paths()
    for one in (
        paths.cafile,
        paths.openssl_cafile,
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
    ):
        if one and os.path.exists(one):
            return Path(one)
    raise TlsRefused("this machine trusts no authority. Give the server's as 'ssl_ca'.")
