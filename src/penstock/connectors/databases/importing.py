"""What a database holds, for people who build packages: its tables with their columns, and the first rows of one."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from penstock.connectors.databases.session import Column, Session
from penstock.errors import PermanentError
from penstock.plan.ports import Cell, CellKind, JsonValue, Sampled, TableColumn, TableFacts
from penstock.plan.systems import DatabaseSource

LOOK_AT_S = 30.0
"""How long a statement may take that somebody waits for at a screen."""
LONGEST = 1000
"""Characters of a value that is shown."""
MOST_ROWS = 1_000_000
"""Of the catalogue; beyond that a schema has to be named."""

_SMALL = frozenset(
    {
        "smallint",
        "integer",
        "tinyint",
        "mediumint",
        "int",
        "year",
        "year unsigned",
        "tinyint unsigned",
        "smallint unsigned",
        "mediumint unsigned",
    }
)
"""Whole numbers that are an int of a package; all others are a long."""
_TYPES = {
    CellKind.TEXT: "string", CellKind.DECIMAL: "double", CellKind.FLOAT: "float", CellKind.DOUBLE: "double",
    CellKind.BOOLEAN: "boolean", CellKind.DATE: "datetime", CellKind.TIMESTAMP: "datetime", CellKind.INSTANT: "datetime",
    CellKind.OTHER: "string",
}  # fmt: skip


def sample(session: Session, asked: DatabaseSource, size: int) -> Sampled:
    """Return the first rows of a table or query. Raises PermanentError, TransientError."""
    columns, rows = session.rows(_statement(session, asked, size), size, LOOK_AT_S)
    fields = tuple((one.name, _type_of(one, [row[at] for row in rows])) for at, one in enumerate(columns))
    return Sampled(fields, tuple(tuple(map(_value, row)) for row in rows))


def _statement(session: Session, asked: DatabaseSource, size: int) -> str:
    if asked.query is not None:
        return asked.query
    names = (asked.schema, asked.table or "") if asked.schema else (asked.table or "",)
    # What stands behind a comment mark in a condition does not reach the bracket.
    where = f" WHERE (\n{asked.where}\n)" if asked.where and asked.where.strip() else ""
    return session.limited(f"SELECT * FROM {'.'.join(map(session.quoted, names))}{where}", size)


def _type_of(column: Column, cells: Sequence[Cell | None]) -> str:
    if column.kind is CellKind.WHOLE:
        return "int" if column.type in _SMALL else "long"
    if column.type in ("json", "jsonb"):
        first = next((one.text.lstrip()[:1] for one in cells if one is not None), "")
        return {"{": "json", "[": "json_array"}.get(first, "string")
    return _TYPES[column.kind]


def _value(cell: Cell | None) -> JsonValue:
    if cell is None:
        return None
    match cell.kind:
        case CellKind.BOOLEAN:
            return cell.text == "true"
        case CellKind.WHOLE:
            return int(cell.text)
        case CellKind.FLOAT | CellKind.DOUBLE:
            number = float(cell.text)
            return number if math.isfinite(number) else cell.text
    return cell.text if len(cell.text) <= LONGEST else f"{cell.text[:LONGEST]}…"


# --- the catalogue, in one question

_POSTGRES = """WITH readable AS MATERIALIZED (
SELECT c.oid, n.nspname, c.relname, c.relkind IN ('v', 'm') AS is_view
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
AND n.nspname NOT LIKE 'pg\\_toast%' AND n.nspname NOT LIKE 'pg\\_temp%'
AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'){where})
SELECT r.nspname, r.relname, r.is_view, json_agg(json_build_array(a.attname, t.typname,
CASE WHEN a.atttypmod < 0 AND t.typelem = 0 THEN NULL ELSE format_type(a.atttypid, a.atttypmod) END, NOT a.attnotnull)
ORDER BY a.attnum)
FROM readable r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
GROUP BY r.oid, r.nspname, r.relname, r.is_view ORDER BY r.nspname, r.relname"""
"""A row for each table, with its columns as JSON; whether it may be read is asked once: so 10,000 tables take two seconds,
and a row for each column twenty."""
_MYSQL = """SELECT c.table_schema, c.table_name, t.table_type <> 'BASE TABLE', c.column_name, c.data_type, c.column_type,
c.is_nullable = 'YES'
FROM information_schema.columns c JOIN information_schema.tables t
ON t.table_schema = c.table_schema AND t.table_name = c.table_name
WHERE c.table_schema NOT IN ('information_schema', 'performance_schema', 'mysql', 'sys'){where}
ORDER BY c.table_schema, c.table_name, c.ordinal_position"""
_REDSHIFT = """SELECT c.table_schema, c.table_name, CASE WHEN t.table_type = 'VIEW' THEN '1' ELSE '0' END, c.column_name,
c.data_type, c.data_type, CASE WHEN c.is_nullable = 'YES' THEN '1' ELSE '0' END
FROM information_schema.columns c JOIN information_schema.tables t
ON t.table_schema = c.table_schema AND t.table_name = c.table_name
WHERE c.table_schema NOT IN ('pg_catalog', 'information_schema', 'pg_internal', 'pg_automv'){where}
ORDER BY c.table_schema, c.table_name, c.ordinal_position"""
_SQLSERVER = """SELECT c.TABLE_SCHEMA, c.TABLE_NAME, CASE WHEN t.TABLE_TYPE = 'VIEW' THEN '1' ELSE '0' END, c.COLUMN_NAME,
CASE c.DATA_TYPE WHEN 'bit' THEN 'boolean' WHEN 'float' THEN 'double'
WHEN 'money' THEN 'decimal' WHEN 'smallmoney' THEN 'decimal'
WHEN 'datetime2' THEN 'datetime' WHEN 'smalldatetime' THEN 'datetime' WHEN 'datetimeoffset' THEN 'datetime'
WHEN 'timestamp' THEN 'rowversion' ELSE c.DATA_TYPE END, c.DATA_TYPE, CASE WHEN c.IS_NULLABLE = 'YES' THEN '1' ELSE '0' END
FROM INFORMATION_SCHEMA.COLUMNS c JOIN INFORMATION_SCHEMA.TABLES t
ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME WHERE 1 = 1{where}
ORDER BY c.TABLE_SCHEMA, c.TABLE_NAME, c.ORDINAL_POSITION"""
_ORACLE = """SELECT c.owner, c.table_name, CASE WHEN o.object_type = 'TABLE' THEN '0' ELSE '1' END, c.column_name,
CASE WHEN c.data_type = 'NUMBER' AND c.data_scale = 0 AND c.data_precision <= 9 THEN 'int'
WHEN c.data_type = 'NUMBER' AND c.data_scale = 0 AND c.data_precision <= 19 THEN 'bigint'
WHEN c.data_type IN ('NUMBER', 'FLOAT', 'BINARY_DOUBLE') THEN 'double' WHEN c.data_type = 'BINARY_FLOAT' THEN 'float'
WHEN c.data_type = 'DATE' OR c.data_type LIKE 'TIMESTAMP%' THEN 'datetime' WHEN c.data_type = 'BOOLEAN' THEN 'boolean'
ELSE 'text' END, c.data_type, CASE WHEN c.nullable = 'Y' THEN '1' ELSE '0' END
FROM all_tab_columns c JOIN all_objects o ON o.owner = c.owner AND o.object_name = c.table_name
AND o.object_type IN ('TABLE', 'VIEW')
WHERE c.owner NOT IN (SELECT username FROM all_users WHERE oracle_maintained = 'Y'){where}
ORDER BY c.owner, c.table_name, c.column_id"""
_SNOWFLAKE = """SELECT c.table_schema, c.table_name, CASE WHEN t.table_type LIKE '%VIEW%' THEN '1' ELSE '0' END, c.column_name,
CASE WHEN c.data_type = 'NUMBER' AND c.numeric_scale = 0 AND c.numeric_precision <= 9 THEN 'int'
WHEN c.data_type = 'NUMBER' AND c.numeric_scale = 0 THEN 'bigint'
WHEN c.data_type IN ('NUMBER', 'FLOAT', 'DECFLOAT') THEN 'double' WHEN c.data_type = 'BOOLEAN' THEN 'boolean'
WHEN c.data_type = 'DATE' OR c.data_type LIKE 'TIMESTAMP%' THEN 'datetime' ELSE 'text' END, c.data_type,
CASE WHEN c.is_nullable = 'YES' THEN '1' ELSE '0' END
FROM information_schema.columns c JOIN information_schema.tables t
ON t.table_schema = c.table_schema AND t.table_name = c.table_name
WHERE c.table_schema <> 'INFORMATION_SCHEMA'{where}
ORDER BY c.table_schema, c.table_name, c.ordinal_position"""
_BIGQUERY = """SELECT c.table_schema, c.table_name, CASE WHEN t.table_type LIKE '%VIEW%' THEN '1' ELSE '0' END, c.column_name,
CASE WHEN c.data_type = 'INT64' THEN 'bigint' WHEN c.data_type = 'BOOL' THEN 'boolean'
WHEN c.data_type = 'FLOAT64' OR c.data_type LIKE 'NUMERIC%' OR c.data_type LIKE 'BIGNUMERIC%' THEN 'double'
WHEN c.data_type IN ('DATE', 'DATETIME', 'TIMESTAMP') THEN 'datetime' ELSE 'text' END, c.data_type,
CASE WHEN c.is_nullable = 'YES' THEN '1' ELSE '0' END
FROM {scope}.INFORMATION_SCHEMA.COLUMNS c JOIN {scope}.INFORMATION_SCHEMA.TABLES t
ON t.table_schema = c.table_schema AND t.table_name = c.table_name
WHERE c.is_hidden = 'NO'{where}
ORDER BY c.table_schema, c.table_name, c.ordinal_position"""
_ASKS = {
    "bigquery": (_BIGQUERY, "c.table_schema"),
    "snowflake": (_SNOWFLAKE, "c.table_schema"),
    "oracle": (_ORACLE, "c.owner"),
    "sqlserver": (_SQLSERVER, "c.TABLE_SCHEMA"),
    "mysql": (_MYSQL, "c.table_schema"), "postgres": (_POSTGRES, "n.nspname"), "redshift": (_REDSHIFT, "c.table_schema"),
}  # fmt: skip
"""What each database is asked for its tables, and what in it is the name of a schema."""
_BY_NAME = {
    "int2": "int", "int4": "int", "int8": "long", "oid": "long", "float4": "float", "float8": "double", "numeric": "double",
    "bool": "boolean", "date": "datetime", "timestamp": "datetime", "timestamptz": "datetime", "tinyint": "int",
    "smallint": "int", "mediumint": "int", "int": "int", "bigint": "long", "bit": "long", "year": "int", "decimal": "double",
    "float": "float", "double": "double", "datetime": "datetime",
    "integer": "int", "real": "float", "double precision": "double", "boolean": "boolean",
    "timestamp without time zone": "datetime", "timestamp with time zone": "datetime",
}  # fmt: skip
"""Types of databases that are no text, as types of a package's fields."""


def tables(
    session: Session, driver: str, schema: str | None, literal: Callable[[str], str], scope: str = ""
) -> tuple[TableFacts, ...]:
    """Return the tables and views that the user may read. *literal* writes a text as the database's SQL has it, *scope* stands
    before its catalogue. Raises PermanentError, TransientError."""
    asks, column = _ASKS[driver]
    where = f" AND {column} = {literal(schema)}" if schema else ""
    _, rows = session.rows(asks.format(where=where, scope=scope), MOST_ROWS + 1, 2 * LOOK_AT_S)
    if len(rows) > MOST_ROWS:
        raise PermanentError(f"the database has more than {MOST_ROWS:,} tables or columns. Name a schema.")
    texts = [[one.text if one is not None else "" for one in row] for row in rows]
    if driver == "postgres":
        return tuple(
            TableFacts(within, name, is_view == "true", tuple(_column(*one) for one in json.loads(columns)))
            for within, name, is_view, columns in texts
        )
    return tuple(_tables(texts))


def _tables(rows: Sequence[Sequence[str]]) -> Iterator[TableFacts]:
    for (schema, name, is_view), columns in groupby(rows, key=lambda row: tuple(row[:3])):
        made = tuple(_column(row[3], row[4], row[5], row[6] == "1") for row in columns)
        yield TableFacts(schema, name, is_view == "1", made)


def _column(name: str, kind: str, native: str | None, is_nullable: bool) -> TableColumn:
    native = native or _SPELLED.get(kind, kind)
    known = "long" if kind.lower() == "int" and "unsigned" in native else _BY_NAME.get(kind.lower(), "string")
    return TableColumn(name, known, native, is_nullable)


_SPELLED = {
    "int2": "smallint", "int4": "integer", "int8": "bigint", "float4": "real", "float8": "double precision", "bool": "boolean",
    "timestamp": "timestamp without time zone", "timestamptz": "timestamp with time zone", "varchar": "character varying",
    "bpchar": "character", "time": "time without time zone", "timetz": "time with time zone",
}  # fmt: skip
"""Names of PostgreSQL's types as it spells them for people."""
