"""The only door from a document to a plan: document and variable values in, typed plan or diagnostics out. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from penstock.domain.diagnostic import Diagnostic, Severity
from penstock.lang.check import codes_package as codes
from penstock.lang.check.asked import Known, unbound
from penstock.lang.check.report import Report, did_you_mean
from penstock.lang.components.rejecting import REJECTED, can_reject, kept, of_rejected, split
from penstock.lang.components.repeating import check_repeated
from penstock.lang.components.spec import Step
from penstock.lang.components.table import COMPONENTS, NOT_YET
from penstock.lang.document import Document, connection_key, read
from penstock.lang.document.model import ComponentNode
from penstock.lang.document.shapes import show
from penstock.lang.graph import check_graph
from penstock.lang.presets import Presets, built_in, expanded
from penstock.lang.variables import Definition, VariableValue, placeholders
from penstock.plan.operators import Assert, Filter, Operator, Plan, Project, Scan, Write, iter_operators

_REFERENCE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")

Gaps = Callable[[Plan], Iterable[Diagnostic]]
"""Tells what an engine cannot do of a plan."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """What compiling gives: a plan where there is no error, and every finding."""

    plan: Plan | None
    diagnostics: tuple[Diagnostic, ...]

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The findings that stop the package from running."""
        return tuple(finding for finding in self.diagnostics if finding.severity is Severity.ERROR)


def compile_package(
    raw: str | Mapping[str, Any] | None, values: Mapping[str, VariableValue], presets: Presets | None = None
) -> Compiled:
    """Return the plan of a flow with the values of its variables. Never raises; all findings in one pass. *presets* None are
    those that come with this version."""
    document, findings = read(raw)
    report = Report(list(findings))
    if document is None:
        return Compiled(None, tuple(report.findings))
    built: dict[str, Operator] = {}
    outputs = _lower(_expanded(document, presets, report), values, report, built)
    names = {node.id: node.name for node in document.components}
    passing = {names[key]: one for key, one in built.items() if key in names and one.component != names[key]}
    plan = None if report.has_errors else Plan(outputs, passing)
    return Compiled(plan, tuple(report.findings))


@dataclass(frozen=True, slots=True)
class CompiledPart:
    """What leaves one component, or arrives at a destination; None where something is wrong with what leads to it."""

    operator: Operator | None
    diagnostics: tuple[Diagnostic, ...]


def compile_component(
    raw: str | Mapping[str, Any] | None,
    values: Mapping[str, VariableValue],
    component: str,
    presets: Presets | None = None,
) -> CompiledPart | None:
    """Return what leaves a component, by its name, and the findings about it and all that leads to it; None where no
    component has that name. The rest of the package may be unfinished. Never raises."""
    document, findings = read(raw)
    node = next((one for one in document.components if one.name == component), None) if document is not None else None
    if document is None or node is None:
        return CompiledPart(None, findings) if findings else None
    part = _leading_to(document, node)
    report = Report()
    built: dict[str, Operator] = {}
    outputs = _lower(_expanded(part, presets, report), values, report, built)
    found = tuple(one for one in report.findings if one.code != codes.LeadsNowhere.code)
    wrong = any(one.severity is Severity.ERROR for one in (*findings, *found))
    arriving = (one.given for one in outputs if one.component == node.name)
    operator = built.get(node.id) or next(arriving, None)
    return CompiledPart(None if wrong else operator, (*findings, *found))


def _leading_to(document: Document, node: ComponentNode) -> Document:
    """Return a component with everything that feeds it."""
    wanted, waiting = {node.id}, [node.id]
    while waiting:
        target = waiting.pop()
        before = {edge.source for edge in document.edges if edge.target == target} - wanted
        wanted |= before
        waiting += before
    components = tuple(one for one in document.components if one.id in wanted)
    return Document(components, tuple(edge for edge in document.edges if edge.target in wanted))


def validate_package(
    raw: str | Mapping[str, Any] | None,
    definitions: tuple[Definition, ...],
    connections: Known | None = None,
    gaps: Gaps | None = None,
    presets: Presets | None = None,
) -> tuple[Diagnostic, ...]:
    """Return every finding about a package, its variables included. Evaluates nothing and starts no engine.

    *connections* are those that exist; None where that is not known. *gaps* tells what the engine that will run a plan
    cannot do of it.
    """
    stand_ins = placeholders(definitions, connections)
    # A variable with a fault of its own has been reported: its uses are not reported again.
    values = {one.name: VariableValue("x", placeholder=True) for one in definitions} | dict(stand_ins.values)
    compiled = compile_package(raw, values, presets)
    bound: tuple[Diagnostic, ...] = ()
    if connections is not None:
        bound = (*_unbound(raw, connections.connections), *_asked(compiled.plan, connections, raw, values))
    unable = () if gaps is None or compiled.plan is None else gaps(compiled.plan)
    if _uses_stand_ins(raw, values):
        # A pattern with a stand-in in it says nothing about the one that will be there.
        unable = tuple(finding for finding in unable if finding.code != codes.NotRunnable.code)
    return (*stand_ins.diagnostics, *compiled.diagnostics, *bound, *unable)


def _uses_stand_ins(raw: str | Mapping[str, Any] | None, values: Mapping[str, VariableValue]) -> bool:
    text = raw if isinstance(raw, str) else json.dumps(raw)
    return any(name in values and values[name].placeholder for name in _REFERENCE.findall(text))


def _unbound(raw: str | Mapping[str, Any] | None, connections: Collection[str]) -> tuple[Diagnostic, ...]:
    document, _ = read(raw)
    report = Report()
    for node in document.components if document is not None else ():
        key = connection_key(node)
        if key is not None and key not in connections:
            hint = did_you_mean(key, tuple(connections)) or "Create it, or choose another."
            finding = codes.UnboundConnection.at(f"There is no connection {show(key)}.", hint=hint)
            report.add(finding, node.name, node.id, "connection")
    return tuple(report.findings)


def _asked(
    plan: Plan | None, known: Known, raw: str | Mapping[str, Any] | None, values: Mapping[str, VariableValue]
) -> Iterator[Diagnostic]:
    source = raw if isinstance(raw, str) else json.dumps(raw)
    certain = {one.text for one in values.values() if not one.placeholder}
    for operator in iter_operators(plan) if plan is not None else ():
        match operator:
            case Project():
                for index, expr in enumerate(operator.exprs):
                    for finding in unbound(expr, known, source, certain):
                        path = f"properties.fields[{index}].expression"
                        yield replace(finding, component=operator.component, field=path)
            case Filter() | Assert():
                for finding in unbound(operator.predicate, known, source, certain):
                    yield replace(finding, component=operator.component, field="properties.conditions")


def _expanded(document: Document, presets: Presets | None, report: Report) -> Document:
    known = built_in() if presets is None else presets
    return replace(document, components=tuple(expanded(node, known, report) for node in document.components))


def _lower(
    document: Document, values: Mapping[str, VariableValue], report: Report, built: dict[str, Operator] | None = None
) -> tuple[Write, ...]:
    graph = check_graph(document, report)
    built = {} if built is None else built
    writes: dict[str, Write] = {}
    rejecting = {edge.source for edge in document.edges if edge.output == REJECTED}
    for node in graph.order:
        if node.type not in COMPONENTS:
            _unknown_type(node, report)
            continue
        kind = COMPONENTS[node.type]
        wanted = graph.inputs[node.id]
        inputs = {name: built[source] for name, source in wanted.items() if source in built}
        complete = len(inputs) == len(wanted) and (kind.inputs is None or len(inputs) == len(kind.inputs))
        step = Step(node, kind, values, report)
        if not complete or (kind.inputs is None and len(inputs) < 2):
            # What arrives is not known: shapes can still be checked, fields cannot.
            step.check_shapes()
            if kind.connections:
                step.connection()
            continue
        made = kind.build(step, inputs)
        if made is not None and node.id in rejecting and can_reject(kind):
            _check_rejecting(step)
        if isinstance(made, Write):
            writes[node.id] = made
            if node.id in rejecting:
                writes[node.id], built[of_rejected(node.id)] = kept(made)
        elif isinstance(made, Scan) and node.id in rejecting:
            built[node.id], built[of_rejected(node.id)] = split(made)
        elif made is not None:
            built[node.id] = made
    outputs = tuple(writes[node.id] for node in document.components if node.id in writes)
    check_repeated(Plan(outputs), report)
    return outputs


def _check_rejecting(step: Step) -> None:
    policy = step.properties["on_bad_value"]
    if policy != "skip":
        message = f"Its output '{REJECTED}' stays empty, for 'on_bad_value' is {policy}."
        step.add(codes.UselessOption, message, step.at("on_bad_value"), hint="Set it to skip, or remove the edge.")


def _unknown_type(node: ComponentNode, report: Report) -> None:
    if node.type in NOT_YET:
        message = f"Components of type '{node.type}' are not available in this version yet."
        finding = codes.ComponentNotAvailable.at(message, hint=f"Available: {', '.join(COMPONENTS)}.")
    else:
        hint = did_you_mean(node.type, (*COMPONENTS, *NOT_YET))
        finding = codes.UnknownType.at(f"There is no component type {show(node.type)}.", hint=hint)
    report.add(replace(finding, component=node.name, component_id=node.id, field="type"))
