"""The text of a source's field as its declared type, by Pig's rules; what does not fit is null."""

from __future__ import annotations

from penstock.engines.duckdb import casts
from penstock.plan.dtypes import Kind
from penstock.plan.ports import Context

ATTEMPTS = {
    Kind.INT: "INTEGER", Kind.LONG: "BIGINT", Kind.FLOAT: "FLOAT", Kind.DOUBLE: "DOUBLE", Kind.DATETIME: "TIMESTAMP",
}  # fmt: skip
"""What DuckDB tries to read the text of a field as; the guards of `casts` say where that is right."""


def from_bytes(column: str, kind: Kind, context: Context, attempt: str | None = None) -> str:
    """Return the cast of a field's text to its declared type; what does not fit is null.

    *attempt* is the column that holds DuckDB's own conversion (`ATTEMPTS`), where there is one.
    """
    match kind:
        case Kind.INT | Kind.LONG:
            tried = attempt or f"TRY_CAST({column} AS {ATTEMPTS[kind]})"
            return (
                f"CASE WHEN CAST({tried} AS VARCHAR) = {column} THEN {tried} "
                f"WHEN {casts.no_number(column)} THEN NULL ELSE ps_bytes_to_{kind.value}({column}) END"
            )
        case Kind.FLOAT | Kind.DOUBLE:
            return casts.text_to_real(column, kind, attempt)
        case Kind.BOOLEAN:
            return (
                f"CASE WHEN {column} IS NULL THEN NULL WHEN lower({column}) = 'true' THEN true "
                f"WHEN lower({column}) = 'false' THEN false ELSE ps_bytes_to_boolean({column}) END"
            )
        case Kind.DATETIME:
            return casts.text_to_datetime(column, context.zone_minutes, attempt, "ps_bytes_to_datetime")
        case Kind.MAP | Kind.BAG:
            return f"ps_json_structure({column}, '{kind.value}')"
        case Kind.BYTEARRAY:
            return f"CASE WHEN {column} IS NULL THEN NULL ELSE '{{\"x\":\"' || base64(encode({column})) || '\"}}' END"
        case _:
            return column
