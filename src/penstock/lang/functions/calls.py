"""Calls of other systems (function reference 11): made only while a job runs; null in validation, previews and the console."""

from penstock.lang.functions.signature import Function, Nulls, function, signature
from penstock.plan import dtypes

_REQUEST = "text text text? text? text? text?"

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
)  # fmt: skip

_SQL = "Connections to databases do not exist in this version, so {name} has nothing to ask."
_HTTP = "Connections that authenticate calls do not exist in this version, so {name} has nothing to call with."
CONNECTED: dict[str, tuple[str, str | None]] = {
    "CCurl": (_HTTP, "Use Curl, with a secret variable in its headers."),
    "CCurlPoll": (_HTTP, "Use CurlPoll, with a secret variable in its headers."),
    "ExecuteSqlString": (_SQL, "Load the value with a source, or give it as a variable of the run."),
    "ExecuteSqlDateTime": (_SQL, "Load the value with a source, or give it as a variable of the run."),
    "ExecuteSqlDatetime": (_SQL, "Load the value with a source, or give it as a variable of the run."),
}
"""Functions that need a connection of a type that there is none of: what is said of each, and what to use instead."""
