"""How each database is told to give no more than the first rows of a statement."""

from __future__ import annotations


def limit(statement: str, size: int) -> str:
    """Return a SELECT that gives at most some rows, as most databases are told.

    >>> limit("SELECT a FROM t", 5)
    'SELECT a FROM t LIMIT 5'
    """
    return f"{statement} LIMIT {size}"


def fetch_first(statement: str, size: int) -> str:
    """Return a SELECT that gives at most some rows, as the standard and Oracle have it.

    >>> fetch_first("SELECT a FROM t", 5)
    'SELECT a FROM t FETCH FIRST 5 ROWS ONLY'
    """
    return f"{statement} FETCH FIRST {size} ROWS ONLY"


def top(statement: str, size: int) -> str:
    """Return a SELECT that gives at most some rows, as SQL Server has it.

    >>> top("SELECT a FROM t", 5)
    'SELECT TOP (5) a FROM t'
    """
    return f"SELECT TOP ({size}) {statement.removeprefix('SELECT ')}"
