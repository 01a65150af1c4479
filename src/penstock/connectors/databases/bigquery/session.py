"""Google BigQuery, connection type `bigquery`: sessions that read, over its client for Python (an extra).

A session is no connection: each statement is a job of its own, over HTTPS. The client resolves names by itself, and follows the
addresses that a key and the service give it: so it goes through the proxy of this process, which reaches checked addresses
only.
"""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import google.auth.exceptions
import requests
import requests.adapters
from google.api_core import exceptions as answers
from google.api_core.retry import Retry
from google.auth.transport.requests import AuthorizedSession, Request
from google.cloud import bigquery as driver
from google.oauth2 import service_account

from penstock.connectors.databases import hosts
from penstock.connectors.databases.dbapi import kind_of, sentence, shown
from penstock.connectors.databases.limits import limit
from penstock.connectors.databases.session import ASK_S, MOST_BYTES, NO_ROWS, Column, Gone, Row, checked
from penstock.connectors.files.guard import proxy
from penstock.connectors.places import Place
from penstock.errors import PermanentError, TransientError
from penstock.kit.stopping import STOP
from penstock.plan.ports import Cell, CellKind, Connection

_DATASET = re.compile(r"(?:(?P<project>[A-Za-z0-9:.-]+)\.)?(?P<dataset>\w+)")
SCOPES = ("https://www.googleapis.com/auth/bigquery",)
RETRY_S = 30.0
"""How long one request is tried again when the service does not answer, or is too busy."""
CALL_S = 60.0
"""How long one request may take."""
_LATER = (answers.TooManyRequests, answers.ServerError)
RETRY = Retry(
    initial=0.5, maximum=8.0, timeout=RETRY_S,
    predicate=lambda error: isinstance(error, (*_LATER, requests.ConnectionError)),
)  # fmt: skip
_BUSY = frozenset({
    "backendError", "internalError", "jobBackendError", "jobInternalError", "jobRateLimitExceeded", "rateLimitExceeded",
    "stopped", "tableUnavailable",
})  # fmt: skip
"""Reasons by which the service, and not the statement, has failed."""
_CONFLICTS = ("due to concurrent update", "due to concurrent transaction")
"""How BigQuery tells that a transaction met another one: it has no reason of its own for that."""
_ERRORS = (
    answers.GoogleAPIError, google.auth.exceptions.GoogleAuthError, requests.RequestException, TimeoutError,
)  # fmt: skip


def connected(connection: Connection, place: Place, *, logs_in: bool = False) -> driver.Client:
    """Return a client for the project of a connection. Raises PermanentError for a key that is none; nothing is asked yet, but
    for a token where it *logs in*."""
    given = connection.parameters
    project = str(given.get("host") or "")
    login = _login(connection)
    asks = Request(_guarded(requests.Session(), place))
    if logs_in:
        with answering():
            login.refresh(asks)
    session = AuthorizedSession(login, auth_request=asks)  # type: ignore[no-untyped-call]
    return driver.Client(
        project=project, credentials=login, location=str(given.get("region") or "") or None,
        client_options={"api_endpoint": hosts.address(connection)}, _http=_guarded(session, place),
        default_query_job_config=_defaults(project, str(given.get("database") or "")),
    )  # fmt: skip


def _defaults(project: str, dataset: str) -> driver.QueryJobConfig:
    made = driver.QueryJobConfig(use_legacy_sql=False, labels={"by": "penstock"})
    if dataset:
        made.default_dataset = dataset_of(dataset, project)
    return made


def dataset_of(name: str, project: str) -> driver.DatasetReference:
    """Return a data set by its name, which may have a project before it. Raises PermanentError for what is no name."""
    found = _DATASET.fullmatch(name)
    if found is None:
        raise PermanentError(f"'{name}' is no name of a data set. Correct it.")
    return driver.DatasetReference(found["project"] or project, found["dataset"])


def _login(connection: Connection) -> Any:
    key = connection.secret("password")
    if not key:
        raise PermanentError("the connection has no key of a service account. Give its JSON text as the password.")
    try:
        return service_account.Credentials.from_service_account_info(json.loads(key), scopes=SCOPES)  # type: ignore[no-untyped-call]
    except (ValueError, TypeError, AttributeError, google.auth.exceptions.GoogleAuthError) as error:
        # What it says may show a part of the key.
        raise PermanentError(
            "the password is no key of a service account. Give the JSON text that Google made."
        ) from error


class _AtOnce(requests.adapters.HTTPAdapter):
    """Sends what is to be sent at once: behind a proxy it would wait for 40 ms before the body of each request."""

    def proxy_manager_for(self, proxy: str, **more: Any) -> Any:
        """Return what makes connections to a proxy."""
        options = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
        return super().proxy_manager_for(proxy, socket_options=options, **more)


def _guarded(session: Any, place: Place) -> Any:
    """Return a session of HTTP that reaches checked addresses only."""
    session.trust_env = False
    if place.allow is not None:
        for scheme in ("http://", "https://"):
            session.mount(scheme, _AtOnce())
        session.proxies = dict.fromkeys(("http", "https"), proxy(place.allow))
    return session


def open_session(connection: Connection, place: Place) -> BigQuerySession:
    """Return a session with the project of a connection. Raises PermanentError, or TransientError when nobody answers."""
    return BigQuerySession(connected(connection, place, logs_in=True))


def quoted(name: str) -> str:
    """Return a name between backticks, in which a backslash has a meaning.

    >>> quoted("a`b")
    '`a\\\\`b`'
    """
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def literal(text: str) -> str:
    """Return a text in quotes, in which a backslash has a meaning, and no line ends.

    >>> literal("it's")
    "'it\\\\'s'"
    """
    made = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    return f"'{made}'"


@contextmanager
def answering() -> Iterator[None]:
    """Say in our words what the client raises in a block."""
    try:
        yield
    except _ERRORS as error:
        STOP.check()
        raise fault_of(error) from error


def fault_of(error: Exception) -> PermanentError | TransientError:
    """Return what an error of the client means here: Gone where nobody was reached."""
    if isinstance(error, google.auth.exceptions.RefreshError) and not error.retryable:
        said = error.args[0] if error.args else error
        return PermanentError(f"Google refuses the key of the service account in the password: {sentence(str(said))}")
    if isinstance(error, answers.GoogleAPICallError):
        return _said(error)
    if isinstance(error, TimeoutError):
        return TransientError("the statement took too long.")
    return Gone(f"Google cannot be reached: {sentence(str(error))}")


def _said(error: answers.GoogleAPICallError) -> PermanentError | TransientError:
    first = next((one for one in error.errors if isinstance(one, dict)), {})
    text = " ".join(str(first.get("message") or error.message).split())
    message = f"the database says: {sentence(text)}"
    is_busy = first.get("reason") in _BUSY or isinstance(error, _LATER)
    if is_busy or any(one in text for one in _CONFLICTS):
        return TransientError(message)
    return PermanentError(message)


def run(
    client: driver.Client,
    sql: str,
    seconds: float | None = ASK_S,
    most: int | None = None,
    session: Session | None = None,
) -> Any:
    """Return the rows of a statement, which is ended when the job is to stop; *session* is that of BigQuery
    which it is of."""
    config, location = (None, None) if session is None else (session.config, session.location)
    job = client.query(sql, job_config=config, location=location, retry=RETRY, job_retry=None, timeout=CALL_S)
    with STOP.ending(lambda: cancel(job)):
        return job.result(max_results=most, timeout=seconds, retry=RETRY, job_retry=None)


@dataclass(frozen=True, slots=True)
class Session:
    """A session of BigQuery: statements that are told its *name* share transactions. It is at one *location*."""

    name: str
    location: str | None

    @property
    def config(self) -> driver.QueryJobConfig:
        """What a statement of it is told."""
        return driver.QueryJobConfig(connection_properties=[driver.ConnectionProperty("session_id", self.name)])


def snapshot(client: driver.Client, location: str | None) -> Session:
    """Return a session in which every statement sees what was committed when it began."""
    job = client.query(
        "BEGIN TRANSACTION", job_config=driver.QueryJobConfig(create_session=True), location=location, retry=RETRY,
        job_retry=None, timeout=CALL_S,
    )  # fmt: skip
    job.result(retry=RETRY, job_retry=None)
    name = job.session_info.session_id if job.session_info is not None else None
    if name is None:
        raise PermanentError("BigQuery began no session, without which nothing holds what is read together.")
    return Session(name, location)


def leave(client: driver.Client, session: Session) -> None:
    """End a session, and the transaction that is open in it; BigQuery does so by itself after a day."""
    try:
        run(client, "CALL BQ.ABORT_SESSION()", session=session)
    except _ERRORS:
        return


def looked(client: driver.Client, sql: str) -> Any:
    """Return a statement as BigQuery would run it, which costs nothing. Raises PermanentError for one that is no query."""
    job = client.query(sql, job_config=driver.QueryJobConfig(dry_run=True), retry=RETRY, job_retry=None, timeout=CALL_S)
    if job.statement_type != "SELECT":
        raise PermanentError(NO_ROWS)
    return job


def cancel(job: Any) -> None:
    """End a job, from another thread."""
    try:
        job.cancel(retry=None, timeout=CALL_S)
    except _ERRORS:
        return  # It may have ended by itself.


_KINDS = {
    "INTEGER": CellKind.WHOLE, "INT64": CellKind.WHOLE, "FLOAT": CellKind.DOUBLE, "FLOAT64": CellKind.DOUBLE,
    "NUMERIC": CellKind.DECIMAL, "BIGNUMERIC": CellKind.DECIMAL, "BOOLEAN": CellKind.BOOLEAN, "BOOL": CellKind.BOOLEAN,
    "DATE": CellKind.DATE, "DATETIME": CellKind.TIMESTAMP, "TIMESTAMP": CellKind.INSTANT,
    **dict.fromkeys(("STRING", "BYTES", "TIME"), CellKind.TEXT),
}  # fmt: skip


_SPELLED = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}
"""The API's older words to those of GoogleSQL."""


class BigQuerySession:
    """Answers statements (`session.Session`), each a job of its own."""

    def __init__(self, client: driver.Client) -> None:
        self._client = client

    def quoted(self, name: str) -> str:
        """Return a name as an identifier."""
        return quoted(name)

    def limited(self, statement: str, size: int) -> str:
        """Return a SELECT that gives at most some rows."""
        return limit(statement, size)

    def close(self) -> None:
        """End it; there is nothing that Google would have to be told."""
        self._client.close()  # type: ignore[no-untyped-call]

    def first(self, sql: str) -> Cell | None:
        """Return the first column of the first row."""
        _, rows = self.rows(sql, 1, ASK_S)
        cell = rows[0][0] if rows else None
        if cell is not None and len(cell.text) > MOST_BYTES:
            raise PermanentError(f"the value is larger than {MOST_BYTES >> 20} MiB. Ask for less.")
        return cell

    def rows(self, sql: str, most: int, seconds: float) -> tuple[tuple[Column, ...], list[Row]]:
        """Return the columns of a statement and its first rows."""
        with answering():
            looked(self._client, checked(sql))
            found = run(self._client, sql, seconds, most)
            rows: list[Row] = [_row(one, found.schema) for one in islice(found, most)]
        return tuple(_column(one) for one in found.schema), rows


def _column(field: Any) -> Column:
    is_whole = field.mode != "REPEATED"
    kind = _KINDS.get(field.field_type, CellKind.OTHER) if is_whole else CellKind.OTHER
    word = _SPELLED.get(field.field_type, field.field_type).lower()
    return Column(field.name, kind, word if kind is not CellKind.OTHER else "json")


def _row(row: Any, schema: Sequence[Any]) -> Row:
    return tuple(_cell(value, field) for value, field in zip(row.values(), schema, strict=True))


def _cell(value: Any, field: Any) -> Cell | None:
    if value is None:
        return None
    column = _column(field)
    if isinstance(value, dict | list) or field.field_type == "JSON":
        return Cell(CellKind.OTHER, json.dumps(value, ensure_ascii=False, default=shown), column.type)
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(UTC)
    return Cell(kind_of(value, column.kind), shown(value), column.type)
