"""What Spark said as one of our errors, with component, place and remedy."""

from __future__ import annotations

import re

from penstock.engines.spark.access import Access
from penstock.engines.spark.errors import first_line, found_in
from penstock.engines.spark.options import STACK_SIZE
from penstock.engines.spark.watching import Run
from penstock.errors import PenstockError, PermanentError

_NAMES_COMPONENT = re.compile(r"Component '|Output '")


def sentence(error: Exception, run: Run, sql: str, output: str | None) -> PenstockError:
    """Return what Spark said of a statement."""
    place = "" if output is None else f"Output '{output}': "
    found = found_in(str(error))
    if found is not None:
        kept, function = found
        callers = run.made.callers(sql, function) if function else []
        if callers:
            names = " or ".join(f"'{name}'" for name in callers)
            place = f"Component {names}: "
        return type(kept)(kept.message if _NAMES_COMPONENT.search(kept.message) else f"{place}{kept.message}")
    return known(error, run.access, place) or PermanentError(f"{place}{first_line(error)}")


def known(error: Exception, access: Access, place: str = "") -> PenstockError | None:
    """Return what to say where Spark itself failed, None where it did not, as far as is known. *place* is where it was."""
    text = str(error)
    if "OutOfMemoryError" in text:
        return PermanentError(f"{place}Spark ran out of memory. Give its driver or its executors more.")
    if "StackOverflowError" in text:
        return PermanentError(
            f"{place}Spark's stack is too small for such expressions. Start its driver and its executors with {STACK_SIZE}."
        )
    return access.lost(error)
