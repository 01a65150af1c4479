"""The types of connections and their parameters (wire reference 3.10.2): one declaration for the API, jobs and commands."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from penstock.services import connection_parameters as parameters
from penstock.services.coerce import Fields
from penstock.services.connection_parameters import (
    DATABASE,
    HOST,
    PASSWORD,
    REGION,
    SSH,
    TLS,
    TUNNEL_TYPE,
    USER,
    Given,
    Parameter,
    Scalar,
    port,
    ssl,
)

__all__ = ["STORAGE", "TYPES", "Given", "Parameter", "Type", "read", "read_change"]

_UNKNOWN_BUT_MEANT = ("ssh_", "tunnel_", "ssl_", "sslmode", "sslrootcert")
"""Beginnings of parameters that must not be left out in silence where a type lacks them: what is asked for by them is a way
that is safer."""

STORAGE = ("storage", "File Storage")
DATABASES = ("databases", "Databases")
ANALYTICAL = ("analytical", "Analytical Databases")
SERVICES = ("services", "Services")


@dataclass(frozen=True, slots=True)
class Type:
    """A type of connections, as the wire lists it, with its parameters. *is_database* ones are asked with SQL; *own* ones
    are not of the wire but ours; *read_only* are parameters that the wire has and nobody gives."""

    type: str
    name: str
    group: tuple[str, str]
    description: str
    parameters: tuple[Parameter, ...]
    is_database: bool = False
    own: bool = False
    read_only: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as the wire writes it."""
        kind, name = self.group
        groups = [{"group_type": kind, "group_name": name}]
        return {
            "type": self.type, "name": self.name, "description": self.description, "icon_url": "", "groups": groups,
        }  # fmt: skip


_LEDGER = Parameter(
    "ledger_schema", about="schema of the table that notes which outputs were written; the target's where it is left out",
    own=True,
)  # fmt: skip


def _server(kind: str, name: str, number: int, what: str, *, tls: bool | None = None, own_tls: bool = False) -> Type:
    """A database on a server of its own: *number* is its port, *tls* whether TLS is used unless it is said."""
    secure = () if tls is None else (ssl(tls, own=own_tls), *TLS)
    shared = (USER, PASSWORD, DATABASE, HOST, port(number), TUNNEL_TYPE, *secure, *SSH, _LEDGER)
    return Type(kind, name, DATABASES, what, shared, is_database=True)


_CODE = Parameter("code", about="OAuth code", secret=True)
_REDIRECT = Parameter(
    "redirect_uri", about="OAuth redirect address that the code was made for", needed="Give the address that the code was made "
    "for.", where="code",
)  # fmt: skip
_TOKEN = Parameter("password", about="password or token", needed="Give it, or a 'code'.", unless=("code",), secret=True)
_OAUTH = (
    Parameter("username", about="user name"),
    _TOKEN,
    Parameter("refresh_token", about="token for refreshing", secret=True),
    Parameter("uid", about="id of the user at the provider", secret=True),
    Parameter("expires", "boolean", "whether access ends"),
    Parameter("expires_at", about="end of access"),
    _CODE,
    _REDIRECT,
)


_CLIENT = (
    Parameter(
        "client_id", about="id of a client that was registered with the service: tokens are asked for by it", own=True
    ),
    Parameter("client_secret", about="secret of that client", secret=True, own=True),
)

_CLIENTS_TOKEN = _TOKEN.but(needed="Give it, a 'code', or a 'client_id'.", unless=("code", "client_id"))


def _oauth(kind: str, name: str, *more: Parameter, read_only: tuple[str, ...] = ()) -> Type:
    shared = tuple(_CLIENTS_TOKEN if one is _TOKEN and _CLIENT[0] in more else one for one in _OAUTH)
    return Type(kind, name, SERVICES, f"An account of {name}.", (*shared, *more), read_only=read_only)


_ENVIRONMENT = Parameter(
    "environment", "choice", "which of Salesforce's systems", needed="Give 'production' or 'sandbox'.",
    allowed=("production", "sandbox"),
)  # fmt: skip

_FILES = (
    Type(
        "file", "Files", STORAGE, "A folder of this installation's machines.",
        (Parameter("path", "path", "the folder", needed="Give the folder, such as /data/lake."),), own=True,
    ),
    Type(
        "s3", "Amazon S3", STORAGE, "Buckets of Amazon S3, or of any store that speaks as it does.",
        (
            USER.but(about="access key id", needed="Give the access key id."),
            PASSWORD.but(about="secret access key", needed="Give the secret access key."),
            Parameter("region", about="region of the service"),
            Parameter("endpoint", "url", "address of a store that speaks as S3 does; Amazon's where it is left out", own=True),
            Parameter(
                "path_style", "boolean", "whether the bucket stands in the path of addresses and not in their host; true "
                "where an endpoint is given, unless it is said", own=True,
            ),
        ),
    ),
    Type(
        "gs", "Google Cloud Storage", STORAGE, "Buckets of Google Cloud Storage.",
        (
            Parameter("project_id", about="project id", needed="Give the id of the project."),
            Parameter("password", "long", "key of a service account, its JSON text", secret=True, own=True),
            Parameter("endpoint", "url", "address of another server of the same API", own=True),
        ),
    ),
    Type(
        "azureblobstorage", "Azure Blob Storage", STORAGE, "Containers of Azure Blob Storage.",
        (
            USER.but(about="storage account", needed="Give the storage account."),
            PASSWORD.but(about="access key", needed="Give the access key."),
            Parameter("endpoint", "url", "address of another server of the same API", own=True),
        ),
    ),
    Type(
        "sftp", "Sftp", STORAGE, "Folders of a server that speaks SFTP.",
        (
            USER,
            PASSWORD.but(
                needed="Give the password of the user, or 'auth_method' 'key'.", where="auth_method", where_is="password"
            ),
            HOST,
            port(22),
            Parameter(
                "auth_method", "choice", "how to authenticate", default="password", allowed=("password", "key")
            ),
            Parameter("private_key", "long", "private key of the user, OpenSSH or PEM", secret=True, own=True),
            Parameter("passphrase", about="passphrase of that key", secret=True, own=True),
            Parameter(
                "host_key", "long", "public key of the server, `ssh-ed25519 AAAA…`, or its fingerprint `SHA256:…`; a test "
                "without it says which key the server shows", own=True,
            ),
            *SSH,
        ),
    ),
    Type(
        "hdfs", "Hadoop Distributed File System", STORAGE, "Folders of HDFS, through an HttpFS gateway.",
        (
            Parameter("username", about="Hadoop user"),
            Parameter("name_node_host", "host", "NameNode host", needed="Give the host of the NameNode."),
            Parameter("name_node_port", "port", "NameNode port; empty with high availability"),
            Parameter("httpfs_host", "host", "HttpFS gateway host", needed="Give the host of the HttpFS gateway."),
            Parameter("httpfs_port", "port", "HttpFS port", default=14_000),
            *SSH,
        ),
    ),
    Type(
        "http", "HTTP", STORAGE, "Files that a web server gives out.",
        (
            Parameter("endpoint", "url", "address that paths begin at", needed="Give the address that paths begin at."),
            Parameter("username", about="user name, for Basic authentication"),
            Parameter("password", about="password", secret=True),
        ),
        own=True,
    ),
)  # fmt: skip

_DATABASES = (
    _server("postgres", "PostgreSQL", 5432, "A PostgreSQL database.", tls=True),
    _server("herokupostgres", "Heroku Postgres", 5432, "A PostgreSQL database of Heroku.", tls=True),
    _server(
        "googlecloudpostgres", "Google Cloud SQL for PostgreSQL", 5432, "A PostgreSQL database of Google Cloud SQL.", tls=True,
        own_tls=True,
    ),
    _server("mysql", "MySQL", 3306, "A MySQL or MariaDB database.", tls=False),
    _server(
        "googlecloudsql", "Google Cloud SQL for MySQL", 3306, "A MySQL database of Google Cloud SQL.", tls=True, own_tls=True
    ),
    _server("sqlserver", "Microsoft SQL Server", 1433, "A database of Microsoft SQL Server.", tls=False),
    _server("oracle", "Oracle Database", 1521, "A database of Oracle.", tls=True),
    Type(
        "mongo", "MongoDB", DATABASES, "Collections of a MongoDB database.",
        (
            Parameter("username", about="user name"),
            Parameter("password", about="password", secret=True),
            DATABASE.but(default=None, needed="Give the database."),
            HOST,
            port(27_017),
            TUNNEL_TYPE,
            ssl(False),
            *TLS,
            Parameter("read_preference", about="which members of a replica set are read"),
            Parameter("authentication_database", about="database that knows the user; empty means `database`"),
            *SSH,
        ),
    ),
    Type(
        "netsuite", "NetSuite", DATABASES, "Tables of NetSuite, through its SuiteAnalytics Connect service.",
        (
            USER, PASSWORD, DATABASE.but(about="service data source", default="NetSuite.com"), HOST, port(1708),
            Parameter("net_suite_account_id", about="company account id", needed="Give the id of the company's account."),
            Parameter("role_id", about="role id"),
            *SSH,
        ),
        is_database=True,
    ),
    Type(
        "sqlite", "SQLite", DATABASES, "A SQLite database in a file of this installation's machines.",
        (Parameter("path", "path", "the file", needed="Give the file, such as /data/shop.db."),), is_database=True, own=True,
    ),
    Type(
        "duckdb", "DuckDB", DATABASES, "A DuckDB database in a file of this installation's machines.",
        (Parameter("path", "path", "the file", needed="Give the file, such as /data/shop.duckdb."),), is_database=True,
        own=True,
    ),
)  # fmt: skip

_ANALYTICAL = (
    Type(
        "redshift", "Amazon Redshift", ANALYTICAL, "A database of Amazon Redshift.",
        (USER, PASSWORD, DATABASE, HOST, port(5439), ssl(False), *TLS, REGION, TUNNEL_TYPE, *SSH, _LEDGER), is_database=True,
    ),
    Type(
        "snowflake", "Snowflake", ANALYTICAL, "A database of Snowflake.",
        (
            Parameter("account_name", about="account name", needed="Give the name of the account."),
            USER,
            PASSWORD.but(about="password or token; not used beside a `private_key`"),
            DATABASE.but(default=None, needed="Give the database."),
            Parameter("warehouse", about="warehouse", needed="Give the warehouse."),
            REGION.but(about="region such as `snowflake::us-east-1`"), TUNNEL_TYPE,
            Parameter(
                "private_key", "long", "private key of the user, PKCS#8 in PEM, which then logs in", secret=True, own=True
            ),
            Parameter("passphrase", about="passphrase of that key", secret=True, own=True),
            Parameter("role", about="role of the session; the user's own where it is left out", own=True),
            Parameter(
                "endpoint", "url", "address of the account where it is no ordinary one, such as "
                "https://acme.eu-west-1.privatelink.snowflakecomputing.com", own=True,
            ),
            _LEDGER,
        ),
        is_database=True,
    ),
    Type(
        "bigquery", "BigQuery database", ANALYTICAL, "Data sets of Google BigQuery.",
        (
            Parameter("database", about="data set id"),
            Parameter("host", about="project id", needed="Give the id of the project."),
            REGION,
            Parameter("password", "long", "key of a service account, its JSON text", secret=True, own=True),
            Parameter("endpoint", "url", "address of another server of the same API", own=True),
            _LEDGER,
        ),
        is_database=True,
    ),
    Type(
        "athena", "Amazon Athena", ANALYTICAL, "Tables of Amazon Athena.",
        (
            USER.but(about="access key id", needed="Give the access key id."),
            PASSWORD.but(about="secret access key", needed="Give the secret access key."),
            DATABASE,
            Parameter("s3_staging_dir", about="`s3://` location for results", needed="Give the s3:// location for results."),
            REGION,
            TUNNEL_TYPE,
        ),
        is_database=True,
    ),
    Type(
        "googlecloudspanner", "Google Cloud Spanner", ANALYTICAL, "A database of Google Cloud Spanner.",
        (
            USER, PASSWORD.but(about="password or token"), DATABASE.but(default=None, needed="Give the database."),
            Parameter("host", about="project id", needed="Give the id of the project."),
            Parameter("instance_id", about="instance id", needed="Give the id of the instance."),
            _CODE, _REDIRECT,
        ),
        is_database=True,
    ),
)  # fmt: skip

_SERVICES = (
    _oauth("adwords", "Google AdWords"),
    _oauth("analytics", "Google Analytics"),
    _oauth("bingads", "Bing Ads"),
    _oauth("facebookadsinsights", "Facebook Ads Insights"),
    _oauth(
        "googlesheets", "Google Sheets", *_CLIENT,
        Parameter("endpoint", "url", "address of another server of the same API", own=True),
    ),
    Type(
        "hubspot", "Hubspot", SERVICES, "An account of HubSpot.",
        (
            Parameter("username", about="user name"),
            Parameter("password", about="password or token", secret=True),
            TUNNEL_TYPE.but(default=None),
            Parameter("local_port", "port", "TCP port", default=46_126),
        ),
        read_only=("owner_id",),
    ),
    _oauth("instagram", "Instagram"),
    _oauth("intercom", "Intercom"),
    _oauth("linkedin", "LinkedIn"),
    _oauth("pinterest", "Pinterest"),
    _oauth(
        "salesforce", "Salesforce", _ENVIRONMENT, *_CLIENT,
        Parameter(
            "endpoint", "url", "address of the organisation, such as https://acme.my.salesforce.com; found out where it is "
            "left out", own=True,
        ),
    ),
    _oauth("shopify", "Shopify", read_only=("hmac", "timestamp", "shop")),
    _oauth("xero", "Xero"),
    _oauth("youtube", "YouTube"),
    Type(
        "basic_auth", "Basic authentication", SERVICES, "A user and a password for web APIs.", (USER, PASSWORD), own=True
    ),
    Type(
        "singer", "Singer tap", SERVICES, "What a Singer tap reads, one that the operator of the installation allows.",
        (
            Parameter("tap", about="name of the tap, as the operator lists it", needed="Give the name of the tap."),
            Parameter("config", "long", "configuration of the tap, a JSON object", secret=True),
        ),
        own=True,
    ),
    Type(
        "bearer", "Bearer token", SERVICES, "A token for web APIs.",
        (PASSWORD.but(about="the token", needed="Give the token."),), own=True,
    ),
    Type(
        "oauth2", "OAuth 2.0", SERVICES, "Tokens that a service gives for client credentials, or for a refresh token.",
        (
            Parameter("token_url", "url", "address that gives tokens", needed="Give the address that gives tokens."),
            Parameter("client_id", about="id of the client", needed="Give the id of the client."),
            Parameter("client_secret", about="secret of the client", secret=True),
            Parameter("refresh_token", about="token for refreshing; client credentials where there is none", secret=True),
            Parameter("scope", about="what is asked for, words with blanks between them"),
            Parameter("audience", about="whom the token is for, where the service wants that"),
            Parameter(
                "client_auth", "choice", "whether id and secret of the client stand in a header or in the body",
                default="header", allowed=("header", "body"),
            ),
        ),
        own=True,
    ),
)  # fmt: skip

TYPES: dict[str, Type] = {
    one.type: one
    for one in sorted((*_FILES, *_DATABASES, *_ANALYTICAL, *_SERVICES), key=lambda one: one.type)
}  # fmt: skip
"""Every type of connection, by its name on the wire."""


def read(kind: str, fields: Fields) -> Given:
    """Return the parameters of a type that a call gives for a connection that is not there yet, defaults included; what is
    wrong, and what is missing, is noted."""
    given = _given(TYPES[kind], fields, {one.name: one.default for one in TYPES[kind].parameters})
    _note(TYPES[kind], fields, given, {}, (), TYPES[kind].parameters)
    return given


def read_change(kind: str, fields: Fields, plain: Mapping[str, Scalar], secret: Collection[str]) -> Given:
    """Return the parameters of a type that a call changes; what is wrong with them, beside the *plain* ones and the names of
    the *secret* ones that there are, is noted."""
    given = _given(TYPES[kind], fields, {})
    # What has to be there always is there; what only others make necessary may be missed now.
    bound = [one for one in TYPES[kind].parameters if one.where is not None or one.unless]
    _note(TYPES[kind], fields, given, plain, secret, bound)
    return given


def _given(kind: Type, fields: Fields, defaults: Mapping[str, Scalar | None]) -> Given:
    found: dict[str, Scalar] = {}
    hidden: dict[str, str] = {}
    for one in kind.parameters:
        value = parameters.read(fields, one)
        if value is None and one.name not in fields.errors:
            value = defaults.get(one.name)
        if value is not None and one.secret:
            hidden[one.name] = str(value)
        elif value is not None:
            found[one.name] = value
    return Given(found, hidden)


def _note(
    kind: Type,
    fields: Fields,
    given: Given,
    plain: Mapping[str, Scalar],
    secret: Collection[str],
    asked: Iterable[Parameter],
) -> None:
    """Note which of the parameters *asked* for are missing, and those that would make a connection less safe in silence."""
    after, names = {**plain, **given.parameters}, {*secret, *given.secrets}
    for one in asked:
        there = bool(after.get(one.name)) or one.name in names or one.name in fields.errors
        if not there and parameters.is_needed(one, after, names):
            fields.refuse(one.name, f"is missing. {one.needed}")
    _refuse_unsafe(kind, fields, after, {**given.parameters, **given.secrets})


def _refuse_unsafe(kind: Type, fields: Fields, after: Mapping[str, Scalar], given: Mapping[str, Scalar]) -> None:
    """Note parameters that would do nothing although they are meant to make a connection safer."""
    known = {one.name for one in kind.parameters} | set(kind.read_only)
    for name, value in fields.raw.items():
        if name not in known and name.startswith(_UNKNOWN_BUT_MEANT) and value not in (None, ""):
            fields.refuse(name, f"is not supported by connections of type '{kind.type}'. Leave it out.")
    for name, value in given.items():
        if value in ("", False):
            continue
        if name.startswith("ssh_") and not after.get("ssh_host") and "ssh_host" not in fields.errors:
            fields.refuse(name, "is for a tunnel. Give 'ssh_host' with it.")
        if name in ("ssl_ca", "ssl_verify") and value != "none" and not after.get("ssl"):
            fields.refuse(name, "is for TLS. Give 'ssl' true with it.")
