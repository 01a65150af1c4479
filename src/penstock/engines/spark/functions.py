"""Registers the shared functions with a Spark session, each over Arrow arrays; they give a value or an error."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pyarrow as pa
from pyspark.sql import SparkSession
from pyspark.sql.pandas.functions import arrow_udf
from pyspark.sql.types import (
    ArrayType,
    BooleanType,
    DataType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    StringType,
    StructField,
    StructType,
)
from pyspark.util import PythonEvalType

from penstock.engines.functions.rows import ARROW, Row, over_row, remembering
from penstock.engines.functions.table import SHARED, Shared
from penstock.engines.spark.errors import marked
from penstock.engines.templates import PREFIX, mentioned
from penstock.errors import PenstockError
from penstock.plan.ports import Ask, ask_nobody

_TYPES: dict[str, DataType] = {
    "text": StringType(),
    "value": StringType(),
    "int": IntegerType(),
    "long": LongType(),
    "float": FloatType(),
    "double": DoubleType(),
    "boolean": BooleanType(),
    "datetime": StructType([StructField("t", LongType()), StructField("o", IntegerType())]),
    "values": ArrayType(StringType()),
}
_BY_NAME = {shared.name: shared for shared in SHARED}


class Functions:
    """The shared functions of one session, as `ps_<name>`: registered when a statement first mentions them. *ready* has the
    executors know this package."""

    def __init__(self, session: SparkSession, ready: Callable[[SparkSession], None]) -> None:
        self._session = session
        self._ready = ready
        self._made: dict[str, Ask] = {}

    def need(self, sql: str, ask: Ask) -> None:
        """Register what a statement mentions. *ask* asks databases, and goes where the functions go that need it."""
        for name in sorted(mentioned(sql)):
            shared = _BY_NAME.get(name)
            if shared is not None and (name not in self._made or (shared.asks and self._made[name] is not ask)):
                self._ready(self._session)
                result = StructType([StructField("v", _TYPES[shared.result]), StructField("e", StringType())])
                with warnings.catch_warnings():
                    # It would rather have type hints, which a function of any number of parameters cannot give.
                    warnings.simplefilter("ignore", UserWarning)
                    form = Vectorised(name, ask if shared.asks else ask_nobody)
                    made = arrow_udf(form, result, PythonEvalType.SQL_SCALAR_ARROW_UDF)
                self._session.udf.register(f"{PREFIX}{name}", made.asNondeterministic() if shared.has_effects else made)
                self._made[name] = ask


class Vectorised:
    """The Arrow form of a shared function. Holds its name and what asks databases, which is what travels to the executors."""

    def __init__(self, name: str, ask: Ask = ask_nobody) -> None:
        self.name = name
        self.ask = ask
        self.__name__ = f"{PREFIX}{name}"

    def __call__(self, *columns: pa.Array) -> pa.Array:
        """Return a struct of value and error for each row; a row with a null gives null."""
        shared = _BY_NAME[self.name]
        one = _ONES.get(self.name)
        if one is None:
            one = remembering(shared, _one(shared, self.ask))
            if not shared.asks:
                _ONES[self.name] = one
        rows = [one(row) for row in zip(*(column.to_pylist() for column in columns), strict=True)]
        values = pa.array([value for value, _ in rows], ARROW[shared.result])
        return pa.StructArray.from_arrays([values, pa.array([error for _, error in rows], pa.string())], ["v", "e"])


Given = tuple[Any, str | None]
"""What a row gives: a value, or the text of an error."""
_ONES: dict[str, Callable[[Row], Given]] = {}
"""The functions of this process, each with what it remembers."""


def _one(shared: Shared, ask: Ask) -> Callable[[Row], Given]:
    over = over_row(shared, ask)

    def one(row: Row) -> Given:
        try:
            return over(row), None
        except PenstockError as error:
            return None, marked(error, f"{PREFIX}{shared.name}")

    return one
