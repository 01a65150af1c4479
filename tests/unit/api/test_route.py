"""Identifiers in paths, and where handlers run."""

import pytest

from penstock.api.route import LARGEST_ID, OTHERS, READERS, Route, SideRoute, read_identity
from penstock.api.routes import ROUTERS
from penstock.errors import NotFound


@pytest.mark.parametrize("text", ["0", "157", "007", str(LARGEST_ID)])
def test_an_identifier_is_a_number(text: str) -> None:
    assert read_identity(text) == int(text)


@pytest.mark.parametrize(
    "text", ["", "x", "-1", "+1", "1.0", "1_0", " 1", "1 ", "²", "١", str(LARGEST_ID + 1), "9" * 5000]
)
def test_what_cannot_exist_is_not_found(text: str) -> None:
    with pytest.raises(NotFound):
        read_identity(text)


def test_every_route_of_the_wire_hands_over_its_call() -> None:
    routes = [route for router in ROUTERS for route in router.routes]
    assert routes
    assert all(isinstance(route, Route) for route in routes)


def test_health_is_answered_while_all_others_wait() -> None:
    side = {route.path for router in ROUTERS for route in router.routes if isinstance(route, SideRoute)}
    assert side == {"/livez", "/readyz"}
    assert len({id(threads) for threads in (READERS, OTHERS, SideRoute.threads)}) == 3
    assert Route.threads is READERS
