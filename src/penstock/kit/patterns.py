"""How long a regular expression may run, and what is said of one that runs away."""

from __future__ import annotations

from penstock.errors import DataError

TIMEOUT_S = 2.0
"""Longest time of the processor that one match may take; a pattern that runs away ends the job with a sentence instead of
hanging it."""


def runaway(pattern: str) -> DataError:
    """Return the error of a pattern that took longer than `TIMEOUT_S`."""
    return DataError(
        f"The regular expression {pattern!r} ran longer than {TIMEOUT_S:g} s on one value. Write it without nested "
        "repetitions, or with possessive ones."
    )
