"""The test of a connection as a ladder: named rungs, climbed in order, of which the first that breaks says what is wrong.

A connector climbs it like this:

    ladder = Ladder(connection)
    with ladder.reached(allow) as place:              # resolve, tunnel, port
        session = ladder.login(lambda: open_session(connection, place), tls=True)
    with ladder.rung(Name.PRIVILEGES):                # raises a PenstockError with one plain sentence
        session.list()
        ladder.version("PostgreSQL", session.version, oldest=(12,))
        ladder.clock(session.now())
    return ladder.rungs
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from penstock.connectors import places, tunnels
from penstock.connectors.places import Place, TlsRefused
from penstock.connectors.tunnels import Way
from penstock.domain.rung import Rung, Rungs, RungState
from penstock.errors import ConnectionTestFailed, PenstockError
from penstock.kit.clock import Clock, system_clock
from penstock.plan.ports import Connection

CONNECT_S = 10.0
"""How long a server may take until it takes a connection."""
SKEW_S = 60.0
"""How far clocks may be apart before it is said."""

SessionT = TypeVar("SessionT")


class Name(StrEnum):
    """The rungs, in the order in which they are climbed; no connector needs all."""

    RESOLVE = "resolve"
    TUNNEL = "tunnel"
    PORT = "port"
    TLS = "tls"
    LOGIN = "login"
    PLACE = "place"
    PRIVILEGES = "privileges"
    VERSION = "version"
    CLOCK = "clock"
    ROW = "row"


class Ladder:
    """The rungs of one test. No secret of the connection stands in what it says."""

    def __init__(self, connection: Connection, clock: Clock = system_clock) -> None:
        self._connection = connection
        self._clock = clock
        self._climbed: list[Rung] = []
        self._says = ""

    @property
    def rungs(self) -> Rungs:
        """The rungs that were climbed so far."""
        return tuple(self._climbed)

    @contextmanager
    def rung(self, name: Name) -> Iterator[Callable[[str], None]]:
        """Climb a rung: a PenstockError raised inside breaks it, and leaves as ConnectionTestFailed, whose message begins
        with its name. What is given is called with a sentence when it held, but there is something to say."""
        warnings: list[str] = []
        started = time.monotonic()
        try:
            yield warnings.append
        except PenstockError as error:
            self._note(name, RungState.FAILED, error.message, started)
            raise self._broken() from error
        state = RungState.WARNED if warnings else RungState.PASSED
        self._note(name, state, " ".join(warnings), started)

    def _note(self, name: Name, state: RungState, says: str, started: float) -> None:
        took_ms = int((time.monotonic() - started) * 1000)
        self._climbed.append(Rung(str(name), state, spoken(says, self._connection), took_ms))

    def _broken(self) -> ConnectionTestFailed:
        last = self._climbed[-1]
        word = "TLS" if last.name == Name.TLS else last.name.capitalize()
        return ConnectionTestFailed(f"{word}: {last.says}", self.rungs, rung=str(last.name))

    @contextmanager
    def reached(self, allow: str | None, host: str | None = None, port: int | None = None) -> Iterator[Place]:
        """Climb to an open port, through the tunnel where there is one: of the connection's `host` and `port`, unless others
        are given. *allow* are the internal networks that may be reached, None for all. The place is one for drivers."""
        given = self._connection.parameters
        host, port = host or str(given.get("host") or ""), port or int(given.get("port") or 0)
        if given.get("ssh_host"):
            with self.rung(Name.TUNNEL):
                way = tunnels.way(self._connection, allow, host, port)
        else:
            with self.rung(Name.RESOLVE):
                way = Way(places.resolved(host, port, allow))
        with way as place:
            with self.rung(Name.PORT):
                way.check()
                if not given.get("ssh_host"):
                    places.connected(place, CONNECT_S).close()
            yield place

    def login(self, opens: Callable[[], SessionT], *, tls: bool = False) -> SessionT:
        """Return what *opens* opens: the rung `login`, and before it `tls` where the connection asks for that. TlsRefused
        breaks the rung `tls`."""
        started = time.monotonic()
        try:
            session = opens()
        except TlsRefused as error:
            self._note(Name.TLS, RungState.FAILED, error.message, started)
            raise self._broken() from error
        except PenstockError as error:
            self._note(Name.LOGIN, RungState.FAILED, error.message, started)
            raise self._broken() from error
        for name in (Name.TLS, Name.LOGIN) if tls else (Name.LOGIN,):
            self._note(name, RungState.PASSED, "", started)
        return session

    def version(self, name: str, text: str, found: tuple[int, ...], oldest: tuple[int, ...]) -> None:
        """Say so where a server is older than the oldest version that is tried. *text* is how the server writes its own."""
        with self.rung(Name.VERSION) as warn:
            if found < oldest:
                wanted = ".".join(map(str, oldest))
                warn(f"{name} {text[:40]} is older than {wanted}, the oldest version that is tried here.")

    def clock(self, theirs: datetime) -> None:
        """Say so where the clock of a server (an aware instant) and the one here are apart."""
        with self.rung(Name.CLOCK) as warn:
            ahead_s = (theirs - self._clock()).total_seconds()
            if abs(ahead_s) > SKEW_S:
                word = "ahead of" if ahead_s > 0 else "behind"
                warn(
                    f"The clock of the server is {abs(ahead_s):.0f} s {word} the one here. Set both by the same time server."
                )


def spoken(text: str, connection: Connection) -> str:
    """Return a text as a sentence of its own, without the secrets of a connection."""
    for secret in connection.revealed():
        text = text.replace(secret, "***")
    return text[:1].upper() + text[1:]


def no_connector(connection: Connection) -> str:
    """Say that connections of a type can be kept, and not used."""
    return (
        f"This version has no connector for connections of type '{connection.type}': they can be stored and changed, and "
        "neither tested nor used."
    )
