"""Where a system is: its host is resolved once, and only addresses that were checked are connected to."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from pathlib import Path

from penstock.errors import PermanentError, TransientError
from penstock.kit.networks import is_allowed, networks

MOST_ADDRESSES = 3
"""Of a host; each takes its time when nobody answers."""


class TlsRefused(PermanentError):
    """A server and this side do not agree on TLS: there is none, or a certificate that is not trusted."""

    code = "tls_refused"


@dataclass(frozen=True, slots=True)
class Place:
    """A host, its port, and its addresses in the order in which they are tried. *allow* are the internal networks that may be
    reached, None for all, for drivers that find addresses by themselves."""

    host: str
    port: int
    addresses: tuple[str, ...]
    allow: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class FilePlace:
    """A database that is a *file* of this machine; *folder* is the one other place that its statements may reach."""

    file: Path
    folder: Path


def resolved(host: str, port: int, allow: str | None) -> Place:
    """Return where a host is. *allow* are the internal networks that may be reached; None for all.

    Raises PermanentError for an internal address that is not allowed, TransientError for a host that nobody knows.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise TransientError(f"the host '{host}' is not known. Correct the host, or check the name server.") from error
    addresses = tuple(dict.fromkeys(str(one[4][0]) for one in found))[:MOST_ADDRESSES]
    for address in addresses if allow is not None else ():
        if not is_allowed(address, networks(allow or "")):
            raise PermanentError(
                f"the host '{host}' has the internal address {address}, which no connection may reach. The operator can "
                "allow its network with PENSTOCK_OUTBOUND_ALLOW."
            )
    return Place(host, port, addresses, allow)


def connected(place: Place, seconds: float) -> socket.socket:
    """Return a connection to the first address that takes one. Raises TransientError."""
    last: OSError | None = None
    for address in place.addresses:
        try:
            return socket.create_connection((address, place.port), seconds)
        except OSError as error:
            last = error
    why = "timed out" if isinstance(last, TimeoutError) else getattr(last, "strerror", None) or "no address"
    raise TransientError(
        f"connection to server at '{place.host}', port {place.port} failed: {why}. Check host and port, that the server "
        "runs, and that it may be reached from here."
    ) from last
