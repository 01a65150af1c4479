"""Rows of BigQuery as Parquet: what JSON carries exactly comes as it is, times as microseconds, everything else as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
from google.cloud import bigquery as driver

from penstock.connectors.databases import arriving
from penstock.connectors.databases.arriving import Lands
from penstock.connectors.databases.bigquery import session as big
from penstock.connectors.databases.bigquery.session import answering, connected, literal, quoted
from penstock.connectors.databases.incremental import unordered
from penstock.connectors.databases.limits import limit
from penstock.connectors.databases.sources import Into, check_stop
from penstock.connectors.databases.statements import Native, Rows, Running
from penstock.connectors.places import Place
from penstock.domain.watermark import Order
from penstock.errors import PermanentError, TransientError
from penstock.kit.stopping import STOP
from penstock.plan.dtypes import Kind
from penstock.plan.ports import Connection

_TEXTUAL = (Kind.CHARARRAY, Kind.BYTEARRAY, Kind.MAP, Kind.BAG)
_TIME = "%E4Y-%m-%d %H:%M:%E6S"
_SPELLED = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN", "STRUCT": "RECORD"}
"""Words that the API has two of."""
_AS_IT_IS = {
    "INTEGER": arriving.WHOLE, "FLOAT": arriving.REAL, "BOOLEAN": arriving.FLAG, "STRING": arriving.TEXT,
    "BYTES": arriving.BYTES,
}  # fmt: skip


def _micros(wanted: pa.DataType) -> Lands:
    return Lands(wanted, lambda values: pa.array(values, pa.int64()).cast(wanted))


_TIMES = {
    "DATE": (_micros(pa.timestamp("us")), "UNIX_MICROS(TIMESTAMP({}))", "FORMAT_DATE('%E4Y-%m-%d', {})"),
    "DATETIME": (_micros(pa.timestamp("us")), "UNIX_MICROS(TIMESTAMP({}))", f"FORMAT_DATETIME('{_TIME}', {{}})"),
    "TIMESTAMP": (_micros(pa.timestamp("us", "UTC")), "UNIX_MICROS({})", f"FORMAT_TIMESTAMP('{_TIME}+00:00', {{}}, 'UTC')"),
}  # fmt: skip
"""Word to what a time lands as, the SQL of its microseconds since 1970, and the SQL of its text."""
_ORDERS = {
    "INTEGER": Order.WHOLE, "STRING": Order.TEXT, "DATE": Order.DATE, "DATETIME": Order.TIMESTAMP, "TIMESTAMP": Order.INSTANT,
    **dict.fromkeys(("FLOAT", "NUMERIC", "BIGNUMERIC"), Order.NUMBER),
}  # fmt: skip
_WORDS = {order: word for word, order in _ORDERS.items() if word in _TIMES}
_MOST_DIGITS = 9
"""Behind the point of a NUMERIC."""
_TEXTS = {
    "TIME": "FORMAT_TIME('%H:%M:%E6S', {})", "JSON": "TO_JSON_STRING({})", "GEOGRAPHY": "ST_ASGEOJSON({})",
    "INTERVAL": "CAST({} AS STRING)",
    # By way of TO_JSON, for alone it would write large numbers as texts.
    "RECORD": "TO_JSON_STRING(TO_JSON({}))", "ARRAY": "TO_JSON_STRING(TO_JSON({}))",
}  # fmt: skip


@contextmanager
def reader(connection: Connection, place: Place) -> Iterator[BigQueryReader]:
    """Open what reads rows of a project. Raises PermanentError, TransientError."""
    with closing(connected(connection, place)) as client:
        made = BigQueryReader(client)
        try:
            yield made
        finally:
            made.leave()


class BigQueryReader:
    """Reads rows (`sources.Reader`). Statements share a snapshot in the transaction of a session, where one is needed; they run
    one after the other there, so that one reads."""

    limited = staticmethod(limit)
    quoted = staticmethod(quoted)
    is_parallel = False

    def __init__(self, client: driver.Client) -> None:
        self._client = client
        self._lands: list[Lands] = []
        self._location: str | None = None
        self._session: big.Session | None = None

    def describe(self, statement: str) -> Sequence[Native]:
        """Return the columns of a statement, which is not run."""
        with answering():
            found = big.looked(self._client, statement)
        self._location = found.location
        return [_native(one) for one in found.schema or ()]

    def begin(self) -> None:
        """Begin a snapshot, where the rows are that were described."""
        if self._session is None:
            with answering():
                self._session = big.snapshot(self._client, self._location)

    def leave(self) -> None:
        """End the snapshot."""
        session, self._session = self._session, None
        if session is not None:
            big.leave(self._client, session)

    def running(self) -> Running | None:
        """Nobody can be asked."""
        return None

    def row(self, statement: str) -> tuple[object, ...]:
        """Return the first row of a statement, numbers of decimals as texts of all their digits."""
        with _stopping(), answering():
            (found,) = big.run(self._client, statement, None, session=self._session)
        return tuple(arriving.spelled(one) if isinstance(one, Decimal) else one for one in found.values())

    def order(self, column: str, native: Native, rows: Rows) -> Order:  # noqa: ARG002 -- columns have types here
        """Return what orders a column."""
        if native.order is None:
            raise unordered(column, native.shown)
        return native.order

    def spelled(self, value: str, order: Order) -> str:
        """Return the text of a time; of all else the client gives all digits."""
        return _TIMES[_WORDS[order]][2].format(value) if order in _WORDS else value

    def literal(self, native: Native, mark: Order, value: str) -> str:
        """Return a literal of the column's type, or of one that holds more digits."""
        match mark:
            case Order.WHOLE:
                return value
            case Order.NUMBER if native.type == "FLOAT":
                return f"CAST('{value}' AS FLOAT64)"
            case Order.NUMBER:
                digits = len(value.partition(".")[2])
                return f"CAST('{value}' AS {'BIGNUMERIC' if digits > _MOST_DIGITS else native.type})"
            case Order.TEXT:
                return literal(value)
        return f"{_WORDS[mark]} '{value}'"

    def expression(self, column: str, native: Native, kind: Kind) -> str:
        """Return the SQL of a column as it lands."""
        made, lands = _expression(column, str(native.type), kind)
        self._lands.append(lands)
        return made

    def land(self, statements: Sequence[str], natives: Sequence[Native], into: Into) -> Sequence[Path]:
        """Write the rows of statements, a file each; each statement sees what was committed when it began."""
        files = [into.folder / f"{index:05d}.parquet" for index in range(len(statements))]
        lands = self._lands[-len(natives) :]
        total = 0
        with _stopping():
            for statement, file in zip(statements, files, strict=True):
                with answering():
                    found = big.run(self._client, statement, None, session=self._session)
                    total = arriving.write(_rows(found), lands, file, into.arrived, total)
        return files


@contextmanager
def _stopping() -> Iterator[None]:
    """Let a statement that was ended for it stop the job."""
    try:
        yield
    except TransientError:
        check_stop()
        raise


def _rows(found: Any) -> Iterator[Sequence[Any]]:
    for page in found.pages:
        STOP.check()
        for row in page:
            yield row.values()


def _native(field: Any) -> Native:
    word = "ARRAY" if field.mode == "REPEATED" else _SPELLED.get(field.field_type, field.field_type)
    return Native(field.name, word, word, _ORDERS.get(word))


def _expression(column: str, word: str, kind: Kind) -> tuple[str, Lands]:
    if word in _AS_IT_IS:
        return column, _AS_IT_IS[word]
    if word in ("NUMERIC", "BIGNUMERIC"):
        if kind is Kind.BOOLEAN:
            return f"CASE WHEN {column} = 0 THEN 'false' WHEN {column} IS NOT NULL THEN 'true' END", arriving.TEXT
        cut = f"TRUNC({column})" if kind in (Kind.INT, Kind.LONG) else column
        return f"CAST({cut} AS STRING)", arriving.TEXT
    if word in _TIMES:
        lands, number, text = _TIMES[word]
        return (text.format(column), arriving.TEXT) if kind in _TEXTUAL else (number.format(column), lands)
    if word in _TEXTS:
        return _TEXTS[word].format(column), arriving.TEXT
    raise PermanentError(
        f"the column {column} is of a type ({word}) that is not read. Convert it in a query, or leave it out."
    )
