"""MongoDB through `execute`, against a look-alike that speaks its protocol: no proof of how a real server behaves."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from bson import Binary, Decimal128, Int64, ObjectId, Regex, Timestamp
from bson.datetime_ms import DatetimeMS
from pymongo import MongoClient, errors
from pymongo.collection import Collection

from penstock.connectors.collections import documents, session, writing
from penstock.connectors.collections.documents import made_id
from penstock.connectors.collections.mongo import MongoCollections
from penstock.connectors.collections.reading import projection_of
from penstock.connectors.collections.values import landed, stored
from penstock.connectors.files.local import LocalFiles
from penstock.errors import ConnectionTestFailed, PermanentError, TransientError
from penstock.plan.dtypes import SCHEMA_WORDS
from penstock.plan.ports import Connection, Written
from penstock.runtime.execute import OpenGate, Order, execute
from penstock.runtime.look import Quiet
from penstock.wiring import engines, jobs

_names = count(1)
LOCAL = "127.0.0.0/8"


class Runner:
    """Runs packages that read and write one collection."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.name = folder, f"shop{next(_names)}"
        self.lake = folder / "lake"
        self.lake.mkdir()
        self.client: MongoClient[dict[str, Any]] = MongoClient("127.0.0.1", port, tz_aware=True)
        self.things: Collection[dict[str, Any]] = self.client[self.name]["things"]
        self.ear = Quiet()
        self.gate: Any = OpenGate()
        self.connections = {
            "lake": {"type": "file", "path": str(self.lake)},
            "shop": {"type": "mongo", "host": "127.0.0.1", "port": port, "database": self.name},
        }
        self.runs = count(1)

    def order(self, components: Sequence[Mapping[str, Any]], edges: Sequence[tuple[str, str]], **more: Any) -> Order:
        scratch = self.folder / f"scratch{next(self.runs)}"
        scratch.mkdir()
        flow = {"components": components, "edges": [{"from": begin, "to": end} for begin, end in edges]}
        given: dict[str, Any] = {
            "token": "job-7-1", "flow": json.dumps(flow), "now": "2026-03-01T12:00:00+00:00",
            "connections": self.connections, "scratch": str(scratch), "staging": str(self.folder / "staged"),
        }  # fmt: skip
        return Order(**{**given, **more})

    def run(self, order: Order) -> Any:
        return execute(order, engines.engine(), dict(jobs.connectors([self.lake], allow=LOCAL)), self.ear, self.gate)

    def read(self, fields: Sequence[Any], **properties: Any) -> list[dict[str, Any]]:
        source = {
            "id": "in", "type": "mongodb_source_component", "connection": {"name": "shop"},
            "properties": {"collection": "things", **properties}, "fields": fields,
        }  # fmt: skip
        target = {
            "id": "out", "type": "cloud_storage_destination_component", "connection": {"name": "lake"},
            "properties": {"path": "out", "format": "json", "if_exists": "replace"},
        }  # fmt: skip
        self.run(self.order([source, target], [("in", "out")]))
        return [
            json.loads(line) for part in sorted((self.lake / "out").iterdir()) for line in part.read_text().splitlines()
        ]

    def writing(self, records: Sequence[Any], fields: Sequence[Any], mapping: Any = None, **properties: Any) -> Order:
        (self.lake / "in.json").write_text("".join(f"{json.dumps(one)}\n" for one in records))
        source = {
            "id": "in", "type": "cloud_storage_source_component", "connection": {"name": "lake"},
            "properties": {"path": "in.json", "record_type": "json"}, "fields": fields,
        }  # fmt: skip
        target = {
            "id": "out", "type": "mongodb_destination_component", "connection": {"name": "shop"},
            "properties": {"collection": "things", **properties}, **({"mapping": mapping} if mapping else {}),
        }  # fmt: skip
        return self.order([source, target], [("in", "out")])

    def write(self, *given: Any, **properties: Any) -> Any:
        return self.run(self.writing(*given, **properties))

    def documents(self) -> list[dict[str, Any]]:
        return sorted(self.things.find(), key=lambda one: str(one["_id"]))


@pytest.fixture
def shop(tmp_path: Path, mongo_alike: int) -> Iterator[Runner]:
    runner = Runner(tmp_path, mongo_alike)
    yield runner
    runner.client.close()


def field(name: str, kind: str = "string", **more: str) -> dict[str, str]:
    return {"name": name, "type": kind, **more}


def test_every_type_is_read(shop: Runner) -> None:
    """Dataflow reference 5.3."""
    number = ObjectId("65f0a1b2c3d4e5f601234567")
    shop.things.insert_one(
        {
            "_id": number, "s": "ü", "i": 7, "l": Int64(2**62), "d": 1.5, "b": True, "n": None,
            "at": datetime(2026, 2, 3, 4, 5, 6, 789000, tzinfo=UTC),
            "o": {"x": 1, "when": datetime(2026, 1, 1, tzinfo=UTC), "ids": [number]}, "a": [1, "two", {"three": 3.0}],
        }
    )  # fmt: skip
    fields = [
        field("_id", alias="id"), field("s"), field("i", "int"), field("l", "long"), field("d", "double"),
        field("b", "boolean"), field("n", "int"), field("at", "datetime"), field("o", "json"), field("a", "json_array"),
        field("o.x", "int", alias="x"), field("o.ids", "json_array", alias="ids"), field("missing", "long"),
        field("o.missing.more", alias="gone"),
    ]  # fmt: skip
    assert shop.read(fields) == [
        {
            "id": "65f0a1b2c3d4e5f601234567", "s": "ü", "i": 7, "l": 2**62, "d": 1.5, "b": True, "n": None,
            "at": "2026-02-03T04:05:06.789Z", "o": {"x": 1, "when": "2026-01-01T00:00:00.000Z", "ids": [str(number)]},
            "a": [1, "two", {"three": 3.0}], "x": 1, "ids": [str(number)], "missing": None, "gone": None,
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (float("nan"), '"NaN"'), (float("-inf"), '"-Infinity"'), ({"b": [1, 2.5, "ü"], "n": float("nan")}, None),
        ([1, {"a": None}], '[1,{"a":null}]'), (7, "7"), (2.0, "2.0"), (False, "false"), (Decimal128("1.500"), "1.500"),
        (Decimal128("NaN"), "NaN"), (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00.000Z"),
        (DatetimeMS(10**15), "null"), (Binary.from_uuid(UUID(int=5)), "00000000-0000-0000-0000-000000000005"),
        (b"\x00\xff", "AP8="), (ObjectId("65f0a1b2c3d4e5f601234567"), "65f0a1b2c3d4e5f601234567"), ("ü", "ü"),
        (Regex("a.*", "i"), '{"$regularExpression": {"pattern": "a.*", "options": "i"}}'),
        (Timestamp(5, 1), '{"$timestamp": {"t": 5, "i": 1}}'),
    ],
)  # fmt: skip
def test_what_is_declared_text(value: Any, text: str | None) -> None:
    """Apart from the server, which holds few of these."""
    found = json.loads(landed(value, SCHEMA_WORDS["string"]))
    assert found == ('{"b":[1,2.5,"\\u00fc"],"n":"NaN"}' if text is None else text)


@pytest.mark.parametrize(
    ("value", "text"),
    [(float("nan"), '"NaN"'), (Decimal128("1.50"), "1.50"), (Decimal128("NaN"), '"NaN"'), (Int64(2**62), str(2**62))],
)
def test_what_is_declared_a_number(value: Any, text: str) -> None:
    assert landed(value, SCHEMA_WORDS["double"]) == text


def test_what_cannot_become_its_type_is_null(shop: Runner) -> None:
    shop.things.insert_many(
        [
            {"_id": 1, "v": "seven"}, {"_id": 2, "v": {"a": 1}}, {"_id": 3, "v": [1]}, {"_id": 4, "v": 7},
        ]
    )  # fmt: skip
    fields = [field("_id", "int", alias="id"), field("v", "int")]
    found = {one["id"]: one["v"] for one in shop.read(fields)}
    assert found == {1: None, 2: None, 3: None, 4: 7}
    assert [one["id"] for one in shop.read(fields, on_bad_value="skip")] == [4]
    kinds = [field("_id", "int", alias="id"), field("v", "json", alias="o"), field("v", "json_array", alias="l")]
    found = {one["id"]: (one["o"], one["l"]) for one in shop.read(kinds)}
    assert (found[2], found[3], found[4]) == (({"a": 1}, None), (None, [1]), (None, None))


def test_a_filter_in_extended_json(shop: Runner) -> None:
    first = ObjectId("65f0a1b2c3d4e5f601234567")
    shop.things.insert_many([{"_id": first, "age": 30}, {"_id": 2, "age": 20}, {"_id": 3, "age": 40}])
    fields = [field("age", "int")]
    ages = sorted(one["age"] for one in shop.read(fields, filter_query='{"age": {"\\$gt": 24}}'))
    assert ages == [30, 40]
    found = shop.read(fields, filter_query='{"_id": {"\\$oid": "65f0a1b2c3d4e5f601234567"}}')
    assert [one["age"] for one in found] == [30]
    with pytest.raises(PermanentError, match="no extended JSON"):
        shop.read(fields, filter_query='{"_id": {"\\$oid": "short"}}')


def test_only_what_is_declared_is_asked_for() -> None:
    assert projection_of(["a.b", "a", "c.d"]) == {"a": 1, "c.d": 1, "_id": 0}
    assert projection_of(["x", "_id.y"]) == {"x": 1, "_id.y": 1}


def test_every_type_is_written(shop: Runner) -> None:
    fields = [
        field("id", "long"), field("at", "datetime"), field("d", "double"), field("i", "int"), field("s"),
        field("o", "json"), field("l", "json_array"), field("b", "boolean"), field("n", "int"),
    ]  # fmt: skip
    row = {
        "id": 5, "at": "2026-02-03T04:05:06.789+02:00", "d": 3.0, "i": 7, "s": "ü", "o": {"a": [1, None]}, "l": [{"x": 1}],
        "b": True,
    }  # fmt: skip
    made = shop.write([row], fields, id_field="id")
    (found,) = shop.documents()
    assert found == {
        "_id": 5, "at": datetime(2026, 2, 3, 2, 5, 6, 789000, tzinfo=UTC), "d": 3.0, "i": 7, "s": "ü", "o": {"a": [1, None]},
        "l": [{"x": 1}], "b": True, "n": None,
    }  # fmt: skip
    assert type(found["d"]) is float
    assert type(stored(5, SCHEMA_WORDS["long"])) is Int64, "what the look-alike forgets"
    assert (made.outputs[0].records, made.outputs[0].files) == (1, ("things",))


def test_keys_of_documents(shop: Runner) -> None:
    fields = [field("underscore_rev"), field("underscore_"), field("name")]
    shop.write([{"underscore_rev": "1", "underscore_": "2", "name": "x"}], fields)
    (found,) = shop.documents()
    assert isinstance(found.pop("_id"), ObjectId)
    assert found == {"_rev": "1", "underscore_": "2", "name": "x"}
    shop.things.delete_many({})
    mapping = [{"alias": "name", "column": "who.name"}, {"alias": "underscore_rev", "column": "who.rev"}]
    shop.write([{"underscore_rev": "1", "underscore_": "2", "name": "x"}], fields, mapping)
    assert shop.documents()[0]["who"] == {"name": "x", "rev": "1"}


def test_what_is_there_already_fails(shop: Runner) -> None:
    shop.things.insert_one({"_id": "b", "old": True})
    with pytest.raises(PermanentError, match=r"MongoDB refuses a document.*Documents that were written before: 0\."):
        shop.write([{"id": "a"}, {"id": "b"}], [field("id")], id_field="id")
    assert {"_id": "b", "old": True} in shop.documents()


def test_updates(shop: Runner) -> None:
    shop.things.insert_many([{"_id": 1, "k": "a", "v": 0, "kept": 1}, {"_id": 2, "k": "a", "v": 0}])
    mapping = [{"alias": "k", "key": True}, {"alias": "v"}]
    fields = [field("k"), field("v", "int")]
    shop.write([{"k": "a", "v": 5}, {"k": "b", "v": 6}], fields, mapping, operation="update", multi=True)
    found = [{key: value for key, value in one.items() if key != "_id"} for one in shop.things.find()]
    assert sorted(found, key=str) == sorted(
        [{"k": "a", "v": 5, "kept": 1}, {"k": "a", "v": 5}, {"k": "b", "v": 6}], key=str
    )
    shop.write([{"k": "c", "v": 7}], fields, mapping, operation="update", upsert=False)
    assert shop.things.count_documents({}) == 3
    with pytest.raises(PermanentError, match="The key 'k' of record 1 is null"):
        shop.write([{"k": None, "v": 7}], fields, mapping, operation="update")


@pytest.mark.parametrize("properties", [{}, {"id_field": "id"}])
def test_a_batch_whose_outcome_is_unknown_is_there_once(
    shop: Runner, monkeypatch: pytest.MonkeyPatch, properties: dict[str, str]
) -> None:
    """The connection breaks behind the server's work: the batch is written again, and is there once."""
    real: Callable[..., Any] = Collection.bulk_write
    broken = iter([False, True, False, True])

    def breaks(self: Any, *given: Any, **more: Any) -> Any:
        made = real(self, *given, **more)
        if next(broken, False):
            raise errors.AutoReconnect("connection closed")
        return made

    monkeypatch.setattr(Collection, "bulk_write", breaks)
    monkeypatch.setattr(writing, "PAUSES", (0.0, 0.0, 0.0))
    shop.write([{"id": number} for number in range(10)], [field("id", "int")], batch_size=3, **properties)
    assert shop.things.count_documents({}) == 10
    assert any("written again" in line for _, line in shop.ear.lines)


class Cut(BaseException):
    """The process dies here."""


class Keeping:
    """A gate that keeps what was asked of it."""

    def __init__(self) -> None:
        self.asked: list[Written] = []

    def grant(self, outputs: Sequence[Written]) -> None:
        self.asked += outputs


def test_another_attempt_goes_on_where_one_died(shop: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    real: Callable[..., Any] = Collection.bulk_write
    left = iter([False, True])

    def dies(self: Any, *given: Any, **more: Any) -> Any:
        made = real(self, *given, **more)
        if next(left):
            raise Cut
        return made

    shop.gate = keeping = Keeping()
    order = shop.writing([{"n": number} for number in range(10)], [field("n", "int")], batch_size=4)
    with monkeypatch.context() as patched:
        patched.setattr(Collection, "bulk_write", dies)
        patched.setattr(MongoCollections, "discard", lambda self, staged: None)
        with pytest.raises(Cut):
            shop.run(order)
    assert shop.things.count_documents({}) == 8
    granted = json.loads(json.dumps([asdict(one) for one in keeping.asked]))
    shop.run(Order(**{**order.to_json(), "token": "job-7-2", "granted_token": "job-7-1", "granted": granted}))
    assert sorted(one["n"] for one in shop.things.find()) == list(range(10))
    assert list((shop.folder / "staged").iterdir()) == []


UNFIT = [
    {"id": "a", "at": "2026-05-06T07:08:09Z", "more": {"n": 1}}, {"id": "b", "at": "+12026-05-06T00:00:00Z", "more": {"n": 1}},
    {"id": None, "at": "0000-05-06T00:00:00Z"}, {"id": "d", "more": {"k\0": 1}}, {"id": "e"}, {"id": "f", "more": None},
]  # fmt: skip
UNFIT_FIELDS = [field("id"), field("at", "datetime"), field("more", "json")]


def rejecting(shop: Runner, records: Sequence[Any], mapping: Any = None, **properties: Any) -> Order:
    """Return the order of a write whose rejected records go to the folder `bad`."""
    order = shop.writing(records, UNFIT_FIELDS, mapping, on_bad_value="skip", **properties)
    flow = json.loads(order.flow)
    flow["components"].append({
        "id": "bad", "type": "cloud_storage_destination_component", "connection": {"name": "lake"},
        "properties": {"path": "bad", "format": "json", "if_exists": "replace"},
    })  # fmt: skip
    flow["edges"].append({"from": "out", "to": "bad", "output": "rejected"})
    return replace(order, flow=json.dumps(flow))


def rejected(shop: Runner) -> dict[str, tuple[str, Any]]:
    lines = [json.loads(line) for one in (shop.lake / "bad").iterdir() for line in one.read_text().splitlines()]
    return {one["place"]: (one["reason"], json.loads(one["record"])) for one in lines}


def test_what_is_no_document_is_left_out(shop: Runner) -> None:
    (out,) = shop.write(UNFIT, UNFIT_FIELDS, on_bad_value="skip", batch_size=1).outputs
    assert {one.get("id") for one in shop.documents()} == {"a", "e", "f"}
    receipt = out.receipt
    assert (out.records, receipt["written"], receipt["rejected"], receipt["filtered"]) == (6, 3, 3, 0)
    with pytest.raises(PermanentError, match="The field 'at' cannot be written: Invalid isoformat"):
        shop.write(UNFIT[1:2], UNFIT_FIELDS)


def test_what_is_no_document_goes_to_a_second_output(shop: Runner) -> None:
    out, bad = shop.run(rejecting(shop, UNFIT)).outputs
    assert {one.get("id") for one in shop.documents()} == {"a", "e", "f"}
    found = rejected(shop)
    assert {place: reason for place, (reason, _) in found.items()} == {
        "record 2": "Column 'at': Invalid isoformat string: '12026-05-06T00:00:00.000Z'.",
        "record 3": "Column 'at': year 0 is out of range.",
        "record 4": "It cannot be a document: Invalid document: Key names must not contain the NULL byte.",
    }
    assert found["record 2"][1] == {"id": "b", "at": "12026-05-06T00:00:00.000Z", "more": {"n": 1}}
    receipt = out.receipt
    assert (out.records, receipt["written"], receipt["rejected"], receipt["filtered"], bad.records) == (3, 3, 3, 0, 3)
    assert [json.loads(line)["id"] for line in out.preview.splitlines()] == ["a", "e", "f"]
    assert "hash" not in receipt


def test_a_key_that_is_null_is_rejected(shop: Runner) -> None:
    mapping = [{"alias": "id", "key": True}, {"alias": "more"}]
    shop.run(rejecting(shop, [{"id": None, "more": {}}, {"id": "a", "more": {}}], mapping, operation="update"))
    assert [one["id"] for one in shop.documents()] == ["a"]
    assert rejected(shop)["record 1"][0] == "Column 'id': the key is null, so no document can be found by it."


def test_a_document_that_is_too_large_is_rejected(shop: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MOST_BYTES", 1500)
    out, bad = shop.run(rejecting(shop, [{"id": "x" * 2000}, {"id": "a"}])).outputs
    assert (out.records, bad.records) == (1, 1)
    assert "bytes, more than the 1,500 that one may have." in rejected(shop)["record 1"][0]


def test_what_is_rejected_is_published_once_by_the_next_attempt(shop: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.gate = keeping = Keeping()
    order, send = rejecting(shop, UNFIT, batch_size=1), writing.Writer._send

    def dies(self: Any, *given: Any, **more: Any) -> Any:
        send(self, *given, **more)
        raise Cut

    with monkeypatch.context() as patched:
        patched.setattr(writing.Writer, "_send", dies)
        patched.setattr(MongoCollections, "discard", lambda self, staged: None)
        patched.setattr(LocalFiles, "discard", lambda self, staged: None)
        with pytest.raises(Cut):
            shop.run(order)
    (shop.lake / "in.json").unlink()  # nothing is computed again
    granted = json.loads(json.dumps([asdict(one) for one in keeping.asked]))
    out, bad = shop.run(replace(order, token="job-7-2", granted_token="job-7-1", granted=granted)).outputs
    assert sorted(one["id"] for one in shop.documents()) == ["a", "e", "f"]
    assert (out.records, bad.records, len(rejected(shop))) == (3, 3, 3)


def test_made_ids() -> None:
    load = "job-7 2026-03-01T12:00:00+00:00"
    ids = {made_id(load, "out", number) for number in range(1000)}
    assert len(ids) == 1000
    assert made_id(load, "out", 5) in ids
    assert made_id(load, "out", 5).generation_time == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert made_id(load, "other", 5) not in ids
    assert made_id("job-8 2026-03-01T12:00:00+00:00", "out", 5) not in ids


def test_the_ladder_of_a_connection(mongo_alike: int) -> None:
    given = {"host": "127.0.0.1", "port": mongo_alike, "database": "x"}
    rungs = MongoCollections(LOCAL).test(Connection("shop", "mongo", given))
    assert [one.name for one in rungs or ()][:4] == ["resolve", "port", "login", "privileges"]
    with pytest.raises(ConnectionTestFailed, match="PENSTOCK_OUTBOUND_ALLOW"):
        MongoCollections("").test(Connection("shop", "mongo", given))
    with pytest.raises(ConnectionTestFailed, match=r"^Port: "):
        MongoCollections(LOCAL).test(Connection("shop", "mongo", {**given, "port": 1}))


def test_nobody_there(shop: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "CONNECT_S", 0.1)
    monkeypatch.setattr("penstock.kit.stopping.Stop.wait", lambda self, seconds: None)
    shop.connections["shop"]["port"] = 1
    with pytest.raises(TransientError):
        shop.read([field("a")])
    assert not (shop.lake / "out").exists()


def test_a_connection_that_is_cut(shop: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """All is read anew, and after some tries the job fails; what was there before is there."""
    monkeypatch.setattr("penstock.kit.stopping.Stop.wait", lambda self, seconds: None)
    shop.things.insert_many([{"_id": number, "note": "x" * 1000} for number in range(300)])
    assert len(shop.read([field("note")])) == 300
    relay = sys.modules["penstock_tests_servers"].Relay(shop.connections["shop"]["port"])
    shop.connections["shop"]["port"] = relay.port
    relay.reset(150_000, for_ever=True)
    before = [one.read_bytes() for one in (shop.lake / "out").iterdir()]
    with pytest.raises(TransientError, match=r"Component 'in': ") as caught:
        shop.read([field("note")])
    assert "MongoDB says: 127.0.0.1:" in caught.value.message
    assert [one.read_bytes() for one in (shop.lake / "out").iterdir()] == before
    relay.close()
