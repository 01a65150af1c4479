"""Which connector serves which connection type, written out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from penstock.connectors.databases import asking, drivers
from penstock.connectors.databases.certifying import DIFFERENCES, ScratchTables
from penstock.connectors.databases.tables import TYPES, Tables
from penstock.connectors.files.http import HttpFiles
from penstock.connectors.files.local import LocalFiles
from penstock.connectors.files.roots import Roots
from penstock.connectors.later import Later, LaterFiles, LaterSifter
from penstock.connectors.web.logins import strategies
from penstock.connectors.web.rest import WebApis
from penstock.errors import BadRequest
from penstock.plan.ports import Connection, Connector, Databases, Keeper, Sifter
from penstock.plan.systems import System

READ_ONLY = frozenset({"http", "singer"})
"""Types of connections that nothing can be written through."""
TRIED: Mapping[str, str] = {
    "file": "folders of the machine",
    "s3": "moto for its behaviour, rclone for signatures",
    "gs": "no Google: a stand-in for its tokens and addresses before an S3",
    "azureblobstorage": "Azurite",
    "sftp": "OpenSSH",
    "http": "a web server of the tests, which breaks off, waits and lies",
    "postgres": "PostgreSQL",
    "mysql": "MariaDB",
    "sqlite": "the library that Python has",
    "duckdb": "DuckDB",
    "redshift": "the driver's boundary only, not run against a live server here: PostgreSQL as a stand-in",
    "oracle": "the driver's boundary only, not run against a live server here",
    "sqlserver": "the driver's boundary only, not run against a live server here",
    "snowflake": "the driver's boundary only, not run against a live server here: a stand-in over DuckDB that speaks its API",
    "bigquery": "the driver's boundary only, not run against a live server here: a stand-in over DuckDB that speaks its API",
    "herokupostgres": "as postgres; never Heroku",
    "googlecloudpostgres": "as postgres; never Google",
    "googlecloudsql": "as mysql; never Google",
    "mongo": "no MongoDB: a look-alike",
    "salesforce": "samples written from its published description; never run against the service",
    "googlesheets": "samples written from its published description; never run against the service",
    "hubspot": "samples written from its published description; never run against the service",
    "shopify": "samples written from its published description; never run against the service",
    "singer": "tap-jsonl, and a hostile tap of the tests",
    "basic_auth": "a web server of the tests",
    "bearer": "a web server of the tests",
    "oauth2": "a web server of the tests",
}
"""What the tests of each type of connections run against; what is not named never ran against the service."""


def load() -> None:
    """Load the driver that jobs with databases need most often, which takes as long as a small job; for a process that will
    fork. Starts no thread."""
    for role in ("source", "target"):
        drivers.module("postgres", role)


def connectors(
    roots: Sequence[Path] | None, forbidden: Sequence[Path], allow: str | None, taps: Mapping[str, str] | None = None
) -> dict[str, Connector]:
    """Return connection type to connector. *roots* confine `file` connections (None: anywhere); *forbidden* folders are never
    read or written, unless they hold one of the roots; *allow* are the internal networks that may be reached, None for
    all; *taps* the commands of Singer taps that may be run, by name."""
    objects = LaterFiles(lambda: _object_files(allow))
    sftp = LaterFiles(lambda: _sftp_files(allow))
    mongo = LaterSifter(System.COLLECTIONS, lambda: _mongo(allow))
    web = WebApis(allow)
    return {
        **dict.fromkeys(("oauth2", *strategies()), web),
        "file": LocalFiles(roots, forbidden), "s3": objects, "gs": objects, "azureblobstorage": objects, "sftp": sftp,
        "http": HttpFiles(allow), "mongo": mongo, "rest_api": web,
        "singer": Later(System.TAPS, lambda: _singer(taps or {})),
        **dict.fromkeys(TYPES, Tables(allow, Roots(roots, forbidden))),
    }  # fmt: skip


def certifying(
    connection: Connection, roots: Sequence[Path] | None, forbidden: Sequence[Path], allow: str | None
) -> tuple[ScratchTables, str, Mapping[str, str]]:
    """Return the tables that are made for a certification, what the database says of itself, and the rules that are known not
    to hold of it. Raises BadRequest for a connection to anything else, PenstockError where it cannot be used."""
    if connection.type not in TYPES:
        raise BadRequest(
            f"Connections of type '{connection.type}' are not certified. Known: {', '.join(sorted(TYPES))}."
        )
    tables = Tables(allow, Roots(roots, forbidden))
    return ScratchTables(tables, connection), tables.server(connection), DIFFERENCES.get(TYPES[connection.type], {})


def _object_files(allow: str | None) -> Keeper:
    from penstock.connectors.files.objects import ObjectFiles

    return ObjectFiles(allow)


def _sftp_files(allow: str | None) -> Keeper:
    from penstock.connectors.files.sftp import SftpFiles

    return SftpFiles(allow)


def _mongo(allow: str | None) -> Sifter:
    from penstock.connectors.collections.mongo import MongoCollections

    return MongoCollections(allow)


def _singer(taps: Mapping[str, str]) -> Connector:
    from penstock.connectors.taps.singer import SingerTaps

    return SingerTaps(taps)


def databases(allow: str | None) -> Databases:
    """Return what asks databases behind servers, of the types `asking.DRIVERS`. *allow* are the internal networks where they
    may be, None for all."""
    return asking.Databases(allow)


def every_database(allow: str | None, roots: Sequence[Path] | None, forbidden: Sequence[Path]) -> Databases:
    """Return the connector for databases, those that are files of this machine among them."""
    from penstock.connectors.databases import looking

    return looking.opened(allow, roots, forbidden)
