"""Functions on date and time (function reference 5). A datetime is an instant with an offset, to the millisecond."""

from penstock.lang.functions.signature import Function, Nulls, function

M = Nulls.MAYBE
_D = "ToDate('2021-03-14T15:09:26.535+01:00')"
_A = "ToDate('2021-05-31T10:00Z'),ToDate('2021-02-28T12:00Z')"


def _between(name: str, unit: str, gives: str) -> Function:
    return function(
        name, "datetime", "datetime datetime -> long", f"Whole {unit} from b to a, truncated toward zero.",
        f"{name}({_A})", gives,
    )  # fmt: skip


def _part(name: str, text: str, gives: str) -> Function:
    return function(name, "datetime", "datetime -> int", f"{text}, in the offset of the value.", f"{name}({_D})", gives)


DATETIME: tuple[Function, ...] = (
    function(
        "CurrentTime", "datetime", " -> datetime", "The moment the job was submitted, the same in the whole job.",
        "DaysBetween(CurrentTime(),CurrentTime())", "0L", Nulls.NEVER,
    ),
    function(
        "ToDate", "datetime",
        "untyped -> datetime | long -> datetime | text -> datetime | text text -> datetime | text text text -> datetime",
        "A datetime from milliseconds, from ISO 8601 text, from a value out of a map that is one of these, or from text by "
        "a pattern and a zone; text that does not fit fails the job.",
        "ToDate('14.03.2021','dd.MM.yyyy','+02:00')", "ToDate('2021-03-14T00:00:00.000+02:00')",
    ),
    function(
        "ParseDate", "datetime", "text text text* -> datetime",
        "A datetime by the first of several patterns that fits, or null.",
        "ParseDate('2021/3/4','yyyy-MM-dd','yyyy/M/d')", "ToDate('2021-03-04T00:00:00.000Z')", M,
    ),
    function(
        "ToDateCustomFormats", "datetime", "text text text* -> datetime",
        "A datetime by the first of several patterns that fits; none fails the job.",
        "ToDateCustomFormats('4 Mar 2021','d MMM yyyy')", "ToDate('2021-03-04T00:00:00.000Z')",
    ),
    function(
        "ToString", "datetime", "datetime text? -> text", "ISO text, or text by a pattern, in the offset of the value.",
        f"ToString({_D},'EEE d MMM, H:mm')", "'Sun 14 Mar, 15:09'",
    ),
    function("ToUnixTime", "datetime", "datetime -> long", "Seconds since 1970.", f"ToUnixTime({_D})", "1615730966L"),
    function(
        "ToMilliSeconds", "datetime", "datetime -> long", "Milliseconds since 1970.", f"ToMilliSeconds({_D})",
        "1615730966535L",
    ),
    function(
        "SwitchTimeZone", "datetime", "datetime text -> datetime", "The same instant at the offset of another zone.",
        f"SwitchTimeZone({_D},'America/New_York')", "ToDate('2021-03-14T10:09:26.535-04:00')",
    ),
    function(
        "AddDuration", "datetime", "datetime text -> datetime",
        "Later by an ISO period; a day is clipped to the end of its month.", "AddDuration(ToDate('2021-01-31'),'P1M')",
        "ToDate('2021-02-28T00:00:00.000Z')",
    ),
    function(
        "SubtractDuration", "datetime", "datetime text -> datetime", "Earlier by an ISO period.",
        f"SubtractDuration({_D},'PT36H')", "ToDate('2021-03-13T03:09:26.535+01:00')",
    ),
    function(
        "ISOAddDuration", "datetime", "text text -> text", "ISO text, later by an ISO period.",
        "ISOAddDuration('2021-03-14T00:00:00.000Z','PT90M')", "'2021-03-14T01:30:00.000Z'",
    ),
    function(
        "ISOSubtractDuration", "datetime", "text text -> text", "ISO text, earlier by an ISO period.",
        "ISOSubtractDuration('2021-03-01T00:00:00.000Z','P1D')", "'2021-02-28T00:00:00.000Z'",
    ),
    _between("YearsBetween", "years", "0L"),
    _between("MonthsBetween", "calendar months", "3L"),
    _between("WeeksBetween", "weeks", "13L"),
    _between("DaysBetween", "days of 24 hours", "91L"),
    _between("HoursBetween", "hours", "2206L"),
    _between("MinutesBetween", "minutes", "132360L"),
    _between("SecondsBetween", "seconds", "7941600L"),
    _between("MilliSecondsBetween", "milliseconds", "7941600000L"),
    _part("GetYear", "The year", "2021"),
    _part("GetMonth", "The month, 1-12", "3"),
    _part("GetDay", "The day of the month", "14"),
    _part("GetWeek", "The ISO week", "10"),
    _part("GetWeekYear", "The year of the ISO week", "2021"),
    _part("GetHour", "The hour, 0-23", "15"),
    _part("GetMinute", "The minute", "9"),
    _part("GetSecond", "The second", "26"),
    _part("GetMilliSecond", "The millisecond", "535"),
)  # fmt: skip
