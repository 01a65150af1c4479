"""What every test may use: real servers, each started once, and a fresh store on every kind of database."""

from __future__ import annotations

import http.client
import importlib.util
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import psycopg
import pymysql
import pytest
from xdist import is_xdist_worker

if TYPE_CHECKING:
    from tests import servers
    from xdist.workermanage import WorkerController
else:

    def _load(name: str) -> ModuleType:
        # The tests are no package (importmode=importlib): a package beside this module is loaded by its path.
        place = Path(__file__).with_name(name) / "__init__.py"
        spec = importlib.util.spec_from_file_location(f"penstock_tests_{name}", place)
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        return module

    servers = _load("servers")

# Half of what a short-lived Java does is to compile itself well. Spark's processes of the tests are short-lived.
os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
REQUIRED = os.environ.get("PENSTOCK_REQUIRE_SERVERS", "") not in ("", "0")
OPTIONAL = frozenset({"MariaDB", "PostgreSQL with TLS", "SFTP (OpenSSH)", "Azure Blob Storage (Azurite)"})
"""Servers that no package of the index holds, so that nobody can be required to have them."""
NOT_RUN = pytest.StashKey[dict[str, str]]()
_numbers = count(1)


def pytest_configure(config: pytest.Config) -> None:
    """Begin the list of what could not be run."""
    config.stash[NOT_RUN] = {}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: WorkerController) -> None:
    """Take over what one of the processes that share the tests could not run."""
    node.config.stash[NOT_RUN].update(getattr(node, "workeroutput", {}).get("not_run", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name each server that could not be had, and why."""
    missing = config.stash[NOT_RUN]
    if missing:
        terminalreporter.section("not run")
        for name, why in sorted(missing.items()):
            terminalreporter.write_line(f"{name}: {why}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where servers are required, one that could not be had is a failure. A process that shares the tests reports."""
    missing = session.config.stash[NOT_RUN]
    if is_xdist_worker(session):
        session.config.workeroutput["not_run"] = missing
    elif set(missing) - OPTIONAL and REQUIRED:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def new_postgres(request: pytest.FixtureRequest) -> Iterator[Callable[[], servers.Postgres]]:
    """Starts PostgreSQL servers, each stopped and removed at the end."""
    with ExitStack() as stack:

        def start() -> servers.Postgres:
            try:
                return stack.enter_context(servers.postgres())
            except servers.NotHad as fault:
                request.config.stash[NOT_RUN]["PostgreSQL"] = str(fault)
                if REQUIRED:
                    pytest.fail(f"PostgreSQL could not be had: {fault}")
                pytest.skip(f"PostgreSQL could not be had: {fault}")

        yield start


@pytest.fixture(scope="session")
def server_of(request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Starts a server, given its name and how it is run, and ends it with the tests; without it a test is not run."""
    with ExitStack() as stack:

        def start(name: str, run: Callable[[], Any]) -> Any:
            try:
                return stack.enter_context(run())
            except servers.NotHad as fault:
                request.config.stash[NOT_RUN][name] = str(fault)
                if REQUIRED and name not in OPTIONAL:
                    pytest.fail(f"{name} could not be had: {fault}")
                pytest.skip(f"{name} could not be had: {fault}")

        yield start


@pytest.fixture(scope="session")
def tap_jsonl(server_of: Callable[..., Any]) -> Path:
    """The command of a Singer tap from the package index."""
    return Path(server_of("Singer tap (tap-jsonl)", servers.tap_jsonl))


@pytest.fixture(scope="session")
def s3(server_of: Callable[..., Any]) -> str:
    """The address of an S3 that knows every operation, and believes every key."""
    return str(server_of("S3 (moto)", servers.moto))


@pytest.fixture(scope="session")
def signed_s3(server_of: Callable[..., Any]) -> tuple[str, Path, tuple[str, str]]:
    """The address of an S3 that checks signatures, the folder that it serves, and the key that it believes."""
    return (*server_of("S3 (rclone)", servers.rclone), servers.S3_KEY)


@pytest.fixture(scope="session")
def web_files(server_of: Callable[..., Any]) -> tuple[str, Path, str]:
    """The address of a web server that gives out files, the folder that they are in, and the password of its user `guest`."""
    return (*server_of("HTTP (rclone)", servers.files_over_http), servers.HTTP_PASSWORD)


@pytest.fixture(scope="session")
def google(s3: str) -> Iterator[str]:
    """The address of what speaks as Google Cloud Storage does, and is none."""
    front = servers.GoogleFront(s3)
    threading.Thread(target=front.serve_forever, daemon=True).start()
    yield front.url
    front.shutdown()
    front.server_close()


@pytest.fixture(scope="session")
def azure(server_of: Callable[..., Any]) -> tuple[str, tuple[str, str]]:
    """The address of an account of Azure Blob Storage, its name and its key."""
    return server_of("Azure Blob Storage (Azurite)", servers.azurite), servers.AZURE_ACCOUNT


@pytest.fixture(scope="session")
def mongo_alike(server_of: Callable[..., Any]) -> int:
    """The port of what speaks as MongoDB does."""
    return int(server_of("MongoDB look-alike (nx-27017)", servers.mongo_alike))


@pytest.fixture(scope="session")
def sshd(server_of: Callable[..., Any]) -> servers.Sshd:
    """A server of SFTP."""
    found: servers.Sshd = server_of("SFTP (OpenSSH)", servers.sshd)
    return found


@pytest.fixture(scope="session")
def new_bucket(s3: str) -> Callable[[str], None]:
    """Makes a bucket in it."""

    def make(name: str) -> None:
        host = s3.partition("://")[2]
        opened = http.client.HTTPConnection(host)
        opened.request("PUT", f"/{name}")
        assert opened.getresponse().status == 200
        opened.close()

    return make


@pytest.fixture(scope="session")
def postgres_with_tls(server_of: Callable[..., Any]) -> Any:
    """A PostgreSQL that can speak TLS, and does not yet; no wheel holds one (`OPTIONAL`)."""
    return server_of("PostgreSQL with TLS", lambda: servers.postgres(tls=True))


@pytest.fixture
def ssh_server() -> Iterator[servers.SshServer]:
    """An SSH server."""
    with servers.SshServer().running() as server:
        yield server


@pytest.fixture(scope="module")
def new_spark(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., tuple[subprocess.Popen[bytes], Path]]]:
    """Starts Spark's own processes and returns each with its folder: the text by which it says that it is up, a class of
    Java's and its arguments, and what stands in its environment. All are ended with the module."""
    from penstock.engines.spark.java import java_home

    folder = tmp_path_factory.mktemp("spark")
    java = Path(java_home({}, folder) or "")
    with ExitStack() as stack:

        def start(ready: str, *words: str, **environ: str) -> tuple[subprocess.Popen[bytes], Path]:
            own = folder / f"process{next(_numbers)}"
            return stack.enter_context(servers.spark(own, ready, *words, java=java, **environ)), own

        yield start


@pytest.fixture(scope="session")
def postgres(new_postgres: Callable[[], servers.Postgres]) -> servers.Postgres:
    """A real PostgreSQL that all tests share."""
    return new_postgres()


@pytest.fixture(scope="session")
def new_database(postgres: servers.Postgres) -> Callable[[], str]:
    """Makes a new, empty database of PostgreSQL and returns its address; all go with the server."""

    def make() -> str:
        name = f"penstock_{next(_numbers)}"
        with psycopg.connect(postgres.url("postgres"), autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name} STRATEGY file_copy")
        return postgres.url(name)

    return make


@pytest.fixture
def postgres_url(new_database: Callable[[], str]) -> str:
    """The address of a new, empty database of PostgreSQL."""
    return new_database()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a new, empty store: once on each database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'penstock.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(scope="session")
def shop(postgres: servers.Postgres, new_database: Callable[[], str]) -> dict[str, Any]:
    """The parameters of a connection to a database with a table `region`, for a user with a password, who owns it."""
    url, password = new_database(), "canary-7Hq2+/x'Zz"
    name = url.partition("@/")[2].partition("?")[0]
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("CREATE ROLE reader LOGIN PASSWORD 'canary-7Hq2+/x''Zz'")
        admin.execute("CREATE TABLE region (id int, name text, loaded_at timestamp)")
        admin.execute(
            "INSERT INTO region VALUES (1, 'east', '2024-05-06 07:08:09.123456'), (2, 'west', '2024-05-07'), (3, NULL, NULL)"
        )
        admin.execute("ALTER TABLE region OWNER TO reader")
    return {
        "username": "reader", "password": password, "database": name, "host": "127.0.0.1", "port": postgres.port, "ssl": False,
    }  # fmt: skip


@pytest.fixture(scope="session")
def new_market(request: pytest.FixtureRequest) -> Iterator[Callable[[], dict[str, Any]]]:
    """Starts a MariaDB, which is stopped and removed at the end; returns the parameters of a connection, as `shop` has them of
    a PostgreSQL."""
    with ExitStack() as stack:

        def start() -> dict[str, Any]:
            try:
                server = stack.enter_context(servers.mariadb())
            except servers.NotHad as fault:
                request.config.stash[NOT_RUN]["MariaDB"] = str(fault)
                # No wheel holds one, so nobody can be required to have it (`OPTIONAL`); the list at the end names it.
                pytest.skip(f"MariaDB could not be had: {fault}")
            _fill(server)
            return {
                "username": "reader", "password": "canary-7Hq2+/xZz", "database": "market", "host": "127.0.0.1",
                "port": server.port, "ssl": False, "socket": str(server.socket), "pid": server.pid,
            }  # fmt: skip

        yield start


def _fill(server: servers.MariaDB) -> None:
    admin = pymysql.connect(unix_socket=str(server.socket), user="root", autocommit=True)
    with admin, admin.cursor() as cursor:
        cursor.execute("CREATE DATABASE market CHARACTER SET utf8mb4")
        cursor.execute("CREATE TABLE market.region (id int, name varchar(20), loaded_at datetime(6))")
        cursor.execute(
            "INSERT INTO market.region VALUES (1, 'east', '2024-05-06 07:08:09.123456'), (2, 'west', '2024-05-07'), "
            "(3, NULL, NULL)"
        )
        cursor.execute(
            "CREATE TABLE market.kinds (b bit(3), f float, at timestamp, y year, j json, l blob, yes boolean)"
        )
        cursor.execute("SET time_zone = '+02:00'")
        cursor.execute(
            "INSERT INTO market.kinds VALUES (5, 0.1, '2024-05-06 07:08:09', 2024, '{\"a\": 1}', 'über', true)"
        )
        cursor.execute("CREATE USER 'reader'@'127.0.0.1' IDENTIFIED BY 'canary-7Hq2+/xZz'")
        cursor.execute("GRANT ALL ON market.* TO 'reader'@'127.0.0.1'")


@pytest.fixture(scope="session")
def market(new_market: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The parameters of a connection to a MariaDB that all tests share."""
    return new_market()
