"""Where Spark runs, and what a session of ours is set to, whoever holds it."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_MASTER = "local[2]"
CONNECT = "sc://"
HELD_BYTES = 10 << 20
"""How large a side of a join may be that each task holds whole: Spark's own default."""
SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "true",
    # `${…}` in a text is text.
    "spark.sql.variable.substitute": "false",
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
    # How large a source is Spark finds out while it runs, and not before: it takes the number of files for its size.
    "spark.sql.autoBroadcastJoinThreshold": "-1",
    "spark.sql.adaptive.autoBroadcastJoinThreshold": str(HELD_BYTES),
    "spark.sql.pyspark.jvmStacktrace.enabled": "false",
    "spark.sql.optimizer.excludedRules": ",".join(
        f"org.apache.spark.sql.catalyst.optimizer.{rule}"
        for rule in (
            # A filter that moves below what may fail a record would let such a record pass in silence.
            "PushDownPredicates",
            # Where `x = 0` holds it would take x for 0, of which -0.0 is not the same.
            "ConstantPropagation",
        )
    ),
}
ONE_RECORD = {
    "spark.sql.autoBroadcastJoinThreshold": str(HELD_BYTES),
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
"""For one record, what Spark does to be fast on many costs more than all the rest."""
STACK_SIZE = "-Xss16m"
"""Java's default overflows on deep expressions and patterns."""


@dataclass(frozen=True, slots=True)
class SparkOptions:
    """Where Spark runs: *master* is `local[n]`, `spark://host:port`, `sc://host:port` or another master that Spark knows;
    *name* the application's; *memory_bytes* what a driver may use that is started here; *executors* how many there are to
    be on a master elsewhere, None for all that it gives. A server of Spark Connect has a name, memory and executors of its
    own."""

    master: str = DEFAULT_MASTER
    name: str = "penstock"
    memory_bytes: int | None = None
    executors: int | None = None

    @property
    def is_local(self) -> bool:
        """True where driver and executors are one process."""
        return self.master.startswith("local")

    @property
    def is_connect(self) -> bool:
        """True where the driver is a server elsewhere, spoken to over Spark Connect."""
        return self.master.startswith(CONNECT)

    @property
    def shown(self) -> str:
        """The master as it may stand in a message: without parameters, of which one may be a token."""
        return self.master.partition("/;")[0] if self.is_connect else self.master
