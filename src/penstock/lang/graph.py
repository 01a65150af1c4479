"""Checks of the graph: names, edges, inputs, circles, branches that lead nowhere. Gives the order of the components."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from penstock.lang.check import codes_package as codes
from penstock.lang.check.report import Report, did_you_mean
from penstock.lang.components.rejecting import REJECTED, can_reject, name_of, of_rejected
from penstock.lang.components.table import COMPONENTS
from penstock.lang.document.model import ComponentNode, Document, Edge
from penstock.lang.document.shapes import show

_NUMBERED = re.compile(r"[1-9][0-9]{0,5}\Z")
_SHOWN = 12
"""How many names a message lists."""

PlacedEdge = tuple[str, Edge]
"""An edge and its place in the document, such as `edges[3]`."""


@dataclass(slots=True)
class Graph:
    """A checked graph: components in an order in which inputs come first, and each one's inputs by name."""

    order: tuple[ComponentNode, ...] = ()
    inputs: dict[str, dict[str, str]] = field(default_factory=dict)


def check_graph(document: Document, report: Report) -> Graph:
    """Report every fault of the graph and return what is sound of it."""
    if not document.components:
        report.add(codes.NothingToRun.at("The package has no components.", hint="Add a source and a destination."))
        return Graph()
    nodes = _unique(document, report)
    edges = _between(document, nodes, report)
    leading_in: dict[str, list[PlacedEdge]] = defaultdict(list)
    leading_out: dict[str, list[PlacedEdge]] = defaultdict(list)
    for place, edge in edges:
        leading_in[edge.target].append((place, edge))
        leading_out[edge.source].append((place, edge))
    graph = Graph()
    for node in nodes.values():
        graph.inputs[node.id] = _inputs(node, leading_in[node.id], report)
        _check_outputs(node, leading_out[node.id], report)
    graph.order = _ordered(nodes, edges, report)
    _lead_somewhere(nodes, edges, report)
    return graph


def _unique(document: Document, report: Report) -> dict[str, ComponentNode]:
    names = Counter(node.name for node in document.components)
    nodes: dict[str, ComponentNode] = {}
    for node in document.components:
        if node.id in nodes:
            message = f"Two components have the id {show(node.id)}."
            report.add(codes.DuplicateName.at(message, hint="Give each its own id."), node.name, node.id, "id")
            continue
        nodes[node.id] = node
    for node in document.components:
        shown = name_of(node.name)
        if shown in names and any(one.source == node.id and one.output == REJECTED for one in document.edges):
            message = (
                f"A component has the name {show(shown)}, under which the records are known that '{node.name}' rejects."
            )
            report.add(codes.DuplicateName.at(message, hint="Give it another name."), shown, path="name")
    for name, count in names.items():
        if count > 1:
            message = f"{count} components have the name {show(name)}."
            report.add(codes.DuplicateName.at(message, hint="Give each its own name."), name, path="name")
    return nodes


def _between(document: Document, nodes: Mapping[str, ComponentNode], report: Report) -> list[PlacedEdge]:
    """Return the edges whose ends exist, and report the others."""
    ids = {node.name: node.id for node in nodes.values() if node.name != node.id}
    sound: list[PlacedEdge] = []
    for index, edge in enumerate(document.edges):
        missing = [(word, end) for word, end in (("from", edge.source), ("to", edge.target)) if end not in nodes]
        for word, end in missing:
            hint = did_you_mean(end, nodes)
            if end in ids:
                hint = f"That is a name; edges take ids, and its id is '{ids[end]}'."
            message = f"There is no component with the id {show(end)}."
            report.add(codes.DanglingEdge.at(message, hint=hint), path=f"edges[{index}].{word}")
        if not missing:
            sound.append((f"edges[{index}]", edge))
    return sound


def _inputs(node: ComponentNode, edges: Sequence[PlacedEdge], report: Report) -> dict[str, str]:
    kind = COMPONENTS.get(node.type)
    taken: dict[str, str] = {}

    def wrong(message: str, hint: str | None = None, path: str = "edges") -> None:
        report.add(codes.WrongInputs.at(message, hint=hint), node.name, node.id, path)

    for place, edge in edges:
        name = edge.input or ""
        known = kind is None or (_NUMBERED.match(name) if kind.inputs is None else name in kind.inputs)
        if not known:
            wrong(*_no_such_input(None if kind is None else kind.inputs, name), path=f"{place}.input")
        elif name in taken:
            message = f"The input '{name}' is fed twice." if name else "The component is fed twice, but has one input."
            wrong(message, "Join what feeds it with a Union, or remove an edge.", place)
        else:
            taken[name] = of_rejected(edge.source) if edge.output == REJECTED else edge.source
    if kind is None:
        return taken
    if kind.inputs is None:
        if len(taken) < 2:
            wrong("A Union needs two inputs or more.", "Draw another edge to it, or leave it out.")
        elif sorted(map(int, taken)) != list(range(1, len(taken) + 1)):
            given = ", ".join(sorted(taken, key=int)[:_SHOWN])
            wrong("The inputs of a Union are numbered from 1 without a gap.", f"There are: {given}.")
        return taken
    for name in kind.inputs:
        if name not in taken:
            hint = f'Draw an edge to it, with "input": "{name}".' if name else "Draw an edge to it."
            wrong(f"The input '{name}' is missing." if name else "Nothing feeds this component.", hint)
    return taken


def _no_such_input(known: tuple[str, ...] | None, name: str) -> tuple[str, str | None]:
    said = f"There is no input {show(name)}" if name else "The edge does not say which input it feeds"
    if known is None:
        return f"{said}.", 'Inputs of a Union are "1", "2", …'
    if not known:
        return "A source has no input.", "Remove the edge."
    if known == ("",):
        return f"{said}; the only input has no name.", 'Leave "input" out.'
    return f"{said}.", f"Inputs: {', '.join(known)}."


def _check_outputs(node: ComponentNode, edges: Sequence[PlacedEdge], report: Report) -> None:
    kind = COMPONENTS.get(node.type)
    if kind is None:
        return
    seen: set[str] = set()
    for place, edge in edges:
        path, output = f"{place}.output", edge.output
        if output == REJECTED and (kind.is_source or (kind.is_destination and can_reject(kind))):
            continue
        if kind.is_destination:
            message, hint, path = "A destination has no output.", "Remove the edge.", place
            if can_reject(kind):
                message = "A destination has no output but that of its rejected records."
                hint = f'Name it, with "output": "{REJECTED}", or remove the edge.'
            elif output == REJECTED:
                message = "This destination leaves no record out, so it has no output of rejected records."
                hint = "Choose what cannot be written by a Filter before it, and remove the edge."
        elif node.type != "clone_component":
            if output is None:
                continue
            message, hint = f"There is no output {show(output)}; the only output has no name.", 'Leave "output" out.'
        elif output is None:
            message, hint = "The edge does not say which output of the Clone it is.", 'Such as "output": "1".'
        elif not _NUMBERED.match(output):
            message, hint = f"There is no output {show(output)}.", 'Outputs of a Clone are "1", "2", …'
        elif output in seen:
            message, hint = f"The output '{output}' has two edges.", "Give each edge its own number."
        else:
            seen.add(output)
            continue
        report.add(codes.WrongInputs.at(message, hint=hint), node.name, node.id, path)


def _ordered(
    nodes: Mapping[str, ComponentNode], edges: Sequence[PlacedEdge], report: Report
) -> tuple[ComponentNode, ...]:
    waiting = dict.fromkeys(nodes, 0)
    following: dict[str, list[str]] = defaultdict(list)
    before: dict[str, list[str]] = defaultdict(list)
    for _, edge in edges:
        waiting[edge.target] += 1
        following[edge.source].append(edge.target)
        before[edge.target].append(edge.source)
    ready = [identity for identity, count in waiting.items() if count == 0]
    order: list[ComponentNode] = []
    for identity in ready:
        order.append(nodes[identity])
        for target in following[identity]:
            waiting[target] -= 1
            if waiting[target] == 0:
                ready.append(target)
    rank = {identity: index for index, identity in enumerate(nodes)}
    stuck = {identity for identity, count in waiting.items() if count > 0}
    while stuck:
        circle = _circle(before, stuck, min(stuck, key=rank.__getitem__))
        begin = circle.index(min(circle, key=rank.__getitem__))
        circle = [*circle[begin:], *circle[:begin]]
        names = [nodes[identity].name for identity in circle]
        shown = names if len(names) <= _SHOWN else [*names[:_SHOWN], "…"]
        message = f"These components feed one another in a circle: {' → '.join([*shown, names[0]])}."
        finding = codes.Cycle.at(message, hint="Remove one of the edges between them.")
        report.add(finding, names[0], circle[0], "edges")
        stuck -= _fed_by(following, circle)
    return tuple(order)


def _circle(before: Mapping[str, Sequence[str]], stuck: set[str], at: str) -> list[str]:
    """Return one circle among components that all wait for one of them, in the direction of its edges."""
    path: list[str] = []
    seen: set[str] = set()
    while at not in seen:
        seen.add(at)
        path.append(at)
        at = next(source for source in before[at] if source in stuck)
    return path[path.index(at) :][::-1]


def _fed_by(following: Mapping[str, Sequence[str]], begin: Iterable[str]) -> set[str]:
    """Return some components and all that their records reach."""
    reached = list(dict.fromkeys(begin))
    seen = set(reached)
    for identity in reached:
        for target in following.get(identity, ()):
            if target not in seen:
                seen.add(target)
                reached.append(target)
    return seen


def _lead_somewhere(nodes: Mapping[str, ComponentNode], edges: Sequence[PlacedEdge], report: Report) -> None:
    backwards: dict[str, list[str]] = defaultdict(list)
    for _, edge in edges:
        backwards[edge.target].append(edge.source)
    ends = [node.id for node in nodes.values() if (kind := COMPONENTS.get(node.type)) is None or kind.is_destination]
    leading = _fed_by(backwards, ends)
    for node in nodes.values():
        if node.id not in leading:
            message = "This component reaches no destination."
            finding = codes.LeadsNowhere.at(message, hint="Lead it to a destination, or remove it.")
            report.add(finding, node.name, node.id)
