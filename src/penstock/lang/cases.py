"""Test files of packages (`<name>.test.yaml`), read: cases of given and expected records. Pure; values stay as they stand in
the file until the fields that take them are known."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field

from penstock.domain.diagnostic import Diagnostic
from penstock.lang.check import codes_package as codes
from penstock.lang.check.codes import Code
from penstock.lang.check.report import Report, did_you_mean
from penstock.lang.document.file import items, values
from penstock.lang.document.file.formatting import Comments
from penstock.lang.document.file.nodes import Mapping, Mark, Node, Scalar, Sequence
from penstock.lang.document.file.parser import NotYaml, comments, parse
from penstock.lang.document.file.printer import Out, Place, Raw, print_file
from penstock.lang.document.shapes import show

TOP = ("penstock", "package", "cases")
CASE = ("name", "now", "variables", "dynamic_variables", "given", "expect", "fails")
EXPECTED = ("only", "rows")


@dataclass(frozen=True, slots=True)
class Expected:
    """Records that should leave a component; *only* are the fields that count, None all of them."""

    rows: tuple[Mapping, ...]
    only: tuple[str, ...] | None
    mark: Mark


@dataclass(frozen=True, slots=True)
class Case:
    """One case. *fails* is a text that the error must hold, where the package should fail."""

    name: str
    mark: Mark
    now: str | None = None
    variables: MappingOf[str, str] = field(default_factory=dict)
    dynamic_variables: MappingOf[str, str] = field(default_factory=dict)
    given: MappingOf[str, tuple[Mapping, ...]] = field(default_factory=dict)
    expect: MappingOf[str, Expected] = field(default_factory=dict)
    fails: str | None = None


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A test file: the *package* it is about (a path from its own folder), where it says so, and its cases."""

    package: str | None
    cases: tuple[Case, ...]
    findings: tuple[Diagnostic, ...]


def read_cases(text: str) -> CaseFile:
    """Return the cases of a test file, and what is wrong with it. Never raises."""
    try:
        root = parse(text)
    except NotYaml as fault:
        return CaseFile(None, (), (codes.NotYaml.at(f"The file cannot be read: {fault}."),))
    if not isinstance(root, Mapping):
        hint = "Begin it with 'penstock: 1' and 'cases:'."
        return CaseFile(None, (), (codes.NotYaml.at("The file must be a mapping of keys and values.", hint=hint),))
    return _Reader().file(root)


class _Reader:
    def __init__(self) -> None:
        self.report = Report()

    def fault(self, code: type[Code], message: str, node: Node, hint: str | None = None) -> None:
        place = f"line {node.mark.line}, column {node.mark.column}"
        self.report.add(code.at(message, hint=hint), path=place)

    def keys(self, node: Mapping, known: tuple[str, ...]) -> None:
        for key, _ in node.entries:
            if key.text not in known and not key.text.startswith("x-"):
                self.fault(
                    codes.UnknownProperty, f"There is no key {show(key.text)} here.", key, did_you_mean(key.text, known)
                )

    def file(self, root: Mapping) -> CaseFile:
        self.keys(root, TOP)
        version = root.find("penstock")
        if not isinstance(version, Scalar) or values.word(version) != 1 or isinstance(values.word(version), bool):
            self.fault(codes.MissingProperty, "'penstock' must be 1, the version of the format.", version or root)
        package = root.find("package")
        listed = root.find("cases")
        if not isinstance(listed, Sequence) or not listed.items:
            self.fault(codes.MissingProperty, "A test file needs 'cases', a list.", listed or root)
            listed = None
        made = [case for item in (listed.items if listed is not None else ()) if (case := self.case(item)) is not None]
        seen: set[str] = set()
        for one in made:
            if one.name in seen:
                self.report.add(
                    codes.DuplicateName.at(f"Two cases have the name {show(one.name)}."), path=f"line {one.mark.line}"
                )
            seen.add(one.name)
        name = self.text(package) if package is not None else None
        return CaseFile(name, tuple(made), tuple(self.report.findings))

    def text(self, node: Node) -> str:
        if isinstance(node, Scalar) and not (node.plain and node.text == ""):
            return node.text
        self.fault(codes.WrongShape, "This must be text.", node)
        return ""

    def case(self, node: Node) -> Case | None:
        if not isinstance(node, Mapping) or node.find("name") is None:
            self.fault(codes.MissingProperty, "A case needs a 'name'.", node)
            return None
        self.keys(node, CASE)
        given = {key.text: self.rows(rows) for key, rows in self.entries(node, "given")}
        expect = {key.text: self.expected(rows) for key, rows in self.entries(node, "expect")}
        fails = node.find("fails")
        if (fails is None) is not bool(expect):
            message = "A case has either 'expect' or 'fails'."
            self.fault(codes.MissingProperty if fails is None else codes.WrongShape, message, node)
        name, now = node.find("name"), node.find("now")
        return Case(
            self.text(name) if name is not None else "",
            node.mark,
            self.text(now) if now is not None else None,
            {key.text: self.text(inner) for key, inner in self.entries(node, "variables")},
            {key.text: self.text(inner) for key, inner in self.entries(node, "dynamic_variables")},
            given,
            expect,
            self.text(fails) if fails is not None else None,
        )

    def entries(self, node: Mapping, key: str) -> tuple[tuple[Scalar, Node], ...]:
        found = node.find(key)
        if found is None:
            return ()
        if not isinstance(found, Mapping):
            self.fault(codes.WrongShape, f"'{key}' must be a mapping of names.", found)
            return ()
        return found.entries

    def rows(self, node: Node) -> tuple[Mapping, ...]:
        if not isinstance(node, Sequence):
            self.fault(codes.WrongShape, "Records are a list, each a mapping of fields; [] for none.", node)
            return ()
        for item in node.items:
            if not isinstance(item, Mapping):
                self.fault(codes.WrongShape, "A record is a mapping of fields and values.", item)
        return tuple(item for item in node.items if isinstance(item, Mapping))

    def expected(self, node: Node) -> Expected:
        if not isinstance(node, Mapping):
            return Expected(self.rows(node), None, node.mark)
        self.keys(node, EXPECTED)
        only, rows = node.find("only"), node.find("rows")
        if not isinstance(only, Sequence) or rows is None:
            self.fault(codes.MissingProperty, "This needs 'only', a list of fields, and 'rows'.", node)
            return Expected((), None, node.mark)
        return Expected(self.rows(rows), tuple(self.text(one) for one in only.items), node.mark)


Found = Callable[[str, str], "list[Out] | None"]
"""Gives the records of a component in a case, by their names, where those expected are to be replaced."""


def updated(text: str, found: Found) -> str:
    """Return a test file in its canonical form with its comments, expected records replaced. The file must have no
    findings."""
    root = parse(text)
    places: dict[Place, Mark] = {}
    out = _out(root, ("", ""), places) if root is not None else Out()
    out.blocked = True
    for key, listed in out.entries:
        if key == "cases":
            listed.blocked = True
            for case in listed.items:
                _case(case, found)
    said = Comments(comments(text), places)
    said.put(out)
    return print_file(out, said.foot)


def _out(node: Node, place: Place, places: dict[Place, Mark]) -> Out:
    """Return a part of a file as it stands; numbers keep how they are written."""
    places[place] = node.mark
    if isinstance(node, Scalar):
        return items.leaf(node.text if isinstance(values.word(node), str) else Raw(node.text or "null"), place)
    if isinstance(node, Sequence):
        return items.listing([_out(one, items.below(place, i), places) for i, one in enumerate(node.items)], place)
    made = []
    for key, inner in node.entries:
        at = items.below(place, key.text)
        made.append((key.text, _out(inner, at, places)))
        places[at] = key.mark
    return items.mapping(made, place)


def _case(out: Out, found: Found) -> None:
    out.blocked = True
    name = str(dict(out.entries)["name"].value)
    for key, inner in out.entries:
        inner.blocked = key in ("given", "expect")
        for component, rows in inner.entries if inner.blocked else ():
            target = dict(rows.entries)["rows"] if rows.is_map else rows
            rows.blocked = target.blocked = True
            made = found(name, component) if key == "expect" else None
            if made is not None:
                target.value = made
