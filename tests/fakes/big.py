"""A stand-in for Google BigQuery, which the real client speaks to: its REST API, and DuckDB in the place of its engine. It
proves what the client does and what statements mean, and not what BigQuery makes of them.

What is known of BigQuery and DuckDB does otherwise is done here: a job has a name that no other can have, a script is a job
whose transaction ends with it, and takes no definitions; no key is kept.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from functools import cache
from http.server import BaseHTTPRequestHandler
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import duckdb
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.fakes.big_script import Refused, Script
from tests.fakes.google_sql import MACROS, cell_of, field_of, translated
from tests.fakes.warehouse import Handler, Warehouse

PROJECT = "acme-shop-1"
PAGE = 5000
_NAMES = re.compile(r"penstock_[0-9a-f]{32}(_\d{10,})?")
_TURNS = ("BEGIN TRANSACTION", "ROLLBACK TRANSACTION", "CALL BQ.ABORT_SESSION()")


@cache
def _pem() -> str:
    made = rsa.generate_private_key(65537, 1024).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.decode()


def key(endpoint: str) -> str:
    """The key of a service account, as Google gives it out, but that *endpoint* gives its tokens."""
    return json.dumps({
        "type": "service_account", "project_id": PROJECT, "private_key_id": "canary-key-id", "private_key": _pem(),
        "client_email": f"loader@{PROJECT}.iam.gserviceaccount.com", "client_id": "1", "token_uri": f"{endpoint}/token",
    })  # fmt: skip


class BigQuery(Warehouse):
    """The stand-in. *told* are the statements that came and the files that were loaded; *tokens* counts the logins; *raises*
    are numbers, reasons and messages that a job whose statement holds a word ends with, once each; *drops* are words of jobs
    that are done, and whose answer is lost, once each; *waits* are words of statements that go on, once they *began*, until
    they are cancelled. *partitioned* are tables with the column that parts them, None for the time of writing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        super().__init__(MACROS, _Handler)
        self.tokens = 0
        self.drops: list[str] = []
        self.partitioned: dict[str, str | None] = {}
        self.clustered: set[str] = set()
        self.expires: dict[str, str] = {}
        self.made: dict[str, int] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.sessions: dict[str, Any] = {}
        self.results: dict[str, tuple[list[dict[str, Any]], list[Any], int | None]] = {}
        self.uploads: dict[str, dict[str, Any]] = {}
        self.lock = threading.RLock()
        self.clock = count(1_700_000_000_000)

    @property
    def connection(self) -> dict[str, Any]:
        """How a package connects to it."""
        return {
            "type": "bigquery", "host": PROJECT, "region": "EU", "database": "main", "endpoint": self.endpoint,
            "secrets": {"password": key(self.endpoint)},
        }  # fmt: skip

    @property
    def script(self) -> str:
        """All that was told, with names that differ from run to run alike."""
        return "".join(f"{_NAMES.sub('penstock_0', one).rstrip()}\n" for one in self.told)

    # --- jobs

    def insert(self, given: dict[str, Any], file: bytes | None = None) -> dict[str, Any]:
        """Run a job to its end, and return it. Raises Refused for one whose name is taken, or whose statement is none."""
        config, reference = given["configuration"], given.get("jobReference") or {}
        if config.get("dryRun"):
            return self._looked(config)
        name = reference.get("jobId") or f"job_{next(self.clock)}"
        with self.lock:
            if name in self.jobs:
                raise Refused(409, "duplicate", f"Already Exists: Job {PROJECT}:EU.{name}")
            kind = "load" if "load" in config else "query"
            job = self.jobs[name] = {
                "kind": "bigquery#job", "id": f"{PROJECT}:EU.{name}", "user_email": "loader",
                "configuration": {**config, "jobType": kind.upper()},
                "jobReference": {"projectId": PROJECT, "jobId": name, "location": "EU"}, "status": {"state": "RUNNING"},
                "statistics": {"creationTime": str(next(self.clock))},
            }  # fmt: skip
            try:
                if kind == "load":
                    self._load(job, config["load"], file or b"")
                else:
                    self._query(job, name, config["query"]["query"])
            except Refused as error:
                code, reason, message = error.args
                said = {"reason": reason, "location": "query", "message": message}
                job["status"] = {"state": "DONE", "errorResult": said, "errors": [said]}
                job["penstock"] = code
            else:
                job["status"] = {"state": "DONE"}
        return job

    def _looked(self, config: dict[str, Any]) -> dict[str, Any]:
        sql = config["query"]["query"]
        word = {"TRUNCATE": "TRUNCATE_TABLE"}.get(word := sql.lstrip(" (\n").split(None, 1)[0].upper(), word)
        is_query = word in ("SELECT", "WITH")
        fields = []
        if is_query:
            with self._refusing():
                found = self.base.cursor().execute(f"SELECT * FROM (\n{translated(sql)}\n) LIMIT 0")
                fields = [field_of(str(one[0]), str(one[1])) for one in found.description or []]
        return {
            "kind": "bigquery#job", "jobReference": {"projectId": PROJECT, "location": "EU"}, "status": {"state": "DONE"},
            "configuration": {**config, "jobType": "QUERY"}, "statistics": {"creationTime": "1", "query": {
                "statementType": "SELECT" if is_query else word, "schema": {"fields": fields}, "totalBytesProcessed": "0",
            }},
        }  # fmt: skip

    def _query(self, job: dict[str, Any], name: str, sql: str) -> None:
        self.told.append(sql.rstrip().removesuffix(";") + ";")
        if (refused := self.raised(sql)) is not None:
            raise Refused(*refused)
        if self.is_cancelled(sql):
            raise Refused(499, "stopped", "Job execution was cancelled: User requested cancellation")
        given = job["configuration"]["query"]
        session = next((one["value"] for one in given.get("connectionProperties", ())), None)
        if given.get("createSession"):
            session = f"session_{next(self.clock)}"
            self.sessions[session] = self.base.cursor()
        if session is not None and session not in self.sessions:
            raise Refused(404, "notFound", f"Session {session} is not found")
        cursor = self.base.cursor() if session is None else self.sessions[session]
        with self._refusing():
            if session is not None and sql in _TURNS:
                result = self._turned(session, sql)
                job["statistics"]["sessionInfo"] = {"sessionId": session}
            else:
                result = Script(cursor, self).run(sql) if sql.startswith("DECLARE") else self.statement(cursor, sql)
        self.results[name] = result
        changed = result[2]
        query = {"statementType": "SCRIPT" if sql.startswith("DECLARE") else sql.split(None, 1)[0].upper()}
        if changed is not None:
            query["numDmlAffectedRows"] = str(changed)
        job["statistics"]["query"] = query

    def _turned(self, session: str, sql: str) -> tuple[list[dict[str, Any]], list[Any], int | None]:
        """Begin or end what goes on in a session."""
        if sql == "CALL BQ.ABORT_SESSION()":
            self.sessions.pop(session).close()
        else:
            self.sessions[session].execute(sql)
        return [], [], None

    def statement(self, cursor: Any, sql: str) -> tuple[list[dict[str, Any]], list[Any], int | None]:
        """Run one statement: its fields, its rows, how many rows it changed."""
        word = sql.split(None, 1)[0].upper()
        if word == "ALTER":
            head, *rest = re.split(r"(?=ADD COLUMN)", translated(sql))
            for one in rest:
                cursor.execute(head + one.strip().rstrip(","))
            return [], [], None
        # DuckDB takes no types of columns beside a SELECT.
        sql = re.sub(r"^(CREATE OR REPLACE TABLE \S+) \(.*?\) AS SELECT", r"\1 AS SELECT", sql)
        found = cursor.execute(translated(sql))
        described, rows = found.description or [], found.fetchall()
        if word in ("SELECT", "WITH"):
            return [field_of(str(one[0]), str(one[1])) for one in described], rows, None
        return [], [], int(rows[0][0]) if rows and word in ("INSERT", "UPDATE", "DELETE", "MERGE") else None

    def _load(self, job: dict[str, Any], config: dict[str, Any], body: bytes) -> None:
        to = config["destinationTable"]
        name = f'"{to["datasetId"]}"."{to["tableId"]}"'
        self.told.append(
            f"-- {job['jobReference']['jobId']}: {config['sourceFormat']} into {to['datasetId']}.{to['tableId']};"
        )
        if (refused := self.raised(job["jobReference"]["jobId"])) is not None:
            raise Refused(*refused)
        file = self.folder / f"{next(self.clock)}.parquet"
        file.write_bytes(body)
        with self._refusing():
            cursor = self.base.cursor()
            columns = ", ".join(
                f'"{one[0]}"' for one in cursor.execute(f"SELECT * FROM '{file}' LIMIT 0").description or []
            )
            (rows,) = cursor.execute(f"INSERT INTO {name} ({columns}) SELECT {columns} FROM '{file}'").fetchall()[0]
        job["statistics"]["load"] = {"outputRows": str(rows), "inputFiles": "1"}

    def _refusing(self) -> Any:
        return _Refusing()

    # --- tables

    def table(self, dataset: str, name: str) -> dict[str, Any]:
        """Return what is said of a table. Raises Refused where there is none."""
        cursor = self.base.cursor()
        found = cursor.execute(
            "SELECT table_type FROM information_schema.tables WHERE table_schema = ? AND table_name = ?",
            [dataset, name],
        ).fetchall()
        if not found:
            raise Refused(404, "notFound", f"Not found: Table {PROJECT}:{dataset}.{name}")
        described = cursor.execute(f'SELECT * FROM "{dataset}"."{name}" LIMIT 0').description or []
        made: dict[str, Any] = {
            "kind": "bigquery#table", "tableReference": {"projectId": PROJECT, "datasetId": dataset, "tableId": name},
            "schema": {"fields": [field_of(str(one[0]), str(one[1])) for one in described]},
            "type": "VIEW" if found[0][0] == "VIEW" else "TABLE",
            "creationTime": str(self.made.setdefault(f"{dataset}.{name}", next(self.clock))),
        }  # fmt: skip
        if name in self.partitioned:
            column = self.partitioned[name]
            made["timePartitioning"] = {"type": "DAY", **({"field": column} if column else {})}
        if name in self.clustered:
            made["clustering"] = {"fields": [str(described[0][0])]}
        return made

    def create(self, dataset: str, given: dict[str, Any]) -> dict[str, Any]:
        """Make a table. Raises Refused where it is there, or its data set is not."""
        name = given["tableReference"]["tableId"]
        self.dataset(dataset)
        kinds = {
            "INTEGER": "BIGINT",
            "INT64": "BIGINT",
            "FLOAT64": "DOUBLE",
            "BOOL": "BOOLEAN",
            "TIMESTAMP": "TIMESTAMPTZ",
        }
        columns = ", ".join(f'"{one["name"]}" {kinds.get(one["type"], "VARCHAR")}' for one in given["schema"]["fields"])
        try:
            self.base.cursor().execute(f'CREATE TABLE "{dataset}"."{name}" ({columns})')
        except duckdb.CatalogException as error:
            raise Refused(409, "duplicate", f"Already Exists: Table {PROJECT}:{dataset}.{name}") from error
        self.expires[name] = given.get("expirationTime", "")
        self.made[f"{dataset}.{name}"] = next(self.clock)
        return self.table(dataset, name)

    def dataset(self, name: str) -> dict[str, Any]:
        """Return what is said of a data set. Raises Refused where there is none."""
        if name not in [
            one for (one,) in self.base.cursor().execute("SELECT schema_name FROM duckdb_schemas()").fetchall()
        ]:
            raise Refused(404, "notFound", f"Not found: Dataset {PROJECT}:{name}")
        return {
            "kind": "bigquery#dataset",
            "datasetReference": {"projectId": PROJECT, "datasetId": name},
            "location": "EU",
        }


class _Refusing:
    def __enter__(self) -> None:
        """Nothing is held."""

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if isinstance(error, duckdb.TransactionException | duckdb.SerializationException):
            said = f"Transaction is aborted due to concurrent update against table {PROJECT}:main.t. {error}"
            raise Refused(400, "invalidQuery", said) from error
        if isinstance(error, duckdb.Error):
            missing = isinstance(error, duckdb.CatalogException) and "Table" in str(error)
            raise Refused(404 if missing else 400, "notFound" if missing else "invalidQuery", str(error)) from error


class _Handler(Handler, BaseHTTPRequestHandler):
    server: BigQuery

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def do_PUT(self) -> None:
        self._answer(self._put)

    def do_DELETE(self) -> None:
        self._answer(self._delete)

    def _answer(self, does: Any) -> None:
        url = urlsplit(self.path)
        parts = [unquote(one) for one in url.path.strip("/").split("/")]
        asked = {name: values[0] for name, values in parse_qs(url.query).items()}
        body = self.body()
        try:
            if parts != ["token"] and not self.headers.get("Authorization", "").startswith("Bearer token-"):
                raise Refused(401, "authError", "Request had invalid authentication credentials.")
            status, answer, headers = does(parts, asked, body)
        except Refused as error:
            code, reason, message = error.args
            said = {
                "code": code,
                "message": message,
                "errors": [{"reason": reason, "domain": "global", "message": message}],
            }
            status, answer, headers = code, {"error": said}, {}
        if answer is Lost:
            self.close_connection = True
            return
        made = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(made)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(made)

    def _get(self, parts: list[str], asked: dict[str, str], _: bytes) -> Any:
        match parts[4:]:
            case ["jobs", name]:
                return 200, self._job(name), {}
            case ["queries", name]:
                return 200, self._results(name, asked), {}
            case ["datasets", dataset]:
                return 200, self.server.dataset(dataset), {}
            case ["datasets", dataset, "tables", table]:
                return 200, self.server.table(dataset, table), {}
        raise Refused(404, "notFound", self.path)

    def _post(self, parts: list[str], asked: dict[str, str], body: bytes) -> Any:
        if parts == ["token"]:
            return self._token(body)
        if parts[0] == "upload":
            if asked["uploadType"] == "multipart":
                edge = self.headers["Content-Type"].partition("boundary=")[2].strip('"').encode()
                _, one, two, _ = body.split(b"--" + edge)
                given, file = (part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n") for part in (one, two))
                return self._inserted(json.loads(given), file)
            name = str(next(self.server.clock))
            self.server.uploads[name] = json.loads(body)
            return 200, None, {"Location": f"{self.server.endpoint}/resume/{name}"}
        match parts[4:]:
            case ["jobs"]:
                return self._inserted(json.loads(body))
            case ["jobs", name, "cancel"]:
                self.server.cancelled.set()
                return 200, {"job": self._job(name)}, {}
            case ["datasets", dataset, "tables"]:
                return 200, self.server.create(dataset, json.loads(body)), {}
        raise Refused(404, "notFound", self.path)

    def _inserted(self, given: dict[str, Any], file: bytes | None = None) -> Any:
        made = self.server.insert(given, file)
        for index, word in enumerate(self.server.drops):
            if word in json.dumps(given):
                del self.server.drops[index]
                return 0, Lost, {}
        return 200, made, {}

    def _put(self, parts: list[str], _: dict[str, str], body: bytes) -> Any:
        return self._inserted(self.server.uploads.pop(parts[1]), body)

    def _delete(self, parts: list[str], _: dict[str, str], __: bytes) -> Any:
        _, dataset, _, table = parts[4:]
        self.server.table(dataset, table)
        self.server.base.cursor().execute(f'DROP TABLE "{dataset}"."{table}"')
        self.server.made.pop(f"{dataset}.{table}", None)
        return 204, None, {}

    def _token(self, body: bytes) -> Any:
        claims = json.loads(base64.urlsafe_b64decode(parse_qs(body.decode())["assertion"][0].split(".")[1] + "=="))
        if not claims["iss"].startswith("loader@"):
            return 400, {"error": "invalid_grant", "error_description": "Invalid grant: account not found"}, {}
        self.server.tokens += 1
        return 200, {"access_token": f"token-{self.server.tokens}", "expires_in": 3600, "token_type": "Bearer"}, {}

    def _job(self, name: str) -> dict[str, Any]:
        if name not in self.server.jobs:
            raise Refused(404, "notFound", f"Not found: Job {PROJECT}:EU.{name}")
        return self.server.jobs[name]

    def _results(self, name: str, asked: dict[str, str]) -> dict[str, Any]:
        job = self._job(name)
        if error := job["status"].get("errorResult"):
            raise Refused(job["penstock"], error["reason"], error["message"])
        fields, rows, changed = self.server.results[name]
        first = int(asked.get("pageToken") or asked.get("startIndex") or 0)
        size = min(PAGE, int(asked.get("maxResults", PAGE)))
        made = {
            "kind": "bigquery#getQueryResultsResponse", "jobReference": job["jobReference"], "jobComplete": True,
            "schema": {"fields": fields},
        }  # fmt: skip
        if fields:
            made["totalRows"] = str(len(rows))
            part = rows[first : first + size]
            if part:
                made["rows"] = [{"f": [{"v": cell_of(value)} for value in row]} for row in part]
            if first + size < len(rows) and size:
                made["pageToken"] = str(first + size)
        if changed is not None:
            made["numDmlAffectedRows"] = str(changed)
        return made


class Lost:
    """An answer that nobody hears."""
