"""Variables: which there are, in which order they are evaluated, and how references are replaced by text."""

from penstock.lang.variables.evaluation import Evaluated, evaluate_all, evaluate_in, placeholders, unquoted
from penstock.lang.variables.resolution import SYSTEM_VARIABLES, Definition, Given, resolve
from penstock.lang.variables.substitution import Mode, Substituted, VariableValue, substitute

__all__ = [
    "SYSTEM_VARIABLES",
    "Definition",
    "Evaluated",
    "Given",
    "Mode",
    "Substituted",
    "VariableValue",
    "evaluate_all",
    "evaluate_in",
    "placeholders",
    "resolve",
    "substitute",
    "unquoted",
]
