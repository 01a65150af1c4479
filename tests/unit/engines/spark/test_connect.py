"""What is made of the answers of a server of Spark Connect, without one."""

from __future__ import annotations

import re
import socket
import sys
import zipfile
from collections.abc import Mapping
from typing import cast

import grpc
import pytest
from pyspark.errors import PySparkAssertionError, PySparkException, PySparkRuntimeError
from pyspark.errors.exceptions.connect import SparkConnectGrpcException
from pyspark.sql import Row, SparkSession
from pyspark.sql.connect.shell.progress import StageInfo

from penstock.engines.spark import connect
from penstock.engines.spark.connect import Connect, Patience
from penstock.engines.spark.installed import versions
from penstock.engines.spark.options import SparkOptions
from penstock.engines.spark.sentences import known
from penstock.engines.spark.session import opened
from penstock.errors import PermanentError

URL = "sc://127.0.0.1:1/;use_ssl=true;token=secret"


class Unanswered(grpc.RpcError):
    """A call that nobody answered."""

    def code(self) -> grpc.StatusCode:
        """Return the status."""
        return grpc.StatusCode.UNAVAILABLE


class Reached(Connect):
    """A server that was reached, as far as it is needed here."""

    def __init__(self) -> None:
        self._options = SparkOptions(URL)
        self._patience = Patience()
        self._must_ship = None
        self._shipped_to = set()


@pytest.mark.parametrize(
    ("master", "shown"),
    [(URL, "sc://127.0.0.1:1"), ("sc://host", "sc://host"), ("spark://host:7077", "spark://host:7077")],
)
def test_a_token_is_not_shown(master: str, shown: str) -> None:
    assert SparkOptions(master).shown == shown


def test_patience_ends_with_the_server() -> None:
    access = Reached()
    assert access._patience.can_retry(Unanswered())
    found = access.lost(SparkConnectGrpcException(message="x", grpc_status_code=grpc.StatusCode.UNAVAILABLE))
    assert isinstance(found, PermanentError)
    assert (
        found.message == "The Spark server sc://127.0.0.1:1 does not answer any more. Run the job again once it is up."
    )
    assert not access._patience.can_retry(Unanswered())


@pytest.mark.parametrize(
    "error",
    [
        SparkConnectGrpcException(errorClass="INVALID_HANDLE.SESSION_NOT_FOUND", message="Session not found."),
        PySparkRuntimeError(errorClass="RESPONSE_ALREADY_RECEIVED", messageParameters={"error_type": "x"}),
        PySparkAssertionError("Received incorrect server side session identifier for request."),
    ],
)
def test_a_server_that_was_started_anew(error: PySparkException) -> None:
    found = Reached().lost(error)
    assert found is not None
    assert "was started anew" in found.message


@pytest.mark.parametrize(
    ("said", "remedy"),
    [("java.lang.OutOfMemoryError: Java heap space", "memory"), ("java.lang.StackOverflowError", "-Xss16m")],
)
def test_what_spark_itself_lacks(said: str, remedy: str) -> None:
    found = known(PySparkException(said), Reached())
    assert found is not None
    assert remedy in found.message
    assert known(PySparkException("no such thing"), Reached()) is None


def test_nobody_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "TRIES", 1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"sc://127.0.0.1:{free.getsockname()[1]}"
    # A token asks for encryption, which a closed port does not get to.
    with pytest.raises(PermanentError) as caught:
        opened(SparkOptions(f"{url}/;token=secret"))
    assert caught.value.message.startswith(f"Spark cannot be reached at {url}: ")
    assert "secret" not in caught.value.message


@pytest.mark.parametrize("address", ["sc://", "sc://host:port", "sc://host/path"])
def test_an_address_that_is_none(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "TRIES", 0)
    with pytest.raises(PermanentError, match=f"cannot be reached at {address}: "):
        opened(SparkOptions(address))


class Session:
    """A session whose tasks have, or lack, what it is told."""

    session_id = "one"

    def __init__(self, *answers: Mapping[str, str | None] | str) -> None:
        self.answers = list(answers)
        self.sent: list[str] = []

    def range(self, *_: int) -> Session:
        return self

    def mapInArrow(self, *_: object) -> Session:  # noqa: N802 -- Spark's name
        return self

    def collect(self) -> list[Row]:
        answer = self.answers.pop(0)
        if isinstance(answer, str):
            raise PySparkException(
                f"An exception was thrown.\nTraceback (most recent call last):\n  in x\n{answer}\n SQLSTATE"
            )
        return [Row(name=name, version=version) for name, version in answer.items()]

    def addArtifacts(self, *paths: str, pyfile: bool) -> None:  # noqa: N802 -- Spark's name
        with zipfile.ZipFile(paths[0]) as archive:
            self.sent += archive.namelist()


LACKS = "ModuleNotFoundError: No module named 'penstock'"


def made_ready(session: Session) -> None:
    Reached().ready(cast(SparkSession, session))


def test_what_is_installed_is_used() -> None:
    session = Session(versions())
    made_ready(session)
    assert (session.sent, session.answers) == ([], [])


def test_what_is_missing_is_sent() -> None:
    session = Session(LACKS, {**versions(), "penstock": None})
    made_ready(session)
    assert {"penstock/__init__.py", "penstock/engines/spark/scan.py"} <= set(session.sent)


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (["ModuleNotFoundError: No module named 'duckdb'"], "'duckdb' is missing. Install there: pip install"),
        ([{**versions(), "duckdb": "1.5.4"}], "duckdb is 1.5.4 there, and"),
        ([{**versions(), "regex": None}], "regex is missing there, and"),
        ([LACKS, LACKS], "does not give its tasks what it is sent"),
        (["ValueError: quite another"], "runs no Python of ours: ValueError: quite another."),
    ],
)
def test_a_python_that_is_not_the_same_is_refused(answers: list[Mapping[str, str | None] | str], said: str) -> None:
    with pytest.raises(PermanentError, match=re.escape(said)):
        made_ready(Session(*answers))


def test_progress_is_that_of_the_statement_that_runs() -> None:
    access = Reached()
    stages = [StageInfo(1, 10, 10, 0, True), StageInfo(2, 30, 20, 0, False)]
    access._hear(stages, 4, "an operation", False)
    assert access.progress("group") == 0.75
    access._hear(stages, 0, "an operation", True)
    assert access.progress("group") == 0.0


def test_what_connect_needs_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "grpc", None)
    monkeypatch.delitem(sys.modules, "penstock.engines.spark.connect", raising=False)
    with pytest.raises(PermanentError, match=r"needs the package 'grpc'.*penstock\[spark\]"):
        opened(SparkOptions(master="sc://127.0.0.1:9"))
