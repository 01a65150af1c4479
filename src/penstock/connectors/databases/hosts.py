"""Where databases are whose connections name an account, and no host."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from penstock.errors import PermanentError
from penstock.plan.ports import Connection

_HTTPS = 443
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_PROJECT = re.compile(r"([A-Za-z0-9.-]+:)?[A-Za-z0-9][A-Za-z0-9-]*")
"""Old ones have a domain before them."""
_DEFAULT_REGION = "us-west-2"
"""Snowflake's first one, which its addresses leave out."""


def found(connection: Connection) -> tuple[str | None, int | None]:
    """Return host and port of a connection whose parameters do not say them, otherwise None for both. Raises PermanentError."""
    return _parts(address(connection)) if connection.type in _MAKES else (None, None)


def address(connection: Connection) -> str:
    """Return the address of such a connection. Raises PermanentError."""
    return str(connection.parameters.get("endpoint") or "").rstrip("/") or _MAKES[connection.type](connection)


def is_tls(connection: Connection) -> bool:
    """Tell whether a connection goes over TLS."""
    if connection.type in _MAKES:
        return not str(connection.parameters.get("endpoint") or "").startswith("http:")
    return bool(connection.parameters.get("ssl"))


def _parts(address: str) -> tuple[str, int]:
    url = urlsplit(address)
    return url.hostname or "", url.port or (_HTTPS if url.scheme == "https" else 80)


def snowflake(connection: Connection) -> str:
    """Return the address of an account. Its region may have the cloud before it (`snowflake::us-east-1`), stand in the name of
    the account already (`ab12345.eu-west-1`), or be known of it (`organisation-account`).

    >>> snowflake(Connection("db", "snowflake", {"account_name": "ab12345", "region": "snowflake::us-east-1"}))
    'https://ab12345.us-east-1.snowflakecomputing.com'
    >>> snowflake(Connection("db", "snowflake", {"account_name": "acme-shop_2", "region": "eu-west-1"}))
    'https://acme-shop-2.snowflakecomputing.com'
    >>> snowflake(Connection("db", "snowflake", {"account_name": "ab12345", "region": "us-west-2"}))
    'https://ab12345.snowflakecomputing.com'
    """
    name = str(connection.parameters.get("account_name") or "").strip()
    region = str(connection.parameters.get("region") or "").strip().rpartition("::")[2].lower()
    if not _WORD.fullmatch(name) or (region and not _WORD.fullmatch(region)):
        raise PermanentError("account and region are words, such as ab12345 and us-east-1. Correct the connection.")
    end = "cn" if region.startswith("cn-") else "com"
    is_known = "." in name or "-" in name or region in ("", _DEFAULT_REGION)
    host = (name if is_known else f"{name}.{region}").replace("_", "-").lower()
    return f"https://{host}.snowflakecomputing.{end}"


def bigquery(connection: Connection) -> str:
    """Return the address of the service, which is one for all. Raises PermanentError where the project is no word.

    >>> bigquery(Connection("db", "bigquery", {"host": "acme-shop-1"}))
    'https://bigquery.googleapis.com'
    """
    if not _PROJECT.fullmatch(str(connection.parameters.get("host") or "")):
        raise PermanentError("the host is the id of a project, such as acme-shop-1. Correct the connection.")
    return "https://bigquery.googleapis.com"


def scope(connection: Connection, schema: str | None) -> str:
    """Return what stands before INFORMATION_SCHEMA in statements, where a database has one for each schema and one for each
    region: that of a schema, or of all of them; otherwise an empty text.

    >>> scope(Connection("db", "bigquery", {"region": "EU"}), None), scope(Connection("db", "bigquery"), "web")
    ('`region-eu`', '`web`')
    """
    if connection.type != "bigquery":
        return ""
    name = schema or f"region-{str(connection.parameters.get('region') or 'us').lower()}"
    if "`" in name or "\\" in name:
        raise PermanentError("region and data set are words, such as EU and web. Correct the connection.")
    return f"`{name}`"


_MAKES: Mapping[str, Callable[[Connection], str]] = {"bigquery": bigquery, "snowflake": snowflake}
"""Connection type to what makes its address."""
