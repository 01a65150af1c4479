"""Sessions with MongoDB: where the server is, how it is logged in to, and what its errors are here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bson.codec_options import CodecOptions, DatetimeConversion
from pymongo import MongoClient, errors
from pymongo.collection import Collection

from penstock.connectors import tls, tunnels
from penstock.connectors.places import Place
from penstock.errors import PenstockError, PermanentError, TransientError
from penstock.plan.ports import Connection

CONNECT_S = 10.0
SILENT_S = 120.0
"""How long a server may say nothing."""
_CODEC: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True, datetime_conversion=DatetimeConversion.DATETIME_AUTO)
_LOST = (errors.AutoReconnect, errors.NetworkTimeout, errors.ServerSelectionTimeoutError, errors.CursorNotFound)


@contextmanager
def opened(connection: Connection, allow: str | None) -> Iterator[MongoClient[dict[str, Any]]]:
    """Give a client of the server of a connection, of that server alone. Raises PenstockError, also for what goes wrong with
    it in the block."""
    secure = tls.asked(connection)
    with ExitStack() as stack:
        place = stack.enter_context(tunnels.way(connection, allow))
        authorities = None
        if secure is not None and secure.verify is not tls.Verify.NONE:
            authorities = stack.enter_context(tls.authorities_file(secure))
        stack.enter_context(translated(connection))
        client = client_of(connection, place, authorities)
        try:
            yield client
        finally:
            client.close()


def client_of(connection: Connection, place: Place, authorities: Path | None = None) -> MongoClient[dict[str, Any]]:
    """Return a client for a place; it connects when it is first used. *authorities* is a file of certificates."""
    given, secure = connection.parameters, tls.asked(connection)
    more: dict[str, Any] = {}
    if given.get("username"):
        more |= {
            "username": str(given["username"]),
            "password": connection.secret("password") or "",
            "authSource": str(given.get("authentication_database") or given.get("database") or "admin"),
        }
    if given.get("read_preference"):
        more["readPreference"] = str(given["read_preference"])
    host = place.addresses[0] if place.addresses else place.host
    if secure is not None:
        is_full = secure.verify is tls.Verify.FULL
        # A certificate that is checked proves that the host is the one that was meant, wherever its name leads.
        host = place.host if is_full else host
        more |= {"tls": True, "tlsAllowInvalidCertificates": secure.verify is tls.Verify.NONE}
        if authorities is not None:
            more |= {"tlsCAFile": str(authorities), "tlsAllowInvalidHostnames": secure.verify is tls.Verify.CA}
    if ":" in host:
        host = f"[{host}]"
    return MongoClient(
        host=host, port=place.port, directConnection=True, connectTimeoutMS=int(CONNECT_S * 1000),
        serverSelectionTimeoutMS=int(CONNECT_S * 1000), socketTimeoutMS=int(SILENT_S * 1000), appname="penstock",
        retryWrites=False, retryReads=False, **more,
    )  # fmt: skip


def collection_of(client: MongoClient[dict[str, Any]], connection: Connection, name: str) -> Collection[dict[str, Any]]:
    """Return a collection of the database of a connection. Raises PermanentError for names that none can have."""
    try:
        database = client.get_database(str(connection.parameters.get("database") or ""), codec_options=_CODEC)
        return database[name]
    except (errors.InvalidName, errors.ConfigurationError, TypeError) as error:
        raise PermanentError(f"There can be no collection '{name}': {error}.") from error


@contextmanager
def translated(connection: Connection) -> Iterator[None]:
    """Turn errors of the driver into ours, without the password."""
    try:
        yield
    except errors.PyMongoError as error:
        raise _ours(error, connection) from error


def _ours(error: errors.PyMongoError, connection: Connection) -> PenstockError:
    said = str(error).split(", full error")[0].split(", Timeout:")[0].strip().rstrip(".")
    for secret in connection.revealed():
        said = said.replace(secret, "***")
    kind = TransientError if isinstance(error, _LOST) else PermanentError
    return kind(f"MongoDB says: {said[:300]}.")
