"""Where a database is: its host is resolved once, and only addresses that were checked are connected to."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from penstock.errors import PermanentError, TransientError
from penstock.kit.outbound import is_allowed, networks
from penstock.plan.ports import Connection

MOST_ADDRESSES = 3
"""Of a host; each takes its time when nobody answers."""


@dataclass(frozen=True, slots=True)
class Place:
    """A host, its port, and its addresses in the order in which they are tried."""

    host: str
    port: int
    addresses: tuple[str, ...]


def checked(connection: Connection, allow: str | None) -> Place:
    """Return where the database of a connection is. *allow* are the internal networks that may be reached; None for all.

    Raises PermanentError for an internal address that is not allowed, TransientError for a host that nobody knows.
    """
    host, port = str(connection.parameters.get("host") or ""), int(connection.parameters.get("port") or 0)
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
    return Place(host, port, addresses)
