"""What only object stores have: accounts, storms, keys of the environment, and a way that is guarded."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import quote

import obstore
import pytest
from obstore.store import MemoryStore

from penstock.connectors.files import fetching, finding, publication, stores
from penstock.connectors.files.bucket import Bucket
from penstock.connectors.files.objects import ObjectFiles
from penstock.errors import ConnectionTestFailed, PermanentError, TransientError
from penstock.kit.secret import hidden
from penstock.plan.operators import FileTarget, Scan, Write
from penstock.plan.ports import Connection, Staged, Written

EXPIRED = b"<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"
OLD = {"out/part-00000.csv": "old 0", "out/part-00001.csv": "old 1"}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "RETRIES_S", (0.0, 0.01))
    monkeypatch.setattr(stores, "RETRIES", 1)


@pytest.fixture
def connection(s3: str, new_bucket: Callable[[str], None], request: pytest.FixtureRequest) -> Connection:
    """A connection to an S3 with the bucket `objects`, which is empty."""
    new_bucket("objects")
    made = Connection("data", "s3", {"username": "a-key-of-moto", "endpoint": s3}, hidden({"password": "canary-of-s3"}))
    raw = stores.opened(made, "objects", None)
    raw.delete([one.name for one in raw.below("")])
    return made


@pytest.fixture
def raw(connection: Connection) -> Any:
    return stores.opened(connection, "objects", None)._store


@pytest.fixture
def relay(s3: str) -> Iterator[Any]:
    made = sys.modules["penstock_tests_servers"].Relay(int(s3.rpartition(":")[2]))
    yield made
    made.close()


def through(connection: Connection, relay: Any) -> Connection:
    return replace(connection, parameters={**connection.parameters, "endpoint": f"http://127.0.0.1:{relay.port}"})


def answer(status: str, body: bytes = b"") -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (status.encode(), len(body), body)


def put(s3: str, name: str, method: str = "PUT") -> None:
    """Write or remove an object of a name that clients of stores do not take."""
    opened = http.client.HTTPConnection(s3.partition("://")[2])
    login = "AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=none"
    opened.request(method, f"/objects/{quote(name)}", headers={"Authorization": login})
    assert opened.getresponse().status < 300
    opened.close()


def staged(
    store: ObjectFiles,
    connection: Connection,
    source: Any,
    tmp_path: Path,
    files: dict[str, str],
    if_exists: str = "replace",
) -> Staged:
    target = FileTarget(source("in").source.connection, "out", (("a", "a"),), "objects", if_exists=if_exists)
    write = Write("out", "1", "cloud_storage_destination_component", source("in"), target)
    made = store.locate(write, connection, "job-1-1", tmp_path / "staging")
    store.prepare(made)
    for name, text in files.items():
        (made.folder / name).write_text(text)
    return made


def test_an_account_is_tested(connection: Connection, signed_s3: Any) -> None:
    store = ObjectFiles(None)
    assert [one.name for one in store.test(connection)] == ["resolve", "login"]
    endpoint, _, (name, secret) = signed_s3
    signed = Connection("data", "s3", {"username": name, "endpoint": endpoint}, hidden({"password": secret}))
    store.test(signed)
    with pytest.raises(ConnectionTestFailed, match=r"Login: .*SignatureDoesNotMatch") as caught:
        store.test(replace(signed, secrets=hidden({"password": "canary-wrong"})))
    assert "canary" not in caught.value.message


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"parameters": {"endpoint": "http://127.0.0.1:9"}}, "has no username"),
        ({"secrets": {}}, "has no password"),
        ({"parameters": {"username": "u", "endpoint": "ftp://x"}}, "is no address of a store"),
        ({"parameters": {"username": "u", "endpoint": "http://"}}, "is no address of a store"),
        ({"type": "gs", "secrets": {}}, "has no password"),
        ({"type": "azureblobstorage", "parameters": {}}, "has no username"),
    ],
)
def test_what_a_connection_lacks_is_said(connection: Connection, change: dict[str, Any], said: str) -> None:
    with pytest.raises(ConnectionTestFailed, match=said):
        ObjectFiles(None).test(replace(connection, **change))


@pytest.mark.parametrize("bucket", [None, "", "/"])
def test_a_bucket_is_named(
    connection: Connection, source: Callable[..., Scan], landing: Any, bucket: str | None
) -> None:
    with pytest.raises(PermanentError, match="No bucket is named"):
        ObjectFiles(None).bind(source("a.csv", bucket), connection, landing())


def test_a_bucket_that_is_not_there_is_named(connection: Connection, source: Callable[..., Scan], landing: Any) -> None:
    for path in ("*.csv", "in/"):
        with pytest.raises(PermanentError, match=r"the bucket 'none-such' is not there|No file matches"):
            ObjectFiles(None).bind(source(path, "none-such"), connection, landing())


@pytest.mark.parametrize("bucket", ["my bucket", "s3://lake", "..", ".", "a?b", "a#b", "a%2fb", "a\nb", "ünï", "{a,b}"])
def test_what_is_no_name_of_a_bucket_is_refused(
    connection: Connection, source: Callable[..., Scan], landing: Any, bucket: str
) -> None:
    with pytest.raises(PermanentError, match="is no name of a bucket"):
        ObjectFiles(None).bind(source("a.csv", bucket), connection, landing())


def test_an_object_and_a_folder_may_have_one_name(
    connection: Connection, raw: Any, source: Callable[..., Scan], landing: Any
) -> None:
    for name in ("both", "both/a.csv"):
        obstore.put(raw, name, name.encode())
    for path, names in (("both", ["both"]), ("both/", ["both/a.csv"]), ("b*", ["both"]), ("b*/", ["both/a.csv"])):
        files = ObjectFiles(None).bind(source(path, "objects"), connection, landing()).files
        assert [Path(one.location).read_text() for one in files] == names


def test_what_shows_a_folder_is_no_file(s3: str, connection: Connection, source: Any, tmp_path: Path) -> None:
    shown = ("out/", "out/2024/")
    for name in shown:
        put(s3, name)
    store = ObjectFiles(None)
    try:
        made = staged(store, connection, source, tmp_path, {"part-00000.csv": "new"}, if_exists="fail")
        assert store.publish(made, Written("out", 1, ("part-00000.csv",))).places == ("objects/out/part-00000.csv",)
    finally:
        for name in shown:
            put(s3, name, "DELETE")


@pytest.mark.parametrize("name", ["in//a.csv", "in/../a.csv", "in/a\tb.csv"])
def test_a_name_that_is_no_path_is_shown_where_its_folder_is_listed(
    s3: str, connection: Connection, raw: Any, source: Callable[..., Scan], landing: Any, name: str
) -> None:
    obstore.put(raw, "in/b.csv", b"b")
    put(s3, name)
    store = ObjectFiles(None)
    try:
        assert len(store.bind(source("in/b.csv", "objects"), connection, landing()).files) == 1
        with pytest.raises(PermanentError, match="'in' in the bucket 'objects' cannot be listed") as caught:
            store.bind(source("in/*.csv", "objects"), connection, landing())
        assert repr(name[:4])[:-1] in caught.value.message
    finally:
        put(s3, name, "DELETE")


@pytest.mark.parametrize("field", ["path", "file_prefix", "file_suffix"])
def test_names_that_no_object_can_have_are_refused_before_anything_is_computed(
    connection: Connection, source: Any, tmp_path: Path, field: str
) -> None:
    azure = Connection("data", "azureblobstorage", {"username": "u"})
    for store, text, said in ((connection, "a\nb", r"'a\\nb' holds a character"), (azure, "a\\b", "holds a backslash")):
        words = {"path": "out", field: text}
        target = FileTarget(source("in").source.connection, words.pop("path"), (("a", "a"),), "objects", **words)
        write = Write("out", "1", "cloud_storage_destination_component", source("in"), target)
        with pytest.raises(PermanentError, match=said):
            ObjectFiles(None).locate(write, store, "job-1-1", tmp_path / "staging")


@pytest.mark.parametrize(
    ("said", "means"),
    [
        (answer("301 Moved Permanently"), "Correct the region and the endpoint"),
        (
            answer("403 Forbidden", b"<Error><Code>InvalidObjectState</Code></Error>"),
            "lies in an archive .InvalidObjectState",
        ),
        (answer("409 Conflict", b"<Error><Code>BlobArchived</Code></Error>"), "lies in an archive .BlobArchived"),
        (answer("400 Bad Request"), "status 400, and no more. Check the name of the bucket, the region"),
    ],
)
def test_what_does_not_pass_is_said_at_once(
    connection: Connection, raw: Any, relay: Any, source: Any, landing: Any, said: bytes, means: str
) -> None:
    obstore.put(raw, "in/a.csv", b"text")
    relay.reset(answers=(said,), for_ever=True)
    bucket = stores.opened(through(connection, relay), "objects", None)
    with pytest.raises(PermanentError, match=means):
        list(bucket.pieces(finding.Found("in/a.csv", 4), 0, 4))
    assert relay.connections == 1


def test_an_account_without_the_right_to_list_is_known_all_the_same(connection: Connection, relay: Any) -> None:
    denied = answer("403 Forbidden", b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
    relay.reset(answers=(denied,), for_ever=True)
    there = through(connection, relay)
    assert [one.name for one in ObjectFiles(None).test(there)] == ["resolve", "login"]
    with pytest.raises(PermanentError, match=r"is refused to this account \(AccessDenied: Access Denied\)"):
        stores.opened(there, "objects", None).children("in")


def test_an_account_without_the_right_to_delete_is_told_so(
    connection: Connection, relay: Any, source: Any, tmp_path: Path
) -> None:
    denied = answer(
        "200 OK",
        b"<DeleteResult><Error><Key>out/_probe-job-1-1</Key><Code>AccessDenied</Code><Message>Access Denied.</Message></Error>"
        b"</DeleteResult>",
    )
    there = through(connection, relay)
    store = ObjectFiles(None)
    target = FileTarget(source("in").source.connection, "out", (("a", "a"),), "objects")
    write = Write("out", "1", "cloud_storage_destination_component", source("in"), target)
    write_object = Bucket.write

    def written(bucket: Bucket, name: str, mark: str) -> None:
        write_object(bucket, name, mark)
        relay.reset(answers=(denied,), for_ever=True)

    relay.reset()
    made = store.locate(write, there, "job-1-1", tmp_path / "staging")
    with mock.patch.object(Bucket, "write", written), pytest.raises(PermanentError) as caught:
        store.prepare(made)
    assert "is refused to this account (AccessDenied: Access Denied)" in caught.value.message
    assert "The account may write, and not delete" in caught.value.message


def test_google_is_asked_for_objects_as_they_are_stored(relay: Any) -> None:
    """It unpacks those that say that they are packed for whoever does not take them so."""
    key = json.dumps({"client_email": "a@b", "private_key_id": "1", "private_key": "", "disable_oauth": True})
    given = {"project_id": "p", "endpoint": f"http://127.0.0.1:{relay.port}"}
    there = Connection("data", "gs", given, hidden({"password": key}))
    packed = gzip.compress(b"text")
    said = answer("200 OK", packed).replace(
        b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\nETag: 1\r\nLast-Modified: Wed, 21 Oct 2015 07:28:00 GMT\r\n\r\n", 1
    )
    relay.reset(answers=(said,), for_ever=True)
    bucket = stores.opened(there, "lake", None)
    assert b"".join(bucket.pieces(finding.Found("a.csv.gz", len(packed)), 0, len(packed))) == packed
    assert b"accept-encoding: gzip\r\n" in relay.asked[-1].lower()


def test_a_storm_is_waited_out(connection: Connection, raw: Any, relay: Any, source: Any, landing: Any) -> None:
    obstore.put(raw, "in/a.csv", b"text")
    relay.reset(answers=(answer("503 Slow Down"), None))
    (found,) = ObjectFiles(None).bind(source("in/a.csv", "objects"), through(connection, relay), landing()).files
    assert Path(found.location).read_text() == "text"


def test_a_storm_that_does_not_end_leaves_the_old_files(
    connection: Connection, raw: Any, relay: Any, source: Any, landing: Any, tmp_path: Path
) -> None:
    for name, text in OLD.items():
        obstore.put(raw, name, text.encode())
    store, busy = ObjectFiles(None), through(connection, relay)
    made = staged(store, busy, source, tmp_path, {"part-00000.csv": "new 0", "part-00001.csv": "new 1"})
    for said, kind in ((answer("503 Slow Down"), TransientError), (answer("400 Bad Request", EXPIRED), PermanentError)):
        relay.reset(answers=(said,), for_ever=True)
        with pytest.raises(kind, match=r"could not be reached|ExpiredToken: The provided token has expired"):
            store.publish(made, Written("out", 2, ("part-00000.csv", "part-00001.csv")))
    relay.reset()
    store.discard(made)
    assert {
        one["path"]: bytes(obstore.get(raw, one["path"]).bytes()).decode() for one in obstore.list(raw).collect()
    } == OLD


def test_nothing_is_taken_from_the_environment(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT", "AWS_PROXY_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a-token")
    monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")
    stores.opened(connection, "objects", None).children("")
    assert os.environ["AWS_SESSION_TOKEN"] == "a-token"


def test_internal_stores_are_refused_unless_they_are_allowed(connection: Connection) -> None:
    with pytest.raises(ConnectionTestFailed, match=r"internal address 127\.0\.0\.1.*PENSTOCK_OUTBOUND_ALLOW"):
        ObjectFiles("10.0.0.0/8").test(connection)
    ObjectFiles("127.0.0.1/32").test(connection)


def test_no_redirect_leads_inside(connection: Connection, relay: Any, s3: str) -> None:
    """The client follows redirects by itself; what it asks for is checked all the same."""
    inside = s3.replace("127.0.0.1", "127.0.0.2")
    relay.reset(answers=(b"HTTP/1.1 307 Go\r\nLocation: %s/x\r\nContent-Length: 0\r\n\r\n" % inside.encode(),))
    bucket = stores.opened(through(connection, relay), "objects", "127.0.0.1/32")
    with pytest.raises(PermanentError) as caught:
        bucket.find("a.csv")
    assert relay.connections == 1
    assert re.search("refused|status 40[37]", caught.value.message)


def test_a_preview_takes_the_first_file_and_its_begin(
    connection: Connection, raw: Any, source: Any, landing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("penstock.connectors.files.previews.LEAST_BYTES", 100)
    monkeypatch.setattr("penstock.connectors.files.previews.LINE_BYTES", 10)
    lines = b"".join(b"%d,a line\n" % number for number in range(1000))
    for name in ("in/a.csv", "in/b.csv", "in/a.parquet", "in/c.csv.gz"):
        obstore.put(raw, name, lines)
    store = ObjectFiles(None)

    def sizes(path: str, **more: Any) -> list[int]:
        return [one.size_bytes for one in store.bind(source(path, "objects", **more), connection, landing(20)).files]

    assert sizes("in/*.csv") == [len(lines[: lines[:200].rindex(b"\n") + 1])]
    assert sizes("in/*.parquet", record_type="parquet") == [len(lines)]
    assert sizes("in/*.gz") == [len(lines)]
    assert sizes("in/b.csv", quote='"', quote_multi_line=True) == [len(lines)]


def test_large_files_are_put_in_their_place(source: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store copies objects of 5 GB at most."""
    monkeypatch.setattr(publication, "COPY_MOST_BYTES", 5)
    raw = MemoryStore()
    monkeypatch.setitem(stores.OPENING, "memory", lambda *words: (raw, "bucket"))
    copied: list[str] = []
    copy = Bucket.copy
    monkeypatch.setattr(Bucket, "copy", lambda bucket, name, to: (copied.append(to), copy(bucket, name, to)))
    store, connection = ObjectFiles(None), Connection("data", "memory")
    made = staged(store, connection, source, tmp_path, {"part-00000.csv": "small", "part-00001.csv": "a large one"})
    store.publish(made, Written("out", 2, ("part-00000.csv", "part-00001.csv")))
    assert copied == ["out/part-00000.csv"]
    assert {one["path"] for one in obstore.list(raw).collect()} == {"out/part-00000.csv", "out/part-00001.csv"}
