"""Checks of the graph: names, edges, inputs, circles, branches that lead nowhere. Gives the order of the components."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from penstock.lang.check import codes_package as codes
from penstock.lang.check.report import Report, did_you_mean
from penstock.lang.components.table import COMPONENTS
from penstock.lang.document.model import ComponentNode, Document, Edge


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
    edges = [edge for index, edge in enumerate(document.edges) if _ends_exist(edge, index, nodes, report)]
    graph = Graph()
    for node in nodes.values():
        graph.inputs[node.id] = _inputs(node, [edge for edge in edges if edge.target == node.id], report)
    _outputs(nodes, edges, report)
    graph.order = _ordered(nodes, edges, report)
    _lead_somewhere(nodes, edges, report)
    return graph


def _unique(document: Document, report: Report) -> dict[str, ComponentNode]:
    names = Counter(node.name for node in document.components)
    nodes: dict[str, ComponentNode] = {}
    for node in document.components:
        if node.id in nodes:
            report.add(codes.DuplicateName.at(f"Two components have the id '{node.id}'."), node.name, node.id, "id")
            continue
        nodes[node.id] = node
    for name, count in names.items():
        if count > 1:
            message = f"{count} components have the name '{name}'."
            report.add(codes.DuplicateName.at(message, hint="Give each its own name."), name, path="name")
    return nodes


def _ends_exist(edge: Edge, index: int, nodes: dict[str, ComponentNode], report: Report) -> bool:
    sound = True
    for word, identity in (("from", edge.source), ("to", edge.target)):
        if identity not in nodes:
            message = f"The edge names the component '{identity}', which does not exist."
            report.add(
                codes.DanglingEdge.at(message, hint=did_you_mean(identity, nodes)), path=f"edges[{index}].{word}"
            )
            sound = False
    return sound


def _inputs(node: ComponentNode, edges: list[Edge], report: Report) -> dict[str, str]:
    kind = COMPONENTS.get(node.type)
    taken: dict[str, str] = {}

    def wrong(message: str, hint: str | None = None) -> None:
        report.add(codes.WrongInputs.at(message, hint=hint), node.name, node.id, "edges")

    for edge in edges:
        name = edge.input or ""
        if name in taken:
            wrong(f"The input '{name}' is fed twice." if name else "The component is fed twice, but has one input.")
            continue
        if kind is not None and kind.inputs is not None and name not in kind.inputs:
            wrong(*_no_such_input(kind.inputs, name))
            continue
        if kind is not None and kind.inputs is None and not (name.isascii() and name.isdigit() and name[0] != "0"):
            wrong(f"There is no input '{name}'.", 'Inputs of a Union are "1", "2", …')
            continue
        taken[name] = edge.source
    if kind is None:
        return taken
    if kind.inputs is None:
        if len(taken) < 2:
            wrong("A Union needs two inputs or more.")
        elif sorted(map(int, taken)) != list(range(1, len(taken) + 1)):
            wrong("The inputs of a Union are numbered from 1 without a gap.")
        return taken
    for name in kind.inputs:
        if name not in taken:
            wrong(f"The input '{name}' is missing." if name else "Nothing feeds this component.", "Draw an edge to it.")
    return taken


def _no_such_input(known: tuple[str, ...], name: str) -> tuple[str, str | None]:
    if not known:
        return "A source has no input.", "Remove the edge."
    if known == ("",):
        return f"There is no input '{name}'; the only input has no name.", 'Leave "input" out.'
    return (f"There is no input '{name}'." if name else "The edge does not say which input it feeds."), (
        f"Inputs: {', '.join(known)}."
    )


def _outputs(nodes: dict[str, ComponentNode], edges: list[Edge], report: Report) -> None:
    for edge in edges:
        node = nodes[edge.source]
        kind = COMPONENTS.get(node.type)
        if kind is not None and kind.is_destination:
            report.add(
                codes.WrongInputs.at("A destination has no output.", hint="Remove the edge."),
                node.name,
                node.id,
                "edges",
            )
        elif edge.output == "rejected":
            message = "The output 'rejected' is not available in this version yet."
            report.add(codes.OptionNotAvailable.at(message), node.name, node.id, "edges")
        elif edge.output is not None and node.type != "clone_component":
            message = f"There is no output '{edge.output}'; the only output has no name."
            report.add(codes.WrongInputs.at(message, hint='Leave "output" out.'), node.name, node.id, "edges")


def _ordered(nodes: dict[str, ComponentNode], edges: list[Edge], report: Report) -> tuple[ComponentNode, ...]:
    waiting = dict.fromkeys(nodes, 0)
    following: dict[str, list[str]] = defaultdict(list)
    for edge in edges:
        waiting[edge.target] += 1
        following[edge.source].append(edge.target)
    ready = [identity for identity, count in waiting.items() if count == 0]
    order: list[ComponentNode] = []
    for identity in ready:
        order.append(nodes[identity])
        for target in following[identity]:
            waiting[target] -= 1
            if waiting[target] == 0:
                ready.append(target)
    if len(order) < len(nodes):
        circle = [nodes[identity].name for identity, count in waiting.items() if count > 0]
        message = f"These components feed one another in a circle, or hang on one: {', '.join(circle)}."
        report.add(codes.Cycle.at(message, hint="Remove one of the edges between them."), path="edges")
    return tuple(order)


def _lead_somewhere(nodes: dict[str, ComponentNode], edges: list[Edge], report: Report) -> None:
    before: dict[str, list[str]] = defaultdict(list)
    for edge in edges:
        before[edge.target].append(edge.source)
    reached = [node.id for node in nodes.values() if (kind := COMPONENTS.get(node.type)) is None or kind.is_destination]
    seen = set(reached)
    for identity in reached:
        for source in before[identity]:
            if source not in seen:
                seen.add(source)
                reached.append(source)
    for node in nodes.values():
        if node.id not in seen:
            message = "This component reaches no destination."
            report.add(
                codes.LeadsNowhere.at(message, hint="Lead it to a destination, or remove it."), node.name, node.id
            )
