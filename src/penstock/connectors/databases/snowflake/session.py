"""Snowflake, connection type `snowflake`: sessions that read, over its connector for Python (an extra).

The connector speaks HTTPS, resolves names by itself, and follows the addresses that the server gives it for files and large
results: so it goes through the proxy of this process, which reaches checked addresses only.
"""

from __future__ import annotations

import logging
import os
import re
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

# The connector asks the addresses of clouds' own services where it runs, unless it is told not to before it is loaded.
os.environ.setdefault("SNOWFLAKE_DISABLE_PLATFORM_DETECTION", "true")

from snowflake import connector as driver

from penstock.connectors.databases import hosts
from penstock.connectors.databases.dbapi import DbSession, Described, Speech, sentence
from penstock.connectors.databases.limits import limit
from penstock.connectors.databases.session import ASK_S, CONNECT_S, NO_ROWS, Gone
from penstock.connectors.databases.targets import Doubled
from penstock.connectors.files.guard import proxy
from penstock.connectors.places import Place
from penstock.errors import PermanentError, TransientError
from penstock.plan.ports import CellKind, Connection

# What it has to say is raised; its log would stand among the lines of a job.
logging.getLogger("snowflake").addHandler(logging.NullHandler())
logging.getLogger("snowflake").propagate = False

SETTINGS = {
    "TIMEZONE": "UTC", "DATE_OUTPUT_FORMAT": "YYYY-MM-DD", "TIME_OUTPUT_FORMAT": "HH24:MI:SS.FF6",
    "TIMESTAMP_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF6", "TIMESTAMP_NTZ_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF6",
    "TIMESTAMP_LTZ_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF6TZH:TZM",
    "TIMESTAMP_TZ_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF6TZH:TZM", "BINARY_OUTPUT_FORMAT": "HEX",
    # Otherwise names are in capitals whatever stands in quotes.
    "QUOTED_IDENTIFIERS_IGNORE_CASE": False,
    # What a session that broke off was doing is not to be done behind the back of the next one.
    "ABORT_DETACHED_QUERY": True, "ROWS_PER_RESULTSET": 0, "CLIENT_TELEMETRY_ENABLED": False, "QUERY_TAG": "penstock",
}  # fmt: skip
"""What every session is told, so that names, numbers and times are read and written in one way."""
_LOST = frozenset({390104, 390110, 390111, 390112, 390114, 390115, 390195})
"""The session is not there any more, or what it logged in with has expired."""
_LATER = frozenset({603, 604, 612, 625, 630, 637, 300002, 300005})
"""Internal errors, cancelled, took too long, waited too long for a lock, too much at once."""
_DOUBLED = frozenset({200001})
"""Of tables that keep their keys, which are hybrid ones only."""
_ADVICE = "If you would like to continue loading"
"""How the end of what COPY says begins, which speaks of statements that nobody here has written."""
_READS = re.compile(r"(\s|\(|--[^\n]*\n|//[^\n]*\n|/\*.*?\*/)*(SELECT|WITH)\b", re.IGNORECASE | re.DOTALL)
_CALLS = re.compile(r"\bAS\s+PROCEDURE\b|->>", re.IGNORECASE)
"""What makes more of a statement than a query: a procedure that it carries itself, and statements behind it."""


def connected(connection: Connection, place: Place, settings: dict[str, Any] | None = None) -> Any:
    """Return a connection to the database of a stored one. Raises PermanentError, or TransientError when nobody answers."""
    given = connection.parameters
    try:
        return driver.connect(
            # A region behind the name is part of the address alone.
            account=str(given.get("account_name") or "").partition(".")[0], user=str(given.get("username") or ""),
            database=str(given.get("database") or ""), warehouse=str(given.get("warehouse") or ""),
            host=place.host, port=place.port, protocol="https" if hosts.is_tls(connection) else "http",
            application="penstock", autocommit=True, session_parameters={**SETTINGS, **(settings or {})},
            connect_timeout=CONNECT_S, login_timeout=3 * CONNECT_S, retry_max_attempts=2, logout_max_attempts=1,
            logout_total_timeout_seconds=CONNECT_S, enable_server_session_keep_alive_auto_detection=False,
            client_store_temporary_credential=False, arrow_number_to_decimal=True, auto_cleanup=False,
            **_role(given), **_login(connection), **_guard(place),
        )  # fmt: skip
    except driver.Error as error:
        raise fault_of(error) from error


def _role(given: Any) -> dict[str, str]:
    return {"role": str(given["role"])} if given.get("role") else {}


def _login(connection: Connection) -> dict[str, str]:
    key = connection.secret("private_key")
    if key is None:
        return {"password": connection.secret("password") or ""}
    word = connection.secret("passphrase")
    return {
        "authenticator": "SNOWFLAKE_JWT", "private_key": key, **({} if word is None else {"private_key_password": word}),
    }  # fmt: skip


def _guard(place: Place) -> dict[str, Any]:
    """Return what makes the connector reach checked addresses only."""
    if place.allow is None:
        return {}
    url = urlsplit(proxy(place.allow))
    return {
        "proxy_host": url.hostname, "proxy_port": url.port, "proxy_scheme": url.scheme, "proxy_user": url.username,
        "proxy_password": url.password, "no_proxy": "", "use_proxy_env": False,
    }  # fmt: skip


def open_session(connection: Connection, place: Place) -> DbSession:
    """Return a session with the database of a connection. Raises PermanentError, or TransientError when nobody answers."""
    return DbSession(connected(connection, place, {"STATEMENT_TIMEOUT_IN_SECONDS": ASK_S}), SPEECH)


def quoted(name: str) -> str:
    """Return a name in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text in quotes, in which a backslash has a meaning."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def fault_of(error: Exception) -> PermanentError | TransientError:
    """Return what an error of the driver means here: Gone where the session has failed, and not the statement."""
    number, state = int(getattr(error, "errno", -1) or -1), str(getattr(error, "sqlstate", "") or "")
    text = str(getattr(error, "raw_msg", error)).partition(_ADVICE)[0]
    said = sentence(" ".join(text.split()))
    if number in _LOST or isinstance(error, driver.OperationalError | driver.InterfaceError) or state.startswith("08"):
        return Gone(said)
    message = f"the database says: {said}"
    if number in _LATER:
        return TransientError(message)
    return Doubled(message) if number in _DOUBLED else PermanentError(message)


# Numbers of types, as the driver has them.
FIXED, REAL, TEXT, DATE, TIMESTAMP, VARIANT, TIMESTAMP_LTZ, TIMESTAMP_TZ, TIMESTAMP_NTZ, OBJECT, ARRAY = range(11)
BINARY, TIME, BOOLEAN, GEOGRAPHY, GEOMETRY, VECTOR, MAP, FILE, INTERVAL_YEAR_MONTH, INTERVAL_DAY_TIME = range(11, 21)
WORDS = (
    "number", "float", "text", "date", "timestamp_ntz", "variant", "timestamp_ltz", "timestamp_tz", "timestamp_ntz", "object",
    "array", "binary", "time", "boolean", "geography", "geometry", "vector", "map", "file", "interval_year_month",
    "interval_day_time",
)  # fmt: skip
"""Numbers of types to Snowflake's words for them."""
_KINDS = {
    FIXED: CellKind.DECIMAL, REAL: CellKind.DOUBLE, DATE: CellKind.DATE, BOOLEAN: CellKind.BOOLEAN,
    TIMESTAMP: CellKind.TIMESTAMP, TIMESTAMP_NTZ: CellKind.TIMESTAMP, TIMESTAMP_LTZ: CellKind.INSTANT,
    TIMESTAMP_TZ: CellKind.INSTANT,
    **dict.fromkeys((TEXT, BINARY, TIME), CellKind.TEXT),
}  # fmt: skip


def _kind(described: Described) -> tuple[CellKind, str]:
    number, precision, scale = int(described[1]), described[4], described[5]
    word = WORDS[number] if number < len(WORDS) else "text"
    if number == FIXED and scale == 0 and precision is not None:
        return CellKind.WHOLE, "int" if precision <= 9 else "bigint"
    return _KINDS.get(number, CellKind.OTHER), "json" if number in (VARIANT, OBJECT, ARRAY, MAP) else word


def _prepared(sql: str) -> str:
    """Return a statement as it is sent. Raises PermanentError for one that is no query: no session only reads."""
    if not _READS.match(sql) or _CALLS.search(sql):
        raise PermanentError(NO_ROWS)
    return sql


def _leave(raw: Any) -> None:
    """Nothing was begun."""


def cancel(raw: Any) -> None:
    """End what runs in a session, from another thread."""
    with suppress(driver.Error), raw.cursor() as cursor:
        cursor.execute(f"SELECT SYSTEM$CANCEL_ALL_QUERIES({int(raw.session_id)})")


SPEECH = Speech(driver.Error, fault_of, quoted, limit, _kind, "", _leave, cancel, _prepared)
