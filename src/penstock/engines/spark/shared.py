"""Calls of the shared functions in Spark SQL.

Spark computes a Python function for every row of its input, also where a CASE would not reach it. So such a function
never raises there: it gives a value or an error, and the error is raised by SQL, where the value is used.
"""

from __future__ import annotations

from penstock.engines.templates import PREFIX


def shared(name: str, *args: str) -> str:
    """Return the call of a shared function."""
    return opened(f"{PREFIX}{name}({', '.join(args)})")


def unless(guard: str, name: str, subject: str, *args: str) -> str:
    """Return the call of a shared function whose value is not used where *guard* is true: Python then gets a null, for
    which it has nothing to do."""
    return shared(name, f"CASE WHEN {guard} THEN NULL ELSE {subject} END", *args)


def opened(call: str) -> str:
    """Return the value that a call gives, or raise its error; the call is written, and computed, once."""
    return f"get(transform(array({call}), r -> CASE WHEN r.e IS NOT NULL THEN raise_error(r.e) ELSE r.v END), 0)"
