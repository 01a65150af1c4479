"""Asks databases for single values. Sessions are kept from one statement to the next, in the process that asks."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import cast

from penstock.connectors import tunnels
from penstock.connectors.databases import drivers, hosts, importing, testing
from penstock.connectors.databases.session import Column, Gone, Row, Session
from penstock.connectors.ladder import no_connector, spoken
from penstock.connectors.tunnels import Way
from penstock.connectors.web.logins import lent
from penstock.domain.rung import Rungs
from penstock.errors import ConnectionTestFailed, PenstockError, PermanentError, TransientError
from penstock.kit.outbound import Request
from penstock.kit.stopping import STOP
from penstock.plan.ports import Ask, Cell, Connection, Sampled, TableFacts, nobody_reads
from penstock.plan.systems import DatabaseSource

DRIVERS = {
    "bigquery": "bigquery",
    "googlecloudpostgres": "postgres",
    "googlecloudsql": "mysql",
    "herokupostgres": "postgres",
    "mysql": "mysql",
    "oracle": "oracle",
    "postgres": "postgres",
    "redshift": "redshift",
    "snowflake": "snowflake",
    "sqlserver": "sqlserver",
}
"""Connection type to the folder beside this module whose `session` opens sessions. Drivers are loaded when first needed."""
_Key = tuple[object, ...]
_idle: dict[_Key, list[Session]] = {}
_lock = threading.Lock()


class Databases:
    """A connector for databases (`penstock.plan.ports.Databases`). *allow* are the internal networks that may be reached,
    None for all."""

    types: Collection[str] = frozenset(DRIVERS)

    def __init__(self, allow: str | None) -> None:
        self._allow = allow

    def test(self, connection: Connection) -> Rungs:
        """Climb to one row. Raises ConnectionTestFailed with the rung that broke."""
        return self._climb(connection, ())

    def look(self, connection: Connection, schema: str | None, table: str) -> Rungs:
        """Climb to one row of a table or view. Raises ConnectionTestFailed."""
        return self._climb(connection, (schema, table) if schema else (table,))

    def _climb(self, connection: Connection, table: tuple[str, ...]) -> Rungs:
        driver = DRIVERS.get(connection.type)
        if driver is None:
            raise ConnectionTestFailed(no_connector(connection))
        return testing.climb(connection, driver, _opens(driver), self._allow, table)

    def version(self, connection: Connection) -> str:
        """Return what a server says of its version. Raises ConnectionTestFailed."""
        with self._looking(connection) as session:
            cell = session.first(testing.QUESTIONS[DRIVERS[connection.type]].version)
            return "" if cell is None else cell.text

    def sample(self, connection: Connection, asked: DatabaseSource, size: int) -> Sampled:
        """Return the first records of a table or query. Raises ConnectionTestFailed."""
        with self._looking(connection) as session:
            return importing.sample(session, asked, size)

    def tables(self, connection: Connection, schema: str | None) -> tuple[TableFacts, ...]:
        """Return the tables and views that the user may read. Raises ConnectionTestFailed."""
        with self._looking(connection) as session:
            scope = hosts.scope(connection, schema)
            return importing.tables(session, DRIVERS[connection.type], schema, _literal, scope)

    @contextmanager
    def _looking(self, connection: Connection) -> Iterator[Session]:
        """A session to look with; what fails is said without secrets."""
        if connection.type not in DRIVERS:
            raise ConnectionTestFailed(no_connector(connection))
        try:
            with closing(_opened(connection, self._allow)) as session:
                yield session
        except PenstockError as error:
            raise ConnectionTestFailed(spoken(error.message, connection)) from error

    def asking(self, connections: Mapping[str, Connection]) -> Ask:
        """Return what asks the databases among some connections."""
        return Asking(connections, self._allow)

    def close(self) -> None:
        """Close all sessions of this process that nobody uses."""
        with _lock:
            left = [session for sessions in _idle.values() for session in sessions]
            _idle.clear()
        for session in left:
            session.close()


@dataclass(frozen=True, slots=True)
class Asking:
    """Asks the databases of a job, and lends its logins (`penstock.plan.ports.Ask`). Travels to other processes,
    connections and all."""

    connections: Mapping[str, Connection]
    allow: str | None

    def signed(self, key: str, request: Request, *, anew: bool = False) -> Request:
        """Return a request with what a connection logs in with."""
        login = lent(self._named(key), self.allow, STOP, nobody_reads)
        if anew:
            login.renew()
        return login.signed(request)

    def _named(self, key: str) -> Connection:
        connection = self.connections.get(key)
        if connection is None:
            raise PermanentError(
                f"There is no connection '{key}'. Create it, or write its unique id or name out in the package or in a "
                "variable: a job is given only the connections that it names."
            )
        return connection

    def __call__(self, key: str, sql: str) -> Cell | None:
        connection = self._named(key)
        if connection.type not in DRIVERS:
            raise PermanentError(
                f"The connection '{key}' is of type '{connection.type}', which no statement of SQL can be asked of. "
                f"Choose one of type {' or '.join(DRIVERS)}."
            )
        try:
            return _ask(connection, self.allow, sql)
        except PenstockError as error:
            kind = TransientError if isinstance(error, Gone) else type(error)
            raise kind(f"Connection '{key}': {error.message}") from error


def _ask(connection: Connection, allow: str | None, sql: str) -> Cell | None:
    key = (connection.type, *sorted(connection.parameters.items()), *connection.secrets.items(), allow)
    with _lock:
        kept = _idle.get(key) or []
        session = kept.pop() if kept else None
    if session is not None:
        try:
            return _first(key, session, sql)
        except Gone:
            pass  # It was closed while nobody used it; what only reads can be asked again.
    return _first(key, _opened(connection, allow), sql)


def _first(key: _Key, session: Session, sql: str) -> Cell | None:
    try:
        cell = session.first(sql)
    except PenstockError:
        session.close()
        raise
    with _lock:
        _idle.setdefault(key, []).append(session)
    return cell


def _literal(text: str) -> str:
    """Return a text of a name as SQL. Raises PermanentError for one that is no name."""
    if "\\" in text or "\0" in text:
        raise PermanentError("the name of a schema holds a backslash or a zero character.")
    return "'" + text.replace("'", "''") + "'"


def _opened(connection: Connection, allow: str | None) -> Session:
    way = tunnels.way(connection, allow, *hosts.found(connection))
    try:
        way.check()
        return _Going(_opens(DRIVERS[connection.type])(connection, way.place), way)
    except BaseException:
        way.close()
        raise


class _Going:
    """A session, and the way that it goes."""

    def __init__(self, session: Session, way: Way) -> None:
        self._session, self._way = session, way

    def first(self, sql: str) -> Cell | None:
        return self._session.first(sql)

    def rows(self, sql: str, most: int, seconds: float) -> tuple[tuple[Column, ...], list[Row]]:
        return self._session.rows(sql, most, seconds)

    def quoted(self, name: str) -> str:
        return self._session.quoted(name)

    def limited(self, statement: str, size: int) -> str:
        return self._session.limited(statement, size)

    def close(self) -> None:
        self._session.close()
        self._way.close()


def _opens(driver: str) -> testing.Open:
    return lambda connection, place: cast(Session, drivers.module(driver, "session").open_session(connection, place))
