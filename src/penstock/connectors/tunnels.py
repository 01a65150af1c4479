"""The way to a server: direct, or through an SSH server (`ssh_host`), which then is what reaches it.

with tunnels.way(connection, allow) as place:
    driver.connect(host=place.host, addresses=place.addresses, port=place.port)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import Protocol

from penstock.connectors import places
from penstock.connectors.places import Place
from penstock.plan.ports import Connection

SSH_PORT = 22


@dataclass(frozen=True, slots=True)
class Ssh:
    """An SSH server and how to get in: *host_keys* are the public keys, or their fingerprints, that it may show; *prefix* is
    how the names of these parameters begin in a connection."""

    host: str
    port: int
    username: str
    password: str | None = field(repr=False)
    private_key: str | None = field(repr=False)
    passphrase: str | None = field(repr=False)
    host_keys: str
    allow: str | None
    prefix: str = "ssh_"


def asked(connection: Connection, allow: str | None) -> Ssh | None:
    """Return the SSH server that a connection goes through, None for none. *allow* are the internal networks where it may
    be, None for all."""
    given = connection.parameters
    if not given.get("ssh_host"):
        return None
    return Ssh(
        str(given["ssh_host"]),
        int(given.get("ssh_port") or SSH_PORT),
        str(given.get("ssh_username") or ""),
        connection.secret("ssh_password"),
        connection.secret("ssh_private_key"),
        connection.secret("ssh_passphrase"),
        str(given.get("ssh_host_key") or ""),
        allow,
    )


class Tunnel(Protocol):
    """An open tunnel."""

    @property
    def port(self) -> int:
        """The port of this machine that leads through it."""

    def check(self) -> None:
        """Return when the SSH server reaches the server behind it. Raises PermanentError or TransientError."""

    def close(self) -> None:
        """Give it up."""


class Way:
    """A way that is open: *place* is where a driver connects to. To be closed, or used as the context of a block."""

    def __init__(self, place: Place, tunnel: Tunnel | None = None) -> None:
        self.place = place
        self._tunnel = tunnel

    def check(self) -> None:
        """Return when the SSH server reaches the server behind it; at once where there is none. Raises PermanentError or
        TransientError."""
        if self._tunnel is not None:
            self._tunnel.check()

    def close(self) -> None:
        """Give the way up; quiet when it is."""
        tunnel, self._tunnel = self._tunnel, None
        if tunnel is not None:
            tunnel.close()

    def __enter__(self) -> Place:
        """Return the place."""
        return self.place

    def __exit__(self, *_: object) -> None:
        """Give the way up."""
        self.close()


def way(connection: Connection, allow: str | None, host: str | None = None, port: int | None = None) -> Way:
    """Return the open way to the `host` and `port` of a connection, or to others that are given.

    A direct one goes to addresses that were checked. Through an SSH server it is that server's address that is checked, and
    the host is one that the SSH server knows. Raises PermanentError, or TransientError when nobody answers."""
    given = connection.parameters
    host, port = host or str(given.get("host") or ""), port or int(given.get("port") or 0)
    ssh = asked(connection, allow)
    if ssh is None:
        return Way(places.resolved(host, port, allow))
    # Loaded when it is first needed: it is large.
    tunnel: Tunnel = import_module("penstock.connectors.ssh").opened(ssh, host, port)
    return Way(Place(host, tunnel.port, ("127.0.0.1",)), tunnel)
