"""Calls of other systems (function reference 11): made only while a job runs; null in validation, previews and the console."""

from penstock.lang.functions.signature import Function, Nulls, function, signature
from penstock.plan import dtypes

_REQUEST = "text text text? text? text? text?"

_ASKING = (
    "*connection* is the unique id of a connection to a database, or its name; the statement reads, it cannot write. Once "
    "per record, in a variable once per job; null outside of jobs."
)

CALLS: tuple[Function, ...] = (
    function(
        "Curl", "calls", (signature(_REQUEST, dtypes.MAP),),
        "Calls an address: `Curl(url, method, headers, body, user, password)`. Gives a map of `status` (int), `body` (text) "
        "and `headers` (map); *headers* is a JSON object as text. Once per record, in a variable once per job; null outside of "
        "jobs. Internal addresses are refused unless the operator allows them.",
        "Curl('https://api.example.org/v1/rate/EUR', 'GET')", "null", Nulls.MAYBE, volatile=True,
    ),
    function(
        "CurlPoll", "calls", (signature(f"text int int {_REQUEST}", dtypes.MAP),),
        "Calls again and again, `CurlPoll(regex, interval, timeout, url, method, …)`: every *interval* milliseconds, until the "
        "body holds what *regex* finds or *timeout* milliseconds have passed; gives the last answer, as `Curl` does.",
        "CurlPoll('\"state\":\"done\"', 2000, 120000, 'https://api.example.org/export/9', 'GET')", "null", Nulls.MAYBE,
        volatile=True,
    ),
    function(
        "CCurl", "calls", (signature("text text? text? text? text?", dtypes.MAP),),
        "Calls an address, `CCurl(url, method, headers, body, connection)`, logging in with a connection, given by its unique "
        "id or its name; the method is GET unless given. Otherwise as `Curl`.",
        "CCurl('https://api.example.org/me', 'GET', '{}', '', 'HUBSPOT_CONNECTION_7')", "null", Nulls.MAYBE, volatile=True,
    ),
    function(
        "CCurlPoll", "calls", (signature("text int int text text? text? text? text?", dtypes.MAP),),
        "Calls again and again, `CCurlPoll(regex, interval, timeout, url, method, headers, body, connection)`: as `CurlPoll`, "
        "logging in as `CCurl` does.",
        "CCurlPoll('\"state\":\"done\"', 2000, 120000, 'https://api.example.org/export/9', 'GET', '', '', 'crm')", "null",
        Nulls.MAYBE, volatile=True,
    ),
    function(
        "ExecuteSqlString", "calls", "text text -> text",
        f"Asks a database, `ExecuteSqlString(connection, sql)`: the first column of the first row as text, null where there is "
        f"no row. {_ASKING} Real numbers are printed as the language prints them, all else as the database does.",
        "ExecuteSqlString('POSTGRES_CONNECTION_3', 'SELECT max(name) FROM region')", "null", Nulls.MAYBE, volatile=True,
    ),
    *(
        function(
            name, "calls", "text text -> datetime",
            f"Asks a database, `{name}(connection, sql)`: the first column of the first row as a date-time, null where there "
            f"is no row. {_ASKING} A date is its midnight; what has no zone is in that of _DEFAULT_TIMEZONE, UTC unless set; "
            "text is read as ToDate reads it. Digits behind the milliseconds are dropped.",
            f"{name}('POSTGRES_CONNECTION_3', 'SELECT max(loaded_at) FROM fact')", "null", Nulls.MAYBE, volatile=True,
        )
        for name in ("ExecuteSqlDateTime", "ExecuteSqlDatetime")
    ),
)  # fmt: skip

ASKING = frozenset({"ExecuteSqlString", "ExecuteSqlDateTime", "ExecuteSqlDatetime"})
"""Functions whose first argument is a connection to a database."""

_TYPED = "Whether there is a function {name}, and what it does, is not known for certain, so it is not offered."
CONNECTED: dict[str, tuple[str, str | None]] = {
    "ExecuteSqlLong": (_TYPED, "Cast the text: (long)ExecuteSqlString(connection, sql)."),
    "ExecuteSqlDouble": (_TYPED, "Cast the text: (double)ExecuteSqlString(connection, sql)."),
}
"""Functions that are known by name and not offered: what is said of each, and what to use instead."""
