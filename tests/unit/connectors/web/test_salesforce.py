"""Salesforce against samples of its answers, which were written from what it publishes: never run against the service."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from penstock.connectors.web.asking import Api
from penstock.connectors.web.logins import lent
from penstock.connectors.web.salesforce import writing
from penstock.connectors.web.salesforce.org import Org
from penstock.errors import PackageInvalid, PermanentError
from penstock.kit.secret import hidden
from penstock.kit.stopping import STOP
from penstock.plan.ports import Connection, nobody_reads
from penstock.runtime.look import preview
from penstock.wiring import engines, jobs

DATA = "/services/data/v62.0"
QUERY, INGEST = f"{DATA}/jobs/query", f"{DATA}/jobs/ingest"
JOB, LOAD = f"{QUERY}/7505g00000ABCdEAAX", f"{INGEST}/7505g00000INGEaAAX"
FIELDS = [
    {"name": "Id", "alias": "id"}, {"name": "Name", "alias": "name"},
    {"name": "AnnualRevenue", "alias": "revenue", "type": "double"}, {"name": "isdeleted", "alias": "gone", "type": "boolean"},
    {"name": "SystemModstamp", "alias": "at", "type": "datetime"}, {"name": "Owner.Name", "alias": "owner"},
]  # fmt: skip
RECORDS = [
    {
        "id": "0015g00000AAAAAAA1", "name": 'Müller, "the first"\nand Sons', "revenue": 1500000.5, "gone": False,
        "at": "2026-02-28T23:59:59.000Z", "owner": "Ann",
    },
    {
        "id": "0015g00000AAAAAAA2", "name": "Empty", "revenue": None, "gone": True, "at": "2026-03-01T00:00:00.000Z",
        "owner": None,
    },
    {
        "id": "0015g00000AAAAAAA3", "name": "Last", "revenue": 3.0, "gone": False, "at": "2026-03-01T01:00:00.000Z",
        "owner": "Bob",
    },
]  # fmt: skip
ROWS = [
    {"id": 1, "ext": "E1", "name": "Ann"},
    {"id": 2, "ext": "e2", "name": None},
    {"id": 3, "ext": "e3", "name": 'a"\nb'},
]
ROW = [{"name": "id", "type": "long"}, {"name": "ext"}, {"name": "name"}]
NAMED = {"connection": {"name": "crm"}}
BY_EXT = {
    **NAMED,
    "mapping": [{"alias": "ext", "column": "Ext_Id__c", "key": True}, {"alias": "name", "column": "Name"}],
}


@pytest.fixture
def crm(service: Any, runner: Any, samples: Any) -> Any:
    """The samples, and a connection to the service that gives them."""
    runner.connections["crm"] = {
        "type": "salesforce", "environment": "production", "endpoint": service.url(""),
        "secrets": {"password": "canary-session"},
    }  # fmt: skip
    return samples("salesforce")


def querying(service: Any, crm: Any, *states: str) -> None:
    """A service that does a query, whose job says these states one after the other."""
    service.on(QUERY, crm("query_job"))
    service.on(JOB, *(crm(state) for state in states or ("query_running", "query_done")))
    service.on(f"{JOB}/results", crm("query_page_1"), crm("query_page_2"))


def loading(service: Any, crm: Any, done: str = "ingest_done") -> None:
    """A service that takes records, and says *done* of them."""
    service.on(f"{DATA}/sobjects/Account", crm("known_object"))
    service.on(INGEST, crm("ingest_job"))
    service.on(f"{LOAD}/batches", crm("ingest_begun"))
    service.on(LOAD, crm("ingest_begun"), crm("ingest_running"), crm(done))
    service.on(f"{LOAD}/failedResults", crm("failed_results"))


def sent(service: Any) -> list[list[dict[str, str]]]:
    """The records of each job."""
    return [
        list(csv.DictReader(io.StringIO(one.body.decode()))) for one in service.asked if one.path.endswith("/batches")
    ]


def test_an_object(service: Any, runner: Any, crm: Any, waits: list[float]) -> None:
    querying(service, crm)
    assert (
        runner.read(
            FIELDS, kind="salesforce", keys=NAMED, object_name="Account", where_clause="SystemModstamp > $since",
            max_records_per_page=2, more={"variables": {"since": "2026-01-01T00:00:00Z"}},
        )
        == RECORDS
    )  # fmt: skip
    asked = service.asked[0]
    assert asked.json == {
        "operation": "query", "contentType": "CSV", "columnDelimiter": "COMMA", "lineEnding": "LF",
        "query": "SELECT Id, Name, AnnualRevenue, isdeleted, SystemModstamp, Owner.Name FROM Account "
        "WHERE SystemModstamp > 2026-01-01T00:00:00Z",
    }  # fmt: skip
    assert {one.headers["authorization"] for one in service.asked} == {"Bearer canary-session"}
    pages = [one.query for one in service.asked if one.path.endswith("/results")]
    assert pages == [{"maxRecords": "2"}, {"maxRecords": "2", "locator": "MTAwMDA"}]
    assert (service.asked[-1].method, service.asked[-1].path) == ("DELETE", JOB), "the job is forgotten"
    assert waits == [0.5]


def test_a_query_with_removed_records(service: Any, runner: Any, crm: Any, waits: list[float]) -> None:
    querying(service, crm, "query_done")
    read = runner.read(
        [{"name": "NAME", "alias": "name"}], kind="salesforce", keys=NAMED, access_mode="query",
        query="SELECT Name FROM Account", source_action="bulk_query_all",
    )  # fmt: skip
    assert [one["name"] for one in read] == [one["name"] for one in RECORDS]
    assert service.asked[0].json["operation"] == "queryAll"
    assert service.asked[0].json["query"] == "SELECT Name FROM Account"


def test_a_preview_asks_for_few(service: Any, runner: Any, crm: Any, waits: list[float]) -> None:
    querying(service, crm, "query_done")
    source = {
        "id": "in", "type": "salesforce_source_component", "properties": {"object_name": "Account"}, "fields": FIELDS, **NAMED,
    }  # fmt: skip
    order = runner.order([source], [])
    made = preview(order, "in", 2, engines.engine(), jobs.connectors([runner.lake], allow="127.0.0.0/8"), ["in"])
    assert len(made.rows) == 2
    assert service.asked[0].json["query"].endswith("FROM Account LIMIT 2")
    assert [one.query for one in service.asked if one.path.endswith("/results")] == [{"maxRecords": "2"}]


def test_where_the_organisation_is(
    service: Any, crm: Any, reply: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Salesforce is asked whose token it is; an address without TLS is none of its."""
    known = {"salesforce": {"api_version": "62.0", "login": {"sandbox": service.url("")}}}
    monkeypatch.setattr("penstock.connectors.web.salesforce.org.strategies", lambda: known)
    connection = Connection("crm", "salesforce", {"environment": "sandbox"}, hidden({"password": "canary-session"}))
    service.on("/services/oauth2/userinfo", crm("userinfo"), reply({"urls": {"rest": "http://acme.example.com/"}}))
    api = Api(lent(connection, None, STOP, nobody_reads), None, STOP, nobody_reads)
    assert Org(api, connection, None, tmp_path).home == "https://acme.my.salesforce.com"
    with pytest.raises(
        PermanentError, match=r"does not say where the organisation is\. Give the connection its 'endpoint'"
    ):
        assert Org(api, connection, None, tmp_path).home


def test_a_token_for_a_client(service: Any, runner: Any, crm: Any, waits: list[float]) -> None:
    """Where the connection has a client, its tokens are asked for at the organisation, and once more when one has ended."""
    runner.connections["crm"] |= {"client_id": "canary-client", "secrets": {"refresh_token": "canary-refresh"}}
    querying(service, crm, "query_done")
    service.on(QUERY, crm("expired"), crm("query_job"))
    service.on("/services/oauth2/token", crm("token"))
    assert len(runner.read(FIELDS, kind="salesforce", keys=NAMED, object_name="Account")) == 3
    tokens = [one for one in service.asked if one.path == "/services/oauth2/token"]
    assert len(tokens) == 2
    assert b"grant_type=refresh_token&refresh_token=canary-refresh" in tokens[0].body


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("expired", "401, INVALID_SESSION_ID: Session expired or invalid The token of the connection 'crm' has ended"),
        ("query_refused", "400, MALFORMED_QUERY: unexpected token: FORM"),
    ],
)
def test_a_query_that_is_refused(service: Any, runner: Any, crm: Any, name: str, says: str) -> None:
    service.on(QUERY, crm(name))
    with pytest.raises(PermanentError) as raised:
        runner.read(FIELDS, kind="salesforce", keys=NAMED, object_name="Account")
    assert raised.value.message.startswith("Component 'in': Salesforce answers ")
    assert says in raised.value.message
    assert not (runner.lake / "out").exists()


def test_a_query_that_fails(service: Any, runner: Any, crm: Any, waits: list[float]) -> None:
    querying(service, crm, "query_running", "query_failed")
    with pytest.raises(
        PermanentError, match=r"did not do the query \(Failed\): INVALID_FIELD: SELECT Nonsense FROM Account"
    ):
        runner.read(FIELDS, kind="salesforce", keys=NAMED, object_name="Account")


def test_a_storm_of_limits_is_waited_for(service: Any, runner: Any, crm: Any, reply: Any, waits: list[float]) -> None:
    querying(service, crm, "query_done")
    service.on(QUERY, *[reply("", 429, Retry_After="30")] * 8, crm("query_job"))
    assert len(runner.read(FIELDS, kind="salesforce", keys=NAMED, object_name="Account")) == 3
    assert waits == [30.0] * 8


def test_fields_that_a_query_does_not_give(service: Any, runner: Any, crm: Any, waits: list[float]) -> None:
    querying(service, crm, "query_done")
    with pytest.raises(PermanentError, match=r"gives no field 'City'. It gives: Id, Name, AnnualRevenue"):
        runner.read(
            [{"name": "City"}], kind="salesforce", keys=NAMED, access_mode="query", query="SELECT Name FROM Account"
        )


def test_a_page_that_comes_again(service: Any, runner: Any, crm: Any, waits: list[float]) -> None:
    querying(service, crm, "query_done")
    service.on(f"{JOB}/results", crm("query_page_1"))
    with pytest.raises(PermanentError, match="gives the page 'MTAwMDA' again"):
        runner.read(FIELDS, kind="salesforce", keys=NAMED, object_name="Account")


# --- writing


def test_upsert(service: Any, runner: Any, crm: Any, waits: list[float]) -> None:
    loading(service, crm)
    made = runner.write(ROWS, ROW, kind="salesforce", object_name="Account", operation="upsert", keys=BY_EXT)
    (job,) = (one.json for one in service.asked if one.path == INGEST)
    assert job == {
        "object": "Account", "operation": "upsert", "externalIdFieldName": "Ext_Id__c", "contentType": "CSV",
        "lineEnding": "LF",
    }  # fmt: skip
    assert sent(service) == [
        [{"Ext_Id__c": "E1", "Name": "Ann"}, {"Ext_Id__c": "e2", "Name": ""}, {"Ext_Id__c": "e3", "Name": 'a"\nb'}]
    ]
    methods = [(one.method, one.path.removeprefix(DATA)) for one in service.asked]
    assert methods == [
        ("GET", "/sobjects/Account"), ("POST", "/jobs/ingest"), ("PUT", LOAD.removeprefix(DATA) + "/batches"),
        ("PATCH", LOAD.removeprefix(DATA)), ("GET", LOAD.removeprefix(DATA)), ("GET", LOAD.removeprefix(DATA)),
    ]  # fmt: skip
    (output,) = made.outputs
    assert (output.records, output.files) == (3, ("Account",))
    assert output.receipt["checks"] == {"jobs": "1", "taken": "3"}
    assert output.receipt["is_once"] is True
    assert list((runner.folder / "staged").iterdir()) == []


def test_nulls_that_are_sent(service: Any, runner: Any, crm: Any, waits: list[float]) -> None:
    loading(service, crm)
    rows = [{"id": 1, "ext": None, "name": None}]
    runner.write(
        rows, ROW, kind="salesforce", object_name="Account", operation="upsert", include_nulls=True, keys=BY_EXT
    )
    assert sent(service) == [[{"Ext_Id__c": "", "Name": "#N/A"}]], "a null key makes a new record"
    with pytest.raises(PermanentError, match="The text '#N/A' in 'Name' would empty that field"):
        runner.write(
            [{"id": 1, "ext": "a", "name": "#N/A"}], ROW, kind="salesforce", object_name="Account", operation="upsert",
            keys=BY_EXT,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("operation", "word"), [("update", "update"), ("delete", "delete"), ("hard_delete", "hardDelete")]
)
def test_records_are_found_by_another_key_than_their_id(
    service: Any, runner: Any, crm: Any, waits: list[float], operation: str, word: str
) -> None:
    """Salesforce changes by its own Id alone, so the Ids are asked for; a key without a record is a refused record."""
    loading(service, crm)
    service.on(f"{DATA}/query", crm("keys"))
    made = runner.write(
        ROWS, ROW, kind="salesforce", object_name="Account", operation=operation, max_errors=1, keys=BY_EXT,
        output_failed_records=True,
    )  # fmt: skip
    (query,) = (one.query["q"] for one in service.asked if one.path == f"{DATA}/query")
    assert query == "SELECT Id, Ext_Id__c FROM Account WHERE Ext_Id__c IN ('E1', 'e2', 'e3')"
    (rows,) = sent(service)
    assert [one["Id"] for one in rows] == ["0015g00000AAAAAAA1", "0015g00000AAAAAAA3"]
    assert [one.get("Name") for one in rows] == (["Ann", 'a"\nb'] if operation == "update" else [None, None])
    (job,) = (one.json for one in service.asked if one.path == INGEST)
    assert (job["operation"], "externalIdFieldName" in job) == (word, False)
    assert "refused: no record has the key 'e2'" in runner.ear
    assert made.outputs[0].receipt["checks"]["refused"] == "1"


def test_refused_records_fail_the_job(service: Any, runner: Any, crm: Any, waits: list[float]) -> None:
    loading(service, crm, "ingest_partly")
    with pytest.raises(PermanentError) as raised:
        runner.write(ROWS, ROW, kind="salesforce", object_name="Account", operation="upsert", keys=BY_EXT)
    assert "Salesforce refused 1 records, and 'max_errors' forgives 0. The first: REQUIRED_FIELD_MISSING" in str(
        raised.value
    )
    assert "Records that were taken: 2." in str(raised.value)


def test_refused_records_are_forgiven(service: Any, runner: Any, crm: Any, waits: list[float]) -> None:
    loading(service, crm, "ingest_partly")
    made = runner.write(
        ROWS, ROW, kind="salesforce", object_name="Account", operation="upsert", keys=BY_EXT, max_errors=1,
        output_failed_records=True,
    )  # fmt: skip
    assert made.outputs[0].receipt["checks"] == {"jobs": "1", "taken": "2", "refused": "1"}
    assert (
        'refused: REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --: {"Ext_Id__c": "e2"}' in runner.ear
    )


def test_a_job_that_fails(service: Any, runner: Any, crm: Any, waits: list[float]) -> None:
    loading(service, crm, "ingest_failed")
    with pytest.raises(
        PermanentError, match=r"ended the job .* \(Failed\): InvalidBatch : Field name not found : Nonsense"
    ):
        runner.write(ROWS, ROW, kind="salesforce", object_name="Account", operation="upsert", keys=BY_EXT)


def test_an_unknown_object_fails_before_anything_is_computed(service: Any, runner: Any, crm: Any) -> None:
    service.on(f"{DATA}/sobjects/Account", crm("unknown_object"))
    with pytest.raises(PermanentError, match="404, NOT_FOUND: The requested resource does not exist"):
        runner.write(ROWS, ROW, kind="salesforce", object_name="Account", operation="upsert", keys=BY_EXT)
    assert [one.method for one in service.asked] == ["GET"]


def test_another_attempt_goes_on_where_one_died(
    service: Any, runner: Any, crm: Any, keeping: Any, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chunks whose jobs were begun are waited for, not sent again; a job that was open is given up, and made anew."""
    monkeypatch.setattr(writing, "CHUNK_RECORDS", 1)
    loading(service, crm)
    service.on(LOAD, crm("ingest_begun"), crm("ingest_done"), crm("ingest_job"))
    runner.gate = keeping

    class Died(BaseException):
        """The process is gone."""

    kept = writing.Writer._begin
    begun = []

    def dies(self: Any, job: str) -> None:
        if begun:
            raise Died
        begun.append(job)
        kept(self, job)

    monkeypatch.setattr(writing.Writer, "_begin", dies)
    order = runner.sending(ROWS, ROW, kind="salesforce", object_name="Account", operation="upsert", keys=BY_EXT)
    monkeypatch.setattr("penstock.runtime.outputs.Outputs.discard", lambda self: None)
    with pytest.raises(Died):
        runner.run(order)
    monkeypatch.undo()
    monkeypatch.setattr(writing, "CHUNK_RECORDS", 1)
    service.asked.clear()
    states = [
        crm("ingest_job"),
        crm("ingest_begun"),
        crm("ingest_begun"),
        crm("ingest_done"),
        crm("ingest_begun"),
        crm("ingest_done"),
    ]
    service.on(LOAD, *states)
    granted = [asdict(one) for one in keeping.asked]
    again = type(order)(**{**order.to_json(), "token": "job-7-2", "granted": granted, "granted_token": "job-7-1"})
    made = runner.run(again)
    assert [[one["Ext_Id__c"] for one in rows] for rows in sent(service)] == [["e2"], ["e3"]]
    aborted = [one.json for one in service.asked if one.method == "PATCH" and one.json == {"state": "Aborted"}]
    assert len(aborted) == 1
    assert made.outputs[0].receipt["checks"]["jobs"] == "3"


@pytest.mark.parametrize(
    ("properties", "keys", "says"),
    [
        (
            {"object_name": "Account"},
            {"mapping": [{"alias": "ext", "column": "Id"}]},
            "must not be mapped with operation append",
        ),
        ({"object_name": "Account", "operation": "update"}, {}, "finds records by one mapping item with 'key' true"),
        ({"object_name": "no such"}, {}, "This is no name of an object"),
        ({"object_name": "Account", "api_version": "12"}, {}, "no version of the API"),
        ({"object_name": "Account", "bulk_api": "bulk_1"}, {}, "not available in this version"),
        (
            {"object_name": "Account"},
            {"mapping": [{"alias": "ext", "column": "a b"}]},
            "no name of a field of Salesforce",
        ),
    ],
)
def test_what_is_refused_before_anything_is_asked(
    service: Any, runner: Any, crm: Any, properties: dict[str, Any], keys: dict[str, Any], says: str
) -> None:
    with pytest.raises(PackageInvalid, match=says):
        runner.write(ROWS, ROW, kind="salesforce", keys={**NAMED, **keys}, **properties)
    assert service.asked == []


@pytest.mark.parametrize(
    ("properties", "says"),
    [
        ({}, "'access_mode' object needs an 'object_name'"),
        ({"access_mode": "query"}, "'access_mode' query needs a 'query'"),
        ({"access_mode": "query", "query": "DELETE FROM x"}, "The query begins with SELECT"),
        ({"object_name": "Account", "pk_chunking": True}, "not available in this version"),
    ],
)
def test_sources_that_are_refused(service: Any, runner: Any, crm: Any, properties: dict[str, Any], says: str) -> None:
    with pytest.raises(PackageInvalid, match=says):
        runner.read(FIELDS, kind="salesforce", keys=NAMED, **properties)
    assert service.asked == []


def test_samples_say_what_they_are() -> None:
    for file in (Path(__file__).parent / "samples").glob("*.json"):
        label = json.loads(file.read_text("utf-8"))["label"]
        assert label.startswith("Written from the published description of")
        assert label.endswith("Never recorded from the service.")
