"""Certification: the rules that every database keeps here, tried on a server of whoever asks, in tables of its own.

The rules go the way that jobs go: packages are compiled, run on the embedded engine and read and written by the connector of
the connection's type. The tests of this project run the same rules on the databases that they start.
"""

from penstock.runtime.certifying.bench import Bench, Broken, Scratch
from penstock.runtime.certifying.report import Report, markdown
from penstock.runtime.certifying.rule import Rule
from penstock.runtime.certifying.rules import RULES
from penstock.runtime.certifying.run import Outcome, State, certify

__all__ = ["RULES", "Bench", "Broken", "Outcome", "Report", "Rule", "Scratch", "State", "certify", "markdown"]
