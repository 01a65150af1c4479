"""The REST source: what is asked, what an answer holds, and what becomes of it when something goes wrong."""

from __future__ import annotations

import base64
import gzip
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from penstock.connectors.web import answers, json_texts, long_texts
from penstock.errors import DataError, JobStopped, PermanentError, TransientError
from penstock.kit.stopping import STOP

ID = [{"name": "id", "type": "long"}]
ITEMS = [{"name": "id", "type": "long"}, {"name": "$.user.name", "alias": "user"}]


def test_records_below_a_path(service: Any, runner: Any, reply: Any) -> None:
    service.on("/v1/items", reply({"items": [{"id": 1, "user": {"name": "Ann"}}, {"id": 2, "user": None}], "n": 2}))
    found = runner.read(ITEMS, url=service.url("/v1/items?since=2026-01-01"), base_record="$.items[*]")
    assert found == [{"id": 1, "user": "Ann"}, {"id": 2, "user": None}]
    (asked,) = service.asked
    assert (asked.method, asked.target) == ("GET", "/v1/items?since=2026-01-01")
    assert "info in: 1 file, " in " ".join(runner.ear.lines)


@pytest.mark.parametrize(
    ("base", "document", "ids"),
    [
        ("$", [{"id": 1}, {"id": 2}], [1, 2]),
        ("$", {"id": 7}, [7]),
        ("$.data", {"data": [{"id": 1}, {"id": 2}]}, [1, 2]),
        ("$.data", {"data": {"id": 5}}, [5]),
        ("$.data", {"data": []}, []),
        ("$.data", {"data": None}, []),
        ("$.data", {"else": 1}, []),
        ("$.data[*]", {"data": [{"id": 3}]}, [3]),
        ("$..rows[*]", {"a": {"rows": [{"id": 1}]}, "b": {"rows": [{"id": 2}, {"id": 3}]}}, [1, 2, 3]),
        ("$.data[?@.ok == true]", {"data": [{"id": 1, "ok": True}, {"id": 2, "ok": False}, {"id": 3, "ok": True}]}, [1, 3]),
        ("$['strange key']", {"strange key": [{"id": 4}]}, [4]),
        ("$.data[?@.ok == true]", {"data": [{"id": 1, "ok": 1}, {"id": 2, "ok": True}]}, [2]),
        ("$.data[0]", {"data": {"0": {"id": 1}}}, []),
        ("$.data[1:]", {"data": [{"id": 1}, {"id": 2}]}, [2]),
    ],
)  # fmt: skip
def test_base_records(service: Any, runner: Any, reply: Any, base: str, document: Any, ids: list[int]) -> None:
    service.on("/", reply(document))
    assert [one["id"] for one in runner.read(ID, url=service.url(), base_record=base)] == ids


def test_every_kind_of_value(service: Any, runner: Any, reply: Any) -> None:
    text = (
        '[{"i": 7, "l": 9223372036854775807, "d": 1.50, "s": "ü\\u0001\\ud83d\\ude00\\n", "b": true,'
        ' "at": "2026-02-03T04:05:06.789+02:00", "o": {"a": [1, null, 2.0]}, "list": [{"x": 1e3}], "n": 1.1'
        "}]"
    )
    service.on("/", reply(text, Content_Type="application/json"))
    fields = [
        {"name": "i", "type": "int"}, {"name": "l", "type": "long"}, {"name": "d", "type": "double"}, {"name": "s"},
        {"name": "b", "type": "boolean"}, {"name": "at", "type": "datetime"}, {"name": "o", "type": "json"},
        {"name": "list", "type": "json_array"}, {"name": "n"}, {"name": "missing", "type": "int"},
    ]  # fmt: skip
    assert runner.read(fields, url=service.url()) == [
        {
            "i": 7, "l": 9223372036854775807, "d": 1.5, "s": "ü\x01😀\n", "b": True,
            "at": "2026-02-03T04:05:06.789+02:00", "o": {"a": [1, None, 2.0]}, "list": [{"x": 1000.0}], "n": "1.1",
            "missing": None,
        }
    ]  # fmt: skip


def test_numbers_land_as_they_were_written() -> None:
    texts = json_texts.Texts()
    for text in ('{"a":1.50}', "[1e3,-0,-0.0,1E-7]", "12345678901234567890123456789012345678.50", f"[{'9' * 5000}]"):
        assert texts.write(texts.read(text)) == text
    plain = json_texts.Texts()
    assert (
        plain.write(plain.read('{"ü": [1.5, "\\ud83d\\ude00", null, true]}'))
        == '{"\\u00fc":[1.5,"\\ud83d\\ude00",null,true]}'
    )


def test_rejected_records(service: Any, runner: Any, reply: Any) -> None:
    service.on("/", reply([{"id": 1}, {"id": "two"}]))
    target = {"type": "cloud_storage_destination_component", "connection": {"name": "lake"}}
    source = {
        "id": "in", "type": "rest_api_source_component", "fields": ID,
        "properties": {"url": service.url(), "on_bad_value": "skip"},
    }  # fmt: skip
    parts = [{"id": name, **target, "properties": {"path": name, "format": "json"}} for name in ("out", "left")]
    order = runner.order([source, *parts], [("in", "out")])
    flow = json.loads(order.flow)
    flow["edges"].append({"from": "in", "to": "left", "output": "rejected"})
    runner.run(type(order)(**{**order.to_json(), "flow": json.dumps(flow)}))
    (part,) = (runner.lake / "left").iterdir()
    assert json.loads(part.read_text())["record"] == '{"id":"two"}'


def test_methods_headers_and_bodies(service: Any, runner: Any, reply: Any) -> None:
    service.on("/search", reply([{"id": 1}]))
    runner.read(
        ID, url=service.url("/search"), method="POST", headers={"X-Day": "$day", "Accept": "application/json"},
        body='{"since": "$day"}', more={"variables": {"day": "2026-03-01"}},
    )  # fmt: skip
    (asked,) = service.asked
    assert (asked.method, asked.json) == ("POST", {"since": "2026-03-01"})
    assert asked.headers["x-day"] == "2026-03-01"
    assert asked.headers["content-type"] == "application/json"
    for method in ("PUT", "PATCH"):
        runner.read(ID, url=service.url("/search"), method=method, body="text")
        assert (service.asked[-1].method, service.asked[-1].body) == (method, b"text")
        assert "content-type" not in service.asked[-1].headers


def test_a_name_and_a_password(service: Any, runner: Any, reply: Any) -> None:
    service.on("/", reply([{"id": 1}]))
    runner.read(
        ID, url=service.url(), authentication="basic", username="ann", password="$key",
        more={"secret_variables": {"key": "canary-1"}},
    )  # fmt: skip
    assert service.asked[0].headers["authorization"] == "Basic " + base64.b64encode(b"ann:canary-1").decode()


def test_a_raw_answer(service: Any, runner: Any, reply: Any) -> None:
    service.on("/", reply("<a>ü</a>", 201, Content_Type="text/xml", X_Kind="odd"))
    (found,) = runner.read([], url=service.url(), response_type="raw")
    assert list(found) == ["status", "body", "headers"]
    assert (found["status"], found["body"], found["headers"]["X-Kind"]) == (201, "<a>ü</a>", "odd")
    chosen = [{"name": "body", "alias": "text"}, {"name": "$.headers['X-Kind']", "alias": "kind"}]
    assert runner.read(chosen, url=service.url(), response_type="raw") == [{"text": "<a>ü</a>", "kind": "odd"}]


def test_arrays_of_arrays_go_by_position(service: Any, runner: Any, reply: Any) -> None:
    service.on("/", reply({"rows": [[1, "a"], [2, "b", "more"], [3], {"name": "c", "id": 4}]}))
    fields = [{"name": "id", "type": "int"}, {"name": "name"}]
    found = runner.read(fields, url=service.url(), response_type="array", base_record="$.rows")
    assert found == [
        {"id": 1, "name": "a"}, {"id": 2, "name": "b"}, {"id": 3, "name": None}, {"id": 4, "name": "c"},
    ]  # fmt: skip


def test_lines_of_json(service: Any, runner: Any, reply: Any) -> None:
    service.on("/", reply('{"id": 1}\n\n{"id": 2, "user": {"name": "ü"}}\r\nno json\n{"id": 4}'))
    found = runner.read(ITEMS, url=service.url(), response_type="line_delimited_json")
    assert [one["id"] for one in found] == [1, 2, None, 4], "what is no JSON follows on_bad_value"
    found = runner.read(ITEMS, url=service.url(), response_type="line_delimited_json", on_bad_value="skip")
    assert [one["id"] for one in found] == [1, 2, 4]
    with pytest.raises((DataError, PermanentError)):
        runner.read(ITEMS, url=service.url(), response_type="line_delimited_json", on_bad_value="fail")


def test_lines_of_json_with_a_base_record(service: Any, runner: Any, reply: Any) -> None:
    service.on("/", reply('{"rows": [{"id": 1}, {"id": 2}]}\n{"rows": []}\n{"rows": [{"id": 3}]}\n'))
    found = runner.read(ID, url=service.url(), response_type="line_delimited_json", base_record="$.rows")
    assert [one["id"] for one in found] == [1, 2, 3]


@pytest.mark.parametrize("begin", ["", "id,name\n"])
def test_lines_of_values(service: Any, runner: Any, reply: Any, begin: str) -> None:
    service.on("/", reply(begin + '1,"a, ""b"""\n2,c,more\r\n3'))
    fields = [{"name": "id", "type": "int"}, {"name": "name"}]
    found = runner.read(fields, url=service.url(), response_type="line_delimited_data")
    assert found == [{"id": 1, "name": 'a, "b"'}, {"id": 2, "name": "c"}, {"id": 3, "name": None}]


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ('[{"id": "\u00fc"}]'.encode("latin-1"), {"Content_Type": "application/json; charset=ISO-8859-1"}),
        ("\ufeff" + '[{"id": "\u00fc"}]', {}),
        (gzip.compress('[{"id": "ü"}]'.encode(), mtime=0), {"Content_Encoding": "gzip"}),
    ],
)
def test_character_sets_and_packing(service: Any, runner: Any, reply: Any, body: Any, headers: dict[str, str]) -> None:
    service.on("/", reply(body, **headers))
    assert runner.read([{"name": "id"}], url=service.url()) == [{"id": "ü"}]


def test_nothing_is_no_records(service: Any, runner: Any, reply: Any) -> None:
    service.on("/", reply("", 204))
    assert runner.read(ID, url=service.url()) == []


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ('[{"id": 1}, {"id": ', "it is no JSON"),
        ("<html>\n<b>Sign in</b>", "It begins with: <html> <b>Sign in</b>"),
        ('[{"id": NaN}]', "NaN is no number of JSON"),
        (b'[{"id": "\xff"}]', "is not valid UTF-8"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_json_fails(service: Any, runner: Any, reply: Any, body: Any, says: str) -> None:
    service.on("/", reply(body))
    with pytest.raises(PermanentError) as raised:
        runner.read(ID, url=service.url())
    assert raised.value.message.startswith(f"Component 'in': The answer of {service.url('')}")
    assert says in raised.value.message
    assert not (runner.lake / "out").exists()


def test_values_that_do_not_fit(service: Any, runner: Any, reply: Any) -> None:
    service.on("/", reply([{"id": "seven"}, {"id": 8}, {"id": {"a": 1}}]))
    assert [one["id"] for one in runner.read(ID, url=service.url())] == [None, 8, None]
    assert [one["id"] for one in runner.read(ID, url=service.url(), on_bad_value="skip")] == [8]


def test_a_refusal_fails_the_job(service: Any, runner: Any, reply: Any) -> None:
    service.on("/", reply({"error": "there is no\nsuch day"}, 400))
    with pytest.raises(PermanentError, match=r'^Component \'in\': .* answers 400: \{"error": "there is no'):
        runner.read(ID, url=service.url("/?key=canary-2"))
    assert len(service.asked) == 1


def test_no_secret_is_told(service: Any, runner: Any, reply: Any) -> None:
    basic = base64.b64encode(b"ann:canary-password").decode()
    service.on("/", reply(f"you sent canary-key as canary-password ({basic})", 403))
    with pytest.raises(PermanentError) as raised:
        runner.read(
            ID, url=service.url("/?key=$key"), authentication="basic", username="ann", password="$word",
            headers={"X-Key": "$key"}, more={"secret_variables": {"key": "canary-key", "word": "canary-password"}},
        )  # fmt: skip
    told = " ".join([raised.value.message, *runner.ear.lines, json.dumps(runner.ear.declared)])
    assert "canary" not in told
    assert basic not in told
    assert "answers 403" in told


@pytest.mark.parametrize("status", [429, 503])
def test_a_limit_is_waited_for_and_costs_no_try(
    service: Any, runner: Any, reply: Any, waits: list[float], status: int
) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    limits = [reply("slow down", status, Retry_After="30") for _ in range(12)]
    service.on("/", *limits, reply("", status, Retry_After=later), reply([{"id": 1}]))
    assert runner.read(ID, url=service.url()) == [{"id": 1}]
    assert waits == [30.0] * 12 + [pytest.approx(90.0, abs=20.0)]
    assert "limits requests; the next one is sent in 30.0 s" in runner.ear


def test_a_limit_of_hours_is_not_waited_for(service: Any, runner: Any, reply: Any, waits: list[float]) -> None:
    service.on("/", reply("tomorrow", 429, Retry_After="86400"))
    with pytest.raises(PermanentError, match="answers 429: tomorrow"):
        runner.read(ID, url=service.url())
    assert waits == []


def test_a_limit_that_names_its_end(service: Any, runner: Any, reply: Any, waits: list[float]) -> None:
    service.on("/", reply("", 403, X_RateLimit_Remaining="0", X_RateLimit_Reset="17"), reply([{"id": 1}]))
    assert runner.read(ID, url=service.url()) == [{"id": 1}]
    assert waits == [17.0]


def test_a_server_that_fails_is_asked_again(service: Any, runner: Any, reply: Any, waits: list[float]) -> None:
    service.on("/", reply("", 500), reply("", 502), reply("", 429), reply([{"id": 1}]))
    assert runner.read(ID, url=service.url(), method="POST", body="{}") == [{"id": 1}]
    assert waits == [0.5, 1.0, 2.0]


def test_a_server_that_goes_on_failing(service: Any, runner: Any, reply: Any, waits: list[float]) -> None:
    service.on("/", reply("out of order", 500))
    with pytest.raises(PermanentError, match="answers 500: out of order"):
        runner.read(ID, url=service.url())
    assert len(service.asked) == 6


def test_a_connection_that_is_cut_in_the_middle(service: Any, runner: Any, reply: Any, waits: list[float]) -> None:
    whole = [{"id": number} for number in range(1000)]
    service.on("/", reply(whole, cut=5000), reply(whole, cut=0), reply(whole))
    assert [one["id"] for one in runner.read(ID, url=service.url())] == list(range(1000)), "no record twice, none lost"
    assert "The request is sent again." in runner.ear


def test_a_connection_that_is_cut_again_and_again(service: Any, runner: Any, reply: Any, waits: list[float]) -> None:
    service.on("/", reply([{"id": 1}], cut=4))
    with pytest.raises(TransientError, match="broke off"):
        runner.read(ID, url=service.url())
    assert not (runner.lake / "out").exists()


def test_redirects_are_followed_with_care(service: Any, runner: Any, reply: Any) -> None:
    service.on("/old", reply("", 302, Location="/new"))
    service.on("/new", reply([{"id": 1}]))
    assert runner.read(ID, url=service.url("/old")) == [{"id": 1}]
    service.on("/out", reply("", 302, Location="http://169.254.169.254/latest"))
    with pytest.raises(PermanentError, match="internal address"):
        runner.read(ID, url=service.url("/out"))


def test_internal_addresses_need_the_operator(service: Any, runner: Any) -> None:
    runner.allow = ""
    with pytest.raises(PermanentError, match="PENSTOCK_OUTBOUND_ALLOW"):
        runner.read(ID, url=service.url())
    assert service.asked == []
    runner.allow = None
    with pytest.raises(PermanentError, match="answers 404"):
        runner.read(ID, url=service.url())


def test_a_preview_asks_for_no_more_than_it_shows(service: Any, runner: Any, reply: Any) -> None:
    service.on("/", lambda asked: reply([{"id": int(asked.query["page"]) * 10 + at} for at in range(10)]))
    paging = {"scheme": "page_number", "parameter": "page"}
    assert runner.look(ID, 25, url=service.url(), pagination=paging) == 25
    assert len(service.asked) == 3


def test_a_stop_ends_the_waiting(service: Any, runner: Any, reply: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(asked: Any) -> Any:
        STOP.ask()
        return reply("", 429, Retry_After="600")

    service.on("/", stopped)
    with pytest.raises(JobStopped):
        runner.read(ID, url=service.url())


def test_a_long_answer_is_read_record_by_record(
    service: Any, runner: Any, reply: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "LARGEST_WHOLE", 1000)
    monkeypatch.setattr(long_texts, "PIECE", 64)
    rows = [{"id": number, "user": {"name": f"n{number}", "x": "y" * (number % 90)}} for number in range(500)]
    text = json.dumps({"skipped": [1, [2, {"a": "]"}]], "x": {"data": rows}, "after": {"n": 12345}}, indent=1)
    service.on("/", reply(text))
    found = runner.read(ITEMS, url=service.url(), base_record="$.x.data[*]")
    assert found == [{"id": one["id"], "user": one["user"]["name"]} for one in rows]
    service.on("/", reply(text[:-20]))
    with pytest.raises(PermanentError, match="it is no JSON"):
        runner.read(ITEMS, url=service.url(), base_record="$.x.data")
    with pytest.raises(PermanentError, match="smaller pages"):
        runner.read(ITEMS, url=service.url(), base_record="$..data")
