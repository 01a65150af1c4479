"""The REST destination: which requests carry the records, what is saved, and how an attempt goes on where one stopped."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from penstock.connectors.web import sending
from penstock.errors import PermanentError

FIELDS = [{"name": "id", "type": "long"}, {"name": "name"}, {"name": "price", "type": "double"}]
ROWS = [{"id": number, "name": f"n{number}", "price": number + 0.5} for number in range(1, 6)]
NOTES = {"id": 1, "name": "a/b?c=ü #1", "price": None}


def test_records_in_arrays(service: Any, runner: Any, reply: Any) -> None:
    service.on("/orders", reply({"ok": True}, 201))
    made = runner.write(ROWS, FIELDS, url=service.url("/orders?v=1"), records_per_request=2)
    assert [one.json for one in service.asked] == [ROWS[0:2], ROWS[2:4], ROWS[4:5]]
    assert {(one.method, one.target, one.headers["content-type"]) for one in service.asked} == {
        ("POST", "/orders?v=1", "application/json")
    }
    (output,) = made.outputs
    assert (output.records, output.files, output.name) == (5, (service.url("/orders"),), service.url("/orders"))
    assert output.receipt["checks"]["requests"] == "3"
    assert len({one.headers["idempotency-key"] for one in service.asked}) == 3
    assert list((runner.folder / "staged").iterdir()) == [], "nothing stays behind"


def test_one_record_is_an_object(service: Any, runner: Any, reply: Any) -> None:
    service.on("/", reply("", 204))
    mapping = [{"alias": "name", "column": "Full name"}, {"alias": "id"}]
    runner.write(ROWS[:2], FIELDS, url=service.url(), method="PUT", records_per_request=1, keys={"mapping": mapping})
    assert [one.json for one in service.asked] == [{"Full name": "n1", "id": 1}, {"Full name": "n2", "id": 2}]
    assert "idempotency-key" not in service.asked[0].headers, "what was put twice was put once"


def test_values_of_the_record(service: Any, runner: Any, reply: Any) -> None:
    """Escaped in the address, as they are in headers and body; fields that are not mapped are no part of the body."""
    service.on("/orders/a%2Fb%3Fc%3D%C3%BC%20%231", reply())
    runner.write(
        [NOTES], FIELDS, url=service.url("/orders/#{name}?p=#{price}&id=#{id}"), method="PATCH",
        headers={"X-Id": "no #{id}"}, keys={"mapping": [{"alias": "id", "column": "key"}]},
    )  # fmt: skip
    (asked,) = service.asked
    assert asked.target == "/orders/a%2Fb%3Fc%3D%C3%BC%20%231?p=&id=1"
    assert (asked.headers["x-id"], asked.json) == ("no 1", {"key": 1})


def test_methods_without_a_body(service: Any, runner: Any, reply: Any) -> None:
    for number in range(1, 3):
        service.on(f"/orders/{number}", reply())
    for method in ("DELETE", "GET"):
        runner.write(ROWS[:2], FIELDS, url=service.url("/orders/#{id}"), method=method)
    assert [(one.method, one.path, one.body) for one in service.asked] == [
        ("DELETE", "/orders/1", b""), ("DELETE", "/orders/2", b""), ("GET", "/orders/1", b""), ("GET", "/orders/2", b""),
    ]  # fmt: skip


def test_an_address_never_lacks_its_value(service: Any, runner: Any) -> None:
    with pytest.raises(PermanentError, match="The field 'name' is null or empty, so the address of its record"):
        runner.write([{"id": 1, "name": None}], FIELDS, url=service.url("/orders/#{name}"), method="DELETE")
    assert service.asked == []


def test_forms(service: Any, runner: Any, reply: Any) -> None:
    service.on("/", reply())
    runner.write([NOTES], FIELDS, url=service.url(), request_format="form")
    (asked,) = service.asked
    assert asked.body == b"id=1&name=a%2Fb%3Fc%3D%C3%BC+%231"
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"


def test_texts(service: Any, runner: Any, reply: Any) -> None:
    service.on("/", reply())
    runner.write([NOTES], FIELDS, url=service.url(), request_format="text", body="<id>#{id}</id> #{name}")
    assert service.asked[0].body.decode() == "<id>1</id> a/b?c=ü #1"


def test_every_type_in_a_body(service: Any, runner: Any, reply: Any) -> None:
    service.on("/", reply())
    fields = [
        {"name": "id", "type": "long"}, {"name": "at", "type": "datetime"}, {"name": "o", "type": "json"},
        {"name": "list", "type": "json_array"}, {"name": "yes", "type": "boolean"}, {"name": "none"},
    ]  # fmt: skip
    row = {
        "id": 9223372036854775807,
        "at": "2026-01-02T03:04:05.678Z",
        "o": {"a": [1, "ü"]},
        "list": [{"b": 1.5}],
        "yes": True,
    }
    runner.write([row], fields, url=service.url())
    assert service.asked[0].json == [{**row, "at": "2026-01-02T03:04:05.678Z", "none": None}]


def test_no_records_are_no_requests(service: Any, runner: Any) -> None:
    made = runner.write([], FIELDS, url=service.url())
    assert service.asked == []
    assert made.outputs[0].receipt["checks"]["requests"] == "0"


def test_a_refusal_fails_the_job_and_says_how_far_it_came(service: Any, runner: Any, reply: Any) -> None:
    service.on("/", reply(), reply({"error": "no such item"}, 422))
    with pytest.raises(PermanentError) as raised:
        runner.write(ROWS, FIELDS, url=service.url(), records_per_request=1)
    assert '422: {"error": "no such item"}. Requests that were taken before: 1.' in raised.value.message
    assert len(service.asked) == 2
    assert list((runner.folder / "staged").iterdir()) == []


def test_refusals_that_do_not_stop(service: Any, runner: Any, reply: Any) -> None:
    service.on("/", reply(), reply("no", 400), reply("no", 409), reply())
    made = runner.write(ROWS, FIELDS, url=service.url(), records_per_request=1, stop_on_error=False)
    assert len(service.asked) == 5
    assert (made.outputs[0].receipt["checks"]["requests"], made.outputs[0].receipt["checks"]["refused"]) == ("5", "2")
    assert "warning out: 2 of 5 requests were refused" in runner.ear


@pytest.mark.parametrize(("path", "kept"), [("answers/", "answers/responses-7.csv"), ("a/b.csv", "a/b.csv")])
def test_responses_are_saved(service: Any, runner: Any, reply: Any, path: str, kept: str) -> None:
    service.on("/", reply('said "yes",\nü'), reply("", 204), reply("no", 500))
    place = {"connection": {"name": "lake"}, "path": path}
    with pytest.raises(PermanentError, match="answers 500"):
        runner.write(ROWS, FIELDS, url=service.url("/?k=$key"), records_per_request=1, save_responses=place,
                     more={"secret_variables": {"key": "canary-k"}})  # fmt: skip
    with (runner.lake / kept).open(newline="") as stream:
        found = list(csv.reader(stream))
    assert found[0] == ["URL", "Response Code", "Response Body"]
    assert [row[1:] for row in found[1:]] == [["200", 'said "yes",\nü'], ["204", ""], ["500", "no"]]


def test_responses_need_a_place_that_is_there(service: Any, runner: Any) -> None:
    with pytest.raises(PermanentError, match="there is no connection 'nowhere'"):
        runner.write(ROWS, FIELDS, url=service.url(), save_responses={"connection": {"name": "nowhere"}, "path": "x/"})
    assert service.asked == []


def test_limits_and_failures(service: Any, runner: Any, reply: Any, waits: list[float]) -> None:
    """What a server says that it has not done is sent again; what it may have done only by methods that can be repeated."""
    service.on("/", reply("", 429, Retry_After="9"), reply("", 503), reply())
    runner.write(ROWS[:1], FIELDS, url=service.url())
    assert waits == [9.0, 0.5]
    service.on("/", reply("", 500), reply())
    runner.write(ROWS[:1], FIELDS, url=service.url(), method="PUT")
    service.on("/", reply("", 500), reply())
    with pytest.raises(PermanentError, match="answers 500"):
        runner.write(ROWS[:1], FIELDS, url=service.url())


def test_an_answer_that_is_cut(service: Any, runner: Any, reply: Any, waits: list[float]) -> None:
    """Nobody knows whether it arrived: it is sent again under the same key, and that is said."""
    service.on("/", reply("a long answer", cut=3), reply())
    made = runner.write(ROWS[:1], FIELDS, url=service.url())
    first, second = service.asked
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert first.body == second.body
    assert "may have been written more than once" in runner.ear
    assert made.outputs[0].records == 1


class Cut(BaseException):
    """The process dies here."""


@pytest.mark.parametrize("before", [True, False])
def test_another_attempt_goes_on_where_one_died(
    service: Any, runner: Any, reply: Any, keeping: Any, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    """Killed before or behind the answer to the third request; nothing that was answered is sent again."""
    service.on("/", reply())
    runner.gate = keeping
    place = {"connection": {"name": "lake"}, "path": "answers.csv"}
    order = runner.sending(ROWS, FIELDS, url=service.url(), records_per_request=1, save_responses=place)
    noted = sending.Notes.answered

    def dies(self: Any, number: int, got: Any, size: int) -> None:
        if number < 3 or not before:
            noted(self, number, got, size)
        if number == 3:
            raise Cut

    monkeypatch.setattr(sending.Notes, "answered", dies)
    monkeypatch.setattr("penstock.connectors.web.rest.WebApis.discard", lambda self, staged: None)
    with pytest.raises(Cut):
        runner.run(order)
    assert len(service.asked) == 3
    monkeypatch.undo()
    granted = json.loads(json.dumps([asdict(one) for one in keeping.asked]))
    again = {**order.to_json(), "token": "job-7-2", "granted_token": "job-7-1", "granted": granted}
    made = runner.run(type(order)(**again))
    sent = [one.json["id"] for one in service.asked]
    assert sent == ([1, 2, 3, 3, 4, 5] if before else [1, 2, 3, 4, 5])
    assert ("may have been written more than once" in runner.ear) is before
    keys = [one.headers["idempotency-key"] for one in service.asked]
    assert len(set(keys)) == 5, "the key of a request is the same in every attempt"
    with (runner.lake / "answers.csv").open(newline="") as stream:
        assert len(list(csv.reader(stream))) == 6
    assert made.outputs[0].records == 5
    assert list((runner.folder / "staged").iterdir()) == []


def test_a_staged_output_that_is_gone(service: Any, runner: Any, keeping: Any, reply: Any) -> None:
    runner.gate = keeping
    service.on("/", reply())
    order = runner.sending(ROWS, FIELDS, url=service.url())
    runner.run(order)
    granted = json.loads(json.dumps([asdict(one) for one in keeping.asked]))
    again = {**order.to_json(), "token": "job-7-2", "granted_token": "job-7-1", "granted": granted}
    with pytest.raises(PermanentError, match="it is not known what of it was sent"):
        runner.run(type(order)(**again))
    assert len(service.asked) == 1


def test_nothing_is_sent_before_all_is_staged(service: Any, runner: Any, tmp_path: Path) -> None:
    order = runner.sending([{"id": 1, "price": 0}], FIELDS, url=service.url())
    flow = json.loads(order.flow)
    flow["components"].append(
        {
            "id": "x",
            "type": "assert_component",
            "properties": {"conditions": [{"expression": "id > 1"}], "message": "too small"},
        }
    )
    flow["components"].append(
        {
            "id": "f",
            "type": "cloud_storage_destination_component",
            "connection": {"name": "lake"},
            "properties": {"path": "f"},
        }
    )
    flow["edges"] += [{"from": "in", "to": "x"}, {"from": "x", "to": "f"}]
    with pytest.raises(Exception, match="too small"):
        runner.run(type(order)(**{**order.to_json(), "flow": json.dumps(flow)}))
    assert service.asked == []
