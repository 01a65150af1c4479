"""`penstock eval`: one expression, or a batch of them as JSON lines."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console

from penstock import wiring
from penstock.cli.packages import pairs
from penstock.cli.values import read_value, show_value, type_of
from penstock.domain.diagnostic import Diagnostic, Severity
from penstock.errors import BadRequest, PenstockError
from penstock.lang.check.expressions import check_expression
from penstock.lang.variables import Given, Mode, evaluate_all, resolve, substitute
from penstock.lang.variables.resolution import PREDEFINED
from penstock.plan.ports import Context, Engine
from penstock.plan.schema import Field, Schema
from penstock.plan.values import Value

_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]*(::[A-Za-z][A-Za-z0-9_]*)*\Z")
_ENGINE = "duckdb"


class _Refused(Exception):
    def __init__(self, code: str, message: str, finding: Diagnostic | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.finding = finding


def command(
    expression: Annotated[str | None, typer.Argument(help="The expression.")] = None,
    given: Annotated[list[str] | None, typer.Option("--set", help="A field, NAME=JSON.")] = None,
    engine: Annotated[str, typer.Option(help="duckdb; Spark is not available in this version.")] = _ENGINE,
    now: Annotated[str | None, typer.Option(help="What CurrentTime() gives, as ISO text.")] = None,
    batch: Annotated[bool, typer.Option("--batch", help="Read JSON lines, answer JSON lines.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Evaluate an expression and show its value and type.

    Example: penstock eval "UPPER(name)" --set name='"duck"'
    """
    if engine != _ENGINE:
        raise BadRequest(f"There is no engine '{engine}' in this version. Known: {_ENGINE}.")
    if batch:
        _batch()
        return
    if expression is None:
        raise BadRequest("eval needs an expression, or --batch.")
    record = {}
    for name, text in pairs(given or [], "--set").items():
        try:
            record[name] = json.loads(text)
        except ValueError:
            raise BadRequest(f"--set {name}: {text} is not JSON; write text in double quotes.") from None
    try:
        value, dtype = _evaluate(wiring.engine(), expression, record, now)
    except _Refused as refused:
        _show_refused(expression, refused, as_json)
        raise typer.Exit(2) from None
    if as_json:
        sys.stdout.write(json.dumps({"value": show_value(value), "type": dtype}, ensure_ascii=False) + "\n")
    else:
        shown = json.dumps(show_value(value), ensure_ascii=False)
        Console(highlight=False).print(f"{shown}  [dim]{dtype}[/]" if sys.stdout.isatty() else f"{shown}  {dtype}")


def _show_refused(expression: str, refused: _Refused, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps({"error": {"code": refused.code, "message": refused.message}}) + "\n")
        return
    sys.stderr.write(f"{refused.code}: {refused.message}\n")
    span = refused.finding.span if refused.finding is not None else None
    if span is not None and "\n" not in expression:
        sys.stderr.write(f"  {expression}\n  {' ' * span.start}{'^' * max(span.end - span.start, 1)}\n")


def _batch() -> None:
    engine = wiring.engine()
    for line in sys.stdin:
        if line.strip():
            sys.stdout.write(json.dumps(_answer(engine, line), ensure_ascii=False) + "\n")
            sys.stdout.flush()


def _answer(engine: Engine, line: str) -> dict[str, Any]:
    identity: Any = None
    try:
        try:
            case = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise _Refused("bad_request", f"The line is not JSON: {error}.") from error
        if not isinstance(case, dict) or not isinstance(case.get("expression"), str):
            identity = case.get("id") if isinstance(case, dict) else None
            raise _Refused("bad_request", "A case needs an 'expression', a text.")
        identity = case.get("id")
        record = case.get("input") or {}
        if not isinstance(record, dict):
            raise _Refused("bad_request", "'input' must be an object of fields.")
        value, dtype = _evaluate(engine, case["expression"], record, case.get("now"))
        return {"id": identity, "value": show_value(value), "type": dtype}
    except _Refused as refused:
        return {"id": identity, "error": {"code": refused.code, "message": refused.message}}


def _evaluate(engine: Engine, expression: str, record: Mapping[str, Any], now: Any) -> tuple[Value | None, str]:
    """Return value and type of one case. Raises _Refused for everything that is wrong with it."""
    fields = dict(record)
    raw_variables = fields.pop("variables", None)
    try:
        values = {name: read_value(raw) for name, raw in fields.items()}
        context = Context(_instant(now))
    except PenstockError as error:
        raise _Refused(error.code, error.message) from error
    for name in values:
        if not _FIELD.match(name):
            raise _Refused("bad_request", f"'{name}' cannot be a field name.")
    schema = Schema(tuple(Field(name, type_of(value)) for name, value in values.items()))
    text = expression
    if raw_variables is not None or "$" in expression:
        text, context = _substituted(engine, expression, raw_variables or {}, context)
    checked = check_expression(text, schema)
    if checked.expr is None:
        finding = next(one for one in checked.findings if one.severity is Severity.ERROR)
        raise _Refused(finding.code, finding.sentence(), finding if text == expression else None)
    try:
        value = engine.evaluate((checked.expr,), schema, values, context)[0]
    except PenstockError as error:
        raise _Refused(error.code, error.message) from error
    return value, str(checked.expr.dtype.kind.value)


def _substituted(engine: Engine, expression: str, raw: Any, context: Context) -> tuple[str, Context]:
    if not isinstance(raw, dict):
        raise _Refused("bad_request", "'variables' must be an object of names and expressions.")
    predefined = {name: value for name, value in raw.items() if name in PREDEFINED}
    package = {name: value for name, value in raw.items() if name not in PREDEFINED}
    definitions = resolve(Given(package=package, predefined=predefined))
    empty = Schema()
    found = evaluate_all(definitions, lambda expr: engine.evaluate((expr,), empty, {}, context)[0])
    for finding in found.diagnostics:
        if finding.severity is Severity.ERROR:
            raise _Refused(finding.code, finding.sentence())
    made = substitute(expression, found.values, Mode.EXPRESSION)
    if made.findings:
        raise _Refused(made.findings[0].code, made.findings[0].sentence())
    zone = found.values["_DEFAULT_TIMEZONE"].text
    strict = found.values["_STRICT_PIG_ERRORS"].text == "true"
    try:
        minutes = wiring.parse_instant(f"1970-01-01T00:00{zone}").offset
    except PenstockError as error:
        raise _Refused("bad_request", f"_DEFAULT_TIMEZONE is '{zone}', which is no offset.") from error
    return made.text, Context(context.now, minutes, strict)


def _instant(raw: Any) -> datetime:
    if raw is None:
        return datetime.now(UTC)
    if not isinstance(raw, str):
        raise BadRequest("'now' must be ISO text.")
    instant = wiring.parse_instant(raw)
    return datetime.fromtimestamp(instant.ms / 1000, UTC)
