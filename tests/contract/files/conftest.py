"""Every store of files as one and the same bench: what a suite needs to see of it from outside, and where it can be broken.

A store gets its class here and its line in BENCHES; so it inherits `test_sources.py` and `test_destinations.py`. What only
makes sense for folders of this machine stands in the `test_local_*` files.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, Protocol
from unittest import mock
from urllib.parse import urlsplit

import obstore
import pytest
from obstore.store import AzureStore, MemoryStore, S3Store

from penstock.connectors.files import stores
from penstock.connectors.files.bucket import Bucket
from penstock.connectors.files.local import LocalFiles
from penstock.connectors.files.objects import ObjectFiles
from penstock.connectors.files.sftp import SftpFiles
from penstock.connectors.files.sftp_session import Session
from penstock.errors import PermanentError
from penstock.kit.secret import hidden
from penstock.plan.operators import ConnectionRef, FileSource, FileTarget, Scan, Write
from penstock.plan.ports import Connection, Connector, Landing, Staged
from penstock.plan.schema import Schema

Stage = Callable[..., Staged]
Act = Callable[[str], None]
"""Is told `before` and `after` each call that changes a store; what it raises, that call raises."""
_numbers = count(1)


class Bench(Protocol):
    """One empty store with a connection to it. *bucket* is what components name; *where* how a message names the place."""

    store: Connector
    connection: Connection
    bucket: str | None
    where: str
    before: str
    """What stands before a path in a message: folders of a server in which the bench is one of many."""
    is_quick: bool
    """Whether every step can be tried on it; else *tries* are."""
    tries: tuple[int, ...]

    def fill(self, files: Mapping[str, str]) -> None:
        """Put files there."""

    def tree(self) -> dict[str, str]:
        """All files by name, the hidden ones with them."""

    def empty(self) -> None:
        """Remove all files."""

    def fault(self) -> Exception:
        """What a call that changes the store raises when it is refused."""

    def port(self) -> int:
        """The port of this machine that its server listens on."""

    def through(self, port: int) -> Connection:
        """The same connection, by another port of this machine."""

    def acting(self, act: Act) -> Any:
        """A context in which *act* is told of each call that changes the store."""


def _watched(act: Act, call: Callable[..., Any]) -> Callable[..., Any]:
    def instead(*words: Any, **named: Any) -> Any:
        act("before")
        made = call(*words, **named)
        act("after")
        return made

    return instead


@contextmanager
def watching(act: Act, owner: Any, names: tuple[str, ...]) -> Iterator[None]:
    """Tell of the calls of some functions of a module or class."""
    with mock.patch.multiple(owner, **{name: _watched(act, getattr(owner, name)) for name in names}):
        yield


class LocalBench:
    """A folder of this machine."""

    is_quick = True
    tries = ()
    bucket = None

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.store: Connector = LocalFiles(None)
        self.connection = Connection("data", "file", {"path": str(folder)})
        self.where, self.before = f"'{folder}'", ""

    def fill(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text)

    def tree(self) -> dict[str, str]:
        return {str(one.relative_to(self.folder)): one.read_text() for one in self.folder.rglob("*") if one.is_file()}

    def empty(self) -> None:
        for one in sorted(self.folder.rglob("*"), reverse=True):
            one.rmdir() if one.is_dir() and not one.is_symlink() else one.unlink()

    def port(self) -> int:
        raise NotImplementedError

    def through(self, port: int) -> Connection:
        raise NotImplementedError

    def fault(self) -> Exception:
        return PermissionError(13, "Permission denied")

    def acting(self, act: Act) -> Any:
        return watching(act, os, ("rename",))


class ObjectBench:
    """A bucket. *raw* reaches it without what is tested."""

    def __init__(self, raw: Any, connection: Connection, bucket: str, *, is_quick: bool = False) -> None:
        self.raw = raw
        self.store: Connector = ObjectFiles(None)
        self.connection = connection
        self.bucket: str | None = bucket
        self.where, self.before = f"the bucket '{bucket}'", ""
        self.is_quick = is_quick
        self.tries = (3, 7) if connection.type == "s3" else (4,)  # what is ours is the same in all of them

    def fill(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            obstore.put(self.raw, name, text.encode())

    def names(self) -> list[str]:
        return [one["path"] for one in obstore.list(self.raw).collect()]

    def tree(self) -> dict[str, str]:
        listed = obstore.list(self.raw).collect()
        return {one["path"]: bytes(obstore.get(self.raw, one["path"]).bytes()).decode() for one in listed}

    def empty(self) -> None:
        names = [one["path"] for one in obstore.list(self.raw).collect()]
        if names:
            obstore.delete(self.raw, names)

    def port(self) -> int:
        return urlsplit(str(self.connection.parameters["endpoint"])).port or 0

    def through(self, port: int) -> Connection:
        given = self.connection.parameters
        endpoint = str(given["endpoint"]).replace(f":{self.port()}", f":{port}")
        return replace(self.connection, parameters={**given, "endpoint": endpoint})

    def fault(self) -> Exception:
        return PermanentError("The store refuses it.")

    def acting(self, act: Act) -> Any:
        return watching(act, Bucket, ("put", "claim", "copy", "delete"))


@contextmanager
def _local(request: pytest.FixtureRequest) -> Iterator[Bench]:
    yield LocalBench(request.getfixturevalue("tmp_path_factory").mktemp("bench") / "data")


@contextmanager
def _memory(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """A bucket in the memory of this process: quick enough to break it at every step."""
    raw = MemoryStore()
    connection = Connection("data", "memory")
    with mock.patch.dict(stores.OPENING, {"memory": lambda *words: (raw, "bucket")}):
        yield ObjectBench(raw, connection, "lake", is_quick=True)


@contextmanager
def _s3(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """S3 as moto has it."""
    endpoint = request.getfixturevalue("s3")
    bucket = f"lake-{next(_numbers)}"
    request.getfixturevalue("new_bucket")(bucket)
    account = {"username": "an-access-key-of-moto", "endpoint": endpoint, "region": "us-east-1"}
    raw = S3Store(
        bucket, endpoint=endpoint, access_key_id="raw", secret_access_key="raw", virtual_hosted_style_request=False,
        region="us-east-1", client_options={"allow_http": True},
    )  # fmt: skip
    yield ObjectBench(raw, Connection("data", "s3", account, hidden({"password": "canary-of-s3"})), bucket)


@contextmanager
def _gs(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """Google's way to say it, before an S3: none of its servers is in the package index that speaks XML."""
    endpoint = request.getfixturevalue("google")
    bucket = f"lake-{next(_numbers)}"
    request.getfixturevalue("new_bucket")(bucket)
    key = json.dumps({"client_email": "a@b", "private_key_id": "1", "private_key": "", "disable_oauth": True})
    raw = S3Store(
        bucket, endpoint=request.getfixturevalue("s3"), access_key_id="raw", secret_access_key="raw", region="us-east-1",
        virtual_hosted_style_request=False, client_options={"allow_http": True},
    )  # fmt: skip
    yield ObjectBench(
        raw, Connection("data", "gs", {"project_id": "p", "endpoint": endpoint}, hidden({"password": key})), bucket
    )


@contextmanager
def _azure(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """Azure Blob Storage as Azurite has it."""
    endpoint, (account, key) = request.getfixturevalue("azure")
    bucket = f"lake-{next(_numbers)}"
    raw = AzureStore(
        bucket, account_name=account, account_key=key, endpoint=endpoint, client_options={"allow_http": True}
    )
    sys.modules["penstock_tests_servers"].make_container(endpoint, bucket)
    given = {"username": account, "endpoint": endpoint}
    made = ObjectBench(raw, Connection("data", "azureblobstorage", given, hidden({"password": key})), bucket)
    made.where = f"the container '{bucket}'"
    yield made


class SftpBench:
    """A folder of a server of SFTP, looked at on its disk."""

    is_quick = False
    tries = (3, 7)

    def __init__(self, server: Any, bucket: str) -> None:
        self.server = server
        self.bucket: str | None = bucket
        self.folder = server.data / bucket
        self.folder.mkdir()
        server.opened()
        self.store: Connector = SftpFiles(None)
        account = {"host": "127.0.0.1", "port": server.port, "username": "guest", "host_key": server.public}
        self.connection = Connection("data", "sftp", account, hidden({"password": server.password}))
        self.where, self.before = "the folders of the server '127.0.0.1'", f"{bucket}/"

    def fill(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text)
        self.server.opened()

    def names(self) -> list[str]:
        return [str(one.relative_to(self.folder)) for one in self.folder.rglob("*") if one.is_file()]

    def tree(self) -> dict[str, str]:
        return {str(one.relative_to(self.folder)): one.read_text() for one in self.folder.rglob("*") if one.is_file()}

    def empty(self) -> None:
        for one in self.folder.iterdir():
            shutil.rmtree(one) if one.is_dir() else one.unlink()

    def port(self) -> int:
        return int(self.server.port)

    def through(self, port: int) -> Connection:
        return replace(self.connection, parameters={**self.connection.parameters, "port": port})

    def fault(self) -> Exception:
        return PermanentError("The server refuses it.")

    def acting(self, act: Act) -> Any:
        return watching(act, Session, ("make_folder", "put", "rename", "remove", "remove_empty"))


@contextmanager
def _sftp(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """SFTP as OpenSSH has it."""
    yield SftpBench(request.getfixturevalue("sshd"), f"lake-{next(_numbers)}")


BENCHES = {"file": _local, "memory": _memory, "s3": _s3, "gs": _gs, "azure": _azure, "sftp": _sftp}


@pytest.fixture(params=list(BENCHES), scope="module")
def each_bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """Each store in turn, which the tests of a module share."""
    with BENCHES[request.param](request) as made:
        yield made


@pytest.fixture(params=list(BENCHES))
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """Each store in turn, empty."""
    with BENCHES[request.param](request) as made:
        yield made


REMOTE = [name for name in BENCHES if name not in ("file", "memory")]


@pytest.fixture(params=REMOTE)
def far(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """Each store that is reached over a network, empty."""
    with BENCHES[request.param](request) as made:
        yield made


@pytest.fixture
def relay(far: Bench) -> Iterator[Any]:
    """A way to that store that can be told to break."""
    made = sys.modules["penstock_tests_servers"].Relay(far.port())
    yield made
    made.close()


@pytest.fixture
def landing(tmp_path: Path) -> Callable[..., Landing]:
    """Makes a place for one source to land in."""
    return lambda size=None: Landing(tmp_path / "landing" / str(next(_numbers)), size)


def scan(path: str, bucket: str | None = None, **more: Any) -> Scan:
    """A source of files."""
    return Scan("in", FileSource(ConnectionRef("data"), path, (), bucket, **more), Schema())


@pytest.fixture
def source() -> Callable[..., Scan]:
    """Makes a source of files."""
    return scan


@pytest.fixture
def staging(bench: Bench, tmp_path: Path) -> Stage:
    """Prepare a destination and stage *files* (name to text) as an engine would; returns what `locate` gave."""

    def stage(path: str, if_exists: str, files: Mapping[str, str], token: str = "job-1-1") -> Staged:
        target = FileTarget(ConnectionRef("data"), path, (("a", "a"),), bench.bucket, if_exists=if_exists)
        write = Write("out", "1", "cloud_storage_destination_component", scan("in"), target)
        staged = bench.store.locate(write, bench.connection, token, tmp_path / "staging")
        bench.store.prepare(staged)
        for name, text in files.items():
            (staged.folder / name).parent.mkdir(exist_ok=True)
            (staged.folder / name).write_text(text)
        return staged

    return stage


# --- a folder of this machine, for the suites that are about nothing else


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the connection."""
    made = tmp_path / "data"
    made.mkdir()
    return made


@pytest.fixture
def store() -> Connector:
    """The store under test, which may use all of the machine."""
    return LocalFiles(None)


@pytest.fixture
def connection(folder: Path) -> Connection:
    """The connection under test."""
    return Connection("data", "file", {"path": str(folder)})


@pytest.fixture
def stage(store: Connector, connection: Connection, tmp_path: Path) -> Stage:
    """Prepare a destination and stage *files* (name to text) as an engine would; returns what `locate` gave."""

    def stage(path: str, if_exists: str, files: dict[str, str], token: str = "job-1-1") -> Staged:
        target = FileTarget(ConnectionRef("data"), path, (("a", "a"),), if_exists=if_exists)
        scan = Scan("in", FileSource(ConnectionRef("data"), "in", ()), Schema())
        write = Write("out", "1", "cloud_storage_destination_component", scan, target)
        staged = store.locate(write, connection, token, tmp_path / "staging")
        store.prepare(staged)
        for name, text in files.items():
            (staged.folder / name).write_text(text)
        return staged

    return stage
