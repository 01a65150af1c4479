"""The ladder of a test: which rung broke, what is said of it, and what is never said."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta

import pytest

from penstock.connectors.ladder import Ladder, Name
from penstock.connectors.places import Place, TlsRefused
from penstock.domain.rung import RungState
from penstock.errors import ConnectionTestFailed, PermanentError
from penstock.kit.clock import FixedClock
from penstock.kit.secret import hidden
from penstock.plan.ports import Connection

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def ladder(**parameters: str | int) -> Ladder:
    return Ladder(Connection("X", "x", parameters, hidden({"password": "canary", "code": ""})), FixedClock(NOW))


def told(found: Ladder) -> list[tuple[str, str]]:
    return [(one.name, one.state.value) for one in found.rungs]


def test_the_rung_that_breaks_is_named_and_those_before_it_are_kept() -> None:
    found = ladder()
    with found.rung(Name.LOGIN):
        pass
    with pytest.raises(ConnectionTestFailed) as caught, found.rung(Name.PRIVILEGES):
        raise PermanentError("the user 'canary' may read nothing.")
    assert caught.value.message == "Privileges: The user '***' may read nothing."
    assert (caught.value.rungs, caught.value.facts) == (found.rungs, {"rung": "privileges"})
    assert told(found) == [("login", "passed"), ("privileges", "failed")]


def test_what_holds_may_have_something_to_say() -> None:
    found = ladder()
    with found.rung(Name.PRIVILEGES) as warn:
        warn("one.")
        warn("two with canary.")
    assert [(one.state, one.says) for one in found.rungs] == [(RungState.WARNED, "One. two with ***.")]


def test_a_fault_of_ours_breaks_no_rung() -> None:
    found = ladder()
    with pytest.raises(ZeroDivisionError), found.rung(Name.LOGIN):
        _ = 1 / 0
    assert found.rungs == ()


def test_a_host_is_resolved_then_its_port_is_tried() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found = ladder(host="127.0.0.1", port=port)
        with found.reached("127.0.0.0/8") as place:
            assert place == Place("127.0.0.1", port, ("127.0.0.1",))
        assert told(found) == [("resolve", "passed"), ("port", "passed")]
        other = ladder(host="elsewhere.invalid", port=1)
        with other.reached(None, "127.0.0.1", port) as place:
            assert place.port == port
    closed = ladder(host="127.0.0.1", port=port)
    with pytest.raises(ConnectionTestFailed, match=r"^Port: Connection to server .* Connection refused"):
        closed.reached(None).__enter__()
    with pytest.raises(ConnectionTestFailed, match=r"^Resolve: The host 'nowhere\.invalid' is not known"):
        ladder(host="nowhere.invalid", port=1).reached(None).__enter__()
    with pytest.raises(ConnectionTestFailed, match=r"^Resolve: .*internal address"):
        ladder(host="127.0.0.1", port=port).reached("").__enter__()


def test_tls_and_login_are_told_apart() -> None:
    found = ladder()
    assert found.login(lambda: 7, tls=True) == 7
    assert told(found) == [("tls", "passed"), ("login", "passed")]

    def fails(error: PermanentError) -> None:
        raise error

    with pytest.raises(ConnectionTestFailed, match=r"^TLS: No certificate"):
        ladder().login(lambda: fails(TlsRefused("no certificate.")))
    with pytest.raises(ConnectionTestFailed, match=r"^Login: No user"):
        ladder().login(lambda: fails(PermanentError("no user.")), tls=True)


@pytest.mark.parametrize(
    ("ahead_s", "says"), [(0, ""), (60, ""), (-60, ""), (61, "61 s ahead of the one here"), (-90, "90 s behind")]
)
def test_clocks_that_are_apart_are_said(ahead_s: int, says: str) -> None:
    found = ladder()
    found.clock(NOW + timedelta(seconds=ahead_s))
    assert bool(found.rungs[0].says) == bool(says)
    assert says in found.rungs[0].says


def test_old_versions_are_said() -> None:
    found = ladder()
    found.version("PostgreSQL", "18.1", (18, 1), (12,))
    found.version("PostgreSQL", "9.6", (9, 6), (12,))
    assert [one.says for one in found.rungs] == [
        "", "PostgreSQL 9.6 is older than 12, the oldest version that is tried here.",
    ]  # fmt: skip
