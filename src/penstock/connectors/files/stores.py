"""The object stores: which client speaks to the bucket of a connection. Nothing is taken from the environment."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from obstore.store import AzureStore, GCSStore, S3Store

from penstock.connectors.files import guard
from penstock.connectors.files.bucket import Bucket
from penstock.connectors.places import resolved
from penstock.errors import PermanentError
from penstock.plan.ports import Connection

if TYPE_CHECKING:
    from obstore.store import AzureConfig, ClientConfig, GCSConfig, RetryConfig, S3Config

S3_REGION = "us-east-1"
"""Where a bucket is whose connection names no region."""
CONNECT_S = 10
READ_S = 30
WHOLE_S = 600
"""How long one request may take, its body included."""
RETRIES = 4
RETRY_S = 30
"""How long a request is tried again that a store could not serve."""
_ENVIRONMENT = ("AWS_", "GOOGLE_", "AZURE_")
_building = threading.Lock()


def opened(connection: Connection, bucket: str, allow: str | None) -> Bucket:
    """Return a bucket. *allow* are the internal networks that may be reached; None for all. Speaks to nobody yet, but the name
    server. Raises PermanentError for a connection that lacks something, or leads where it must not."""
    store, kind = OPENING[connection.type](connection, bucket, allow)
    return Bucket(store, bucket, f"the {kind} '{bucket}'")


def place_of(connection: Connection) -> str:
    """Return what tells one store from others of its type: endpoint, or account."""
    given = connection.parameters
    return str(given.get("endpoint") or (given.get("username") if connection.type == "azureblobstorage" else "") or "-")


def _s3(connection: Connection, bucket: str, allow: str | None) -> tuple[S3Store, str]:
    given = connection.parameters
    region = str(given.get("region") or S3_REGION)
    endpoint = str(given.get("endpoint") or "").rstrip("/")
    asked = given.get("path_style")
    path_style = bool(asked) if asked is not None else bool(endpoint) or "." in bucket
    if not endpoint:
        endpoint = f"https://s3.{region}.amazonaws.com" + (".cn" if region.startswith("cn-") else "")
    if not path_style:
        scheme, _, host = endpoint.partition("://")
        endpoint = f"{scheme}://{bucket}.{host}"
    config: S3Config = {
        "access_key_id": _needed(connection, "username"), "secret_access_key": _secret(connection, "password"),
        "region": region, "endpoint": endpoint, "virtual_hosted_style_request": not path_style,
    }  # fmt: skip
    with _alone():
        made = S3Store(bucket, config=config, client_options=_client(endpoint, allow), retry_config=_retries())
    return made, "bucket"


def _gs(connection: Connection, bucket: str, allow: str | None) -> tuple[GCSStore, str]:
    endpoint = str(connection.parameters.get("endpoint") or "").rstrip("/")
    config: GCSConfig = {"service_account_key": _secret(connection, "password")}
    if endpoint:
        config["base_url"] = endpoint
    options = _client(endpoint or "https://storage.googleapis.com", allow)
    # Else Google unpacks objects that were stored as packed, and says neither how large they are nor gives parts of them.
    options["default_headers"] = {"Accept-Encoding": "gzip"}
    with _alone():
        made = GCSStore(bucket, config=config, client_options=options, retry_config=_retries())
    return made, "bucket"


def _azure(connection: Connection, bucket: str, allow: str | None) -> tuple[AzureStore, str]:
    account = _needed(connection, "username")
    endpoint = str(connection.parameters.get("endpoint") or "").rstrip("/")
    endpoint = endpoint or f"https://{account}.blob.core.windows.net"
    config: AzureConfig = {
        "account_name": account,
        "account_key": _secret(connection, "password"),
        "endpoint": endpoint,
    }
    with _alone():
        made = AzureStore(bucket, config=config, client_options=_client(endpoint, allow), retry_config=_retries())
    return made, "container"


OPENING: Mapping[str, Callable[[Connection, str, str | None], tuple[Any, str]]] = {
    "s3": _s3, "gs": _gs, "azureblobstorage": _azure,
}  # fmt: skip
"""Connection type to what opens it."""


def _needed(connection: Connection, name: str) -> str:
    value = connection.parameters.get(name)
    if not value:
        raise PermanentError(f"The connection '{connection.key}' has no {name}. Give it one.")
    return str(value)


def _secret(connection: Connection, name: str) -> str:
    """Return a secret: without one a client would take the identity of this machine."""
    value = connection.secret(name) or connection.parameters.get(name)
    if not value:
        raise PermanentError(f"The connection '{connection.key}' has no {name}. Give it one.")
    return str(value)


def _client(endpoint: str, allow: str | None) -> ClientConfig:
    url = urlsplit(endpoint)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise PermanentError(f"'{endpoint}' is no address of a store. Write it like https://storage.example.com:9000.")
    made: ClientConfig = {
        "allow_http": url.scheme == "http", "connect_timeout": timedelta(seconds=CONNECT_S),
        "read_timeout": timedelta(seconds=READ_S), "timeout": timedelta(seconds=WHOLE_S), "user_agent": "Penstock",
    }  # fmt: skip
    if allow is not None:
        _check(url.hostname, url.port or 0, allow)
        made["proxy_url"] = guard.proxy(allow)
    return made


def _check(host: str, port: int, allow: str) -> None:
    """Look where a host is before a client does, whose own words would be less clear."""
    try:
        resolved(host, port, allow)
    except PermanentError as error:
        raise PermanentError(error.message[:1].upper() + error.message[1:]) from error


def _retries() -> RetryConfig:
    return {
        "max_retries": RETRIES, "retry_timeout": timedelta(seconds=RETRY_S),
        "backoff": {"init_backoff": timedelta(milliseconds=200), "max_backoff": timedelta(seconds=15), "base": 2},
    }  # fmt: skip


@contextmanager
def _alone() -> Iterator[None]:
    """Take out of the environment, while a client is made, what it would go by beside its connection: keys, tokens and
    endpoints of whoever started this process."""
    with _building:
        kept = {name: value for name, value in os.environ.items() if name.startswith(_ENVIRONMENT)}
        for name in kept:
            del os.environ[name]
        try:
            yield
        finally:
            os.environ.update(kept)
