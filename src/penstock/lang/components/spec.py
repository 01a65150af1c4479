"""What a component kind declares, and the step through which its check speaks: values, expressions, findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from penstock.domain.diagnostic import Diagnostic, Severity, Span
from penstock.lang.check import codes, codes_package
from penstock.lang.check.expressions import CheckedExpression, check_condition, check_expression
from penstock.lang.check.report import Report, did_you_mean
from penstock.lang.document.connections import connection_key
from penstock.lang.document.faults import faults, fits
from penstock.lang.document.model import ComponentNode
from penstock.lang.document.shapes import CONNECTION, CONNECTION_ID, NOTE, ORDER_ITEM, POSITION, Shape, show
from penstock.lang.variables.evaluation import unquoted
from penstock.lang.variables.substitution import Mode, Substituted, VariableValue, substitute
from penstock.plan.dtypes import Kind
from penstock.plan.exprs import Expr
from penstock.plan.operators import ConnectionRef, Direction, Operator, SortKey, Write
from penstock.plan.schema import Field, Schema

REQUIRED = object()
"""The default of a property that must be given."""


@dataclass(frozen=True, slots=True)
class Property:
    """A property: its shape (JSON Schema), default, what is substituted in it (`T` text, `E` expression, `-` nothing).

    *available* lists the values of a choice that this version does; None is all of them, () none beside the default. A
    required one may be left out where the property *unless* gives it.
    """

    name: str
    shape: Shape
    help: str
    default: Any = None
    takes: str = "-"
    available: tuple[Any, ...] | None = None
    unless: str | None = None


Build = Callable[["Step", Mapping[str, Operator]], Operator | Write | None]


@dataclass(frozen=True, slots=True)
class Component:
    """A component kind. *inputs* are the names of its inputs (`""` the unnamed one), None any number from `1`;
    *build* checks one and lowers it, None when something is wrong; *keys* are the shapes of what stands beside
    `properties`; *rules* hold between properties."""

    type: str
    title: str
    help: str
    properties: tuple[Property, ...]
    build: Build
    inputs: tuple[str, ...] | None = ("",)
    is_source: bool = False
    is_destination: bool = False
    keys: Mapping[str, Shape] = field(default_factory=dict)
    connections: tuple[str, ...] = ()
    rules: tuple[Shape, ...] = ()


COMMON_KEYS: Mapping[str, Shape] = {"position": POSITION, "note": NOTE, "cloud_storage_connection_id": CONNECTION_ID}
"""What every component may have."""


@dataclass(slots=True)
class Step:
    """One component while it is checked."""

    node: ComponentNode
    kind: Component
    values: Mapping[str, VariableValue]
    report: Report
    properties: dict[str, Any] = field(default_factory=dict)
    is_wrong: bool = False
    """True when a shape was wrong; items of lists are then looked at one by one."""

    def add(
        self, code: type[codes.Code], message: str, path: str | None, span: Span | None = None, hint: str | None = None
    ) -> None:
        """Report a finding at a place of this component."""
        self.report.add(code.at(message, span, hint), self.node.name, self.node.id, path)

    def at(self, name: str) -> str:
        """Return the path of a property."""
        return f"properties.{name}"

    def check_shapes(self) -> bool:
        """Check keys and properties against the declaration and fill in defaults; False when a shape is wrong."""
        sound = self._check_keys()
        known = {prop.name: prop for prop in self.kind.properties}
        for key in self.node.properties:
            if key not in known and not key.startswith("x-"):
                hint = "Put it beside 'properties'." if key in self.kind.keys else did_you_mean(key, known)
                self.add(codes_package.UnknownProperty, f"There is no property {show(key)}.", self.at(key), hint=hint)
        for name, prop in known.items():
            if name not in self.node.properties:
                if prop.default is REQUIRED:
                    message = f"The property '{name}' is missing."
                    self.add(codes_package.MissingProperty, message, self.at(name), hint=prop.help)
                    sound = False
                self.properties[name] = None if prop.default is REQUIRED else prop.default
                continue
            value = self.node.properties[name]
            self.properties[name] = value
            hint = "It takes no variables." if prop.takes == "-" and isinstance(value, str) and "$" in value else None
            sound = self._fits(value, prop.shape, self.at(name), hint) and self._check_available(prop, value) and sound
        return self._fits(self.node.properties, {"allOf": list(self.kind.rules)}, "properties") and sound

    def _check_keys(self) -> bool:
        known = {**self.kind.keys, **COMMON_KEYS}
        sound = True
        for key, value in self.node.keys.items():
            if key in known:
                is_name_alone = known[key] is CONNECTION and isinstance(value, str) and value != ""
                sound = (is_name_alone or self._fits(value, known[key], key)) and sound
            elif not key.startswith("x-"):
                inside = any(key == prop.name for prop in self.kind.properties)
                hint = "Put it into 'properties'." if inside else did_you_mean(key, ("properties", "name", *known))
                self.add(codes_package.UnknownProperty, f"The component has no key {show(key)}.", key, hint=hint)
        return sound

    def items(self, name: str, shape: Shape) -> Iterator[tuple[str, Any]]:
        """Yield path and value of the items of a list that have their shape; what is wrong with others was reported."""
        raw = self.properties[name]
        for index, item in enumerate(raw if isinstance(raw, list) else ()):
            if not self.is_wrong or fits(item, shape):
                yield f"{self.at(name)}[{index}]", item

    def _fits(self, value: Any, shape: Shape, path: str, hint: str | None = None) -> bool:
        wrong = list(faults(value, shape, path))
        self.is_wrong = self.is_wrong or bool(wrong)
        for fault in wrong:
            self.add(fault.code, fault.message, fault.path, hint=fault.hint or hint)
        return not wrong

    def _check_available(self, prop: Property, value: Any) -> bool:
        if prop.available is None or value in prop.available or value == prop.default:
            return True
        message = f"'{prop.name}' with {value!r} is not available in this version yet."
        if not prop.available:
            message = f"The property '{prop.name}' is not available in this version yet."
        hint = f"Available: {', '.join(map(str, prop.available))}." if prop.available else None
        self.add(codes_package.OptionNotAvailable, message, self.at(prop.name), hint=hint)
        return False

    def substituted(self, text: str, path: str, mode: Mode) -> Substituted | None:
        """Return a text with its variables replaced, or None when one is not defined."""
        made = substitute(text, self.values, mode)
        for finding in made.findings:
            self.report.add(finding, self.node.name, self.node.id, path)
        return None if made.findings else made

    def text(self, name: str) -> str | None:
        """Return a text property with its variables replaced; a stand-in for one that is not known is not empty."""
        raw = self.properties[name]
        if raw is None:
            return None
        made = self.substituted(str(raw), self.at(name), Mode.TEXT)
        if made is None:
            return None
        return made.text or ("x" if self.stands_in(made) else "")

    def place(self, name: str) -> str | None:
        """Return a text property that names a place that is written; a secret in it is a finding."""
        raw = self.properties[name]
        made = None if raw is None else substitute(str(raw), self.values, Mode.TEXT)
        hidden = sorted(one for one in made.uses if self.values[one].secret) if made is not None else []
        if hidden:
            message = f"The secret variable '{hidden[0]}' stands in the name of a place, and names are not secret."
            self.add(codes_package.SecretInPlace, message, self.at(name), hint="Name the place without it.")
            return None
        return self.text(name)

    def stands_in(self, made: Substituted) -> bool:
        """Tell whether a text holds stand-ins for values that are not known yet."""
        return any(self.values[name].placeholder for name in made.uses)

    def expression(self, text: str, given: Schema, path: str, condition: bool = False) -> Expr | None:
        """Return the typed tree of an expression of this component, its findings reported where they stand."""
        made = self.substituted(text, path, Mode.EXPRESSION)
        if made is None:
            return None
        checked = (check_condition if condition else check_expression)(made.text, given)
        for finding in unquoted(made, self.values, given):
            self.report.add(finding, self.node.name, self.node.id, path)
        return self.accept(checked, made, path)

    def accept(self, checked: CheckedExpression, made: Substituted, path: str) -> Expr | None:
        """Report the findings of a checked text, ranges mapped back to what the author wrote."""
        for finding in checked.findings:
            # What only follows from a stand-in for a value that is not known yet says nothing about the package.
            if not (self.stands_in(made) and finding.severity is Severity.ERROR):
                self.report.add(_moved(finding, made), self.node.name, self.node.id, path)
        return checked.expr

    def fields_known(self, names: Sequence[tuple[str, str]], given: Schema) -> bool:
        """Report every name that does not arrive; *names* are (path, name) pairs. True when all do."""
        known = True
        for path, name in names:
            if name not in given:
                message = f"The field '{name}' does not arrive here."
                self.add(codes.UnknownField, message, path, hint=did_you_mean(name, given.names))
                known = False
        return known

    def order(self, name: str, given: Schema) -> tuple[SortKey, ...] | None:
        """Return the order list that a property holds, or None when a field of it does not arrive or has no order."""
        return self.sort_keys(list(self.items(name, ORDER_ITEM)), given)

    def sort_keys(self, items: Sequence[tuple[str, Mapping[str, str]]], given: Schema) -> tuple[SortKey, ...] | None:
        """Return (path, item) pairs of an order list as keys, or None with findings."""
        sound = True
        for path, item in items:
            name = item["field"]
            found = given.find(name)
            if found is None:
                hint = did_you_mean(name, given.names)
                self.add(codes.UnknownField, f"The field '{name}' does not arrive here.", f"{path}.field", hint=hint)
                sound = False
            elif found.dtype.is_complex or found.dtype.kind is Kind.BYTEARRAY:
                what = "has no type" if found.dtype.kind is Kind.BYTEARRAY else f"is a {found.dtype}"
                message = f"The field '{name}' {what}, so it has no order."
                hint = "Cast it in a Select first, such as (chararray)."
                self.add(codes.WrongOperand, message, f"{path}.field", hint=hint)
                sound = False
        if not sound:
            return None
        return tuple(SortKey(item["field"], Direction(item.get("direction", "asc"))) for _, item in items)

    def connection(self) -> ConnectionRef | None:
        """Return the component's connection by unique id or name, or None with a finding."""
        raw = self.node.keys.get("connection")
        kind = raw.get("type") if isinstance(raw, Mapping) else None
        if isinstance(kind, str) and kind not in self.kind.connections:
            hint = f"Known: {', '.join(self.kind.connections)}."
            message = f"A connection of type {show(kind)} does not fit this component."
            self.add(codes_package.WrongShape, message, "connection.type", hint=hint)
            return None
        key = connection_key(self.node)
        if key is not None:
            return ConnectionRef(key)
        if raw is None:
            hint = 'Such as "connection": {"type": "file", "id": 3}.'
            self.add(codes_package.UnboundConnection, "The component has no connection.", "connection", hint=hint)
        return None

    def output_fields(self, names: Sequence[tuple[str, str]], fields: Sequence[Field]) -> Schema | None:
        """Return a schema of fields whose names differ; *names* are (name, path) pairs to report doubles at."""
        seen: set[str] = set()
        sound = True
        for name, path in names:
            if name in seen:
                self.add(
                    codes_package.BadAlias,
                    f"The field name '{name}' stands twice.",
                    path,
                    hint="Give one another alias.",
                )
                sound = False
            seen.add(name)
        return Schema(tuple(fields)) if sound else None


def _moved(finding: Diagnostic, made: Substituted) -> Diagnostic:
    return replace(made.veiled(finding), span=made.map_back(finding.span))
