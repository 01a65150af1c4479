"""A stand-in for Snowflake, which the real driver speaks to: its API over HTTP, a stage for files, and DuckDB in the place of
its engine. It proves what statements mean, and not what Snowflake makes of them.

What is known of Snowflake and DuckDB does otherwise is done here: definitions end a transaction, no key is kept, statements are
one at a time, whole numbers are NUMBER(38, 0), names in quotes are kept.
"""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, date, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
import pyarrow as pa
from tests.fakes.warehouse import Handler, Warehouse

PASSWORD = "canary-pw"
_MACROS = (
    "CREATE MACRO to_varchar(x) AS CAST(x AS VARCHAR), (x, f) AS CASE f "
    "WHEN 'YYYY-MM-DD' THEN strftime(CAST(x AS TIMESTAMP), '%Y-%m-%d') "
    "WHEN 'YYYY-MM-DD HH24:MI:SS.FF9' THEN strftime(CAST(x AS TIMESTAMP), '%Y-%m-%d %H:%M:%S.%n') "
    "WHEN 'HH24:MI:SS.FF6' THEN strftime(CAST('2000-01-01 ' || CAST(x AS VARCHAR) AS TIMESTAMP), '%H:%M:%S.%f') "
    "ELSE strftime(CAST(x AS TIMESTAMP), '%Y-%m-%d %H:%M:%S.%f') END",
    "CREATE MACRO convert_timezone(z, x) AS x AT TIME ZONE z",
    "CREATE MACRO parse_json(x) AS CAST(x AS JSON)",
    "CREATE MACRO try_parse_json(x) AS TRY_CAST(x AS JSON)",
    "CREATE MACRO is_object(x) AS json_type(x) = 'OBJECT'",
    "CREATE MACRO to_variant(x) AS x",
    "CREATE MACRO to_date(x, f) AS CAST(x AS DATE)",
    "CREATE MACRO to_timestamp_tz(x, f) AS CAST(replace(x, ' +', '+') AS TIMESTAMPTZ)",
    "CREATE MACRO to_timestamp_ltz(x, f) AS CAST(replace(x, ' +', '+') AS TIMESTAMPTZ)",
    "CREATE MACRO to_timestamp_ntz(x, f) AS CAST(x AS TIMESTAMP)",
    "CREATE MACRO to_binary(x, f) AS encode(x)",
    "CREATE MACRO current_version() AS '9.36.0'",
    "CREATE SCHEMA catalogue",
    """CREATE VIEW catalogue.columns AS SELECT table_schema, table_name, column_name, ordinal_position, is_nullable,
CASE WHEN data_type LIKE 'DECIMAL%' OR data_type IN ('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT') THEN 'NUMBER'
WHEN data_type IN ('FLOAT', 'DOUBLE') THEN 'FLOAT' WHEN data_type = 'VARCHAR' THEN 'TEXT' WHEN data_type = 'JSON' THEN 'VARIANT'
WHEN data_type = 'TIMESTAMP WITH TIME ZONE' THEN 'TIMESTAMP_TZ' WHEN data_type = 'TIMESTAMP' THEN 'TIMESTAMP_NTZ'
WHEN data_type = 'BLOB' THEN 'BINARY' ELSE data_type END AS data_type,
CASE WHEN data_type LIKE 'DECIMAL%' THEN numeric_precision ELSE 38 END AS numeric_precision,
CASE WHEN data_type LIKE 'DECIMAL%' THEN numeric_scale ELSE 0 END AS numeric_scale,
16777216 AS character_maximum_length, 8388608 AS character_octet_length
FROM information_schema.columns WHERE table_catalog = current_database() AND table_schema <> 'catalogue'""",
    "CREATE VIEW catalogue.tables AS SELECT * FROM information_schema.tables "
    "WHERE table_catalog = current_database() AND table_schema <> 'catalogue'",
    "CREATE VIEW catalogue.schemata AS SELECT * FROM information_schema.schemata WHERE catalog_name = current_database()",
)
_WORDS = (
    (re.compile(r"\binformation_schema\.", re.IGNORECASE), "catalogue."),
    (re.compile(r"\bTIMESTAMP_TZ\b(?!\()"), "TIMESTAMPTZ"),
    (re.compile(r"\bTIMESTAMP_LTZ\b(?!\()"), "TIMESTAMPTZ"),
    (re.compile(r"\bTIMESTAMP_NTZ\b(?!\()"), "TIMESTAMP"),
    (re.compile(r"\bNUMBER\b(?=\()"), "DECIMAL"),
    (re.compile(r"\bVARIANT\b"), "JSON"),
    (re.compile(r", PRIMARY KEY \([^)]*\)"), ""),
    (re.compile(r'("[^"]+"\.)?("penstock_[0-9a-f]{32}")'), r"\2"),
)
_CHANGES = {
    "INSERT": ("inserted", 0x3100), "UPDATE": ("updated", 0x3200), "DELETE": ("deleted", 0x3300), "MERGE": ("updated", 0x3400),
}  # fmt: skip
"""What a change is called in its answer, by which the driver counts, and the number of its kind."""
_DEFINES = re.compile(r"\s*(CREATE|ALTER|DROP|TRUNCATE|GRANT)\b", re.IGNORECASE)
_PUT = re.compile(r"PUT 'file://(?P<file>.*)' @~/(?P<to>\S+) (?P<options>.*)", re.DOTALL)
_SCAN = re.compile(r"TABLE\(RESULT_SCAN\('([^']+)'\)\)")
_REMOVE = re.compile(r"REMOVE @~/(?P<at>\S+)")
_COPY = re.compile(
    r"COPY INTO (?P<table>.*?) \((?P<columns>\"[^)]*)\) FROM \(SELECT (?P<values>.*) FROM @~/(?P<at>\S+)\) FILE_FORMAT = .*",
    re.DOTALL,
)
_NAMES = re.compile(r"penstock(_|/)[0-9a-f]{32}")
_QUERY = re.compile(r"01b2c3d4-0000-0000-0000-\d{12}")


_LITERAL = re.compile(r"'(?:[^'\\]|\\.|'')*'", re.DOTALL)


def _unescaped(found: re.Match[str]) -> str:
    """Return a literal as DuckDB reads it, for which a backslash means nothing."""
    return re.sub(r"\\(.)", r"\1", found[0], flags=re.DOTALL)


def _alike(found: re.Match[str]) -> str:
    return f"penstock{found[1]}0"


class Snowflake(Warehouse):
    """The stand-in. *told* are the statements that came, *logins* what came to log in; *raises* are codes and messages that a
    statement which holds a word is answered with, once each; *takes* are statements that mean nothing, and are taken;
    *waits* are words of statements that go on, once they *began*, until the session is told to cancel."""

    def __init__(self, folder: Path) -> None:
        self.stage = folder / "stage"
        self.stage.mkdir(parents=True)
        super().__init__(_MACROS, _Handler)
        self.logins: list[dict[str, Any]] = []
        self.takes: set[str] = set()
        self.sessions: dict[str, Session] = {}
        self.queries = count(1)

    @property
    def connection(self) -> dict[str, Any]:
        """How a package connects to it."""
        return {
            "type": "snowflake", "account_name": "ab12345", "region": "snowflake::us-east-1", "username": "loader",
            "database": "SHOP", "warehouse": "SMALL", "endpoint": self.endpoint, "secrets": {"password": PASSWORD},
        }  # fmt: skip

    @property
    def script(self) -> str:
        """All that was told, with names that differ from run to run alike."""
        found = (re.sub("file://[^ ]*/", "file:///staged/", one) for one in self.told)
        return "".join(f"{_QUERY.sub('01b2c3d4', _NAMES.sub(_alike, one))};\n" for one in found)

    def close(self) -> None:
        """End it."""
        for one in self.sessions.values():
            one.raw.close()
        super().close()


class Refused(Exception):
    """What Snowflake says no with: its code, the state of SQL, a message."""


class Session:
    """One session: a connection to DuckDB, and a transaction that may be open."""

    _numbers = count(1_700_000_000_000)

    def __init__(self, server: Snowflake) -> None:
        self.server = server
        self.raw = server.base.cursor()
        self.number: int | None = None
        self.results: dict[str, tuple[Any, Any]] = {}

    def answer(self, sql: str, *, query: str = "", only_described: bool = False) -> dict[str, Any]:
        """Return what a statement gives, as the API writes it; *query* is the name by which its rows are asked for again."""
        if only_described:
            found = self.raw.execute(f"SELECT * FROM (\n{_translated(sql)}\n) LIMIT 0")
            return _rows(found.description or [], [])
        if put := _PUT.fullmatch(sql):
            return self._put(put["file"].replace("\\'", "'").replace("\\\\", "\\"), put["to"])
        if removed := _REMOVE.fullmatch(sql):
            shutil.rmtree(self.server.stage / removed["at"], ignore_errors=True)
            return _rows([("name", "VARCHAR")], [])
        if copied := _COPY.fullmatch(sql):
            return self._copy(copied)
        if sql in ("BEGIN", "COMMIT", "ROLLBACK"):
            self._turn(sql)
            return _done()
        if sql == "SELECT CURRENT_TRANSACTION()":
            return _rows([("CURRENT_TRANSACTION()", "VARCHAR")], [(None if self.number is None else str(self.number),)])
        if sql in self.server.takes:
            return _done()
        if "SYSTEM$CANCEL_ALL_QUERIES" in sql:
            self.server.cancelled.set()
            return _rows([("S", "VARCHAR")], [("1 cancelled",)])
        if _DEFINES.match(sql) and self.number is not None:
            self._turn("COMMIT")
        return self._run(sql, query)

    def _scanned(self, found: re.Match[str]) -> str:
        """Make the rows that a statement gave a table."""
        name = f"scan_{found[1].replace('-', '')}"
        if (result := self.results.pop(found[1], None)) is not None:
            described, rows = result
            columns = ", ".join(f'"{one[0]}" {one[1]}' for one in described)
            self.raw.execute(f"CREATE TEMP TABLE {name} ({columns})")
            if rows:
                values = dict(zip((one[0] for one in described), zip(*rows, strict=True), strict=True))
                self.raw.register("given", pa.table({name: pa.array(some) for name, some in values.items()}))
                self.raw.execute(f"INSERT INTO {name} SELECT * FROM given")
        return name

    def _turn(self, word: str) -> None:
        if word == "BEGIN" and self.number is None:
            self.raw.execute("BEGIN TRANSACTION")
            self.number = next(self._numbers)
        elif word != "BEGIN" and self.number is not None:
            self.number = None
            self.raw.execute(word)

    def _run(self, sql: str, query: str) -> dict[str, Any]:
        found = self.raw.execute(_translated(_SCAN.sub(self._scanned, sql)))
        described, rows = found.description or [], found.fetchall()
        self.results = {query: (described, rows), **dict(list(self.results.items())[:3])}
        word = sql.split(None, 1)[0].upper()
        if word in ("INSERT", "UPDATE", "DELETE", "MERGE"):
            changed = rows[0][0] if rows else 0
            name, kind = _CHANGES[word]
            return {**_rows([(f"number of rows {name}", "BIGINT")], [(changed,)]), "statementTypeId": kind}
        return _done() if word not in ("SELECT", "WITH") else _rows(described, rows)

    def _put(self, file: str, to: str) -> dict[str, Any]:
        info = {
            "locationType": "S3", "location": f"stages/{to}", "path": "", "region": "us-east-1", "isClientSideEncrypted": False,
            "creds": {"AWS_KEY_ID": "k", "AWS_SECRET_KEY": "s", "AWS_TOKEN": "t"}, "endPoint": self.server.endpoint,
        }  # fmt: skip
        return {
            "uploadInfo": info, "stageInfo": info, "src_locations": [file], "parallel": 4, "threshold": 209_715_200,
            "autoCompress": False, "overwrite": True, "sourceCompression": "zstd", "clientShowEncryptionParameter": False,
            "command": "UPLOAD", "operation": "Node", "presignedUrls": [], "statementTypeId": 0x7101,
        }  # fmt: skip

    def _copy(self, copied: re.Match[str]) -> dict[str, Any]:
        files = sorted((self.server.stage / copied["at"]).glob("*"))
        width = copied["columns"].count('", "') + 1
        columns = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(1, width + 1))
        values = re.sub(r"\$(\d+)", r"c\1", copied["values"])
        total = []
        for file in files:
            read = (
                f"read_csv('{file}', columns = {{{columns}}}, header = false, quote = '\"', escape = '\"', delim = ',', "
                "auto_detect = false, new_line = '\\n', allow_quoted_nulls = false, nullstr = '', compression = 'zstd', "
                "strict_mode = true, max_line_size = 33554432)"
            )
            into, made = _translated(copied["table"]), _translated(values)
            sql = f"INSERT INTO {into} ({copied['columns']}) SELECT {made} FROM {read}"
            loaded = self.raw.execute(sql).fetchall()[0][0]
            total.append((file.name, "LOADED", loaded, loaded, 1, 0))
        if not files:
            return _rows([("status", "VARCHAR")], [("Copy executed with 0 files processed.",)])
        names = ("file", "status", "rows_parsed", "rows_loaded", "error_limit", "errors_seen")
        kinds = ("VARCHAR", "VARCHAR", *["BIGINT"] * 4)
        return {**_rows(list(zip(names, kinds, strict=True)), total), "statementTypeId": 0x3500}


def _translated(sql: str) -> str:
    sql = _LITERAL.sub(_unescaped, sql) if "\\" in sql else sql
    for pattern, word in _WORDS:
        sql = pattern.sub(word, sql)
    return sql


def _done() -> dict[str, Any]:
    return {**_rows([("status", "VARCHAR")], [("Statement executed successfully.",)]), "statementTypeId": 0x6100}


def _rows(described: Any, rows: Any) -> dict[str, Any]:
    types = [_type(str(one[0]), str(one[1])) for one in described]
    made = [[_text(value, kind["type"]) for value, kind in zip(row, types, strict=True)] for row in rows]
    return {
        "rowtype": types, "rowset": made, "total": len(made), "returned": len(made), "statementTypeId": 0x1000,
        "queryResultFormat": "json",
    }  # fmt: skip


def _type(name: str, word: str) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": name,
        "nullable": True,
        "length": None,
        "byteLength": None,
        "precision": None,
        "scale": None,
    }
    if word in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UBIGINT"):
        return {**made, "type": "fixed", "precision": 38, "scale": 0}
    if found := re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", word):
        return {**made, "type": "fixed", "precision": int(found[1]), "scale": int(found[2])}
    if word in ("FLOAT", "DOUBLE"):
        return {**made, "type": "real"}
    if word == "BOOLEAN":
        return {**made, "type": "boolean"}
    if word == "DATE":
        return {**made, "type": "date"}
    if word.startswith("TIMESTAMP"):
        return {**made, "type": "timestamp_tz" if "ZONE" in word else "timestamp_ntz", "precision": 0, "scale": 9}
    if word == "JSON":
        return {**made, "type": "variant"}
    size = 8_388_608 if word == "BLOB" else 16_777_216
    return {**made, "type": "binary" if word == "BLOB" else "text", "length": size, "byteLength": size}


def _text(value: Any, kind: str) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return str(int(value))
        case Decimal():
            return format(value, "f")
        case datetime():
            seconds = (value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value) - datetime(1970, 1, 1)
            whole = seconds.days * 86_400 + seconds.seconds
            return f"{whole}.{seconds.microseconds:06d}000" + (" 1440" if kind == "timestamp_tz" else "")
        case date():
            return str((value - date(1970, 1, 1)).days)
        case bytes():
            return value.hex().upper()
        case float():
            return {"inf": "inf", "-inf": "-inf", "nan": "NaN"}.get(repr(value), repr(value))
    return str(value)


class _Handler(Handler, BaseHTTPRequestHandler):
    server: Snowflake

    def do_GET(self) -> None:
        self._reply(200, {"success": True, "data": None})

    def do_HEAD(self) -> None:
        self._reply(404, None)

    def do_PUT(self) -> None:
        """A file for the stage, as S3 takes it."""
        path = urlsplit(self.path).path.removeprefix("/stages/")
        to = self.server.stage / path
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(self.body())
        self.send_response(200)
        self.send_header("ETag", '"e"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        """A login, a statement, or an end."""
        path, body = urlsplit(self.path).path, self.body()
        if path.endswith("/login-request"):
            self._login(json.loads(body)["data"])
        elif path.endswith("/query-request"):
            self._query(json.loads(body))
        else:
            token = self.headers.get("Authorization", "").partition('Token="')[2].rstrip('"')
            if path == "/session" and (ended := self.server.sessions.pop(token, None)) is not None:
                ended.raw.close()
            self._reply(200, {"success": True, "data": None, "code": None, "message": None})

    def _login(self, data: dict[str, Any]) -> None:
        self.server.logins.append(data)
        if data.get("AUTHENTICATOR") != "SNOWFLAKE_JWT" and data.get("PASSWORD") != PASSWORD:
            said = "Incorrect username or password was specified."
            self._reply(
                200, {"success": False, "code": "390100", "message": said, "data": {"nextAction": "RETRY_LOGIN"}}
            )
            return
        token = f"token-{len(self.server.logins)}"
        self.server.sessions[token] = Session(self.server)
        self._reply(200, {"success": True, "code": None, "message": None, "data": {
            "token": token, "masterToken": f"master-{token}", "validityInSeconds": 3600, "masterValidityInSeconds": 14_400,
            "serverVersion": "9.36.0", "sessionId": len(self.server.logins), "parameters": [
                {"name": "TIMEZONE", "value": "UTC"}, {"name": "CLIENT_TELEMETRY_ENABLED", "value": False},
            ], "sessionInfo": {"databaseName": "SHOP", "schemaName": "main", "warehouseName": "SMALL", "roleName": "R"},
        }})  # fmt: skip

    def _query(self, asked: dict[str, Any]) -> None:
        sql, number = asked["sqlText"], f"01b2c3d4-0000-0000-0000-{next(self.server.queries):012d}"
        token = self.headers.get("Authorization", "").partition('Token="')[2].rstrip('"')
        session = self.server.sessions.get(token)
        if not asked.get("describeOnly"):
            self.server.told.append(sql)
        try:
            if session is None:
                raise Refused("390111", "08003", "Session no longer exists. New login required to access the service.")
            if (refused := self.server.raised(sql)) is not None:
                code, said = refused
                raise Refused(code, "02000", said)
            if self.server.is_cancelled(sql):
                raise Refused("000604", "57014", "SQL execution canceled")
            data = session.answer(sql, query=number, only_described=bool(asked.get("describeOnly")))
        except Refused as error:
            code, state, said = error.args
            self._fails(code, state, said, number)
        except (duckdb.TransactionException, duckdb.SerializationException) as error:
            self._fails("000625", "57014", str(error), number)
        except duckdb.Error as error:
            state = "42S02" if isinstance(error, duckdb.CatalogException) else "22000"
            self._fails("002003" if state == "42S02" else "100038", state, str(error), number)
        else:
            self._reply(200, {"success": True, "code": None, "message": None, "data": {
                "parameters": [], "queryId": number, "numberOfBinds": 0, "version": 1, **data,
            }})  # fmt: skip

    def _fails(self, code: str, state: str, said: str, number: str) -> None:
        self._reply(200, {"success": False, "code": code, "message": said, "data": {
            "internalError": False, "errorCode": code, "sqlState": state, "queryId": number,
        }})  # fmt: skip

    def _reply(self, status: int, answer: Any) -> None:
        body = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
