"""Engines by name. Spark is an extra, imported only when it is asked for."""

from __future__ import annotations

from penstock.errors import BadRequest
from penstock.plan.ports import Engine
from penstock.wiring.jobs import engine

ENGINES = ("duckdb", "spark")
_FROM_EXTRA = ("pyspark", "py4j")


def engine_named(
    name: str, *, master: str | None = None, application: str = "penstock", memory_bytes: int | None = None
) -> Engine:
    """Return a fresh engine for one job. *master*, *application* and *memory_bytes* (of a driver that is started here) are
    for Spark. Raises BadRequest where there is no such engine, or not in this installation."""
    if name not in ENGINES:
        raise BadRequest(f"There is no engine '{name}'. Known: {', '.join(ENGINES)}.")
    if name == "duckdb":
        if master is not None:
            raise BadRequest("--master is for the engine spark.")
        return engine()
    try:
        from penstock.engines.spark.run import SparkEngine
        from penstock.engines.spark.session import DEFAULT_MASTER, SparkOptions
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in _FROM_EXTRA:
            raise
        raise BadRequest(
            "The engine spark is not installed. Install it with: pip install 'penstock[spark]'."
        ) from error
    return SparkEngine(SparkOptions(master or DEFAULT_MASTER, application, memory_bytes))
