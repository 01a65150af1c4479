"""`penstock eval`: one expression, or a batch of them as JSON lines."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.console import Console

from penstock.cli.orders import EngineName, Master
from penstock.cli.packages import pairs
from penstock.cli.trace import trace
from penstock.cli.values import read_value, show_value, type_of
from penstock.domain.diagnostic import Severity, Span
from penstock.errors import BadRequest, DataError, PenstockError
from penstock.lang.check.expressions import check_expression
from penstock.lang.variables import Given, Mode, Substituted, evaluate_in, resolve, substitute
from penstock.lang.variables.resolution import PREDEFINED, Scalar
from penstock.plan.exprs import Expr
from penstock.plan.ports import EPOCH, Context, Engine
from penstock.plan.schema import Field, Schema
from penstock.plan.values import Value
from penstock.wiring import engines, jobs

_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]*(::[A-Za-z][A-Za-z0-9_]*)*\Z")
_HALF = re.compile("[\ud800-\udfff]")


class _Refused(Exception):
    def __init__(self, code: str, message: str, span: Span | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.span = span


def command(
    expression: Annotated[str | None, typer.Argument(help="The expression.")] = None,
    given: Annotated[list[str] | None, typer.Option("--set", help="A field, NAME=JSON.")] = None,
    engine: EngineName = "duckdb",
    master: Master = None,
    now: Annotated[str | None, typer.Option(help="What CurrentTime() gives, as ISO text.")] = None,
    traced: Annotated[bool, typer.Option("--trace", help="Show the value of every part: why null?")] = False,
    batch: Annotated[bool, typer.Option("--batch", help="Read JSON lines, answer JSON lines.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Evaluate an expression and show its value and type.

    Example: penstock eval "UPPER(name)" --set name='"duck"'
    """
    runner = engines.engine_named(engine, master=master)
    if batch:
        _batch(runner)
        return
    if expression is None:
        raise BadRequest("eval needs an expression, or --batch.")
    record = {}
    for name, text in pairs(given or [], "--set").items():
        try:
            record[name] = json.loads(text)
        except ValueError:
            raise BadRequest(f"--set {name}: {text} is not JSON; write text in double quotes.") from None
    if traced:
        _trace(runner, expression, record, now, as_json)
        return
    try:
        value, dtype = _evaluate(runner, expression, record, now)
    except _Refused as refused:
        _show_refused(expression, refused, as_json)
        raise typer.Exit(2) from None
    if as_json:
        sys.stdout.write(json.dumps({"value": show_value(value), "type": dtype}, ensure_ascii=False) + "\n")
    else:
        shown = json.dumps(show_value(value), ensure_ascii=False)
        Console(highlight=False).print(f"{shown}  [dim]{dtype}[/]" if sys.stdout.isatty() else f"{shown}  {dtype}")


def _trace(engine: Engine, expression: str, record: Mapping[str, Any], now: Any, as_json: bool) -> None:
    """Show the value of an expression and of all its parts; exit code 2 where the whole is refused or fails."""
    try:
        expr, schema, values, context = _checked(engine, expression, record, now)
    except _Refused as refused:
        _show_refused(expression, refused, as_json)
        raise typer.Exit(2) from None
    parts = list(trace(engine, expr, schema, values, context))
    if as_json:
        whole = {key: value for key, value in parts[0].to_json().items() if key not in ("depth", "expression")}
        answer = {**whole, "trace": [part.to_json() for part in parts]}
        sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
    else:
        heads = [f"{'  ' * part.depth}{part.text}" for part in parts]
        width = min(max(map(len, heads)), 60)
        for head, part in zip(heads, parts, strict=True):
            shown = json.dumps(part.value, ensure_ascii=False) if part.error is None else f"fails: {part.error}"
            sys.stdout.write(f"{head.ljust(width)}  =  {shown}  {part.dtype}\n")
    if parts[0].error is not None:
        raise typer.Exit(2)


def _show_refused(expression: str, refused: _Refused, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps({"error": {"code": refused.code, "message": refused.message}}) + "\n")
        return
    sys.stderr.write(f"{refused.code}: {refused.message}\n")
    span = refused.span
    if span is not None and "\n" not in expression:
        sys.stderr.write(f"  {expression}\n  {' ' * span.start}{'^' * max(span.end - span.start, 1)}\n")


def _batch(engine: Engine) -> None:
    for line in sys.stdin.buffer:
        if line.strip():
            # Escaped, so that any identity can be given back on any terminal.
            sys.stdout.write(json.dumps(_answer(engine, line)) + "\n")
            sys.stdout.flush()


def _answer(engine: Engine, line: bytes) -> dict[str, Any]:
    identity: Any = None
    try:
        try:
            case = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise _Refused("bad_request", f"The line is not JSON: {error}.") from error
        identity = case.get("id") if isinstance(case, dict) else None
        if not isinstance(case, dict) or not isinstance(case.get("expression"), str):
            raise _Refused("bad_request", "A case needs an 'expression', a text.")
        if _HALF.search(json.dumps({**case, "id": None}, ensure_ascii=False)):
            raise _Refused("bad_request", "The case holds half of a surrogate pair, which is no text.")
        record = case.get("input") or {}
        if not isinstance(record, dict):
            raise _Refused("bad_request", "'input' must be an object of fields.")
        value, dtype = _evaluate(engine, case["expression"], record, case.get("now"))
        return {"id": identity, "value": show_value(value), "type": dtype}
    except _Refused as refused:
        return {"id": identity, "error": {"code": refused.code, "message": refused.message}}


def _evaluate(engine: Engine, expression: str, record: Mapping[str, Any], now: Any) -> tuple[Value | None, str]:
    """Return value and type of one case. Raises _Refused for everything that is wrong with it."""
    expr, schema, values, context = _checked(engine, expression, record, now)
    try:
        value = engine.evaluate((expr,), schema, values, context)[0]
    except PenstockError as error:
        raise _Refused(error.code, error.message) from error
    return value, str(expr.dtype.kind.value)


def _checked(
    engine: Engine, expression: str, record: Mapping[str, Any], now: Any
) -> tuple[Expr, Schema, Mapping[str, Value | None], Context]:
    """Return the typed tree of a case and what it is computed over. Raises _Refused."""
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
    made = Substituted(expression)
    if raw_variables is not None or "$" in expression:
        made, context = _substituted(engine, expression, raw_variables or {}, context)
    checked = check_expression(made.text, schema)
    if checked.expr is None:
        finding = next(one for one in checked.findings if one.severity is Severity.ERROR)
        raise _Refused(finding.code, finding.sentence(), made.map_back(finding.span))
    return checked.expr, schema, values, context


def _substituted(engine: Engine, expression: str, raw: Any, context: Context) -> tuple[Substituted, Context]:
    if not isinstance(raw, dict) or not all(value is None or isinstance(value, Scalar) for value in raw.values()):
        raise _Refused("bad_request", "'variables' must be an object of names and expressions.")
    predefined = {name: value for name, value in raw.items() if name in PREDEFINED}
    package = {name: value for name, value in raw.items() if name not in PREDEFINED}
    definitions = resolve(Given(package=package, predefined=predefined))
    empty = Schema()
    found, context = evaluate_in(definitions, lambda expr, at: engine.evaluate((expr,), empty, {}, at)[0], context)
    for finding in found.diagnostics:
        if finding.severity is Severity.ERROR:
            raise _Refused(finding.code, finding.sentence())
    made = substitute(expression, found.values, Mode.EXPRESSION)
    if made.findings:
        raise _Refused(made.findings[0].code, made.findings[0].sentence(), made.findings[0].span)
    return made, context


def _instant(raw: Any) -> datetime:
    if raw is None:
        return datetime.now(UTC)
    if not isinstance(raw, str):
        raise BadRequest("'now' must be ISO text.")
    try:
        return EPOCH + timedelta(milliseconds=jobs.parse_instant(raw).ms)
    except (DataError, OverflowError) as error:
        raise BadRequest(f"'now' cannot be {raw!r}: it is a date-time in ISO 8601, up to the year 9999.") from error
