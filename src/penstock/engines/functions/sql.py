"""`ExecuteSqlString` and `ExecuteSqlDateTime`: values of databases, asked for while a job runs; elsewhere they are null."""

from __future__ import annotations

from penstock.engines.functions import isodate
from penstock.engines.functions.casts import parse_double, parse_float
from penstock.errors import DataError
from penstock.kit.decimals import double_to_text, float_to_text
from penstock.plan.ports import Ask, Cell, CellKind

_ZONELESS = (CellKind.DATE, CellKind.TIMESTAMP)


def text(ask: Ask, key: str, sql: str) -> str | None:
    """Return what a statement gives, as text: real numbers as the language prints them, the rest as the database does."""
    cell = ask(key, sql)
    return None if cell is None else _as_text(cell)


def _as_text(cell: Cell) -> str:
    match cell.kind:
        case CellKind.FLOAT:
            single = parse_float(cell.text)
            return cell.text if single is None else float_to_text(single)
        case CellKind.DOUBLE:
            double = parse_double(cell.text)
            return cell.text if double is None else double_to_text(double)
        case _:
            return cell.text


def moment(ask: Ask, key: str, sql: str, zone_minutes: int) -> tuple[int, int] | None:
    """Return what a statement gives, as milliseconds and offset minutes. What has no zone is in that of *zone_minutes*; text
    is read as `ToDate` reads it. Raises DataError for what is no date-time."""
    cell = ask(key, sql)
    return None if cell is None else _as_moment(cell, zone_minutes)


def _as_moment(cell: Cell, zone_minutes: int) -> tuple[int, int]:
    if cell.kind is CellKind.TEXT:
        return isodate.parse_iso(cell.text, zone_minutes)
    if cell.kind not in (*_ZONELESS, CellKind.INSTANT):
        raise DataError(
            f"The statement gives a value of type {cell.type or cell.kind}, which is no date-time. Cast it in the "
            "statement, or use ExecuteSqlString."
        )
    iso = cell.text.replace(" ", "T", 1)
    try:
        if cell.kind in _ZONELESS:
            return isodate.parse_iso(iso, zone_minutes)
        return isodate.parse_iso(iso.removesuffix("+00"), 0)[0], zone_minutes
    except DataError:
        raise DataError(
            f"The database gives the {cell.kind} {cell.text!r}, which no date-time can be. Leave it out in the statement."
        ) from None
