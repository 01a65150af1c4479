"""Google Sheets against samples of its answers, which were written from what it publishes: never run against the service."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.connectors.web.sheets import reading, writing
from penstock.errors import PackageInvalid, PermanentError

BOOK = "/v4/spreadsheets/1AbC"
SHEET = f"{BOOK}/values/%272026%27%21"
FIELDS = [
    {"name": "month"}, {"name": "target"}, {"name": "done", "type": "boolean"}, {"name": "at", "type": "datetime"},
]  # fmt: skip
ROWS = [
    {"id": 1, "name": "=1+1", "n": 1.5},
    {"id": 2, "name": None, "n": None},
    {"id": 9007199254740993, "name": "c", "n": 2},
]
ROW = [{"name": "id", "type": "long"}, {"name": "name"}, {"name": "n", "type": "double"}]
NAMED = {"connection": {"name": "sheets"}}


@pytest.fixture
def book(service: Any, runner: Any, samples: Any) -> Any:
    """The samples, and a connection to the service that gives them."""
    runner.connections["sheets"] = {
        "type": "googlesheets", "endpoint": service.url(""), "secrets": {"password": "canary-token"},
    }  # fmt: skip
    made = samples("google_sheets")
    service.on(BOOK, made("sheets"))
    return made


def giving(service: Any, book: Any, cells: str) -> None:
    """A service that gives the sample's rows for some cells, dates as texts or as numbers."""

    def answer(asked: Any) -> Any:
        return book("serials" if asked.query["dateTimeRenderOption"] == "SERIAL_NUMBER" else "values")

    service.on(SHEET + cells.replace(":", "%3A"), answer)


def test_rows_by_name(service: Any, runner: Any, book: Any) -> None:
    """Numbers are not as they are shown, dates are instants, and empty rows are records unless nothing follows them."""
    giving(service, book, "A1:Z1000")
    fields = [*reversed(FIELDS[:3]), {"name": "at", "alias": "day", "type": "datetime"}]
    found = runner.read(
        fields, kind="google_sheets", spreadsheet="https://docs.google.com/spreadsheets/d/1AbC/edit#gid=0", skip_header=True,
        match_fields="name", keys={"connection": {"name": "sheets"}},
    )  # fmt: skip
    assert found == [
        {"done": True, "target": "1200.5", "month": "January", "day": "2026-01-31T00:00:00.000Z"},
        {"done": False, "target": "1000.0", "month": "February", "day": "2026-02-28T12:00:00.000Z"},
        {"done": None, "target": None, "month": None, "day": None},
        {"done": None, "target": "many", "month": "April", "day": None},
    ]
    assert {one.headers["authorization"] for one in service.asked} == {"Bearer canary-token"}


def test_rows_by_position(service: Any, runner: Any, book: Any) -> None:
    giving(service, book, "A1:B1000")
    found = runner.read(
        [{"name": "a"}, {"name": "b", "type": "double"}], kind="google_sheets", spreadsheet="1AbC", sheet="2026", range="A:B",
        keys=NAMED,
    )  # fmt: skip
    assert found[:3] == [{"a": "month", "b": None}, {"a": "January", "b": 1200.5}, {"a": "February", "b": 1000.0}]
    assert [one.query.get("dateTimeRenderOption") for one in service.asked[1:]] == ["FORMATTED_STRING"], (
        "no dates are read"
    )


def test_large_sheets_come_in_parts(
    service: Any, runner: Any, book: Any, reply: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "ROWS", 400)
    for cells, values in (("A1:A400", [["1"], ["2"]]), ("A401:A800", [["3"]]), ("A801:A1000", [])):
        service.on(SHEET + cells.replace(":", "%3A"), reply({"values": values}))
    found = runner.read([{"name": "a"}], kind="google_sheets", spreadsheet="1AbC", range="A:A", keys=NAMED)
    assert [one["a"] for one in found] == ["1", "2", *[None] * 398, "3"]


def test_what_is_not_there(service: Any, runner: Any, book: Any) -> None:
    giving(service, book, "A1:Z1000")
    with pytest.raises(PermanentError, match=r"has no sheet 'Plan'. It has: '2026', 'Bob's'"):
        runner.read(FIELDS, kind="google_sheets", spreadsheet="1AbC", sheet="Plan", keys=NAMED)
    with pytest.raises(PermanentError, match=r"names no column 'year'. It names: 'month', 'target', 'done', 'at'"):
        runner.read(
            [{"name": "year"}],
            kind="google_sheets",
            spreadsheet="1AbC",
            skip_header=True,
            match_fields="name",
            keys=NAMED,
        )


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("expired", "401, UNAUTHENTICATED: Request had invalid authentication credentials"),
        ("unknown", "404, NOT_FOUND: Requested entity was not found."),
        ("refused", "403, PERMISSION_DENIED: The caller does not have permission"),
    ],
)
def test_refusals(service: Any, runner: Any, book: Any, name: str, says: str) -> None:
    service.on(BOOK, book(name))
    with pytest.raises(PermanentError) as raised:
        runner.read(FIELDS, kind="google_sheets", spreadsheet="1AbC", keys=NAMED)
    assert f"Component 'in': Google Sheets answers {says}" in raised.value.message
    assert ("The token of the connection 'sheets' has ended" in raised.value.message) is (name == "expired")


def test_a_storm_of_limits_is_waited_for(service: Any, runner: Any, book: Any, waits: list[float]) -> None:
    """It does not say how long: some tries, and no more."""
    giving(service, book, "A1:Z1000")
    service.on(BOOK, *[book("limited")] * 5, book("sheets"))
    assert len(runner.read(FIELDS, kind="google_sheets", spreadsheet="1AbC", keys=NAMED)) == 5
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0]
    service.on(BOOK, book("limited"))
    with pytest.raises(PermanentError, match="429, RESOURCE_EXHAUSTED: Quota exceeded"):
        runner.read(FIELDS, kind="google_sheets", spreadsheet="1AbC", keys=NAMED)


def test_append(service: Any, runner: Any, book: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts stay texts, whatever they look like, and numbers that a double does not hold are texts."""
    monkeypatch.setattr(writing, "ROWS", 2)
    service.on(f"{SHEET}A1:append", book("appended"))
    made = runner.write(ROWS, ROW, kind="google_sheets", spreadsheet="1AbC", sheet="2026", keys=NAMED)
    sent = [one for one in service.asked if one.method == "POST"]
    assert [one.json["values"] for one in sent] == [
        [[1, "=1+1", 1.5], [2, "", ""]], [["9007199254740993", "c", 2.0]],
    ]  # fmt: skip
    assert sent[0].query == {"valueInputOption": "RAW", "insertDataOption": "INSERT_ROWS"}
    assert made.outputs[0].files == ("1AbC/2026",)
    assert made.outputs[0].receipt["is_once"] is True


def test_append_to_an_empty_sheet_writes_the_columns(service: Any, runner: Any, book: Any) -> None:
    service.on(f"{SHEET}A1%3AZ1000", book("no_values"))
    service.on(f"{SHEET}B2:append", book("appended"))
    runner.write(ROWS[:1], ROW, kind="google_sheets", spreadsheet="1AbC", header=True, range="B2", keys=NAMED)
    assert service.asked[-1].json["values"] == [["id", "name", "n"], [1, "=1+1", 1.5]]


def test_an_answer_that_is_lost(service: Any, runner: Any, book: Any, reply: Any, waits: list[float]) -> None:
    service.on(f"{SHEET}A1:append", reply({"updates": {}}, cut=3), book("appended"))
    made = runner.write(ROWS[:1], ROW, kind="google_sheets", spreadsheet="1AbC", keys=NAMED)
    assert made.outputs[0].receipt["is_once"] is False
    assert "may have arrived more than once" in runner.ear


def test_overwrite(service: Any, runner: Any, book: Any) -> None:
    service.on(f"{BOOK}/values/%27Bob%27%27s%27%21A1%3AB3:clear", book("cleared"))
    service.on(f"{BOOK}:batchUpdate", book("batch"))
    service.on(f"{BOOK}/values/%27Bob%27%27s%27%21B2%3AD5", book("updated"))
    runner.write(
        ROWS, ROW, kind="google_sheets", spreadsheet="1AbC", sheet="Bob's", operation="overwrite", header=True, range="B2",
        keys=NAMED,
    )  # fmt: skip
    grown, put = service.asked[-2:]
    assert grown.json == {
        "requests": [
            {"appendDimension": {"sheetId": 9, "dimension": "ROWS", "length": 2}},
            {"appendDimension": {"sheetId": 9, "dimension": "COLUMNS", "length": 2}},
        ]
    }
    assert (put.method, put.query, len(put.json["values"])) == ("PUT", {"valueInputOption": "RAW"}, 4)


def test_a_sheet_is_made(service: Any, runner: Any, book: Any, reply: Any) -> None:
    made = {"properties": {"sheetId": 3, "title": "New", "gridProperties": {"rowCount": 1000, "columnCount": 26}}}
    service.on(BOOK, book("sheets"), book("sheets"), reply({"sheets": [made]}))
    service.on(f"{BOOK}:batchUpdate", book("batch"))
    service.on(f"{BOOK}/values/%27New%27%21A1:append", book("appended"))
    runner.write(ROWS, ROW, kind="google_sheets", spreadsheet="1AbC", sheet="New", auto_create_sheet=True, keys=NAMED)
    assert service.asked[2].json == {"requests": [{"addSheet": {"properties": {"title": "New"}}}]}


def test_a_missing_sheet_fails_before_anything_is_computed(service: Any, runner: Any, book: Any) -> None:
    with pytest.raises(PermanentError, match="has no sheet 'New'"):
        runner.write(ROWS, ROW, kind="google_sheets", spreadsheet="1AbC", sheet="New", keys=NAMED)
    assert {one.method for one in service.asked} == {"GET"}


def test_a_value_that_no_cell_holds(service: Any, runner: Any, book: Any) -> None:
    with pytest.raises(PermanentError, match="A value of 'name' has 50,001 characters; a cell holds 50,000"):
        runner.write([{"id": 1, "name": "x" * 50_001}], ROW, kind="google_sheets", spreadsheet="1AbC", keys=NAMED)


@pytest.mark.parametrize(
    ("properties", "says"),
    [
        ({"spreadsheet": "a b"}, "neither the id of a spreadsheet nor its address"),
        ({"spreadsheet": "1AbC", "range": "Sheet1!A1"}, "names no cells in A1 notation"),
        ({"spreadsheet": "1AbC", "match_fields": "name"}, "needs 'skip_header' true"),
        ({}, "The property 'spreadsheet' is missing"),
    ],
)
def test_what_is_refused_before_anything_is_asked(
    service: Any, runner: Any, book: Any, properties: dict[str, Any], says: str
) -> None:
    with pytest.raises(PackageInvalid, match=says):
        runner.read(FIELDS, kind="google_sheets", keys=NAMED, **properties)
    assert service.asked == []


def test_the_wires_word_and_the_components_word_mean_one_connection(service: Any, runner: Any, book: Any) -> None:
    runner.connections["GOOGLESHEETS_CONNECTION_6"] = runner.connections.pop("sheets")
    giving(service, book, "A1:Z1000")
    for kind in ("google_sheets", "googlesheets"):
        keys = {"connection": {"type": kind, "id": 6}}
        assert len(runner.read(FIELDS, kind="google_sheets", spreadsheet="1AbC", keys=keys)) == 5
