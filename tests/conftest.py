"""What every test may use: real servers, each started once, and a fresh store on every kind of database."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import psycopg
import pytest
from xdist import is_xdist_worker

if TYPE_CHECKING:
    from tests import servers
    from xdist.workermanage import WorkerController
else:

    def _load(name: str) -> ModuleType:
        # The tests are no package (importmode=importlib): a module beside this one is loaded by its path.
        spec = importlib.util.spec_from_file_location(f"penstock_tests_{name}", Path(__file__).with_name(f"{name}.py"))
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        return module

    servers = _load("servers")

# Half of what a short-lived Java does is to compile itself well. Spark's processes of the tests are short-lived.
os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
REQUIRED = os.environ.get("PENSTOCK_REQUIRE_SERVERS", "") not in ("", "0")
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
    elif missing and REQUIRED:
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
