"""What expression functions exist: names, signatures, null rules, help. No behaviour: an engine gives each its meaning."""

from penstock.lang.functions.refused import REFUSED
from penstock.lang.functions.signature import Function, Signature
from penstock.lang.functions.table import FUNCTIONS, NOT_YET

__all__ = ["FUNCTIONS", "NOT_YET", "REFUSED", "Function", "Signature"]
