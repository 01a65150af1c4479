"""Component kinds: each declared once, with its properties, its check and its lowering; one table lists them all."""

from penstock.lang.components.schema import json_schemas
from penstock.lang.components.table import COMPONENTS, NOT_YET

__all__ = ["COMPONENTS", "NOT_YET", "json_schemas"]
