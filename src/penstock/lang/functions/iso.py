"""Functions on dates that are texts (function reference 5)."""

from penstock.lang.functions.signature import Function, Nulls, function

M = Nulls.MAYBE
_TEXT = "'2021-03-14T15:09:26.535+01:00'"
_PAIR = "'2021-05-31T10:00Z','2021-02-28T12:00Z'"


def _to(unit: str, gives: str) -> Function:
    start = "its Monday" if unit == "week" else f"the start of its {unit}"
    name = f"ISOTo{unit.capitalize()}"
    return function(
        name, "datetime", "text -> text", f"ISO text cut down to {start}, in its own offset; other text fails the job.",
        f"{name}({_TEXT})", gives,
    )  # fmt: skip


def _between(unit: str, gives: str) -> Function:
    name = f"ISO{unit}Between"
    return function(
        name, "datetime", "text text -> long",
        f"Whole {unit.lower()} from the second ISO text to the first, truncated toward zero; other text fails the job.",
        f"{name}({_PAIR})", gives,
    )  # fmt: skip


ISO: tuple[Function, ...] = (
    _to("year", "'2021-01-01T00:00:00.000+01:00'"),
    _to("month", "'2021-03-01T00:00:00.000+01:00'"),
    _to("week", "'2021-03-08T00:00:00.000+01:00'"),
    _to("day", "'2021-03-14T00:00:00.000+01:00'"),
    _to("hour", "'2021-03-14T15:00:00.000+01:00'"),
    _to("minute", "'2021-03-14T15:09:00.000+01:00'"),
    _to("second", "'2021-03-14T15:09:26.000+01:00'"),
    _between("Years", "0L"),
    _between("Months", "3L"),
    _between("Days", "91L"),
    _between("Hours", "2206L"),
    _between("Minutes", "132360L"),
    _between("Seconds", "7941600L"),
    function(
        "ISOToUnix", "datetime", "text -> long", "Milliseconds since 1970 of ISO text; other text fails the job.",
        "ISOToUnix('1970-01-01T00:01:00.000Z')", "60000L",
    ),
    function(
        "UnixToISO", "datetime", "long -> text", "Milliseconds since 1970 as ISO text in UTC.", "UnixToISO(60000L)",
        "'1970-01-01T00:01:00.000Z'",
    ),
    function(
        "CustomFormatToISO", "datetime", "text text -> text", "Text that fits a pattern as ISO text in UTC, else null.",
        "CustomFormatToISO('14/03/2021','dd/MM/yyyy')", "'2021-03-14T00:00:00.000Z'", M,
    ),
    function(
        "DiffDate", "datetime", "text text -> int",
        "Days from the second text yyyyMMdd to the first; days and months beyond their ends run on, null for no date.",
        "DiffDate('20210301','20210226')", "3", M,
    ),
    function(
        "DateExtractor", "datetime", "text -> text", "The date in UTC of a time in an Apache log, null for what is none.",
        "DateExtractor('14/Mar/2021:15:09:26 +0000')", "'2021-03-14'", M,
    ),
)  # fmt: skip
