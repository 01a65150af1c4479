"""Engines by name, and by the stack of a cluster. Spark is an extra, imported only when it is asked for."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path

from penstock.engines.duckdb.run import DuckEngine
from penstock.errors import BadRequest, PermanentError
from penstock.plan.ports import Engine
from penstock.runtime.execute import Order
from penstock.services.system import SPARK_REGIONS, SPARK_STACKS

ENGINES = ("duckdb", "spark")
SPARK = "spark-4.3"
_FROM_EXTRA = ("pyspark", "py4j")


def stacks() -> tuple[tuple[str, str], ...]:
    """Return the stacks of this installation: wire id and label. Loads nothing."""
    found = ((DuckEngine.stack, "DuckDB 1.5, embedded"),)
    return found if importlib.util.find_spec("pyspark") is None else (*found, (SPARK, "Apache Spark 4.3"))


def engine() -> Engine:
    """Return a fresh embedded engine for one job."""
    return DuckEngine()


def engine_of(order: Order, warm: Engine, masters: Mapping[str, str]) -> Engine:
    """Return the engine that the cluster of a job asks for; all but Spark is the *warm* one. *masters* are Spark's, by name.

    Raises PermanentError where this worker does not have it.
    """
    if not order.stack.startswith(SPARK_STACKS):
        return warm
    if order.stack not in (one for one, _ in stacks()):
        raise PermanentError(
            f"The stack '{order.stack}' is not installed on this worker. Install it with: pip install 'penstock[spark]'."
        )
    master = f"local[{order.threads}]"
    if order.region.startswith(SPARK_REGIONS):
        name = order.region.removeprefix(SPARK_REGIONS)
        if name not in masters:
            raise PermanentError(
                f"This worker does not know the Spark master '{name}'. Name it in its PENSTOCK_SPARK_MASTERS."
            )
        master = masters[name]
    application = f"penstock {order.token}"
    return engine_named(
        "spark", master=master, application=application, memory_bytes=order.memory_bytes, executors=order.nodes
    )


def engine_named(
    name: str,
    *,
    master: str | None = None,
    application: str = "penstock",
    memory_bytes: int | None = None,
    executors: int | None = None,
) -> Engine:
    """Return a fresh engine for one job. *master*, *application*, *memory_bytes* (of a driver that is started here) and
    *executors* (None: as many as there are) are for Spark. Raises BadRequest where there is no such engine, or not in this
    installation."""
    if name not in ENGINES:
        raise BadRequest(f"There is no engine '{name}'. Known: {', '.join(ENGINES)}.")
    if name == "duckdb":
        if master is not None:
            raise BadRequest("--master is for the engine spark.")
        return engine()
    try:
        from penstock.engines.spark.options import DEFAULT_MASTER, SparkOptions
        from penstock.engines.spark.run import SparkEngine
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in _FROM_EXTRA:
            raise
        raise BadRequest(
            "The engine spark is not installed. Install it with: pip install 'penstock[spark]'."
        ) from error
    return SparkEngine(SparkOptions(master or DEFAULT_MASTER, application, memory_bytes, executors))


def classes_of_spark(work: Sequence[str]) -> Path:
    """Have the classes written down that Spark loads for a command of this Python (its arguments), so that it starts faster
    from then on, and return where. Raises PermanentError."""
    from penstock.engines.spark.java import made_archive

    return made_archive(work)
