"""Which connector serves which component, and whose name stands in front of its errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from penstock.errors import PenstockError, PermanentError
from penstock.plan.ports import Connection, Connector, Keeper
from penstock.plan.systems import Place, System

WEB = "rest_api"
"""What a web API's connector is listed under: any type of connection may lend it what it logs in with, or none."""


def connector_for(
    key: str,
    system: System,
    component: str,
    connections: Mapping[str, Connection],
    connectors: Mapping[str, Connector],
) -> tuple[Connector, Connection]:
    """Return what speaks to the system of a component, and its connection. *key* is the connection's unique id or name, empty
    for a web API that needs none. Raises PermanentError where there is no such connection, or none for this system."""
    if system is System.WEB and not key:
        return connectors[WEB], Connection("", WEB)
    connection = connections.get(key)
    if connection is None:
        known = f" Known: {', '.join(sorted(connections))}." if 0 < len(connections) <= 12 else ""
        raise PermanentError(
            f"Component '{component}': there is no connection '{key}'. Create it, or choose another.{known}"
        )
    found = connectors.get(WEB if system is System.WEB else connection.type)
    if found is None or found.system is not system:
        why = "are not available in this version" if found is None else f"do not lead to {system.value}"
        raise PermanentError(f"Component '{component}': connections of type '{connection.type}' {why}.")
    return found, connection


def keeper_for(
    place: Place,
    component: str,
    what: str,
    connections: Mapping[str, Connection],
    connectors: Mapping[str, Connector],
) -> tuple[Keeper, Connection]:
    """Return what reads and keeps a file in a place, and its connection; *what* says for people what is kept there. Raises
    PermanentError where there is none."""
    found, connection = connector_for(place.connection, System.FILES, component, connections, connectors)
    if not isinstance(found, Keeper):
        raise PermanentError(f"{what} cannot be kept on connections of type '{connection.type}'.")
    return found, connection


@contextmanager
def naming(component: str) -> Iterator[None]:
    """Put the component's name in front of an error."""
    try:
        yield
    except PenstockError as error:
        if error.message.startswith("Component '"):
            raise
        raise type(error)(f"Component '{component}': {error.message}") from error
