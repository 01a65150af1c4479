"""Values of variables: evaluated once per job, in list order (dataflow reference 7.3), or stood in for by validation."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from penstock.domain.diagnostic import Diagnostic
from penstock.errors import PenstockError
from penstock.lang.check import asked, codes_package
from penstock.lang.check.expressions import CheckedExpression, check_expression
from penstock.lang.check.report import Report
from penstock.lang.functions.volatile import is_volatile
from penstock.lang.variables.resolution import DEFAULT_ZONE, RECEIPT_HASH, STRICT, Definition
from penstock.lang.variables.substitution import Mode, Substituted, VariableValue, substitute
from penstock.plan import dtypes
from penstock.plan.dtypes import Kind
from penstock.plan.exprs import Call, Cast, Expr, Literal
from penstock.plan.ports import Context, Evaluate
from penstock.plan.schema import Schema
from penstock.plan.values import Value

_EMPTY = Schema()
_STAND_INS = {
    Kind.INT: "1", Kind.LONG: "1", Kind.FLOAT: "1.5", Kind.DOUBLE: "1.5", Kind.BOOLEAN: "true",
    Kind.DATETIME: "1970-01-01T00:00:00.000Z",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Evaluated:
    """Values by name in evaluation order, and what went wrong."""

    values: Mapping[str, VariableValue] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()


def evaluate_all(definitions: Sequence[Definition], evaluate: Evaluate) -> Evaluated:
    """Return the values of all variables, *evaluate* computing what is not a constant.

    A variable that cannot be computed is a diagnostic; later ones that use it are then undefined, which is not repeated.
    """
    report = Report()
    values: dict[str, VariableValue] = {}
    for _ in _evaluated(definitions, evaluate, values, report):
        pass
    return Evaluated(values, tuple(report.findings))


def evaluate_in(
    definitions: Sequence[Definition], compute: Callable[[Expr, Context], Value | None], context: Context
) -> tuple[Evaluated, Context]:
    """Return the values of all variables and the context of a job: as *context* is, but with the offset and the strictness
    that variables set. Each variable is computed in what the ones before it have set."""
    report = Report()
    values: dict[str, VariableValue] = {}
    contexts = [context]
    for name in _evaluated(definitions, lambda expr: compute(expr, contexts[-1]), values, report):
        if name == DEFAULT_ZONE:
            contexts.append(replace(contexts[-1], zone_minutes=_zone_minutes(values[name], report) or 0))
        elif name == STRICT:
            contexts.append(replace(contexts[-1], strict=values[name].text == "true"))
        elif name == RECEIPT_HASH:
            contexts.append(replace(contexts[-1], sums=_sums(values[name], report)))
    return Evaluated(values, tuple(report.findings)), contexts[-1]


def _evaluated(
    definitions: Sequence[Definition], evaluate: Evaluate, values: dict[str, VariableValue], report: Report
) -> Iterator[str]:
    """Add one variable after the other to *values*; yield the name of each that has a value."""
    for definition in definitions:
        if definition.is_expression:
            checked = _checked(definition, values, definitions, report)
            expr, uses = checked or (None, frozenset())
            if expr is None:
                continue
            hides = definition.secret or any(values[name].secret for name in uses)
            try:
                values[definition.name] = replace(_computed(expr, evaluate), secret=hides)
            except PenstockError as error:
                message = f"The variable '{definition.name}' cannot be computed: {error.message}"
                report.add(codes_package.VariableFault.at(message), path=f"variables.{definition.name}")
                continue
        elif definition.secret and definition.value is None:
            message = f"The secret variable '{definition.name}' has no value here."
            hint = "Give it in 'secret_variables' of the package, or with --secrets to a command."
            report.add(codes_package.VariableFault.at(message, hint=hint), path=f"variables.{definition.name}")
            continue
        else:
            values[definition.name] = VariableValue(
                definition.text, definition.value, definition.predefined, secret=definition.secret
            )
        yield definition.name


def _sums(value: VariableValue, report: Report) -> bool | None:
    """Return whether records are hashed, None for where that is cheap; another text is a finding."""
    if value.text not in ("true", "false", "auto", ""):
        message = f"The variable '{RECEIPT_HASH}' is '{value.text}', which is none of auto, true and false."
        hint = "Write 'auto', true or false."
        report.add(codes_package.VariableFault.at(message, hint=hint), path=f"variables.{RECEIPT_HASH}")
    return {"true": True, "false": False}.get(value.text)


_OFFSET = re.compile(r"([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?")


def _zone_minutes(value: VariableValue, report: Report) -> int | None:
    """Return the default offset in minutes; a text that is none is a finding."""
    if value.text in ("", "Z", "UTC"):
        return 0
    found = _OFFSET.fullmatch(value.text)
    if found is None:
        message = f"The variable '{DEFAULT_ZONE}' is '{value.text}', which is no offset."
        report.add(
            codes_package.VariableFault.at(message, hint="Write it like '+02:00'."), path=f"variables.{DEFAULT_ZONE}"
        )
        return None
    minutes = int(found[2]) * 60 + int(found[3] or 0)
    return -minutes if found[1] == "-" else minutes


def placeholders(definitions: Sequence[Definition], known: asked.Known | None = None) -> Evaluated:
    """Return values for validation: constants as they are, others as stand-ins of their type. Evaluates nothing. *known*
    are the connections that exist, None where that is not known."""
    report = Report()
    values: dict[str, VariableValue] = {}
    for definition in definitions:
        if definition.secret:
            values[definition.name] = VariableValue("x", placeholder=True, secret=True)
            continue
        if not definition.is_expression:
            stands_in = definition.predefined
            values[definition.name] = VariableValue(definition.text, definition.value, definition.predefined, stands_in)
            continue
        checked = _checked(definition, values, definitions, report)
        expr, uses = (None, frozenset[str]()) if checked is None else checked
        if expr is not None and known is not None:
            certain = {values[name].text for name in uses if not values[name].placeholder}
            for finding in asked.unbound(expr, known, definition.text, certain):
                report.add(finding, path=f"variables.{definition.name}")
        if any(values[name].secret for name in uses):
            values[definition.name] = VariableValue("x", placeholder=True, secret=True)
            continue
        constant = None if expr is None else fold(expr)
        text = None if constant is None else constant_text(constant)
        if constant is not None and text is not None:
            values[definition.name] = VariableValue(text, constant.value)
            if definition.name == DEFAULT_ZONE:
                _zone_minutes(values[definition.name], report)
        else:
            kind = Kind.CHARARRAY if expr is None else expr.dtype.kind
            values[definition.name] = VariableValue(_STAND_INS.get(kind, "x"), placeholder=True)
    return Evaluated(values, tuple(report.findings))


def _checked(
    definition: Definition, values: Mapping[str, VariableValue], every: Sequence[Definition], report: Report
) -> tuple[Expr | None, frozenset[str]] | None:
    """Return the typed tree of a variable's text, and the variables that it uses; None when one of them has no value."""
    path = f"variables.{definition.name}"
    made = substitute(definition.text, values, Mode.EXPRESSION)
    if made.findings:
        later = {one.name for one in every}
        for finding in made.findings:
            name = definition.text[finding.span.start + 1 : finding.span.end] if finding.span else ""
            if name == definition.name:
                message = f"The variable '{name}' uses itself."
                report.add(codes_package.VariableCycle.at(message, finding.span), path=path)
            elif name in later:
                if name not in {one.name for one in every[: _index(every, definition)]}:
                    message = f"The variable '{name}' is evaluated after '{definition.name}', which uses it."
                    hint = f"Put '{name}' before '{definition.name}'."
                    report.add(codes_package.VariableCycle.at(message, finding.span, hint), path=path)
            else:
                report.add(finding, path=path)
        return None
    checked = _alone(made.text)
    for finding in checked.findings:
        if not (made.uses and any(values[name].placeholder for name in made.uses)):
            report.add(_moved(finding, made), path=path)
    for finding in unquoted(made, values):
        report.add(finding, path=path)
    return checked.expr, made.uses


def unquoted(made: Substituted, values: Mapping[str, VariableValue], given: Schema = _EMPTY) -> Iterator[Diagnostic]:
    """Yield a warning for each text that stands outside quotes and is no field that arrives."""
    for name, span in made.bare:
        if values[name].text.strip() in given:
            continue
        shown = "" if values[name].secret else f" ({_shortened(values[name].text)})"
        message = f"The variable '{name}' is text{shown}, and its reference has no quotes: it is read as an expression."
        yield codes_package.UnquotedText.at(message, span, f"Write '${name}'.")


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "…"


@lru_cache(maxsize=256)
def _alone(text: str) -> CheckedExpression:
    """Check an expression over no record; most are the system variables' defaults, the same in every job."""
    return check_expression(text, _EMPTY)


def _index(every: Sequence[Definition], definition: Definition) -> int:
    return next(index for index, one in enumerate(every) if one.name == definition.name)


def _moved(finding: Diagnostic, made: Substituted) -> Diagnostic:
    finding = made.veiled(finding)
    return Diagnostic(
        finding.code, finding.message, finding.severity, span=made.map_back(finding.span), hint=finding.hint
    )


def _computed(expr: Expr, evaluate: Evaluate) -> VariableValue:
    constant = fold(expr)
    if constant is not None:
        text = constant_text(constant)
        if text is not None:
            return VariableValue(text, constant.value)
    value = evaluate(expr)
    if value is None:
        return VariableValue("", None)
    if value.kind is Kind.CHARARRAY:
        return VariableValue(str(value.data), value)
    shown = evaluate(Cast(expr if not is_volatile(expr) else Literal(value, expr.dtype), dtypes.CHARARRAY))
    return VariableValue("" if shown is None else str(shown.data), value)


_SHORT = re.compile(r"-?[1-9]?\d\.\d[1-9]?")


def constant_text(constant: Literal) -> str | None:
    """Return the text of a constant where it needs no engine to print it: null, text, whole numbers, booleans, and
    doubles of few digits, which Java and Python print alike."""
    if constant.value is None:
        return ""
    match constant.value.kind:
        case Kind.CHARARRAY:
            return str(constant.value.data)
        case Kind.INT | Kind.LONG:
            return str(constant.value.data)
        case Kind.BOOLEAN:
            return "true" if constant.value.data else "false"
        case Kind.DOUBLE if _SHORT.fullmatch(text := repr(constant.value.data)):
            return text
        case _:
            return None


def fold(expr: Expr) -> Literal | None:
    """Return the constant that an expression is: a literal, or sums and products of int literals without overflow."""
    if isinstance(expr, Literal):
        return expr
    if isinstance(expr, Cast) and expr.dtype.kind in (Kind.INT, Kind.LONG):
        inner = fold(expr.arg)
        if inner is not None and inner.value is not None and inner.value.kind in (Kind.INT, Kind.LONG):
            return _whole(inner.value.data, expr.dtype.kind)
        return None
    if (
        isinstance(expr, Call)
        and expr.function in ("add", "subtract", "multiply")
        and expr.dtype.kind in (Kind.INT, Kind.LONG)
    ):
        left, right = (fold(arg) for arg in expr.args)
        if left is None or right is None or left.value is None or right.value is None:
            return None
        a, b = left.value.data, right.value.data
        result = a + b if expr.function == "add" else a - b if expr.function == "subtract" else a * b
        return _whole(result, expr.dtype.kind)
    return None


def _whole(number: int, kind: Kind) -> Literal | None:
    bits = 31 if kind is Kind.INT else 63
    if not -(2**bits) <= number < 2**bits:
        return None
    return Literal(Value(kind, number), dtypes.INT if kind is Kind.INT else dtypes.LONG)
