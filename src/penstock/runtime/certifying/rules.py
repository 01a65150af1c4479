"""The rules, all of them: what every database does here, each with a function that raises Broken where it does not."""

from __future__ import annotations

from penstock.runtime.certifying.keys import KEYS
from penstock.runtime.certifying.once import ONCE
from penstock.runtime.certifying.reading import READING
from penstock.runtime.certifying.rule import Rule
from penstock.runtime.certifying.values import VALUES
from penstock.runtime.certifying.writing import WRITING

RULES: tuple[Rule, ...] = (*VALUES, *READING, *WRITING, *KEYS, *ONCE)
"""In the order in which they are tried."""
