"""GoogleSQL as DuckDB has it, for the stand-in of BigQuery: its statements, its columns, its values."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

MACROS = (
    "CREATE MACRO parse_json(x) AS CAST(x AS JSON)",
    "CREATE MACRO safe_parse_json(x) AS TRY_CAST(x AS JSON)",
    "CREATE MACRO to_json_string(x) AS CAST(x AS VARCHAR)",
    "CREATE MACRO unix_micros(x) AS epoch_us(x)",
    "CREATE MACRO ts(x) AS CAST(x AS TIMESTAMPTZ)",
    "CREATE MACRO format_date(f, x) AS strftime(CAST(x AS TIMESTAMP), '%Y-%m-%d')",
    "CREATE MACRO format_datetime(f, x) AS strftime(CAST(x AS TIMESTAMP), '%Y-%m-%d %H:%M:%S.%f')",
    "CREATE MACRO format_timestamp(f, x, z) AS strftime(x AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M:%S.%f') || '+00:00'",
    "CREATE MACRO format_time(f, x) AS strftime(CAST('2000-01-01 ' || CAST(x AS VARCHAR) AS TIMESTAMP), '%H:%M:%S.%f')",
    "CREATE SCHEMA catalogue",
    """CREATE VIEW catalogue.columns AS SELECT table_schema, table_name, column_name, ordinal_position, is_nullable,
'NO' AS is_hidden, CASE WHEN data_type IN ('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT') THEN 'INT64'
WHEN data_type IN ('FLOAT', 'DOUBLE') THEN 'FLOAT64'
WHEN data_type = 'VARCHAR' THEN 'STRING' WHEN data_type = 'BOOLEAN' THEN 'BOOL' WHEN data_type = 'BLOB' THEN 'BYTES'
WHEN data_type = 'TIMESTAMP WITH TIME ZONE' THEN 'TIMESTAMP' WHEN data_type = 'TIMESTAMP' THEN 'DATETIME'
WHEN data_type LIKE 'DECIMAL%' THEN 'NUMERIC' ELSE data_type END AS data_type
FROM information_schema.columns WHERE table_catalog = current_database() AND table_schema <> 'catalogue'""",
    "CREATE VIEW catalogue.tables AS SELECT * FROM information_schema.tables "
    "WHERE table_catalog = current_database() AND table_schema <> 'catalogue'",
)
_TOKENS = re.compile(r"'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|--[^\n]*|\"[^\"]*\"|[^'`\"-]+|-", re.DOTALL)
_WORDS = tuple(
    (re.compile(pattern), word)
    for pattern, word in (
        (r"\bINFORMATION_SCHEMA\.(?=COLUMNS|TABLES)", "catalogue."), (r"\bSAFE\.PARSE_JSON\b", "safe_parse_json"),
        (r"\bSAFE_CAST\b", "TRY_CAST"), (r"\bCURRENT_TIMESTAMP\(\)", "now()"), (r"\bTIMESTAMP\(", "ts("),
        (r"\bTIMESTAMP\b(?!\()", "TIMESTAMPTZ"), (r"\bDATETIME\b(?!\()", "TIMESTAMP"), (r"\bINT64\b", "BIGINT"),
        (r"\bFLOAT64\b", "DOUBLE"), (r"\bSTRING\b", "VARCHAR"), (r"\bBYTES\b", "BLOB"), (r"\bBOOL\b", "BOOLEAN"),
        (r"\bBIGNUMERIC\b(?!\()", "DECIMAL(38, 18)"), (r"\bNUMERIC\b(?!\()", "DECIMAL(38, 9)"), (r"\bNUMERIC\(", "DECIMAL("),
    )
)  # fmt: skip
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_KINDS = {
    "BOOLEAN": "BOOLEAN", "DATE": "DATE", "TIME": "TIME", "JSON": "JSON", "BLOB": "BYTES", "FLOAT": "FLOAT", "DOUBLE": "FLOAT",
    "TIMESTAMP": "DATETIME", "TIMESTAMP WITH TIME ZONE": "TIMESTAMP", "INTERVAL": "INTERVAL", '"NULL"': "INTEGER",
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UBIGINT"), "INTEGER"),
}  # fmt: skip


def statements(sql: str) -> Iterator[str]:
    """Yield the statements of a script; the parts of a block one by one."""
    made = ""
    for token in _TOKENS.findall(sql):
        if token[0] in "'`\"" or token.startswith("--"):
            made += token
            continue
        first, *rest = token.split(";")
        made += first
        for one in rest:
            if made.strip():
                yield made.strip()
            made = one
    if made.strip():
        yield made.strip()


def unescaped(token: str) -> str:
    """Return what a literal or a name in backticks says."""
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), token[1:-1], flags=re.DOTALL)


def translated(sql: str) -> str:
    """Return a statement of GoogleSQL as DuckDB has it."""
    made = []
    for token in _TOKENS.findall(sql):
        if token[0] == "'":
            made.append("'" + unescaped(token).replace("'", "''") + "'")
        elif token[0] == "`":
            name = unescaped(token)
            made.append('"' + name.replace('"', '""') + '"')
        elif token[0] == '"' or token.startswith("--"):
            made.append(token)
        else:
            for pattern, word in _WORDS:
                token = pattern.sub(word, token)
            made.append(token)
    return re.sub(r'"[^"]+"\.(?=catalogue\.)', "", "".join(made))


def field_of(name: str, word: str) -> dict[str, Any]:
    """Return a column as the API describes it."""
    if word.endswith("[]"):
        return {**field_of(name, word[:-2]), "mode": "REPEATED"}
    made: dict[str, Any] = {"name": name, "mode": "NULLABLE", "type": _KINDS.get(word, "STRING")}
    if found := re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", word):
        made["type"] = "NUMERIC"
        if word != "DECIMAL(38,9)":
            made |= {"precision": found[1], "scale": found[2]}
    elif word.startswith("STRUCT"):
        made |= {"type": "RECORD", "fields": [{"name": "a", "type": "STRING", "mode": "NULLABLE"}]}
    return made


def cell_of(value: Any) -> Any:
    """Return a value as the API writes it."""
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case float():
            return {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}.get(repr(value), repr(value))
        case Decimal():
            return format(value, "f")
        case datetime() if value.tzinfo is not None:
            passed = value.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
            return str((passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds)
        case datetime() | date() | time():
            return value.isoformat()
        case bytes():
            return base64.b64encode(value).decode()
        case list():
            return [{"v": cell_of(one)} for one in value]
    return str(value)
