"""The package language: text and JSON in, a typed plan or diagnostics out. Pure: no clock, disk, network or database."""

from penstock.lang.check.asked import Known
from penstock.lang.compile import Compiled, Gaps, compile_component, compile_package, validate_package
from penstock.lang.variables import Given, evaluate_all, evaluate_in, resolve

__all__ = [
    "Compiled",
    "Gaps",
    "Given",
    "Known",
    "compile_component",
    "compile_package",
    "evaluate_all",
    "evaluate_in",
    "resolve",
    "validate_package",
]
