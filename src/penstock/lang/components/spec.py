"""What a component kind declares, and the step through which its check speaks: values, expressions, findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from penstock.domain.diagnostic import Diagnostic, Severity, Span
from penstock.lang.check import codes, codes_package
from penstock.lang.check.expressions import CheckedExpression, check_condition, check_expression
from penstock.lang.check.report import Report, did_you_mean
from penstock.lang.components import shapes
from penstock.lang.components.shapes import Shape
from penstock.lang.document.connections import connection_key
from penstock.lang.document.model import ComponentNode
from penstock.lang.variables.substitution import Mode, Substituted, VariableValue, substitute
from penstock.plan.dtypes import SCHEMA_WORDS
from penstock.plan.exprs import Expr
from penstock.plan.operators import ConnectionRef, Direction, Operator, SortKey, Write
from penstock.plan.schema import Field, Schema

REQUIRED = object()
"""The default of a property that must be given."""


@dataclass(frozen=True, slots=True)
class Property:
    """A property: its shape (JSON Schema), default, what is substituted in it (`T` text, `E` expression, `-` nothing).

    *available* lists the values of a choice that this version does; None is all of them, () none beside the default.
    """

    name: str
    shape: Shape
    help: str
    default: Any = None
    takes: str = "-"
    available: tuple[Any, ...] | None = None


Build = Callable[["Step", Mapping[str, Operator]], Operator | Write | None]


@dataclass(frozen=True, slots=True)
class Component:
    """A component kind. *inputs* are the names of its inputs (`""` the unnamed one), None any number from `1`;
    *build* checks one and lowers it, None when something is wrong."""

    type: str
    title: str
    help: str
    properties: tuple[Property, ...]
    build: Build
    inputs: tuple[str, ...] | None = ("",)
    is_source: bool = False
    is_destination: bool = False
    keys: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()


_COMMON_KEYS = ("position", "note", "cloud_storage_connection_id")


@dataclass(slots=True)
class Step:
    """One component while it is checked."""

    node: ComponentNode
    kind: Component
    values: Mapping[str, VariableValue]
    report: Report
    properties: dict[str, Any] = field(default_factory=dict)

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
        sound = True
        known = {prop.name: prop for prop in self.kind.properties}
        for key in self.node.keys:
            if key not in self.kind.keys and key not in _COMMON_KEYS and not key.startswith("x-"):
                hint = did_you_mean(key, (*self.kind.keys, "properties", "name", *_COMMON_KEYS))
                self.add(codes_package.UnknownProperty, f"The component has no key '{key}'.", key, hint=hint)
        for key in self.node.properties:
            if key not in known and not key.startswith("x-"):
                hint = did_you_mean(key, known)
                self.add(codes_package.UnknownProperty, f"There is no property '{key}'.", self.at(key), hint=hint)
        for name, prop in known.items():
            if name not in self.node.properties:
                if prop.default is REQUIRED:
                    self.add(codes_package.MissingProperty, f"The property '{name}' is missing.", self.at(name))
                    sound = False
                self.properties[name] = None if prop.default is REQUIRED else prop.default
                continue
            value = self.node.properties[name]
            wrong = list(shapes.faults(value, prop.shape, self.at(name)))
            for path, message in wrong:
                self.add(codes_package.WrongShape, message, path)
            sound = sound and not wrong
            self.properties[name] = value
            if not wrong:
                sound = self._check_available(prop, value) and sound
        return sound

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
        """Return a text property with its variables replaced."""
        raw = self.properties[name]
        if raw is None:
            return None
        made = self.substituted(str(raw), self.at(name), Mode.TEXT)
        return None if made is None else made.text

    def expression(self, text: str, given: Schema, path: str, condition: bool = False) -> Expr | None:
        """Return the typed tree of an expression of this component, its findings reported where they stand."""
        made = self.substituted(text, path, Mode.EXPRESSION)
        if made is None:
            return None
        checked = (check_condition if condition else check_expression)(made.text, given)
        return self.accept(checked, made, path)

    def accept(self, checked: CheckedExpression, made: Substituted, path: str) -> Expr | None:
        """Report the findings of a checked text, ranges mapped back to what the author wrote."""
        stands_in = any(self.values[name].placeholder for name in made.uses)
        for finding in checked.findings:
            # What only follows from a stand-in for a value that is not known yet says nothing about the package.
            if not (stands_in and finding.severity is Severity.ERROR):
                self.report.add(_moved(finding, made), self.node.name, self.node.id, path)
        return checked.expr

    def fields_known(self, names: Sequence[str], given: Schema, path: str) -> bool:
        """Report every name that does not arrive; True when all do."""
        known = True
        for index, name in enumerate(names):
            if name not in given:
                message = f"The field '{name}' does not arrive here."
                self.add(codes.UnknownField, message, f"{path}[{index}]", hint=did_you_mean(name, given.names))
                known = False
        return known

    def order(self, name: str, given: Schema) -> tuple[SortKey, ...] | None:
        """Return an order list, or None when a field of it does not arrive or has no order."""
        items = self.properties[name] or []
        sound = True
        for index, item in enumerate(items):
            found = given.find(item["field"])
            path = f"{self.at(name)}[{index}].field"
            if found is None:
                message = f"The field '{item['field']}' does not arrive here."
                self.add(codes.UnknownField, message, path, hint=did_you_mean(item["field"], given.names))
                sound = False
            elif found.dtype.is_complex:
                self.add(codes.WrongOperand, f"A {found.dtype} has no order.", path, hint="Cast it to text first.")
                sound = False
        if not sound:
            return None
        return tuple(SortKey(item["field"], Direction(item.get("direction", "asc"))) for item in items)

    def connection(self) -> ConnectionRef | None:
        """Return the component's connection by unique id or name, or None with a finding."""
        raw = self.node.keys.get("connection")
        kind = raw.get("type") if isinstance(raw, Mapping) else None
        if isinstance(kind, str) and kind not in self.kind.connections:
            hint = f"Known: {', '.join(self.kind.connections)}."
            self.add(codes_package.WrongShape, f"A connection of type '{kind}' does not fit.", "connection", hint=hint)
            return None
        key = connection_key(self.node)
        if key is not None:
            return ConnectionRef(key)
        message = (
            "The component has no connection." if raw is None else "The connection needs a type and an id, or a name."
        )
        self.add(codes_package.UnboundConnection, message, "connection", hint='Such as {"type": "file", "id": 3}.')
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
    return replace(finding, span=made.map_back(finding.span))


FIELD_TYPES = tuple(SCHEMA_WORDS)
"""The type words of source fields."""
